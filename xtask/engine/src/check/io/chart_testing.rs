//! The configurations of chart-testing.

use anyhow::Result;

use super::documents;
use crate::base::config::Config;
use crate::check::chart_testing::{branch, files, problems, remote};
use crate::check::ct_yaml::{ChartTesting, read};
use crate::check::document::Document;
use crate::check::{Area, Report};
use crate::git::io::repository::Repository;

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
