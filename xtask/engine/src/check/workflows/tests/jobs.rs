//! What is wrong with the order of jobs, with their steps, and with those of others.

use super::{Case, SHOP, Workflow, assert_found, check_workflows};
use crate::ci::workflow::{read_action, read_workflow};

const ORDER: &[Case] = &[
    (
        1,
        "    needs: check\n",
        "",
        &[
            "Warning ci.yml:20: job `helm-release` does not need `check`: it releases what nobody has looked at yet | needs: check",
        ],
        true,
    ),
    (
        1,
        "    needs: helm-release\n",
        "",
        &[
            "Error ci.yml:42: job `github-release` does not need `helm-release`: it may download `dist` before that is uploaded | needs: helm-release",
        ],
        true,
    ),
    (
        1,
        "    needs: helm-release\n",
        "    needs: check\n",
        &[
            "Error ci.yml:43: job `github-release` does not need `helm-release`: it may download `dist` before that is uploaded | needs: [check, helm-release]",
        ],
        true,
    ),
    (
        1,
        "    needs: helm-release\n",
        "    needs: helm\n",
        &[
            "Error ci.yml:43: job `github-release` needs `helm`, which is not there: GitHub runs nothing of this file | the jobs are `check`, `helm-release`, `github-release`",
        ],
        false,
    ),
    (
        1,
        "    if: startsWith(github.ref, 'refs/tags/v')\n",
        "",
        &[
            "Error ci.yml:20: job `helm-release` releases, and runs for every `push` too, where there is no tag: it fails | give the job `if: startsWith(github.ref, 'refs/tags/v')`",
        ],
        true,
    ),
    (
        1,
        "startsWith(github.ref, 'refs/tags/v')",
        "github.repository == 'd44b/web'",
        &[
            "Error ci.yml:21: job `helm-release` releases, and runs for every `push` too, where there is no tag: it fails | give the job `if: startsWith(github.ref, 'refs/tags/v')`",
        ],
        false,
    ),
    (
        1,
        "    tags: [v*]\n",
        "",
        &[
            "Error ci.yml:3: job `helm-release` releases, and no tag starts this workflow | add `tags: [v*]` to `push:` below `on:`",
        ],
        false,
    ),
    (
        2,
        "          name: dist\n",
        "          name: charts\n",
        &[
            "Error ci.yml:53: no job of this workflow uploads an artifact `charts` | what is uploaded is `dist`",
        ],
        true,
    ),
    (
        1,
        "          name: dist\n",
        "          name: charts\n",
        &[
            "Error ci.yml:53: no job of this workflow uploads an artifact `dist` | what is uploaded is `charts`",
        ],
        true,
    ),
    (
        2,
        "          name: dist\n",
        "",
        &[
            "Error ci.yml:51: without a `name` each artifact goes into a directory of its own | add `name:` to its `with:`",
        ],
        false,
    ),
    (
        2,
        "          path: dist/\n",
        "          path: out/\n",
        &["Error ci.yml:54: downloads into `out/`, and the release is taken from `dist` | path: dist/"],
        true,
    ),
    (
        2,
        "          path: dist/\n",
        "",
        &[
            "Error ci.yml:51: downloads into the working directory, and the release is taken from `dist` | path: dist/",
        ],
        true,
    ),
    (
        1,
        "          path: dist/\n",
        "          path: out/\n",
        &["Error ci.yml:41: uploads `out/`, and the release lies in `dist` | path: dist/"],
        true,
    ),
    (
        1,
        "      - uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1\n        with:\n          name: dist\n          path: dist/\n",
        "",
        &[
            "Error ci.yml:51: nothing puts a release into `dist` before | add a step with `actions/download-artifact` and the `name` that the job before uploads",
        ],
        false,
    ),
];

#[test]
fn needs_tags_and_artifacts() {
    assert_found(ORDER);
}

