//! `cargo xtask check` on the workflows of this repository, as they are and with one thing broken at a time.

use crate::ci::workflows;
use crate::sandbox::Sandbox;

/// A repository with a chart and these workflows.
fn sandbox(workflows: &[(String, String)]) -> Sandbox {
    let chart = [
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "a: 1\n"),
    ];
    let workflows = workflows.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    Sandbox::with_commit(
        &chart
            .into_iter()
            .chain([("mkdocs.yml", "site_name: Web\n"), ("docs/index.md", "# Web\n")])
            .chain(workflows)
            .collect::<Vec<_>>(),
    )
}

/// What `check` finds in workflows, each with its hint.
fn found(sandbox: &Sandbox, args: &[&str]) -> String {
    let ran = sandbox.xtask(&[&["check", "--offline", "--helm", "never"], args].concat());
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let is_ours =
        |line: &str| line.split_once(": ").is_some_and(|(_, rest)| rest.starts_with(".github/workflows"));
    let ours = lines.windows(2).filter(|pair| is_ours(pair[0])).flatten();
    ours.fold(String::new(), |text, line| text + line + "\n")
}

/// The workflows with one place changed.
fn broken(file: &str, old: &str, new: &str) -> Vec<(String, String)> {
    let mut workflows = workflows();
    let (_, text) = workflows.iter_mut().find(|(path, _)| path.ends_with(file)).expect("the workflow");
    assert!(text.contains(old), "{old}");
    *text = text.replacen(old, new, 1);
    workflows
}

#[test]
fn the_workflows_of_this_repository_are_as_they_should_be() {
    assert_eq!(found(&sandbox(&workflows()), &[]), "");
}

