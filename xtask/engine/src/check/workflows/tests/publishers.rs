//! Who publishes by other means, and where.

use super::*;
use crate::base::tag::ChartVersion;
use crate::check::workflows::publishers::{Publisher, publishers};

/// What is found of a step: the action or command, `elsewhere` where it is, and what it names.
fn shown(step: &str) -> String {
    let text = format!(
        "on: push\nenv: {{PAGES: gh-pages, OTHER: other}}\njobs:\n  a:\n    steps:\n      - {step}\n"
    );
    let workflow = read_workflow(&text, "ci.yml").expect("a workflow");
    let workflows = [workflow];
    let found = publishers(&SHOP, &workflows);
    let one = |one: &Publisher<'_>| {
        assert_eq!((one.line, one.workflow.file.as_str(), one.step.line), (6, "ci.yml", 6));
        let elsewhere = if one.is_elsewhere { " elsewhere" } else { "" };
        format!("{}{elsewhere} {}", one.what, one.destination.as_deref().unwrap_or("-"))
    };
    found.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn commands_are_judged_by_what_they_do_and_where() {
    for (script, expected) in [
        ("helm push web.tgz oci://ghcr.io/o/charts", "helm push oci://ghcr.io/o/charts"),
        ("helm push web.tgz oci://GHCR.io/o/charts/", "helm push oci://GHCR.io/o/charts/"),
        ("helm push web.tgz oci://ghcr.io/$OWNER/charts", "helm push oci://ghcr.io/$OWNER/charts"),
        (
            "helm push web.tgz \\\n  oci://ghcr.io/${{ github.actor }}/charts",
            "helm push oci://ghcr.io/${{ github.actor }}/charts",
        ),
        (
            "R=oci://ghcr.io/o/charts\nif true; then helm push w \"$R\"; fi",
            "helm push oci://ghcr.io/o/charts",
        ),
        (
            "helm push web.tgz oci://ghcr.io/${{ github.repository_owner }}/charts",
            "helm push oci://ghcr.io/o/charts",
        ),
        (
            "helm push a oci://ghcr.io/$GITHUB_REPOSITORY/charts",
            "helm push elsewhere oci://ghcr.io/o/shop/charts",
        ),
        ("helm push web.tgz \"$REGISTRY\"", "helm push $REGISTRY"),
        ("helm push web.tgz oci://ghcr.io/o/x", "helm push elsewhere oci://ghcr.io/o/x"),
        ("helm push web.tgz oci://r.example/$X", "helm push elsewhere oci://r.example/$X"),
        (
            "helm push a oci://r.example/x && helm push a oci://ghcr.io/o/charts",
            "helm push elsewhere oci://r.example/x, helm push oci://ghcr.io/o/charts",
        ),
        ("echo \"helm push x oci://ghcr.io/o/charts\" # helm push", ""),
        ("helm package web; helm registry login ghcr.io", ""),
        ("oras push ghcr.io/o/charts/web:1.0.0 a.tgz", "oras push oci://ghcr.io/o/charts/web:1.0.0"),
        ("oras push --config a.json:x/y ghcr.io/o/sbom:1 a", "oras push elsewhere oci://ghcr.io/o/sbom:1"),
        (
            "oras push ghcr.io/o/charts/web:artifacthub.io a",
            "oras push elsewhere oci://ghcr.io/o/charts/web:artifacthub.io",
        ),
        ("crane push a.tar ghcr.io/o/$IMAGE", "crane push oci://ghcr.io/o/$IMAGE"),
        ("helm cm-push web mine; helm s3 push a b", "helm cm-push elsewhere -, helm s3 push elsewhere -"),
        ("gh release create \"$TAG\" --notes x", "gh release create -"),
        ("gh release upload v1 a -R o/shop", "gh release upload o/shop"),
        ("gh release upload v1 a --repo=other/shop", "gh release upload elsewhere other/shop"),
        ("gh release view v1 || gh release download v1", ""),
        ("cr upload -o o -r shop && cr index --push", "cr upload shop, cr index gh-pages"),
        ("git push origin main --tags", ""),
        ("git push", ""),
        ("git push origin HEAD:gh-pages", "git push gh-pages"),
        ("git -C site push -f origin +main:refs/heads/gh-pages", "git push gh-pages"),
        ("B=gh-pages\ngit push --force origin \"$B\"", "git push gh-pages"),
        ("git push origin $PAGES; git push origin $OTHER", "git push gh-pages"),
        ("git checkout --orphan gh-pages\ngit push", "git push gh-pages"),
        ("git switch gh-pages; git switch main\ngit push origin HEAD", ""),
        ("git checkout gh-pages -- index.yaml\ngit push", ""),
        ("git clone -b gh-pages https://x site; cd site; git push", "git push gh-pages"),
        (
            "git push https://x:$T@github.com/o/shop.git gh-pages",
            "git push https://x:$T@github.com/o/shop.git",
        ),
        ("git push https://x:$T@github.com/o/$R gh-pages", "git push https://x:$T@github.com/o/$R"),
        (
            "git push https://github.com/other/repo gh-pages",
            "git push elsewhere https://github.com/other/repo",
        ),
        ("git push git@example.com:o/shop gh-pages", "git push elsewhere git@example.com:o/shop"),
        ("git subtree push --prefix site origin gh-pages", "git subtree push gh-pages"),
        ("npx --yes gh-pages -d site", "gh-pages gh-pages"),
        ("gh-pages --branch docs -d site", "gh-pages elsewhere docs"),
        ("uv run mkdocs gh-deploy --force", "mkdocs gh-deploy gh-pages"),
        ("mike deploy -b $OTHER 1.0", "mike deploy elsewhere other"),
        ("ghp-import -p site", "ghp-import gh-pages"),
        ("npx semantic-release", "semantic-release -"),
        ("npx semantic-release --dry-run; goreleaser release --snapshot; goreleaser check", ""),
        ("release-please github-release --repo-url=o/shop", "release-please github-release o/shop"),
        ("goreleaser release --clean", "goreleaser release -"),
    ] {
        let script_in_yaml = script.replace('\n', "\n          ");
        assert_eq!(shown(&format!("run: |\n          {script_in_yaml}")), expected, "{script}");
    }
}

