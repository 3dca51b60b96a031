//! Charts made at random, packaged natively and by one of the Helms in turn: the same, or refused.
//!
//! `XTASK_CHARTS=5000 XTASK_SEED=7 cargo test random_charts` runs longer than the test does by default.

use std::fmt::Write as _;
use std::path::Path;

use helm_xtask::internals::helm_difference::first_difference;
use helm_xtask::internals::tgz;

use crate::sandbox::{self, Sandbox};

/// Charts that one call of helm packages.
const BATCH: u64 = 25;

#[test]
fn random_charts_agree_with_helm() {
    let helms = sandbox::helms("random_charts_agree_with_helm");
    if helms.is_empty() {
        return;
    }
    let number = |variable: &str, default: u64| {
        std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
    };
    let (charts, seed) = (number("XTASK_CHARTS", 200), number("XTASK_SEED", 1));
    let mut accepted = 0;
    for batch in 0..charts.div_ceil(BATCH) {
        let (helm, binary) = &helms[usize::try_from(batch).expect("small") % helms.len()];
        accepted += check_batch(seed * 1_000_000 + batch * BATCH, helm, binary);
    }
    // A generator whose charts are all refused shows nothing.
    assert!(accepted * 5 > charts * 2, "{accepted} of {charts} charts were packaged");
    println!("{accepted} of {charts} charts were packaged, and are Helm's");
}

fn check_batch(first: u64, helm: &str, binary: &Path) -> u64 {
    let sandbox = Sandbox::new();
    let mut accepted = Vec::new();
    for seed in first..first + BATCH {
        let directory = format!("c{seed}");
        Random(seed).chart(&sandbox, &directory);
        let ran =
            sandbox.xtask(&["package", &directory, "-d", &format!("ours/{directory}"), "--helm", "never"]);
        match ran.status {
            0 => accepted.push(directory),
            1 => assert!(ran.stderr.contains("error: "), "seed {seed}: {}", ran.stderr),
            other => panic!("seed {seed}: status {other}: {}", ran.stderr),
        }
    }
    for directory in &accepted {
        let ran = sandbox.run(binary, &["package", directory, "-d", &format!("helms/{directory}")]);
        assert_eq!(ran.status, 0, "{directory}: {helm} refuses it: {}", ran.stderr);
        let read = |whose: &str| {
            let out = format!("{whose}/{directory}");
            let files = sandbox.files(&out);
            assert_eq!(files.len(), 1, "{directory}: {whose}: {files:?}");
            (
                files[0].clone(),
                tgz::read(&sandbox.read(&format!("{out}/{}", files[0])), tgz::MAX_TOTAL).expect("an archive"),
            )
        };
        let ((our_name, ours), (helm_name, helms)) = (read("ours"), read("helms"));
        assert_eq!(our_name, helm_name, "{directory}: {helm}");
        let difference = first_difference(&ours, &helms);
        assert_eq!(
            difference,
            None,
            "{directory}: {helm}:\n{}",
            sandbox.text(&format!("{directory}/Chart.yaml"))
        );
    }
    accepted.len() as u64
}

/// A stream of numbers from a seed (splitmix64), and what is made of them.
pub struct Random(pub u64);

