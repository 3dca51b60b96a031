//! The configurations of chart-testing.

use anyhow::Result;

use super::documents::read_documents;
use crate::base::config::Config;
use crate::check::chart_testing::{check_directories, check_target_branch, ct_files, remote};
use crate::check::ct_yaml::{ChartTesting, read_ct_yaml};
use crate::check::document::Document;
use crate::check::{Area, Report};
use crate::git::io::repository::Repository;

/// Reads them, and says where they test other charts than a release publishes. `paths` are the files of the repository.
pub fn read_configurations(
    config: &Config,
    repository: &Repository,
    paths: &[String],
    report: &mut Report,
) -> Result<Vec<ChartTesting>> {
    let mut found = Vec::new();
    let documents = read_documents(repository, ct_files(paths).into_iter()).take(&mut found);
    let read = |document: &Document| read_ct_yaml(document.text.as_bytes(), &document.path).take(&mut found);
    let configurations: Vec<ChartTesting> = documents.iter().filter_map(read).collect();
    found.extend(check_directories(config, &configurations, paths));
    for one in configurations.iter().filter(|one| one.target_branch.is_some()) {
        found.extend(check_target_branch(one, &repository.branches(remote(one))?));
    }
    report.add(Area::Charts, found);
    Ok(configurations)
}
