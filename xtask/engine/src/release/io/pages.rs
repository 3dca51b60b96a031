//! The Helm repository on the branch of GitHub Pages, as a target of a release.

use anyhow::Result;

use super::publish::{Look, Publication, Transport};
use crate::base::config::Config;
use crate::base::problem::{Problems, problems_of};
use crate::base::target::Target;
use crate::base::text::name;
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::github::tag_at;
use crate::pages::command::{Repair, decide};
use crate::pages::io::report::{expected, summary};
use crate::pages::io::{publish, served};
use crate::pages::{Change, Plan};
use crate::release::steps::{Found, Planned, Step, doubt};
use crate::sys::terminal;

#[derive(Debug)]
pub struct PagesTarget<'p> {
    pub branch: Branch,
    /// What the look at it has decided: the first round of publishing.
    first: Option<Plan<'p>>,
}

impl<'p> PagesTarget<'p> {
    /// The branch as this run has seen it, else one that nobody has looked at.
    pub fn new(config: &Config, transport: &Transport<'_>) -> Result<Self> {
        let mut branch = match transport.branch.take() {
            Some(branch) => branch,
            None => Branch::new(transport.remote, &config.branch, transport.limit)?,
        };
        // What helm has taken since the look is no matter of publishing.
        branch.extend_deadline(transport.limit);
        Ok(Self { branch, first: None })
    }

    pub fn look<'r>(&mut self, publication: &'p Publication<'r>, writing: bool) -> Look<'r> {
        let mut look = Look { target: Target::Pages, planned: Vec::new(), problems: Vec::new() };
        let merge = publication.steps.iter().find(|step| matches!(step, Step::Merge { .. }));
        let Some(step) = merge.cloned() else { return look };
        terminal::progress("Looking", &format!("at {}", self.branch.shown()));
        let planned = match publish::look_once(&mut self.branch) {
            Ok(tip) => match decide_news(publication, &publication.change, &mut self.branch, tip.as_ref()) {
                Ok(plan) => {
                    look.problems.extend(plan.warnings.iter().cloned());
                    let planned = planned(step, &plan, tip.is_none());
                    self.first = Some(plan);
                    planned
                }
                Err(error) => {
                    look.problems.extend(problems_of(error).0);
                    Planned::stopped(step)
                }
            },
            Err(error) => {
                look.problems.extend(problems_of(error).0.into_iter().map(|problem| doubt(problem, writing)));
                Planned::unknown(step)
            }
        };
        look.planned.push(planned);
        look
    }

    /// A release whose tag somebody may still put elsewhere could never be finished.
    pub fn check_tag(&mut self, publication: &Publication<'_>) -> Result<()> {
        let manifest = &publication.release.manifest;
        // Without one this run makes the tags.
        let Some(tag) = &manifest.tag else { return Ok(()) };
        let there = publish::tag(&mut self.branch, tag)?;
        let remote = name(self.branch.url());
        tag_at(&remote, tag, there.as_deref(), &manifest.commit.id)
            .map_err(|problem| Problems::from(problem).into())
    }

    /// Adds the release to the branch, whatever is on it by now. `change` is what the look has planned with, and what is known
    /// since then.
    pub fn publish<'r>(
        &mut self,
        publication: &'p Publication<'r>,
        transport: &Transport<'_>,
        planned: Planned<'r>,
        change: &Change<'_>,
    ) -> Result<Planned<'r>> {
        let facts = |change: &Change<'_>| change.charts.as_ref().map(|one| (one.urls.clone(), one.is_pushed));
        let first = self.first.take().filter(|_| facts(change) == facts(&publication.change));
        let decide = |branch: &mut Branch, tip: Option<&Tip>| decide_news(publication, change, branch, tip);
        let published = publish::publish(&mut self.branch, change.time, first, decide)?;
        if transport.wait {
            served::wait(&expected(publication.config, change), self.branch.deadline())?;
        }
        let entries = published.plan.entries.as_ref().map(summary).unwrap_or_default();
        let Some(commit) = published.commit else {
            return Ok(Planned::new(planned.step, Found::Done, entries));
        };
        let round =
            if published.rounds > 1 { format!("  in round {}", published.rounds) } else { String::new() };
        let there = format!("{entries}; commit {}{round}", publish::short(&commit));
        Ok(planned.taken(there, "merged"))
    }
}

fn decide_news<'p>(
    publication: &Publication<'_>,
    change: &'p Change<'_>,
    branch: &mut Branch,
    tip: Option<&Tip>,
) -> Result<Plan<'p>> {
    let plan = decide(publication.config, Repair::No, change, branch, tip)?;
    Ok(plan.only_for_new_archives())
}

fn planned<'r>(step: Step<'r>, plan: &Plan<'_>, is_new: bool) -> Planned<'r> {
    let summary = plan.entries.as_ref().map(summary).unwrap_or_default();
    if plan.is_done() {
        return Planned::new(step, Found::Done, summary);
    }
    let there = if is_new { format!("{summary}; begins the branch") } else { summary };
    Planned { todo: vec!["merge".to_owned()], ..Planned::new(step, Found::Absent, there) }
}
