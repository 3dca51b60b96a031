//! Whose the files of the branch are: what others keep there stays, whatever the documentation is published over.

use serde_json::Value;

use crate::remote::{BRANCH, CHART_PAGE, FOREIGN, RECORD, Remote, bump, publisher};
use crate::sandbox::{Ran, Sandbox};

/// What mike, chart-releaser, another Helm repository and previews of pull requests leave on a branch.
const OTHERS: [(&str, &str); 9] = [
    ("1.0/index.html", "one"),
    ("1.1/index.html", "two"),
    ("versions.json", "[]"),
    ("google123.html", "google"),
    ("index.yaml", "apiVersion: v1\nentries: {}\n"),
    ("packages/a-1.0.0.tgz", "archive"),
    ("helm/index.yaml", "apiVersion: v1\nentries: {}\n"),
    ("helm/a-1.0.0.tgz", "archive"),
    ("pr-preview/7/index.html", "preview"),
];

fn of_others() -> Remote {
    let remote = Remote::empty();
    let files: Vec<_> = OTHERS.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
    remote.write(BRANCH, None, &files);
    remote
}

#[track_caller]
fn assert_others(remote: &Remote) {
    for (path, text) in OTHERS {
        assert_eq!(remote.text(path), text, "{path}");
    }
}

fn plan(remote: &Remote, sandbox: &Sandbox, args: &[&str]) -> Ran {
    let line = ["pages", "--only", "docs", "--remote", &remote.url];
    sandbox.any_config(&[&line[..], args].concat()).ended(0)
}

/// Removes a page of the documentation.
fn without_guide(sandbox: &Sandbox) {
    sandbox.git(&["rm", "--quiet", "-r", "docs/guide"]);
    sandbox.commit("no guide");
}

#[test]
fn the_first_documentation_removes_nothing() {
    let (remote, mut sandbox) = (of_others(), publisher("web", "1.0.0"));
    let said = "warning: `gh-pages` keeps what this program did not write, 9 files (they seem to be versions of a \
                documentation by mike, previews of pull requests, a Helm repository): `1.0/`, `1.1/`, `google123.html`, \
                `helm/`, `index.yaml`, `packages/`, `pr-preview/`, `versions.json`\n\
                hint: if an earlier documentation wrote some of them, claim these, or they stay for ever: \
                cargo xtask pages --adopt GLOB\n";
    sandbox.unset("CARGO_NET_OFFLINE");
    let check =
        sandbox.xtask(&["check", "--helm", "never", "--remote", &remote.url, "--oci", "oci://127.0.0.1:1/x"]);
    assert!(check.stderr.contains(said), "{check:?}");
    let shown = plan(&remote, &sandbox, &[]);
    assert!(shown.stderr.contains(said), "{shown:?}");
    let kept = "       Keeps helm/ (2 files), 1.0/ (1 file), 1.1/ (1 file), google123.html, index.yaml, packages/ (1 file), \
                pr-preview/ (1 file), versions.json  of others\n";
    assert!(shown.stdout.contains(kept), "{}", shown.stdout);
    remote.docs(&sandbox).ended(0);
    assert_others(&remote);
    assert!(remote.text(RECORD).contains("guide/start/index.html"), "{}", remote.text(RECORD));
    // The second one is as quiet as any.
    without_guide(&sandbox);
    let second = remote.docs(&sandbox).ended(0);
    assert!(!second.stderr.contains("warning"), "{second:?}");
    assert!(second.stdout.contains("     Removed guide/ (1 file)\n"), "{}", second.stdout);
    assert_others(&remote);
    assert!(!remote.files().contains_key("guide/start/index.html"));
    let third = remote.docs(&sandbox).ended(0);
    assert!(third.stdout.contains("Unchanged"), "{third:?}");
    let facts: Value = serde_json::from_str(&plan(&remote, &sandbox, &["--json"]).stdout).expect("JSON");
    assert_eq!(facts["docs"]["kept"]["helm/"], 2, "{facts:#}");
    assert_eq!(facts["docs"]["replaced"], serde_json::json!([]), "{facts:#}");
}

#[test]
fn a_page_takes_the_place_of_a_page_and_says_so() {
    let (remote, sandbox) = (of_others(), publisher("web", "1.0.0"));
    remote.overwrite(&[("index.html", Some(b"theirs")), ("guide/old.html", Some(b"theirs"))]);
    let said = "warning: the documentation takes the place of files of others: `index.html`\n";
    let shown = plan(&remote, &sandbox, &[]);
    assert!(
        shown.stderr.contains(said) && shown.stdout.contains("Would change index.html  of others\n"),
        "{shown:?}"
    );
    remote.docs(&sandbox).ended(0);
    assert_eq!(remote.text("guide/old.html"), "theirs");
    assert!(remote.text("index.html").contains("New words."));
    // What is claimed is what an earlier documentation wrote.
    let claimed = remote.publish(&sandbox, &["--only", "docs", "--adopt", "guide/*.html", "--adopt", "**"]);
    let removed = claimed.ended(0).stdout;
    assert!(removed.contains("     Removed "), "{removed}");
    assert!(!remote.files().contains_key("guide/old.html"));
    for (path, text) in OTHERS.iter().filter(|(path, _)| path.ends_with(".tgz")) {
        assert_eq!(remote.text(path), *text, "{path}");
    }
}