const STEPS: &[Case] = &[
    (
        1,
        "cargo xtask ci",
        "cargo xtask c1",
        &["Error ci.yml:19: `cargo xtask c1` does not run: unrecognized subcommand | cargo xtask --help"],
        false,
    ),
    (
        1,
        "cargo xtask ci",
        "cargo xtask ci && cargo xtask check",
        &[
            "Warning ci.yml:19: `cargo xtask ci && cargo xtask check` is a script, not one `cargo xtask` command: it has `&` | make it a command or a CI step of your own, in the config",
        ],
        false,
    ),
    (
        1,
        "- run: cargo xtask ci",
        "- run: |\n          cargo xtask ci\n          echo done",
        &[
            "Warning ci.yml:19: `cargo xtask ci` is a script, not one `cargo xtask` command: it has more than one line | make it a command or a CI step of your own, in the config",
        ],
        false,
    ),
    (
        1,
        "- run: cargo xtask ci\n",
        "- run: helm dependency build charts/web\n      - run: cargo xtask ci\n",
        &[
            "Note ci.yml:19: `helm dependency build charts/web` is not needed: `cargo xtask` fetches what Chart.lock names | delete the step, unless one with another program needs the archives in charts/",
        ],
        false,
    ),
    (
        1,
        "- run: cargo xtask ci\n",
        "- run: cargo xtask ci\n      - run: helm lint charts/web\n",
        &[
            "Note ci.yml:20: `helm lint charts/web` is no `cargo xtask` command: what CI does is not all in one place | make it a command or a CI step of your own, in the config",
        ],
        false,
    ),
    (
        1,
        "- run: cargo xtask ci\n",
        "- run: cargo xtask ci\n      - run: go test ./... | tee log\n      - run: |\n          npm ci\n          echo ${{ github.head_ref }}\n",
        &[],
        false,
    ),
    (
        1,
        "- run: cargo xtask ci\n",
        "- run: cargo xtask ci\n      - run: cargo xtask check ${{ github.head_ref }}\n",
        &[
            "Warning ci.yml:20: `cargo xtask check ${{ github.head_ref }}` has `${{` in it: whoever writes what it stands for writes the command | set a variable below `env:` of the step, and let the command read it",
        ],
        false,
    ),
    (
        1,
        "      - uses: actions/upload-artifact@",
        "      - run: echo ${{ github.head_ref }}\n      - uses: actions/upload-artifact@",
        &[
            "Warning ci.yml:38: `echo ${{ github.head_ref }}` has `${{` in it: whoever writes what it stands for writes the command | set a variable below `env:` of the step, and let the command read it",
        ],
        false,
    ),
    (
        1,
        "  helm-release:\n",
        "  other:\n    concurrency: ci\n    steps:\n      - uses: actions/checkout@v7\n      - uses: a/b@main\n      - run: make ${{ github.head_ref }} | helm template x\n  helm-release:\n",
        &[],
        false,
    ),
    (
        1,
        "- run: cargo xtask release --publish=oci,pages\n",
        "- continue-on-error: true\n        run: cargo xtask release --publish=oci,pages\n",
        &[
            "Warning ci.yml:35: a release that fails would look like one that succeeded | delete `continue-on-error:`",
        ],
        false,
    ),
    (
        1,
        "    needs: helm-release\n",
        "    needs: helm-release\n    continue-on-error: true\n",
        &[
            "Warning ci.yml:44: a release that fails would look like one that succeeded | delete `continue-on-error:`",
        ],
        false,
    ),
    (
        1,
        "  check:\n",
        "  check:\n    defaults: {run: {working-directory: xtask}}\n    continue-on-error: true\n",
        &[
            "Note ci.yml:21: `cargo xtask` works from the root of the repository wherever it is run, and paths of its options do not | give the step `working-directory: .`",
        ],
        false,
    ),
    (
        1,
        "- run: cargo xtask ci\n",
        "- run: cargo xtask ci\n        working-directory: xtask\n",
        &[
            "Note ci.yml:20: `cargo xtask` works from the root of the repository wherever it is run, and paths of its options do not | delete `working-directory:`",
        ],
        false,
    ),
    (
        1,
        "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
        "@v7",
        &[
            "Warning ci.yml:16: `actions/checkout` is not pinned by commit: what `v7` names can be exchanged | git ls-remote https://github.com/actions/checkout v7 'v7^{}', then write `uses: actions/checkout@COMMIT # v7`",
        ],
        false,
    ),
    (
        1,
        " # v7.0.1",
        "",
        &[
            "Note ci.yml:16: nobody sees which version of `actions/checkout` this commit is | git ls-remote --tags https://github.com/actions/checkout | grep 3d3c42e5aac5ba805825da76410c181273ba90b1, then write the version behind it: `# v1.2.3`",
        ],
        false,
    ),
    (
        1,
        "persist-credentials: false",
        "persist-credentials: true",
        &[
            "Warning ci.yml:18: git keeps the token where every later step finds it, and what it builds too | persist-credentials: false, below `with:`",
        ],
        true,
    ),
    (
        1,
        "        with:\n          persist-credentials: false\n",
        "",
        &[
            "Warning ci.yml:16: git keeps the token where every later step finds it, and what it builds too | persist-credentials: false, below `with:`",
        ],
        true,
    ),
    (
        1,
        "          persist-credentials: false\n",
        "          fetch-depth: 0\n",
        &[
            "Warning ci.yml:16: git keeps the token where every later step finds it, and what it builds too | persist-credentials: false, below `with:`",
        ],
        true,
    ),
    (
        1,
        "      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n",
        "",
        &[
            "Error ci.yml:16: job `check` has not checked the repository out | begin its steps with `uses: actions/checkout@COMMIT`, as https://d44b.github.io/pulltrace/ci/ shows it",
        ],
        false,
    ),
];

