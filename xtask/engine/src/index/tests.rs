//! The readers against each other, and what inserting leaves as it was.

use super::*;
use crate::base::digest::Digest;
use crate::chart::Metadata;

const NOW: &str = "2026-01-02T03:04:05Z";
/// In Helm's layout, with every kind of text that Helm writes.
const CANONICAL: &str = "apiVersion: v1
entries:
  api:
  - annotations:
      example.com/changes: |
        - kind: added
          description: a thing

        - kind: fixed
      example.com/note: 'it''s: quoted'
      example.com/odd: \"a\\tb\"
    apiVersion: v2
    appVersion: \"1.10\"
    created: \"2024-02-29T03:04:05.678+09:00\"
    dependencies:
    - alias: db
      condition: db.enabled
      name: postgresql
      repository: https://charts.example.com
      tags:
      - data
      version: ^1.0.0
    - import-values:
      - child: a
        parent: 1
      name: redis
      repository: \"\"
      version: 1.x.x
    deprecated: true
    description: A description that is long enough to be folded by the writer, which
      happens after the eightieth column
    digest: 00aa
    keywords:
    - http
    - 'on: call'
    maintainers:
    - email: a@example.com
      name: A
    - name: B
    name: api
    type: library
    urls:
    - https://example.com/api-2.0.0.tgz
    version: 2.0.0
  - apiVersion: v2
    created: \"2024-01-02T03:04:05Z\"
    description: 'Quoted since: there is a colon in it, and folded since it is longer
      than the line, isn''t it'
    digest: 00bb
    name: api
    urls:
    - api-1.0.0.tgz
    version: 1.0.0
  web:
  - apiVersion: v2
    created: \"2024-01-02T03:04:05Z\"
    description: |-
      two
      lines
    digest: 00000000000000000000000000000000000000000000000000000000000000cc
    name: web
    urls:
    - web-1.5.0.tgz
    version: 1.5.0
generated: \"2024-01-02T03:04:05Z\"
";

fn version(name: &str, version: &str, digest: &str) -> NewVersion {
    let metadata = Metadata {
        name: name.to_owned(),
        version: version.to_owned(),
        api_version: "v2".to_owned(),
        ..Metadata::default()
    };
    let urls = vec![format!("{name}-{version}.tgz")];
    NewVersion {
        metadata,
        digest: Digest::parse(&format!("{digest:0>64}")).expect("a digest"),
        urls,
        created: NOW.to_owned(),
        lines: None,
    }
}

/// The text with these `NAME VERSION` in it.
fn merged(old: &str, new: &[&str]) -> String {
    let Checked { value: index, problems } = Index::read(old.as_bytes(), "index.yaml");
    let index = index.unwrap_or_else(|| panic!("{old}: {problems:?}"));
    let new: Vec<NewVersion> = new
        .iter()
        .map(|new| new.split_once(' ').map(|(chart, number)| version(chart, number, "00ff")).unwrap())
        .collect();
    let Checked { value: merged, problems } = merge(Some(&index), &new, &[], Format::Yaml, NOW);
    let merged = merged.unwrap_or_else(|| panic!("{old}: {problems:?}"));
    let text = String::from_utf8(merged.text).unwrap();
    let again = Index::read(text.as_bytes(), "index.yaml").value.unwrap_or_else(|| panic!("{text}"));
    assert_eq!(again.versions().len(), index.versions().len() + merged.added.len(), "{text}");
    text
}

/// The lines that `new` has and `old` has not; all of `old` must be there, in order.
fn inserted(old: &str, new: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut left = old.lines().peekable();
    for line in new.lines() {
        let is_time = |line: &str| line.trim_start_matches([' ', '"']).starts_with("generated");
        if left.peek().is_some_and(|next| *next == line || is_time(next) && is_time(line)) {
            left.next();
        } else {
            out.push(line.to_owned());
        }
    }
    assert_eq!(left.next(), None, "{new}");
    out
}

fn both(text: &str) -> (Option<Parts<'_>>, Option<Parts<'_>>) {
    let fast = scan(text, "");
    (fast.value.filter(|_| fast.problems.is_empty()), read_slowly(text, "").ok())
}

#[test]
fn both_readers_find_the_same() {
    let (fast, slow) = both(CANONICAL);
    assert!(fast.is_some());
    assert_eq!(fast, slow);
    let text = merged(CANONICAL, &["api 1.5.0", "web 1.0.0", "aaa 1.0.0", "zzz 2.0.0", "zzz 1.0.0"]);
    let (fast, slow) = both(&text);
    assert!(fast.is_some());
    assert_eq!(fast, slow);
}

