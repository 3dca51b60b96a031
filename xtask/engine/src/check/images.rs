//! Whether the images that values.yaml names are those that Chart.yaml speaks of.

use super::Chart;
use super::annotations::{Annotation, PREFIX, annotations};
use super::edit::{Edit, Finding};
use super::image_reference::Image;
use super::yaml::File;
use crate::base::config::Versions;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::yaml::{Node, Pair};

/// Images that charts run beside the application, or to prepare it.
const HELPERS: [&str; 12] = [
    "alpine",
    "bash",
    "busybox",
    "curl",
    "debian",
    "fedora",
    "git",
    "kubectl",
    "os-shell",
    "ubi-minimal",
    "ubuntu",
    "wget",
];

/// An image in values.yaml: `{registry, repository, tag}`.
struct Named {
    /// Its keys, such as `server.image`.
    path: String,
    repository: String,
    tag: String,
    /// The line of the tag, else of the repository.
    line: usize,
    is_main: bool,
}

/// Looks at the images of a chart in its values.yaml and its Chart.yaml.
pub fn check_images(
    chart: &Chart,
    values: &File<'_>,
    chart_yaml: &File<'_>,
    versions: Versions,
) -> Vec<Problem> {
    let (source, Some(package)) = (&chart.source, &chart.package) else { return Vec::new() };
    let mut images = Vec::new();
    values.for_each_pair(|keys, _, pair| images.extend(named(pair, keys, &package.metadata.name)));
    let falls_back = source.files.iter().any(|file| {
        let text = String::from_utf8_lossy(&file.data);
        file.path.starts_with("templates/") && text.lines().any(is_tag)
    });
    let app_version =
        App { version: &package.metadata.app_version, line: package.line("appVersion"), falls_back };
    let main = images.iter().filter(|image| image.is_main);
    let mut problems: Vec<Problem> = match versions {
        Versions::Verify | Versions::StampVersion => {
            main.filter_map(|image| app_version.differs(image, values, chart_yaml)).collect()
        }
        Versions::Stamp => main.filter_map(|image| app_version.fixed(image, values)).collect(),
    };
    for annotation in annotations(chart_yaml).filter(|one| one.key.strip_prefix(PREFIX) == Some("images")) {
        let app_version = (versions != Versions::Stamp).then_some(app_version.version);
        problems.extend(announced(&annotation, &images, values, app_version));
    }
    problems
}

/// Whether a line of a template makes the `appVersion` part of an image; in a label it tells people which one it is.
fn is_tag(line: &str) -> bool {
    line.contains(".Chart.AppVersion")
        && !line.contains("kubernetes.io/version")
        && !line.contains("version:")
}

/// Images of values.yaml that no runtime takes, since there are capitals in their names.
pub fn check_capitals(values: &File<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    values.for_each_pair(|_, _, pair| findings.extend(capitals(pair, values)));
    findings
}

fn capitals(pair: &Pair, values: &File<'_>) -> Option<Finding> {
    if !pair.key.written.to_lowercase().ends_with("image") {
        return None;
    }
    let nested = pair.value.get("repository");
    let of = nested.unwrap_or(pair);
    let written = of.value.text().filter(|text| !text.contains([' ', '{', '$', '<']))?;
    // A word alone may be the key of another value, or an image of another kind.
    if nested.is_none() && !written.contains('/') {
        return None;
    }
    let Image { repository, .. } = Image::split(written);
    let (host, path) = repository
        .split_once('/')
        .filter(|(first, _)| first.contains(['.', ':']))
        .map_or(("", repository), |(host, path)| (host, path));
    if repository.contains("://") || path.to_lowercase() == path {
        return None;
    }
    let slash = if host.is_empty() { "" } else { "/" };
    let lower = format!("{host}{slash}{}", path.to_lowercase());
    let message = format!("image {} has capitals in its name: no runtime pulls it", name(repository));
    let problem = Problem::error(message).at(&values.path, Some(of.value.line));
    let edit = Edit::within(&values.path, values.text, of.value.line, repository, &lower);
    Some(Finding::new(problem.hint(format!("write {}", name(&lower))), edit))
}

/// The version of what the chart installs.
struct App<'a> {
    version: &'a str,
    line: Option<usize>,
    /// Whether a template makes it the tag of an image.
    falls_back: bool,
}

