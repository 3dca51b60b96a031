//! Configurations that people have: what they rely on works, and nothing of the rest changes what is published or where.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use crate::remote::{Remote, publisher};
use crate::sandbox::Sandbox;
use crate::server::{Fault, LOOK, TOKEN, TOKEN_BASE64};

/// Everything below the working directory but `site/`, git's files too: modes, bytes and where links lead.
fn everything(sandbox: &Sandbox) -> BTreeMap<String, (u32, Vec<u8>)> {
    let root = sandbox.work();
    let walk = walkdir::WalkDir::new(&root).into_iter().map(|entry| entry.expect("an entry"));
    let entries = walk.filter(|entry| !entry.path().starts_with(root.join("site")) && entry.path() != root);
    let facts = |entry: walkdir::DirEntry| {
        let mode = entry.metadata().expect("metadata").permissions().mode();
        let bytes =
            if entry.file_type().is_file() { std::fs::read(entry.path()).expect("a file") } else { vec![] };
        (entry.path().display().to_string(), (mode, bytes))
    };
    entries.map(facts).collect()
}

/// An executable in the home directory that notes that it was called, and then does this.
fn trap(sandbox: &Sandbox, name: &str, then: &str) -> String {
    let path = sandbox.work().join("../home").join(name);
    let called = sandbox.work().join("../home/called").display().to_string();
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    std::fs::write(&path, format!("#!/bin/sh\necho {name} \"$@\" >> {called}\n{then}\n")).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("an executable");
    std::fs::canonicalize(path).expect("a path").display().to_string()
}

fn called(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.work().join("../home/called")).unwrap_or_default()
}

#[test]
fn a_hostile_configuration_changes_nothing() {
    let plain = Remote::seeded();
    plain.publish(&publisher("web", "1.0.0"), &[]).ended(0);

    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    let failing = trap(&sandbox, "fail", "exit 1");
    for hook in ["pre-push", "pre-commit", "commit-msg", "reference-transaction", "post-index-change"] {
        trap(&sandbox, &format!("hooks/{hook}"), "exit 1");
        trap(&sandbox, &format!("template/hooks/{hook}"), "exit 1");
    }
    let home = std::fs::canonicalize(sandbox.work().join("../home")).expect("home").display().to_string();
    sandbox.write("../home/ignore", "*.tgz\n*.html\n.nojekyll\nindex.yaml\n");
    sandbox.write("../home/attributes", "* filter=break text eol=crlf ident\n");
    sandbox.write(
        "../home/.gitconfig",
        &format!(
            "[core]\n\tautocrlf = true\n\teol = crlf\n\thooksPath = {home}/hooks\n\texcludesFile = {home}/ignore\n\t\
             attributesFile = {home}/attributes\n\taskPass = {failing}\n\tfsmonitor = {failing}\n\t\
             alternateRefsCommand = {failing}\n\tquotePath = false\n\tcompression = 0\n\tbigFileThreshold = 1\n\
             [commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n[push]\n\tgpgSign = true\n\tdefault = nothing\n\t\
             followTags = true\n\trecurseSubmodules = only\n[gpg]\n\tprogram = {failing}\n\
             [filter \"break\"]\n\tclean = {failing}\n\tsmudge = {failing}\n\trequired = true\n\
             [init]\n\ttemplateDir = {home}/template\n\tdefaultBranch = trunk\n\
             [credential]\n\thelper = {failing}\n[fetch]\n\tprune = true\n\tfsckObjects = true\n\tparallel = 0\n\
             [fetch \"bundle\"]\n\turi = nowhere\n[remote]\n\tpushDefault = elsewhere\n\
             [transfer]\n\tfsckObjects = true\n[user]\n\tuseConfigOnly = true\n[color]\n\tui = always\n\
             [fastimport]\n\tunpackLimit = 100000\n[gc]\n\tauto = 1\n[maintenance]\n\tauto = true\n\
             [extensions]\n\tpartialClone = nowhere\n[protocol]\n\tversion = 0\n[advice]\n\tpushFetchFirst = false\n"
        ),
    );
    let before = everything(&sandbox);
    remote.publish(&sandbox, &[]).ended(0);
    assert_eq!(called(&sandbox), "");
    assert_eq!(everything(&sandbox), before, "the source repository");
    assert_eq!(remote.assert_whole(), 3);
    let without_index = |remote: &Remote| {
        let mut files = remote.files();
        files.remove(crate::remote::INDEX);
        files
    };
    assert_eq!(without_index(&remote), without_index(&plain));
}