#[test]
fn commands_and_actions() {
    assert_found(STEPS);
}

const OTHERS: &[Case] = &[
    (
        1,
        "- run: cargo xtask ci",
        "- run: cargo xtask check",
        &[
            "Warning .github/workflows: no workflow runs `cargo xtask ci`: nobody looks at what is pushed | add a job with `- run: cargo xtask ci`, as https://d44b.github.io/pulltrace/ci/ shows it",
        ],
        false,
    ),
    (
        1,
        "      - uses: actions/upload-artifact@",
        "      - run: helm push dist/web-1.0.0.tgz oci://ghcr.io/o/charts\n      - uses: actions/upload-artifact@",
        &[
            "Note ci.yml:38: `helm push dist/web-1.0.0.tgz oci://ghcr.io/o/charts` is no `cargo xtask` command: what CI does is not all in one place | make it a command or a CI step of your own, in the config",
            "Warning ci.yml:38: `helm push` publishes to `oci://ghcr.io/o/charts` as well as `cargo xtask` | delete the step: a published version must have one digest",
        ],
        false,
    ),
    (
        1,
        "      - uses: actions/upload-artifact@",
        "      - uses: softprops/action-gh-release@3d3c42e5aac5ba805825da76410c181273ba90b1 # v3\n      - uses: actions/upload-artifact@",
        &[
            "Warning ci.yml:38: `softprops/action-gh-release` publishes to GitHub Releases as well as `cargo xtask` | delete the step; what else belongs to the release is added to the draft",
        ],
        false,
    ),
];

#[test]
fn who_else_publishes() {
    assert_found(OTHERS);
}

