//! The next release: whether it can be made, and how it compares with what is published.

use anyhow::Result;

use super::scene::Scene;
use crate::base::config::{Config, Versions};
use crate::base::oci_reference::Reference;
use crate::base::problem::{Checked, Problem, Severity, fold, problems_of};
use crate::base::tag::{ChartVersion, Tag};
use crate::base::target::Target;
use crate::base::text::name;
use crate::chart::package::Package;
use crate::chart::source::Source;
use crate::check::edit::Finding;
use crate::check::hub_ignore::not_ignored;
use crate::check::{Area, Chart, Report};
use crate::pages::io::compare::{self, Compared};
use crate::pages::published::{Next, Published};
use crate::registry::artifact::HUB_FILE;
use crate::release::held::{self, Held};
use crate::release::io::make::{self, Head, Sources};
use crate::release::io::publish::{Look, Publication, Transport, look_at_each};
use crate::release::io::survey;
use crate::release::steps::Found;
use crate::release::{Decided, Prepared, prepare};
use crate::sys::files;

/// The tag of the next release, as far as anybody knows it. What is wrong with one is told by the release itself.
pub fn next_tag(config: &Config, head: &Head, charts: &[Chart]) -> Option<Tag> {
    let versions: Vec<ChartVersion> = charts.iter().map(|chart| chart.source.chart_version()).collect();
    head.tags.choose(config, &versions, &head.commit.id).ok()?.value
}

pub fn look_at_release(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Some(head) = scene.head.clone() else { return Ok(()) };
    let is_told = |(area, finding): &(Area, Finding)| *area == Area::Charts && finding.problem.is_error();
    if scene.charts.is_empty() && report.findings.iter().any(is_told) {
        return Ok(());
    }
    let observed = make::observed(sources(scene), Vec::new(), head);
    let is_offline = scene.is_offline();
    let (mut same, mut absent) = (None, Vec::new());
    if is_offline {
        let hint = if scene.options.offline { "leave out --offline" } else { "unset CARGO_NET_OFFLINE" };
        report.leave_out("what is published", "no network was to be used", hint);
    } else {
        match compare_with_published(scene, report) {
            Ok((published, nowhere)) => {
                same = Some(published);
                absent = nowhere;
            }
            Err(error) => {
                let problems = problems_of(error).0.into_iter();
                problems
                    .for_each(|problem| report.doubt("what the Helm repository has of the charts", problem));
            }
        }
    }
    let prepared = match prepare(scene.config, observed) {
        Ok(prepared) => prepared,
        Err(problems) => {
            add_new(scene, problems.0, report);
            return Ok(());
        }
    };
    let kept_back = match &same {
        Some(same) if prepared.is_unreleased(scene.config) => kept_back(scene, &prepared, same, report)?,
        _ => Vec::new(),
    };
    match prepared.decide(scene.config, same, &kept_back) {
        Err(problems) => add_new(scene, problems.0, report),
        Ok(decided) => {
            add_new(scene, decided.warnings.clone(), report);
            // Where tags decide versions, there is none to look for before the tag.
            if !is_offline && (decided.has_tag() || scene.config.versions == Versions::Verify) {
                look_at_targets(scene, decided, absent, report)?;
            }
        }
    }
    Ok(())
}

/// The charts whose tags keep them from being released from this commit. Nobody looks where nothing is new.
fn kept_back(
    scene: &Scene<'_>,
    prepared: &Prepared,
    same: &[Published],
    report: &mut Report,
) -> Result<Vec<Held>> {
    let published: Vec<&str> = same.iter().map(|one| one.name.as_str()).collect();
    if prepared.new_versions(&published).is_empty() {
        return Ok(Vec::new());
    }
    let config = scene.config;
    let of = survey::Scene {
        config,
        prepared,
        published: &published,
        targets: &config.all_targets(),
        limit: scene.options.limit,
        plain_http: false,
    };
    // What does not tell is told by the look at all targets.
    let survey = scene.with_branch(|branch| survey::survey(&of, branch))?.value;
    let held = survey.unreleased.held;
    report.add(Area::Release, held::problems(&held));
    Ok(held)
}

/// The charts that are released; what is wrong besides them has been told.
fn sources(scene: &Scene<'_>) -> Sources {
    let released = scene.charts.iter().filter(|chart| scene.config.releases(&chart.source.path));
    let source = |Chart { source, package, problems, .. }: &Chart| Source {
        files: source.files.iter().filter(|file| file.path == "Chart.yaml").cloned().collect(),
        packaged: Some(Checked::new(package.clone(), problems.clone())),
        ..source.clone()
    };
    Sources {
        charts: released.map(source).collect(),
        changelog: scene.changelog.clone(),
        changed: scene.changed.clone(),
        problems: Vec::new(),
    }
}

/// Adds what is found by making the release: it packages the charts, and finds again what is wrong with them.
fn add_new(scene: &Scene<'_>, mut problems: Vec<Problem>, report: &mut Report) {
    problems.retain(|problem| !report.has(problem));
    report.add(Area::Release, problems.into_iter().map(|problem| finding(scene, problem)));
}

/// What a release finds, with the edit: it makes none. The version of a chart with other faults may be read in another way.
fn finding(scene: &Scene<'_>, problem: Problem) -> Finding {
    let edit = scene.charts.iter().filter(|chart| chart.is_whole).find_map(|chart| chart.edit(&problem));
    Finding { problem, edit }
}

