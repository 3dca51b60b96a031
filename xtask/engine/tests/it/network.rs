//! The network as companies have it: proxies, and certificates of their own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::charts_server::Charts;
use crate::dependency::{package, web};
use crate::sandbox::Sandbox;

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/engine/tests/it/tls/ca.pem");

/// A proxy for one server, whatever host it is asked for.
struct ForwardProxy {
    origin: String,
    /// First lines of requests, and what they said of a user.
    asked: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// A proxy that answers `status` to every `CONNECT`, and does what is asked for 200.
    fn before(server: String, status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let (server, seen) = (server.clone(), seen.clone());
                thread::spawn(move || drop(tunnel(&client, &server, status, &seen)));
            }
        });
        Self { origin, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn tunnel(client: &TcpStream, server: &str, status: u16, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = BufReader::new(client.try_clone()?);
    let (mut line, mut user) = (String::new(), String::new());
    head.read_line(&mut line)?;
    loop {
        let mut field = String::new();
        if head.read_line(&mut field)? == 0 || field.trim().is_empty() {
            break;
        }
        if field.to_ascii_lowercase().starts_with("proxy-authorization:") {
            user = format!(" {}", field.trim().rsplit(' ').next().unwrap_or_default());
        }
    }
    let target: Vec<&str> = line.split(' ').take(2).collect();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}{user}", target.join(" ")));
    let mut client = client.try_clone()?;
    if status != 200 {
        return write!(client, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
    }
    write!(client, "HTTP/1.1 200 OK\r\n\r\n")?;
    join(client, TcpStream::connect(server)?)
}

/// Copies both ways until both have ended.
fn join(one: TcpStream, other: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (one.try_clone()?, other.try_clone()?);
    let there = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (other, one);
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    drop(there.join());
    Ok(())
}

/// Speaks TLS before a server that speaks HTTP: `HOST:PORT`.
fn tls_before(server: String) -> String {
    let certificate = CertificateDer::from(include_bytes!("tls/leaf.der").as_slice());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("tls/leaf.key.der").as_slice()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for client in listener.incoming().filter_map(Result::ok) {
            let (config, server) = (config.clone(), server.clone());
            thread::spawn(move || drop(answer(config, client, &server)));
        }
    });
    host
}

/// One request: its head and body to the server, and what comes back.
fn answer(config: Arc<ServerConfig>, client: TcpStream, server: &str) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut client = BufReader::new(StreamOwned::new(connection, client));
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut field = String::new();
        if client.read_line(&mut field)? == 0 {
            return Ok(());
        }
        if let Some((_, value)) =
            field.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().unwrap_or_default();
        }
        if field.trim().is_empty() {
            head += "Connection: close\r\n\r\n";
            break;
        }
        if !field.to_ascii_lowercase().starts_with("connection:") {
            head += &field;
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(&body)?;
    let mut said = Vec::new();
    upstream.read_to_end(&mut said)?;
    let client = client.get_mut();
    client.write_all(&said)?;
    client.conn.send_close_notify();
    client.flush()
}

/// A chart that depends on `db` of `https://charts.example/charts`, and these servers for it: one that speaks TLS, and a
/// proxy before that.
fn behind(status: u16) -> (Sandbox, Charts, ForwardProxy) {
    let charts = Charts::new(&[("db", "1.2.0")]);
    let proxy = ForwardProxy::before(tls_before(charts.host().to_owned()), status);
    let mut sandbox = web(&[("db", "1.2.0", "https://charts.example/charts")]);
    sandbox.unset("HTTPS_PROXY");
    sandbox.set("SSL_CERT_FILE", AUTHORITY);
    (sandbox, charts, proxy)
}

