//! What a job of GitHub Actions gets from a publish: outputs, a summary, groups and annotations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fake::Fault;
use crate::release::chart;
use crate::sandbox::Sandbox;
use crate::whole::{Targets, source};

const ARGS: [&str; 2] = ["--helm", "never"];

fn both() -> (Targets, Sandbox) {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    sandbox.set("GITHUB_ACTIONS", "true");
    for (variable, file) in [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")] {
        // The runner makes them, and earlier steps may have written to them.
        sandbox.write(&format!("../home/{file}"), "earlier=1\n");
        let path = sandbox.work().join("../home").join(file).display().to_string();
        sandbox.set(variable, path);
    }
    (targets, sandbox)
}

/// As the runner reads them: `NAME=VALUE`, or `NAME<<WORD`, lines, `WORD` (docs.github.com, "Workflow commands").
fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, value) = match line.split_once("<<") {
            Some((name, word)) if !name.contains('=') => {
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != word).collect();
                (name, value.join("\n"))
            }
            _ => line.split_once('=').map(|(name, value)| (name, value.to_owned())).expect("an output"),
        };
        outputs.insert(name.to_owned(), value);
    }
    outputs
}

#[test]
fn outputs_name_what_was_published() {
    let (targets, sandbox) = both();
    targets.publish(&sandbox, &ARGS).ended(0);
    let outputs = outputs(&sandbox.text("../home/output"));
    assert_eq!(outputs["earlier"], "1");
    assert_eq!(outputs["version"], "1.0.0");
    let digest = targets.registry.state()["charts/web"]["tags"]["1.0.0"].as_str().expect("a tag").to_owned();
    assert!(outputs["charts"].contains("web"), "{outputs:?}");
    assert!(outputs["digests"].contains("sha256:"), "{outputs:?}");
    let reference = format!("{}/web@{digest}", targets.registry.url().replacen("oci://", "", 1));
    assert!(outputs["oci"].contains(&reference), "{outputs:?}");
    // As actions/attest takes them: one chart by name and digest, each of several from a list, and the archives by their sums.
    let name = reference.split('@').next().expect("a name");
    assert_eq!((&*outputs["subject-name"], &*outputs["subject-digest"]), (name, &*digest));
    assert_eq!(outputs["subjects"], format!(r#"[{{"digest":"{digest}","name":"{name}"}}]"#));
    let sums = std::fs::read_to_string(&outputs["subject-checksums"]).expect("a file");
    assert!(sums.ends_with("  web-1.0.0.tgz\n"), "{sums}");
    // A publish that finds all done says the same.
    sandbox.write("../home/output", "earlier=1\n");
    targets.publish(&sandbox, &ARGS).ended(0);
    assert_eq!(self::outputs(&sandbox.text("../home/output")), outputs);
}

/// Several charts have no name in common.
#[test]
fn outputs_of_several_charts_are_a_list() {
    let (targets, sandbox) = both();
    sandbox.write("charts/api/Chart.yaml", &chart("api", "1.0.0"));
    sandbox.commit("another");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    targets.publish(&sandbox, &[&ARGS[..], &["--publish=oci"]].concat()).ended(0);
    let outputs = outputs(&sandbox.text("../home/output"));
    let subjects: Value = serde_json::from_str(&outputs["subjects"]).expect("JSON");
    let names = subjects.as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name"));
    assert!(names.map(|name| name.rsplit('/').next().expect("a name")).eq(["api", "web"]), "{subjects}");
    assert!(!outputs.contains_key("subject-name") && !outputs.contains_key("subject-digest"), "{outputs:?}");
}

#[test]
fn the_summary_has_each_step() {
    let (targets, sandbox) = both();
    targets.publish(&sandbox, &ARGS).ended(0);
    let summary = sandbox.text("../home/summary");
    assert!(summary.starts_with("earlier=1\n### pulltrace `v1.0.0`\n\n- Pushed `oci://"), "{summary}");
    for word in ["web", "1.0.0", "sha256:", &targets.registry.url()] {
        assert!(summary.contains(word), "no {word} in {summary}");
    }
}

#[test]
fn groups_are_closed_and_problems_are_annotations() {
    let (targets, sandbox) = both();
    for fails in [false, true] {
        if fails {
            targets.github.fail(Fault::Refuse(403, "Resource not accessible by integration"), "", usize::MAX);
        }
        let ran = targets.publish(&sandbox, &ARGS).ended(i32::from(fails));
        for text in [&ran.stdout, &ran.stderr] {
            let mut open = 0;
            for line in text.lines() {
                open += i32::from(line.starts_with("::group::")) - i32::from(line == "::endgroup::");
                assert!((0..=1).contains(&open), "{text}");
            }
            assert_eq!(open, 0, "{text}");
        }
        assert!(fails || (ran.stdout + &ran.stderr).contains("::group::"));
        assert_eq!(ran.stderr.contains("::error"), fails, "{}", ran.stderr);
    }
}

/// Commands for the runner are not in the way of who reads JSON.
#[test]
fn json_is_json_in_a_job_too() {
    let (targets, sandbox) = both();
    for args in [&["--json"][..], &["--json", "--publish"], &["--json", "--publish"]] {
        let ran = targets.release(&sandbox, &[&ARGS, args].concat()).ended(0);
        let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(json["manifest"]["charts"][0]["version"], "1.0.0", "{json:#}");
    }
}

/// The line that is wrong is the one that is shown.
#[test]
fn an_annotation_has_its_place() {
    let (targets, sandbox) = both();
    sandbox.write("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.10\n");
    sandbox.commit("a bad version");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    let ran = targets.publish(&sandbox, &ARGS).ended(1);
    assert!(ran.stderr.contains("::error file=charts/web/Chart.yaml,line=3::"), "{}", ran.stderr);
    assert_eq!(sandbox.text("../home/output"), "earlier=1\n");
    assert_eq!(targets.writes(), Vec::<String>::new());
}

/// Names and messages of others cannot give commands.
#[test]
fn what_servers_say_is_no_command() {
    let (targets, sandbox) = both();
    let words = "no\n::set-output name=version::9\r\n::add-mask::1\n";
    targets.github.fail(Fault::Refuse(422, words), "", usize::MAX);
    let ran = targets.publish(&sandbox, &ARGS).ended(1);
    for line in ran.stdout.lines().chain(ran.stderr.lines()) {
        assert!(!line.starts_with("::set-output") && line != "::add-mask::1", "{}", ran.stderr);
    }
}

/// The page of the run belongs to those who may read it: nothing of a server's words is a link or an image there.
#[test]
fn what_servers_say_is_no_markup() {
    let (targets, sandbox) = both();
    targets.push_tags(&sandbox);
    let words = "<img src=//evil.example> [sign in](//evil.example) `x` @all";
    targets.remote.hook("pre-receive", &format!("#!/bin/sh\necho '{words}' >&2\nexit 1\n"));
    let ran = targets.command(&sandbox, &["--publish", "--helm", "never"]).output().expect("xtask");
    assert_eq!(ran.status.code(), Some(1));
    let summary = sandbox.text("../home/summary");
    let said: Vec<&str> = summary.lines().filter(|line| line.contains("evil.example")).collect();
    assert!(said.len() == 1 && said[0].contains(words), "{summary}");
    assert!(
        said[0].starts_with("> `` `gh-pages of http://127.0.0.1:") && said[0].ends_with(" ``"),
        "{summary}"
    );
}
