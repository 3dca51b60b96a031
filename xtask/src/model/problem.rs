//! What is wrong, where, and what to type.
//!
//! Everything that a user can cause is reported as a [`Problem`]. Functions that examine something collect
//! all problems before they stop, so that a chart needs one round of mending and not ten.

use std::collections::HashMap;
use std::fmt;

use super::text::shown;

/// Whether the work can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The command line or the environment asks for what cannot be.
    Usage,
    /// The result would differ from Helm's, or there is no result.
    Error,
    /// The result is what Helm makes, and probably not what its author expects.
    Warning,
}

/// A file and, where there is one, a line in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Path as the user would type it.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether the work can go on.
    pub severity: Severity,
    /// Where it is; `None` for what has no place, such as a tag.
    pub place: Option<Place>,
    /// Lower case, names in backticks, the cause after a colon.
    pub message: String,
    /// What to do: the edit to make or the command to type.
    pub hint: Option<String>,
}

impl Problem {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place: None, message: message.into(), hint: None }
    }

    /// An error of the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { severity: Severity::Usage, ..Self::error(message) }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// The same problem in a file.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: Option<usize>) -> Self {
        self.place = Some(Place { file: file.into(), line });
        self
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.file))?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&shown(&self.message))
    }
}

/// One or more problems as an error that `?` can carry; [`crate::main`] prints each with its hint.
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// Problems of one cause, which differ in what they happened to, as one: what follows the first colon is the cause.
pub fn fold(problems: Vec<Problem>) -> Vec<Problem> {
    let mut folded: Vec<(Problem, usize)> = Vec::new();
    let mut places = HashMap::new();
    for problem in problems {
        let cause = problem.message.split_once("`: ").map(|(_, cause)| cause.to_owned());
        let key = cause.map(|cause| (problem.severity, problem.place.clone(), cause, problem.hint.clone()));
        let place = key.map_or(folded.len(), |key| *places.entry(key).or_insert(folded.len()));
        match folded.get_mut(place) {
            Some((_, more)) => *more += 1,
            None => folded.push((problem, 0)),
        }
    }
    let told = |(problem, more): (Problem, usize)| match more {
        0 => problem,
        _ => Problem { message: format!("{} ({more} more like it)", problem.message), ..problem },
    };
    folded.into_iter().map(told).collect()
}

/// Splits what was found: `Ok(warnings)` where nothing is an error, else `Err` with all of it, errors first and then by
/// place.
pub fn verdict(mut problems: Vec<Problem>) -> Result<Vec<Problem>, Problems> {
    problems.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
    if problems.iter().all(|problem| problem.severity == Severity::Warning) {
        Ok(problems)
    } else {
        Err(Problems(problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cause_is_told_once_and_an_error_stays_one() {
        let at = |chart: &str| format!("cannot look at `{chart}`: no network");
        let problems = vec![
            Problem::warning(at("a")),
            Problem::error(at("b")),
            Problem::error(at("c")),
            Problem::error(at("d")).hint("x"),
            Problem::error("no cause"),
            Problem::error("no cause"),
        ];
        let folded: Vec<String> = fold(problems.clone()).iter().map(ToString::to_string).collect();
        let expected =
            [at("a"), at("b") + " (1 more like it)", at("d"), "no cause".into(), "no cause".into()];
        assert_eq!(folded, expected);
        assert!(verdict(fold(problems)).is_err());
    }
}
