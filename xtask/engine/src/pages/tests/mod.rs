//! The decisions, by table.

mod documentation;

use std::sync::LazyLock;

use super::*;
use crate::base::problem::{Checked, Severity};
use crate::chart::{Archive, Metadata};
use crate::git::Tip;
use crate::git::object::blob_id;
use crate::index::Index;

const INDEX: &str = "charts/index.yaml";
const PAGE: &str = "charts/index.html";
static CONFIG: LazyLock<Config> = LazyLock::new(|| Config::new("o/r").reserved(["preview"]));

/// The plan of a branch with this index and record.
fn plan<'a>(
    config: &Config,
    tip: Option<&Tip>,
    index: Option<&[u8]>,
    change: &'a Change<'_>,
    restored: &Restored,
) -> Result<Plan<'a>, Problems> {
    let ours = page::MAKER.as_bytes();
    let pages = [PAGE, "index.html"].into_iter().filter(|path| *path == PAGE || change.docs.is_none());
    let pages = pages.map(|path| (path.to_owned(), ours.to_vec())).collect();
    let contents = Contents { index: index.map(<[u8]>::to_vec), pages, ..Contents::default() };
    super::plan(config, tip, &contents, change, restored)
}

fn tip(files: &[(&str, &[u8])]) -> Tip {
    let files = files.iter().map(|(path, data)| ((*path).to_owned(), Object::file(&blob_id(data))));
    Tip { commit: "base".to_owned(), files: files.collect(), odd: Vec::new() }
}

fn docs(files: &[(&str, &str)]) -> Vec<File> {
    let file = |(path, data): &(&str, &str)| File { path: (*path).into(), data: data.as_bytes().to_vec() };
    files.iter().map(file).collect()
}

fn archive(chart: &str, version: &str, data: &[u8]) -> Archive {
    let metadata = Metadata {
        name: chart.to_owned(),
        version: version.to_owned(),
        api_version: "v2".to_owned(),
        ..Metadata::default()
    };
    Archive::new(metadata, data.to_vec(), None)
}

fn release(archives: Vec<Archive>) -> Charts<'static> {
    Charts { archives: archives.into(), ..Charts::default() }
}