#[test]
fn the_proxy_is_the_one_that_helm_would_take() {
    let (mut sandbox, _charts, proxy) = behind(200);
    let through = ["CONNECT charts.example:443"; 2];
    for (variables, is_asked) in [
        (&[("HTTPS_PROXY", &*proxy.origin)][..], true),
        (&[("https_proxy", &proxy.origin["http://".len()..])], true),
        (&[("HTTPS_PROXY", &*proxy.origin), ("https_proxy", "http://127.0.0.1:1")], true),
        (
            &[
                ("HTTPS_PROXY", &*proxy.origin),
                ("NO_PROXY", "other.example, .charts.example,charts.example:80"),
            ],
            true,
        ),
        (&[("HTTPS_PROXY", &*proxy.origin), ("NO_PROXY", "other.example, example")], false),
        (&[("HTTPS_PROXY", &*proxy.origin), ("no_proxy", "*")], false),
        (&[("HTTP_PROXY", &*proxy.origin)], false),
    ] {
        for (name, value) in variables {
            sandbox.set(name, *value);
        }
        let ran = package(&sandbox, &["--deadline", "5"]);
        // Nobody has a host of that name.
        assert_eq!(ran.status, i32::from(!is_asked), "{variables:?}: {}", ran.stderr);
        assert_eq!(proxy.asked(), through[..if is_asked { 2 } else { 0 }], "{variables:?}");
        for (name, _) in variables {
            sandbox.unset(name);
        }
        let _ = std::fs::remove_dir_all(sandbox.work().join("target/helm-xtask"));
    }
}

/// A proxy that does not answer, or refuses, is named, and asked once.
#[test]
fn a_proxy_that_fails_is_named() {
    for (status, expected) in [
        (407, "the proxy http://127.0.0.1:PORT wants a user and a password (407)"),
        (403, "the proxy http://127.0.0.1:PORT answers 403"),
    ] {
        let (mut sandbox, _charts, proxy) = behind(status);
        let with_user = proxy.origin.replacen("http://", "http://me:secret0123@", 1);
        sandbox.set("HTTPS_PROXY", with_user);
        let ran = package(&sandbox, &[]).ended(1);
        let port = proxy.origin.rsplit(':').next().unwrap_or_default();
        assert!(ran.stderr.replace(port, "PORT").contains(expected), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret0123") && !ran.stderr.contains("bWU6"), "{}", ran.stderr);
        assert_eq!(proxy.asked(), ["CONNECT charts.example:443 bWU6c2VjcmV0MDEyMw=="]);
    }
    let (mut sandbox, _charts, _proxy) = behind(200);
    sandbox.set("HTTPS_PROXY", "http://127.0.0.1:1");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("the proxy http://127.0.0.1:1 does not answer"), "{}", ran.stderr);
    sandbox.set("HTTPS_PROXY", "http://[nonsense");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("is no proxy that can be asked"), "{}", ran.stderr);
}

/// A certificate that nobody trusts is named, and the server asked once.
#[test]
fn a_certificate_that_nobody_trusts_is_named() {
    let (mut sandbox, _charts, proxy) = behind(200);
    sandbox.set("HTTPS_PROXY", proxy.origin.clone());
    sandbox.unset("SSL_CERT_FILE");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("cannot reach charts.example: TLS: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: set SSL_CERT_FILE"), "{}", ran.stderr);
    assert_eq!(proxy.asked().len(), 1);
}

/// Git reads other variables in other ways, and gets what we found in ours.
#[test]
fn git_goes_the_same_way() {
    let remote = crate::remote::Remote::seeded();
    let proxy = ForwardProxy::before(tls_before(remote.server.host().to_owned()), 200);
    let mut sandbox = crate::remote::publisher("web", "1.0.0");
    let url = "https://git.example/o/r.git";
    let args = ["pages", "--publish", "--only", "charts", "--remote", url];
    sandbox.set("HTTPS_PROXY", proxy.origin.clone());
    sandbox.set("NO_PROXY", "10.0.0.0/8, .git.example");
    // Git's own reading of NO_PROXY would leave the proxy out: `.git.example` is for git.example itself, too.
    let ran = sandbox.xtask(&args).ended(1);
    assert!(
        ran.stderr.contains("certificate") && ran.stderr.contains("hint: set SSL_CERT_FILE"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("Retrying"), "{}", ran.stderr);
    sandbox.set("SSL_CERT_FILE", AUTHORITY);
    sandbox.xtask(&args).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert!(proxy.asked().iter().all(|asked| asked == "CONNECT git.example:443"));
    // Git's own setting counts where there is one.
    sandbox.write("../home/.gitconfig", "[http]\n\tsslCAInfo = /nowhere.pem\n");
    sandbox.xtask(&args).ended(1);
}
