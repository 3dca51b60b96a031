//! Publishing is a compare-and-swap: look at the branch, decide the commit anew from what is there, and push it on the
//! condition that nothing came in between. Somebody is always first, so it ends; a deadline bounds how long one waits.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::base::problem::{Problem, Problems};
use crate::base::text::{name, shown};
use crate::git::io::branch::{Branch, NotSeen, Refusal};
use crate::git::object::Commit;
use crate::git::{Tip, refusal};
use crate::pages::Plan;
use crate::sys::{backoff, terminal};

#[derive(Debug)]
pub struct Pushed<'a> {
    /// The plan that was performed, or that there was nothing to do.
    pub plan: Plan<'a>,
    /// The new commit; `None` where the branch was already as it should be.
    pub commit: Option<String>,
    /// How many times the branch was looked at.
    pub rounds: u32,
}

/// How often something is tried that fails for no reason that we know.
const TRIES: u32 = 3;
/// The shortest and the longest of the longest pauses between two rounds.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(4);
/// Where the commit is kept until it is pushed.
const NEXT: &str = "refs/next";

/// A push that failed.
struct Attempt<'a> {
    published: Pushed<'a>,
    refusal: Refusal,
}

/// Publishes what `decide` makes of the branch. It is asked again for each round, but for the first where somebody has
/// looked and decided already.
pub fn publish<'a>(
    branch: &mut Branch,
    time: u64,
    mut first: Option<Plan<'a>>,
    mut decide: impl FnMut(&mut Branch, Option<&Tip>) -> Result<Plan<'a>>,
) -> Result<Pushed<'a>> {
    let mut last: Option<Attempt<'a>> = None;
    let (mut rounds, mut failures) = (0, 0);
    loop {
        rounds += 1;
        let plan = if let Some(plan) = first.take() {
            plan
        } else {
            let tip = look(branch)?;
            if let Some(attempt) = last.take()
                && let Some(published) = after(branch, attempt, tip.as_ref(), &mut failures)?
            {
                return Ok(published);
            }
            decide(branch, tip.as_ref())?
        };
        if plan.is_done() {
            return Ok(Pushed { plan, commit: None, rounds });
        }
        let commit = make(branch, &plan, time)?;
        terminal::progress("Pushing", &format!("{} to {}", short(&commit), branch.shown()));
        let result = branch.push(&commit, plan.base.as_deref())?;
        let published = Pushed { plan, commit: Some(commit), rounds };
        let Err(refusal) = result else { return Ok(published) };
        pause(branch, rounds, &refusal)?;
        last = Some(Attempt { published, refusal });
    }
}

/// What became of a push that failed: the branch says it, not the words. `None` means that somebody else was first, or
/// that it may work now.
fn after<'a>(
    branch: &Branch,
    Attempt { published, refusal }: Attempt<'a>,
    tip: Option<&Tip>,
    failures: &mut u32,
) -> Result<Option<Pushed<'a>>> {
    let tip = tip.map(|tip| &tip.commit);
    if tip == published.commit.as_ref() {
        // The push arrived, and its acknowledgement did not.
        return Ok(Some(published));
    }
    if tip != published.plan.base.as_ref() {
        *failures = 0;
        if tip.is_some() {
            return Ok(None);
        }
        let message = format!("somebody deleted the branch {}", name(branch.name()));
        return Err(Problem::error(message).hint("run it again to begin a new one").into());
    }
    *failures += 1;
    if *failures == TRIES || refusal::is_final(&refusal.0) {
        return Err(refused(branch, "takes no push", &refusal));
    }
    Ok(None)
}

/// Makes the commit of a plan in the private repository.
pub fn make(branch: &Branch, plan: &Plan<'_>, time: u64) -> Result<String> {
    branch.commit(&Commit {
        reference: NEXT,
        base: plan.base.as_deref(),
        message: &plan.message,
        time,
        removed: &plan.removed,
        written: plan.written(),
    })
}

/// Looks at the branch, unless this run has done so already.
pub fn look_once(branch: &mut Branch) -> Result<Option<Tip>> {
    branch.last_look().or_else(|NotSeen| look(branch))
}

pub fn look(branch: &mut Branch) -> Result<Option<Tip>> {
    patiently(branch, Branch::look)
}

/// The commit that a tag of the remote names.
pub fn tag(branch: &mut Branch, tag: &str) -> Result<Option<String>> {
    patiently(branch, |branch| branch.tag(tag))
}

/// Asks the remote; where it fails for a reason that may pass, a few times.
fn patiently<T>(branch: &mut Branch, ask: impl Fn(&mut Branch) -> Result<Result<T, Refusal>>) -> Result<T> {
    let mut tries = 1;
    loop {
        match ask(branch)? {
            Ok(answer) => return Ok(answer),
            Err(refusal) if tries == TRIES || refusal::is_final(&refusal.0) => {
                return Err(refused(branch, "cannot be read", &refusal));
            }
            Err(refusal) => {
                terminal::progress("Retrying", &format!("{}: {}", branch.shown(), refusal.0));
                tries += 1;
                pause(branch, tries + 2, &refusal)?;
            }
        }
    }
}

fn refused(branch: &Branch, what: &str, Refusal(words): &Refusal) -> anyhow::Error {
    let message = format!("{} {what}: {words}", name(&branch.shown()));
    let hint = refusal::hint(words, branch.remote().access());
    Problems::from(Problem::error(message).hint(hint)).into()
}

/// Waits for a random time, longer from round to round, so that publishers that met once do not meet again. Where the
/// deadline comes first, the last words of the remote are the error.
fn pause(branch: &Branch, rounds: u32, Refusal(words): &Refusal) -> Result<()> {
    let pause = backoff::random(backoff::longest(FIRST_PAUSE, MAX_PAUSE, rounds));
    if Instant::now() + pause >= branch.deadline() {
        let message = format!("the time is over, and {} last said: {words}", name(&branch.shown()));
        return Err(Problem::error(message).hint("run it again; nothing was lost").into());
    }
    thread::sleep(pause);
    Ok(())
}

/// The beginning of an id, as people know it.
pub fn short(id: &str) -> String {
    shown(id.get(..10).unwrap_or(id))
}