fn change(docs: impl Into<Option<Vec<File>>>, charts: impl Into<Option<Charts<'static>>>) -> Change<'static> {
    let (docs, charts) = (docs.into(), charts.into());
    Change { source: "o/r@c".to_owned(), time: 1_704_164_645, docs, adopt: Vec::new(), charts }
}

/// The paths by what happens to them.
fn outcome(plan: &Plan<'_>) -> String {
    let mark = |state| match state {
        State::Added => '+',
        State::Changed => '*',
        State::Same => '=',
    };
    let files = plan.files.iter().map(|file| format!("{}{}", mark(file.state), file.path));
    let removed = plan.removed.iter().map(|path| format!("-{}", String::from_utf8_lossy(path)));
    files.chain(removed).collect::<Vec<_>>().join(" ")
}

fn text<'p>(plan: &'p Plan<'_>, path: &str) -> &'p str {
    let file = plan.files.iter().find(|file| file.path == path).expect(path);
    let Held::Data(data) = &file.content else { panic!("{path} is not held") };
    str::from_utf8(data).expect(path)
}

#[test]
fn the_first_publishing_begins_the_branch() {
    let change = change(docs(&[("index.html", "i")]), release(vec![archive("web", "1.0.0", b"1")]));
    let plan = plan(&CONFIG, None, None, &change, &Restored::default()).expect("a plan");
    assert_eq!(plan.base, None);
    let expected = "+.helm-xtask.json +.nojekyll +charts/index.html +charts/index.yaml +charts/web-1.0.0.tgz +index.html";
    assert_eq!(outcome(&plan), expected);
    let message = "Publish web 1.0.0 and the documentation\n\nadd web 1.0.0\ncharts: 0 kept\n\
        docs: 1 added, 0 changed, 0 removed\nfrom o/r@c\n";
    assert_eq!(plan.message, message);
}

/// `git log` shows the message as it is, and a name may come from an archive that another job made.
#[test]
fn nothing_that_a_terminal_obeys_is_in_the_message() {
    let change = change(None, release(vec![archive("web\u{1b}[2J", "1.0.0", b"1")]));
    let plan = plan(&CONFIG, None, None, &change, &Restored::default()).expect("a plan");
    let name = "web\\u{1b}[2J 1.0.0";
    let message = format!("Publish {name}\n\nadd {name}\ncharts: 0 kept\nfrom o/r@c\n");
    assert_eq!(plan.message, message);
}

#[test]
fn what_is_there_already_is_no_change() {
    let there = archive("web", "1.0.0", b"1");
    let first = change(None, release(vec![there]));
    let made = plan(&CONFIG, None, None, &first, &Restored::default()).expect("a plan");
    let files: Vec<(&str, &[u8])> =
        made.files.iter().map(|file| (file.path.as_str(), text(&made, &file.path).as_bytes())).collect();
    let index = text(&made, INDEX).as_bytes();
    let later =
        Change { time: first.time + 100, ..change(None, release(vec![archive("web", "1.0.0", b"1")])) };
    let again = plan(&CONFIG, Some(&tip(&files)), Some(index), &later, &Restored::default()).expect("a plan");
    assert!(again.is_done(), "{}", outcome(&again));
    assert_eq!(again.entries.as_ref().map(|entries| &*entries.same), Some(&["web 1.0.0".to_owned()][..]));
}

fn errors(tip: &Tip, index: Option<&[u8]>, change: &Change) -> String {
    let found = plan(&CONFIG, Some(tip), index, change, &Restored::default()).expect_err("an error");
    found.to_string()
}

#[test]
fn a_published_digest_never_changes() {
    let first = change(None, release(vec![archive("web", "1.0.0", b"1")]));
    let made = plan(&CONFIG, None, None, &first, &Restored::default()).expect("a plan");
    let index = text(&made, INDEX).as_bytes();
    let tip = tip(&[("charts/web-1.0.0.tgz", b"1"), (INDEX, index)]);
    let mut other = change(None, release(vec![archive("web", "1.0.0", b"2")]));
    assert!(errors(&tip, Some(index), &other).contains("web"));
    if let Some(charts) = &mut other.charts {
        charts.replace.push(("web".to_owned(), "1.0.0".to_owned()));
    }
    let plan = plan(&CONFIG, Some(&tip), Some(index), &other, &Restored::default()).expect("a plan");
    assert_eq!(plan.entries.map(|entries| entries.replaced), Some(vec!["web 1.0.0".to_owned()]));
    // The same where the entry is gone and only its archive is there.
    let charts = release(vec![archive("web", "1.0.0", b"2")]);
    let empty = b"apiVersion: v1\nentries: {}\n";
    assert!(errors(&tip, Some(empty), &change(None, charts)).contains("never changes"));
}

#[test]
fn an_index_that_cannot_be_read_stops_everything() {
    for index in
        ["", "entries: {}\n", "apiVersion: v1\nentries:\n  web: 7\n", "apiVersion: v1\nentries: [", "\u{0}"]
    {
        let charts = release(vec![archive("web", "1.0.0", b"1")]);
        let tip = tip(&[(INDEX, index.as_bytes())]);
        assert!(errors(&tip, Some(index.as_bytes()), &change(None, charts)).contains(INDEX), "{index}");
    }
}

#[test]
fn what_is_missing_is_said() {
    let index = b"apiVersion: v1\nentries:\n  web:\n  - apiVersion: v2\n    created: \"2024-01-01T00:00:00Z\"\n    \
        digest: d\n    name: web\n    urls:\n    - https://o.github.io/r/charts/web-1.0.0.tgz\n    version: 1.0.0\n";
    let tip = tip(&[(INDEX, index), ("charts/lost-1.0.0.tgz", b"l")]);
    let change = change(None, release(vec![archive("new", "1.0.0", b"1")]));
    let plan = plan(&CONFIG, Some(&tip), Some(index), &change, &Restored::default()).expect("a plan");
    let warnings: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "no entry of the index leads to `charts/lost-1.0.0.tgz`",
        "the index has entries for archives that are not there: `charts/web-1.0.0.tgz`",
    ];
    assert_eq!(warnings, expected);
}

fn index_of(chart: &str, version: &str, digest: &str, url: &str) -> String {
    format!(
        "apiVersion: v1\nentries:\n  {chart}:\n  - apiVersion: v2\n    created: \"2020-01-02T03:04:05Z\"\n    \
         digest: {digest}\n    name: {chart}\n    urls:\n    - {url}\n    version: {version}\n"
    )
}

fn warnings(plan: &Plan<'_>) -> Vec<String> {
    plan.warnings.iter().map(ToString::to_string).collect()
}

