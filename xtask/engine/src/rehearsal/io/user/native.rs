//! The user without helm: the requests that helm would make, and what it would check.

use anyhow::Result;

use super::{Steps, Story, broken, get, id, read, same};
use crate::base::oci_reference::{Reference, tag};
use crate::base::problem::{Checked, Problem};
use crate::base::target::Target;
use crate::base::text::{counted, name};
use crate::chart::{Archive, metadata_of};
use crate::index::{Version, is_of};
use crate::registry::io::Registry;
use crate::sys::http::Http;

pub fn play(story: &Story<'_>, http: &Http, steps: &mut Steps<'_>) -> Result<()> {
    let (has_repository, has_registry) =
        (story.config.publishes_to(Target::Pages), story.config.publishes_to(Target::Oci));
    let text = if has_repository { read_index(story, http, steps)? } else { Vec::new() };
    let index = read(&text).ok().filter(|_| has_repository);
    for archive in story.archives {
        if let Some(url) = story.elsewhere(archive) {
            steps.make("Skipped", url, || Ok("the archive lies there already".to_owned()))?;
        } else if let Some(index) = &index {
            use_repository(story, http, index.versions(), archive, steps)?;
        }
        if has_registry {
            use_registry(story, http, archive, steps)?;
        }
    }
    let saw = || Ok("without helm nothing is rendered".to_owned());
    steps.make("Skipped", "helm template".to_owned(), saw).map(drop)
}

/// The index, as users get it; what is wrong with it is among the steps.
fn read_index(story: &Story<'_>, http: &Http, steps: &mut Steps<'_>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    steps.make("Read", format!("{}/index.yaml", story.repository()), || {
        text = story.index(http)?;
        Ok(counted(read(&text)?.versions().len(), "version"))
    })?;
    Ok(text)
}

fn use_repository(
    story: &Story<'_>,
    http: &Http,
    listed: &[Version<'_>],
    archive: &Archive,
    steps: &mut Steps<'_>,
) -> Result<()> {
    let (chart, version) = (&archive.metadata.name, &archive.metadata.version);
    let Some(entry) = listed.iter().find(|one| one.name == *chart && one.version == *version) else {
        steps.problems.push(broken(format!("the index does not list {}", name(&id(archive)))));
        return Ok(());
    };
    let url = entry.urls.first().map(|url| resolved(url, &story.repository())).unwrap_or_default();
    steps.make("Pulled", url.clone(), || {
        if !is_of(entry, &archive.digest) {
            return Err(broken(format!("the index gives {} another digest", name(&id(archive)))));
        }
        checked(&get(http, url)?, archive)
    })?;
    Ok(())
}

/// A URL of the index, which may be relative to it.
fn resolved(url: &str, repository: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("{repository}/{url}") }
}

fn use_registry(story: &Story<'_>, http: &Http, archive: &Archive, steps: &mut Steps<'_>) -> Result<()> {
    let at = format!("{}:{}", story.oci(archive), tag(&archive.metadata.version));
    let registry = Registry::new(http, false);
    steps.make("Pulled", at.clone(), || {
        let reference =
            Reference::parse(&at).ok_or_else(|| broken(format!("{} is no reference", name(&at))))?;
        checked(&registry.pull(&reference)?.archive, archive)
    })?;
    Ok(())
}

/// The published archive, which holds the chart that its name says.
fn checked(data: &[u8], archive: &Archive) -> Result<String, Problem> {
    let saw = same(data, archive)?;
    let Checked { value, problems } = metadata_of(data, &archive.file_name());
    let is_it = value.is_some_and(|found| {
        (&found.name, &found.version) == (&archive.metadata.name, &archive.metadata.version)
    });
    if is_it {
        return Ok(saw);
    }
    let unlike = || broken(format!("{} holds another chart", name(&archive.file_name())));
    Err(problems.into_iter().next().unwrap_or_else(unlike))
}
