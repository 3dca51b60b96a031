//! What is wrong, where, and what to type.
//!
//! Everything that a user can cause is reported as a [`Problem`]. Functions that examine something collect
//! all problems before they stop, so that a chart needs one round of mending and not ten.

use std::fmt;

use super::text::shown;

/// Whether the work can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The command line or the environment asks for what cannot be.
    Usage,
    /// The result would differ from Helm's, or there is no result.
    Error,
    /// The result is what Helm makes, and probably not what its author expects.
    Warning,
}

/// A file and, where there is one, a line in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
