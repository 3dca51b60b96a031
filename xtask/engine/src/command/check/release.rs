//! The next release: whether it can be made, and how it compares with what is published.

use std::time::Duration;

use anyhow::Result;

use super::Scene;
use crate::command::problems_of;
use crate::command::release::make::{self, Head, Sources};
use crate::command::release::publish::{self, Job, Outcome};
use crate::model::config::Versions;
use crate::model::index::Index;
use crate::model::problem::{Problem, Severity};
use crate::model::text::name;
use crate::model::version::Tag;
use crate::plan::check::published::{Content, Next};
use crate::plan::check::{Area, Chart, Report};
use crate::plan::package::Package;
use crate::plan::pages::{self, Change, Charts, INDEX, Tip, path_of};
use crate::plan::publish::{Found, Target, steps, sums};
use crate::plan::release::{Archive, Release, Source, plan};
use crate::world::branch::Branch;
use crate::world::http::{CURIOUS, Http};
use crate::world::remote::Remote;
use crate::world::{environment, published, terminal};

/// The tag of the next release, as far as anybody knows it. What is wrong with one is told by the release itself.
pub fn tag(head: &Head, charts: &[Chart]) -> Option<Tag> {
    let names: Vec<String> = charts.iter().map(|chart| Source::name(&chart.source)).collect();
    head.tags.choose(&names, &head.commit.id).ok().flatten()
}

/// Looks at the next release.
pub fn check(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Some(head) = scene.head.clone() else { return Ok(()) };
    let observed = make::observed(sources(scene), Vec::new(), head);
    let is_offline = scene.args.offline || environment::is_offline();
    let mut same = Vec::new();
    if is_offline {
        let hint = if scene.args.offline { "leave out --offline" } else { "unset CARGO_NET_OFFLINE" };
        report.leave_out("what is published", "no network was to be used", hint);
    } else if let Err(error) = compare(scene, &mut same, report) {
        let problems = problems_of(error).0.into_iter();
        problems.for_each(|problem| report.doubt("what the Helm repository has of the charts", problem));
    }
    match plan(scene.config, observed) {
        Err(problems) => report.add(Area::Release, problems.0),
        Ok(release) => {
            report.add(Area::Release, release.warnings.iter().cloned());
            // Where tags decide versions, there is none to look for before the tag.
            if !is_offline && (release.manifest.tag.is_some() || scene.config.versions == Versions::Verify) {
                look(scene, release, &same, report)?;
            }
        }
    }
    Ok(())
}

/// The charts that are released; what is wrong besides them has been told.
fn sources(scene: &Scene<'_>) -> Sources {
    let released = scene.charts.iter().map(|chart| &chart.source);
    Sources {
        charts: released.filter(|source| scene.config.releases(&source.path)).cloned().collect(),
        changelog: scene.changelog.clone(),
        changed: scene.changed.clone(),
        problems: Vec::new(),
    }
}

fn limit(scene: &Scene<'_>) -> Duration {
    Duration::from_secs(scene.args.deadline)
}

/// Compares each chart with what the Helm repository has of it; the names of those that are there as they are here are
/// added to `same`.
fn compare(scene: &Scene<'_>, same: &mut Vec<String>, report: &mut Report) -> Result<()> {
    let remote = Remote::find(scene.config, scene.args.remote.as_deref(), scene.repository)?;
    let mut branch = Branch::new(&remote, &scene.config.branch, limit(scene))?;
    terminal::progress("Looking", &format!("at {}", branch.shown()));
    let Some(tip) = crate::world::publish::look(&mut branch)? else { return Ok(()) };
    let Some(object) = tip.files.get(INDEX) else { return Ok(()) };
    let (text, mut problems) = (branch.read(object)?, Vec::new());
    let index = Index::read(&text, &format!("{INDEX} on {}", scene.config.branch), &mut problems);
    report.add(Area::Release, problems);
    let Some(index) = index else { return Ok(()) };
    let http = Http::new(limit(scene), CURIOUS).ok();
    let all: Vec<Next<'_>> = scene.charts.iter().filter_map(|chart| next(scene, chart)).collect();
    prefetch(scene, &branch, &tip, &all, &index)?;
    for next in &all {
        let archive = next.counterpart(&index).map(|version| {
            let archive = published::archive(scene.config, &mut branch, &tip, http.as_ref(), version);
            archive.and_then(|archive| next.compare(&archive, &version.version))
        });
        let content = match archive.transpose() {
            Ok(content) => content,
            Err(why) => {
                let what = format!("whether {} differs from what is published", name(next.path));
                let (chart, url) = (&next.package.metadata.name, scene.config.helm_repository());
                report.leave_out(
                    &what,
                    why,
                    &format!("compare them by hand: helm pull {chart} --repo {url}"),
                );
                continue;
            }
        };
        if content == Some(Content::Same) {
            same.push(next.package.metadata.name.clone());
        }
        report.add(Area::Release, next.judge(&index, content.as_ref()));
    }
    Ok(())
}

