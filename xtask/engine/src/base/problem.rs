//! What is wrong, where, and what to type.
//!
//! Everything that a user can cause is reported as a [`Problem`]. Functions that examine something collect
//! all problems before they stop, so that a chart needs one round of mending and not ten.

#![warn(missing_docs)]

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

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
    /// Nothing is wrong; it could be better.
    Note,
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
#[non_exhaustive]
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

    /// What could be better, without a place.
    pub fn note(message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(message) }
    }

    /// The same problem in a file.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: Option<usize>) -> Self {
        self.place = Some(Place { file: file.into(), line });
        self
    }

    /// Whether it stops what was asked for.
    pub(crate) fn is_error(&self) -> bool {
        self.severity < Severity::Warning
    }

    /// The same as a warning, if it is an error.
    #[must_use]
    pub(crate) fn only_warns(self) -> Self {
        Self { severity: self.severity.max(Severity::Warning), ..self }
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

/// One or more problems: the error of a command. Any other error becomes one by `?`.
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);

/// [`Problems`] as an error that anyhow can carry. They are none themselves, so that every error can become one.
#[derive(Debug)]
pub struct Carried(pub Problems);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}

impl From<Problems> for anyhow::Error {
    fn from(problems: Problems) -> Self {
        Self::new(Carried(problems))
    }
}

impl From<Problem> for anyhow::Error {
    fn from(problem: Problem) -> Self {
        Problems::from(problem).into()
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Problems {
    fn from(error: E) -> Self {
        let error = match error.into().downcast::<Carried>() {
            Ok(carried) => return carried.0,
            Err(error) => error,
        };
        let causes = std::iter::successors(Some(&*error as &dyn std::error::Error), |error| error.source());
        let words = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        let is_full = says_full(&words);
        let hint = is_full
            .then(|| "the disk of this machine is full: make room on it, then run it again".to_owned());
        Problem { hint, ..Problem::error(words) }.into()
    }
}

/// Whether the system, or git, says that a disk of this machine is full. What another machine says comes from git after
/// `remote:`.
pub fn says_full(words: &str) -> bool {
    let signs = ["No space left on device", "Out of diskspace", "Disk quota exceeded"];
    let mut ours = words.split(['\n', ';']).filter(|said| !said.trim_start().starts_with("remote:"));
    ours.any(|said| signs.iter().any(|sign| said.contains(sign)))
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// A value, and what was found wrong while it was made. Where the value is an [`Option`], `None` comes with an error among
/// the problems; a value may come with errors, too, so that others look for more.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Checked<T> {
    /// What was made.
    pub value: T,
    /// What was found, in the order in which it was.
    pub problems: Vec<Problem>,
}

impl<T> Checked<T> {
    /// A value with what was found.
    pub fn new(value: T, problems: impl IntoIterator<Item = Problem>) -> Self {
        Self { value, problems: problems.into_iter().collect() }
    }

    /// The value. What was found goes to what others have found before.
    pub fn take(self, found_before: &mut Vec<Problem>) -> T {
        found_before.extend(self.problems);
        self.value
    }

    /// The same problems with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Checked<U> {
        Checked { value: change(self.value), problems: self.problems }
    }
}

impl<T> From<Result<T, Problem>> for Checked<Option<T>> {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(value) => Self::new(Some(value), []),
            Err(problem) => Self::new(None, [problem]),
        }
    }
}

/// A page of the documentation of this library, where hints lead.
pub fn docs_page(page: &str) -> String {
    format!("{}{page}/", env!("CARGO_PKG_HOMEPAGE"))
}

/// Problems of one cause, which differ in what they happened to, as one: what follows the first colon is the cause. One that
/// is told twice counts once.
pub fn fold(problems: Vec<Problem>) -> Vec<Problem> {
    let cause = |problem: &Problem| {
        let (_, cause) = problem.message.split_once("`: ")?;
        Some((problem.severity, problem.place.clone(), cause.to_owned(), problem.hint.clone()))
    };
    let with_count = |(problem, more): (Problem, Vec<_>)| match more.len() {
        0 => problem,
        more => Problem { message: format!("{} ({more} more like it)", problem.message), ..problem },
    };
    let mut told = Vec::new();
    for problem in problems {
        if !told.contains(&problem) {
            told.push(problem);
        }
    }
    group_by(told, cause).into_iter().map(with_count).collect()
}

