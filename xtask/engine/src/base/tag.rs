//! The tags that release.

use semver::Version;

use super::text::name;

/// A tag that releases: `v1.2.3` for every chart, `NAME-1.2.3` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub text: String,
    /// The one chart that it releases; `None` for all.
    pub chart: Option<String>,
    pub version: Version,
}

/// Why a text is not one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTag {
    /// It releases nothing; the message.
    NoRelease(String),
    /// It is the version of something that is no chart, such as an application; the message.
    OfOther(String),
    /// It can be read in more than one way; the message.
    Ambiguous(String),
}

impl Tag {
    /// Reads a tag. `charts` are the names that a `NAME-` may have. Strict semantic versions only (semver.org,
    /// 2.0.0): what is not one is refused here, before the tag is used for anything.
    pub fn parse(text: &str, charts: &[String]) -> Result<Self, BadTag> {
        let tag = |chart, version| Self { text: text.to_owned(), chart, version };
        let mut found: Vec<Self> = charts
            .iter()
            .filter_map(|chart| {
                let version = text.strip_prefix(chart.as_str())?.strip_prefix('-')?;
                Some(tag(Some(chart.clone()), Version::parse(version).ok()?))
            })
            .collect();
        if let Some(version) = text.strip_prefix('v').and_then(|v| Version::parse(v).ok()) {
            found.push(tag(None, version));
        }
        let shown = name(text);
        match (found.pop(), found.is_empty()) {
            (Some(tag), true) => Ok(tag),
            (Some(tag), false) => {
                found.push(tag);
                let message = format!("tag {shown} can be read in more than one way: {}", readings(&found));
                Err(BadTag::Ambiguous(message))
            }
            (None, _) => Err(why_not(text, charts)),
        }
    }
}

impl BadTag {
    pub fn message(self) -> String {
        match self {
            Self::NoRelease(message) | Self::OfOther(message) | Self::Ambiguous(message) => message,
        }
    }
}

fn readings(found: &[Tag]) -> String {
    let reading = |tag: &Tag| {
        let chart =
            tag.chart.as_ref().map_or_else(|| "all charts".to_owned(), |c| format!("chart {}", name(c)));
        format!("{chart} at {}", tag.version)
    };
    found.iter().map(reading).collect::<Vec<_>>().join(", or ")
}

fn why_not(text: &str, charts: &[String]) -> BadTag {
    let no_release =
        |why: String| BadTag::NoRelease(format!("tag {} is not a release tag: {why}", name(text)));
    let version = |v: &str| Version::parse(v).err().map(|cause| cause.to_string());
    if let Some(rest) = text.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return no_release(version(rest).unwrap_or_default());
    }
    let of_chart = |chart: &String| text.strip_prefix(chart.as_str())?.strip_prefix('-');
    if let Some(cause) = charts.iter().filter_map(of_chart).find_map(version) {
        return no_release(cause);
    }
    let is_version =
        |(at, _): &(usize, _)| text.get(at + 1..).is_some_and(|rest| Version::parse(rest).is_ok());
    match text.match_indices('-').find(is_version).and_then(|(at, _)| text.get(..at)) {
        Some(other) => BadTag::OfOther(no_release(format!("there is no chart {}", name(other))).message()),
        None => no_release("it is neither `v1.2.3` nor `NAME-1.2.3`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Option<String>, String), String> {
        let charts = ["web", "web-api", "a", "a-1.0.0", "v1"].map(String::from);
        Tag::parse(text, &charts).map(|tag| (tag.chart, tag.version.to_string())).map_err(BadTag::message)
    }

    #[test]
    fn tags() {
        for (text, chart, version) in [
            ("v1.2.3", None, "1.2.3"),
            ("v1.2.3-rc.1+build.5", None, "1.2.3-rc.1+build.5"),
            ("web-1.2.3", Some("web"), "1.2.3"),
            ("web-api-1.2.3-rc-1", Some("web-api"), "1.2.3-rc-1"),
        ] {
            assert_eq!(parse(text), Ok((chart.map(String::from), version.to_owned())), "{text}");
        }
    }

    #[test]
    fn tags_that_are_refused() {
        for (text, cause) in [
            ("", "neither"),
            ("1.2.3", "neither"),
            ("latest", "neither"),
            ("v1.2", "unexpected end"),
            ("v01.2.3", "leading zero"),
            ("v1.2.3-01", "leading zero"),
            ("v1.2.3 ", "unexpected character"),
            ("v1.2.3/../../etc", "unexpected character"),
            ("v1.2.3;rm -rf ~", "unexpected character"),
            ("v1.2.3\n::warning::x", "unexpected character"),
            ("-v1.2.3", "neither"),
            ("--upload-pack=x-1.2.3", "there is no chart `--upload-pack=x`"),
            ("../web-1.2.3", "there is no chart `../web`"),
            ("web-v1.2.3", "unexpected character 'v'"),
            ("other-1.2.3", "there is no chart `other`"),
            ("a-1.0.0-1.0.0", "more than one way"),
            ("v99999999999999999999.0.0", "exceeds"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(cause), "{text:?}: {error}");
            assert!(!error.contains('\n'), "{error:?}");
        }
    }
}
