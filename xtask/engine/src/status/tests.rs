//! What is judged, by table: a healthy repository with one thing wrong, and what is found of it.

use serde_json::json;

use super::finding::Finding;
use super::gaps::{Declared, Evidence, Known};
use super::judge::{Scene, judge};
use super::{Branch, Content, Entry, Listing, Observed, Served};
use crate::base::config::{Config, SHOP};
use crate::base::digest::Digest;
use crate::base::tag::ChartVersion;
use crate::git::remote_refs::RemoteTag;
use crate::github::release::{Asset, Release};

const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "1.2.0"];

fn config() -> Config {
    Config::new("o/shop").tags(["{name}-{version}"])
}

fn entry(version: &str) -> Entry {
    Entry {
        chart: "web".to_owned(),
        version: version.to_owned(),
        digest: Some(Digest::of(version.as_bytes())),
        url: format!("https://o.github.io/shop/charts/web-{version}.tgz"),
        line: 3,
    }
}

fn tag(name: &str) -> RemoteTag {
    RemoteTag { name: name.to_owned(), commit: format!("commit of {name}"), object: Some(name.to_owned()) }
}

fn release(version: &str) -> Release {
    let asset = Asset {
        name: format!("web-{version}.tgz"),
        state: "uploaded".to_owned(),
        digest: Some(Digest::of(version.as_bytes())),
        ..Asset::default()
    };
    Release { id: 7, tag_name: format!("web-{version}"), assets: vec![asset], ..Release::default() }
}

/// Three versions that every place has.
fn healthy() -> Observed {
    let web =
        ChartVersion { name: "web".to_owned(), version: "1.2.0".to_owned(), app_version: String::new() };
    let mut files: Vec<String> = VERSIONS.iter().map(|version| format!("charts/web-{version}.tgz")).collect();
    files.extend(
        ["charts/index.yaml", "index.html", "other-1.0.0.tgz", "charts/other-1.0.0.tgz"].map(str::to_owned),
    );
    Observed {
        charts: vec![web],
        tags: Some(VERSIONS.iter().map(|version| tag(&format!("web-{version}"))).collect()),
        branch: Some(Branch {
            files: files.into_iter().collect(),
            index: Listing::Read(VERSIONS.iter().map(|version| entry(version)).collect()),
            ..Branch::default()
        }),
        registry: [("web".to_owned(), VERSIONS.map(str::to_owned).to_vec())].into(),
        releases: Some(VERSIONS.iter().map(|version| release(version)).collect()),
        latest: Some("web-1.2.0".to_owned()),
        served: Some(Served::Index(VERSIONS.iter().map(|version| entry(version)).collect())),
        now: 1_704_164_645,
        ..Observed::default()
    }
}

impl Observed {
    fn branch(&mut self) -> &mut Branch {
        self.branch.as_mut().expect("a branch")
    }

    fn entries(&mut self) -> &mut Vec<Entry> {
        match &mut self.branch().index {
            Listing::Read(entries) => entries,
            other => panic!("{other:?}"),
        }
    }

    fn tags(&mut self) -> &mut Vec<RemoteTag> {
        self.tags.as_mut().expect("tags")
    }

    fn releases(&mut self) -> &mut Vec<Release> {
        self.releases.as_mut().expect("releases")
    }

    fn pushed(&mut self) -> &mut Vec<String> {
        self.registry.get_mut("web").expect("web")
    }

    fn lose(&mut self, path: &str) {
        assert!(self.branch().files.remove(path), "{path}");
    }

    fn build(&mut self, time: &str) {
        self.build = serde_json::from_value(json!({ "status": "building", "updated_at": time })).ok();
    }
}

fn found(config: &Config, observed: &Observed, evidence: &Evidence) -> Vec<Finding> {
    let known = Known::new(config, observed);
    judge(Scene { config, observed, known: &known }, evidence).findings
}

/// A repository with one thing wrong, and kind, subject, detail, what mends it and what fixes it.
#[track_caller]
fn harmed(what: &str, harm: impl Fn(&mut Observed), expected: &[&str]) {
    let mut observed = healthy();
    harm(&mut observed);
    let evidence = Evidence { ours: ["web-1.2.0".to_owned()].into(), declared: Vec::new() };
    let line = |finding: &Finding| {
        let mend = match finding.mend.as_str() {
            "cargo xtask release --tag web-1.1.0 --publish" => "finish",
            "cargo xtask pages --only charts --repair --publish" => "restore",
            other => other,
        };
        let fix = if finding.fix.is_some() { ", fixed" } else { "" };
        format!("{} {} ({}): {mend}{fix}", finding.kind.id(), finding.subject, finding.detail)
    };
    let told: Vec<String> = found(&config(), &observed, &evidence).iter().map(line).collect();
    assert_eq!(told, expected, "{what}");
}