const TEXTS: &[&str] = &[
    "plain",
    "two words",
    "1.10",
    "1.0.0",
    "yes",
    "n",
    "null",
    "~",
    "",
    "0x1F",
    "017",
    "08",
    "1e3",
    "1_000",
    "12:30:45",
    "2024-01-02",
    ".5",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#x",
    "it's",
    "say \"x\"",
    " lead",
    "trail ",
    "a  b",
    "@x",
    "%x",
    "[a]",
    "{a}",
    "a, b",
    "*x",
    "&x",
    "!x",
    "|",
    ">",
    "?x",
    "x:",
    "a\tb",
    "é ü",
    "日本語",
    "😀 x",
    "a\u{a0}b",
    "\u{200b}x",
    "a\nb",
    "a\nb\n",
    "\n\na",
    "a\n\n b\n\n",
    "http://x.y/z?a=b#c",
    ">=1.2.0 <2",
    "=",
    "<<",
    "...",
    "---",
    "+1",
    "0b11",
    "0o7",
    "1.",
    "\\",
    "\\n",
    "true",
    "False",
    "OFF",
    "{{ .x }}",
    "C:\\x",
    "a\u{2028}b",
    "x\u{7f}y",
    "a long text that goes on and on so that the writer must fold it somewhere after the eightieth column of its line",
    "a-long-text-without-a-single-space-in-it-that-goes-on-and-on-so-that-the-writer-cannot-fold-it-anywhere-at-all",
];
const KEYS: &[&str] = &[
    "a",
    "b",
    "a1",
    "a10",
    "a9",
    "a-b",
    "a.b/c",
    "Zed",
    "alpha",
    "_x",
    "artifacthub.io/license",
    "1a",
    "x y",
    "é",
    "y",
    "017",
];
const NAMES: &[&str] = &[
    "a",
    "b.txt",
    "README.md",
    ".hidden",
    "x.bak",
    "values.yaml",
    "values.schema.json",
    "templates",
    "crds",
    "a-b",
    "a.b",
    "Z",
    "0",
    "é",
    "日本",
    "a b",
    "requirements.txt",
    "files",
    "LICENSE",
    "NOTES.txt",
    "_h.tpl",
    "c.tgz",
    "x.prov",
    "Chart.lock.d",
];
const RULES: &[&str] = &[
    "a",
    "*.bak",
    "*.txt",
    "/a",
    "a/",
    "files/*",
    "templates/*.txt",
    "*/b.txt",
    "?",
    "[ab]",
    "[^a]*",
    ".h*",
    "# c",
    "",
    "a-b/",
    "crds/a",
    "!*",
    "**/x",
    "a[",
    "*/*/*",
    "\\a",
    "é",
    "/templates/a",
    "charts/*/README.md",
    "charts/d/a",
    "*.prov",
];

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("small")
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A chart with files, rules and sub-charts.
    fn chart(&mut self, sandbox: &Sandbox, at: &str) {
        let children: Vec<&str> = ["d", "e", "_f"].into_iter().filter(|_| self.one_in(3)).collect();
        for child in &children {
            let directory = format!("{at}/charts/{child}");
            let text = self.chart_yaml(child, &[]);
            sandbox.write(&format!("{directory}/Chart.yaml"), &text);
            self.files(sandbox, &directory, 3);
        }
        let text = self.chart_yaml("c", &children);
        sandbox.write(&format!("{at}/Chart.yaml"), &text);
        self.files(sandbox, at, 8);
        if self.one_in(2) {
            let rules: Vec<&str> = (0..self.below(4)).map(|_| self.pick(RULES)).collect();
            sandbox.write(&format!("{at}/.helmignore"), &rules.join("\n"));
        }
    }

    fn files(&mut self, sandbox: &Sandbox, at: &str, most: usize) {
        for _ in 0..self.below(most) {
            let path = format!("{at}/{}", self.path());
            let full = sandbox.work().join(&path);
            // A name may already be that of a directory, or of a file where a directory is wanted.
            let free = !full.exists() && full.ancestors().skip(1).all(|above| !above.is_file());
            let text = match self.pick(NAMES) {
                _ if path.ends_with(".json") => "{}",
                _ if path.ends_with("values.yaml") => "a: 1\n",
                text => text,
            };
            if free {
                sandbox.write(&path, text);
            }
        }
    }

    fn path(&mut self) -> String {
        let parts: Vec<&str> = (0..=self.below(3)).map(|_| self.pick(NAMES)).collect();
        let long = if self.one_in(20) { format!("{}/", "long-".repeat(25)) } else { String::new() };
        long + &parts.join("/")
    }

    pub fn chart_yaml(&mut self, name: &str, children: &[&str]) -> String {
        let mut out = format!(
            "apiVersion: {}\nname: {}\nversion: 1.2.3\n",
            if self.one_in(6) { "v1" } else { "v2" },
            name.trim_start_matches('_')
        );
        for field in ["description", "home", "icon", "appVersion", "kubeVersion", "tags", "engine"] {
            if self.one_in(3) {
                let _ = writeln!(out, "{field}: {}", self.scalar(2));
            }
        }
        for field in ["keywords", "sources"] {
            if self.one_in(3) {
                let _ = writeln!(out, "{field}:");
                for _ in 0..=self.below(3) {
                    let _ = writeln!(out, "- {}", self.scalar(2));
                }
            }
        }
        if self.one_in(3) {
            let _ = writeln!(out, "maintainers:\n- name: {}\n  email: {}", self.scalar(4), self.scalar(4));
        }
        if self.one_in(2) {
            let _ = writeln!(out, "annotations:");
            for _ in 0..=self.below(5) {
                let (key, value) = (self.pick(KEYS), self.scalar(4));
                let _ = writeln!(out, "  {key}: {value}");
            }
        }
        let declared: Vec<&&str> =
            children.iter().filter(|child| !child.starts_with('_') && self.one_in(2)).collect();
        if !declared.is_empty() {
            let _ = writeln!(out, "dependencies:");
            for child in declared {
                let _ = writeln!(
                    out,
                    "- name: {child}\n  version: {}\n  condition: {}",
                    self.scalar(4),
                    self.scalar(4)
                );
            }
        }
        out
    }

    /// A text in one of YAML's styles; mostly quoted, since so many plain ones are traps.
    fn scalar(&mut self, indent: usize) -> String {
        let text = self.pick(TEXTS);
        let block = text.contains('a')
            && !text.contains(['\t', '\u{7f}', '\u{2028}'])
            && !text.starts_with([' ', '\n']);
        match self.below(8) {
            0 if !text.contains('\n') => text.to_owned(),
            1 | 2 if !text.contains(['\n', '\u{7f}']) => format!("'{}'", text.replace('\'', "''")),
            3 if block => format!("|\n{}", indented(text, indent)),
            4 if block => format!(">-\n{}", indented(text, indent)),
            _ => quoted(text),
        }
    }
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}", " ".repeat(by))).collect::<Vec<_>>().join("\n")
}

fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        c if u32::from(c) > 0x7e && u32::from(c) < 0x10000 => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
