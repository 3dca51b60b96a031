//! A workflow of GitHub Actions: what of it decides when its jobs run, with which rights, in which order, and what they do
//! (docs.github.com, "Workflow syntax for GitHub Actions").

pub mod condition;
pub mod filter;
mod read;

pub use self::read::{read_action, read_workflow};
use super::shell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// Its path from the root of the repository.
    pub file: String,
    /// Whether it is a composite action, whose one job are its steps.
    pub is_action: bool,
    /// Its lines, without their ends.
    pub lines: Vec<String>,
    pub triggers: Vec<Trigger>,
    /// The rights of jobs that do not name theirs.
    pub permissions: Option<Permissions>,
    /// What it does not run beside, as a whole.
    pub concurrency: Option<Concurrency>,
    pub env: Fields,
    /// Its jobs, in the order in which they stand there.
    pub jobs: Vec<Job>,
}

/// A value as it is written, and the line of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// From 1.
    pub line: usize,
    /// Without quotes.
    pub text: String,
}

impl Written {
    /// Whether GitHub takes it for false: its YAML is 1.2 (yaml.org/spec/1.2.2, "Core Schema").
    pub fn is_false(&self) -> bool {
        matches!(self.text.as_str(), "false" | "False" | "FALSE")
    }
}

/// Keys with their values.
pub type Fields = Vec<(String, Written)>;

/// An event that starts a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Its name, and where it stands.
    pub event: Written,
    /// The filters it has, such as `branches`, each with its patterns.
    pub filters: Vec<(String, Vec<Written>)>,
}

/// Access to one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
    Write,
}

/// A `permissions` block. What it does not name is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    pub line: usize,
    /// What `read-all` and `write-all` grant.
    pub all: Access,
    pub scopes: Vec<(String, Access, usize)>,
}

/// A `concurrency` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concurrency {
    pub line: usize,
    /// The name that those share who do not run at once; empty where there is none.
    pub group: Written,
    /// Whether one that begins ends the one that runs.
    pub cancel: Option<Written>,
    pub queue: Option<Written>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: Written,
    /// The jobs that have to succeed first.
    pub needs: Vec<Written>,
    pub condition: Option<Written>,
    /// The machine that it asks for; `None` where that is more than one word.
    pub runs_on: Option<Written>,
    pub has_container: bool,
    pub permissions: Option<Permissions>,
    /// What it does not run beside.
    pub concurrency: Option<Concurrency>,
    pub env: Fields,
    /// The workflow that it calls, in place of steps.
    pub uses: Option<Written>,
    /// Whether a failure of it counts as success.
    pub goes_on: Option<Written>,
    /// The line of the key `steps`.
    pub steps_line: Option<usize>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub line: usize,
    /// The action that it uses, with what it is pinned to.
    pub uses: Option<Written>,
    pub with: Fields,
    pub run: Option<Written>,
    pub condition: Option<Written>,
    pub env: Fields,
    /// Where it runs: its own directory, or the default of its job or workflow.
    pub directory: Option<Written>,
    pub goes_on: Option<Written>,
}

impl Workflow {
    /// A line, from 1; empty where there is none.
    pub fn line(&self, line: usize) -> &str {
        line.checked_sub(1).and_then(|i| self.lines.get(i)).map_or("", String::as_str)
    }

    /// What stands before the text of a line.
    pub fn indent(&self, line: usize) -> &str {
        let line = self.line(line);
        line.strip_suffix(line.trim_start()).unwrap_or_default()
    }

    pub fn comment(&self, line: usize) -> Option<&str> {
        self.line(line).split_once(" #").map(|(_, comment)| comment.trim())
    }

