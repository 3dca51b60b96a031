//! What `cargo xtask release` made, read back: an archive counts only if it is the one that the manifest names.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use super::manifest::{Chart, Manifest};
use super::{MANIFEST, NOTES, Release, SUMS, foreign, sums};
use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::limits::MAX_HELM_FILE;
use crate::base::problem::{Checked, Problem, Problems, verdict};
use crate::base::text::name;
use crate::chart::tgz::MAX_TOTAL;
use crate::chart::{Archive, metadata_of};
use crate::sys::files::{self, NewFile};
use crate::sys::lock::Lock;

const HINT: &str = "cargo xtask release";

/// Reads a release; `None` where there is no manifest. Everything that is not as the manifest says is an error.
pub fn read(config: &Config, directory: &Path) -> Result<Option<Release>> {
    let shown = files::shown(directory);
    let Some(manifest) = text(directory, MANIFEST)? else { return Ok(None) };
    let broken = |cause: String| Problem::error(cause).at(format!("{shown}/{MANIFEST}"), None).hint(HINT);
    let manifest = Manifest::parse(&manifest).map_err(|cause| Problems::from(broken(cause)))?;
    if manifest.charts.is_empty() {
        return Err(broken("the release has no archive".to_owned()).into());
    }
    let mut problems: Vec<Problem> = foreign(config, &manifest).into_iter().map(broken).collect();
    let mut archives: Vec<Archive> = Vec::new();
    for chart in &manifest.charts {
        let at = format!("{shown}/{}", chart.archive);
        let archive = archive(directory, chart, &at)?.take(&mut problems);
        let is_second =
            |archive: &Archive| archives.iter().any(|other| other.metadata.id() == archive.metadata.id());
        if archive.as_ref().is_some_and(is_second) {
            let message = "another archive of the manifest holds the same version";
            problems.push(Problem::error(message).at(at, None).hint(HINT));
        }
        archives.extend(archive);
    }
    // People trust the sums more than the manifest.
    if text(directory, SUMS)?.is_none_or(|text| text != sums(&manifest)) {
        let problem = Problem::error("its sums are not those of the manifest");
        problems.push(problem.at(format!("{shown}/{SUMS}"), None).hint(HINT));
    }
    let notes = text(directory, NOTES)?;
    if notes.is_none() {
        let message = "the manifest is there, and the notes are not";
        problems.push(Problem::error(message).at(format!("{shown}/{NOTES}"), None).hint(HINT));
    }
    verdict(problems)?;
    Ok(Some(Release::new(manifest, archives, notes.unwrap_or_default())))
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

/// Reads one archive; `at` is its path for messages.
fn archive(directory: &Path, chart: &Chart, at: &str) -> Result<Checked<Option<Archive>>> {
    let problem = |message: String| Problem::error(message).at(at, None).hint(HINT);
    let broken = |message: String| Ok(Checked::new(None, [problem(message)]));
    let is_plain = !chart.archive.contains(['/', '\\']) && chart.archive.ends_with(".tgz");
    let read = if is_plain { data(directory, &chart.archive, chart.size.min(MAX_TOTAL))? } else { None };
    let Some(bytes) = read else {
        return broken("the manifest names this archive, and it is not there".to_owned());
    };
    let digest = Digest::of(&bytes);
    if digest != chart.digest {
        return broken(format!("its digest is {digest}, and the manifest says `{}`", chart.digest));
    }
    if bytes.len() as u64 != chart.size {
        return broken(format!("it has {} bytes, and the manifest says {}", bytes.len(), chart.size));
    }
    let Checked { value, mut problems } = metadata_of(&bytes, at);
    let Some(metadata) = value else { return Ok(Checked::new(None, problems)) };
    if metadata.app_version != chart.app_version {
        problems.push(problem("its `appVersion` is another than the manifest says".to_owned()));
    }
    if (&metadata.name, &metadata.version) != (&chart.name, &chart.version) {
        let holds = name(&format!("{} {}", metadata.name, metadata.version));
        problems.push(problem(format!("it holds {holds}, and the manifest says otherwise")));
    }
    let provenance = data(directory, &format!("{}.prov", chart.archive), MAX_HELM_FILE)?;
    if provenance.as_ref().is_some_and(|text| !signs(text, &digest)) {
        let problem = Problem::error("it signs another archive").at(format!("{at}.prov"), None);
        problems.push(problem.hint("sign the archive again, or delete this file"));
    }
    Ok(Checked::new(Some(Archive { metadata, bytes, digest, provenance }), problems))
}

/// True if a provenance file says that it is for this archive (helm.sh/docs, "The Provenance File").
fn signs(provenance: &[u8], digest: &Digest) -> bool {
    String::from_utf8_lossy(provenance).contains(&digest.to_string())
}

/// Writes a release: the manifest comes last, since it says that the others are there. Where nothing is released, there is
/// none. An archive that is not published yet gets the provenance file that lies beside it, if that signs it. Other runs
/// leave the directory alone until the lock is dropped.
pub fn write(release: &mut Release, destination: &Path) -> Result<Lock> {
    if release.archives.is_empty() {
        let lock = Lock::of(destination);
        files::remove(&destination.join(MANIFEST))?;
        return Ok(lock);
    }
    files::make_directory(destination)?;
    let lock = Lock::of(destination);
    let archives = release.archives.iter_mut().zip(&release.manifest.charts);
    for (archive, chart) in archives.filter(|(archive, _)| archive.provenance.is_none()) {
        let path = destination.join(format!("{}.prov", archive.file_name()));
        let provenance = files::read_up_to(&path, MAX_HELM_FILE).unwrap_or_default();
        if !chart.published && signs(&provenance, &archive.digest) {
            archive.provenance = Some(provenance);
        } else {
            // An earlier run may have taken the published archive, and with it what signs that one.
            files::remove(&path)?;
        }
    }
    let manifest = release.manifest.to_json().with_context(|| format!("cannot write {MANIFEST}"))?;
    let texts = [(SUMS, &release.sums), (NOTES, &release.notes), (MANIFEST, &manifest)];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.as_bytes()));
    let mtime = release.manifest.commit.time;
    let new_file = |(name, data)| NewFile { name, data, mtime };
    let files: Vec<NewFile<'_>> =
        release.archives.iter().flat_map(Archive::files).chain(texts).map(new_file).collect();
    files::write_all(destination, &files, Some(MANIFEST))?;
    Ok(lock)
}

/// Writes the provenance files of a release that lies in this directory.
pub fn write_provenance(release: &Release, directory: &Path) -> Result<()> {
    let mtime = release.manifest.commit.time;
    let files = release.archives.iter().flat_map(|archive| archive.files().skip(1));
    let files: Vec<NewFile<'_>> = files.map(|(name, data)| NewFile { name, data, mtime }).collect();
    files::write_all(directory, &files, None)
}
