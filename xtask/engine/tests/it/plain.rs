//! The readers of plain archives and of Helm's Chart.yaml against those of all: the same answer, or none.
//!
//! `XTASK_FUZZ_SECONDS=600 cargo test plain` runs longer than the tests do by default.

use std::fmt::Write as _;
use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use helm_xtask::internals::chart::{metadata_of, to_yaml};
use helm_xtask::internals::limits::MAX_HELM_FILE;
use helm_xtask::internals::tgz::{self, Entry, MAX_TOTAL};
use helm_xtask_formats::archive::Limits;

use crate::property::Random;
use crate::readers::{gzip, mutated};

const BLOCK: usize = 512;
const WANTED: [&str; 2] = ["Chart.yaml", "x/y"];
const LIMITS: Limits = Limits { file: MAX_HELM_FILE, total: MAX_TOTAL };

fn entry(path: &str, data: &[u8]) -> Entry {
    Entry { path: path.to_owned(), data: data.to_vec() }
}

/// Compares the readers. Whether the plain one took the archive.
fn agree(bytes: &[u8]) -> bool {
    let Some(plain) = helm_xtask_formats::archive::read(bytes, LIMITS, &WANTED) else { return false };
    let all = tgz::read(bytes, MAX_TOTAL).expect("what the plain reader takes is an archive");
    let is_wanted =
        |entry: &Entry| entry.path.split_once('/').is_some_and(|(_, path)| WANTED.contains(&path));
    let wanted: Vec<Entry> = all.into_iter().filter(is_wanted).collect();
    assert_eq!(plain.into_iter().map(|(path, data)| Entry { path, data }).collect::<Vec<_>>(), wanted);
    true
}

fn tar_of(archive: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(archive).read_to_end(&mut tar).expect("gzip");
    tar
}

/// An archive with names of all kinds, and one with a directory.
fn archives() -> [Vec<u8>; 2] {
    let long = format!("c/{}/{}", "p".repeat(60), "q".repeat(60));
    let files = [entry("c/Chart.yaml", b"name: c\n"), entry("c/x/y", &[7; 700]), entry(&long, b"")];
    let written = tgz::write(&files).expect("an archive");
    let mut tar = Vec::new();
    for (path, kind) in [("c/", tar::EntryType::Directory), ("c/Chart.yaml", tar::EntryType::Regular)] {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).expect("a path");
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(0);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    [written, gzip(&tar)]
}

/// Puts something into a field of the header of the first file, and the checksum right.
fn with_field(tar: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut tar = tar.to_vec();
    tar[at..at + value.len()].copy_from_slice(value);
    tar[148..156].copy_from_slice(b"        ");
    let sum: u32 = tar[..BLOCK].iter().map(|&byte| u32::from(byte)).sum();
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar
}

#[test]
fn plain_archives_are_taken_and_damaged_ones_refused() {
    for whole in archives() {
        assert!(agree(&whole));
        for at in 0..whole.len() {
            let cut = &whole[..at];
            assert!(!agree(cut) && tgz::read(cut, MAX_TOTAL).is_err(), "cut at {at}");
        }
        // The checksum and the length.
        for at in whole.len() - 8..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            assert!(!agree(&bad) && tgz::read(&bad, MAX_TOTAL).is_err(), "changed at {at}");
        }
        assert!(!agree(&[whole.as_slice(), b"x"].concat()));
        // Members are one stream; what comes after the end of the first archive does not count.
        assert!(!agree(&[whole.as_slice(), &whole].concat()));
        assert!(tgz::read(&[whole.as_slice(), &whole].concat(), MAX_TOTAL).is_ok());
    }
}

#[test]
fn plain_headers_are_read_as_the_others_are() {
    let [whole, _] = archives();
    let tar = tar_of(&whole);
    let mut taken = 0;
    let names: [&[u8]; 14] = [
        b"c/../Chart.yaml\0",
        b"/c/Chart.yaml\0",
        b"../Chart.yaml\0",
        b"c//Chart.yaml\0",
        b"./c/Chart.yaml\0",
        b"c/Chart.yaml/\0",
        b"c\\Chart.yaml\0",
        b"c/c:/x\0",
        b"c/..x\0",
        b"Chart.yaml\0",
        b"c/x/y\0",
        b"\0",
        b"c/\xff\0",
        b"c/ok\0junk",
    ];
    let kinds = (0..=255).map(|kind| (156, vec![kind]));
    let numbers = [100, 108, 116, 136].into_iter().flat_map(|at| {
        let values: [&[u8]; 7] = [
            b"0000644\0",
            b"       \0",
            b" 644 \0\0\0",
            b"-000001\0",
            b"0000009\0",
            b"\x80\0\0\0\0\0\0\x01",
            b"644\0 7\0\0",
        ];
        values.map(|value| (at, value.to_vec()))
    });
    let sizes: [&[u8]; 6] = [
        b"00000000000\0",
        b"00000000007\0",
        b"77777777777\0",
        b"           \0",
        b"\x80\0\0\0\0\0\0\0\0\0\0\x08",
        b"00024000001\0",
    ];
    let prefixes: [&[u8]; 5] = [b"p\0", b"..\0", b"/p\0", b"p/\0", b"p//q\0"];
    let magics: [&[u8]; 4] = [b"ustar  \0", b"ustar\x0000", b"\0\0\0\0\0\0\0\0", b"ustar\x0001"];
    let fields = names.map(|name| (0, name.to_vec())).into_iter().chain(kinds).chain(numbers);
    let fields = fields.chain(sizes.map(|size| (124, size.to_vec())));
    let fields = fields.chain(prefixes.map(|prefix| (345, prefix.to_vec())));
    for (at, value) in fields.chain(magics.map(|magic| (257, magic.to_vec()))) {
        taken += usize::from(agree(&gzip(&with_field(&tar, at, &value))));
    }
    assert!((8..40).contains(&taken), "{taken}");
}