impl App<'_> {
    fn differs(&self, image: &Named, values: &File<'_>, chart_yaml: &File<'_>) -> Option<Problem> {
        let line = self.line?;
        if !(is_version(&image.tag) && is_version(self.version)) || agree(&image.tag, self.version) {
            return None;
        }
        let message = format!(
            "`{}.tag` is {}, and the `appVersion` in {}:{line} is {}: users are told another version than runs",
            image.path,
            name(&image.tag),
            chart_yaml.path,
            name(self.version)
        );
        // No hint lowers a version.
        let is_older = numbers(&image.tag) < numbers(self.version);
        let empty = "write `tag: \"\"`, so that the templates take `.Chart.AppVersion`";
        let hint = match (self.falls_back, is_older) {
            (true, true) => empty.to_owned(),
            (true, false) => format!("{empty}, or `appVersion: \"{}\"`", image.tag),
            (false, true) => {
                format!("write the tag of the image of {}, or another `appVersion`", name(self.version))
            }
            (false, false) => format!("write `appVersion: \"{}\"` in {}", image.tag, chart_yaml.path),
        };
        // Where no template ties them, the image may have versions of its own.
        let problem = if self.falls_back { Problem::warning(message) } else { Problem::note(message) };
        Some(problem.at(&values.path, Some(image.line)).hint(hint))
    }

    /// A tag that stays as it is when a release changes `appVersion`.
    fn fixed(&self, image: &Named, values: &File<'_>) -> Option<Problem> {
        if !is_version(&image.tag) {
            return None;
        }
        let message = format!(
            "`{}.tag` stays {}, while each release makes its own version the `appVersion`",
            image.path,
            name(&image.tag)
        );
        let hint = if self.falls_back {
            "write `tag: \"\"`, so that the templates take `.Chart.AppVersion`".to_owned()
        } else {
            let value = format!("{{{{ .Values.{}.tag | default .Chart.AppVersion }}}}", image.path);
            format!("write `tag: \"\"`, and `{value}` in the template")
        };
        Some(Problem::warning(message).at(&values.path, Some(image.line)).hint(hint))
    }
}

fn named(pair: &Pair, keys: &[&str], chart: &str) -> Option<Named> {
    let field = |key: &str| pair.value.get(key).and_then(|pair| Some((pair.value.text()?, pair.line)));
    let (repository, at) = field("repository")?;
    let (tag, line) = field("tag").unwrap_or(("", at));
    let repository = match field("registry") {
        Some((registry, _)) if !registry.is_empty() => format!("{registry}/{repository}"),
        _ => repository.to_owned(),
    };
    let is_called = is_called(&repository, chart);
    let is_main = keys == ["image"] && !is_helper(&repository) || keys.ends_with(&["image"]) && is_called;
    Some(Named { path: keys.join("."), repository, tag: tag.to_owned(), line, is_main })
}

/// Whether it is an image of tools, whose version is that of no application.
fn is_helper(repository: &str) -> bool {
    let last = repository.rsplit('/').next().unwrap_or_default();
    HELPERS.contains(&last)
}

/// Whether the last part of a repository is the name of the chart.
fn is_called(repository: &str, chart: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    letters(repository.rsplit('/').next().unwrap_or_default()) == letters(chart)
}

/// Whether a tag is a version, and not `latest` or a commit.
fn is_version(tag: &str) -> bool {
    let plain = tag.strip_prefix('v').unwrap_or(tag);
    let mut parts = plain.split(['-', '+', '@', '_']).next().unwrap_or_default().split('.');
    plain.contains('.') && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// The numbers of a version, without what follows them.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.strip_prefix('v').unwrap_or(version);
    let plain = plain.split(['-', '+', '@', '_']).next().unwrap_or_default();
    plain.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// Whether two versions may be of one application: `v` and a flavour such as `-alpine` aside, and a shorter one is the
/// newest of its line.
fn agree(tag: &str, app_version: &str) -> bool {
    let plain = |text: &str| {
        let text = text.split('@').next().unwrap_or_default();
        text.strip_prefix('v').unwrap_or(text).to_owned()
    };
    let (tag, app_version) = (plain(tag), plain(app_version));
    let begins = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '+', '.', '_']))
    };
    begins(&tag, &app_version) || begins(&app_version, &tag)
}

