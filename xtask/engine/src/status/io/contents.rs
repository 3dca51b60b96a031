//! The digests of what nobody says a digest of: archives on the branch, and those that the registry's manifests name.

use std::time::Duration;

use anyhow::Result;

use super::look::Look;
use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, problems_of};
use crate::git::object::Object;
use crate::registry::io::Registry;
use crate::status::table::on_branch;
use crate::status::{Branch, Content, Entry};
use crate::sys::http::{CURIOUS, Http};
use crate::sys::{terminal, threads};

/// How many archives are held at once.
const AT_ONCE: usize = 200;
/// How many clients ask the registry at once.
const CLIENTS: usize = 4;

/// Reads every archive of the branch that an entry leads to, and the manifest of every version in the registry. `wanted` are
/// the charts, all without any.
pub fn read(config: &Config, look: &mut Look, wanted: &[String], limit: Duration) -> Result<()> {
    let is_wanted = |chart: &str| wanted.is_empty() || wanted.iter().any(|one| one == chart);
    let entries = look.observed.branch.iter().flat_map(Branch::entries);
    let entries: Vec<Entry> = entries.filter(|entry| is_wanted(&entry.chart)).cloned().collect();
    let on_branch = of_branch(config, look, &entries)?;
    let (in_registry, failed) = of_registry(config, look, &is_wanted, limit);
    for content in on_branch.into_iter().chain(in_registry) {
        look.observed.contents.entry(content.chart.clone()).or_default().push(content);
    }
    if let Some(problem) = failed {
        look.observed.miss("digests in the registry", problem.message);
    }
    Ok(())
}

fn of_branch(config: &Config, look: &Look, entries: &[Entry]) -> Result<Vec<Content>> {
    let Some(tip) = &look.tip else { return Ok(Vec::new()) };
    let object = |entry: &Entry| {
        tip.files.get(&on_branch(config, &entry.url)?).filter(|object| object.is_plain()).cloned()
    };
    let there: Vec<(&Entry, Object)> =
        entries.iter().filter_map(|entry| Some((entry, object(entry)?))).collect();
    terminal::progress("Reading", &format!("{} archives of {}", there.len(), look.branch.shown()));
    let mut contents = Vec::new();
    for some in there.chunks(AT_ONCE) {
        let ids: Vec<&str> = some.iter().map(|(_, object)| object.id.as_str()).collect();
        look.branch.prefetch(ids.iter().copied())?;
        for ((entry, _), data) in some.iter().zip(look.branch.read_all(&ids)?) {
            contents
                .extend(data.map(|data| content(&entry.chart, &entry.version, "archive", Digest::of(&data))));
        }
    }
    Ok(contents)
}

/// What manifests say; and why the registry told no more.
fn of_registry(
    config: &Config,
    look: &Look,
    is_wanted: &impl Fn(&str) -> bool,
    limit: Duration,
) -> (Vec<Content>, Option<Problem>) {
    let registry = look.observed.registry.iter().filter(|(chart, _)| is_wanted(chart));
    let tags: Vec<(&str, &str)> = registry
        .flat_map(|(chart, tags)| tags.iter().map(move |tag| (chart.as_str(), tag.as_str())))
        .filter(|(_, tag)| crate::base::version::strict_form(&tag.replace('_', "+")).is_some())
        .collect();
    if tags.is_empty() {
        return (Vec::new(), None);
    }
    terminal::progress("Reading", &format!("{} manifests of {}", tags.len(), config.oci));
    let parts: Vec<&[(&str, &str)]> = tags.chunks(tags.len().div_ceil(CLIENTS)).collect();
    let ask = |tags: &&[(&str, &str)]| {
        let mut found = Vec::new();
        let mut ask_all = || -> Result<()> {
            let http = Http::new(limit, CURIOUS)?;
            let registry = Registry::new(&http, false);
            for (chart, tag) in *tags {
                let version = tag.replace('_', "+");
                let tagged = registry.published(&Reference::of_chart(&config.oci, chart, &version))?;
                found.extend(tagged.archive.map(|digest| content(chart, &version, "registry", digest)));
            }
            Ok(())
        };
        let failed = ask_all().err().and_then(|error| problems_of(error).0.into_iter().next());
        (found, failed)
    };
    let (mut contents, mut failed) = (Vec::new(), None);
    for (found, problem) in threads::map(&parts, ask) {
        contents.extend(found);
        failed = failed.or(problem);
    }
    (contents, failed)
}

fn content(chart: &str, version: &str, place: &'static str, digest: Digest) -> Content {
    Content { chart: chart.to_owned(), version: version.to_owned(), place, digest }
}
