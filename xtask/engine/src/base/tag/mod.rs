//! The tags that release, by the patterns of the config: they are read by all of them and written by the first.

use semver::Version;

use super::text::name;
use super::version::strict_form;

/// The patterns of a config that names none.
pub const DEFAULT: [&str; 2] = ["v{version}", "{name}-{version}"];

const NAME: &str = "{name}";
const VERSION: &str = "{version}";
/// What people put between a name and a version.
const SEPARATORS: [char; 4] = ['-', '_', '/', '@'];

/// The patterns of a repository's tags, such as `{name}-{version}`. One with `{name}` is for one chart, one without for
/// all charts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPatterns(pub Vec<String>);

/// A chart as it stands in Chart.yaml, as far as tags are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartVersion {
    pub name: String,
    pub version: String,
    /// Empty where it has none.
    pub app_version: String,
}

/// A tag that releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub text: String,
    /// The one chart that it releases; `None` for all.
    pub chart: Option<String>,
    pub version: Version,
}

/// Why a text is not one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTag {
    pub kind: BadTagKind,
    pub message: String,
    pub hint: String,
}

/// What a text is that is not one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTagKind {
    /// It has nothing to do with releases.
    NoRelease,
    /// It looks like an attempt at a release tag.
    NearMiss,
    /// It is the version of something that is no chart, such as an application.
    OfOther,
    /// It can be read in more than one way.
    Ambiguous,
}

/// The tags of one chart, or those for all charts: a tag and those that it is compared with.
#[derive(Clone, Debug)]
pub struct Family<'p> {
    patterns: &'p TagPatterns,
    pub tag: Tag,
}

impl Tag {
    /// Whether it releases a chart of this version, however loosely Chart.yaml writes it: `v1.2.0` releases `1.2`.
    pub fn agrees_with(&self, version: &str) -> bool {
        strict_form(version).as_ref() == Some(&self.version)
    }
}

impl TagPatterns {
    /// Reads a tag. Its version is a strict semantic version (semver.org, 2.0.0), or spelled as in the chart's Chart.yaml.
    pub fn read(&self, text: &str, charts: &[ChartVersion]) -> Result<Tag, BadTag> {
        let mut found: Vec<Tag> = Vec::new();
        for pattern in &self.0 {
            let of_one =
                charts.iter().filter(|chart| is_for_one(pattern) && text.contains(&chart.name)).map(Some);
            let of_all = (!is_for_one(pattern)).then_some(None);
            for tag in of_one.chain(of_all).filter_map(|chart| read(pattern, text, chart, charts)) {
                if !found.contains(&tag) {
                    found.push(tag);
                }
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(tag), true) => Ok(tag),
            (Some(tag), false) => {
                found.push(tag);
                let message =
                    format!("tag {} can be read in more than one way: {}", name(text), readings(&found));
                let hint = "use another tag, or change `tags` in the config".to_owned();
                Err(BadTag { kind: BadTagKind::Ambiguous, message, hint })
            }
            (None, _) => Err(self.why_not(text, charts)),
        }
    }

    /// The same where Chart.yaml says the version. A version that no chart has is no attempt at a release of one, unless a
    /// pattern has such tags, and a tag that releases no chart is worth no hint.
    pub fn read_verified(&self, text: &str, charts: &[ChartVersion]) -> Result<Tag, BadTag> {
        self.read(text, charts).map_err(|bad| {
            let near = split(text).filter(|_| bad.kind == BadTagKind::NearMiss);
            let Some((before, version)) = near else { return bad };
            let meant = self.meant(before, charts).unwrap_or_default();
            let version = strict_form(version);
            let agrees = |chart: &ChartVersion| strict_form(&chart.version) == version;
            let is_meant = |chart: &&ChartVersion| meant.is_empty() || chart.name == meant;
            if version.is_none() || charts.iter().filter(is_meant).all(agrees) {
                return bad;
            }
            let is_other =
                before.is_empty() && self.cause(text, charts).is_none() && !charts.iter().any(agrees);
            let kind = if is_other { BadTagKind::OfOther } else { bad.kind };
            let message = format!("{}: no chart has this version", bad.message);
            let message = if is_other { message } else { bad.message };
            BadTag { kind, message, hint: self.described() }
        })
    }

