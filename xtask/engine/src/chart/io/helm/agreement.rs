//! Whether helm makes the same archive of a chart.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::Helm;
use crate::base::problem::{Problem, verdict};
use crate::chart::helm_difference::first_difference;
use crate::chart::io::overlay::Overlay;
use crate::chart::package::{Overrides, Package};
use crate::sys::{environment, terminal};

/// What to do with helm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HelmMode {
    /// Compare where helm is there
    #[default]
    Auto,
    /// Compare, and fail where helm is not there
    Require,
    /// Do not run helm
    Never,
}

/// Helm, if the mode asks for it and it is there. Each run of it may take so many seconds; offline it gets no network.
pub fn find_helm(mode: HelmMode, seconds: u64, offline: bool) -> Result<Option<Helm>> {
    let limit = Duration::from_secs(seconds);
    let helm =
        if mode == HelmMode::Never { None } else { Helm::find(limit, offline || environment::is_offline())? };
    if mode == HelmMode::Require && helm.is_none() {
        let problem = Problem::error("helm is not in PATH");
        return Err(problem.hint("install it (https://helm.sh/docs/intro/install), or set HELM_BIN").into());
    }
    Ok(helm)
}

/// Lets helm package the same charts, each with its path for messages, and compares. Every chart in which the two
/// differ is reported, with the first difference.
pub fn compare<'c>(
    helm: &Helm,
    charts: impl Iterator<Item = (PathBuf, &'c str, &'c Package)>,
    overrides: &Overrides,
) -> Result<()> {
    let mut problems = Vec::new();
    for (directory, at, package) in charts {
        let helm_and_version = format!("helm {}", helm.version);
        terminal::progress("Comparing", &format!("{at} with {helm_and_version}"));
        let overlay = Overlay::new(&directory, package)?;
        let message = match helm.package(overlay.path(), at, overrides)? {
            Ok(entries) => first_difference(&package.entries, &entries).map(|difference| {
                format!("{helm_and_version} packages this chart differently: {difference}")
            }),
            Err(words) => Some(format!("{helm_and_version} refuses this chart: {words}")),
        };
        let hint = "nothing was written; please report this, or add `--helm never`";
        problems.extend(message.map(|message| Problem::error(message).at(at, None).hint(hint)));
    }
    Ok(verdict(problems).map(drop)?)
}

/// How an archive came about, for the end of a line.
pub fn by(helm: Option<&Helm>, mode: HelmMode) -> String {
    match (helm, mode) {
        (Some(helm), _) => format!("(agrees with helm {})", helm.version),
        (None, HelmMode::Never) => "(native)".to_owned(),
        (None, _) => "(native; helm not found)".to_owned(),
    }
}