/// Problems that say the same of several things, as one that names all of them: those whose messages differ in what stands
/// between `before` and the next colon alone.
pub fn join(problems: Vec<Problem>, before: &str) -> Vec<Problem> {
    let mut joined: Vec<(Problem, Option<[String; 2]>, Vec<String>)> = Vec::new();
    for problem in problems {
        let parts = problem.message.split_once(before).and_then(|(first, rest)| {
            let (what, last) = rest.split_once("`: ")?;
            Some(([first.to_owned(), last.to_owned()], format!("{what}`")))
        });
        let (key, what) = parts.unzip();
        let same = joined
            .iter_mut()
            .find(|(other, of, _)| key.is_some() && *of == key && other.severity == problem.severity);
        match same {
            Some((_, _, all)) => all.extend(what),
            None => joined.push((problem, key, what.into_iter().collect())),
        }
    }
    let one = |(problem, key, all): (Problem, Option<[String; 2]>, Vec<String>)| match key {
        Some([first, last]) if all.len() > 1 => {
            let hint = problem.hint.map(|hint| format!("{hint}; the others likewise"));
            Problem { message: format!("{first}{before}{}: {last}", all.join(", ")), hint, ..problem }
        }
        _ => problem,
    };
    joined.into_iter().map(one).collect()
}

/// The first problem of each key, with the others of that key. Those without a key stay as they are.
pub fn group_by<K: Eq + Hash>(
    problems: Vec<Problem>,
    key: impl Fn(&Problem) -> Option<K>,
) -> Vec<(Problem, Vec<Problem>)> {
    let mut groups: Vec<(Problem, Vec<Problem>)> = Vec::new();
    let mut places = HashMap::new();
    for problem in problems {
        let new = groups.len();
        let place = key(&problem).map_or(new, |key| *places.entry(key).or_insert(new));
        match groups.get_mut(place) {
            Some((_, more)) => more.push(problem),
            None => groups.push((problem, Vec::new())),
        }
    }
    groups
}

/// Splits what was found: `Ok(warnings and notes)` where nothing is an error, else `Err` with all of it, errors first and then by
/// place.
pub fn verdict(mut problems: Vec<Problem>) -> Result<Vec<Problem>, Problems> {
    problems.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
    if problems.iter().any(Problem::is_error) { Err(Problems(problems)) } else { Ok(problems) }
}

/// What an error is made of, for those who go on.
pub fn problems_of(error: anyhow::Error) -> Problems {
    error.downcast::<Carried>().map_or_else(Problems::from, |carried| carried.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_of_several_things() {
        let of =
            |what: &str| Problem::error(format!("`lib` has changed, in {what}: released")).hint("write `1`");
        let problems = vec![of("`a 1`"), Problem::error("other"), of("`b 2`"), of("`c 3`").only_warns()];
        let joined = join(problems, ", in ");
        let told = joined.iter().map(|one| format!("{one} {}", one.hint.as_deref().unwrap_or_default()));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                "`lib` has changed, in `a 1`, `b 2`: released write `1`; the others likewise",
                "other ",
                "`lib` has changed, in `c 3`: released write `1`",
            ]
        );
    }

    #[test]
    fn a_full_disk_is_of_this_machine() {
        let full = std::io::Error::from_raw_os_error(28);
        let Problems(told) = anyhow::Error::from(full).context("cannot write `dist/a.tgz`").into();
        assert!(told[0].message.starts_with("cannot write `dist/a.tgz`: No space left"), "{}", told[0]);
        assert!(
            told[0].hint.as_ref().is_some_and(|hint| hint.starts_with("the disk of this machine is full"))
        );
        let theirs = "`git fetch` failed: x; remote: fatal: write error: No space left on device";
        assert!(
            !says_full(theirs)
                && says_full("error: x\nfatal: sha1 file '<stdout>' write error. Out of diskspace")
        );
    }

    #[test]
    fn one_cause_is_told_once_and_an_error_stays_one() {
        let at = |chart: &str| format!("cannot look at `{chart}`: no network");
        let problems = vec![
            Problem::warning(at("a")),
            Problem::error(at("b")),
            Problem::error(at("c")),
            Problem::error(at("d")).hint("x"),
            Problem::error("no cause"),
            Problem::error("other"),
            Problem::error("no cause"),
        ];
        let folded: Vec<String> = fold(problems.clone()).iter().map(ToString::to_string).collect();
        let expected = [at("a"), at("b") + " (1 more like it)", at("d"), "no cause".into(), "other".into()];
        assert_eq!(folded, expected);
        assert!(verdict(fold(problems)).is_err());
    }
}
