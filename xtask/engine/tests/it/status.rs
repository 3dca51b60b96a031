//! `cargo xtask status`: what places have and lack, what is not checked, and what `--fix` mends, at targets on this machine.

use std::fmt::Write as _;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use expect_test::expect;
use helm_xtask::internals::digest;
use helm_xtask::internals::rehearsal::http::{self, Answer};
use serde_json::{Value, json};

use crate::config;
use crate::fake::Fault;
use crate::github::{self, Github};
use crate::merges::Shop;
use crate::publish_github::somebody;
use crate::release::chart;
use crate::remote::{BRANCH, FOREIGN, INDEX, Remote};
use crate::sandbox::{Ran, Sandbox, find};
use crate::server;
use crate::whole::{assert_same, each};

pub fn command(shop: &Shop, args: &[&str]) -> Command {
    let mut command = shop.sandbox.any_config_command();
    command.env("GITHUB_API_URL", shop.targets.github.url()).env("CONFIG_OCI", shop.targets.registry.url());
    command.args(["status", "--remote", &shop.targets.remote.url, "--deadline", "20"]).args(args);
    command
}

/// What the command says, without what is another each time.
fn status(shop: &Shop, args: &[&str]) -> Ran {
    let ran = shop.sandbox.normal(&command(shop, args).output().expect("a program"));
    let left = std::fs::read_dir(shop.sandbox.work().join("../tmp")).expect("tmp").count();
    assert_eq!(left, 0, "left in the temporary directory");
    let plain = |text: &str| {
        let text = text.replace(&shop.targets.remote.url, "https://github.com/d44b/pulltrace.git");
        let text = text.replace(&shop.targets.registry.url(), "oci://ghcr.io/d44b/charts");
        text.replace(shop.targets.github.host(), "api.github.com")
            .replace(shop.targets.registry.host(), "ghcr.io")
    };
    Ran { stdout: plain(&ran.stdout), stderr: plain(&ran.stderr), ..ran }
}

fn json(shop: &Shop, args: &[&str]) -> Value {
    serde_json::from_str(&status(shop, &[&["--json"], args].concat()).stdout).expect("JSON")
}

/// The findings, each with its subject.
fn found(shop: &Shop) -> Vec<String> {
    let report = json(shop, &[]);
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
    let findings = report["findings"].as_array().expect("findings").iter();
    findings
        .map(|one| format!("{} {} {}", text(one, "kind"), text(one, "subject"), text(one, "fix")))
        .collect()
}

/// Lines without what they are indented by.
fn trimmed(text: &str) -> String {
    text.split_inclusive('\n').map(str::trim_start).collect()
}

/// Two charts in three versions, everywhere.
fn healthy() -> Shop {
    let shop = Shop::new(&["db", "web"]);
    shop.publish();
    for version in ["1.1.0", "1.2.0"] {
        shop.bump("web", version);
        shop.merge(version);
        shop.publish();
    }
    shop
}

/// The index without the entry of a chart's version.
fn without(index: &str, chart: &str, version: &str) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for line in index.split_inclusive('\n') {
        match blocks.last_mut().filter(|_| line.starts_with("    ")) {
            Some(block) => block.push_str(line),
            None => blocks.push(line.to_owned()),
        }
    }
    let count = blocks.len();
    let [chart, version] = [format!("name: {chart}\n"), format!("version: {version}\n")];
    blocks.retain(|block| !block.contains(&chart) || !block.contains(&version));
    assert_eq!(blocks.len() + 1, count, "{index}");
    blocks.concat()
}

/// Takes an entry of `web` from the index on the branch, and files.
fn damage(shop: &Shop, version: &str, files: &[&str]) {
    let index = without(&shop.targets.remote.text(INDEX), "web", version);
    let mut changes: Vec<(&str, Option<&[u8]>)> = files.iter().map(|file| (*file, None)).collect();
    changes.push((INDEX, Some(index.as_bytes())));
    shop.targets.remote.overwrite(&changes);
}

