//! The GitHub Release as a target of a release.

use std::collections::BTreeMap;

use anyhow::Result;

use super::publish::{Look, Outcome, Publication, Transport};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::github::io::Github;
use crate::github::{Action, Plan, Seen, Tense, check_tag, plan};
use crate::release::steps::{Found, Planned, Step, doubt};
use crate::sys::http::Http;
use crate::sys::terminal;

#[derive(Debug)]
pub struct GithubTarget<'p> {
    pub client: Github<'p>,
    /// What the looks have found, by tag: each begins its publishing.
    seen: Vec<(String, Seen)>,
}

impl<'p> GithubTarget<'p> {
    /// The API that the environment names, or that of a rehearsal.
    pub fn new(config: &'p Config, transport: &Transport<'_>, http: &'p Http) -> Result<Self, Problem> {
        let client = match &transport.api {
            None => Github::new(http, &config.repository)?,
            // Nobody checks the token of a rehearsal, and the real one is none of its business.
            Some(url) => Github::at(http, &config.repository, url.clone(), Some("rehearsal".to_owned())),
        };
        Ok(Self { client, seen: Vec::new() })
    }

    pub fn look<'r>(&mut self, publication: &Publication<'r>, writing: bool) -> Look<'r> {
        let mut look = Look { target: Target::Github, planned: Vec::new(), problems: Vec::new() };
        for step in &publication.steps {
            let Step::Create { repository, wanted } = step else { continue };
            terminal::progress("Looking", &format!("at release {} of {repository}", wanted.tag));
            let seen = match self.client.look(wanted, writing) {
                Ok(seen) => seen,
                Err(problem) => {
                    look.planned.push(Planned::unknown(step.clone()));
                    look.problems.push(doubt(problem, writing));
                    continue;
                }
            };
            // Before it is published, a release may be looked at without its tag.
            if let Err(problem) = check_tag(wanted, &seen) {
                look.problems.push(doubt(problem, writing || seen.tag_commit.is_some()));
            }
            look.planned.push(match plan(wanted, &seen) {
                Ok(plan) => {
                    look.problems.extend(plan.warnings.iter().cloned());
                    planned(step.clone(), &plan)
                }
                Err(found) => {
                    look.problems.extend(found.0);
                    Planned::stopped(step.clone())
                }
            });
            self.seen.push((wanted.tag.clone(), seen));
        }
        look
    }

    /// Where everybody gets the archives of the release, by their file names. An error unless all are there.
    pub fn addresses(&self, publication: &Publication<'_>) -> Result<BTreeMap<String, String>, Problem> {
        self.client.addresses(publication.config, publication.release)
    }

    pub fn publish<'r>(&mut self, planned: Planned<'r>, outcome: &mut Outcome<'_>) -> Result<Planned<'r>> {
        let Step::Create { wanted, .. } = &planned.step else { return Ok(planned) };
        let place = self.seen.iter().position(|(tag, _)| *tag == wanted.tag);
        let seen = place.map(|place| self.seen.swap_remove(place).1);
        let published = self.client.publish(wanted, seen)?;
        outcome.url = Some(published.url.clone());
        let was_begun = planned.found == Found::Partly;
        let did: Vec<String> = published.done.iter().map(|action| in_words(action, Tense::Done)).collect();
        if did.is_empty() {
            return Ok(Planned::new(planned.step, Found::Done, published.url));
        }
        let there = if was_begun { format!("{}; {}", did.join(", "), published.url) } else { published.url };
        Ok(Planned { there, did, todo: Vec::new(), ..planned })
    }
}

fn in_words(action: &Action, tense: Tense) -> String {
    let (verb, what) = action.describe(tense);
    format!("{} {what}", verb.to_lowercase())
}

fn planned<'r>(step: Step<'r>, plan: &Plan) -> Planned<'r> {
    let (found, there) = match &plan.there {
        None if plan.with_drafts => (Found::Absent, "not there yet".to_owned()),
        None => (Found::Absent, "not published yet; without a token nobody sees drafts".to_owned()),
        Some(there) if plan.actions.is_empty() => {
            (Found::Done, format!("is published already  {}", there.url))
        }
        Some(there) => {
            let kind = if there.draft { "a draft" } else { "published" };
            (Found::Partly, format!("is {kind} with {} of its assets", there.assets.len()))
        }
    };
    let todo = plan.actions.iter().map(|action| in_words(action, Tense::Would)).collect();
    Planned { todo, ..Planned::new(step, found, there) }
}