#[test]
fn actions_are_judged_by_their_inputs() {
    for (uses, with, expected) in [
        ("peaceiris/actions-gh-pages", "", "peaceiris/actions-gh-pages gh-pages"),
        ("Peaceiris/actions-gh-pages", "publish_branch: site", "Peaceiris/actions-gh-pages elsewhere site"),
        (
            "peaceiris/actions-gh-pages",
            "external_repository: a/b",
            "peaceiris/actions-gh-pages elsewhere a/b",
        ),
        ("JamesIves/github-pages-deploy-action", "branch: $X", "JamesIves/github-pages-deploy-action $X"),
        (
            "peaceiris/actions-gh-pages",
            "external_repository: \"${{ github.repository }}\"",
            "peaceiris/actions-gh-pages o/shop",
        ),
        ("J12934/helm-gh-pages-action", "", "J12934/helm-gh-pages-action gh-pages"),
        ("stefanprodan/helm-gh-pages", "repository: shop", "stefanprodan/helm-gh-pages shop"),
        ("stefanprodan/helm-gh-pages", "repository: charts", "stefanprodan/helm-gh-pages elsewhere charts"),
        (
            "appany/helm-oci-chart-releaser",
            "registry: ghcr.io, repository: o/charts",
            "appany/helm-oci-chart-releaser oci://ghcr.io/o/charts",
        ),
        (
            "appany/helm-oci-chart-releaser",
            "registry: r.example, repository: x",
            "appany/helm-oci-chart-releaser elsewhere oci://r.example/x",
        ),
        ("helm/chart-releaser-action", "", "helm/chart-releaser-action gh-pages"),
        ("helm/chart-releaser-action", "skip_upload: true", ""),
        ("softprops/action-gh-release", "repository: a/b", "softprops/action-gh-release elsewhere a/b"),
        ("googleapis/release-please-action", "", "googleapis/release-please-action -"),
        ("goreleaser/goreleaser-action", "args: release --clean", "goreleaser/goreleaser-action -"),
        ("goreleaser/goreleaser-action", "args: release --snapshot", ""),
        ("goreleaser/goreleaser-action", "install-only: true", ""),
        ("cycjimmy/semantic-release-action", "dry_run: true", ""),
        ("ad-m/github-push-action", "", ""),
        ("ad-m/github-push-action", "branch: main", ""),
        ("ad-m/github-push-action", "branch: gh-pages", "ad-m/github-push-action gh-pages"),
        ("EndBug/add-and-commit", "push: origin gh-pages", "EndBug/add-and-commit origin gh-pages"),
        (
            "stefanzweifel/git-auto-commit-action",
            "branch: gh-pages",
            "stefanzweifel/git-auto-commit-action gh-pages",
        ),
        ("svenstaro/upload-release-action", "", "svenstaro/upload-release-action -"),
        ("actions/checkout", "ref: gh-pages", ""),
    ] {
        assert_eq!(shown(&format!("uses: {uses}@v1\n        with: {{{with}}}")), expected, "{uses} {with}");
    }
}

/// Releases of an application are in nobody's way where their tags are not those of charts.
#[test]
fn releases_of_an_application() {
    let chart = |version: &str| ChartVersion {
        name: "web".to_owned(),
        version: version.to_owned(),
        ..ChartVersion::default()
    };
    let charts = [chart("1.0.0")];
    let around = Around { charts: &charts, ..AROUND };
    let on = |on: &str, step: &str| format!("on: {on}\njobs:\n  app:\n    steps:\n      - {step}\n");
    let (branch, tags) = ("{push: {branches: [main]}}", "{push: {tags: [v*]}}");
    let own_tags = SHOP.clone().tags(["chart-{version}"]);
    let ours = GOOD.replace("[v*]", "[chart-*]").replace("'refs/tags/v'", "'refs/tags/chart-'");
    for (config, ours, other, is_found) in [
        (&*SHOP, GOOD, on(branch, "uses: googleapis/release-please-action@v4"), true),
        (&SHOP, GOOD, on(tags, "run: goreleaser release"), true),
        (&SHOP, GOOD, on("{push: {tags: [app-*]}}", "run: goreleaser release"), false),
        (&SHOP, GOOD, on("{release: {types: [published]}}", "run: gh release upload $TAG a"), false),
        (&own_tags, &ours, on(branch, "uses: googleapis/release-please-action@v4"), false),
        (&own_tags, &ours, on(tags, "run: gh release create $TAG"), false),
        (&own_tags, &ours, on("{push: {tags: ['*']}}", "run: gh release create $TAG"), true),
        (
            &own_tags,
            &ours,
            on("{push: {tags: ['*']}}", "if: github.ref_type == 'tag'\n        run: cr upload"),
            true,
        ),
    ] {
        let workflows = [ours, &other].map(|text| read_workflow(text, "a.yml").expect("a workflow"));
        let found = check_workflows(config, around, &workflows, &parse);
        let is_other = |one: &Finding| one.problem.message.contains("as well as");
        assert_eq!(found.iter().any(is_other), is_found, "{other}");
    }
}
