//! What a repository would stumble over at its next release: everything that `cargo xtask check` finds, as data.

pub mod annotations;
pub mod beside;
pub mod cargo;
pub mod chart_testing;
pub mod command;
pub mod content;
pub mod ct_yaml;
pub mod dependencies;
pub mod document;
pub mod documented_commands;
pub mod documented_facts;
pub mod edit;
pub mod fix;
pub mod hub_ignore;
pub mod image_reference;
pub mod image_tags;
pub mod images;
pub mod io;
pub mod kube_version;
pub mod labels;
mod leaks;
pub mod links;
pub mod lint;
pub mod slips;
pub mod workflows;
pub mod yaml;

use std::sync::Arc;

use serde::Serialize;

use self::edit::{Edit, Finding};
use crate::base::path;
use crate::base::problem::{Place, Problem, Severity, group_by, join};
use crate::base::text::counted;
use crate::chart::package::Package;
use crate::chart::repository_root;
use crate::chart::source::Source;
use crate::pages::embedded;

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Area {
    Charts,
    /// The charts as helm reads and renders them.
    Helm,
    /// Tag, Chart.yaml, changelog, and what is published already.
    Release,
    /// `.github/workflows/`.
    Workflows,
    Documentation,
    /// What the repository is called and where it publishes, and how cargo runs this program.
    Config,
}

/// A chart, read.
#[derive(Debug)]
pub struct Chart {
    /// Its files as they lie there, without those that `.helmignore` names.
    pub source: Source,
    /// What is packaged of it, as far as it can be read.
    pub package: Option<Arc<Package>>,
    pub problems: Vec<Problem>,
    pub is_whole: bool,
}

impl Chart {
    /// What is packaged of it, if it can be.
    pub fn whole(&self) -> Option<&Package> {
        self.package.as_deref().filter(|_| self.is_whole)
    }

    /// The edit that the hint of a problem in one of its files spells out.
    pub fn edit(&self, problem: &Problem) -> Option<Edit> {
        let file = path::strip(&self.source.path, &problem.place.as_ref()?.file)?;
        if let Some(lines) = problem.hint.as_deref().and_then(repository_root::lines) {
            return Some(Edit::append(file, self.source.rules.lines, lines));
        }
        let version = self.package.as_ref().map_or("", |package| &package.metadata.version);
        Edit::of_hint(problem, self.text(file)?, version)
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        let file = self.source.files.iter().find(|file| file.path == path)?;
        str::from_utf8(&file.data).ok()
    }
}

/// Something that nobody looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// What was left out; `None` where it does not depend on a tool of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// What, such as "what the templates render".
    pub what: String,
    /// Why not, such as "helm is not in PATH".
    pub why: String,
    pub hint: String,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong, or could be better.
    pub findings: Vec<(Area, Finding)>,
    /// What nobody looked at.
    pub unchecked: Vec<Unchecked>,
    /// What was looked at, such as `3 charts`.
    pub checked: Vec<String>,
}

impl Report {
    /// Says that so many of something were looked at.
    pub fn looked_at(&mut self, count: usize, one: &str) {
        self.checked.push(counted(count, one));
    }

    pub fn add<F: Into<Finding>>(&mut self, area: Area, found: impl IntoIterator<Item = F>) {
        self.findings.extend(found.into_iter().map(|one| (area, one.into())));
    }

    pub fn has(&self, problem: &Problem) -> bool {
        self.findings.iter().any(|(_, known)| known.problem == *problem)
    }

    /// Makes warnings of the errors in a directory, which nobody has to mend: what is published as it is there is not
    /// released again, and an edit would make it another chart.
    pub fn only_warn(&mut self, directory: &str) {
        let is_below = |(area, finding): &&mut (Area, Finding)| {
            let below = |place: &Place| path::strip(directory, &place.file).is_some();
            *area != Area::Config && finding.problem.place.as_ref().is_some_and(below)
        };
        for (_, finding) in self.findings.iter_mut().filter(is_below) {
            finding.problem.severity = finding.problem.severity.max(Severity::Warning);
            finding.edit = None;
        }
    }

    pub fn leave_out(&mut self, what: &str, why: impl Into<String>, hint: &str) {
        let (what, hint) = (what.to_owned(), hint.to_owned());
        self.unchecked.push(Unchecked { area: None, what, why: why.into(), hint });
    }

    /// The same of what only the tool of this area can say.
    pub fn leave_out_of(&mut self, area: Area, what: &str, why: impl Into<String>, hint: &str) {
        self.leave_out(what, why, hint);
        self.unchecked.iter_mut().last().into_iter().for_each(|left| left.area = Some(area));
    }

    /// Says that something could not be looked at for this reason.
    pub fn doubt(&mut self, what: &str, problem: Problem) {
        self.leave_out(what, problem.message, &problem.hint.unwrap_or_default());
    }

