//! Which tag a release is for, and which charts it releases.

use std::collections::{HashMap, HashSet};

use super::Tags;
use crate::base::config::Config;
use crate::base::problem::{Checked, Problem, Problems};
use crate::base::tag::{BadTag, BadTagKind, ChartVersion, Tag};
use crate::base::text::{few, name};
use crate::chart::source::Source;

impl Tags {
    /// The tag of the release: `--tag`, else the one that GitHub runs for, else the one at `head`. The first two must
    /// be release tags, and if git has them, at `head`; other tags at `head` are passed over, and so is one that GitHub runs
    /// for if it is the version of something else in the repository. Where no tag at `head` releases, those that look like
    /// an attempt come back as warnings.
    pub fn choose(
        &self,
        config: &Config,
        charts: &[ChartVersion],
        head: &str,
    ) -> Result<Checked<Option<Tag>>, Problems> {
        let is_of_other =
            |text: &&String| read(config, text, charts).is_err_and(|bad| bad.kind == BadTagKind::OfOther);
        let github = self.github.as_ref().filter(|text| !is_of_other(text));
        if let Some(text) = self.flag.as_ref().or(github) {
            let severity = if self.flag.is_some() { Problem::usage } else { Problem::error };
            let tag = read(config, text, charts).map_err(|bad| severity(bad.message).hint(bad.hint))?;
            if self.git.iter().any(|(known, commit)| known == text && commit != head) {
                let message = format!("tag {} exists, but not at HEAD", name(text));
                return Err(Problem::error(message).hint(format!("git checkout {text}")).into());
            }
            return Ok(Checked::new(Some(tag), []));
        }
        let (mut found, mut near): (Vec<Tag>, Vec<Problem>) = (Vec::new(), Vec::new());
        let is_asked = |text: &String| config.stamps() || !self.unasked.contains(text);
        for (text, _) in self.git.iter().filter(|(text, commit)| commit == head && is_asked(text)) {
            match read(config, text, charts) {
                Ok(tag) => found.push(tag),
                Err(BadTag { kind: BadTagKind::NearMiss, message, hint }) => {
                    near.push(Problem::warning(message).hint(hint));
                }
                Err(BadTag { kind: BadTagKind::NoRelease | BadTagKind::OfOther, .. }) => {}
                Err(BadTag { kind: BadTagKind::Ambiguous, message, hint }) => {
                    return Err(Problem::error(message).hint(hint).into());
                }
            }
        }
        // Charts that were bumped together have a tag each, and each tag is a release: HEAD itself is none of them.
        let mut charts_of: Vec<&str> = found.iter().filter_map(|tag| tag.chart.as_deref()).collect();
        charts_of.sort_unstable();
        charts_of.dedup();
        if found.len() > 1 && charts_of.len() == found.len() {
            return Ok(Checked::new(None, []));
        }
        if found.len() > 1 {
            let tags: Vec<String> = found.iter().map(|tag| name(&tag.text)).collect();
            let message = format!("HEAD has more than one release tag: {}", tags.join(", "));
            let hint = format!("cargo xtask release --tag {}", found.first().map_or("", |tag| &tag.text));
            return Err(Problem::error(message).hint(hint).into());
        }
        let near = if found.is_empty() { near } else { Vec::new() };
        Ok(Checked::new(found.pop(), near))
    }
}

/// Reads a tag. Where Chart.yaml says the version, a tag for all charts may be that of the application instead.
fn read(config: &Config, text: &str, charts: &[ChartVersion]) -> Result<Tag, BadTag> {
    if config.stamps() {
        return config.tags.read(text, charts);
    }
    let tag = config.tags.read_verified(text, charts)?;
    let is_of_all = tag.chart.is_none();
    match config.tags.of_application(text, &tag.version, charts).filter(|_| is_of_all) {
        Some(of_application) => Err(of_application),
        None => Ok(tag),
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
        let directories: Vec<String> =
            config.charts.iter().map(|directory| format!("{directory}/")).collect();
        let message = format!("there is no chart in {}", few(&directories));
        let hint = match config.charts.first().map_or(".", String::as_str) {
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
