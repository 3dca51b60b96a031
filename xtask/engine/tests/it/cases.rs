//! The packaging cases: charts as text, and what each Helm that is tried made of them.
//!
//! `cases/package.txt` holds the charts. A case begins with `@@@ NAME: WHAT IT PROBES`, then the Helm command lines, then
//! files: `@@ text PATH`, `@@ bare PATH` (no final line break), `@@ base64 PATH` and so on.
//! `cases/recorded.txt` holds the outcomes; `XTASK_RECORD=1 cargo test recorded` writes it with all the Helms of
//! `sandbox::HELMS`, in one block where they agree.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use helm_xtask::internals::digest;
use helm_xtask::internals::tgz;

use crate::sandbox::{Ran, Sandbox};

pub struct Case {
    pub name: String,
    /// Sub-charts come in random order, so that entries are compared sorted.
    pub unordered: bool,
    pub commands: Vec<Vec<String>>,
    files: Vec<(String, String, String)>,
}

/// What the commands of a case did: a line each, and the archives that were there in the end.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The command line and `ok` or `error: …`.
    pub commands: Vec<(String, String)>,
    /// By path, their entries: size, digest, path.
    pub archives: BTreeMap<String, Vec<String>>,
}

pub fn all() -> Vec<Case> {
    include_str!("cases/package.txt").split("@@@ ").skip(1).map(Case::parse).collect()
}

pub fn recorded() -> BTreeMap<String, BTreeMap<String, Outcome>> {
    let cases = include_str!("cases/recorded.txt").split("@@@ ").skip(1);
    cases
        .map(|case| case.split_once('\n').expect("a name"))
        .map(|(name, text)| (name.to_owned(), parse_outcomes(text)))
        .collect()
}

impl Case {
    fn parse(text: &str) -> Self {
        let (head, text) = text.split_once('\n').expect("a header");
        let (title, _) = head.split_once(": ").expect("what it probes");
        let mut parts = text.split("@@ ");
        let commands = parts
            .next()
            .expect("commands")
            .lines()
            .map(|line| line.split(' ').map(String::from).collect())
            .collect();
        let files = parts.map(|part| {
            let (head, content) = part.split_once('\n').expect("a line");
            let (kind, path) = head.split_once(' ').expect("a path");
            (kind.to_owned(), path.to_owned(), content.to_owned())
        });
        let name = title.trim_end_matches(" unordered").to_owned();
        Self { unordered: name != title, name, commands, files: files.collect() }
    }

    pub fn build(&self, root: &Path) {
        for (kind, path, content) in &self.files {
            let (argument, path) = match kind.as_str() {
                "link" | "zeros" => path.split_once(' ').expect("an argument"),
                _ => ("", path.as_str()),
            };
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            let bytes = match kind.as_str() {
                "text" | "executable" => content.clone().into_bytes(),
                "bare" => content.trim_end_matches('\n').as_bytes().to_vec(),
                "base64" => decode_base64(content.trim()),
                "zeros" => vec![0; argument.parse().expect("a length")],
                "link" => {
                    std::os::unix::fs::symlink(argument, &path).expect("a link");
                    continue;
                }
                "fifo" => {
                    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
                    assert!(made.success());
                    continue;
                }
                "directory" => {
                    std::fs::create_dir(&path).expect("a directory");
                    continue;
                }
                other => panic!("unknown kind {other}"),
            };
            std::fs::write(&path, bytes).expect("a file");
            if kind == "executable" {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
            }
        }
    }

    /// Runs the commands in a sandbox of their own.
    pub fn run(
        &self,
        commands: &[Vec<String>],
        run: impl Fn(&Sandbox, &[&str]) -> Ran,
    ) -> (Outcome, Vec<Ran>) {
        let sandbox = Sandbox::new();
        self.build(&sandbox.work());
        let before = archives(&sandbox);
        let mut outcome = Outcome::default();
        let mut runs = Vec::new();
        for command in commands {
            let ran = run(&sandbox, &command.iter().map(String::as_str).collect::<Vec<_>>());
            let error = ran.stderr.rsplit("Error: ").next().unwrap_or_default().trim().replace('\n', "\\n");
            let result = if ran.status == 0 { "ok".to_owned() } else { format!("error: {error}") };
            outcome.commands.push((command.join(" "), result));
            runs.push(ran);
        }
        for (path, bytes) in archives(&sandbox) {
            if before.get(&path) == Some(&bytes) {
                continue;
            }
            // Helm 4.3 packages files that no Helm loads.
            let mut lines: Vec<String> = match tgz::read(&bytes, tgz::MAX_TOTAL) {
                Ok(entries) => entries.iter().map(entry_line).collect(),
                Err(error) => vec![error],
            };
            if self.unordered {
                lines.sort_by(|a, b| a.rsplit(' ').cmp(b.rsplit(' ')));
            }
            outcome.archives.insert(path, lines);
        }
        (outcome, runs)
    }
}

/// An archive inside an archive holds times, so that it differs from run to run.
fn entry_line(entry: &tgz::Entry) -> String {
    if entry.path.ends_with(".tgz") {
        return format!("- - {}", entry.path);
    }
    let digest = digest::digest(&entry.data);
    format!("{} {} {}", entry.data.len(), &digest["sha256:".len()..][..16], entry.path)
}

fn archives(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    let files = sandbox.files("").into_iter().filter(|path| path.ends_with(".tgz"));
    files.map(|path| (path.clone(), sandbox.read(&path))).collect()
}

/// The text of the recording: the Helms that agree are in one block.
pub fn render(outcomes: &[(String, BTreeMap<String, Outcome>)]) -> String {
    let mut out = String::new();
    for (case, helms) in outcomes {
        let _ = writeln!(out, "@@@ {case}");
        let mut groups: Vec<(Vec<&str>, &Outcome)> = Vec::new();
        for (helm, outcome) in helms {
            match groups.iter_mut().find(|(_, known)| *known == outcome) {
                Some((names, _)) => names.push(helm),
                None => groups.push((vec![helm], outcome)),
            }
        }
        for (names, outcome) in groups {
            render_one(&mut out, &names.join(" "), outcome);
        }
    }
    out
}

fn render_one(out: &mut String, helms: &str, outcome: &Outcome) {
    let _ = writeln!(out, "@ {helms}");
    for (command, result) in &outcome.commands {
        let _ = writeln!(out, "> {command}\n{result}");
    }
    for (path, entries) in &outcome.archives {
        let _ = writeln!(out, "{path}");
        for entry in entries {
            let _ = writeln!(out, "  {entry}");
        }
    }
}

fn parse_outcomes(text: &str) -> BTreeMap<String, Outcome> {
    let mut outcomes = BTreeMap::new();
    for block in text.split("@ ").skip(1) {
        let (helms, text) = block.split_once('\n').expect("which Helms");
        let mut outcome = Outcome::default();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(command) = line.strip_prefix("> ") {
                outcome.commands.push((command.to_owned(), lines.next().expect("a result").to_owned()));
            } else {
                let entries = std::iter::from_fn(|| lines.next_if(|line| line.starts_with("  ")));
                outcome
                    .archives
                    .insert(line.to_owned(), entries.map(|entry| entry[2..].to_owned()).collect());
            }
        }
        helms.split(' ').for_each(|helm| _ = outcomes.insert(helm.to_owned(), outcome.clone()));
    }
    outcomes
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|&byte| byte != b'=') {
        let value = ALPHABET.iter().position(|&letter| letter == byte).expect("base64");
        bits = bits << 6 | u32::try_from(value).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).expect("eight bits"));
        }
    }
    out
}