/// Whatever line is changed: if the fast reader takes the text, the other takes it for the same.
#[test]
fn the_fast_reader_never_disagrees() {
    let changes: [&dyn Fn(&str) -> String; 16] = [
        &|_| String::new(),
        &|line| format!("{line}{line}"),
        &|line| format!(" {line}"),
        &|line| line.replacen(' ', "", 1),
        &|line| line.replace(": ", ":"),
        &|line| line.replace(": ", ": # "),
        &|line| line.replace(": ", ": &a "),
        &|line| line.replace(": ", ": 1."),
        &|line| line.replace(": ", ": '"),
        &|line| line.replace('"', ""),
        &|line| line.replace('\'', "\""),
        &|line| line.replace("- ", "-\n      "),
        &|line| format!("\n{line}"),
        &|line| format!("    # c\n{line}"),
        &|line| format!("{}x\n", line.trim_end()),
        &|line| line.replace(": |", ": >"),
    ];
    let lines: Vec<&str> = CANONICAL.split_inclusive('\n').collect();
    let mut taken = 0;
    for (at, line) in lines.iter().enumerate() {
        for change in &changes {
            let text = [&lines[..at].concat(), &change(line), &lines[at + 1..].concat()]
                .map(String::as_str)
                .concat();
            let (fast, slow) = both(&text);
            if fast.is_some() {
                taken += 1;
                assert_eq!(fast, slow, "{text}");
            }
        }
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn versions_go_to_their_place() {
    let text = merged(CANONICAL, &["api 3.0.0", "api 1.5.0", "api 0.9.0", "b 1.0.0", "api 2.0.0-rc.1"]);
    let index = Index::read(text.as_bytes(), "").value.unwrap();
    let all: Vec<String> = index.versions().iter().map(|v| format!("{} {}", v.name, v.version)).collect();
    assert_eq!(
        all.join(", "),
        "api 3.0.0, api 2.0.0, api 2.0.0-rc.1, api 1.5.0, api 1.0.0, api 0.9.0, b 1.0.0, web 1.5.0"
    );
    assert_eq!(inserted(CANONICAL, &text).len(), 4 * 7 + 8);
    assert_eq!(merged(CANONICAL, &[]), CANONICAL);
}

#[test]
fn any_layout_is_extended_in_its_own_style() {
    let one = "apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.0.0\n";
    for (old, expected) in [
        (one.to_owned(), "before 2"),
        (one.replace('\n', "\r\n"), "before 2"),
        (format!("\u{feff}{one}"), "before 2"),
        (one.trim_end().to_owned(), "before 2"),
        (one.replace("  - ", "    - ").replace("    v", "      v"), "before 4"),
        (one.replace("  - name", "  -\n    name"), "before 2"),
        (one.replace("  web:", "  \"web\": # the site"), "before 2"),
        (one.replace("  - ", "  # the first\n  - "), "before 2"),
        (one.replace("1.0.0", "1.0.0 # x\n    # y"), "before 2"),
        (format!("generated: \"2024-01-02T03:04:05Z\"\nserverInfo: {{a: b}}\n\n{one}"), "before 2"),
        (format!("{one}annotations:\n  a: b\npublicKeys: []\n"), "before 2"),
        ("apiVersion: v1\nentries: {}\n".to_owned(), "hole 2"),
        ("apiVersion: v1\nentries:\n".to_owned(), "hole 2"),
        ("apiVersion: v1\nentries:\ngenerated: \"2024-01-02T03:04:05Z\"\n".to_owned(), "hole 2"),
        ("apiVersion: v1\n".to_owned(), "hole 2"),
        ("apiVersion: v1\nentries:\n  web: []\n".to_owned(), "hole 2"),
        ("apiVersion: v1\nentries:\n  web:\n  xyz: [] # none\n".to_owned(), "hole 2"),
    ] {
        let text = merged(&old, &["web 2.0.0", "zzz 1.0.0", "aaa 1.0.0"]);
        let (_, dash) = expected.split_once(' ').unwrap();
        let indent = " ".repeat(dash.parse().unwrap());
        assert!(text.lines().any(|line| line == format!("{indent}- apiVersion: v2")), "{text}");
        assert_eq!(old.contains("\r\n"), text.contains("\r\n"));
        assert_eq!(text.matches("\r\n").count() % text.matches('\n').count(), 0, "{text:?}");
        assert_eq!(old.ends_with('\n'), text.ends_with('\n'));
        if expected.starts_with("before") {
            inserted(&old, &text);
        }
    }
}

#[test]
fn json_stays_json() {
    let item = "{\n        \"name\": \"web\",\n        \"version\": \"1.0.0\"\n      }";
    let lines = format!(
        "{{\n  \"apiVersion\": \"v1\",\n  \"entries\": {{\n    \"web\": [\n      {item}\n    ]\n  }}\n}}"
    );
    for old in [
        lines,
        "{\n  \"apiVersion\": \"v1\",\n  \"entries\": {}\n}\n".to_owned(),
        "{\n  \"apiVersion\": \"v1\"\n}".to_owned(),
        r#"{"entries":{"web":[{"version":"1.0.0","name":"web","x":"\ud83d\ude00"}]},"apiVersion":"v1"}"#
            .to_owned(),
        r#"{"apiVersion":"v1","entries":{"web":[]},"generated":"2024-01-02T03:04:05Z"}"#.to_owned(),
        r#"{"apiVersion":"v1"}"#.to_owned(),
    ] {
        let text = merged(&old, &["web 2.0.0", "web 0.1.0", "zzz 1.0.0", "aaa 1.0.0"]);
        let value: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let entries = value["entries"].as_object().unwrap();
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["aaa", "web", "zzz"]);
        let versions = entries["web"].as_array().unwrap().iter().map(|one| one["version"].as_str().unwrap());
        let versions: Vec<&str> = versions.collect();
        assert!(versions == ["2.0.0", "1.0.0", "0.1.0"] || versions == ["2.0.0", "0.1.0"], "{text}");
        assert_eq!(old.contains('\n'), text.contains('\n'), "{text}");
    }
}

fn problems(text: &str) -> Vec<String> {
    let Checked { value: index, problems } = Index::read(text.as_bytes(), "i");
    let is_error = problems.iter().any(Problem::is_error);
    assert_eq!(index.is_none(), is_error, "{text}: {problems:?}");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_clients_refuse_is_an_error_with_its_line() {
    let entry = "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n";
    for (text, cause) in [
        (String::new(), "i:1: Helm clients refuse this index: it is empty"),
        ("- a\n".to_owned(), "not a mapping"),
        ("entries: {}\n".to_owned(), "i:1: Helm clients refuse this index: it has no `apiVersion`"),
        (
            "apiVersion: v1\nfoo: 1\n".to_owned(),
            "i:2: Helm clients refuse this index: they do not know the field `foo`",
        ),
        (
            format!("{entry}    foo: 1\n"),
            "i:6: Helm clients refuse this index: they do not know the field `foo` of a version",
        ),
        (format!("{entry}    dependencies:\n    - name: b\n      foo: 1\n"), "i:8: "),
        (format!("{entry}    name: b\n"), "i:6: Helm clients refuse this index: `name` is given twice"),
        (
            format!("{entry}  - &x\n    name: a\n    version: 1.1.0\n  - <<: *x\n    version: 1.2.0\n"),
            "i:10: Helm clients refuse this index: `version` is given twice, by a merge key (`<<`) too",
        ),
        (
            format!("{entry}  - &x\n    name: a\n    version: 1.1.0\n  - version: 1.2.0\n    <<: *x\n"),
            "`version` is given twice",
        ),
        (format!("{entry}    <<: [{{digest: x}}, {{digest: y}}]\n"), "`digest` is given twice"),
        (format!("{entry}    annotations: {{a: x, <<: {{a: y}}}}\n"), "`a` is given twice"),
        (format!("{entry}  <<: {{a: []}}\n"), "`a` is given twice"),
        (format!("{entry}<<: {{apiVersion: v1}}\n"), "`apiVersion` is given twice"),
        (format!("{entry}    annotations: {{yes: x, on: y}}\n"), "`true` is given twice"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".to_owned(),
            "i: it is a Git LFS pointer",
        ),
        (entry.replace("1.0.0", "1.0"), "i:5: Helm clients refuse this index: `version` `1.0` is not text"),
        (format!("{entry}    description: yes\n"), "`description` `yes` is not text"),
        (format!("{entry}    created: \"2019-01-01\"\n"), "`created` is not a time"),
        (format!("{entry}    deprecated: \"true\"\n"), "neither `true` nor `false`"),
        (format!("{entry}  -\n"), "a version is nothing"),
        (format!("{entry}    urls: x\n"), "`urls` is not a list"),
        (format!("{entry}generated: foo\n"), "`generated` is not a time"),
        (
            format!("{entry}    annotations:\n      a: 1\n"),
            "i:7: Helm clients refuse this index: `annotations` `1` is not text",
        ),
        (entry.replace("  - name", "  - name: \"a"), "refuse"),
        (r#"{"apiVersion":"v1","entries":{"a":[{"name":1}]}}"#.to_owned(), "`name` `1` is not text"),
        ("apiVersion: v1\nentries: {a: [{name: a, version: 1.0.0}]}\n".to_owned(), "flow style"),
        (
            "apiVersion: v1\nentries:\n  a: &x\n  - name: a\n    version: 1.0.0\n  b: *x\n".to_owned(),
            "cannot extend this index",
        ),
    ] {
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem.contains(cause)), "{text}: {found:?}");
    }
    let many = format!("apiVersion: v1\n{}", (0..30).fold(String::new(), |all, i| format!("{all}f{i}: 1\n")));
    assert_eq!(problems(&many).len(), 21);
}

#[test]
fn what_clients_accept_is_no_error() {
    let entry = "apiVersion: v1\nentries:\n  a:\n  - Name: a\n    version: 1.0.0\n";
    for text in [
        entry.to_owned(),
        format!("{entry}    digest: 12345\n    appVersion: 2024-01-01\n    home: ~\n    keywords: [null]\n"),
        format!("{entry}    created: 2024-01-01T1:00:00,5Z\n    deprecated: yes\n    url: 1\n"),
        format!(
            "{entry}    annotations: &x {{a: \"1\"}}\n  - name: a\n    version: 1.1.0\n    annotations: {{b: \"2\", <<: *x}}\n"
        ),
        format!(
            "{entry}  true:\n  - name: \"true\"\n    version: 1.0.0\n  1.0:\n  - name: \"1\"\n    version: 1.0.0\n"
        ),
        format!("{entry}publicKeys: [1]\nannotations: {{a: 1}}\ngenerated: null\n"),
        r#"{"apiVersion":"v1","foo":1,"entries":{"a":[{"name":"a","version":"1.0.0","x":1}]}}"#.to_owned(),
    ] {
        assert_eq!(problems(&text), Vec::<String>::new(), "{text}");
    }
    for (text, warning) in [
        (entry.replace("1.0.0", "1.0.0.0"), "i:4: Helm clients skip `a 1.0.0.0`: its version"),
        (entry.replace("Name: a", "Name: b"), "i:4: `b 1.0.0` does not stand below the key"),
        (entry.replace("Name: a", "home: b"), "it has no name"),
        (format!("{entry}    type: x\n"), "its type"),
        (
            entry.replace("Name: a", "Name: b/a"),
            "i:4: Helm clients skip `b/a 1.0.0`: its name has a slash in it",
        ),
        (format!("{entry}    maintainers: [null]\n"), "a maintainer is empty"),
        (format!("{entry}    dependencies: [null]\n"), "a dependency is empty"),
        (
            format!("{entry}    dependencies: [{{name: b, alias: a.b}}]\n"),
            "i:4: Helm clients skip `a 1.0.0`: the alias of a dependency",
        ),
        (
            format!("{entry}  yes:\n  - name: \"yes\"\n    version: 1.0.0\n"),
            "`yes 1.0.0` does not stand below the key of its name",
        ),
        (
            format!("{entry}  - name: a\n    version: 1.0.0\n"),
            "i:6: `a 1.0.0` is in it twice, first on line 4",
        ),
    ] {
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem.contains(warning)), "{text}: {found:?}");
    }
}