#[test]
fn a_healthy_repository() {
    let shop = healthy();
    let ran = status(&shop, &["--digests"]).ended(0);
    expect![[r#"
        Tags 4 at https://github.com/d44b/pulltrace.git
        Index 4 entries in charts/index.yaml on gh-pages
        Archives 4 on gh-pages
        Registry 4 versions of 2 charts at oci://ghcr.io/d44b/charts
        Releases 4 at d44b/pulltrace
        Not checked site: curl, which asks it, is not in PATH
        Found nothing wrong in 4 versions of 2 charts; 1 place not checked
    "#]]
    .assert_eq(&trimmed(&ran.stdout));
    expect![[r#"
        Looking at the tags of https://github.com/d44b/pulltrace.git
        Fetching gh-pages of https://github.com/d44b/pulltrace.git
        Looking at oci://ghcr.io/d44b/charts
        Looking at the releases of d44b/pulltrace
        Reading 4 archives of gh-pages of https://github.com/d44b/pulltrace.git
        Reading 4 manifests of oci://ghcr.io/d44b/charts
    "#]]
    .assert_eq(&trimmed(&ran.stderr));
    let report = json(&shop, &["web"]);
    let versions = report["versions"].as_array().expect("versions");
    assert_eq!(versions.len(), 3, "{report:#}");
    let mut first = versions[0].clone();
    assert!(first["digest"].take().as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    let expected = json!({
        "chart": "web", "version": "1.0.0", "tag": "web-1.0.0", "indexed": true, "yanked": false,
        "archive": "charts/web-1.0.0.tgz", "signed": false, "pushed": true, "release": "published",
        "served": null, "digest": null,
    });
    assert_eq!(first, expected);
}

/// What `docs/status.md` shows is what is printed.
#[test]
fn what_is_wrong_is_told_with_what_mends_it() {
    let shop = healthy();
    damage(&shop, "1.1.0", &["charts/db-1.0.0.tgz"]);
    shop.bump("web", "1.3.0");
    shop.merge("1.3.0");
    shop.begun("web-1.3.0");
    make_latest(&shop, "web-1.1.0");
    let damaged = shop.state();
    shop.targets.writes();
    let ran = status(&shop, &[]).ended(1);
    assert_eq!(shop.targets.writes(), [""; 0]);
    assert_same(&shop.state(), &damaged, "a look writes nothing");
    let (places, found) = ran.stdout.split_once("       Found ").expect("a verdict");
    let problems = ran
        .stderr
        .split_once("hint: ")
        .map_or("", |_| &ran.stderr[ran.stderr.find("warning: ").unwrap_or(0)..]);
    let shown = format!("$ cargo xtask status\n{places}{problems}       Found {found}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/status.md");
    let page = std::fs::read_to_string(page).expect("docs/status.md");
    assert!(page.contains(&shown), "docs/status.md shows something else than\n{shown}");
    let state = shop.state();
    let ran = status(&shop, &["--fix"]).ended(1);
    assert_eq!(shop.state(), state);
    let plan = ran.stdout.lines().filter(|line| line.trim_start().starts_with("Would "));
    let commit = &shop.sandbox.git(&["rev-parse", "--short=7", "HEAD"]);
    let plan: Vec<String> = plan.map(|line| line.replace(commit.as_str(), "0a1b2c3")).collect();
    assert!(page.contains(&plan.join("\n")), "docs/status.md shows another plan than\n{}", plan.join("\n"));
    status(&shop, &["--fix", "--publish"]).ended(0);
    assert_eq!(shop.targets.github.state()["latest"], "web-1.3.0");
}

#[test]
fn what_was_lost_comes_back() {
    let shop = healthy();
    let before = shop.state();
    damage(&shop, "1.1.0", &["charts/db-1.0.0.tgz"]);
    assert_eq!(
        found(&shop),
        ["entry-without-archive db 1.0.0 restore", "archive-without-entry web 1.1.0 restore"]
    );
    let ran = status(&shop, &["--fix", "--publish"]).ended(0);
    let (plan, rest) = ran.stdout.split_once("Would restore ").expect("a plan");
    assert!(
        plan.contains("Index 3 entries") && rest.contains("Found nothing wrong in 4 versions"),
        "{}",
        ran.stdout
    );
    assert_eq!(shop.targets.remote.entries().len(), 4);
    let mut after = shop.state();
    // The entry is another one, of the same archive.
    after["pages"]["lines"] = before["pages"]["lines"].clone();
    after["pages"]["index"] = before["pages"]["index"].clone();
    assert_same(&after, &before, &ran.stdout);
    status(&shop, &["--fix", "--publish"]).ended(0);
}

/// A release that was cut off is finished from its tag, which this program made; one of somebody else is left to its command.
#[test]
fn what_was_begun_is_finished() {
    let shop = healthy();
    shop.bump("web", "1.3.0");
    shop.merge("1.3.0");
    shop.begun("web-1.3.0");
    shop.bump("db", "1.1.0");
    shop.merge("db");
    shop.sandbox.git(&["tag", "db-1.1.0"]);
    shop.targets.push_tags(&shop.sandbox);
    let by_hand =
        ["not-indexed db 1.1.0 -", "not-pushed db 1.1.0 -", "not-released db 1.1.0 -"].map(str::to_owned);
    let all = ["not-indexed", "not-pushed", "not-released"].map(|kind| format!("{kind} web 1.3.0 finish"));
    let mut expected = [by_hand.clone(), all].concat();
    expected.sort_by_key(|line| line.split(' ').next().map(str::to_owned));
    assert_eq!(found(&shop), expected);
    let report = json(&shop, &["--fix", "--publish"]);
    assert_eq!(report["failed"], json!([]));
    let fixed = report["fixed"][0].as_str().expect("a line");
    assert!(fixed.starts_with("finish web-1.3.0 from "), "{report:#}");
    assert_eq!(found(&shop), by_hand);
    shop.run(&["--tag", "db-1.1.0", "--publish"]).ended(0);
    status(&shop, &[]).ended(0);
}

/// A repository in which entries were lost, and two releases were cut off.
pub fn broken() -> Shop {
    let shop = Shop::new(&["db", "web"]);
    shop.publish();
    damage(&shop, "1.0.0", &[]);
    for version in ["1.1.0", "1.2.0"] {
        shop.bump("web", version);
        shop.merge(version);
        shop.begun(&format!("web-{version}"));
    }
    shop
}

/// A run that is killed at any request is finished by the next.
#[test]
fn a_killed_fix_is_finished_by_the_next() {
    let spawn = |shop: &Shop| {
        let mut command = command(shop, &["--fix", "--publish"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.env("TMPDIR", shop.sandbox.work().join("../home"));
        command.spawn().expect("a program")
    };
    let whole = broken();
    let (_, count) = whole.targets.kill_program_at(usize::MAX, || spawn(&whole));
    let expected = whole.state();
    whole.has(&["db-1.0.0", "web-1.0.0", "web-1.1.0", "web-1.2.0"]);
    each(10, |part| {
        let n = part * count / 10;
        let shop = broken();
        shop.targets.kill_program_at(n, || spawn(&shop));
        status(&shop, &["--fix", "--publish"]).ended(0);
        assert_same(&shop.state(), &expected, &format!("killed at request {n} of {count}"));
    });
}

type Harm<'h> = &'h dyn Fn(&Shop);

/// What a place does not tell is not checked: it is no finding, whatever keeps it from telling.
#[test]
fn what_is_not_told_is_not_checked() {
    let shop = healthy();
    // Each would be a finding, if it counted as absent.
    damage(&shop, "1.1.0", &["charts/web-1.1.0.tgz"]);
    assert_eq!(found(&shop), ["not-indexed web 1.1.0 -"]);
    shop.targets.writes();
    let silent =
        |shop: &Shop| shop.targets.remote.server.fail(server::Fault::status(503), server::ANY, usize::MAX);
    let not_checked = |shop: &Shop| {
        let report = json(shop, &[]);
        assert_eq!(shop.targets.writes(), [""; 0]);
        let places = report["notChecked"].as_array().expect("places").iter();
        let places: Vec<String> =
            places.map(|one| one["place"].as_str().expect("a place").to_owned()).collect();
        shop.targets.heal();
        let kinds = report["findings"].as_array().expect("findings").iter();
        (
            places.join(" "),
            kinds.map(|one| one["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>().join(" "),
        )
    };
    let github = |fault: github::Fault, part, shop: &Shop| shop.targets.github.fail(fault, part, usize::MAX);
    let registry =
        |status, shop: &Shop| shop.targets.registry.fail(Fault::status(status), "/v2/", usize::MAX);
    let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "4102444800")];
    let used_up = used_up.map(|(name, value)| (name, value.to_owned())).to_vec();
    let limit = |shop: &Shop| github(Fault::fields(403, used_up.clone()), "/releases", shop);
    let harms: [(&str, Harm<'_>, &str, &str); 8] = [
        ("nothing", &|_| {}, "site", "not-indexed"),
        ("a limit", &limit, "releases site", "not-indexed"),
        ("a failure", &|shop| github(Fault::status(500), "/releases?", shop), "releases site", "not-indexed"),
        ("half an answer", &|shop| github(Fault::Cut(9), "/releases?", shop), "releases site", "not-indexed"),
        ("no latest", &|shop| github(Fault::status(500), "/latest", shop), "latest site", "not-indexed"),
        ("a password", &|shop| registry(401, shop), "registry site", "not-indexed"),
        ("the registry's limit", &|shop| registry(429, shop), "registry site", "not-indexed"),
        ("no remote", &silent, "tags index", ""),
    ];
    for (what, harm, places, kinds) in harms {
        harm(&shop);
        assert_eq!(not_checked(&shop), (places.to_owned(), kinds.to_owned()), "{what}");
    }
    shop.targets.github.with(|api| api.reads_only = true);
    assert_eq!(not_checked(&shop).0, "drafts site", "a token that may not write");
}

/// Makes a release of the fake GitHub the latest one, as somebody does by hand.
fn make_latest(shop: &Shop, tag: &str) {
    change(&shop.targets.github, tag, &json!({"make_latest": "true"}));
}

fn change(github: &Github, tag: &str, content: &Value) {
    let releases = somebody(github, "GET", "releases?per_page=100", &json!({}));
    let release = releases.as_array().expect("releases").iter().find(|one| one["tag_name"] == tag);
    somebody(github, "PATCH", &format!("releases/{}", release.expect("a release")["id"]), content);
}

/// The site, by a curl that answers what a test says.
#[test]
fn the_site_is_compared_with_the_branch() {
    let shop = healthy();
    let remote = &shop.targets.remote;
    let cat = find("cat").expect("the tests need cat");
    shop.sandbox.script(
        "curl",
        &format!("#!/bin/sh\nexec {} {}/served\n", cat.display(), shop.sandbox.work().display()),
    );
    let index = remote.text(INDEX);
    shop.sandbox.write("served", &index);
    status(&shop, &[]).ended(0);
    assert_eq!(json(&shop, &["db"])["versions"][0]["served"], true);
    shop.sandbox.write("served", &index.replace("version: 1.2.0", "version: 1.1.9"));
    assert_eq!(found(&shop), [""; 0], "it was published a moment ago");
    // The same branch, as a commit of the past.
    remote.overwrite(&[("touched", Some(b"x"))]);
    assert_eq!(found(&shop), ["not-served https://d44b.github.io/pulltrace/charts/index.yaml -"]);
    shop.sandbox.write("served", "<html>\n");
    assert_eq!(json(&shop, &[])["notChecked"][0]["place"], "site");
    let fails =
        |words: &str| shop.sandbox.script("curl", &format!("#!/bin/sh\necho '{words}' >&2\nexit 22\n"));
    fails("curl: (22) The requested URL returned error: 404");
    assert_eq!(found(&shop), ["not-served https://d44b.github.io/pulltrace/charts/index.yaml -"]);
    fails("curl: (22) The requested URL returned error: 503");
    assert_eq!(found(&shop), [""; 0]);
}

#[test]
fn releases_are_compared_with_tags_and_archives() {
    let shop = healthy();
    let github = &shop.targets.github;
    let build =
        json!({"status": "errored", "error": {"message": "a\u{1b}b"}, "updated_at": "2024-01-02T03:04:05Z"});
    github.with(|api| drop(api.settings.insert("pages/builds/latest", build)));
    make_latest(&shop, "web-1.1.0");
    somebody(github, "POST", "releases", &json!({"tag_name": "web-1.0.0", "draft": true}));
    somebody(github, "POST", "releases", &json!({"tag_name": "web-9.0.0", "draft": true}));
    shop.targets.remote.git(&["update-ref", "-d", "refs/tags/db-1.0.0"]);
    let expected = [
        "pages-build https://d44b.github.io/pulltrace -",
        "release-without-tag db-1.0.0 -",
        "draft web-1.0.0 -",
        "latest web-1.1.0 latest",
    ];
    assert_eq!(found(&shop), expected);
    let ran = status(&shop, &["--fix", "--publish"]).ended(1);
    assert!(ran.stdout.contains("      Marked release web-1.2.0 as the latest\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("the last build failed: a\\u{1b}b"), "{}", ran.stderr);
    assert_eq!(found(&shop), expected[..3]);
    github.with(|api| drop(api.settings.remove("pages/builds/latest")));
}

/// A version that was moved into the index of yanked versions is where it should be.
#[test]
fn a_yanked_version_is_no_finding() {
    let shop = healthy();
    let index = shop.targets.remote.text(INDEX);
    damage(&shop, "1.1.0", &[]);
    let yanked = without(&index, "web", "1.2.0");
    shop.targets.remote.overwrite(&[("charts/yanked/index.yaml", Some(yanked.as_bytes()))]);
    let report = json(&shop, &["web"]);
    assert_eq!(report["findings"], json!([]));
    let yanked: Vec<&Value> =
        report["versions"].as_array().expect("versions").iter().map(|one| &one["yanked"]).collect();
    assert_eq!(yanked, [&json!(true), &json!(true), &json!(false)]);
}

#[test]
fn wrong_usage() {
    let shop = Shop::new(&["web"]);
    let ran = status(&shop, &["nothing"]).ended(2);
    assert!(
        ran.stderr.ends_with("error: no place has a chart `nothing`\nhint: the charts are `web`\n"),
        "{}",
        ran.stderr
    );
    status(&shop, &["--publish"]).ended(2);
    let ran = status(&shop, &["charts/web"]).ended(0);
    assert!(ran.stdout.ends_with("Found nothing wrong in 0 versions of 1 chart\n"), "{}", ran.stdout);
    let blind = ["status", "--remote", "/nowhere", "--deadline", "9"];
    let blind = shop.sandbox.any_config_command().args(blind).output().expect("a program");
    assert_eq!(blind.status.code(), Some(1));
    let offline = command(&shop, &[]).env("CARGO_NET_OFFLINE", "true").output().expect("a program");
    assert_eq!(offline.status.code(), Some(2));
}

/// Many versions are one listing of each place.
#[test]
fn thousands_of_versions_are_one_list_of_each_place() {
    const COUNT: usize = 1000;
    let sandbox = Sandbox::with_commit(&[("charts/web/Chart.yaml", &chart("web", "9.0.0"))]);
    let remote = Remote::empty();
    let mut index = String::from("apiVersion: v1\nentries:\n  web:\n");
    let mut stream = format!("commit {BRANCH}\nmark :1\n{FOREIGN}");
    let digest = |n: usize| digest::digest(format!("archive {n}").as_bytes());
    for n in 0..COUNT {
        let text = format!("archive {n}");
        let _ = write!(stream, "M 100644 inline charts/web-1.0.{n}.tgz\ndata {}\n{text}\n", text.len());
        let _ = write!(
            index,
            "  - apiVersion: v2\n    created: \"2020-01-02T03:04:05Z\"\n    digest: {}\n    name: web\n    urls:\n    \
             - https://acme.github.io/shop/charts/web-1.0.{n}.tgz\n    version: 1.0.{n}\n",
            &digest(n)["sha256:".len()..]
        );
    }
    let _ = write!(stream, "M 100644 inline {INDEX}\ndata {}\n{index}\n", index.len());
    for n in 0..COUNT {
        let _ = write!(stream, "reset refs/tags/web-1.0.{n}\nfrom :1\n\n");
    }
    remote.import(stream.as_bytes());
    let listener = http::listen().expect("a port");
    let address = listener.local_addr().expect("an address");
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = calls.clone();
    http::serve(listener, move |asked| {
        log.lock().expect("a lock").push(asked.target.clone());
        let release = |n: usize| {
            let asset = json!({"id": n, "name": format!("web-1.0.{n}.tgz"), "size": 1, "state": "uploaded", "digest": digest(n)});
            json!({"id": n, "tag_name": format!("web-1.0.{n}"), "draft": false, "prerelease": false, "html_url": "", "upload_url": "", "assets": [asset]})
        };
        match (asked.path.as_str(), asked.query("page").and_then(|page| page.parse::<usize>().ok())) {
            ("/repos/acme/shop/releases", Some(page)) => {
                let releases: Vec<Value> = ((page - 1) * 100..page * 100).map(release).collect();
                let answer = Answer::json(200, &json!(releases));
                if page * 100 < COUNT { answer.with("Link", "<x>; rel=\"next\"") } else { answer }
            }
            ("/repos/acme/shop/releases/latest", _) => Answer::json(200, &release(COUNT - 1)),
            ("/v2/charts/web/tags/list", _) => {
                let tags: Vec<String> = (0..COUNT).map(|n| format!("1.0.{n}")).collect();
                Answer::json(200, &json!({"name": "charts/web", "tags": tags}))
            }
            _ => Answer::text(404, "no"),
        }
    });
    let mut command = sandbox.command(config::program());
    command
        .env("GITHUB_API_URL", format!("http://{address}"))
        .env("CONFIG_OCI", format!("oci://{address}/charts"));
    command.env("CARGO_NET_OFFLINE", "false").args(["status", "--remote", &remote.url]);
    let ran = sandbox.normal(&command.output().expect("a program")).ended(0);
    let found = "Found nothing wrong in 1000 versions of 1 chart; 2 places not checked\n";
    assert!(ran.stdout.ends_with(found), "{}", ran.stdout);
    assert_eq!(calls.lock().expect("a lock").len(), COUNT / 100 + 2, "{calls:?}");
    assert!(remote.server.calls().len() < 12, "a listing of the tags, the branch, and its index");
}
