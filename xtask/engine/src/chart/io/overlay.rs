//! A chart directory for helm, with the dependencies that were fetched in its charts/: the one of the work tree stays as it
//! is.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

use crate::chart::package::Package;
use crate::sys::scratch::Scratch;

/// A directory that holds what the chart holds, or the chart itself where nothing is added to it.
#[derive(Debug)]
pub struct Overlay<'a> {
    directory: Cow<'a, Path>,
    _scratch: Option<Scratch>,
}

impl<'a> Overlay<'a> {
    /// Makes one for the chart at `directory`, which is absolute: links to all that lies there, but for archives in charts/
    /// that are not packaged, and the added ones beside them.
    pub fn new(directory: &'a Path, package: &Package) -> Result<Self> {
        if package.added.is_empty() && package.superseded.is_empty() {
            return Ok(Self { directory: directory.into(), _scratch: None });
        }
        let scratch = Scratch::directory()?;
        let top = scratch.path().join(directory.file_name().unwrap_or("chart".as_ref()));
        let fill = || -> io::Result<()> {
            let charts = top.join("charts");
            fs::create_dir_all(&charts)?;
            link_all(directory, &top, |name| name == "charts")?;
            let old = directory.join("charts");
            if old.is_dir() {
                let is_child = |name: &str| package.children.iter().any(|child| child.file == name);
                link_all(&old, &charts, |name| name.ends_with(".tgz") && !is_child(name))?;
            }
            for archive in &package.added {
                let file = charts.join(archive.file_name());
                if file.is_symlink() {
                    fs::remove_file(&file)?;
                }
                fs::write(file, &archive.bytes)?;
            }
            Ok(())
        };
        fill().context("cannot copy the chart for helm")?;
        Ok(Self { directory: Cow::Owned(top), _scratch: Some(scratch) })
    }

    pub fn path(&self) -> &Path {
        &self.directory
    }
}

/// Links to what a directory holds, but for what is left out.
fn link_all(from: &Path, to: &Path, is_left_out: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if !is_left_out(&name.to_string_lossy()) {
            link(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

/// Links need a right there that few have.
#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir(to)?;
        return link_all(from, to, |_| false);
    }
    fs::copy(from, to).map(drop)
}