    /// The findings for people: what is said of several places is one, and so is a chart that has changed in all that embed
    /// it.
    pub fn folded(&self) -> Vec<Problem> {
        folded(self.findings.iter().map(|(_, finding)| finding))
    }

    /// How many of the folded findings have an edit.
    pub fn mended(&self) -> usize {
        let wrong = self.findings.iter().map(|(_, finding)| finding).filter(|finding| finding.mends());
        folded(wrong).len()
    }

    /// The edits that mend findings.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        let wrong = self.findings.iter().filter(|(_, finding)| finding.mends());
        wrong.filter_map(|(_, finding)| finding.edit.as_ref())
    }
}

/// Findings that differ in their places alone as one that names the others: ten of an error, which each have to be mended,
/// and two of what is less.
fn folded<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Problem> {
    let key = |problem: &Problem| {
        let hint = problem.hint.clone().filter(|_| problem.severity < Severity::Note);
        Some((problem.severity, problem.message.clone(), hint))
    };
    let one = |(problem, others): (Problem, Vec<Problem>)| {
        let mut places: Vec<&Place> = others.iter().filter_map(|other| other.place.as_ref()).collect();
        places.retain(|place| Some(*place) != problem.place.as_ref());
        places.dedup();
        let most = if problem.is_error() { 10 } else { 2 };
        let named = places.iter().take(most).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let message = match places.len() {
            0 => problem.message,
            count if count > most => {
                format!("{} (also at {named} and {} more)", problem.message, count - most)
            }
            _ => format!("{} (also at {named})", problem.message),
        };
        Problem { message, ..problem }
    };
    let problems = findings.map(|finding| finding.problem.clone()).collect();
    join(group_by(problems, key).into_iter().map(one).collect(), embedded::IN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::text::name;
    use crate::chart::ignore::Rules;
    use crate::chart::package::{Overrides, package};
    use crate::chart::tgz::Entry;
    use std::collections::BTreeMap;

    /// The chart `c` with these files.
    pub fn chart(files: &[(&str, &str)]) -> Chart {
        let entry =
            |(path, text): &(&str, &str)| Entry { path: (*path).to_owned(), data: text.as_bytes().to_vec() };
        let files: Vec<Entry> = files.iter().map(entry).collect();
        let package = package(files.clone(), "c", &Overrides::default()).value.map(Arc::new);
        let ignored = files.iter().find(|file| file.path == ".helmignore");
        let ignored = ignored.map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let source = Source {
            path: "c".into(),
            files,
            top: BTreeMap::new(),
            problems: Vec::new(),
            changed: Vec::new(),
            changelog: None,
            rules: ignored.map(|text| Rules::parse(&text).0).unwrap_or_default(),
            dropped: Vec::new(),
            local: Vec::new(),
            packaged: None,
        };
        Chart { source, is_whole: package.is_some(), package, problems: Vec::new() }
    }

    #[test]
    fn what_is_said_of_several_places_is_said_once() {
        let finding = |problem: fn(String) -> Problem, what: &str, line: usize| {
            let problem = problem(format!("{} is wrong", name(what))).at("a.md", Some(line));
            Finding::new(problem.hint(what), Edit::append("a.md", 0, vec![what.to_owned()]))
        };
        let mut report = Report::default();
        report.add(Area::Charts, (1..=13).map(|line| finding(Problem::error, "x", line)));
        report.add(Area::Charts, (1..=4).map(|line| finding(Problem::warning, "x", line)));
        report.add(Area::Charts, [1, 1, 2].map(|line| finding(Problem::warning, "y", line)));
        let shown: Vec<String> = report.folded().iter().map(ToString::to_string).collect();
        let lines = (2..=11).map(|line| format!("a.md:{line}")).collect::<Vec<_>>().join(", ");
        let first = format!("a.md:1: `x` is wrong (also at {lines} and 2 more)");
        let rest = [
            "a.md:1: `x` is wrong (also at a.md:2, a.md:3 and 1 more)",
            "a.md:1: `y` is wrong (also at a.md:2)",
        ];
        assert_eq!(shown, [first.as_str(), rest[0], rest[1]]);
        assert_eq!((report.mended(), report.edits().count()), (3, 20));
    }

    /// Problems as lines: severity, place and message, hint.
    pub fn told<F: Into<Finding>>(found: impl IntoIterator<Item = F>) -> Vec<String> {
        let line = |problem: Problem| {
            let severity = format!("{:?}", problem.severity).to_lowercase();
            format!("{severity} {problem} | {}", problem.hint.as_deref().unwrap_or_default())
        };
        found.into_iter().map(|one| line(one.into().problem)).collect()
    }
}
