//! One thing broken at a time: what is found, and whether its edit mends it.

mod jobs;
mod publishers;
mod sigstore;

use super::*;
use crate::base::config::SHOP;
use crate::check::edit::Edit;
use crate::check::fix::make_edits;
use crate::ci::workflow::read_workflow;

pub const AROUND: Around<'_> = Around {
    charts: &[],
    default_branch: Some("main"),
    has_docs: true,
    requirements: &[],
    requirements_of_docs: None,
};

pub const GOOD: &str = "\
name: ci
on:
  push:
    branches: [main]
    tags: [v*]
  pull_request:
permissions:
  contents: write
  packages: write
jobs:
  check:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: cargo xtask ci
  helm-release:
    if: startsWith(github.ref, 'refs/tags/v')
    needs: check
    runs-on: ubuntu-latest
    permissions:
      contents: write
      packages: write
    concurrency:
      group: deploy-gh-pages
      cancel-in-progress: false
      queue: max
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: cargo xtask release --publish=oci,pages
        env:
          GITHUB_TOKEN: ${{ github.token }}
      - uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1
        with:
          name: dist
          path: dist/
  github-release:
    needs: helm-release
    runs-on: ubuntu-latest
    permissions:
      contents: write
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1
        with:
          name: dist
          path: dist/
      - run: cargo xtask release --from dist --publish=github
        env:
          GITHUB_TOKEN: ${{ github.token }}
";

pub fn parse(line: &str) -> Result<Task, String> {
    let publishing = |publish: &[Target], from: Option<&str>| {
        Ok(Task::Release {
            publish: publish.to_vec(),
            tag: line.contains("--tag"),
            signs: line.contains("--sign"),
            from: from.map(str::to_owned),
            to: "dist".to_owned(),
        })
    };
    match line {
        "cargo xtask ci" => Ok(Task::Ci),
        "cargo xtask check" => Ok(Task::Other),
        "cargo xtask release --publish=oci,pages" | "cargo xtask release --sign --publish=oci,pages" => {
            publishing(&[Target::Oci, Target::Pages], None)
        }
        "cargo xtask release --publish" | "cargo xtask release --tag web-1.0.0 --publish" => {
            publishing(&[Target::Oci, Target::Pages, Target::Github], None)
        }
        "cargo xtask release --publish=oci" => publishing(&[Target::Oci], None),
        "cargo xtask release --from dist --publish=github" => publishing(&[Target::Github], Some("dist")),
        "cargo xtask pages --only docs --publish" => Ok(Task::Pages { publish: true, docs: true }),
        "cargo xtask pages --publish" => Ok(Task::Pages { publish: true, docs: false }),
        _ => Err("unrecognized subcommand".to_owned()),
    }
}

fn find_faults(text: &str) -> Vec<Finding> {
    check_workflows(&SHOP, AROUND, &[read_workflow(text, "ci.yml").expect("a workflow")], &parse)
}

fn told(Finding { problem, .. }: &Finding) -> String {
    format!("{:?} {problem} | {}", problem.severity, problem.hint.as_deref().unwrap_or_default())
}

#[track_caller]
fn mended(text: &str, edit: &Edit) -> String {
    let mended = make_edits(text, &[edit]);
    assert_eq!(mended.made, [edit], "{text}");
    mended.text
}

/// The text with one place changed, counted from 1.
fn broken(nth: usize, old: &str, new: &str) -> String {
    let (at, _) = GOOD.match_indices(old).nth(nth - 1).unwrap_or_else(|| panic!("{old}"));
    let (before, rest) = GOOD.split_at(at);
    format!("{before}{new}{}", rest.strip_prefix(old).expect("what was found"))
}

#[test]
fn what_is_right_is_not_found_wrong() {
    assert_eq!(find_faults(GOOD), []);
}

/// What was changed, what is found, and whether the edit mends it.
type Case = (usize, &'static str, &'static str, &'static [&'static str], bool);