/// Compares each chart with what the Helm repository has of it. What is there as it is here comes back, and the places of
/// the registry where nothing is.
fn compare_with_published(
    scene: &Scene<'_>,
    report: &mut Report,
) -> Result<(Vec<Published>, Vec<Reference>)> {
    let charts: Vec<(&Chart, Next<'_>)> =
        scene.charts.iter().filter_map(|chart| Some((chart, next_of(scene, chart)?))).collect();
    let all: Vec<Next<'_>> = charts.iter().map(|(_, next)| *next).collect();
    // The tag releases none of these.
    for chart in scene.charts.iter().filter(|chart| !scene.is_for(chart)) {
        report.only_warn(&chart.source.path);
    }
    let at = compare::Places {
        config: scene.config,
        root: scene.repository.root(),
        limit: scene.options.limit,
        plain_http: false,
        is_for_targets: false,
    };
    let Checked { value: compared, problems } =
        scene.with_branch(|branch| compare::compare(&at, branch, &all))?;
    report.add(Area::Release, problems);
    report.add(Area::Release, not_ignored_by_hub(scene)?);
    let (mut same, mut nowhere) = (Vec::new(), Vec::new());
    for ((chart, next), compared) in charts.iter().zip(compared) {
        let Compared { content, same: archive, problem, absent } = compared;
        nowhere.extend(absent);
        // What is wrong with a chart that differs may be why it does, such as a sub-chart that is not there.
        let problem = problem.filter(|_| chart.is_whole);
        // Whoever compared it, or could not: the version is there.
        let is_there = !matches!(content, Ok(None)) && scene.tag.is_none() || content.is_err();
        if let Err(why) = content {
            let what = format!("whether {} differs from what is published", name(next.path));
            let (chart, url) = (&next.package.metadata.name, scene.config.helm_repository());
            report.leave_out(&what, why, &format!("compare them by hand: helm pull {chart} --repo {url}"));
        }
        if archive.is_some() && !scene.config.stamps() {
            report.only_warn(next.path);
        }
        // A version that is taken is told once: what its release would lack besides is nobody's business.
        let is_taken = problem.as_ref().is_some_and(Problem::is_error) && scene.tag.is_none();
        if archive.is_some() || is_taken || is_there {
            same.push(Published { name: next.package.metadata.name.clone(), archive });
        }
        report.add(Area::Release, problem.map(|problem| finding(scene, problem)));
    }
    Ok((same, nowhere))
}

/// The yanked versions that Artifact Hub still lists.
fn not_ignored_by_hub(scene: &Scene<'_>) -> Result<Option<Finding>> {
    let is_there = scene.files.iter().any(|file| file == HUB_FILE) && scene.config.publishes_to(Target::Oci);
    if !is_there {
        return Ok(None);
    }
    let Some(text) = files::read_text(&scene.repository.root().join(HUB_FILE))? else { return Ok(None) };
    let yanked = scene.with_branch(|branch| compare::yanked(scene.config, branch))?;
    Ok(not_ignored(&text, &yanked))
}

/// What the next release makes of a chart; `None` if the tag leaves it out, or nobody can read all of it.
fn next_of<'a>(scene: &'a Scene<'_>, chart: &'a Chart) -> Option<Next<'a>> {
    let package: &Package = chart.package.as_ref().filter(|_| chart.source.is_read())?;
    scene.releases(chart).then(|| Next {
        path: &chart.source.path,
        package,
        tag: scene.tag.as_ref().map(|tag| &tag.version),
        versions: scene.config.versions,
        tags: &scene.config.tags,
    })
}

/// Looks whether the registry and GitHub have something in the way of the release.
fn look_at_targets(
    scene: &Scene<'_>,
    decided: Decided,
    absent: Vec<Reference>,
    report: &mut Report,
) -> Result<()> {
    if decided.charts.is_empty() {
        return Ok(());
    }
    let release = decided.make(scene.config)?.release;
    let remote = scene.remote()?;
    let publication = Publication::new(scene.config, &scene.config.oci, &release, &[], Vec::new(), &[])?;
    let transport = Transport { absent, ..Transport::new(&remote, scene.options.limit) };
    let targets = scene.config.in_order(&[Target::Oci, Target::Github]);
    let targets: Vec<Target> =
        targets.into_iter().filter(|target| scene.config.publishes_to(*target)).collect();
    for look in look_at_each(&publication, &transport, &targets)? {
        judge(look, report);
    }
    Ok(())
}

/// What stands in the way of a release is an error; what is not there yet, such as its tag, is only noted.
fn judge(look: Look<'_>, report: &mut Report) {
    let is_unknown = |found: Found| matches!(found, Found::Unknown | Found::NotLookedAt);
    let has_gaps = look.planned.iter().any(|planned| is_unknown(planned.found));
    for problem in fold(look.problems) {
        match problem.severity {
            Severity::Warning if has_gaps => report.doubt(&format!("what is at {}", look.target), problem),
            Severity::Warning => report.add(Area::Release, [Problem { severity: Severity::Note, ..problem }]),
            _ => report.add(Area::Release, [problem]),
        }
    }
}