    /// Whether it runs `cargo xtask`.
    pub fn runs_xtask(&self) -> bool {
        let mut runs = self.jobs.iter().flat_map(|job| &job.steps).filter_map(|step| step.run.as_ref());
        runs.any(|run| shell::plain_commands(&run.text).iter().any(shell::is_xtask))
    }

    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id.text == id)
    }

    /// Whether a part of it may stand for another, by an anchor and its aliases.
    pub fn shares_parts(&self) -> bool {
        let is_alias = |value: &str| value.trim_start().starts_with(['&', '*']);
        self.lines.iter().any(|line| {
            line.trim_start().strip_prefix("- ").is_some_and(is_alias)
                || line.split_once(": ").is_some_and(|(_, value)| is_alias(value))
        })
    }

    /// Whether a job waits for another, directly or not.
    pub fn waits_for(&self, job: &Job, other: &str) -> bool {
        self.before(job).iter().any(|before| before.id.text == other)
    }

    /// The jobs that a job waits for, directly or not.
    pub fn before<'a>(&'a self, job: &'a Job) -> Vec<&'a Job> {
        let mut found: Vec<&Job> = Vec::new();
        let mut open = vec![job];
        while let Some(job) = open.pop() {
            for needed in job.needs.iter().filter_map(|needed| self.job(&needed.text)) {
                if !found.iter().any(|known| known.id == needed.id) {
                    found.push(needed);
                    open.push(needed);
                }
            }
        }
        found
    }

    /// The rights that a job has; `None` where the settings of the repository decide.
    pub fn permissions_of<'a>(&'a self, job: &'a Job) -> Option<&'a Permissions> {
        job.permissions.as_ref().or(self.permissions.as_ref())
    }

    /// Whether a step finds a variable in its environment.
    pub fn has_env(&self, job: &Job, step: &Step, variable: &str) -> bool {
        self.env(job, step, variable).is_some()
    }

    /// What a step finds in a variable, as it is written.
    pub fn env<'w>(&'w self, job: &'w Job, step: &'w Step, variable: &str) -> Option<&'w str> {
        let mut all = [&step.env, &job.env, &self.env].into_iter().flatten();
        all.find(|(name, _)| name == variable).map(|(_, value)| value.text.as_str())
    }
}

impl Trigger {
    /// Whether it starts the workflow for tags.
    pub fn is_for_tags(&self) -> bool {
        match self.event.text.as_str() {
            "push" => self.has("tags") || !self.has("branches"),
            event => matches!(event, "create" | "release" | "workflow_call" | "workflow_dispatch"),
        }
    }

    /// Whether it starts the workflow for this tag; where nobody knows, it does.
    pub fn is_for(&self, tag: &str) -> bool {
        let texts = |filter| self.patterns(filter).iter().map(|pattern| pattern.text.as_str());
        match (self.patterns("tags"), self.patterns("tags-ignore")) {
            _ if self.event.text != "push" => self.is_for_tags(),
            ([_, ..], _) => filter::takes(texts("tags"), tag).unwrap_or(true),
            (_, [_, ..]) => !filter::takes(texts("tags-ignore"), tag).unwrap_or(false),
            _ => self.is_for_tags(),
        }
    }

    /// Whether its filter `branches` takes a branch, or it has none; where nobody knows, it does.
    pub fn takes_branch(&self, branch: &str) -> bool {
        let patterns = self.patterns("branches");
        let texts = patterns.iter().map(|pattern| pattern.text.as_str());
        patterns.is_empty() || filter::takes(texts, branch).unwrap_or(true)
    }

    /// Whether it starts the workflow for something else by itself: not where a person or another workflow decides.
    pub fn is_for_others(&self) -> bool {
        match self.event.text.as_str() {
            "push" => self.has("branches") || !self.has("tags"),
            event => !matches!(event, "release" | "workflow_call" | "workflow_dispatch"),
        }
    }

    /// Whether it has this filter, in either of its forms (`tags`, `tags-ignore`).
    fn has(&self, filter: &str) -> bool {
        self.filters.iter().any(|(name, _)| name.trim_end_matches("-ignore") == filter)
    }

    /// The patterns of a filter; none where it has no such filter.
    pub fn patterns(&self, filter: &str) -> &[Written] {
        self.filters.iter().find(|(name, _)| name == filter).map_or(&[], |(_, patterns)| patterns)
    }
}

impl Permissions {
    pub fn access(&self, scope: &str) -> Access {
        let named = self.scopes.iter().find(|(name, ..)| name == scope);
        named.map_or(self.all, |(_, access, _)| *access)
    }
}

impl Step {
    /// The action, as in `actions/checkout`, and what it is pinned to.
    pub fn action(&self) -> Option<(&str, &str)> {
        let uses = self.uses.as_ref()?.text.as_str();
        Some(uses.split_once('@').unwrap_or((uses, "")))
    }

    /// The directory of an action of the repository's own.
    pub fn local_action(&self) -> Option<&str> {
        let path = self.uses.as_ref()?.text.strip_prefix("./")?;
        Some(path.trim_end_matches('/'))
    }

    /// What the action is told for this key.
    pub fn with(&self, key: &str) -> Option<&Written> {
        self.with.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Whether it uses this action, in whatever version.
    pub fn is(&self, action: &str) -> bool {
        self.action().is_some_and(|(name, _)| name.eq_ignore_ascii_case(action))
    }
}

/// Where GitHub looks for them.
pub const DIRECTORY: &str = ".github/workflows";
