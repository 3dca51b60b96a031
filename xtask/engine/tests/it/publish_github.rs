//! `cargo xtask release --publish=github`, from every state to the same release.

use helm_xtask::internals::digest::digest;
use serde_json::{Value, json};

use crate::fake::{Call, Service as _};
use crate::github::{Github, asked, upload, value};
use crate::life::as_others_package;
use crate::release::{CHANGELOG, chart, manifest};
use crate::sandbox::{Ran, Sandbox};
use crate::server::TOKEN;

pub const TAG: &str = "v1.2.3";
pub const ARCHIVE: &str = "web-1.2.3.tgz";

/// A repository with one chart and the tag, which a GitHub knows.
pub fn both() -> (Github, Sandbox) {
    let github = Github::new();
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/dist/\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.2.3")),
        ("charts/web/values.yaml", "a: 1\n"),
        ("CHANGELOG.md", CHANGELOG),
    ]);
    sandbox.git(&["remote", "add", "origin", "https://github.com/d44b/pulltrace"]);
    sandbox.set("GITHUB_API_URL", github.url());
    sandbox.set("GITHUB_TOKEN", TOKEN);
    tag(&github, &sandbox, TAG);
    (github, sandbox)
}

/// Another GitHub for the same repository.
pub fn another(sandbox: &mut Sandbox) -> Github {
    let github = Github::new();
    sandbox.set("GITHUB_API_URL", github.url());
    github.with(|api| api.tag(TAG, &sandbox.git(&["rev-parse", "HEAD"])));
    github
}

fn tag(github: &Github, sandbox: &Sandbox, tag: &str) {
    sandbox.git(&["tag", tag]);
    github.with(|api| api.tag(tag, &sandbox.git(&["rev-parse", "HEAD"])));
}

pub fn publish(sandbox: &Sandbox) -> Ran {
    sandbox.xtask(&["release", "--tag", TAG, "--publish=github"])
}

/// What an undisturbed run leaves, and the calls that it makes.
pub fn undisturbed() -> (Value, Vec<Call>) {
    let (github, sandbox) = both();
    publish(&sandbox).ended(0);
    (github.state(), github.calls())
}

/// What somebody else does, who may write.
pub fn somebody(github: &Github, method: &str, path: &str, content: &Value) -> Value {
    let answer = github.with(|api| api.answer(&asked(method, path, content)));
    assert!(
        (200..300).contains(&answer.status),
        "{method} {path}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    value(&answer)
}

pub fn attach(github: &Github, release: &Value, name: &str, data: &[u8]) {
    github.with(|api| assert_eq!(api.answer(&upload(release, name, data)).status, 201, "{name}"));
}

/// Another release, such as one that is published already.
fn release(github: &Github, content: &Value) -> Value {
    somebody(github, "POST", "releases", content)
}

/// A draft of the tag, without notes.
pub fn draft(github: &Github) -> Value {
    release(github, &json!({"tag_name": TAG, "draft": true}))
}

fn of_tag(github: &Github) -> Vec<Value> {
    let state = github.state();
    let releases = state["releases"].as_array().expect("releases").clone();
    releases.into_iter().filter(|release| release["tag_name"] == TAG).collect()
}

pub fn writes(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| &*call.line).filter(|line| !line.starts_with("GET")).collect()
}

