//! The servers as whoever reaches their ports meets them.

use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;

use super::http::tests::{said, start};
use super::*;
use crate::base::digest::digest;
use crate::sys::scratch::Scratch;

#[test]
fn paths() {
    for (url, path) in [
        ("https://d44b.github.io/pulltrace", "/pulltrace"),
        ("https://charts.example.com", ""),
        ("oci://ghcr.io/d44b/charts", "/d44b/charts"),
    ] {
        assert_eq!(path_of(url), path);
    }
}

#[test]
fn nothing_of_others_is_removed() {
    let scratch = Scratch::directory().expect("a directory");
    let root = scratch.path().join(DIRECTORY);
    for _ in 0..2 {
        assert_eq!(prepare(scratch.path()).expect("an own directory").0, root);
        assert!(!root.join("site").exists());
        fs::create_dir_all(root.join("site/charts")).expect("a directory");
        fs::write(root.join("site/charts/x"), "x").expect("a file");
    }
    fs::remove_file(root.join(MARKER)).expect("the marker");
    let error = prepare(scratch.path()).expect_err("another's directory");
    assert!(error.to_string().contains("no rehearsal made it"), "{error}");
    assert!(root.join("site/charts/x").exists());
    fs::remove_dir_all(&root).expect("removed");
    fs::write(&root, "a file").expect("a file");
    assert!(prepare(scratch.path()).is_err());
    assert_eq!(fs::read(&root).expect("the file"), b"a file");
}

/// A link leads to where others have their files.
#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    let scratch = Scratch::directory().expect("a directory");
    let elsewhere = scratch.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).expect("a directory");
    for file in [MARKER, "thesis.txt"] {
        fs::write(elsewhere.join(file), "x").expect("a file");
    }
    fs::create_dir(scratch.path().join("target")).expect("a directory");
    std::os::unix::fs::symlink(&elsewhere, scratch.path().join(DIRECTORY)).expect("a link");
    assert!(prepare(scratch.path()).is_err());
    // Within our own directory the link goes, and not what it leads to.
    fs::remove_file(scratch.path().join(DIRECTORY)).expect("removed");
    let root = prepare(scratch.path()).expect("an own directory").0;
    std::os::unix::fs::symlink(&elsewhere, root.join("link")).expect("a link");
    fs::remove_file(root.join(MARKER)).expect("the marker");
    std::os::unix::fs::symlink(elsewhere.join("thesis.txt"), root.join(MARKER)).expect("a link");
    prepare(scratch.path()).expect("an own directory");
    assert!(!root.join("link").exists());
    assert_eq!(fs::read(elsewhere.join("thesis.txt")).expect("theirs"), b"x");
}

/// A registry, a site and an API in a directory with a secret beside them.
fn servers(scratch: &Scratch) -> [SocketAddr; 3] {
    let root = scratch.path().join("root");
    fs::create_dir_all(root.join("site")).expect("a directory");
    fs::write(scratch.path().join("secret"), "hidden words").expect("a file");
    let site = Site::new(root.join("site"), "http://127.0.0.1:1/r", []);
    let registry = Registry::new(root.join("registry"));
    let github = Github::new(root.join("github"), "http://127.0.0.1:1", "o/r", &["v1".to_owned()], "0");
    [
        start(move |request| site.answer(request)),
        start(move |request| registry.answer(request)),
        start(move |request| github.answer(request)),
    ]
}

#[test]
fn nothing_else_is_served() {
    let scratch = Scratch::directory().expect("a directory");
    for server in servers(&scratch) {
        for path in [
            "/r/../../secret",
            "/r/..%2f..%2fsecret",
            "/r/%2e%2e/%2e%2e/secret",
            "/r//../../secret",
            "/r/%5c..%5c..%5csecret",
            "/v2/../../../secret/blobs/sha256:0",
            "/v2/..%2f..%2fsecret/manifests/x",
            "/v2/o/r/blobs/..%2f..%2f..%2f..%2fsecret",
            "/v2/o/r/manifests/..%2f..%2f..%2fsecret",
            "/repos/o/r/releases/assets/..%2f..%2fsecret",
            "/o/r/releases/download/v1/..%2f..%2f..%2fsecret",
        ] {
            let fields = format!("Host: {server}\r\nUser-Agent: t\r\nConnection: close");
            let head = format!("GET {path} HTTP/1.1\r\n{fields}\r\n\r\n");
            let said = said(server, head.as_bytes());
            assert!(said.starts_with("HTTP/1.1 4") && !said.contains("hidden words"), "{path}: {said}");
        }
    }
}

/// Whoever sends garbage is refused, and all others are served still.
#[test]
fn garbage_stops_nobody() {
    let scratch = Scratch::directory().expect("a directory");
    for server in servers(&scratch) {
        let mut seed = 7_u64;
        for length in [1, 10, 100, 1000, 100_000] {
            let bytes = std::iter::repeat_with(|| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                seed.to_be_bytes()[0]
            });
            let said = said(server, &bytes.take(length).collect::<Vec<_>>());
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
        }
        let huge = b"POST /v2/o/r/blobs/uploads/ HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nx";
        assert!(said(server, huge).starts_with("HTTP/1.1 413 "));
        // Nobody waits for the rest of it.
        let _silent = TcpStream::connect(server).and_then(|mut stream| stream.write_all(b"GET / HT"));
        let fields = format!("Host: {server}\r\nUser-Agent: t\r\nConnection: close");
        let head = format!("GET /nothing HTTP/1.1\r\n{fields}\r\n\r\n");
        let good = said(server, head.as_bytes());
        assert!(good.starts_with("HTTP/1.1 404 "), "{good}");
    }
}

#[test]
fn two_uploads_at_once() {
    let scratch = Scratch::directory().expect("a directory");
    let [_, registry, _] = servers(&scratch);
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        for byte in *b"ab" {
            let barrier = &barrier;
            scope.spawn(move || {
                let data = vec![byte; 300_000];
                barrier.wait();
                for _ in 0..10 {
                    let line = format!("POST /v2/o/r/blobs/uploads/?digest={} HTTP/1.1", digest(&data));
                    let fields = format!("Host: {registry}\r\nConnection: close");
                    let head = format!("{line}\r\n{fields}\r\nContent-Length: {}\r\n\r\n", data.len());
                    let said = said(registry, &[head.as_bytes(), &data].concat());
                    assert!(said.starts_with("HTTP/1.1 201 "), "{said}");
                }
            });
        }
    });
    let blobs = fs::read_dir(scratch.path().join("root/registry/o/r/blobs/sha256")).expect("blobs");
    assert_eq!(blobs.count(), 2);
}
