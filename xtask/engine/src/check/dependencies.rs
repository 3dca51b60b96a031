//! Whether charts/ holds what Chart.yaml asks for and Chart.lock says. Packaging takes charts/ as it lies there:
//! what differs is in the archive without a word.

use super::Chart;
use super::yaml::File;
use crate::base::constraint::Constraint;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::{few, name};
use crate::base::yaml::{self, Node, Value};
use crate::chart::lacking::is_local;
use crate::chart::package::{Child, Package};
use crate::chart::{Dependency, Lock};
use crate::dependency::tagged;

/// Looks at the dependencies of a chart with this values.yaml; those that charts/ lacks are reported by packaging.
pub fn check_dependencies(chart: &Chart, values: Option<&File<'_>>) -> Vec<Problem> {
    let Some(package) = &chart.package else { return Vec::new() };
    let dependencies = Dependencies { chart, package, values: values.map(|file| &file.root) };
    let mut problems = match &package.lock {
        None => dependencies.without_lock(),
        Some(lock) => {
            let out_of_step = package.out_of_step(&chart.source.path);
            out_of_step.map_or_else(|| dependencies.other_versions(lock), |problem| vec![problem])
        }
    };
    problems.extend(dependencies.declared().flat_map(|one| dependencies.declaration(one)));
    problems
}

struct Dependencies<'a> {
    chart: &'a Chart,
    package: &'a Package,
    values: Option<&'a Node>,
}