#[test]
fn the_helm_repository() {
    harmed("nothing", |_| {}, &[]);
    let all = |o: &mut Observed, n: usize, path: &str| {
        o.entries().remove(n);
        o.lose(path);
    };
    harmed("a version", |o| all(o, 1, "charts/web-1.1.0.tgz"), &["not-indexed web 1.1.0 (): finish"]);
    harmed("the first version, which is older", |o| all(o, 0, "charts/web-1.0.0.tgz"), &[]);
    let entry_of_none = ["archive-without-entry web 1.1.0 (): restore, fixed"];
    harmed("an entry", |o| drop(o.entries().remove(1)), &entry_of_none);
    let yank = |o: &mut Observed| {
        let yanked = o.entries().remove(1);
        o.branch().yanked.push(yanked);
    };
    harmed("a version that was yanked", yank, &[]);
    let none = ["entry-without-archive web 1.1.0 (): restore, fixed"];
    harmed("an archive", |o| o.lose("charts/web-1.1.0.tgz"), &none);
    let url = |o: &mut Observed, url: &str| url.clone_into(&mut o.entries()[1].url);
    let none = ["entry-without-archive web 1.1.0 (): finish"];
    harmed("an archive in a directory", |o| url(o, "old/web-1.1.0.tgz"), &none);
    let asset = "https://github.com/o/shop/releases/download/web-1.1.0/";
    harmed("an asset", |o| url(o, &format!("{asset}x.tgz")), &none);
    harmed("none: it is an asset", |o| url(o, &format!("{asset}web-1.1.0.tgz")), &[]);
    harmed("none: it is somewhere", |o| url(o, "https://example.com/web-1.1.0.tgz"), &[]);
    let mend = "delete the entry whose digest is not that of the file at its URL, in a commit to the branch";
    let twice = [format!("duplicate-entry web 1.1.0 (): {mend}")];
    harmed("an entry twice", |o| o.entries().push(entry("1.1.0")), &twice.each_ref().map(String::as_str));
    let gone = ["index-gone charts/index.yaml (by commit 0123456): restore, fixed"];
    harmed("the index", |o| o.branch().index = Listing::Gone("0123456789".to_owned()), &gone);
    let why = "mend it, or take an older one from the history of the branch";
    let refused = format!("index-unreadable charts/index.yaml (it is empty): {why}");
    harmed("its text", |o| o.branch().index = Listing::Unreadable("it is empty".to_owned()), &[&refused]);
    harmed("the branch is not told", |o| o.branch = None, &[]);
}

#[test]
fn digests() {
    let mend = "cargo xtask release --tag web-1.1.0 says which one its commit makes; give what differs a new version";
    let two = format!("two-digests web 1.1.0 (index 7fbd210ebec1, release 2d711642b726): {mend}");
    let other = || Some(Digest::of(b"x"));
    harmed("an asset", |o| o.releases()[1].assets[0].digest = other(), &[&two]);
    let read = |o: &mut Observed| {
        let (chart, version) = ("web".to_owned(), "1.1.0".to_owned());
        o.contents.entry(chart.clone()).or_default().push(Content {
            chart,
            version,
            place: "archive",
            digest: Digest::of(b"x"),
        });
    };
    let three = two.replace("release 2d711642b726", "release 7fbd210ebec1, archive 2d711642b726");
    harmed("an archive", read, &[&three]);
}