#[test]
fn plain_readers_never_disagree() {
    let seconds = std::env::var("XTASK_FUZZ_SECONDS").map_or(2, |text| text.parse().expect("seconds"));
    let mut random = Random(1);
    let (start, mut taken, mut read) = (Instant::now(), [0; 3], 0);
    let archives = archives();
    let tars = [tar_of(&archives[0]), tar_of(&archives[1])];
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut next = || random.below(1 << 31);
        let which = next() % 2;
        taken[0] += usize::from(agree(&mutated(&archives[which], &mut next)));
        let tar = mutated(&tars[which], &mut next);
        taken[1] += usize::from(agree(&gzip(&tar)));
        if tar.len() >= BLOCK {
            taken[1] += usize::from(agree(&gzip(&with_field(&tar, next() % 500, &[0]))));
        }
        let Some(text) = helms_chart_yaml(&mut random) else { continue };
        let mut next = || random.below(1 << 31);
        for text in
            [text.clone().into_bytes(), mutated(text.as_bytes(), &mut next), relined(&text, &mut next)]
        {
            taken[2] += usize::from(same_metadata(&text));
            read += 1;
        }
    }
    println!("{taken:?} taken, {read} Chart.yaml");
    assert!(taken[1] > 10 && taken[2] * 10 > read, "{taken:?} {read}");
}

/// A Chart.yaml as Helm writes it into an archive, with words that need all kinds of quotes.
fn helms_chart_yaml(random: &mut Random) -> Option<String> {
    const WORDS: [&str; 20] = [
        "web",
        "A chart of many words, more than fit on a line of eighty characters, and a few more",
        "it's: quoted",
        "Charts: of all kinds, with a description of more than eighty characters in quotes, and more",
        "1.10",
        "yes",
        "~",
        ">=1.23.0-0",
        "https://example.com/a?b=c#d",
        "a #b",
        "- name: x\n  url: y\n",
        "two\n\nlines",
        " x",
        "x ",
        "-a",
        "6.20.2",
        "2024-01-02",
        "*",
        "a\tb",
        "é",
    ];
    let word = |random: &mut Random| {
        let most = if random.one_in(8) { WORDS.len() } else { 11 };
        serde_json::to_string(WORDS[random.below(most)]).expect("JSON")
    };
    let mut text = "apiVersion: v2\nname: c\nversion: 1.2.3\n".to_owned();
    for field in ["description", "home", "icon", "appVersion", "kubeVersion", "tags", "condition"] {
        if random.one_in(2) {
            let _ = writeln!(text, "{field}: {}", word(random));
        }
    }
    if random.one_in(2) {
        let _ = writeln!(text, "keywords: [{}, {}]\nsources: [{}]", word(random), word(random), word(random));
        let _ =
            writeln!(text, "maintainers: [{{name: {}}}, {{email: {}, name: b}}]", word(random), word(random));
    }
    if random.one_in(2) {
        let _ =
            writeln!(text, "annotations: {{a/b: {}, c: {}}}\ndeprecated: true", word(random), word(random));
    }
    if random.one_in(2) {
        let more = ["", ", enabled: true", ", import-values: [a]", ", alias: a", ", repository: \"@a\""]
            [random.below(5)];
        let _ = writeln!(
            text,
            "dependencies: [{{name: d, tags: [{}]}}, {{name: e, version: {}{more}}}]",
            word(random),
            word(random)
        );
    }
    to_yaml(&metadata(text.as_bytes())?).ok()
}

fn relined(text: &str, next: &mut impl FnMut() -> usize) -> Vec<u8> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let at = next() % lines.len();
    let (from, to) = [
        (": ", ": 1."),
        (": ", ": '"),
        ("\"", ""),
        ("'", "\""),
        ("- ", "-  "),
        (": ", ": y #"),
        ("\n", "\n\n"),
        (": ", ": # "),
        (": ", ": &a "),
        ("\n", " \n"),
        ("  ", "    "),
        (": |", ": >"),
        (": ", ": !!str "),
        ("- ", "- - "),
        (": ", ": |\n  "),
        ("a", "A"),
        (": ", " : "),
        ("\n", "\\n\"\n"),
    ][next() % 18];
    lines[at] = lines[at].replacen(from, to, 1);
    lines.concat().into_bytes()
}

fn metadata(chart_yaml: &[u8]) -> Option<helm_xtask::internals::chart::Metadata> {
    let archive = tgz::write(&[entry("c/Chart.yaml", chart_yaml)]).expect("an archive");
    metadata_of(&archive, "").value
}

/// Compares the readers: only the general one takes a comment. Whether the other one took the text without it.
fn same_metadata(text: &[u8]) -> bool {
    if helm_xtask_formats::chart::read(text).is_none() {
        return false;
    }
    let commented = [text, b"# c\n"].concat();
    assert!(helm_xtask_formats::chart::read(&commented).is_none());
    assert_eq!(metadata(text), metadata(&commented), "{}", String::from_utf8_lossy(text));
    true
}
