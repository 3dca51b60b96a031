//! Which tag a release is for, and which charts it releases.

use std::collections::{HashMap, HashSet};

use super::Tags;
use crate::base::config::Config;
use crate::base::problem::{Problem, Problems};
use crate::base::tag::{BadTag, Tag};
use crate::base::text::name;
use crate::chart::source::Source;

impl Tags {
    /// The tag of the release: `--tag`, else the one that GitHub runs for, else the one at `head`. The first two must
    /// be release tags, and if git has them, at `head`; other tags at `head` are passed over, and so is one that GitHub runs
    /// for if it is the version of something else in the repository.
    pub fn choose(&self, charts: &[String], head: &str) -> Result<Option<Tag>, Problems> {
        let is_of_other = |text: &&String| matches!(Tag::parse(text, charts), Err(BadTag::OfOther(_)));
        let github = self.github.as_ref().filter(|text| !is_of_other(text));
        if let Some(text) = self.flag.as_ref().or(github) {
            let hint = "release tags are `v1.2.3` for all charts and `NAME-1.2.3` for one";
            let problem = |message| match self.flag {
                Some(_) => Problem::usage(message).hint(hint),
                None => Problem::error(message).hint(hint),
            };
            let tag = Tag::parse(text, charts).map_err(|bad| problem(bad.message()))?;
            if self.git.iter().any(|(known, commit)| known == text && commit != head) {
                let message = format!("tag {} exists, but not at HEAD", name(text));
                return Err(Problem::error(message).hint(format!("git checkout {text}")).into());
            }
            return Ok(Some(tag));
        }
        let mut found: Vec<Tag> = Vec::new();
        for (text, _) in self.git.iter().filter(|(_, commit)| commit == head) {
            match Tag::parse(text, charts) {
                Ok(tag) => found.push(tag),
                Err(BadTag::NoRelease(_) | BadTag::OfOther(_)) => {}
                Err(BadTag::Ambiguous(message)) => {
                    return Err(Problem::error(message).hint("cargo xtask release --tag v1.2.3").into());
                }
            }
        }
        // Charts that were bumped together have a tag each, and each tag is a release: HEAD itself is none of them.
        let mut charts_of: Vec<&str> = found.iter().filter_map(|tag| tag.chart.as_deref()).collect();
        charts_of.sort_unstable();
        charts_of.dedup();
        if found.len() > 1 && charts_of.len() == found.len() {
            return Ok(None);
        }
        if found.len() > 1 {
            let tags: Vec<String> = found.iter().map(|tag| name(&tag.text)).collect();
            let message = format!("HEAD has more than one release tag: {}", tags.join(", "));
            let hint = format!("cargo xtask release --tag {}", found.first().map_or("", |tag| &tag.text));
            return Err(Problem::error(message).hint(hint).into());
        }
        Ok(found.pop())
    }
}

/// The charts, with their names, that the tag releases and that were asked for.
pub(crate) fn select(
    charts: Vec<(String, Source)>,
    wanted: &[String],
    tag: Option<&Tag>,
    config: &Config,
) -> Result<Vec<Source>, Problems> {
    if charts.is_empty() {
        let message = format!("there is no chart in `{}/`", config.charts);
        let hint = match config.charts.as_str() {
            "." => "helm create NAME".to_owned(),
            charts => format!("mkdir -p {charts} && helm create {charts}/NAME"),
        };
        return Err(Problem::error(message).hint(hint).into());
    }
    let known = charts.iter().map(|(chart, _)| name(chart)).collect::<Vec<_>>().join(", ");
    let releases = |chart: &str| tag.and_then(|tag| tag.chart.as_deref()).is_none_or(|one| one == chart);
    let mut asked: HashMap<&str, &str> = HashMap::new();
    for (chart, source) in &charts {
        asked.insert(chart, chart);
        asked.insert(&source.path, chart);
    }
    let (mut chosen, mut problems) = (HashSet::new(), Vec::new());
    for wanted in wanted {
        let plain = wanted.trim_end_matches('/').trim_start_matches("./");
        match (asked.get(plain), tag) {
            (Some(chart), _) if releases(chart) => drop(chosen.insert((*chart).to_owned())),
            (Some(chart), Some(tag)) => {
                let message = format!("tag {} does not release chart {}", name(&tag.text), name(chart));
                problems.push(
                    Problem::usage(message).hint("leave the chart out, or name another tag with --tag"),
                );
            }
            _ => {
                let message = format!("there is no chart {}", name(wanted));
                problems.push(Problem::usage(message).hint(format!("the charts are {known}")));
            }
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let is_selected = |chart: &str| releases(chart) && (wanted.is_empty() || chosen.contains(chart));
    Ok(charts.into_iter().filter(|(chart, _)| is_selected(chart)).map(|(_, source)| source).collect())
}
