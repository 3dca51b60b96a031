//! Dependencies that are a directory of the same repository, and that charts/ holds all the same: what lies there is packaged,
//! whatever has become of the directory.

use std::path::Path;

use super::local::{Read, package_local, read_local};
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::{few, name};
use crate::chart::lacking::{Lacking, is_local};
use crate::chart::package::{Child, Package};
use crate::chart::same_content::differing;
use crate::chart::source::Source;
use crate::chart::tgz::{self, Entry};
use crate::chart::{Archive, Dependency};

/// Says which of them are not what their directories hold. `charts` are those of the repository, as they are committed.
pub fn check_vendored(package: &Package, at: &str, root: &Path, charts: &[&Source]) -> Vec<Problem> {
    let declared = package.metadata.dependencies.iter().flatten().filter(|one| is_local(&one.repository));
    let is_added = |child: &Child| package.added.iter().any(|archive| archive.metadata.name == child.name);
    let held = declared.filter_map(|one| {
        let child = package.children.iter().find(|child| child.name == one.name);
        Some((one, child.filter(|child| !is_added(child))?))
    });
    held.flat_map(|(declared, child)| check_one(declared, child, package, at, root, charts)).collect()
}

fn check_one(
    declared: &Dependency,
    child: &Child,
    package: &Package,
    at: &str,
    root: &Path,
    charts: &[&Source],
) -> Vec<Problem> {
    let lacking = Lacking { declared: declared.clone(), locked: None };
    let file = path::below(at, &format!("charts/{}", child.file));
    let fails = format!("is packaged from {}, and cannot be packaged anew", name(&file));
    let warnings = |problems: Vec<Problem>| problems.into_iter().filter(Problem::is_error);
    let read = Read { package, directory: &root.join(at), boundary: root, at, fails: &fails };
    let mut local = match read_local(&lacking, &read) {
        Ok(local) => local,
        Err(problem) => return vec![problem.only_warns()],
    };
    // What the commit has of it, whatever line ends this machine has.
    if let Some(known) = charts.iter().find(|chart| chart.path == local.at) {
        local.read.files.clone_from(&known.files);
    }
    let beside = local.at.clone();
    if beside == file {
        return Vec::new();
    }
    let Checked { value, problems } = package_local(local);
    let Some(archive) = value else { return warnings(problems).map(Problem::only_warns).collect() };
    let differing = differences(package, &archive);
    if differing.is_empty() {
        return Vec::new();
    }
    let (version, other) = (&child.version, &archive.metadata.version);
    let what =
        if version == other { few(&differing) } else { format!("version {version} instead of {other}") };
    let message =
        format!("{} is not what {} holds: {what}; the archive gets the former", name(&file), name(&beside));
    let hint = if child.file.ends_with(".tgz") {
        format!("cargo xtask dependency {at}")
    } else {
        format!(
            "copy what is new into {file}, or take that directory out: {beside} is packaged where it is not there"
        )
    };
    let (file, line) = package.place(declared, at);
    vec![Problem::warning(message).at(file, Some(line)).hint(hint)]
}

/// The files in which what charts/ holds differs from an archive. What lies in its own charts/ depends on who ran helm there
/// last.
fn differences(package: &Package, archive: &Archive) -> Vec<String> {
    let chart = &archive.metadata.name;
    let directory = format!("{}/charts/{chart}/", package.metadata.name);
    let below = |entry: &Entry| {
        let path = format!("{chart}/{}", entry.path.strip_prefix(&directory)?);
        Some(Entry { path, data: entry.data.clone() })
    };
    let held: Vec<Entry> = package.entries.iter().filter_map(below).collect();
    let fresh = tgz::read(&archive.bytes, tgz::MAX_TOTAL);
    let differing = fresh.and_then(|fresh| differing(&fresh, &held, &|metadata, _| metadata));
    let is_own = |path: &String| !path.starts_with("charts/") && path != "Chart.lock";
    differing.unwrap_or_default().into_iter().filter(is_own).collect()
}
