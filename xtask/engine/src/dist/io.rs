//! What `cargo xtask release` made, read back: an archive counts only if it is the one that the manifest names.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;

use super::manifest::{Chart, Manifest};
use super::{MANIFEST, NOTES, Package, SUMS, foreign, sums};
use crate::base::config::Config;
use crate::base::digest::{digest, plain_digest};
use crate::base::limits::MAX_HELM_FILE;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::name;
use crate::chart::archive::MAX_TOTAL;
use crate::chart::metadata_of;
use crate::sys::files;

/// A release on this machine.
#[derive(Debug)]
pub struct Release {
    /// What it consists of.
    pub manifest: Manifest,
    /// Its archives.
    pub packages: Vec<Package>,
    /// The text of its notes.
    pub notes: String,
}

/// What makes all of it anew.
const HINT: &str = "cargo xtask release";

/// Reads a release; `None` where there is no manifest. Everything that is not as the manifest says is an error.
pub fn read(config: &Config, directory: &Path) -> Result<Option<Release>> {
    let shown = files::shown(directory);
    let Some(manifest) = text(directory, MANIFEST)? else { return Ok(None) };
    let broken = |cause: String| Problem::error(cause).at(format!("{shown}/{MANIFEST}"), None).hint(HINT);
    let manifest = Manifest::parse(&manifest).map_err(|cause| Problems::from(broken(cause)))?;
    if manifest.charts.is_empty() {
        return Err(Problems::from(broken("the release has no archive".to_owned())).into());
    }
    let mut problems: Vec<Problem> = foreign(config, &manifest).into_iter().map(broken).collect();
    let mut packages = Vec::new();
    for chart in &manifest.charts {
        let at = format!("{shown}/{}", chart.archive);
        let package = package(directory, chart, &at, &mut problems)?;
        let id = |package: &Package| (package.metadata.name.clone(), package.metadata.version.clone());
        if package.as_ref().is_some_and(|one| packages.iter().any(|other| id(other) == id(one))) {
            let message = "another archive of the manifest holds the same version";
            problems.push(Problem::error(message).at(at, None).hint(HINT));
        }
        packages.extend(package);
    }
    check_sums(directory, &manifest, &shown, &mut problems)?;
    let notes = text(directory, NOTES)?;
    if notes.is_none() {
        let message = "the manifest is there, and the notes are not";
        problems.push(Problem::error(message).at(format!("{shown}/{NOTES}"), None).hint(HINT));
    }
    verdict(problems)?;
    Ok(Some(Release { manifest, packages, notes: notes.unwrap_or_default() }))
}

/// A text of the release; `None` where there is none.
fn text(directory: &Path, file: &str) -> Result<Option<String>, Problems> {
    let Some(data) = data(directory, file, MAX_HELM_FILE)? else { return Ok(None) };
    String::from_utf8(data).map(Some).map_err(|_| unreadable(directory, file, "it is not UTF-8"))
}

/// The content of a file of the release, which another job may have made; `None` where there is none.
fn data(directory: &Path, file: &str, limit: u64) -> Result<Option<Vec<u8>>, Problems> {
    match files::read_up_to(&directory.join(file), limit) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(|error| unreadable(directory, file, &error.to_string())),
    }
}

fn unreadable(directory: &Path, file: &str, cause: &str) -> Problems {
    let at = format!("{}/{file}", files::shown(directory));
    Problem::error(format!("cannot read it: {cause}")).at(at, None).hint(HINT).into()
}

/// People trust the sums more than the manifest.
fn check_sums(directory: &Path, manifest: &Manifest, shown: &str, problems: &mut Vec<Problem>) -> Result<()> {
    if text(directory, SUMS)?.is_none_or(|text| text != sums(manifest)) {
        let problem = Problem::error("its sums are not those of the manifest");
        problems.push(problem.at(format!("{shown}/{SUMS}"), None).hint(HINT));
    }
    Ok(())
}

/// Reads one archive; `at` is its path for messages. `None` if there is an error among the problems.
fn package(
    directory: &Path,
    chart: &Chart,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Result<Option<Package>> {
    let mut broken = |message: String| {
        problems.push(Problem::error(message).at(at, None).hint(HINT));
        Ok(None)
    };
    let is_plain = !chart.archive.contains(['/', '\\']) && chart.archive.ends_with(".tgz");
    let read = if is_plain { data(directory, &chart.archive, chart.size.min(MAX_TOTAL))? } else { None };
    let Some(data) = read else {
        return broken("the manifest names this archive, and it is not there".to_owned());
    };
    let digest = digest(&data);
    if digest != chart.digest {
        return broken(format!("its digest is {digest}, and the manifest says {}", name(&chart.digest)));
    }
    if data.len() as u64 != chart.size {
        return broken(format!("it has {} bytes, and the manifest says {}", data.len(), chart.size));
    }
    let Some(metadata) = metadata_of(&data, at, problems) else { return Ok(None) };
    if metadata.app_version != chart.app_version {
        let problem = Problem::error("its `appVersion` is another than the manifest says");
        problems.push(problem.at(at, None).hint(HINT));
    }
    if (&metadata.name, &metadata.version) != (&chart.name, &chart.version) {
        let holds = name(&format!("{} {}", metadata.name, metadata.version));
        let problem = Problem::error(format!("it holds {holds}, and the manifest says otherwise"));
        problems.push(problem.at(at, None).hint(HINT));
    }
    let provenance = self::data(directory, &format!("{}.prov", chart.archive), MAX_HELM_FILE)?;
    // A signature says which archive it is for (helm.sh/docs, "The Provenance File").
    let signs_this = |text: &Vec<u8>| String::from_utf8_lossy(text).contains(&digest);
    if provenance.as_ref().is_some_and(|text| !signs_this(text)) {
        let problem = Problem::error("it signs another archive").at(format!("{at}.prov"), None);
        problems.push(problem.hint("sign the archive again, or delete this file"));
    }
    let digest = plain_digest(&digest).to_owned();
    Ok(Some(Package { metadata, file_name: chart.archive.clone(), data, digest, provenance }))
}
