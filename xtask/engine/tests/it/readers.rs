//! The readers of `model/` on bytes that nobody meant: no panic, no endless loop, no large answer to a small question.
//!
//! `XTASK_FUZZ_SECONDS=600 cargo test --release readers` runs longer than the test does by default.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use helm_xtask::internals::ignore::{Kind, Rules};
use helm_xtask::internals::manifest::Manifest;
use helm_xtask::internals::tag::{ChartVersion, TagPatterns};
use helm_xtask::internals::tgz::{self, Entry, MAX_TOTAL};
use helm_xtask::internals::{changelog, chart, version, yaml};

use crate::index_property::{SEEDS, extend};

/// Changes a few bytes of `seed`, or joins parts of it.
pub fn mutated(seed: &[u8], next: &mut impl FnMut() -> usize) -> Vec<u8> {
    const TOKENS: [&[u8]; 16] = [
        b"\n",
        b": ",
        b"- ",
        b"---\n",
        b"&a ",
        b"*a",
        b"<<: ",
        b"[",
        b"{",
        b"\"",
        b"|",
        b"!!binary ",
        b"\t",
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
    ];
    let mut out = seed.to_vec();
    for _ in 0..=next() % 6 {
        let at = next() % (out.len() + 1);
        let end = (at + next() % 24).min(out.len());
        match next() % 5 {
            0 if at < out.len() => out[at] = u8::try_from(next() % 256).expect("a byte"),
            1 => drop(out.drain(at..end)),
            2 => {
                let part = out[at..end].to_vec();
                let to = next() % (out.len() + 1);
                out.splice(to..to, part);
            }
            _ => drop(out.splice(at..at, TOKENS[next() % TOKENS.len()].iter().copied())),
        }
    }
    out
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn read_everything(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = yaml::read(bytes);
    let _ = Rules::parse(&text).0.dropped_by("templates/a.yaml", Kind::File);
    let _ = changelog::section(&text, &["web"], changelog::Named { chart: None, version: "1.0.0" });
    let _ = Manifest::parse(&text);
    let web =
        ChartVersion { name: "web".to_owned(), version: text.to_string(), app_version: text.to_string() };
    let patterns = TagPatterns(["v{version}", "{name}-{version}", &text].map(str::to_owned).to_vec());
    let _ = patterns.read(&text, &[web]);
    let _ = version::strict_form(&text);
    let files = ["Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json", "requirements.yaml"];
    let files = files.map(|path| Entry { path: path.to_owned(), data: bytes.to_vec() });
    if let Some(chart) = chart::load_chart(files.to_vec(), "c").value {
        let _ = (chart::to_yaml(&chart.metadata), chart.lock.map(|lock| lock.to_yaml()));
    }
}

fn read_archive(bytes: &[u8]) {
    if let Ok(entries) = tgz::read(bytes, MAX_TOTAL) {
        assert!(entries.iter().map(|entry| entry.data.len() as u64).sum::<u64>() <= MAX_TOTAL);
        assert!(
            entries
                .iter()
                .all(|entry| !entry.path.starts_with('/') && !entry.path.split('/').any(|part| part == ".."))
        );
        let files = vec![Entry { path: "charts/x.tgz".to_owned(), data: bytes.to_vec() }];
        let _ = chart::load_chart(files, "c");
    }
}

#[test]
fn readers_survive_any_bytes() {
    let seconds = std::env::var("XTASK_FUZZ_SECONDS").map_or(3, |text| text.parse().expect("seconds"));
    let mut state = 0x1234_5678_9abc_def0_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits")
    };
    let texts: Vec<&str> = include_str!("cases/package.txt").split("@@ ").collect();
    let chart = [
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("c/templates/a.yaml", "a"),
        ("c/日本", "x"),
    ];
    let chart = chart.map(|(path, data)| Entry { path: path.to_owned(), data: data.into() });
    let archive = tgz::write(&chart).expect("an archive");
    let mut tar = Vec::new();
    GzDecoder::new(archive.as_slice()).read_to_end(&mut tar).expect("gzip");
    let (start, mut runs) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        read_everything(&mutated(texts[next() % texts.len()].as_bytes(), &mut next));
        read_archive(&mutated(&archive, &mut next));
        read_archive(&gzip(&mutated(&tar, &mut next)));
        extend(&mutated(SEEDS[next() % SEEDS.len()].as_bytes(), &mut next));
        runs += 4;
    }
    println!("{runs} inputs");
}

#[test]
fn a_small_archive_cannot_fill_the_memory() {
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    (0..400).for_each(|_| encoder.write_all(&zeros).expect("memory"));
    let bomb = encoder.finish().expect("memory");
    assert!(bomb.len() < 1 << 20);
    assert!(tgz::read(&bomb, MAX_TOTAL).is_err());
    // Aliases of aliases: 2^40 texts in 40 lines.
    let mut text = String::from("a0: &a0 [x, x]\n");
    for n in 1..40 {
        let _ = writeln!(text, "a{n}: &a{n} [*a{}, *a{}]", n - 1, n - 1);
    }
    let start = Instant::now();
    assert!(yaml::read(text.as_bytes()).is_err());
    assert!(yaml::read("[".repeat(1_000_000).as_bytes()).is_err());
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// Archives in archives share one bound, so that levels do not multiply.
#[test]
fn archives_in_archives_cannot_fill_the_memory() {
    let file = |path: &str, data: Vec<u8>| Entry { path: path.to_owned(), data };
    let chart =
        |name: &str| file("c/Chart.yaml", format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n").into());
    let mut archive = tgz::write(&[chart("c"), file("c/zeros", vec![0; 1 << 22])]).expect("an archive");
    for _ in 0..3 {
        let copies = (0..12).map(|n| file(&format!("c/charts/{n}.tgz"), archive.clone()));
        let entries: Vec<Entry> = [chart("c")].into_iter().chain(copies).collect();
        archive = tgz::write(&entries).expect("an archive");
    }
    let start = Instant::now();
    let top = Entry { path: "Chart.yaml".to_owned(), ..chart("c") };
    let problems = chart::load_chart(vec![top, file("charts/x.tgz", archive)], "c").problems;
    assert!(
        problems.iter().any(|problem| problem.message.contains("more than Helm loads")),
        "{}",
        problems.len()
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}
