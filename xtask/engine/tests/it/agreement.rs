//! Native packaging against Helm's own: 122 cases with the outcomes of each Helm that is tried, and the same live where the
//! Helms are there.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::cases::{self, Case, Outcome};
use crate::sandbox::{self, Sandbox};

/// The cases in which Helm packages and we refuse, and what we say. Each is a text that Helm reads as something other
/// than what was written, or something that Helms do not agree on.
const REFUSED: &[(&str, &str)] = &[
    ("yaml-float-appversion", "Helm reads `appVersion` `1.10` as `1.1`"),
    ("yaml-bool-name", "Helm reads `name` `yes` as `true`"),
    ("yaml-octal", "Helm reads `appVersion` `017` as `15`"),
    ("yaml-exponent", "Helm reads `appVersion` `1e6` as `1e+06`"),
    ("yaml-float32", "Helm reads `appVersion` `16777217.0` as `1.6777216e+07`"),
    ("yaml-annotation-keys", "Helm reads `n` `1.50` as `1.5`"),
    (
        "v2-requirements-merge",
        "Helm merges the dependencies of this file and of Chart.yaml by their position",
    ),
    ("lint-version-float", "Helm reads `version` `1.10` as `1.1`"),
    ("show-all", "Helm reads `appVersion` `1.10` as `1.1`"),
    // Helm 3 packages these, Helm 4 refuses them.
    ("yaml-inf", "Helm cannot read infinity"),
    ("val-api-v3", "apiVersion `v3` is neither `v1` nor `v2`"),
    ("values-second-doc-bad", "it is not the YAML that Helm reads"),
];

/// The commands of a case that are ours as well; `lint`, `show` and `dependency` are Helm's alone.
fn ours(case: &Case) -> Vec<Vec<String>> {
    case.commands
        .iter()
        .filter(|command| command.first().is_some_and(|verb| verb == "package"))
        .cloned()
        .collect()
}

fn packaged(outcome: &Outcome) -> Vec<&str> {
    let results = outcome.commands.iter().filter(|(command, _)| command.starts_with("package"));
    results.map(|(_, result)| if result == "ok" { "ok" } else { "error" }).collect()
}