    /// Reads a tag whatever charts there are, and however loosely it spells its version.
    pub fn read_of_any(&self, text: &str) -> Option<Tag> {
        let (before, _) = split(text)?;
        let ends = before.match_indices(SEPARATORS).map(|(at, _)| at + 1);
        let names = std::iter::once(0).chain(ends).filter_map(|at| before.get(at..));
        let charts: Vec<Option<&str>> =
            names.filter(|name| !name.is_empty()).map(Some).chain([None]).collect();
        let read = |pattern: &String, chart: Option<&str>| {
            let version = strict(cut(pattern, chart.unwrap_or_default(), text)?)?;
            Some(Tag { text: text.to_owned(), chart: chart.map(str::to_owned), version })
        };
        let patterns =
            |is_for_one_chart| self.0.iter().filter(move |one| is_for_one(one) == is_for_one_chart);
        charts
            .into_iter()
            .find_map(|chart| patterns(chart.is_some()).find_map(|pattern| read(pattern, chart)))
    }

    /// The pattern that tags for all charts are written by.
    pub fn of_all(&self) -> Option<&String> {
        self.0.iter().find(|pattern| !is_for_one(pattern))
    }

    /// The pattern that tags for one chart are written by.
    pub fn of_one(&self) -> Option<&String> {
        self.0.iter().find(|pattern| is_for_one(pattern)).or(self.0.first())
    }

    /// True if some tags are for one chart.
    pub fn has_one_for_each(&self) -> bool {
        self.0.iter().any(|pattern| is_for_one(pattern))
    }

    /// The tag that releases all charts at one version.
    pub fn for_all(&self, version: &str) -> Option<String> {
        write(self.of_all()?, "", version)
    }

    /// The tag that releases one chart.
    pub fn for_chart(&self, chart: &str, version: &str) -> String {
        self.of_one().and_then(|pattern| write(pattern, chart, version)).unwrap_or_default()
    }