/// What was lost is there again as it was: files by the ids that the remote has, entries with their old times.
#[test]
fn what_was_lost_is_restored() {
    let lost = archive("web", "1.0.0", b"1");
    let entry = NewVersion {
        metadata: lost.metadata.clone(),
        digest: lost.digest.clone(),
        urls: vec!["https://o.github.io/r/charts/web-1.0.0.tgz".to_owned()],
        created: "2020-01-02T03:04:05Z".to_owned(),
        lines: None,
    };
    let id = blob_id(b"1");
    let old = index_of("api", "1.0.0", "d", "https://example.com/api-1.0.0.tgz");
    let restored = Restored {
        index: Some(old.into_bytes()),
        entries: vec![entry],
        files: vec![("charts/web-1.0.0.tgz".to_owned(), id.clone())],
        ..Restored::default()
    };
    let tip = tip(&[(".nojekyll", b"")]);
    // The release that is published again has it too.
    for charts in [Charts::default(), release(vec![lost])] {
        let is_repair_alone = charts.archives.is_empty();
        let change = change(None, charts);
        let plan = plan(&CONFIG, Some(&tip), None, &change, &restored).expect("a plan");
        let expected = "=.nojekyll +charts/index.html +charts/index.yaml +charts/web-1.0.0.tgz +index.html";
        assert_eq!(outcome(&plan), expected);
        let written = plan.written();
        let content = written.iter().find(|(path, _)| path.ends_with(".tgz")).expect("the archive").1;
        let wanted = if is_repair_alone { Content::Id(&id) } else { Content::Data(b"1") };
        assert_eq!(content, wanted);
        let index = text(&plan, INDEX);
        assert_eq!(index.matches("version: 1.0.0").count(), 2, "{index}");
        assert_eq!(index.matches("2020-01-02T03:04:05Z").count(), 2, "{index}");
        let entries = plan.entries.as_ref().expect("entries");
        assert_eq!((&*entries.restored, entries.kept), (&["web 1.0.0".to_owned()][..], 1));
        assert_eq!((entries.added.len(), entries.same.len()), (0, 0));
        assert!(plan.message.contains("\nrestore web 1.0.0\n"), "{}", plan.message);
        assert_eq!(warnings(&plan), [""; 0]);
    }
    // Another archive of that version is a conflict, not a second entry.
    let change = change(None, release(vec![archive("web", "1.0.0", b"2")]));
    let problems = plan(&CONFIG, Some(&tip), None, &change, &restored).expect_err("a conflict");
    assert!(problems.to_string().contains("never changes"), "{problems}");
}

/// The entry leads to a GitHub Release: no archive is added that nothing would lead to.
#[test]
fn an_archive_that_lies_elsewhere_is_not_added() {
    let digest = archive("web", "1.0.0", b"1").digest;
    for digest in [digest.hex().to_owned(), digest.to_string()] {
        let url = "https://github.com/o/r/releases/download/web-1.0.0/web-1.0.0.tgz";
        let index = index_of("web", "1.0.0", &digest, url);
        let tip = tip(&[(".nojekyll", b""), (INDEX, index.as_bytes())]);
        let change = change(None, release(vec![archive("web", "1.0.0", b"1")]));
        let plan =
            plan(&CONFIG, Some(&tip), Some(index.as_bytes()), &change, &Restored::default()).expect("a plan");
        assert_eq!(outcome(&plan), "=.nojekyll +charts/index.html =charts/index.yaml +index.html");
        assert_eq!(plan.entries.as_ref().map(|entries| entries.same.len()), Some(1));
        assert_eq!(warnings(&plan), [""; 0]);
    }
}

#[test]
fn another_provenance_is_another_release() {
    let signed = |signature: &[u8]| {
        let archive = Archive { provenance: Some(signature.to_vec()), ..archive("web", "1.0.0", b"1") };
        change(None, release(vec![archive]))
    };
    let first = signed(b"one");
    let made = plan(&CONFIG, None, None, &first, &Restored::default()).expect("a plan");
    assert!(outcome(&made).contains("+charts/web-1.0.0.tgz.prov"), "{}", outcome(&made));
    let index = text(&made, INDEX).as_bytes();
    let prov = "charts/web-1.0.0.tgz.prov";
    let tip = tip(&[(INDEX, index), ("charts/web-1.0.0.tgz", b"1"), (prov, b"one")]);
    let mut other = signed(b"two");
    let found = errors(&tip, Some(index), &other);
    assert!(found.contains("`charts/web-1.0.0.tgz.prov`") && found.contains("never changes"), "{found}");
    if let Some(charts) = &mut other.charts {
        charts.replace.push(("web".to_owned(), "1.0.0".to_owned()));
    }
    let plan = plan(&CONFIG, Some(&tip), Some(index), &other, &Restored::default()).expect("a plan");
    let archive = "=charts/web-1.0.0.tgz *charts/web-1.0.0.tgz.prov";
    assert!(outcome(&plan).contains(archive), "{}", outcome(&plan));
}