#[test]
fn a_page_never_takes_the_place_of_what_users_install() {
    let (remote, sandbox) = (of_others(), publisher("web", "1.0.0"));
    let tip = remote.tip();
    for (path, place) in
        [("helm/index.yaml", "belongs to a Helm repository"), ("1.0", "others have `1.0/index.html`")]
    {
        sandbox.write(&format!("docs/{path}"), "ours\n");
        sandbox.commit("in the way");
        let ran = remote.docs(&sandbox).ended(1);
        assert!(ran.stderr.contains(place), "{ran:?}");
        assert_eq!(remote.tip(), tip);
        sandbox.git(&["rm", "--quiet", &format!("docs/{path}")]);
        sandbox.commit("out of the way");
    }
    // An index of something else is a file as any other.
    remote.overwrite(&[("api/index.yaml", Some(b"openapi: 3.1.0\n"))]);
    sandbox.write("docs/api/index.yaml", "openapi: 3.2.0\n");
    sandbox.commit("an interface");
    let ran = remote.docs(&sandbox).ended(0);
    assert!(ran.stderr.contains("takes the place of files of others: `api/index.yaml`"), "{ran:?}");
}

/// Whatever becomes of the record, no file of others is taken for ours.
#[test]
fn a_record_that_is_lost_or_edited_removes_nothing() {
    let edited = |remote: &Remote| {
        remote.text(RECORD).replace("\"files\": {", "\"files\": {\n    \"versions.json\": \"100644 1\",")
    };
    let emptied = |_: &Remote| "<<<<<<< HEAD\n".to_owned();
    for (what, edit) in [
        ("deleted", None),
        ("edited", Some(&edited as &dyn Fn(&Remote) -> String)),
        ("broken", Some(&emptied)),
    ] {
        let (remote, sandbox) = (of_others(), publisher("web", "1.0.0"));
        remote.docs(&sandbox).ended(0);
        let text = edit.map(|edit| edit(&remote));
        remote.overwrite(&[(RECORD, text.as_deref().map(str::as_bytes))]);
        without_guide(&sandbox);
        let ran = remote.docs(&sandbox).ended(0);
        assert_others(&remote);
        let is_there = remote.files().contains_key("guide/start/index.html");
        assert_eq!(is_there, what != "edited", "{what}: {ran:?}");
        assert_eq!(ran.stderr.contains("warning"), what != "edited", "{what}: {ran:?}");
    }
}

/// Who squashes the branch, writes over our page, or forces another history leaves what is theirs, and ours is found again.
#[test]
fn others_who_write_in_between() {
    let (remote, sandbox) = (of_others(), publisher("web", "1.0.0"));
    remote.docs(&sandbox).ended(0);
    // Squashed: the record is a file as the others.
    let tree = remote.git(&["rev-parse", &format!("{BRANCH}^{{tree}}")]);
    let squashed = remote.git(&[
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "commit-tree",
        "-m",
        "all",
        &tree,
    ]);
    remote.git(&["update-ref", BRANCH, &squashed]);
    without_guide(&sandbox);
    remote.docs(&sandbox).ended(0);
    assert!(!remote.files().contains_key("guide/start/index.html"));
    assert_others(&remote);
    // A page that somebody mended is theirs until it is published over, and that is said.
    remote.overwrite(&[("index.html", Some(b"mended")), ("new.html", Some(b"theirs"))]);
    let ran = remote.docs(&sandbox).ended(0);
    assert!(ran.stderr.contains("takes the place of files of others: `index.html`"), "{ran:?}");
    // Another history, from before all of it.
    let files: Vec<_> = OTHERS.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
    remote.write(BRANCH, None, &files);
    remote.docs(&sandbox).ended(0);
    assert_others(&remote);
    assert!(remote.text("index.html").contains("New words."));
}

/// The Helm repository takes no place of others either.
#[test]
fn charts_leave_what_others_put_in_their_way() {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    remote.overwrite(&[(CHART_PAGE, Some(b"<h1>Our charts</h1>"))]);
    let ran = remote.charts(&sandbox).ended(0);
    assert_eq!(remote.text(CHART_PAGE), "<h1>Our charts</h1>");
    assert!(
        ran.stderr.contains("note: charts/index.html on the branch is not a page of this program"),
        "{ran:?}"
    );
    for path in ["charts/web-1.1.0.tgz/b", ".nojekyll/x", "charts/index.html/z"] {
        let remote = Remote::seeded();
        bump(&sandbox, "web", "1.1.0");
        let file = path.rsplit_once('/').expect("a file").0;
        remote.overwrite(&[(file, None)]);
        remote.overwrite(&[(path, Some(b"theirs"))]);
        let ran = remote.charts(&sandbox).ended(1);
        assert!(
            ran.stderr.contains(&format!("others have `{path}` on the branch, in the way of `{file}`")),
            "{ran:?}"
        );
        assert_eq!(remote.text(path), "theirs");
    }
    let remote = Remote::seeded();
    let odd = format!("commit {BRANCH}\n{FOREIGN}from {BRANCH}^0\nM 160000 {} {RECORD}\n", remote.tip());
    remote.import(odd.as_bytes());
    let ran = remote.docs(&sandbox).ended(1);
    assert!(ran.stderr.contains("the branch has `.helm-xtask.json` and it is no file"), "{ran:?}");
}
