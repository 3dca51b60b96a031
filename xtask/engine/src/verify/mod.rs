//! Whether all places that publish a version hold the same archive, and whether its signatures are good.
//!
//! Each place is one [`Seen`]. What could not be looked at is neither good nor absent.

pub mod command;
mod evidence;
mod io;

use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::problem::Problem;
use crate::base::tag::{BadTag, ChartVersion};
use crate::base::text::{counted, name};

/// A version that is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub chart: String,
    pub version: String,
    /// The tags that a GitHub Release of it may have; the first that there is counts.
    pub tags: Vec<String>,
}

/// What one place says of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// As in `charts/index.yaml on gh-pages`.
    pub place: String,
    pub says: Says,
    /// What else is worth knowing, such as who signed; often empty.
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// It holds the archive with this digest, or names it.
    Archive(Digest),
    /// It agrees with the archive, and names none.
    Agrees,
    /// There is something that nobody has checked, such as an attestation.
    Found,
    /// There is nothing, and nothing has to be.
    Absent,
    /// Nobody could look: why.
    Unseen(String),
    Wrong(Problem),
}

/// What came of a version.
#[derive(Debug)]
pub struct Judged {
    pub wanted: Wanted,
    /// The digest that most places have.
    pub digest: Option<Digest>,
    pub seen: Vec<Seen>,
}

impl Wanted {
    /// `NAME VERSION`.
    pub fn title(&self) -> String {
        format!("{} {}", self.chart, self.version)
    }

    pub fn file_name(&self) -> String {
        format!("{}-{}.tgz", self.chart, self.version)
    }
}

/// The versions that a tag releases of these charts; without a tag those in Chart.yaml.
pub fn wanted(config: &Config, tag: Option<&str>, charts: &[ChartVersion]) -> Result<Vec<Wanted>, Problem> {
    let of = |chart: &ChartVersion, version: String, tags: Vec<String>| Wanted {
        chart: chart.name.clone(),
        version,
        tags,
    };
    let Some(text) = tag else {
        let one = |chart: &ChartVersion| {
            let own = config.tags.for_chart(&chart.name, &chart.version);
            let all = config.tags.for_all(&chart.version).filter(|all| *all != own);
            of(chart, chart.version.clone(), [own].into_iter().chain(all).collect())
        };
        return Ok(charts.iter().map(one).collect());
    };
    let read = if config.stamps() {
        config.tags.read(text, charts)
    } else {
        config.tags.read_verified(text, charts)
    };
    let tag = read.map_err(|BadTag { message, hint, .. }| Problem::usage(message).hint(hint))?;
    let is_released = |chart: &&ChartVersion| {
        tag.chart.as_ref().is_none_or(|one| *one == chart.name)
            && (config.stamps() || tag.agrees_with(&chart.version))
    };
    let version = |chart: &ChartVersion| {
        if config.stamps() { tag.version.to_string() } else { chart.version.clone() }
    };
    let released: Vec<Wanted> = charts
        .iter()
        .filter(is_released)
        .map(|chart| of(chart, version(chart), vec![text.to_owned()]))
        .collect();
    if released.is_empty() {
        let message = format!("tag {} releases no chart of its commit", name(text));
        return Err(Problem::error(message).hint("name the tag of a release; git tag --list has all of them"));
    }
    Ok(released)
}

/// What is there most often, and how often; of as many, the first.
fn most<T: PartialEq>(values: &[T]) -> Option<(&T, usize)> {
    let count = |value: &T| values.iter().filter(|other| *other == value).count();
    values.iter().map(|value| (value, count(value))).reduce(|a, b| if b.1 > a.1 { b } else { a })
}

/// Holds all places against the digest that most of them have. A place with another one is wrong.
pub fn judge(wanted: Wanted, mut seen: Vec<Seen>) -> Judged {
    let digests: Vec<Digest> = seen.iter().filter_map(|one| one.digest().cloned()).collect();
    let Some((digest, count)) = most(&digests) else { return Judged { wanted, digest: None, seen } };
    for one in &mut seen {
        if let Some(found) = one.digest().filter(|found| *found != digest) {
            let (place, title) = (name(&one.place), name(&wanted.title()));
            let others =
                if count == 1 { "another place has it".to_owned() } else { format!("{count} have it") };
            let message = format!("{place}: it has {title} as {found}, and {others} as {digest}");
            let hint = "find out which of them users have had, and release another version: what is published never changes";
            one.says = Says::Wrong(Problem::error(message).hint(hint));
        }
    }
    Judged { wanted, digest: Some(digest.clone()), seen }
}

impl Seen {
    fn digest(&self) -> Option<&Digest> {
        if let Says::Archive(digest) = &self.says { Some(digest) } else { None }
    }
}

impl Judged {
    /// What is wrong. Where nothing is, and nothing could be checked, that is.
    pub fn problems(&self) -> Vec<Problem> {
        let wrong =
            |one: &Seen| if let Says::Wrong(problem) = &one.says { Some(problem.clone()) } else { None };
        let mut problems: Vec<Problem> = self.seen.iter().filter_map(wrong).collect();
        if problems.is_empty() && self.good() == 0 {
            let message = format!("nothing could be checked of {}", name(&self.wanted.title()));
            let hint = "the lines `Not checked` say why: run it again when that is mended";
            problems.push(Problem::error(message).hint(hint));
        }
        problems
    }