#[test]
fn a_first_release() {
    let (github, sandbox) = both();
    let ran = publish(&sandbox).ended(0);
    let manifest = manifest(&sandbox);
    let [web] = &manifest.charts[..] else { panic!("{manifest:?}") };
    let made = format!(
        "    Packaged charts/web -> dist/web-1.2.3.tgz  {} B  {}  (native; helm not found)
       Wrote dist/{{SHA256SUMS,release-notes.md,manifest.json}}\n",
        web.size, web.digest
    );
    let release = "release v1.2.3 of d44b/pulltrace  with web-1.2.3.tgz, SHA256SUMS";
    let url = "https://github.com/d44b/pulltrace/releases/tag/v1.2.3";
    assert_eq!(ran.stdout, format!("{made}     Created {release}  {url}\n"));
    assert_eq!(
        ran.stderr,
        format!(
            "     Looking at release v1.2.3 of d44b/pulltrace
Would create {release}  not there yet
    Drafting release v1.2.3  on d44b/pulltrace
   Uploading web-1.2.3.tgz  {} B  on d44b/pulltrace
   Uploading SHA256SUMS  80 B  on d44b/pulltrace
  Publishing release v1.2.3 as the latest  on d44b/pulltrace\n",
            web.size
        )
    );
    let first = github.state();
    let asset = |name: &str, state: &Value| {
        let assets = state["releases"][0]["assets"].as_array().expect("assets").iter();
        assets.filter(|asset| asset["name"] == name).map(|asset| asset["digest"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(asset(ARCHIVE, &first), [json!(web.digest)]);
    assert_eq!(asset("SHA256SUMS", &first), [json!(digest(&sandbox.read("dist/SHA256SUMS")))]);
    let [published] = &of_tag(&github)[..] else { panic!("{first}") };
    let (name, body) = (&published["name"], &published["body"]);
    assert_eq!((name, body), (&json!(TAG), &json!(sandbox.text("dist/release-notes.md"))));
    assert_eq!((&published["draft"], &first["latest"]), (&json!(false), &json!(TAG)));
    github.calls();

    let ran = publish(&sandbox).ended(0);
    assert_eq!(ran.stdout, format!("{made}   Unchanged {release}  {url}\n"));
    assert_eq!(
        ran.stderr,
        format!(
            "     Looking at release v1.2.3 of d44b/pulltrace
   Unchanged {release}  is published already  {url}\n"
        )
    );
    assert_eq!(github.state(), first);
    assert_eq!(writes(&github.calls()), [""; 0]);
}

type Before<'a> = Box<dyn Fn(&Github) + 'a>;

/// Everything that may be there of a release ends as if nothing had been there.
#[test]
fn whatever_is_there_is_completed() {
    let (expected, _) = undisturbed();
    let (_, sandbox) = both();
    sandbox.xtask(&["release", "--tag", TAG, "--offline"]).ended(0);
    let (archive, sums) = (sandbox.read(&format!("dist/{ARCHIVE}")), sandbox.read("dist/SHA256SUMS"));
    let notes = sandbox.text("dist/release-notes.md");
    let ours = || json!({"tag_name": TAG, "draft": true, "name": TAG, "body": notes});
    let states: [(&str, Before<'_>); 9] = [
        ("an empty draft", Box::new(|github| drop(draft(github)))),
        ("a draft with one asset", Box::new(|github| attach(github, &draft(github), ARCHIVE, &archive))),
        (
            "a draft with all assets",
            Box::new(|github| {
                let draft = draft(github);
                attach(github, &draft, ARCHIVE, &archive);
                attach(github, &draft, "SHA256SUMS", &sums);
            }),
        ),
        (
            "an asset on its way",
            Box::new(|github| {
                let asked = upload(&draft(github), ARCHIVE, b"");
                github.with(|api| api.break_off(&asked));
            }),
        ),
        (
            "an asset that was cut off",
            Box::new(|github| attach(github, &draft(github), ARCHIVE, &archive[..9])),
        ),
        (
            "two drafts",
            Box::new(|github| {
                release(github, &ours());
                attach(github, &release(github, &ours()), ARCHIVE, &archive);
            }),
        ),
        (
            "a draft of another kind",
            Box::new(|github| {
                release(github, &json!({"tag_name": TAG, "draft": true, "prerelease": true}));
            }),
        ),
        (
            "published without an asset",
            Box::new(|github| {
                let release = release(github, &json!({"tag_name": TAG, "name": TAG, "body": notes}));
                attach(github, &release, "SHA256SUMS", &sums);
            }),
        ),
        (
            "a draft beside what is published",
            Box::new(|github| {
                let published = release(github, &json!({"tag_name": TAG, "name": TAG, "body": notes}));
                attach(github, &published, "SHA256SUMS", &sums);
                attach(github, &draft(github), ARCHIVE, &archive);
            }),
        ),
    ];
    for (what, before) in states {
        let (github, sandbox) = both();
        before(&github);
        let ran = publish(&sandbox).ended(0);
        assert_eq!(github.state(), expected, "{what}: {}{}", ran.stdout, ran.stderr);
        github.calls();
        publish(&sandbox).ended(0);
        assert_eq!(writes(&github.calls()), [""; 0], "{what}");
    }
}

#[test]
fn what_people_wrote_stays() {
    let (github, sandbox) = both();
    release(&github, &json!({"tag_name": TAG, "draft": true, "name": "Spring", "body": "Theirs."}));
    let ran = publish(&sandbox).ended(0);
    assert!(
        ran.stderr.contains("warning: the draft of `v1.2.3` has notes of its own, which are kept\n"),
        "{}",
        ran.stderr
    );
    let [theirs] = &of_tag(&github)[..] else { panic!("{}", github.state()) };
    assert_eq!(
        (&theirs["name"], &theirs["body"], &theirs["draft"]),
        (&json!("Spring"), &json!("Theirs."), &json!(false))
    );

    let id = somebody(&github, "GET", &format!("releases/tags/{TAG}"), &Value::Null)["id"].clone();
    let edited = json!({"name": "Edited", "body": "", "prerelease": true});
    somebody(&github, "PATCH", &format!("releases/{id}"), &edited);
    let before = github.state();
    publish(&sandbox).ended(0);
    assert_eq!(github.state(), before);
}

#[test]
fn drafts_of_others_stay() {
    let (github, sandbox) = both();
    draft(&github);
    release(&github, &json!({"tag_name": TAG, "draft": true, "body": "Theirs."}));
    attach(&github, &draft(&github), "video.mp4", b"data");
    let ran = publish(&sandbox).ended(0);
    assert_eq!(
        ran.stderr.matches("warning: there is another draft of `v1.2.3`, which is kept: https://").count(),
        2
    );
    assert_eq!(of_tag(&github).len(), 3);
}

#[test]
fn another_file_of_the_same_name_stops() {
    let (github, sandbox) = both();
    attach(&github, &draft(&github), ARCHIVE, b"other");
    let before = github.state();
    let ran = publish(&sandbox).ended(1);
    assert!(
        ran.stderr.contains("error: the draft of `v1.2.3` has another `web-1.2.3.tgz`: 5 B, sha256:"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("hint: if it is not needed, delete it at https://github.com/d44b/"),
        "{}",
        ran.stderr
    );
    assert_eq!(github.state(), before);

    let (github, sandbox) = both();
    attach(&github, &release(&github, &json!({"tag_name": TAG})), "SHA256SUMS", b"other");
    let before = github.state();
    let ran = publish(&sandbox).ended(1);
    assert!(ran.stderr.contains("error: the release `v1.2.3` has another `SHA256SUMS`"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("hint: a published file does not change: release another version\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(github.state(), before);
}

/// What chart-releaser has uploaded holds the same chart in other bytes.
#[test]
fn the_same_chart_by_others_is_there() {
    let (github, sandbox) = both();
    sandbox.xtask(&["release", "--tag", TAG, "--offline"]).ended(0);
    let theirs = as_others_package(&sandbox.read(&format!("dist/{ARCHIVE}")));
    attach(&github, &release(&github, &json!({"tag_name": TAG})), ARCHIVE, &theirs);
    let before = github.state();
    github.calls();
    let ran = publish(&sandbox).ended(0);
    let said = format!(
        "warning: the release holds the same chart in another `{ARCHIVE}`: {} there",
        digest(&theirs)
    );
    assert!(ran.stderr.contains(&said), "{ran:?}");
    assert!(ran.stdout.contains("   Unchanged release v1.2.3"), "{ran:?}");
    assert_eq!(github.state(), before, "no checksums of other bytes");
    let downloads = github.calls().iter().filter(|call| call.line.contains("/releases/assets/")).count();
    assert_eq!(downloads, 1, "it is compared once");
}

#[test]
fn immutable_releases() {
    let (github, sandbox) = both();
    github.with(|api| api.releases.immutable = true);
    publish(&sandbox).ended(0);
    let [release] = &of_tag(&github)[..] else { panic!("{}", github.state()) };
    assert_eq!((&release["immutable"], release["assets"].as_array().map(Vec::len)), (&json!(true), Some(2)));
    github.calls();
    publish(&sandbox).ended(0);
    assert_eq!(writes(&github.calls()), [""; 0]);

    let (github, sandbox) = both();
    github.with(|api| api.releases.immutable = true);
    somebody(&github, "POST", "releases", &json!({"tag_name": TAG}));
    let ran = publish(&sandbox).ended(1);
    let words = "error: release `v1.2.3` is published and immutable, and does not have `web-1.2.3.tgz`, `SHA256SUMS`\n\
                 hint: nobody can add to it any more: release another version\n";
    assert!(ran.stderr.ends_with(words), "{}", ran.stderr);
}

#[test]
fn the_latest_is_the_highest_for_everybody() {
    let version = |sandbox: &Sandbox, github: &Github, version: &str| {
        sandbox.write("charts/web/Chart.yaml", &chart("web", version));
        sandbox.write("CHANGELOG.md", &format!("# Changelog\n\n## {version}\n\n- It.\n"));
        sandbox.commit(version);
        tag(github, sandbox, &format!("v{version}"));
        sandbox.xtask(&["release", "--tag", &format!("v{version}"), "--publish=github"]).ended(0);
        github.state()["latest"].as_str().unwrap_or_default().to_owned()
    };
    let (github, sandbox) = both();
    for (next, latest) in [
        ("0.1.0", "v0.1.0"),
        ("0.2.0", "v0.2.0"),
        ("0.1.9", "v0.2.0"),
        ("0.3.0-rc.1", "v0.2.0"),
        ("0.10.0", "v0.10.0"),
        ("0.9.0", "v0.10.0"),
    ] {
        assert_eq!(version(&sandbox, &github, next), latest, "{next}");
    }
    // An old tag again, after newer ones.
    sandbox.git(&["checkout", "--quiet", "v0.1.9"]);
    let before = github.state();
    sandbox.xtask(&["release", "--tag", "v0.1.9", "--publish=github"]).ended(0);
    assert_eq!(github.state(), before);
}

/// GitHub lists a hundred releases at a time.
#[test]
fn releases_on_other_pages_count() {
    let (github, sandbox) = both();
    draft(&github);
    let latest = release(&github, &json!({"tag_name": "v2.0.0"}));
    for n in 0..120 {
        release(&github, &json!({"tag_name": format!("v0.0.{n}"), "make_latest": "false"}));
    }
    somebody(&github, "PATCH", &format!("releases/{}", latest["id"]), &json!({"make_latest": "true"}));
    publish(&sandbox).ended(0);
    assert_eq!((of_tag(&github).len(), &github.state()["latest"]), (1, &json!("v2.0.0")));
}

#[test]
fn annotated_tags_name_their_commit() {
    let (github, sandbox) = both();
    github.with(|api| api.annotate(TAG, &sandbox.git(&["rev-parse", "HEAD"])));
    publish(&sandbox).ended(0);
    assert_eq!(of_tag(&github).len(), 1);
}

/// Servers that do not say an asset's digest are asked for its content, which lies elsewhere.
#[test]
fn servers_without_digests() {
    let (expected, _) = undisturbed();
    let (github, sandbox) = both();
    github.with(|api| api.no_digests = true);
    publish(&sandbox).ended(0);
    publish(&sandbox).ended(0);
    assert_eq!(github.state(), expected);
    let calls = github.calls();
    let stored: Vec<_> = calls.iter().filter(|call| call.line.starts_with("GET /storage/")).collect();
    assert!(stored.len() == 4 && stored.iter().all(|call| call.authorizations.is_empty()), "{stored:?}");

    let (github, sandbox) = both();
    github.with(|api| api.no_digests = true);
    attach(&github, &draft(&github), ARCHIVE, b"other");
    assert!(publish(&sandbox).ended(1).stderr.contains("has another `web-1.2.3.tgz`: 5 B, sha256:"));
}

#[test]
fn uploads_go_where_the_api_says() {
    let (expected, _) = undisturbed();
    let (github, sandbox) = both();
    github.with(|api| api.uploads = api.storage.clone());
    publish(&sandbox).ended(0);
    assert_eq!(github.state(), expected);
}
