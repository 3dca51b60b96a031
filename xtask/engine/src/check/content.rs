//! What the archive of a chart holds besides the chart: nobody can take back what is published.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::Chart;
use super::edit::{Edit, Finding};
use super::leaks::find_leaks;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::{few, name, size};
use crate::chart::repository_root;
use crate::chart::source::Source;
use crate::chart::tgz::{self, Entry};

/// Kubernetes takes no Secret with more data than this, and Helm keeps each release in one.
const MAX_SECRET: usize = 1024 * 1024;
/// What editors and systems leave behind: a rule of .helmignore for each.
const LEFTOVERS: [&str; 14] = [
    "*.orig",
    "*.rej",
    "*.bak",
    "*.tmp",
    "*.swp",
    "*.swo",
    "*~",
    ".DS_Store",
    "Thumbs.db",
    ".idea/",
    ".vscode/",
    ".svn/",
    ".hg/",
    "__pycache__/",
];

pub fn check_content(charts: &[Chart]) -> Vec<Finding> {
    let mut found: Vec<Finding> = lacking(charts).into_iter().map(Into::into).collect();
    found.extend(charts.iter().filter_map(|chart| others_at_root(chart, charts)));
    for Chart { source, problems, .. } in charts {
        let (at, files) = (source.path.as_str(), source.files.as_slice());
        found.extend(files.iter().flat_map(|file| find_leaks(file, at)).map(Into::into));
        found.extend(leftovers(source));
        found.extend(ignored(source, problems).map(Into::into));
        found.extend(archives(source));
        found.extend(tests(source));
        found.extend(too_large(at, files).map(Into::into));
    }
    found
}

/// Files that users of a chart look for, one note for all charts: a repository often has them at its root alone.
fn lacking(charts: &[Chart]) -> Vec<Problem> {
    let readme = without("readme", charts.iter());
    let license = without("license", charts.iter().filter(|chart| !names_its_license(chart)));
    let mut problems = Vec::new();
    if let Some(first) = readme.first() {
        let message =
            format!("no README.md in {}: `helm show readme` and Artifact Hub show nothing", few(&readme));
        problems.push(Problem::note(message).hint(format!("write {}", path::below(first, "README.md"))));
    }
    if let Some(first) = license.first() {
        let message = format!("no LICENSE in {}: the archives do not say who may use them", few(&license));
        let add = if first == "." { "write LICENSE".to_owned() } else { format!("cp LICENSE {first}/") };
        let hint = format!("{add}, or name it in the annotation `artifacthub.io/license`");
        problems.push(Problem::note(message).hint(hint));
    }
    problems
}

/// What `.helmignore` takes away though a chart is made of it.
fn ignored(source: &Source, told: &[Problem]) -> Option<Problem> {
    let Source { path, files, top, .. } = source;
    let helmignore = path::below(path, ".helmignore");
    let is_told = told.iter().any(|problem| problem.place.as_ref().is_some_and(|at| at.file == helmignore));
    let is_lost = |part: &&str| {
        if is_told && *part == "charts" {
            return false;
        }
        let is_packaged = |file: &Entry| file.path == *part || file.path.starts_with(&format!("{part}/"));
        top.contains_key(*part) && !files.iter().any(is_packaged)
    };
    // An empty directory is lost without any rule.
    let has_rules = top.contains_key(".helmignore");
    let lost =
        ["templates", "charts", "values.yaml", "crds"].into_iter().filter(|_| has_rules).find(is_lost)?;
    let message = format!("{} is there, and is not packaged", name(lost));
    let problem = Problem::warning(message).at(helmignore, None);
    Some(problem.hint(format!(
        "change the rule that fits what lies in it; or delete {}, if it is empty",
        path::below(path, lost)
    )))
}

/// What a chart at the root of the repository would take along, as the other charts.
fn others_at_root(chart: &Chart, charts: &[Chart]) -> Option<Finding> {
    let Source { path, top, rules, .. } = Some(&chart.source).filter(|source| source.path == ".")?;
    let others = charts.iter().map(|other| other.source.path.as_str()).filter(|other| other != path);
    let problem = repository_root::others(rules, top, &others.collect::<Vec<_>>())?;
    Some(Finding { edit: chart.edit(&problem), problem })
}

/// The charts that have no file whose name begins so, in any case.
fn without<'c>(name: &str, charts: impl Iterator<Item = &'c Chart>) -> Vec<String> {
    let lacks = |chart: &&Chart| {
        let mut files = chart.source.files.iter();
        !files.any(|file| file.path.to_lowercase().starts_with(name))
    };
    charts.filter(lacks).map(|chart| chart.source.path.clone()).collect()
}