/// What the next release makes of a chart; `None` if the tag leaves it out, or nobody can package it.
fn next<'a>(scene: &'a Scene<'_>, chart: &'a Chart) -> Option<Next<'a>> {
    let package: &Package = chart.whole()?;
    let tag = scene.tag.as_ref();
    let is_of = |tag: &Tag| tag.chart.as_ref().is_none_or(|one| *one == package.metadata.name);
    (tag.is_none_or(is_of) && scene.config.releases(&chart.source.path)).then(|| Next {
        path: &chart.source.path,
        package,
        tag: tag.map(|tag| &tag.version),
        versions: scene.config.versions,
        chart_yaml: chart.text("Chart.yaml").unwrap_or_default(),
    })
}

/// Gets all the archives at once that are compared.
fn prefetch(
    scene: &Scene<'_>,
    branch: &Branch<'_>,
    tip: &Tip,
    charts: &[Next<'_>],
    index: &Index<'_>,
) -> Result<()> {
    let published = charts.iter().filter_map(|next| next.counterpart(index));
    let paths = published.filter_map(|version| path_of(scene.config, version.urls.first()?));
    let objects: Vec<_> = paths.filter_map(|path| tip.files.get(&path)).collect();
    branch.prefetch(objects.iter().map(|object| object.id.as_str()))
}

/// Looks whether the registry and GitHub have something in the way of the release. Without a tag only what has changed is
/// going to be released.
fn look(scene: &Scene<'_>, release: Release, same: &[String], report: &mut Report) -> Result<()> {
    let Release { archives, mut manifest, .. } = release;
    let is_left_out = |chart: &String| manifest.tag.is_none() && same.contains(chart);
    let (left_out, archives): (Vec<Archive>, Vec<Archive>) =
        archives.into_iter().partition(|archive| is_left_out(&archive.package.metadata.name));
    if archives.is_empty() {
        return Ok(());
    }
    let left_out: Vec<String> = left_out.into_iter().map(|archive| archive.package.metadata.name).collect();
    manifest.complete &= left_out.is_empty();
    manifest.charts.retain(|chart| !left_out.contains(&chart.name));
    let charts = Charts { packages: archives.into_iter().map(released).collect(), ..Charts::default() };
    let remote = Remote::find(scene.config, scene.args.remote.as_deref(), scene.repository)?;
    let mut job = Job {
        config: scene.config,
        targets: Vec::new(),
        sums: sums(&manifest),
        steps: steps(scene.config, &manifest, false),
        manifest: &manifest,
        notes: "",
        change: Change {
            source: String::new(),
            time: manifest.commit.time,
            docs: None,
            charts: Some(charts),
        },
        helm: None,
        remote: &remote,
        plain_http: false,
        api: None,
        wait: false,
        limit: limit(scene),
    };
    for target in [Target::Oci, Target::Github] {
        job.targets = vec![target];
        judge(target, publish::look(&job)?, report);
    }
    Ok(())
}

/// What stands in the way of a release is an error; what is not there yet, such as its tag, is only noted.
fn judge(target: Target, outcome: Outcome, report: &mut Report) {
    let is_unknown = |found: Found| matches!(found, Found::Unknown | Found::NotLookedAt);
    let has_gaps = outcome.planned.iter().any(|planned| is_unknown(planned.found));
    for problem in outcome.problems {
        match problem.severity {
            Severity::Warning if has_gaps => report.doubt(&format!("what is at {target}"), problem),
            Severity::Warning => report.add(Area::Release, [Problem { severity: Severity::Note, ..problem }]),
            _ => report.add(Area::Release, [problem]),
        }
    }
}

fn released(archive: Archive) -> pages::Package {
    pages::Package {
        file_name: archive.package.file_name(),
        metadata: archive.package.metadata,
        data: archive.bytes,
        digest: crate::model::archive::plain_digest(&archive.digest).to_owned(),
        provenance: None,
    }
}