#[test]
fn a_published_digest_changes_on_purpose_only() {
    let index = Index::read(CANONICAL.as_bytes(), "i").value.unwrap();
    let try_merge = |new: &[NewVersion], replace: &[(&str, &str)]| {
        let replace: Vec<_> = replace.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let Checked { value: merged, problems } = merge(Some(&index), new, &replace, Format::Yaml, NOW);
        merged.ok_or_else(|| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let same = try_merge(&[version("web", "1.5.0", "00cc")], &[]).unwrap();
    assert!(!same.changed());
    assert_eq!(String::from_utf8(same.text).unwrap(), CANONICAL);
    assert_eq!(
        try_merge(&[version("web", "1.5.0", "00dd")], &[]).unwrap_err(),
        format!(
            "i:55: `web 1.5.0` is published with digest `{:0>64}`, the new archive has `{:0>64}`",
            "cc", "dd"
        )
    );
    let replaced = try_merge(&[version("web", "1.5.0", "00dd")], &[("web", "1.5.0")]).unwrap();
    let text = String::from_utf8(replaced.text.clone()).unwrap();
    assert!(text.contains("00dd\n") && !text.contains("00cc\n") && replaced.kept == 2, "{text}");
    let unused = try_merge(&[version("web", "1.5.0", "00cc")], &[("web", "1.5.0")]).unwrap_err();
    assert_eq!(unused, "--replace `web-1.5.0`: it is not in the index with another digest");
}