impl Dependencies<'_> {
    fn declared(&self) -> impl Iterator<Item = &Dependency> {
        self.package.metadata.dependencies.iter().flatten()
    }

    /// The file that declares dependencies, and its lock.
    fn files(&self) -> (&'static str, &'static str) {
        let is_there = |path: &str| self.chart.source.files.iter().any(|file| file.path == path);
        match (is_there("requirements.yaml"), is_there("requirements.lock"), is_there("Chart.lock")) {
            (false, true, _) => ("Chart.yaml", "requirements.lock"),
            (true, false, true) => ("requirements.yaml", "Chart.lock"),
            (true, ..) => ("requirements.yaml", "requirements.lock"),
            (false, false, _) => ("Chart.yaml", "Chart.lock"),
        }
    }

    fn at(&self, problem: Problem, file: &str, line: Option<usize>) -> Problem {
        problem.at(path::below(&self.chart.source.path, file), line)
    }

    /// What is wrong with the declaration of a dependency that charts/ holds; packaging judges the others.
    fn declaration(&self, one: &Dependency) -> Vec<Problem> {
        let Some(child) = self.child(&one.name) else { return Vec::new() };
        let (file, _) = self.files();
        let at = |problem: Problem| self.at(problem, file, Some(one.line));
        let tagged = tagged(&one.repository, &one.name).map(|problem| at(problem.only_warns()));
        tagged.into_iter().chain(self.condition(one, child).map(at)).collect()
    }

    /// A condition that is never met: Helm installs a dependency whose condition has no value (`processDependencyConditions`
    /// of its `pkg/chart`).
    fn condition(&self, declared: &Dependency, child: &Child) -> Option<Problem> {
        let paths = || declared.condition.trim().split(',').filter(|path| !path.is_empty());
        let first = paths().next()?;
        let below = self.values_of(child);
        let key = if declared.alias.is_empty() { &declared.name } else { &declared.alias };
        let value = |path: &str| {
            let of_child = path.strip_prefix(key.as_str()).and_then(|rest| rest.strip_prefix('.'));
            let of_child = of_child.and_then(|path| found(below.as_ref()?, path));
            self.values.and_then(|own| found(own, path)).or(of_child)
        };
        if paths().any(|path| value(path).is_some_and(|node| flag(node).is_some())) {
            return None;
        }
        let (what, condition) = (name(&declared.name), name(&declared.condition));
        let other = paths().find_map(|path| Some((path, value(path)?)));
        let message = match other {
            Some((path, node)) => format!(
                "the value {} is a {}, not `true` or `false`: the condition of dependency {what} has no effect",
                name(path),
                node.kind()
            ),
            None => format!(
                "no values.yaml has the condition {condition} of dependency {what}: it is installed unless a user sets that value"
            ),
        };
        Some(Problem::warning(message).hint(format!(
            "write `true` or `false` as {} into values.yaml, or correct `condition`",
            name(first)
        )))
    }

    /// The values.yaml of a sub-chart.
    fn values_of(&self, child: &Child) -> Option<Node> {
        let path = format!("{}/charts/{}/values.yaml", self.package.metadata.name, child.name);
        let entry = self.package.entries.iter().find(|entry| entry.path == path)?;
        Some(yaml::read(&entry.data).ok()?.root)
    }

    /// Sub-charts without a repository are part of the chart, and the lock only repeats what is asked of them.
    fn other_versions(&self, lock: &Lock) -> Vec<Problem> {
        let (_, file) = self.files();
        let locked = lock.dependencies.iter().flatten().flatten().filter(|one| !one.repository.is_empty());
        let differs = |one: &Dependency| {
            let there = self.child(&one.name).filter(|there| there.version != one.version)?;
            let message = format!(
                "charts/ holds {} {}, and this locks {}: the archive gets the former",
                name(&one.name),
                there.version,
                name(&one.version)
            );
            Some(self.at(Problem::warning(message), file, Some(one.line)).hint(self.instead_of(there)))
        };
        locked.filter_map(differs).collect()
    }

    /// Where there is no lock, a range means what was fetched last.
    fn without_lock(&self) -> Vec<Problem> {
        let (declares, lock) = self.files();
        let hint = format!("cargo xtask dependency --update {}", self.chart.source.path);
        let fetched: Vec<&Dependency> = self.declared().filter(|one| !one.repository.is_empty()).collect();
        let at = |problem, one: &Dependency| self.at(problem, declares, Some(one.line)).hint(&hint);
        let differs = |one: &&Dependency| {
            let there = self
                .child(&one.name)
                .filter(|there| is_exact(&one.version) && there.version != one.version)?;
            let (dependency, version, other) = (name(&one.name), name(&one.version), &there.version);
            let message = format!(
                "charts/ holds {dependency} {other} instead of {version}: the archive gets the former"
            );
            Some(at(Problem::warning(message), one).hint(self.instead_of(there)))
        };
        let mut problems: Vec<Problem> = fetched.iter().filter_map(differs).collect();
        let is_loose = |one: &&&Dependency| !is_local(&one.repository) && !is_exact(&one.version);
        let loose: Vec<&Dependency> = fetched.iter().filter(is_loose).copied().collect();
        // What fetches the first makes the lock.
        let first = loose.first().or(fetched.first()).filter(|one| self.child(&one.name).is_some());
        let Some(first) = first else { return problems };
        let problem = if loose.is_empty() {
            let why = "`helm dependency build` cannot tell whether charts/ is up to date";
            Problem::note(format!("there is no {lock}: {why}"))
        } else {
            let names: Vec<String> = loose.iter().map(|one| one.name.clone()).collect();
            let why = format!("on another day the archive gets other versions of {}", few(&names));
            Problem::warning(format!("there is no {lock}: {why}"))
        };
        problems.push(at(problem, first));
        problems
    }

    /// The sub-chart that is there, in a directory if it is of another version than the one that is wanted.
    fn child(&self, dependency: &str) -> Option<&Child> {
        self.package.children.iter().find(|child| child.name == dependency)
    }

    fn instead_of(&self, child: &Child) -> String {
        let directory = path::below(&self.chart.source.path, &format!("charts/{}", child.file));
        format!("delete {directory}: what is wanted is fetched where it is not there")
    }
}

/// The node at a path such as `a.b`.
fn found<'n>(root: &'n Node, path: &str) -> Option<&'n Node> {
    path.split('.').try_fold(root, |node, key| {
        node.pairs().iter().find(|pair| pair.key.helm == key).map(|pair| &pair.value)
    })
}