    /// The family of a tag that releases.
    pub fn family(&self, tag: &str, charts: &[ChartVersion]) -> Option<Family<'_>> {
        Some(Family { patterns: self, tag: self.read(tag, charts).ok()? })
    }

    /// What release tags look like, for a hint.
    pub fn described(&self) -> String {
        let written = |is_wanted: fn(&str) -> bool| {
            let wanted = self.0.iter().filter(|pattern| is_wanted(pattern));
            let written = wanted.filter_map(|pattern| write(pattern, "NAME", "1.2.3"));
            written.map(|tag| name(&tag)).collect::<Vec<_>>().join(" or ")
        };
        match (written(|pattern| !is_for_one(pattern)), written(is_for_one)) {
            (all, one) if one.is_empty() => format!("release tags are {all} for all charts"),
            (all, one) if all.is_empty() => format!("release tags are {one} for one chart"),
            (all, one) => format!("release tags are {all} for all charts and {one} for one"),
        }
    }

    /// Why a tag of a version is that of the application: no chart has this version, and one has it as its `appVersion`.
    pub fn of_application(&self, tag: &str, version: &Version, charts: &[ChartVersion]) -> Option<BadTag> {
        let is_own = charts.iter().any(|chart| strict_form(&chart.version).as_ref() == Some(version));
        self.may_be_of_application(tag, version, charts).filter(|_| !is_own)
    }

    /// The same where a chart may have this version, too: no release is tagged by a version alone.
    fn may_be_of_application(&self, tag: &str, version: &Version, charts: &[ChartVersion]) -> Option<BadTag> {
        let chart = charts.iter().find(|chart| strict_form(&chart.app_version).as_ref() == Some(version))?;
        let (shown, own) = (name(&chart.name), &chart.version);
        let message = format!(
            "tag {} is that of the application: it is the `appVersion` of chart {shown}, whose version is {own}",
            name(tag)
        );
        let is_other = |pattern: &&String| cut(pattern, &chart.name, tag).is_none();
        let others = || self.0.iter().filter(is_other);
        let other = others().find(|pattern| is_for_one(pattern)).or_else(|| others().next());
        let other = other.and_then(|pattern| write(pattern, &chart.name, own));
        let instead = other.unwrap_or_else(|| self.for_chart(&chart.name, own));
        let hint = format!("the tag that releases the chart: git tag {instead} && git push origin {instead}");
        Some(BadTag { kind: BadTagKind::OfOther, message, hint })
    }

    fn why_not(&self, text: &str, charts: &[ChartVersion]) -> BadTag {
        let no_release = format!("tag {} is not a release tag", name(text));
        let because = |cause: String| format!("{no_release}: {cause}");
        let message = self.cause(text, charts).map_or_else(|| no_release.clone(), because);
        let Some((before, version)) = split(text) else {
            return BadTag { kind: BadTagKind::NoRelease, message, hint: self.described() };
        };
        let is_bare =
            |pattern: &String| around(pattern, "name").is_some_and(|(text, _)| plain(&text).is_empty());
        let of_application = |version| {
            if self.0.iter().any(is_bare) {
                self.of_application(text, &version, charts)
            } else {
                self.may_be_of_application(text, &version, charts)
            }
        };
        if let Some(bad) = strict_form(version).filter(|_| before.is_empty()).and_then(of_application) {
            return bad;
        }
        let Some(chart) = self.meant(before, charts) else {
            let message = because(format!("there is no chart {}", name(before)));
            return BadTag { kind: BadTagKind::OfOther, message, hint: self.described() };
        };
        let is_for_all =
            !chart.is_empty() && charts.len() > 1 && !self.0.iter().any(|pattern| is_for_one(pattern));
        let instead = self.instead(text, version, chart).filter(|_| !is_for_all);
        let hint = instead.unwrap_or_else(|| self.described());
        BadTag { kind: BadTagKind::NearMiss, message, hint }
    }

    /// The ways out for a tag that is for a version of this chart, or of all charts where it is empty.
    fn instead(&self, text: &str, version: &str, chart: &str) -> Option<String> {
        let strict = strict_form(version)?.to_string();
        let is_of_all = chart.is_empty();
        let tag = if is_of_all { self.for_all(&strict)? } else { self.for_chart(chart, &strict) };
        let hint = format!("git tag {tag} && git push origin {tag}");
        let pattern = text.replacen(version, VERSION, 1);
        let pattern = if is_of_all { pattern } else { pattern.replacen(chart, NAME, 1) };
        if Version::parse(version).is_err() || is_of_all == is_for_one(&pattern) {
            return Some(hint);
        }
        Some(format!("{hint}, or add `{pattern}` to `tags` in the config"))
    }

    /// What is wrong with the version of a text that otherwise fits a pattern.
    fn cause(&self, text: &str, charts: &[ChartVersion]) -> Option<String> {
        let names = charts.iter().map(|chart| chart.name.as_str()).chain([""]);
        let mut versions = names.flat_map(|chart| {
            let is_of = move |pattern: &&String| is_for_one(pattern) != chart.is_empty();
            self.0.iter().filter(is_of).filter_map(move |pattern| cut(pattern, chart, text))
        });
        let version = versions.find(|version| version.starts_with(|c: char| c.is_ascii_digit()))?;
        Version::parse(version).err().map(|cause| cause.to_string())
    }

    /// The chart that is meant by what stands before a version, empty for all; `None` if that is something else.
    fn meant<'c>(&self, before: &str, charts: &'c [ChartVersion]) -> Option<&'c str> {
        let before = plain(before);
        let fits = |chart: &str| {
            self.0
                .iter()
                .any(|pattern| around(pattern, chart).is_some_and(|(text, _)| plain(&text) == before))
        };
        let is_of = |chart: &&ChartVersion| plain(&chart.name) == before || fits(&chart.name) && !fits("");
        match charts.iter().find(is_of) {
            Some(chart) => Some(&chart.name),
            None => (before.is_empty() || fits("")).then_some(""),
        }
    }
}

impl Family<'_> {
    /// The version of another tag of the family; `None` for all others.
    pub fn version(&self, tag: &str) -> Option<Version> {
        let chart = self.tag.chart.as_deref();
        let mut patterns = self.patterns.0.iter().filter(|pattern| is_for_one(pattern) == chart.is_some());
        patterns.find_map(|pattern| strict(cut(pattern, chart.unwrap_or_default(), tag)?))
    }
}