/// Whether an annotation does; a chart that cannot be read may have it.
fn names_its_license(chart: &Chart) -> bool {
    chart.package.as_ref().is_none_or(|package| {
        package.metadata.annotations.iter().any(|(key, _)| key == "artifacthub.io/license")
    })
}

/// What editors left. In templates/ it breaks `helm lint`, which is told there.
fn leftovers(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in LEFTOVERS {
        let found = source
            .files
            .iter()
            .filter(|file| is_by(rule, &file.path) && !file.path.starts_with("templates/"));
        let found: Vec<String> = found.map(|file| file.path.clone()).collect();
        let Some(first) = found.first() else { continue };
        let message = format!("an editor or the system left {}: it would be published", few(&found));
        findings.push(ignoring(Problem::warning(message), first, rule, source));
    }
    findings
}

/// Whether one of the rules above is for a path: `*ENDING`, `DIRECTORY/` or `NAME`.
fn is_by(rule: &str, path: &str) -> bool {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    match (rule.strip_prefix('*'), rule.strip_suffix('/')) {
        (Some(ending), _) => name.ends_with(ending) && name != ending,
        (_, Some(directory)) => directories.split('/').any(|part| part == directory),
        _ => name == rule,
    }
}

/// Archives that `helm package` and `helm pull` leave in a chart; those deeper in it may be meant.
fn archives(source: &Source) -> Vec<Finding> {
    let is_archive = |path: &str| path.ends_with(".tgz") || path.ends_with(".tgz.prov");
    let stray =
        source.files.iter().filter(|file| is_archive(&file.path) && !file.path.starts_with("charts/"));
    let problem = |file: &Entry| {
        let message =
            format!("this archive of {} would be in that of the chart", size(file.data.len() as u64));
        let is_deeper = file.path.contains('/');
        let problem = if is_deeper { Problem::note(message) } else { Problem::warning(message) };
        ignoring(problem, &file.path, &format!("/{}", file.path), source)
    };
    stray.map(problem).collect()
}

/// Values for chart tests are of no use to the chart's users.
fn tests(source: &Source) -> Option<Finding> {
    let first = source.files.iter().find(|file| file.path.starts_with("ci/"))?;
    let problem = Problem::note("values for chart tests would be published");
    Some(ignoring(problem, &first.path, "/ci/", source))
}

/// The problem in a file of a chart, with the line for .helmignore that mends it.
fn ignoring(problem: Problem, at: &str, rule: &str, source: &Source) -> Finding {
    let file = path::below(&source.path, ".helmignore");
    let edit = Edit::append(&file, source.rules.lines, vec![rule.to_owned()]);
    let problem = problem.at(path::below(&source.path, at), None);
    Finding::new(problem.hint(format!("add `{rule}` to {file}")), edit)
}