#[test]
fn a_hostile_environment_changes_nothing() {
    let remote = Remote::seeded();
    let mut sandbox = publisher("web", "1.0.0");
    let other = publisher("other", "1.0.0");
    let (git, work) = (other.work().join(".git"), other.work());
    sandbox.set("GIT_DIR", git.display().to_string());
    sandbox.set("GIT_WORK_TREE", work.display().to_string());
    sandbox.set("GIT_INDEX_FILE", git.join("other-index").display().to_string());
    sandbox.set("GIT_OBJECT_DIRECTORY", git.join("objects").display().to_string());
    sandbox.set("GIT_CONFIG_PARAMETERS", "'core.bare'='false' 'core.hooksPath'='/nowhere'");
    sandbox.set("GIT_NAMESPACE", "elsewhere");
    sandbox.set("GIT_SHALLOW_FILE", git.join("no-shallow").display().to_string());
    sandbox.set("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nowhere");
    sandbox.set("GIT_CEILING_DIRECTORIES", work.display().to_string());
    sandbox.set("GIT_DEFAULT_HASH", "sha256");
    sandbox.set("GIT_QUARANTINE_PATH", "/nowhere");
    sandbox.set("GIT_PUSH_OPTION_COUNT", "1");
    sandbox.set("GIT_PUSH_OPTION_0", "ci.skip");
    sandbox.set("GIT_NO_LAZY_FETCH", "1");
    sandbox.set("GIT_LITERAL_PATHSPECS", "1");
    sandbox.set("GIT_AUTHOR_DATE", "garbage");
    sandbox.set("GIT_COMMITTER_DATE", "garbage");
    let before = (everything(&sandbox), everything(&other));
    remote.publish(&sandbox, &[]).ended(0);
    assert!((everything(&sandbox), everything(&other)) == before, "a source repository changed");
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2));
}

/// A branch whose Helm repository somebody removed, which takes all that is done to a branch to mend.
fn to_be_repaired() -> (Remote, Sandbox) {
    let remote = Remote::seeded();
    remote.overwrite(&[("charts", None)]);
    (remote, publisher("web", "1.0.0"))
}

#[test]
fn paths_mean_what_they_are() {
    let (remote, mut sandbox) = to_be_repaired();
    for variable in ["GIT_ICASE_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS"] {
        sandbox.set(variable, "1");
        let ran = sandbox.xtask(&["pages", "--only", "charts", "--repair", "--remote", &remote.url]).ended(0);
        assert!(ran.stdout.contains("Would add charts/api-0.1.0.tgz"), "{variable}: {}", ran.stdout);
        sandbox.unset(variable);
    }
    sandbox.set("GIT_ICASE_PATHSPECS", "1");
    remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.assert_whole(), 3);
}

/// Whatever the user calls other remotes.
#[test]
fn other_remotes_are_not_asked() {
    let (remote, sandbox) = to_be_repaired();
    let other = Remote::seeded();
    let settings = ["o", "origin", "gh-pages", "upstream"].map(|name| {
        let url = &other.url;
        format!("[remote \"{name}\"]\n\turl = {url}\n\tpushurl = {url}\n\tfetch = +refs/*:refs/*\n\tmirror = true\n")
    });
    sandbox.write("../home/.gitconfig", &settings.concat());
    remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert_eq!((other.server.calls().len(), other.commits()), (0, 1));
}

#[test]
fn nobody_is_asked_for_a_password() {
    for (variable, name) in [("GIT_ASKPASS", "askpass"), ("SSH_ASKPASS", "ssh-askpass"), ("", "core-askpass")]
    {
        let remote = Remote::seeded();
        remote.server.with(|git| git.needs_token = true);
        let mut sandbox = publisher("web", "1.0.0");
        let askpass = trap(&sandbox, name, "sleep 30");
        if variable.is_empty() {
            sandbox.write("../home/.gitconfig", &format!("[core]\n\taskPass = {askpass}\n"));
        } else {
            sandbox.set(variable, askpass);
        }
        sandbox.set("DISPLAY", ":0");
        let ran = remote.charts(&sandbox).ended(1);
        assert!(ran.stderr.contains("GITHUB_TOKEN"), "{}", ran.stderr);
        assert_eq!(called(&sandbox), "");
        assert_eq!(remote.commits(), 1);
    }
}