/// Whether a text can be a pattern: `{version}` once, `{name}` at most once, and no other braces.
pub fn is_pattern(text: &str) -> bool {
    let rest = text.replacen(VERSION, "", 1).replacen(NAME, "", 1);
    text.contains(VERSION) && !rest.contains(['{', '}'])
}

/// A tag of a pattern, as an example.
pub fn example(pattern: &str) -> String {
    write(pattern, "name", "1.2.3").unwrap_or_default()
}

/// Whether a pattern is for one chart.
pub fn is_for_one(pattern: &str) -> bool {
    pattern.contains(NAME)
}

/// The strict version that the version of a tag stands for. A number alone is that of something else, such as `v9` for the
/// newest 9.x of an action.
pub fn strict(version: &str) -> Option<Version> {
    strict_form(version).filter(|_| version.contains('.'))
}

/// What stands before and after the version in the tags of a chart.
fn around(pattern: &str, chart: &str) -> Option<(String, String)> {
    let (before, after) = pattern.split_once(VERSION)?;
    Some((before.replace(NAME, chart), after.replace(NAME, chart)))
}

/// The part of a tag where a pattern has the version.
fn cut<'t>(pattern: &str, chart: &str, tag: &'t str) -> Option<&'t str> {
    let (before, after) = around(pattern, chart)?;
    tag.strip_prefix(before.as_str())?.strip_suffix(after.as_str())
}

/// The reading of a tag by one pattern, for one chart or for all.
fn read(pattern: &str, text: &str, chart: Option<&ChartVersion>, charts: &[ChartVersion]) -> Option<Tag> {
    let version = cut(pattern, chart.map_or("", |chart| &chart.name), text)?;
    let plain = |version: &str| version.strip_prefix('v').unwrap_or(version).to_owned();
    let spells = |chart: &ChartVersion| {
        chart.version == version || chart.version.starts_with('v') && plain(&chart.version) == plain(version)
    };
    let own = || chart.map_or_else(|| charts.iter().any(spells), spells);
    let version = Version::parse(version).ok().or_else(|| strict_form(version).filter(|_| own()))?;
    Some(Tag { text: text.to_owned(), chart: chart.map(|chart| chart.name.clone()), version })
}

/// What GitHub has to filter tags by for those of a pattern to start a workflow, for every chart.
pub fn filter(pattern: &str, version: &str) -> Option<String> {
    let (before, after) = around(pattern, "*")?;
    let v = if version.starts_with('v') && !before.ends_with('v') { "v" } else { "" };
    let is_narrow = before.contains('*') || before.is_empty() && v.is_empty();
    let number = if is_narrow { "[0-9]*" } else { "*" };
    Some(format!("{before}{v}{number}{after}"))
}

/// The tag of a version. A pattern that has the `v` needs it once.
pub fn write(pattern: &str, chart: &str, version: &str) -> Option<String> {
    let (before, after) = around(pattern, chart)?;
    let version = version.strip_prefix('v').filter(|_| before.ends_with('v')).unwrap_or(version);
    Some(format!("{before}{version}{after}"))
}

fn readings(found: &[Tag]) -> String {
    let reading = |tag: &Tag| {
        let chart =
            tag.chart.as_ref().map_or_else(|| "all charts".to_owned(), |c| format!("chart {}", name(c)));
        format!("{chart} at {}", tag.version)
    };
    found.iter().map(reading).collect::<Vec<_>>().join(", or ")
}

/// Splits a text into a name, which may be empty, and what looks like a version, without its `v`.
fn split(text: &str) -> Option<(&str, &str)> {
    let starts = text.match_indices(SEPARATORS).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).filter_map(|at| text.split_at_checked(at)).find_map(|(before, rest)| {
        let version = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
        let core = version.split(['-', '+']).next().unwrap_or(version);
        let numbers: Vec<&str> = core.split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_version = (2..=4).contains(&numbers.len()) && numbers.iter().all(is_number);
        is_version.then(|| (before.trim_end_matches(SEPARATORS), version))
    })
}

/// What stands before a version, whatever the case and the separators, and without the `v` of the version.
fn plain(before: &str) -> String {
    let text = before.to_lowercase().replace(SEPARATORS, "-");
    let text = text.trim_end_matches('-');
    let text = text.strip_suffix("-v").unwrap_or(if text == "v" { "" } else { text });
    text.to_owned()
}

#[cfg(test)]
mod tests;
