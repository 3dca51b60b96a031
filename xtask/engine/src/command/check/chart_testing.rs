//! The configurations of chart-testing.

use anyhow::Result;

use crate::model::chart_testing::{ChartTesting, read};
use crate::model::config::Config;
use crate::plan::check::chart_testing::{branch, files, problems, remote};
use crate::plan::check::document::Document;
use crate::plan::check::{Area, Report};
use crate::world::documents;
use crate::world::git::Repository;

/// Reads them, and says where they test other charts than a release publishes. `paths` are the files of the repository.
pub fn configurations(
    config: &Config,
    repository: &Repository,
    paths: &[String],
    report: &mut Report,
) -> Result<Vec<ChartTesting>> {
    let mut found = Vec::new();
    let documents = documents::read(repository, files(paths).into_iter(), &mut found);
    let read = |document: &Document| read(document.text.as_bytes(), &document.path, &mut found);
    let configurations: Vec<ChartTesting> = documents.iter().filter_map(read).collect();
    found.extend(problems(config, &configurations, paths));
    for one in configurations.iter().filter(|one| one.target_branch.is_some()) {
        found.extend(branch(one, &repository.branches(remote(one))?));
    }
    report.add(Area::Charts, found);
    Ok(configurations)
}