fn flag(node: &Node) -> Option<bool> {
    if let Value::Scalar(scalar) = &node.value { scalar.boolean() } else { None }
}

/// Whether it names one version and not a range.
fn is_exact(version: &str) -> bool {
    Constraint::parse(version).is_ok_and(|constraint| constraint.exact().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    const DIGEST: &str = "sha256:3eceab4b543f7156561d52a812294af65b56eeeeebb03e8b525d635d9c8787a3";

    fn check(files: &[(&str, &str)]) -> Vec<Problem> {
        let chart = chart(files);
        check_dependencies(&chart, File::of(&chart.source, "values.yaml").as_ref())
    }

    fn found(dependency: &str, lock: Option<&str>, child: &str) -> Vec<String> {
        let yaml =
            format!("apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {{name: d, {dependency}}}\n");
        let child = format!("apiVersion: v2\nname: d\nversion: {child}\n");
        let mut files = vec![("Chart.yaml", yaml.as_str()), ("charts/d/Chart.yaml", &child)];
        files.extend(lock.map(|lock| ("Chart.lock", lock)));
        told(check(&files))
    }

    #[test]
    fn what_lies_in_charts_is_what_is_asked_for() {
        let web = "repository: \"https://example.com\"";
        for (dependency, child, expected) in [
            ("version: 1.0.0", "2.0.0", &[][..]),
            (
                &format!("version: 1.0.0, {web}"),
                "1.0.0",
                &[
                    "note c/Chart.yaml:5: there is no Chart.lock: `helm dependency build` cannot tell whether charts/ is up to date | cargo xtask dependency --update c",
                ],
            ),
            (
                &format!("version: ^1.0.0, {web}"),
                "1.0.0",
                &[
                    "warning c/Chart.yaml:5: there is no Chart.lock: on another day the archive gets other versions of `d` | cargo xtask dependency --update c",
                ],
            ),
            (
                "version: ^1.0.0, repository: \"file://../d\"",
                "1.0.0",
                &[
                    "note c/Chart.yaml:5: there is no Chart.lock: `helm dependency build` cannot tell whether charts/ is up to date | cargo xtask dependency --update c",
                ],
            ),
            (
                &format!("version: 1.0.0, {web}"),
                "1.1.0",
                &[
                    "warning c/Chart.yaml:5: charts/ holds `d` 1.1.0 instead of `1.0.0`: the archive gets the former | delete c/charts/d: what is wanted is fetched where it is not there",
                    "note c/Chart.yaml:5: there is no Chart.lock: `helm dependency build` cannot tell whether charts/ is up to date | cargo xtask dependency --update c",
                ],
            ),
        ] {
            assert_eq!(found(dependency, None, child), expected, "{dependency} {child}");
        }
    }

    #[test]
    fn a_lock_is_for_these_dependencies_and_these_versions() {
        let lock = format!(
            "dependencies:\n- name: d\n  repository: https://example.com\n  version: 1.2.0\ndigest: {DIGEST}\n"
        );
        let declared = "version: ^1.0.0, repository: \"https://example.com\"";
        assert_eq!(found(declared, Some(&lock), "1.2.0"), [""; 0]);
        // Helm locks the URL of a repository that is declared by its name.
        for by_name in ["@web", "alias:web"] {
            let declared = format!("version: ^1.0.0, repository: {by_name:?}");
            assert_eq!(found(&declared, Some(&lock), "1.2.0"), [""; 0]);
        }
        assert_eq!(
            found(declared, Some(&lock), "1.1.0"),
            [
                "warning c/Chart.lock:2: charts/ holds `d` 1.1.0, and this locks `1.2.0`: the archive gets the former | delete c/charts/d: what is wanted is fetched where it is not there"
            ]
        );
        assert_eq!(
            found("version: ^1.1.0, repository: \"https://example.com\"", Some(&lock), "1.2.0"),
            [
                "error c/Chart.lock:5: it locks other dependencies than Chart.yaml declares: `helm dependency build` refuses it | cargo xtask dependency --update c"
            ]
        );
    }

    #[test]
    fn an_empty_list_has_a_lock_of_its_own() {
        let lock = "dependencies: []\ndigest: sha256:643d5437104296e21d906ecb15b2c96ad278f20cfc4af53b12bb6069bd853726\n";
        let of_null = lock.replace("dependencies: []\n", "");
        let refused = "error c/Chart.lock:2: it locks other dependencies than Chart.yaml declares: `helm dependency build` refuses it | delete it";
        for (list, lock, expected) in [
            ("dependencies: []\n", lock, None),
            ("dependencies:\n", lock, Some(refused)),
            ("", lock, Some(refused)),
            ("dependencies: []\n", &of_null, Some(&*refused.replace(":2:", ":1:"))),
        ] {
            let yaml = format!("apiVersion: v2\nname: c\nversion: 1.0.0\n{list}");
            let lines = told(check(&[("Chart.yaml", yaml.as_str()), ("Chart.lock", lock)]));
            assert_eq!(lines.first().map(String::as_str), expected, "{list}");
        }
    }

    #[test]
    fn a_registry_has_its_tags_elsewhere() {
        let hint = "write `repository: oci://ghcr.io/acme`";
        for (repository, expected) in [
            ("oci://ghcr.io/acme", None),
            ("oci://localhost:5000", None),
            ("oci://localhost:5000/acme", None),
            ("oci://ghcr.io/acme:1.0.0", Some(hint)),
            ("oci://ghcr.io/acme/d:1.0.0", Some(hint)),
            ("oci://ghcr.io/acme/d@sha256:0a", Some(hint)),
        ] {
            let lines = found(&format!("version: 1.0.0, repository: {repository:?}"), None, "1.0.0");
            let expected = expected.map(|hint| format!("warning c/Chart.yaml:5: `{repository}` names an artifact: Helm appends the name and the version of the chart, and fetches nothing | {hint}"));
            assert_eq!(lines.get(1), expected.as_ref(), "{lines:?}");
        }
    }

    #[test]
    fn a_condition_has_a_value() {
        let told = |condition: &str, alias: &str, values: &str, below: &str| {
            let yaml = format!(
                "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {{name: d, version: 1.0.0, condition: {condition:?}{alias}}}\n"
            );
            told(check(&[
                ("Chart.yaml", yaml.as_str()),
                ("values.yaml", values),
                ("charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n"),
                ("charts/d/values.yaml", below),
            ]))
        };
        for (condition, alias, values, below) in [
            ("", "", "", ""),
            ("d.enabled", "", "d: {enabled: false}", ""),
            ("d.enabled", "", "", "enabled: true"),
            ("e.enabled", ", alias: e", "", "enabled: true"),
            ("x.y,d.is", "", "d: {is: false}", ""),
            ("global.d", "", "global: {d: no}", ""),
        ] {
            assert_eq!(told(condition, alias, values, below), [""; 0], "{condition} {values} {below}");
        }
        let hint =
            |path| format!("write `true` or `false` as `{path}` into values.yaml, or correct `condition`");
        let none = |path| {
            format!(
                "warning c/Chart.yaml:5: no values.yaml has the condition `{path}` of dependency `d`: it is installed unless a user sets that value | {}",
                hint(path)
            )
        };
        for (condition, alias, values, below) in [
            ("d.enabled", "", "", ""),
            ("enabled", "", "", "enabled: true"),
            ("d.enabled", ", alias: e", "", "enabled: true"),
            ("d.enabled", "", "d: {enable: false}", "a: 1"),
            ("d.on", "", "d: {on: false}", ""),
        ] {
            assert_eq!(told(condition, alias, values, below), [none(condition)], "{condition} {values}");
        }
        assert_eq!(
            told("d", "", "d: {enabled: true}", ""),
            [format!(
                "warning c/Chart.yaml:5: the value `d` is a mapping, not `true` or `false`: the condition of dependency `d` has no effect | {}",
                hint("d")
            )]
        );
    }
}