/// What the annotation says about images that values.yaml names; without a tag there, a template takes `app_version`,
/// or what a release makes of that where it is `None`.
fn announced(
    annotation: &Annotation<'_>,
    images: &[Named],
    values: &File<'_>,
    app_version: Option<&str>,
) -> Vec<Problem> {
    let Ok(document) = annotation.yaml() else { return Vec::new() };
    let judge = |item: &Node| {
        let pair = item.get("image")?;
        let Image { repository, tag, .. } = Image::split(pair.value.text()?);
        let same: Vec<&Named> = images.iter().filter(|image| image.repository == repository).collect();
        let runs = |image: &Named| {
            Some(image.tag.clone()).filter(|tag| !tag.is_empty()).or(Some(app_version?.to_owned()))
        };
        let agrees = |image: &&Named| {
            runs(image).is_some_and(|runs| runs.contains("{{") || !is_version(&runs) || agree(tag, &runs))
        };
        // A chart of several editions lists an image of each.
        let of_it = |item: &&Node| {
            let image = item.get("image").and_then(|pair| pair.value.text());
            image.is_some_and(|image| Image::split(image).repository == repository)
        };
        let is_one = document.root.items().iter().filter(of_it).count() == 1;
        let first = same.first().filter(|_| is_one && is_version(tag) && !same.iter().any(agrees))?;
        let (problem, hint) = match runs(first) {
            Some(runs) => (
                format!("{}, and {}:{} means {}", name(tag), values.path, first.line, name(&runs)),
                format!("write `image: {repository}:{runs}`"),
            ),
            None => (
                format!("fixed at {}, while each release makes its own version the tag", name(tag)),
                format!("delete `{}`: Artifact Hub finds the images by itself", annotation.key),
            ),
        };
        let message =
            format!("image {} is {problem}: Artifact Hub scans another image than runs", name(repository));
        Some(annotation.at(Problem::warning(message), Some(pair.line)).hint(hint))
    };
    document.root.items().iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    fn looked_at(chart: &Chart, versions: Versions) -> Vec<String> {
        let file = |path| File::of(&chart.source, path).expect("YAML");
        told(check_images(chart, &file("values.yaml"), &file("Chart.yaml"), versions))
    }

    fn found(versions: Versions, app_version: &str, values: &str, template: &str) -> Vec<String> {
        let yaml = format!("apiVersion: v2\nname: my-web\nversion: 1.0.0\nappVersion: {app_version:?}\n");
        let files = [("Chart.yaml", yaml.as_str()), ("values.yaml", values), ("templates/a.yaml", template)];
        looked_at(&chart(&files), versions)
    }

    #[test]
    fn tags_that_agree() {
        for (tag, app_version) in [
            ("", "1.2.3"),
            ("1.2.3", "1.2.3"),
            ("v1.2.3", "1.2.3"),
            ("1.2.3", "v1.2.3"),
            ("1.2.3-alpine", "1.2.3"),
            ("1.2.3", "1.2.3-alpine"),
            ("1.2", "1.2.3"),
            ("1.2.3@sha256:0a", "1.2.3"),
            ("latest", "1.2.3"),
            ("2024", "1.2.3"),
            ("0a1b2c3", "1.2.3"),
            ("1.2.3", "latest"),
            ("1.2.3", ""),
        ] {
            let values = format!("image:\n  repository: a/b\n  tag: {tag:?}\n");
            assert_eq!(found(Versions::Verify, app_version, &values, ""), [""; 0], "{tag} {app_version}");
        }
        // Other parts of the chart have versions of their own.
        for values in [
            "sidecar:\n  image: {repository: a/b, tag: 9.9.9}\n",
            "image: a/b:9.9.9\n",
            "image: {tag: 9.9.9}",
            "image: {repository: busybox, tag: 9.9.9}",
            "image: {registry: docker.io, repository: curlimages/curl, tag: 9.9.9}",
        ] {
            assert_eq!(found(Versions::Verify, "1.2.3", values, ""), [""; 0], "{values}");
        }
    }

    #[test]
    fn tags_that_differ() {
        let differs = "`1.2.4`, and the `appVersion` in c/Chart.yaml:4 is `1.2.3`: users are told another version than runs";
        for (path, values) in [
            ("image", "image:\n  repository: a/b\n  tag: 1.2.4\n"),
            ("a.image", "a:\n  image: {registry: x, repository: a/myweb,\n    tag: 1.2.4}\n"),
        ] {
            let expected = format!(
                "note c/values.yaml:3: `{path}.tag` is {differs} | write `appVersion: \"1.2.4\"` in c/Chart.yaml"
            );
            assert_eq!(found(Versions::Verify, "1.2.3", values, ""), [expected], "{values}");
        }
        let values = "image:\n  repository: a/b\n  tag: 1.2.4\n";
        for (template, hint) in [
            ("", "write the tag of the image of `1.10.0`, or another `appVersion`"),
            (
                "app.kubernetes.io/version: {{ .Chart.AppVersion }}",
                "write the tag of the image of `1.10.0`, or another `appVersion`",
            ),
            ("{{ .Chart.AppVersion }}", "write `tag: \"\"`, so that the templates take `.Chart.AppVersion`"),
        ] {
            let told = found(Versions::Verify, "1.10.0", values, template);
            assert!(told[0].ends_with(&format!("runs | {hint}")), "{told:?}");
        }
        assert_eq!(
            found(Versions::Verify, "1.2.3", values, "{{ .Values.image.tag | default .Chart.AppVersion }}"),
            [format!(
                "warning c/values.yaml:3: `image.tag` is {differs} | write `tag: \"\"`, so that the templates take `.Chart.AppVersion`, or `appVersion: \"1.2.4\"`"
            )]
        );
    }

    #[test]
    fn capitals_in_names() {
        let found = |values: &str| {
            let yaml = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
            let chart = chart(&[("Chart.yaml", yaml), ("values.yaml", values)]);
            check_capitals(&File::of(&chart.source, "values.yaml").expect("YAML"))
        };
        for (values, repository, lower) in [
            ("image: {repository: ghcr.io/Acme/web, tag: V1}", "ghcr.io/Acme/web", "ghcr.io/acme/web"),
            ("a: [{image: Acme/Web:V1}]", "Acme/Web", "acme/web"),
            ("initImage: {registry: ghcr.io, repository: Acme/web}", "Acme/web", "acme/web"),
            ("image: GHCR.io:443/A/b@sha256:0", "GHCR.io:443/A/b", "GHCR.io:443/a/b"),
        ] {
            let findings = found(values);
            let edit = findings[0].edit.as_ref().map(|edit| edit.insert.concat());
            assert_eq!(edit, Some(values.replace(repository, lower)));
            assert_eq!(
                told(findings),
                [format!(
                    "error c/values.yaml:1: image `{repository}` has capitals in its name: no runtime pulls it | write `{lower}`"
                )]
            );
        }
        for values in [
            "image: {repository: ghcr.io/acme/web, tag: V1}",
            "image: ghcr.io/acme/web:V1",
            "image: GHCR.IO/acme/web",
            "git: {repository: Acme/web}",
            "image: https://e.com/A.png",
            "imageRepoMapping: {busyboxImage: dockerHubRepository}",
            "ubuntu14Image: Ubuntu_14_trusty",
            "image: TODO",
            "image: \"{{ .Values.A }}\"",
            "image: {Tag: A}",
            "baseImage: true",
        ] {
            assert!(found(values).is_empty(), "{values}");
        }
    }

    /// A release stamps its version, so that a tag can be right once at most.
    #[test]
    fn tags_that_a_release_leaves_behind() {
        let values = |tag| format!("image:\n  repository: a/b\n  tag: {tag:?}\n");
        for tag in ["", "latest"] {
            assert_eq!(found(Versions::Stamp, "1.2.3", &values(tag), ""), [""; 0], "{tag}");
        }
        assert_eq!(
            found(Versions::Stamp, "1.2.3", &values("1.2.3"), "{{ .Chart.AppVersion }}"),
            [
                "warning c/values.yaml:3: `image.tag` stays `1.2.3`, while each release makes its own version the `appVersion` | write `tag: \"\"`, so that the templates take `.Chart.AppVersion`"
            ]
        );
    }

    #[test]
    fn the_images_that_artifact_hub_is_told() {
        let found = |announced: &str, tag: &str, versions| {
            let yaml = format!(
                "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: 1.2.3\nannotations:\n  artifacthub.io/images: |\n    - name: a\n      image: {announced}\n"
            );
            let values = format!("image:\n  registry: ghcr.io\n  repository: a/b\n  tag: {tag:?}\n");
            looked_at(&chart(&[("Chart.yaml", &yaml), ("values.yaml", &values)]), versions)
        };
        for (announced, tag) in [
            ("ghcr.io/a/b:1.2.3", ""),
            ("ghcr.io/a/b:v1.2.3", ""),
            ("ghcr.io/a/b:1.2.3-alpine", "1.2.3"),
            ("ghcr.io/a/b", ""),
            ("ghcr.io/a/other:9.9.9", ""),
            ("ghcr.io/a/b:9.9.9", "latest"),
        ] {
            assert_eq!(found(announced, tag, Versions::Verify), [""; 0], "{announced}");
        }
        for (versions, expected) in [
            (
                Versions::Verify,
                "warning c/Chart.yaml:8: image `ghcr.io/a/b` is `1.2.2`, and c/values.yaml:4 means `1.2.3`: Artifact Hub scans another image than runs | write `image: ghcr.io/a/b:1.2.3`",
            ),
            (
                Versions::Stamp,
                "warning c/Chart.yaml:8: image `ghcr.io/a/b` is fixed at `1.2.2`, while each release makes its own version the tag: Artifact Hub scans another image than runs | delete `artifacthub.io/images`: Artifact Hub finds the images by itself",
            ),
        ] {
            assert_eq!(found("ghcr.io/a/b:1.2.2", "", versions), [expected]);
        }
    }
}
