//! Whether charts/ holds what Chart.yaml asks for and Chart.lock says. Packaging takes charts/ as it lies there:
//! what differs is in the archive without a word.

use super::Chart;
use crate::base::constraint::Constraint;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::{few, name};
use crate::chart::lacking::is_local;
use crate::chart::package::{Child, Package};
use crate::chart::{Dependency, Lock};

/// Looks at the dependencies of a chart; those that charts/ lacks are reported by packaging.
pub fn check_dependencies(chart: &Chart) -> Vec<Problem> {
    let Some(package) = &chart.package else { return Vec::new() };
    let dependencies = Dependencies { chart, package };
    match &package.lock {
        None => dependencies.without_lock(),
        Some(lock) => {
            let out_of_step = package.out_of_step(&chart.source.path);
            out_of_step.map_or_else(|| dependencies.other_versions(lock), |problem| vec![problem])
        }
    }
}

struct Dependencies<'a> {
    chart: &'a Chart,
    package: &'a Package,
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

/// Whether it names one version and not a range.
fn is_exact(version: &str) -> bool {
    Constraint::parse(version).is_ok_and(|constraint| constraint.exact().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    const DIGEST: &str = "sha256:3eceab4b543f7156561d52a812294af65b56eeeeebb03e8b525d635d9c8787a3";

    fn found(dependency: &str, lock: Option<&str>, child: &str) -> Vec<String> {
        let yaml =
            format!("apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {{name: d, {dependency}}}\n");
        let child = format!("apiVersion: v2\nname: d\nversion: {child}\n");
        let mut files = vec![("Chart.yaml", yaml.as_str()), ("charts/d/Chart.yaml", &child)];
        files.extend(lock.map(|lock| ("Chart.lock", lock)));
        told(check_dependencies(&chart(&files)))
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
}