/// A chart whose release is too large for Helm's Secret. That is base64 of compressed JSON, in which the files are
/// base64 as well; sub-charts are not in it (Helm's `storage/driver`, `encodeRelease`).
fn too_large(at: &str, files: &[Entry]) -> Option<Problem> {
    let own = || files.iter().filter(|file| !file.path.starts_with("charts/"));
    let content: usize = own().map(|file| file.data.len()).sum();
    // Text shrinks to less than half of itself, if not much less.
    if content < MAX_SECRET / 2 {
        return None;
    }
    let encoded = |file: &Entry| Entry {
        path: format!("c/{}", file.path),
        data: BASE64_STANDARD.encode(&file.data).into(),
    };
    let release = tgz::write(&own().map(encoded).collect::<Vec<_>>()).ok()?.len() / 3 * 4;
    let mut largest: Vec<&Entry> = own().collect();
    largest.sort_by_key(|file| std::cmp::Reverse(file.data.len()));
    let largest: Vec<String> = largest.iter().take(3).map(|file| file.path.clone()).collect();
    let message = format!(
        "a release of this chart takes about {} without its manifests, and Helm keeps it in a Secret of at most 1 MiB",
        size(release as u64)
    );
    let problem = match release {
        MAX_SECRET.. => Problem::warning(message + ": `helm install` fails"),
        _ if release > MAX_SECRET / 4 * 3 => Problem::note(message),
        _ => return None,
    };
    let hint =
        format!("name what its templates do not need in .helmignore; the largest are {}", few(&largest));
    Some(problem.at(at, None).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    const WHOLE: [(&str, &str); 3] =
        [("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("README.md", ""), ("LICENSE", "")];

    fn found(more: &[(&str, &str)]) -> Vec<String> {
        told(check_content(&[chart(&[&WHOLE[..], more].concat())]))
    }

    #[test]
    fn what_users_look_for() {
        let bare = chart(&WHOLE[..1]);
        assert_eq!(
            told(check_content(&[bare])),
            [
                "note no README.md in `c`: `helm show readme` and Artifact Hub show nothing | write c/README.md",
                "note no LICENSE in `c`: the archives do not say who may use them | cp LICENSE c/, or name it in the annotation `artifacthub.io/license`"
            ]
        );
        let named = "apiVersion: v2\nname: c\nversion: 1.0.0\nannotations: {artifacthub.io/license: MIT}\n";
        assert_eq!(told(check_content(&[chart(&[("Chart.yaml", named), ("readme.md", "")])])), [""; 0]);
    }

    #[test]
    fn what_does_not_belong_there() {
        for (path, expected) in [
            (
                "crds/a.yaml.orig",
                "warning c/crds/a.yaml.orig: an editor or the system left `crds/a.yaml.orig`: it would be published | add `*.orig` to c/.helmignore",
            ),
            (
                "a/.DS_Store",
                "warning c/a/.DS_Store: an editor or the system left `a/.DS_Store`: it would be published | add `.DS_Store` to c/.helmignore",
            ),
            (
                ".idea/x.xml",
                "warning c/.idea/x.xml: an editor or the system left `.idea/x.xml`: it would be published | add `.idea/` to c/.helmignore",
            ),
            (
                "c-0.1.0.tgz",
                "warning c/c-0.1.0.tgz: this archive of 1 B would be in that of the chart | add `/c-0.1.0.tgz` to c/.helmignore",
            ),
            (
                "ci/a-values.yaml",
                "note c/ci/a-values.yaml: values for chart tests would be published | add `/ci/` to c/.helmignore",
            ),
        ] {
            assert_eq!(found(&[(path, "x")]), [expected], "{path}");
        }
        for path in [
            "templates/a.yaml.orig",
            "templates/original.yaml",
            "ci.yaml",
            "a/ci/x",
            "~",
            "files/dashboard.json",
            ".helmignore",
        ] {
            assert_eq!(found(&[(path, "x")]), [""; 0], "{path}");
        }
    }

    #[test]
    fn the_line_for_helmignore_comes_last() {
        let edit = |ignore: Option<&str>| {
            let rules = ignore.map(|text| (".helmignore", text));
            let files: Vec<_> = [("ci/a.yaml", "")].into_iter().chain(rules).collect();
            check_content(&[chart(&[&WHOLE[..], &files].concat())]).remove(0).edit.expect("an edit")
        };
        for (ignore, line) in [(None, 1), (Some(""), 1), (Some("*.tgz\n"), 2), (Some("*.tgz\n\n# x"), 4)] {
            let expected =
                Edit { file: "c/.helmignore".into(), line, remove: vec![], insert: vec!["/ci/".into()] };
            assert_eq!(edit(ignore), expected, "{ignore:?}");
        }
    }

    /// Text that does not shrink: the digits of a sequence that looks random.
    fn noise(length: usize) -> String {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        };
        BASE64_STANDARD.encode((0..length / 4 * 3).map(|_| next()).collect::<Vec<u8>>())
    }

    #[test]
    fn a_release_fits_into_a_secret() {
        assert_eq!(found(&[("crds/a.yaml", &"a: b\n".repeat(400_000))]), [""; 0]);
        assert_eq!(
            found(&[("charts/a/Chart.yaml", "name: a\nversion: 1.0.0\n"), ("charts/a/x", &noise(1_200_000))]),
            [""; 0]
        );
        for (length, severity, end) in
            [(800_000, "note", ""), (1_100_000, "warning", ": `helm install` fails")]
        {
            let told = found(&[("files/a", &noise(length))]).remove(0);
            assert!(
                told.starts_with(&format!("{severity} c: a release of this chart takes about ")),
                "{told}"
            );
            let hint = "| name what its templates do not need in .helmignore; the largest are `files/a`, `Chart.yaml`, `README.md`";
            assert!(told.ends_with(&format!("in a Secret of at most 1 MiB{end} {hint}")), "{told}");
        }
    }
}
