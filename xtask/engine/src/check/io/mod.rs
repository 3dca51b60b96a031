//! Looks at the repository, area by area.

mod cargo;
mod chart_testing;
mod charts;
mod documentation;
pub mod documents;
pub mod fix;
mod helm;
mod release;
pub mod report;
pub mod scene;
mod signing;
mod workflows;

use std::sync::Mutex;

use anyhow::Result;

use self::cargo::look_at_cargo;
use self::chart_testing::read_configurations;
use self::charts::{Read, look_at_charts, read_charts};
use self::documentation::look_at_documentation;
use self::helm::ask_helm;
use self::release::{look_at_release, next_tag};
use self::scene::{Options, Scene};
use self::signing::look_at_signing;
use self::workflows::look_at_workflows;
use super::{Area, Report};
use crate::base::problem::problems_of;
use crate::chart::io::helm::Helm;
use crate::ci::program::Program;
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::release::command::with_registry;
use crate::release::io::make;

/// Looks at one area.
type Part = fn(&Scene<'_>, &mut Report) -> Result<()>;

/// Looks at everything. What is found in one area hides nothing of another.
pub fn look_at_everything(
    program: Program<'_>,
    options: Options<'_>,
    repository: &Repository,
    helm: Option<&Helm>,
) -> Result<Report> {
    let config = &with_registry(program.config, options.oci)?;
    let mut report = Report::default();
    report.add(Area::Config, program.config.problems());
    let of_other = or_tell(Remote::of_other(config, repository), Area::Config, &mut report);
    report.add(Area::Config, of_other);
    let files = repository.files()?;
    let testing = read_configurations(config, repository, &files, &mut report);
    let testing = or_tell(testing, Area::Charts, &mut report);
    let read = read_charts(config, repository, &files, &testing, options, &mut report);
    let Read { charts, changelog, changed } = or_tell(read, Area::Charts, &mut report);
    let head = or_tell(make::head(config, options.tag, repository).map(Some), Area::Release, &mut report);
    let tag = head.as_ref().and_then(|head| next_tag(config, head, &charts));
    let scene = Scene {
        program,
        config,
        options,
        repository,
        helm,
        files,
        head,
        tag,
        testing,
        charts,
        changelog,
        changed,
        branch: Mutex::default(),
    };
    look_at_charts(&scene, &mut report);
    let parts: [(Area, Part); 4] = [
        (Area::Helm, ask_helm),
        (Area::Release, look_at_release),
        (Area::Workflows, look_at_workflows),
        (Area::Documentation, look_at_documentation),
    ];
    for (area, part) in parts {
        or_tell(part(&scene, &mut report), area, &mut report);
    }
    look_at_cargo(&scene, &mut report);
    look_at_signing(&scene, &mut report);
    Ok(report)
}

/// The result; what kept it from being made is a finding.
fn or_tell<T: Default>(result: Result<T>, area: Area, report: &mut Report) -> T {
    result.unwrap_or_else(|error| {
        report.add(area, problems_of(error).0);
        T::default()
    })
}