#[test]
fn every_case_agrees_with_helm_or_is_refused_for_a_reason() {
    let recorded = cases::recorded();
    let cases = cases::all();
    assert_eq!(cases.len(), 122);
    let mut differences = Vec::new();
    for case in &cases {
        let (outcome, runs) = case.run(&ours(case), |sandbox, command| {
            let args: Vec<&str> = command.iter().copied().chain(["--helm", "never"]).collect();
            sandbox.xtask(&args)
        });
        let said = runs.iter().map(|ran| ran.stderr.as_str()).collect::<String>();
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error: ")).collect();
        let mut helms = recorded[&case.name].clone();
        for outcome in helms.values_mut() {
            // What `helm dependency build` made of the directory next door is part of our case.
            outcome.archives.retain(|path, _| !path.starts_with("chart/charts/"));
        }
        if case.name == "size-limit" {
            // No Helm loads what Helm 4.3 packages there.
            assert!(helms.remove("helm4-current").is_some_and(|newest| packaged(&newest) == ["ok"]));
        }
        let three = &helms["helm3"];
        if let Some((_, reason)) = REFUSED.iter().find(|(name, _)| *name == case.name) {
            assert!(packaged(three).contains(&"ok"), "{}: Helm refuses it too", case.name);
            if !errors.iter().any(|error| error.contains(reason)) || !outcome.archives.is_empty() {
                differences.push(format!("{}: not refused as the table says: {said}", case.name));
            }
            continue;
        }
        let agreed = helms.values().all(|helm| packaged(helm) == packaged(&outcome));
        // Where one of several charts fails Helm leaves the archives of those before it; we write none.
        let failed = packaged(&outcome).contains(&"error");
        let archives = if failed { &BTreeMap::new() } else { &three.archives };
        let is_same = |helm: &Outcome| failed || helm.archives == outcome.archives;
        if !agreed || outcome.archives != *archives || !helms.values().all(is_same) {
            differences.push(format!("{}: ours {outcome:#?}\nHelm's {helms:#?}\n{said}", case.name));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn at_most_twelve_refusals() {
    assert!(REFUSED.len() <= 12);
    assert!(REFUSED.iter().all(|(name, _)| cases::all().iter().any(|case| case.name == *name)));
}

#[test]
fn the_recorded_outcomes_are_still_those_of_every_helm() {
    let helms = sandbox::helms("the_recorded_outcomes_are_still_those_of_every_helm");
    let mut outcomes = Vec::new();
    for case in cases::all() {
        // Helm 4.3 would write this time into Chart.lock; nobody sets it for helm.
        let run_one = |sandbox: &Sandbox, helm: &Path, args: &[&str]| {
            let output = sandbox.command(helm).env_remove("SOURCE_DATE_EPOCH").args(args).output();
            sandbox.normal(&output.expect("helm"))
        };
        let run = |helm: &Path| case.run(&case.commands, |sandbox, args| run_one(sandbox, helm, args)).0;
        let of_case: BTreeMap<String, Outcome> =
            helms.iter().map(|(name, helm)| ((*name).to_owned(), run(helm))).collect();
        outcomes.push((case.name.clone(), of_case));
    }
    if std::env::var_os("XTASK_RECORD").is_some() {
        assert_eq!(helms.len(), sandbox::HELMS.len(), "a recording takes every Helm");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("engine/tests/it/cases/recorded.txt");
        std::fs::write(&path, cases::render(&outcomes)).expect("the recording");
        return;
    }
    let recorded = cases::recorded();
    for (case, now) in &outcomes {
        for (helm, now) in now {
            let hint = "record again: XTASK_RECORD=1 cargo test recorded";
            assert_eq!(now, &recorded[case][helm], "{case} by {helm}; {hint}");
        }
    }
}

/// The tar stream of an archive without its times, and so without the sums over them: the two things in which ours
/// differs from Helm's on purpose.
fn timeless_tar(archive: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    MultiGzDecoder::new(archive).read_to_end(&mut tar).expect("gzip");
    let mut at = 0;
    while at + 512 <= tar.len() {
        let size = std::str::from_utf8(&tar[at + 124..at + 135]).expect("a size").to_owned();
        tar[at + 136..at + 156].fill(0);
        at += 512 + usize::from_str_radix(&size, 8).unwrap_or(0).div_ceil(512) * 512;
    }
    tar
}

/// Modes, owners, magic, device numbers, prefixes, PAX records, padding and the end: all that a list of entries hides.
#[test]
fn the_tar_stream_is_helms_byte_for_byte() {
    for (name, helm) in sandbox::helms("the_tar_stream_is_helms_byte_for_byte") {
        let sandbox = Sandbox::new();
        sandbox.write("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
        sandbox.write("c/values.yaml", "a: 1\n");
        sandbox.write("c/charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n");
        for length in [1, 97, 98, 99, 100, 101, 153, 154, 155, 200, 250] {
            sandbox.write(&format!("c/{}", "n".repeat(length)), &"x".repeat(length));
            sandbox.write(&format!("c/{}/{}", "d".repeat(60), "e".repeat(length)), "");
            sandbox.write(&format!("c/{}/é{}", "f".repeat(length), "é".repeat(length / 3)), "x");
        }
        for block in [511, 512, 513] {
            sandbox.write(&format!("c/{block}"), &"y".repeat(block));
        }
        sandbox.xtask(&["package", "c", "-d", "ours", "--helm", "never"]).ended(0);
        sandbox.run(&helm, &["package", "c", "-d", "helms"]).ended(0);
        let (ours, helms) = (sandbox.read("ours/c-1.0.0.tgz"), sandbox.read("helms/c-1.0.0.tgz"));
        assert_eq!(ours[..58], helms[..58], "{name}: the gzip header");
        let (ours, helms) = (timeless_tar(&ours), timeless_tar(&helms));
        let difference = ours.iter().zip(&helms).position(|(a, b)| a != b);
        assert!(
            ours == helms,
            "{name}: first difference at {difference:?} of {} and {}",
            ours.len(),
            helms.len()
        );
    }
}
