//! Packages the commit of a tag once more, whatever is published of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::make::{head, observed, read};
use super::release::at_their_place;
use crate::base::config::Config;
use crate::base::problem::{Problem, verdict};
use crate::chart::Archive;
use crate::chart::io::charts::chart_places;
use crate::dependency::io::{Fetcher, client};
use crate::git::io::checkout::Checkout;
use crate::git::io::remote::Remote;
use crate::release::{Observed, prepare};

/// The archives of a tag of the remote, made by this program. What helm would make is not asked, and nothing published is
/// taken in their place.
pub fn rebuild(config: &Config, remote: &Remote, tag: &str, limit: Duration) -> Result<Vec<Archive>> {
    let checkout = Checkout::of_tag(remote, tag, Instant::now() + limit)?;
    let repository = checkout.repository()?;
    let config = match config.tags.read_of_any(tag).and_then(|tag| tag.chart) {
        Some(chart) => at_their_place(config, &chart, repository.root())?,
        None => config.clone(),
    };
    let head = head(&config, Some(&tag.to_owned()), &repository)?;
    let mut problems = Vec::new();
    let places = chart_places(&config, &config.charts, repository.root())?.take(&mut problems);
    let sources = read(&config, places, &repository)?;
    let mut prepared = prepare(&config, Observed { is_tagged: true, ..observed(sources, Vec::new(), head) })?;
    let http = client(limit, false)?;
    let fetcher = Fetcher::new(http.as_ref(), repository.root(), &config.oci)?;
    for chart in prepared.charts.iter_mut().filter(|chart| !chart.package.lacking.is_empty()) {
        problems.extend(fetcher.complete(Arc::make_mut(&mut chart.package), &chart.source));
    }
    verdict(problems.into_iter().filter(Problem::is_error).collect())?;
    Ok(prepared.decide(&config, None, &[])?.make(&config)?.release.archives)
}