/// The condition of the check, that of the job that releases, and what is found.
#[test]
fn who_runs_for_what() {
    let others =
        "Error: job `helm-release` releases, and runs for every `push` too, where there is no tag: it fails";
    let failed = "Warning: job `helm-release` runs though a job that it needs has failed";
    let skipped = "Error: tags such as `v1.2.3` release charts, and job `check` does not run for them";
    let tags = "startsWith(github.ref, 'refs/tags/')";
    let not_tags = "github.ref_type != 'tag'";
    for (check, release, expected) in [
        ("", tags, &[][..]),
        ("", "github.event.created && github.ref_type == 'tag'", &[]),
        ("", "github['ref_type'] == 'tag'", &[]),
        ("", "startsWith(github.event.ref, 'refs/tags/')", &[]),
        ("", "contains(github.ref, 'tags')", &[]),
        ("", "!startsWith(github.ref, 'refs/heads/') && github.event_name == 'push'", &[]),
        ("", "!contains(github.ref, '-rc') && startsWith(github.ref, 'refs/tags/')", &[]),
        ("", "contains(fromJSON(vars.REFS), github.ref)", &[]),
        ("", "github.event_name == 'push'", &[others]),
        ("", "github.event_name != 'pull_request'", &[others]),
        ("", "github.ref_type == 'tag' || github.ref == 'refs/heads/main'", &[others]),
        ("", "github.repository == 'o/shop'", &[others]),
        ("github.ref_type == 'tag'", "true", &[]),
        ("github.ref_type == 'tag'", "!cancelled()", &[others, failed]),
        (not_tags, tags, &[skipped]),
        (not_tags, "success() && github.ref_type == 'tag'", &[skipped]),
        (not_tags, "!failure() && !cancelled() && startsWith(github.ref, 'refs/tags/')", &[]),
        (not_tags, "always() && startsWith(github.ref, 'refs/tags/')", &[failed]),
        ("", "always() && needs.check.result == 'success' && github.ref_type == 'tag'", &[]),
    ] {
        let own =
            |text: &str| if text.is_empty() { String::new() } else { format!("    if: ${{{{ {text} }}}}\n") };
        // A job that needs one which needs a skipped one is skipped, too.
        let (text, _) = super::GOOD.split_once("  github-release:").expect("a second release");
        let text = text.replace("    if: startsWith(github.ref, 'refs/tags/v')\n", &own(release));
        let text = text.replacen("  check:\n", &format!("  check:\n{}", own(check)), 1);
        let mut found: Vec<String> = super::find_faults(&text)
            .iter()
            .map(|one| format!("{:?}: {}", one.problem.severity, one.problem.message))
            .collect();
        found.sort();
        assert_eq!(found, expected, "{check} | {release}");
    }
}

/// What an action of the repository's own runs is run by the job that uses it, and so is a workflow that another calls.
#[test]
fn actions_and_workflows_of_the_repository() {
    let action = |run: &str| {
        let text = format!("runs:\n  using: composite\n  steps:\n    - run: {run}\n      shell: bash\n");
        read_action(&text, ".github/actions/x/action.yml").expect("an action")
    };
    let nested = "runs:\n  using: composite\n  steps:\n    - uses: ./.github/actions/x/\n";
    let nested = read_action(nested, "a/action.yaml").expect("an action");
    let uses = |uses: &str| super::GOOD.replace("run: cargo xtask ci", &format!("uses: {uses}"));
    let find = |text: &str, action: Workflow| {
        let workflows = [read_workflow(text, "ci.yml").expect("a workflow"), action, nested.clone()];
        check_workflows(&SHOP, super::AROUND, &workflows, &super::parse)
            .iter()
            .map(super::told)
            .collect::<Vec<_>>()
    };
    assert_eq!(find(&uses("./.github/actions/x"), action("cargo xtask ci")), [""; 0]);
    assert_eq!(find(&uses("./a"), action("cargo xtask ci")), [""; 0]);
    let drift = find(&uses("./.github/actions/y"), action("cargo xtask ci"));
    assert!(drift[0].contains("no workflow runs `cargo xtask ci`"), "{drift:#?}");
    let other = find(&uses("./a"), action("helm push web.tgz oci://ghcr.io/o/charts"));
    assert!(
        other[1].starts_with("Warning .github/actions/x/action.yml:4: `helm push` publishes to"),
        "{other:#?}"
    );
    let called = "on: workflow_call\njobs:\n  check:\n    permissions: {contents: read}\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with: {persist-credentials: false}\n      - run: cargo xtask ci\n";
    let called = read_workflow(called, "called.yml").expect("a workflow");
    assert_eq!(find(&uses("./.github/workflows/called.yml"), called), [""; 0]);
}
