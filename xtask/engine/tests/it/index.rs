//! `cargo xtask index`: what it writes, that it is Helm's, and what it says when it cannot.

use std::collections::BTreeMap;
use std::io::Read;

use expect_test::expect;
use helm_xtask::internals::digest;
use helm_xtask::internals::tgz::{self, Entry};

use crate::sandbox::{self, Sandbox};

pub fn archive(chart_yaml: &str) -> Vec<u8> {
    let entry = |path: &str, text: &str| Entry { path: path.to_owned(), data: text.into() };
    let entries = [entry("c/Chart.yaml", chart_yaml), entry("c/values.yaml", "a: 1\n")];
    tgz::write(&entries).expect("an archive")
}

pub fn put(sandbox: &Sandbox, path: &str, bytes: &[u8]) {
    sandbox.write(path, "");
    std::fs::write(sandbox.work().join(path), bytes).expect("a file");
}

fn chart(sandbox: &Sandbox, path: &str, name: &str, version: &str) {
    put(sandbox, path, &archive(&format!("apiVersion: v2\nname: {name}\nversion: {version}\n")));
}

/// Files that both Helms indexed, and what they wrote, by path.
fn golden() -> BTreeMap<String, Vec<u8>> {
    let mut tar = Vec::new();
    let packed = include_bytes!("cases/index.tar.gz").as_slice();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut tar).expect("gzip");
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(tar.as_slice()).entries().expect("tar") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").display().to_string();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).expect("memory");
        files.insert(path, data);
    }
    files
}

#[test]
fn an_index_is_helms_to_the_byte() {
    let sandbox = Sandbox::new();
    let golden = golden();
    for (path, data) in golden.iter().filter(|(path, _)| path.ends_with(".tgz")) {
        put(&sandbox, path, data);
    }
    sandbox.xtask(&["index", "emit"]).ended(0);
    assert_eq!(sandbox.text("emit/index.yaml"), String::from_utf8_lossy(&golden["index.yaml"]));
    sandbox.xtask(&["index", "emit", "--json"]).ended(0);
    assert_eq!(sandbox.text("emit/index.yaml"), String::from_utf8_lossy(&golden["index.json"]));
}

/// The URLs of `files` in an index that a Helm or this program makes.
fn urls(sandbox: &Sandbox, args: &[&str], program: Option<&std::path::Path>) -> Vec<String> {
    match program {
        Some(helm) => sandbox.run(helm, &[&["repo", "index", "d"], args].concat()).ended(0),
        None => sandbox.xtask(&[&["index", "d"], args].concat()).ended(0),
    };
    let text = sandbox.text("d/index.yaml");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    - "));
    lines.map(str::to_owned).collect()
}

#[test]
fn files_and_urls_are_helms() {
    for (name, helm) in sandbox::helms("files_and_urls_are_helms") {
        let sandbox = Sandbox::new();
        for (i, path) in
            ["b.tgz", ".h.tgz", "s p/é #1.tgz", ".dot/x+1.tgz", "too/deep/x.tgz", "x.TGZ", "x.tgz.prov"]
                .into_iter()
                .enumerate()
        {
            chart(&sandbox, &format!("d/{path}"), &format!("c{i}"), "1.0.0");
        }
        std::os::unix::fs::symlink("b.tgz", sandbox.work().join("d/dangling.tgz.x")).expect("a link");
        std::os::unix::fs::symlink("nowhere", sandbox.work().join("d/dangling.tgz")).expect("a link");
        let bases = [
            None,
            Some("https://example.com"),
            Some("https://example.com/"),
            Some("HTTP://user@h:80/a//b/../c/?x=1&y=2#z"),
            Some("https://h/a%20b%2Fc/é"),
            Some("charts"),
            Some("./charts/"),
            Some("../up"),
            Some("/abs/"),
            Some("."),
            Some("https://h/!(x)*'[y]$&+,;=:@~"),
            Some("?x=1"),
        ];
        for base in bases {
            let args: Vec<&str> = base.iter().flat_map(|base| ["--url", base]).collect();
            let theirs = urls(&sandbox, &args, Some(&helm));
            assert_eq!(urls(&sandbox, &args, None), theirs, "{name} {base:?}");
            assert_eq!(theirs.len(), 4);
        }
    }
}

#[test]
fn urls_that_are_no_base_are_refused() {
    let sandbox = Sandbox::new();
    chart(&sandbox, "d/a.tgz", "a", "1.0.0");
    for url in ["http://h:port/x", "http://[bad", "%zz", "h:80/x", "https://", "//h/x", "a b"] {
        let ran = sandbox.xtask(&["index", "d", "--url", url]).ended(2);
        assert!(ran.stderr.starts_with(&format!("error: --url `{url}`: ")), "{}", ran.stderr);
    }
    assert_eq!(sandbox.files("d"), ["a.tgz"]);
}