    /// How many places are right.
    fn good(&self) -> usize {
        self.count(|says| matches!(says, Says::Archive(_) | Says::Agrees))
    }

    fn count(&self, is_it: impl Fn(&Says) -> bool) -> usize {
        self.seen.iter().filter(|one| is_it(&one.says)).count()
    }

    /// The last line about it: a verb, and what follows.
    pub fn verdict(&self) -> (&'static str, String) {
        let title = self.wanted.title();
        let digest = self.digest.as_ref().map_or_else(String::new, |digest| format!("  {digest}"));
        let unseen = self.count(|says| matches!(says, Says::Unseen(_)));
        let unseen = if unseen > 0 { format!(", {unseen} not checked") } else { String::new() };
        match (self.count(|says| matches!(says, Says::Wrong(_))), self.good()) {
            (0, 0) => ("Not checked", format!("{title}: nothing could be looked at")),
            (0, good) => ("Good", format!("{title}{digest}  {}{unseen}", counted(good, "check"))),
            (wrong, good) => {
                ("Failed", format!("{title}{digest}  {wrong} of {}{unseen}", counted(wrong + good, "check")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> Wanted {
        Wanted { chart: "web".to_owned(), version: "1.0.0".to_owned(), tags: Vec::new() }
    }

    #[test]
    fn the_digest_of_most_places_counts() {
        for (digests, most, wrong) in [
            ("", None, ""),
            ("a", Some("a"), ""),
            ("a a a", Some("a"), ""),
            ("a b b", Some("b"), "0"),
            ("a b", Some("a"), "1"),
            ("a b b a", Some("a"), "1 2"),
        ] {
            let seen = digests.split_whitespace().enumerate();
            let seen = seen.map(|(at, of)| {
                let says = Says::Archive(Digest::of(of.as_bytes()));
                Seen { place: at.to_string(), says, note: String::new() }
            });
            let judged = judge(web(), seen.collect());
            assert_eq!(judged.digest, most.map(|of| Digest::of(of.as_bytes())), "{digests}");
            let is_wrong = |one: &&Seen| matches!(one.says, Says::Wrong(_));
            let found: Vec<&str> = judged.seen.iter().filter(is_wrong).map(|one| &*one.place).collect();
            assert_eq!(found.join(" "), wrong, "{digests}");
        }
    }

    #[test]
    fn verdicts() {
        let seen = |says: &char| {
            let says = match says {
                'a' => Says::Archive(Digest::of(b"")),
                'w' => Says::Wrong(Problem::error("x")),
                'u' => Says::Unseen("offline".to_owned()),
                _ => Says::Absent,
            };
            Seen { place: "place".to_owned(), says, note: String::new() }
        };
        for (places, expected) in [
            ("", "Not checked web 1.0.0: nothing could be looked at"),
            ("u-", "Not checked web 1.0.0: nothing could be looked at"),
            ("a-u", "Good web 1.0.0  DIGEST  1 check, 1 not checked"),
            ("waa", "Failed web 1.0.0  DIGEST  1 of 3 checks"),
            ("w", "Failed web 1.0.0  1 of 1 check"),
        ] {
            let all: Vec<char> = places.chars().collect();
            let (verb, what) = judge(web(), all.iter().map(seen).collect()).verdict();
            let what = what.replace(&Digest::of(b"").to_string(), "DIGEST");
            assert_eq!(format!("{verb} {what}"), expected, "{places}");
        }
    }

    #[test]
    fn versions_of_a_tag() {
        let chart = |name: &str, version: &str| ChartVersion {
            name: name.to_owned(),
            version: version.to_owned(),
            ..ChartVersion::default()
        };
        let charts = [chart("db", "2.0.0"), chart("web", "1.0.0")];
        let verify = Config::new("o/r");
        let stamp = Config::new("o/r").versions(crate::base::config::Versions::Stamp);
        for (config, tag, expected) in [
            (&verify, Some("web-1.0.0"), "web 1.0.0 (web-1.0.0)"),
            (&verify, Some("v1.0.0"), "web 1.0.0 (v1.0.0)"),
            (&verify, Some("v3.0.0"), "an error"),
            (&verify, None, "db 2.0.0 (db-2.0.0 v2.0.0), web 1.0.0 (web-1.0.0 v1.0.0)"),
            (&stamp, Some("v3.0.0"), "db 3.0.0 (v3.0.0), web 3.0.0 (v3.0.0)"),
            (&stamp, Some("web-3.0.0"), "web 3.0.0 (web-3.0.0)"),
            (&stamp, Some("latest"), "an error"),
        ] {
            let found = wanted(config, tag, &charts).map_err(drop);
            let text = |one: &Wanted| format!("{} ({})", one.title(), one.tags.join(" "));
            let found = found.map(|all| all.iter().map(text).collect::<Vec<_>>().join(", "));
            assert_eq!(found.as_deref().unwrap_or("an error"), expected, "{tag:?}");
        }
    }
}