#[test]
fn the_registry_and_the_releases() {
    harmed("a version", |o| drop(o.pushed().remove(1)), &["not-pushed web 1.1.0 (): finish"]);
    harmed("its spelling", |o| "v1.1.0".clone_into(&mut o.pushed()[1]), &[]);
    harmed("the registry is not told", |o| o.registry.clear(), &[]);
    harmed("a release", |o| drop(o.releases().remove(1)), &["not-released web 1.1.0 (): finish"]);
    harmed("GitHub is not told", |o| (o.releases, o.latest) = (None, None), &[]);
    harmed("the tags are not told", |o| o.tags = None, &[]);
    let none = ["release-without-archive web 1.1.0 (): finish"];
    harmed("an asset", |o| o.releases()[1].assets.clear(), &none);
    let closed = |o: &mut Observed| {
        (o.releases()[1].immutable, o.releases()[1].assets) = (true, Vec::new());
    };
    let why = "nobody can add to it any more: release another version";
    let none = format!("release-without-archive web 1.1.0 (it is immutable): {why}");
    harmed("an asset of an immutable release", closed, &[&none]);
    harmed("a draft", |o| o.releases()[1].draft = true, &["draft web 1.1.0 (): finish"]);
    let draft = |version| Release { draft: true, html_url: "URL".to_owned(), ..release(version) };
    let next = || Release { assets: Vec::new(), ..draft("2.0.0") };
    harmed("a draft of what comes next", |o| o.releases().push(next()), &[]);
    let other = ["draft web-1.1.0 (): delete it at URL if nobody needs it"];
    harmed("another draft", |o| o.releases().push(draft("1.1.0")), &other);
    let push = ["release-without-tag web-1.1.0 (): push the tag: git push origin web-1.1.0"];
    harmed("a tag", |o| drop(o.tags().remove(1)), &push);
    let begun = |o: &mut Observed| {
        o.releases().pop();
        o.latest = Some("web-1.1.0".to_owned());
    };
    let finish = "cargo xtask release --tag web-1.2.0 --publish, fixed";
    harmed("what a run has begun", begun, &[&format!("not-released web 1.2.0 (): {finish}")]);
    let latest = |tag: &str| Some(tag.to_owned());
    let old = "latest web-1.1.0 (instead of web-1.2.0): gh release edit web-1.2.0 --latest";
    harmed("the latest", |o| o.latest = latest("web-1.1.0"), &[&format!("{old}, fixed")]);
    let closed = |o: &mut Observed| {
        (o.latest, o.releases()[2].immutable) = (latest("web-1.1.0"), true);
    };
    harmed("the latest, where it is immutable", closed, &[old]);
    harmed("none: it is an application's", |o| o.latest = latest("v9.0.0"), &[]);
    let withdrawn = |o: &mut Observed| {
        o.latest = latest("web-1.1.0");
        o.releases()[2].body = Some("<!-- yanked web-1.2.0 -->\n".to_owned());
    };
    harmed("none: the highest is yanked", withdrawn, &[]);
    harmed("none: the tags of others", |o| o.tags().extend([tag("app-1.1.5"), tag("v1.1.5")]), &[]);
    let command = "cargo xtask release --tag web-1.1.5 --publish";
    let everywhere =
        ["indexed", "pushed", "released"].map(|one| format!("not-{one} web 1.1.5 (): {command}"));
    harmed("a tag alone", |o| o.tags().push(tag("web-1.1.5")), &everywhere.each_ref().map(String::as_str));
}

#[test]
fn the_site() {
    let url = "https://o.github.io/shop/charts/index.yaml";
    let mend = "look at Settings -> Pages and at the deployments of the repository";
    let old = || Some(Served::Index(vec![entry("1.0.0"), entry("1.1.0")]));
    let lacks = format!("not-served {url} (1 of 3 entries are not served, such as web 1.2.0): {mend}");
    harmed("the newest", |o| o.served = old(), &[&lacks]);
    let new = |o: &mut Observed| (o.served, o.branch().time) = (Some(Served::Missing), 1_704_164_600);
    harmed("all, a minute after the commit", new, &[]);
    let again = "start it again: gh api --method POST repos/o/shop/pages/builds";
    let hangs = "the last build is `building` since 2024-01-02T02:00:00Z";
    let hangs = format!("pages-build https://o.github.io/shop ({hangs}): {again}");
    harmed("a build", |o| o.build("2024-01-02T02:00:00Z"), &[&hangs]);
    harmed("a build of a minute", |o| o.build("2024-01-02T03:03:05Z"), &[]);
}

/// What Chart.yaml says at the commit of a tag decides where the tag alone does not.
#[test]
fn a_commit_says_whose_a_tag_is() {
    for (pattern, name, declared, expected) in [
        ("{name}-{version}", "web-1.1.5", None, true),
        ("{name}-{version}", "web-1.1.5", Some("1.1.5"), true),
        ("{name}-{version}", "web-1.1.5", Some("1.1.4"), false),
        ("v{version}", "v1.1.5", None, false),
        ("v{version}", "v1.1.5", Some("1.1.5"), true),
        ("v{version}", "v1.1.5", Some("1.1"), false),
    ] {
        let config = config().tags([pattern]);
        let mut observed =
            Observed { tags: Some(vec![tag(name)]), releases: None, latest: None, ..healthy() };
        observed.registry.clear();
        let declared = declared.map(|version| Declared {
            commit: format!("commit of {name}"),
            chart: "web".to_owned(),
            version: version.to_owned(),
        });
        let evidence = Evidence { declared: declared.into_iter().collect(), ..Evidence::default() };
        let found = found(&config, &observed, &evidence);
        let subjects: Vec<&str> = found.iter().map(|finding| finding.subject.as_str()).collect();
        assert_eq!(
            subjects,
            if expected { vec!["web 1.1.5"] } else { vec![] },
            "{pattern} {name} {evidence:?}"
        );
    }
    // A version is not in Chart.yaml where the tag is what says it.
    assert_eq!(found(&SHOP.clone(), &healthy(), &Evidence::default()).len(), 0);
}