#[test]
fn a_release_is_added_and_nothing_else_changes() {
    let sandbox = Sandbox::new();
    chart(&sandbox, "new/web-1.1.0.tgz", "web", "1.1.0");
    let old = "apiVersion: v1\nentries:\n  web:\n  - created: \"2020-01-02T03:04:05.6Z\"\n    name: web\n    urls:\n    - web-1.0.0.tgz\n    version: 1.0.0\ngenerated: \"2020-01-02T03:04:05.6Z\"\n";
    sandbox.write("index.yaml", old);
    let ran = sandbox.xtask(&["index", "new", "--merge", "index.yaml", "--url", "https://x.y"]).ended(0);
    let digest = digest::digest(&sandbox.read("new/web-1.1.0.tgz"));
    assert_eq!(
        ran.stdout,
        format!(
            "     Indexed new/web-1.1.0.tgz -> web 1.1.0  {digest}\n       Wrote new/index.yaml  2 versions: 1 added, 1 kept\n"
        )
    );
    let entry = format!(
        "  - apiVersion: v2\n    created: \"2024-01-02T03:04:05Z\"\n    digest: {}\n    name: web\n    urls:\n    - https://x.y/web-1.1.0.tgz\n    version: 1.1.0\n",
        digest.trim_start_matches("sha256:")
    );
    let expected = old
        .replace("  web:\n", &format!("  web:\n{entry}"))
        .replace("generated: \"2020-01-02T03:04:05.6Z\"", "generated: \"2024-01-02T03:04:05Z\"");
    assert_eq!(sandbox.text("new/index.yaml"), expected);

    let ran = sandbox.xtask(&["index", "new", "--merge", "new/index.yaml"]).ended(0);
    assert_eq!(ran.stdout, "   Unchanged new/index.yaml  2 versions\n");
    assert_eq!(sandbox.text("new/index.yaml"), expected);

    put(
        &sandbox,
        "new/web-1.1.0.tgz",
        &archive("apiVersion: v2\nname: web\nversion: 1.1.0\ntype: library\n"),
    );
    let ran = sandbox.xtask(&["index", "new", "--merge", "new/index.yaml"]).ended(1);
    let other = digest::digest(&sandbox.read("new/web-1.1.0.tgz"));
    assert_eq!(
        ran.stderr,
        format!(
            "error: new/index.yaml:4: `web 1.1.0` is published with digest `{}`, the new archive has `{}`\nhint: release it as a new version; or, on purpose: --replace web-1.1.0\n",
            digest.trim_start_matches("sha256:"),
            other.trim_start_matches("sha256:")
        )
    );
    assert_eq!(sandbox.text("new/index.yaml"), expected);
    let ran =
        sandbox.xtask(&["index", "new", "--merge", "new/index.yaml", "--replace", "web-1.1.0"]).ended(0);
    assert!(
        ran.stdout.ends_with("Wrote new/index.yaml  2 versions: 0 added, 1 replaced, 1 kept\n"),
        "{}",
        ran.stdout
    );
    let ran = sandbox.xtask(&["index", "new", "--replace", "web-9.9.9"]).ended(2);
    expect![[r#"
        error: --replace `web-9.9.9`: no archive has this name and version
        hint: --replace web-1.2.3
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn what_is_broken_is_named_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    chart(&sandbox, "d/good.tgz", "a", "1.0.0");
    chart(&sandbox, "d/twin.tgz", "a", "1.0.0");
    put(&sandbox, "d/other.tgz", &archive("apiVersion: v2\nname: a\nversion: 1.0.0\nhome: x\n"));
    let whole = sandbox.read("d/good.tgz");
    put(&sandbox, "d/cut.tgz", &whole[..whole.len() - 20]);
    put(&sandbox, "d/empty.tgz", b"");
    put(&sandbox, "d/junk.tgz", b"this is no gzip at all");
    put(&sandbox, "d/version.tgz", &archive("apiVersion: v2\nname: b\nversion: 1.x\n"));
    let none = [Entry { path: "c/values.yaml".to_owned(), data: Vec::new() }];
    put(&sandbox, "d/none.tgz", &tgz::write(&none).expect("an archive"));
    let ran = sandbox.xtask(&["index", "d"]).ended(1);
    let errors: Vec<&str> = ran.stderr.lines().filter(|line| !line.starts_with("hint")).collect();
    assert_eq!(
        errors,
        [
            "error: d/cut.tgz: it is not a chart archive: incomplete deflate stream",
            "error: d/empty.tgz: it is not a chart archive: unexpected end of file",
            "error: d/junk.tgz: it is not a chart archive: invalid gzip header",
            "error: d/none.tgz: there is no Chart.yaml in its directory",
            "error: d/other.tgz: `a 1.0.0` is in `d/good.tgz` too, with other bytes",
            "error: d/version.tgz/c/Chart.yaml:3: version `1.x` is not a semantic version",
            "warning: d/twin.tgz: `a 1.0.0` is in `d/good.tgz` too: the index names that one",
        ]
    );
    assert!(!sandbox.files("d").contains(&"index.yaml".to_owned()));
}

#[test]
fn an_index_that_is_not_there_or_broken_is_an_error() {
    let sandbox = Sandbox::new();
    chart(&sandbox, "d/a.tgz", "a", "1.0.0");
    sandbox.write("empty.yaml", "");
    sandbox.write("old.yaml", "apiVersion: v1\nentries: {}\n");
    for (args, message) in [
        (&["missing"][..], "error: missing: there is no such directory"),
        (&["d", "--merge", "none.yaml"], "error: none.yaml: there is no such file"),
        (&["d", "--merge", "empty.yaml"], "error: empty.yaml:1: Helm clients refuse this index: it is empty"),
    ] {
        let ran = sandbox.xtask(&[&["index"], args].concat()).ended(1);
        assert!(ran.stderr.starts_with(message), "{}", ran.stderr);
    }
    sandbox.xtask(&["index", "d", "--json", "--merge", "old.yaml"]).ended(2);
    assert_eq!(sandbox.files("d"), ["a.tgz"]);
    sandbox.write("none/x", "");
    sandbox.xtask(&["index", "none"]).ended(0);
    assert_eq!(
        sandbox.text("none/index.yaml"),
        "apiVersion: v1\nentries: {}\ngenerated: \"2024-01-02T03:04:05Z\"\n"
    );
}
