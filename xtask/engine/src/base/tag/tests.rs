//! Tags and patterns, by table.

use super::*;

fn patterns(texts: &[&str]) -> TagPatterns {
    TagPatterns(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn charts(versions: &[(&str, &str, &str)]) -> Vec<ChartVersion> {
    let chart = |(name, version, app_version): &(&str, &str, &str)| ChartVersion {
        name: (*name).to_owned(),
        version: (*version).to_owned(),
        app_version: (*app_version).to_owned(),
    };
    versions.iter().map(chart).collect()
}

const NAMES: [(&str, &str, &str); 5] = [
    ("web", "0.0.0", ""),
    ("web-api", "0.0.0", ""),
    ("a", "0.0.0", ""),
    ("a-1.0.0", "0.0.0", ""),
    ("v1", "0.0.0", ""),
];

/// `CHART VERSION`, or the kind and the message.
fn told(texts: &[&str], tag: &str, versions: &[(&str, &str, &str)]) -> String {
    shown(patterns(texts).read(tag, &charts(versions)))
}

fn shown(read: Result<Tag, BadTag>) -> String {
    match read {
        Ok(tag) => format!("{} {}", tag.chart.as_deref().unwrap_or("all"), tag.version),
        Err(bad) => format!("{:?}: {} | {}", bad.kind, bad.message, bad.hint),
    }
}

#[test]
fn tags_by_their_patterns() {
    for (texts, tag, expected) in [
        (&DEFAULT[..], "v1.2.3", "all 1.2.3"),
        (&DEFAULT, "v1.2.3-rc.1+build.5", "all 1.2.3-rc.1+build.5"),
        (&DEFAULT, "web-1.2.3", "web 1.2.3"),
        (&DEFAULT, "web-api-1.2.3-rc-1", "web-api 1.2.3-rc-1"),
        (&["{version}"], "1.2.3", "all 1.2.3"),
        (&["v{version}", "{version}"], "1.2.3", "all 1.2.3"),
        (&["v{version}", "{version}"], "v1.2.3", "all 1.2.3"),
        (&["{name}-v{version}"], "web-v1.2.3", "web 1.2.3"),
        (&["helm-chart-{version}"], "helm-chart-1.2.3", "all 1.2.3"),
        (&["{name}/v{version}"], "web-api/v1.2.3", "web-api 1.2.3"),
        (&["chart/{name}/{version}"], "chart/web/1.2.3", "web 1.2.3"),
        (&["{version}-{name}"], "1.2.3-web", "web 1.2.3"),
    ] {
        assert_eq!(told(texts, tag, &NAMES), expected, "{texts:?}");
    }
}

#[test]
fn tags_that_are_refused() {
    for (tag, kind, cause) in [
        ("", "NoRelease", "tag `` is not a release tag |"),
        ("1.2.3", "NearMiss", "tag `1.2.3` is not a release tag |"),
        ("latest", "NoRelease", "release tags are `v1.2.3` for all charts and `NAME-1.2.3` for one"),
        ("v1.2", "NearMiss", "unexpected end"),
        ("v01.2.3", "NearMiss", "leading zero"),
        ("v1.2.3-01", "NearMiss", "leading zero"),
        ("v1.2.3 ", "NoRelease", "unexpected character"),
        ("v1.2.3/../../etc", "NoRelease", "unexpected character"),
        ("v1.2.3;rm -rf ~", "NoRelease", "unexpected character"),
        ("v1.2.3\n::warning::x", "NoRelease", "unexpected character"),
        ("-v1.2.3", "NearMiss", "is not a release tag |"),
        ("--upload-pack=x-1.2.3", "OfOther", "there is no chart `--upload-pack=x`"),
        ("../web-1.2.3", "OfOther", "there is no chart `../web`"),
        ("other-1.2.3", "OfOther", "there is no chart `other`"),
        ("helm-xtask-0.2.0", "OfOther", "there is no chart `helm-xtask`"),
        ("other/v1.2.3", "OfOther", "there is no chart `other`"),
        ("v1", "NoRelease", "unexpected end"),
        ("nightly-2026-01-02", "NoRelease", "is not a release tag |"),
        (
            "a-1.0.0-1.0.0",
            "Ambiguous",
            "more than one way: chart `a` at 1.0.0-1.0.0, or chart `a-1.0.0` at 1.0.0",
        ),
        ("v99999999999999999999.0.0", "NearMiss", "exceeds"),
    ] {
        let told = told(&DEFAULT, tag, &NAMES);
        assert!(told.starts_with(kind) && told.contains(cause), "{tag:?}: {told}");
        assert!(!told.contains('\n'), "{told:?}");
    }
}

#[test]
fn near_misses_with_the_ways_out() {
    let git = |tag: &str| format!("git tag {tag} && git push origin {tag}");
    for (texts, tag, expected) in [
        (&DEFAULT[..], "1.2.3", git("v1.2.3") + ", or add `{version}` to `tags` in the config"),
        (&DEFAULT, "v1.2", git("v1.2.0")),
        (&DEFAULT, "V1.2.3", git("v1.2.3") + ", or add `V{version}` to `tags` in the config"),
        (&DEFAULT, "web/v1.2.3", git("web-1.2.3") + ", or add `{name}/v{version}` to `tags` in the config"),
        (&DEFAULT, "web_1.2.3", git("web-1.2.3") + ", or add `{name}_{version}` to `tags` in the config"),
        (&DEFAULT, "web-v1.2.3", git("web-1.2.3") + ", or add `{name}-v{version}` to `tags` in the config"),
        (&DEFAULT, "Web-1.2.3", git("web-1.2.3")),
        (
            &["helm-chart-{version}"],
            "helm-chart/1.2.3",
            git("helm-chart-1.2.3") + ", or add `helm-chart/{version}` to `tags` in the config",
        ),
        (
            &["chart/{name}/{version}"],
            "chart/web-1.2.3",
            git("chart/web/1.2.3") + ", or add `chart/{name}-{version}` to `tags` in the config",
        ),
        (&["{name}-{version}"], "v1.2.3", "release tags are `NAME-1.2.3` for one chart".to_owned()),
    ] {
        let told = told(texts, tag, &NAMES);
        assert!(told.starts_with("NearMiss") && told.ends_with(&format!(" | {expected}")), "{tag}: {told}");
    }
}

/// As Helm takes them, whose versions may have a `v` or too few numbers.
#[test]
fn versions_as_a_chart_spells_them() {
    let spelled = [("web", "v1.15.0", ""), ("db", "0.9", "")];
    for (tag, expected) in [
        ("v1.15.0", "all 1.15.0"),
        ("web-v1.15.0", "web 1.15.0"),
        ("web-1.15.0", "web 1.15.0"),
        ("web-1.16.0", "web 1.16.0"),
        ("v0.9", "all 0.9.0"),
        ("db-0.9", "db 0.9.0"),
        ("db-0.9.0", "db 0.9.0"),
    ] {
        assert_eq!(told(&DEFAULT, tag, &spelled), expected, "{tag}");
    }
    for tag in ["web-v1.16.0", "db-v0.9.0", "web-0.9"] {
        assert!(told(&DEFAULT, tag, &spelled).starts_with("NearMiss"), "{tag}");
    }
    let written = |texts: &[&str]| {
        let patterns = patterns(texts);
        (patterns.for_all("v1.15.0"), patterns.for_chart("web", "v1.15.0"))
    };
    assert_eq!(written(&DEFAULT), (Some("v1.15.0".to_owned()), "web-v1.15.0".to_owned()));
    assert_eq!(written(&["{name}/v{version}"]), (None, "web/v1.15.0".to_owned()));
    assert_eq!(written(&["{version}", "v{version}"]), (Some("v1.15.0".to_owned()), "v1.15.0".to_owned()));
}

#[test]
fn the_version_of_the_application() {
    let charts = [("web", "3.13.1", "v0.8.1")];
    let expected = "OfOther: tag `0.8.1` is that of the application: it is the `appVersion` of chart `web`, whose version is 3.13.1 | the tag that releases the chart: git tag web-3.13.1 && git push origin web-3.13.1";
    assert_eq!(told(&DEFAULT, "0.8.1", &charts), expected);
    assert!(
        told(&["helm-chart-{version}"], "v0.8.1", &charts).ends_with("git push origin helm-chart-3.13.1")
    );
    assert!(told(&["helm-chart-{version}"], "v0.8.2", &charts).starts_with("NearMiss"));
}

/// Where Chart.yaml says the version.
#[test]
fn versions_that_no_chart_has() {
    let many = [("web", "3.13.1", "v1.27.3"), ("db", "1.0.0", "")];
    let helm_chart = &["helm-chart-{version}"][..];
    for (texts, tag, expected) in [
        (
            helm_chart,
            "v1.28.0",
            "OfOther: tag `v1.28.0` is not a release tag: no chart has this version | release tags",
        ),
        (helm_chart, "1.28.0", "OfOther"),
        (helm_chart, "v3.13.1", "NearMiss: tag `v3.13.1` is not a release tag | release tags"),
        (
            helm_chart,
            "helm-chart/1.28.0",
            "NearMiss: tag `helm-chart/1.28.0` is not a release tag | release tags",
        ),
        (
            &["v{version}"],
            "v1.28",
            "NearMiss: tag `v1.28` is not a release tag: unexpected end of input while parsing minor version number | release tags",
        ),
        (&["v{version}"], "v1.28.0", "all 1.28.0"),
        (&DEFAULT, "1.28.0", "OfOther"),
        (&DEFAULT, "web-v3.13.1", "NearMiss: tag `web-v3.13.1` is not a release tag | git tag web-3.13.1 "),
        (&DEFAULT, "web-v1.0.0", "NearMiss: tag `web-v1.0.0` is not a release tag | release tags"),
        // That tag would release both.
        (&["v{version}"], "web-3.13.1", "NearMiss: tag `web-3.13.1` is not a release tag | release tags"),
    ] {
        let told = shown(patterns(texts).read_verified(tag, &charts(&many)));
        assert!(told.starts_with(expected), "{texts:?} {tag}: {told}");
    }
    let one = patterns(helm_chart).read_verified("v3.13.1", &charts(&many[..1]));
    assert!(shown(one).contains("git tag helm-chart-3.13.1 "));
    let one = patterns(&["v{version}"]).read_verified("web-3.13.1", &charts(&many[..1]));
    assert!(shown(one).contains("git tag v3.13.1 "));
}

/// Where both have one version, a version alone is that of the application if no pattern is like that.
#[test]
fn the_version_of_both() {
    let charts = [("web", "0.8.1", "v0.8.1")];
    assert!(told(&DEFAULT, "0.8.1", &charts).starts_with("NearMiss"));
    assert_eq!(told(&DEFAULT, "v0.8.1", &charts), "all 0.8.1");
    assert!(told(&["helm-chart-{version}"], "v0.8.1", &charts).starts_with("OfOther"));
    assert_eq!(told(&["helm-chart-{version}"], "helm-chart-0.8.1", &charts), "all 0.8.1");
    assert!(told(&["{name}-{version}"], "0.8.1", &charts).starts_with("OfOther"));
}

#[test]
fn patterns_have_one_version() {
    for text in ["v{version}", "{version}", "{name}/{version}", "{version}_{name}"] {
        assert!(is_pattern(text), "{text}");
    }
    for text in
        ["", "v", "{name}", "{version}{version}", "{name}{name}{version}", "{a}{version}", "{version}}"]
    {
        assert!(!is_pattern(text), "{text}");
    }
}