#[track_caller]
fn assert_found(cases: &[Case]) {
    for (nth, old, new, expected, mends) in cases {
        let text = broken(*nth, old, new);
        let found = find_faults(&text);
        let found_text: Vec<String> = found.iter().map(told).collect();
        assert_eq!(found_text, *expected, "{old} -> {new}");
        let edits: Vec<&Edit> = found.iter().filter_map(|finding| finding.edit.as_ref()).collect();
        assert_eq!(edits.is_empty(), !mends, "{old} -> {new}: {edits:?}");
        if let [edit] = edits.as_slice() {
            let mended = mended(&text, edit);
            assert_eq!(find_faults(&mended), [], "{mended}");
        }
    }
}

#[test]
fn other_layouts_are_mended_or_left_alone() {
    let rights = "    permissions:\n      contents: write\n      packages: write\n";
    let token = "      - run: cargo xtask release --publish=oci,pages\n        env:\n          GITHUB_TOKEN: ${{ github.token }}\n";
    for (old, new, edits) in [
        (rights, "    permissions: {packages: write}\n", 0),
        (rights, "    permissions:\n        packages: write\n", 1),
        (token, "      - run: >-\n          cargo xtask release\n          --publish=oci,pages\n", 0),
        (token, "      - run: cargo xtask release\n          --publish=oci,pages\n", 0),
        (token, "      - run: cargo xtask release --publish=oci,pages\n", 1),
    ] {
        let text = broken(1, old, new);
        let found = find_faults(&text);
        assert_eq!(found.len(), 1, "{new}");
        let made: Vec<&Edit> = found.iter().filter_map(|finding| finding.edit.as_ref()).collect();
        assert_eq!(made.len(), edits, "{new}");
        for edit in made {
            assert_eq!(find_faults(&mended(&text, edit)), [], "{new}");
        }
    }
}

const RIGHTS: &[Case] = &[
    (
        1,
        "      contents: read\n",
        "      contents: write\n",
        &[
            "Warning ci.yml:14: job `check` may write (`contents: write`) and publishes nothing: its code, and that of every dependency it builds, could | write `contents: read`",
        ],
        true,
    ),
    (
        1,
        "    permissions:\n      contents: read\n",
        "",
        &[
            "Warning ci.yml:11: job `check` may write (`contents: write`) and publishes nothing: its code, and that of every dependency it builds, could | give it `permissions:` of its own, with `contents: read`",
        ],
        true,
    ),
    (
        2,
        "      contents: write\n",
        "      packages: read\n",
        &[
            "Error ci.yml:45: job `github-release` publishes without `contents: write`: GitHub refuses it with 403 | add `contents: write` to its `permissions:`",
        ],
        true,
    ),
    (
        1,
        "      packages: write\n",
        "",
        &[
            "Error ci.yml:24: job `helm-release` publishes without `packages: write`: GitHub refuses it with 403 | add `packages: write` to its `permissions:`",
        ],
        true,
    ),
    (
        1,
        "      contents: write\n      packages: write\n",
        "      contents: read\n",
        &[
            "Error ci.yml:24: job `helm-release` publishes without `contents: write` and `packages: write`: GitHub refuses it with 403 | add `contents: write` and `packages: write` to its `permissions:`",
        ],
        false,
    ),
    (
        1,
        "    permissions:\n      contents: write\n      packages: write\n",
        "",
        &[
            "Note ci.yml:20: job `helm-release` has the rights of the workflow and no `permissions:` of its own | give it `permissions:` with `contents: write` and `packages: write`",
        ],
        true,
    ),
    (
        1,
        "    permissions:\n      contents: write\n      packages: write\n",
        "    permissions: {}\n",
        &[
            "Error ci.yml:24: job `helm-release` publishes without `contents: write` and `packages: write`: GitHub refuses it with 403 | add `contents: write` and `packages: write` to its `permissions:`",
        ],
        true,
    ),
    (
        1,
        "        env:\n          GITHUB_TOKEN: ${{ github.token }}\n",
        "",
        &[
            "Error ci.yml:35: `cargo xtask release --publish=oci,pages` publishes without `GITHUB_TOKEN` in its environment, and nothing else gives it a token | add `env:` with `GITHUB_TOKEN: ${{ github.token }}`",
        ],
        true,
    ),
    (
        2,
        "          GITHUB_TOKEN: ${{ github.token }}\n",
        "          OTHER: x\n",
        &[
            "Error ci.yml:55: `cargo xtask release --from dist --publish=github` publishes without `GITHUB_TOKEN` in its environment, and nothing else gives it a token | add `env:` with `GITHUB_TOKEN: ${{ github.token }}`",
        ],
        true,
    ),
    (
        1,
        "  pull_request:\n",
        "  pull_request_target:\n",
        &[
            "Error ci.yml:6: `pull_request_target` runs with this repository's secrets and rights for the code of strangers | write `pull_request:`, which runs the same without them",
        ],
        false,
    ),
    (
        1,
        "permissions:\n  contents: write\n  packages: write\njobs:\n  check:\n    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n",
        "jobs:\n  check:\n    runs-on: ubuntu-latest\n",
        &[
            "Note ci.yml:8: the settings of the repository decide what job `check` may do, which publishes nothing | give it `permissions:` with `contents: read`",
        ],
        true,
    ),
];