/// A repair where nothing is missing, and no Helm repository either, makes none.
#[test]
fn a_repair_of_nothing_is_no_change() {
    let change = change(None, Charts::default());
    let tip = tip(&[(".nojekyll", b""), ("index.html", b"i")]);
    let plan = plan(&CONFIG, Some(&tip), None, &change, &Restored::default()).expect("a plan");
    assert!(plan.is_done(), "{}", outcome(&plan));
}

/// Whatever an archive's metadata says: the index reads back with the entry, or nothing is planned.
#[test]
fn archives_come_with_an_index_that_leads_to_them() {
    let odd = [
        "<<", "~", "null", "true", "1", "=", "a: b", "- a", "a # b", "\u{85}", "\u{2028}", "\0", "\u{feff}",
        "", "\"", "'", "a\nb", "{", "%", "*a", "&a", "?", "\t", "é",
    ];
    let (long, longer) = ("x".repeat(200), "x".repeat(2_000));
    for word in odd.into_iter().chain([&*long, &*longer]) {
        for (chart, description) in [(word, ""), ("web", word)] {
            let mut archive = archive(chart, "1.0.0", b"1");
            archive.metadata.description = description.to_owned();
            let change = change(None, release(vec![archive]));
            let Ok(plan) = plan(&CONFIG, None, None, &change, &Restored::default()) else { continue };
            let Checked { value: index, problems } = Index::read(text(&plan, INDEX).as_bytes(), INDEX);
            let index = index.unwrap_or_else(|| panic!("{word:?}: {problems:?}"));
            let [version] = index.versions() else { panic!("{word:?}: {:?}", index.versions()) };
            assert_eq!((&*version.name, &*version.description), (chart, description), "{word:?}");
        }
    }
}

fn file(path: &str, bytes: u64) -> File {
    // What is not looked at costs no memory.
    File { path: path.to_owned(), data: vec![0; usize::try_from(bytes).expect("a size")] }
}

const MIB: u64 = 1024 * 1024;

#[test]
fn large_files() {
    for (bytes, severity) in [
        (50 * MIB, None),
        (50 * MIB + 1, Some(Severity::Warning)),
        (100 * MIB, Some(Severity::Warning)),
        (100 * MIB + 1, Some(Severity::Error)),
    ] {
        let change = change(vec![file("video.mp4", bytes)], None);
        let found = match plan(&CONFIG, None, None, &change, &Restored::default()) {
            Ok(plan) => plan.warnings,
            Err(Problems(problems)) => problems,
        };
        let severities: Vec<Severity> = found.iter().map(|problem| problem.severity).collect();
        assert_eq!(severities, Vec::from_iter(severity), "{bytes}: {found:?}");
        assert!(found.iter().all(|problem| problem.message.starts_with("`video.mp4` is ")), "{found:?}");
    }
}

/// The whole site is at most 1 GB, and who comes near is told. What is there already has no size that is known.
#[test]
fn large_sites() {
    let docs = |count: u64| (0..count).map(|n| file(&format!("{n}.bin"), 39_990_000)).collect::<Vec<_>>();
    let there = |count: usize| {
        let files = (0..count).map(|n| (format!("preview/{n}"), Object::file("id")));
        Tip { commit: "base".to_owned(), files: files.collect(), odd: Vec::new() }
    };
    let about = |count: usize, typical: &str| {
        format!("({count} files that are there already are taken to have {typical} each)")
    };
    // The last column is what the only problem says.
    for (site, size, tip, expected) in [
        (20, 0, there(0), None),
        (21, 0, there(0), Some("the site is about ".to_owned())),
        (26, 0, there(0), Some("none above 1 GB".to_owned())),
        (0, 0, there(39_062), None),
        (0, 0, there(39_063), Some(about(39_063, "20.0 KiB"))),
        (0, 10 * MIB, there(70), None),
        (0, 10 * MIB, there(80), Some(about(80, "10.0 MiB"))),
    ] {
        let docs = (site > 0).then(|| docs(site));
        let data = vec![0; usize::try_from(size).expect("a size")];
        let charts = (size > 0).then(|| release(vec![archive("web", "1.0.0", &data)]));
        let change = change(docs, charts);
        let (found, is_error) = match plan(&CONFIG, Some(&tip), None, &change, &Restored::default()) {
            Ok(plan) => (plan.warnings, false),
            Err(Problems(problems)) => (problems, true),
        };
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), usize::from(expected.is_some()), "{expected:?}: {found:?}");
        assert!(
            found.iter().zip(&expected).all(|(found, words)| found.contains(words)),
            "{expected:?}: {found:?}"
        );
        assert_eq!(is_error, site == 26, "{found:?}");
    }
}