/// What is broken, and what is found.
#[test]
fn what_is_broken_is_found_where_it_is() {
    for (file, old, new, expected) in [
        (
            "ci.yml",
            "      contents: write # gh-pages\n      packages: write # ghcr.io\n",
            "      contents: write # gh-pages\n",
            "\
error: .github/workflows/ci.yml:42: job `helm-release` publishes without `packages: write`: GitHub refuses it with 403
hint: add `packages: write` to its `permissions:`
",
        ),
        ("docs.yml", "group: deploy-gh-pages", "group: docs", "\
warning: .github/workflows/docs.yml:18: job `docs` waits in the group `docs`, and others who publish to the same branch in `deploy-gh-pages`
hint: group: deploy-gh-pages
"),
        ("ci.yml", "cargo xtask ci", "cargo xtask check | tee log", "\
warning: .github/workflows: no workflow runs `cargo xtask ci`: nobody looks at what is pushed
hint: add a job with `- run: cargo xtask ci`, as https://d44b.github.io/pulltrace/ci/ shows it
warning: .github/workflows/ci.yml:36: `cargo xtask check | tee log` is a script, not one `cargo xtask` command: it has `|`
hint: make it a command or a CI step of your own, in xtask/src/main.rs
"),
        ("docs.yml", "cargo xtask pages --only docs --publish", "cargo xtask pages --only doc --publish", "\
error: .github/workflows/docs.yml:33: `cargo xtask pages --only doc --publish` does not run: invalid value 'doc' for '--only <PART>'
hint: cargo xtask --help
"),
        ("ci.yml", "    needs: helm-release\n", "\
error: .github/workflows/ci.yml:71: job `github-release` does not need `helm-release`: it may download `dist` before that is uploaded
hint: needs: helm-release
", "\
note: .github/workflows: no workflow runs `cargo xtask release --publish`: a tag releases nothing
hint: add the jobs of https://d44b.github.io/pulltrace/ci/, or to release on merge those of https://d44b.github.io/pulltrace/several-charts/
warning: .github/workflows: no workflow runs `cargo xtask ci`: nobody looks at what is pushed
hint: add a job with `- run: cargo xtask ci`, as https://d44b.github.io/pulltrace/ci/ shows it
error: .github/workflows/ci.yml:76: cannot read it: mapping values are not allowed in this context
hint: mend the YAML: GitHub runs no workflow of a file that it cannot read
"),
        ("docs.yml", "      - run: pip install --no-deps --require-hashes --requirement .github/docs-requirements.txt\n", "", "\
error: .github/workflows/docs.yml:32: job `docs` publishes documentation, and no step before it installs zensical, which builds it
hint: add a step before it: `- run: pip install zensical`
"),
        ("ci.yml", "          name: dist\n", "          name: charts\n", "\
error: .github/workflows/ci.yml:94: no job of this workflow uploads an artifact `dist`
hint: what is uploaded is `charts`
"),
    ] {
        assert_eq!(found(&sandbox(&broken(file, old, new)), &[]), expected, "{old} -> {new}");
    }
}

/// What has nothing to do with charts is not spoken of, and the repository's own actions are read.
#[test]
fn jobs_of_others() {
    let other = "  app:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: ./.github/actions/push\n      - run: |\n          go test ./... | tee ${{ github.head_ref }}\n          echo \"helm push\" # helm push\n      - run: helm push app.tgz oci://registry.example/charts\n";
    let mut files = broken("ci.yml", "jobs:\n", &format!("jobs:\n{other}"));
    let action = "runs:\n  using: composite\n  steps:\n    - run: helm push web.tgz oci://ghcr.io/d44b/charts\n      shell: bash\n";
    files.push((".github/actions/push/action.yml".to_owned(), action.to_owned()));
    let sandbox = sandbox(&files);
    assert_eq!(found(&sandbox, &[]), "");
    let told = sandbox.xtask(&["check", "--offline", "--helm", "never"]).stderr;
    let expected = "warning: .github/actions/push/action.yml:4: `helm push` publishes to `oci://ghcr.io/d44b/charts` as well as `cargo xtask`\nhint: delete the step: a published version must have one digest\n";
    assert!(told.contains(expected), "{told}");
    sandbox.write(".github/workflows/ci.yml", "on: push\njobs:\n  a: &a {}\n  b:\n    <<: *a\n");
    let told = sandbox.xtask(&["check", "--offline", "--helm", "never"]).ended(1).stderr;
    assert!(told.contains("ci.yml:5: GitHub runs nothing of this file: it has a merge key"), "{told}");
}

#[test]
fn what_needs_no_thought_is_mended() {
    for (file, old, new) in [
        (
            "ci.yml",
            "      contents: write # gh-pages\n      packages: write # ghcr.io\n",
            "      contents: write # gh-pages\n",
        ),
        ("docs.yml", "group: deploy-gh-pages", "group: docs"),
        ("docs.yml", "      queue: max\n", ""),
        ("ci.yml", "cancel-in-progress: false", "cancel-in-progress: true"),
        ("ci.yml", "          persist-credentials: false\n", "          persist-credentials: true\n"),
        ("ci.yml", "    needs: helm-release\n", ""),
        ("ci.yml", "    if: startsWith(github.ref, 'refs/tags/v')\n    needs: check\n", ""),
    ] {
        let sandbox = sandbox(&broken(file, old, new));
        assert_ne!(found(&sandbox, &[]), "", "{old} -> {new}");
        assert_eq!(found(&sandbox, &["--fix"]), "", "{old} -> {new}");
        let good: String =
            workflows().into_iter().find(|(path, _)| path.ends_with(file)).expect("the workflow").1;
        let mended = sandbox.text(&format!(".github/workflows/{file}"));
        let difference = |from: &str, other: &str| from.lines().filter(|line| !other.contains(line)).count();
        assert!(difference(&good, &mended) <= 2 && difference(&mended, &good) <= 2, "{mended}");
    }
}

#[test]
fn a_file_that_cannot_be_read_hides_nothing_of_the_others() {
    let mut files = broken("docs.yml", "group: deploy-gh-pages", "group: docs");
    files.push((".github/workflows/other.yaml".to_owned(), "on: push\njobs: [\n".to_owned()));
    assert_eq!(found(&sandbox(&files), &[]), "\
warning: .github/workflows/docs.yml:18: job `docs` waits in the group `docs`, and others who publish to the same branch in `deploy-gh-pages`
hint: group: deploy-gh-pages
error: .github/workflows/other.yaml:3: cannot read it: did not find expected node content
hint: mend the YAML: GitHub runs no workflow of a file that it cannot read
");
}

#[test]
fn a_repository_without_workflows_is_told_what_nobody_runs() {
    assert_eq!(
        found(&sandbox(&[]), &[]),
        "\
note: .github/workflows: no workflow runs `cargo xtask release --publish`: a tag releases nothing
hint: add the jobs of https://d44b.github.io/pulltrace/ci/, or to release on merge those of https://d44b.github.io/pulltrace/several-charts/
warning: .github/workflows: no workflow runs `cargo xtask ci`: nobody looks at what is pushed
hint: add a job with `- run: cargo xtask ci`, as https://d44b.github.io/pulltrace/ci/ shows it
"
    );
}