#[test]
fn rights_and_tokens() {
    assert_found(RIGHTS);
}

const GROUPS: &[Case] = &[
    (
        1,
        "group: deploy-gh-pages",
        "group: release",
        &[
            "Warning ci.yml:28: job `helm-release` waits in the group `release`, and others who publish to the same branch in `deploy-gh-pages` | group: deploy-gh-pages",
        ],
        true,
    ),
    (
        1,
        "      queue: max\n",
        "",
        &[
            "Warning ci.yml:27: without `queue: max` a newer run that waits cancels the one that waited: that release is lost | add `queue: max` to `concurrency:`",
        ],
        true,
    ),
    (
        1,
        "queue: max",
        "queue: single",
        &[
            "Warning ci.yml:30: a newer run that waits cancels the one that waited: that release is lost | queue: max",
        ],
        true,
    ),
    (
        1,
        "queue: max",
        "queue: maxx",
        &["Error ci.yml:30: `queue` knows `single` and `max`, not `maxx` | queue: max"],
        true,
    ),
    (
        1,
        "cancel-in-progress: false",
        "cancel-in-progress: true",
        &[
            "Error ci.yml:29: a newer run ends the one that is publishing, wherever it is; with `queue: max` GitHub refuses the file | cancel-in-progress: false",
        ],
        true,
    ),
    (
        1,
        "      cancel-in-progress: false\n      queue: max\n",
        "",
        &[
            "Warning ci.yml:27: without `queue: max` a newer run that waits cancels the one that waited: that release is lost | add `queue: max` to `concurrency:`",
        ],
        true,
    ),
    (
        1,
        "    concurrency:\n      group: deploy-gh-pages\n      cancel-in-progress: false\n      queue: max\n",
        "",
        &[
            "Warning ci.yml:20: job `helm-release` publishes to `gh-pages` and waits for nobody else who does | give it `concurrency: { group: deploy-gh-pages, cancel-in-progress: false, queue: max }`",
        ],
        true,
    ),
    (
        1,
        "    concurrency:\n      group: deploy-gh-pages\n      cancel-in-progress: false\n      queue: max\n",
        "    concurrency: deploy-gh-pages\n",
        &[
            "Warning ci.yml:27: without `queue: max` a newer run that waits cancels the one that waited: that release is lost | add `queue: max` to `concurrency:`",
        ],
        true,
    ),
    (
        1,
        "jobs:\n",
        "concurrency: deploy-gh-pages\njobs:\n",
        &[
            "Error ci.yml:28: job `helm-release` waits for the group `deploy-gh-pages`, which its own run holds: GitHub cancels it | delete `concurrency:` of the workflow; the jobs that publish have theirs",
        ],
        false,
    ),
];

#[test]
fn waiting_for_each_other() {
    assert_found(GROUPS);
}