/// With a token nobody else is asked, even where it is refused.
#[test]
fn a_token_is_not_stored_and_not_replaced() {
    let remote = Remote::seeded();
    remote.server.with(|git| git.needs_token = true);
    let mut sandbox = publisher("web", "1.0.0");
    let helper = trap(&sandbox, "helper", "cat >/dev/null");
    sandbox.write("../home/.gitconfig", &format!("[credential]\n\thelper = {helper}\n"));
    sandbox.set("GITHUB_SERVER_URL", remote.server.origin());
    sandbox.set("GITHUB_TOKEN", "ghs_wrong");
    // The server's own answer is 403.
    remote.charts(&sandbox).ended(1);
    assert_eq!(called(&sandbox), "");
    // All that one run asks.
    remote.server.fail(Fault::status(401), LOOK, 2);
    remote.charts(&sandbox).ended(1);
    assert_eq!(called(&sandbox), "");
    sandbox.set("GITHUB_TOKEN", TOKEN);
    remote.charts(&sandbox).ended(0);
    assert_eq!(called(&sandbox), "");
}

/// On a laptop there is no token: git's own credentials serve.
#[test]
fn a_credential_helper_serves_without_a_token() {
    let remote = Remote::seeded();
    remote.server.with(|git| git.needs_token = true);
    let sandbox = publisher("web", "1.0.0");
    let answer = format!("[ \"$1\" = get ] && echo username=x-access-token && echo password={TOKEN}\nexit 0");
    let helper = trap(&sandbox, "helper", &answer);
    sandbox.write("../home/.gitconfig", &format!("[credential]\n\thelper = {helper}\n"));
    let ran = remote.charts(&sandbox).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert!(called(&sandbox).contains("helper get"));
    assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN_BASE64));
}

#[test]
fn a_replaced_url_is_followed() {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    let origin = remote.server.origin();
    sandbox.write(
        "../home/.gitconfig",
        &format!("[url \"{origin}/\"]\n\tinsteadOf = https://git.example.com/\n"),
    );
    let url = "https://git.example.com/o/r.git";
    sandbox.xtask(&["pages", "--publish", "--only", "charts", "--remote", url]).ended(0);
    assert_eq!(remote.assert_whole(), 3);
}

/// The origin of a proxy that asks one server in place of every other.
fn proxy_to(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        // Each connection has one request, whose line has a whole URL.
        for client in listener.incoming().filter_map(Result::ok) {
            let upstream = TcpStream::connect(&server).expect("the server");
            thread::scope(|scope| {
                scope.spawn(|| io::copy(&mut &upstream, &mut &client));
                let (mut asked, mut line) = (BufReader::new(&client), String::new());
                asked.read_line(&mut line).expect("a line");
                let line = line.replacen("http://git.example.com", "", 1);
                (&upstream).write_all(line.as_bytes()).expect("a server that reads");
                let _ = io::copy(&mut asked, &mut &upstream);
            });
        }
    });
    origin
}

#[test]
fn a_proxy_is_used() {
    let remote = Remote::seeded();
    let mut sandbox = publisher("web", "1.0.0");
    sandbox.set("http_proxy", proxy_to(remote.server.host().to_owned()));
    let url = "http://git.example.com/o/r.git";
    sandbox.xtask(&["pages", "--publish", "--only", "charts", "--remote", url]).ended(0);
    assert_eq!(remote.assert_whole(), 3);
}

/// A job of GitHub Actions: HEAD at a tag and no branch, one commit deep.
#[test]
fn a_shallow_checkout_of_a_tag_will_do() {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    let full = sandbox.work().display().to_string();
    sandbox.git(&["tag", "v1.0.0"]);
    sandbox.git(&["clone", "--quiet", "--depth=1", "--branch=v1.0.0", &format!("file://{full}"), "../clone"]);
    let mut source = Sandbox::new();
    source.unset("SOURCE_DATE_EPOCH");
    std::fs::rename(sandbox.work().join("../clone/.git"), source.work().join(".git")).expect("a clone");
    source.git(&["reset", "--hard", "--quiet"]);
    source.xtask(&["release", "--tag", "v1.0.0"]).ended(0);
    remote.publish(&source, &[]).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2));
}
