//! Indexes made at random: the same data as Helm's, and never a byte of what is published lost.
//!
//! `XTASK_INDEXES=500 XTASK_SEED=7 cargo test random_indexes` runs longer than the test does by default.

use helm_xtask::internals::chart::{metadata_of, to_yaml};
use helm_xtask::internals::digest::Digest;
use helm_xtask::internals::index::{Format, Index, NewVersion, merge};
use serde_yaml::Value;

use crate::index::{archive, put};
use crate::property::Random;
use crate::sandbox::{self, Sandbox};

const VERSIONS: [&str; 12] = [
    "1.0.0",
    "0.9",
    "2",
    "v3.1.0",
    "1.0.0-rc.1",
    "1.0.0-rc.10",
    "1.0.0-a",
    "1.2.0",
    "1.10.0",
    "1.9.0",
    "4.0.0-0",
    "5.0.1",
];

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// The text of a Chart.yaml that the program accepts.
fn chart_yaml(random: &mut Random, name: &str, version: &str) -> Option<String> {
    let text = random
        .chart_yaml(name, &["d", "e"])
        .replace("\nversion: 1.2.3\n", &format!("\nversion: {version}\n"));
    let metadata = metadata_of(&archive(&text), "").value?;
    // What Helm cannot write fails both; that is for other tests.
    to_yaml(&metadata).ok().map(|_| text)
}

/// Without the times, which are of the run.
fn timeless(text: &str) -> Value {
    let lines =
        text.lines().filter(|line| !line.trim_start().trim_start_matches("- ").starts_with("created: "));
    let lines = lines.filter(|line| !line.starts_with("generated: "));
    serde_yaml::from_str(&lines.collect::<Vec<_>>().join("\n")).expect("YAML")
}

#[test]
fn random_indexes_agree_with_helm() {
    let helms = sandbox::helms("random_indexes_agree_with_helm");
    let (indexes, seed) = (number("XTASK_INDEXES", 20), number("XTASK_SEED", 1));
    for (round, (helm, binary)) in (0..indexes).zip(helms.iter().cycle()) {
        let mut random = Random(seed * 1_000_000 + round);
        let sandbox = Sandbox::new();
        sandbox.write("old/x", "");
        sandbox.write("new/x", "");
        for name in ["a", "b10", "b9"] {
            for version in VERSIONS {
                // Helm takes a version of fewer than three numbers for a range, and drops what is in it.
                let is_short = version.matches('.').count() < 2;
                let directory = if random.one_in(2) && !is_short { "new" } else { "old" };
                if is_short && !random.one_in(12) {
                    continue;
                }
                let Some(text) = chart_yaml(&mut random, name, version) else { continue };
                put(&sandbox, &format!("{directory}/{name}-{version}.tgz"), &archive(&text));
            }
        }
        let run = |args: &[&str]| {
            sandbox.run(binary, &[&["repo"], args].concat()).ended(0);
            let theirs = sandbox.text(&format!("{}/index.yaml", args[1]));
            sandbox.xtask(args).ended(0);
            (sandbox.text(&format!("{}/index.yaml", args[1])), theirs)
        };
        let (ours, theirs) = run(&["index", "old"]);
        assert_eq!(timeless(&ours), timeless(&theirs), "{helm}, seed {seed}, round {round}");
        let short = ["2\n", "0.9\n", "\"0.9\"\n", "\"2\"\n"]
            .iter()
            .any(|end| theirs.contains(&format!("version: {end}")));
        let (ours, theirs) = run(&["index", "new", "--merge", "old/index.yaml"]);
        if !short {
            assert_eq!(timeless(&ours), timeless(&theirs), "{helm}, seed {seed}, round {round}");
        }
    }
}

fn new_version(name: &str, version: &str) -> NewVersion {
    let text = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let metadata = metadata_of(&archive(&text), "").value.expect("metadata");
    NewVersion {
        metadata,
        digest: Digest::parse(&"ab".repeat(32)).expect("a digest"),
        urls: vec!["u".to_owned()],
        created: "2024-01-02T03:04:05Z".to_owned(),
        lines: None,
    }
}

/// The inputs that `readers` mutates.
pub const SEEDS: [&str; 4] = [
    "apiVersion: v1\nentries:\n  a:\n  - created: \"2024-01-02T03:04:05Z\"\n    description: 'x: y\n      z'\n    name: a\n    urls:\n    - u\n    version: 1.0.0\n  - annotations:\n      k: |\n        t\n\n        u\n    name: a\n    version: 0.1.0\n  b:\n  - name: b\n    version: 2.0.0\ngenerated: \"2024-01-02T03:04:05Z\"\n",
    "# c\r\napiVersion: v1\r\nentries:\r\n    a:\r\n        # d\r\n        - name: a\r\n          version: 1.0.0 # e\r\n",
    "{\n  \"apiVersion\": \"v1\",\n  \"entries\": {\n    \"a\": [\n      {\"name\": \"a\", \"version\": \"1.0.0\"}\n    ], \"b\": []\n  },\n  \"generated\": \"2024-01-02T03:04:05Z\"\n}",
    "apiVersion: v1\nentries:\n  a: []\n  \"b\":\ngenerated: \"2024-01-02T03:04:05Z\"\n",
];

/// Adds versions to whatever this is. If that can be done, the old text is in the new one, byte for byte and in order,
/// but for the time and for the marks of what was empty.
pub fn extend(bytes: &[u8]) {
    let Some(index) = Index::read(bytes, "i").value else { return };
    let before = index.versions().len();
    let new = [new_version("a", "1.5.0"), new_version("a", "0.0.1"), new_version("aa", "1.0.0")];
    let generated = "2025-01-02T03:04:05Z";
    let Some(merged) = merge(Some(&index), &new, &[], Format::Yaml, generated).value else { return };
    let again = Index::read(&merged.text, "i").value;
    let shown =
        || format!("{}\n=>\n{}", String::from_utf8_lossy(bytes), String::from_utf8_lossy(&merged.text));
    let again = again.unwrap_or_else(|| panic!("it does not read back: {}", shown()));
    assert_eq!(again.versions().len(), before + merged.added.len(), "{}", shown());
    let mut rest = merged.text.split_inclusive(|&byte| byte == b'\n');
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let may_change = bytes.starts_with(b"{")
            || text.contains("generated")
            || text == " \"2024-01-02T03:04:05Z\"\n"
            || text.contains(['[', '{', '~'])
            || text.contains("ull");
        // What had no line end may get one.
        let ended = |end: &[u8]| [line, end].concat();
        let is_it = |other: &[u8]| other == line || other == ended(b"\n") || other == ended(b"\r\n");
        assert!(may_change || rest.any(is_it), "{text:?} is lost: {}", shown());
    }
}
