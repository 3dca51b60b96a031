//! Steps that publish charts, the site or releases by other means than `cargo xtask`: actions that are known to, and commands.
//!
//! What only looks like one, or goes to another repository, branch or registry, is said to be elsewhere.

use crate::base::config::Config;
use crate::base::target::Target;
use crate::ci::shell::{Words, commands, expanded};
use crate::ci::workflow::{Job, Step, Workflow};

/// A step that publishes by other means than `cargo xtask`.
#[derive(Debug, PartialEq, Eq)]
pub struct Publisher<'w> {
    pub workflow: &'w Workflow,
    pub job: &'w Job,
    pub step: &'w Step,
    /// The action or the command, as people write it.
    pub what: String,
    pub line: usize,
    pub targets: Vec<Target>,
    /// The registry, repository or branch that it names, as it is written; `oci://…` for charts in a registry.
    pub destination: Option<String>,
    /// Whether that is surely none of the config's.
    pub is_elsewhere: bool,
}

impl Publisher<'_> {
    /// Whether what it releases are charts, and no application.
    pub fn is_of_charts(&self) -> bool {
        self.what == "cr upload" || self.targets != GITHUB
    }
}

/// What an action or a command publishes, and where.
struct Found {
    what: String,
    targets: Vec<Target>,
    destination: Option<String>,
    is_elsewhere: bool,
}

const OCI: &[Target] = &[Target::Oci];
const PAGES: &[Target] = &[Target::Pages];
const GITHUB: &[Target] = &[Target::Github];
const BOTH: &[Target] = &[Target::Pages, Target::Github];

/// Actions, with the inputs that name the branch and the repository. Without an input the branch is `gh-pages`.
const ACTIONS: [(&str, &[Target], &str, &str); 22] = [
    ("J12934/helm-gh-pages-action", PAGES, "deploy-branch", ""),
    ("JamesIves/github-pages-deploy-action", PAGES, "branch", "repository-name"),
    ("actions/create-release", GITHUB, "", "repo"),
    ("actions/deploy-pages", PAGES, "", ""),
    ("appany/helm-oci-chart-releaser", OCI, "", ""),
    ("codfish/semantic-release-action", GITHUB, "", ""),
    ("crazy-max/ghaction-github-pages", PAGES, "target_branch", "repo"),
    ("cycjimmy/semantic-release-action", GITHUB, "", ""),
    ("google-github-actions/release-please-action", GITHUB, "", ""),
    ("googleapis/release-please-action", GITHUB, "", ""),
    ("goreleaser/goreleaser-action", GITHUB, "", ""),
    ("helm/chart-releaser-action", BOTH, "pages_branch", ""),
    ("marvinpinto/action-automatic-releases", GITHUB, "", ""),
    ("ncipollo/release-action", GITHUB, "", "repo"),
    ("peaceiris/actions-gh-pages", PAGES, "publish_branch", "external_repository"),
    ("peaceiris/actions-mdbook-gh-pages", PAGES, "", ""),
    ("rossjrw/pr-preview-action", PAGES, "preview-branch", "deploy-repository"),
    ("s0/git-publish-subdir-action", PAGES, "", ""),
    ("softprops/action-gh-release", GITHUB, "", "repository"),
    ("stefanprodan/helm-gh-pages", PAGES, "branch", "repository"),
    ("svenstaro/upload-release-action", GITHUB, "", "repo_name"),
    ("tylerauerbeck/helm-gh-pages", PAGES, "branch", ""),
];
/// Actions that push whatever branch they are told.
const PUSHING: [&str; 3] =
    ["EndBug/add-and-commit", "ad-m/github-push-action", "stefanzweifel/git-auto-commit-action"];

/// What tells where a command publishes.
#[derive(Clone, Copy)]
enum Place {
    /// A repository of charts, `oci://HOST/PATH`.
    Charts,
    /// One artifact, `HOST/PATH/NAME:TAG`.
    Artifact,
    /// The repository of a release.
    Release,
    Branch,
    /// What git pushes.
    Push,
    /// Neither a registry nor GitHub.
    Elsewhere,
}

const COMMANDS: [(&str, &[Target], Place); 20] = [
    ("helm push", OCI, Place::Charts),
    ("oras push", OCI, Place::Artifact),
    ("crane push", OCI, Place::Artifact),
    ("helm cm-push", PAGES, Place::Elsewhere),
    ("helm gcs push", PAGES, Place::Elsewhere),
    ("helm s3 push", PAGES, Place::Elsewhere),
    ("gh release create", GITHUB, Place::Release),
    ("gh release edit", GITHUB, Place::Release),
    ("gh release upload", GITHUB, Place::Release),
    ("release-please github-release", GITHUB, Place::Release),
    ("goreleaser release", GITHUB, Place::Release),
    ("semantic-release", GITHUB, Place::Release),
    ("cr upload", GITHUB, Place::Release),
    ("cr index", PAGES, Place::Branch),
    ("gh-pages", PAGES, Place::Branch),
    ("ghp-import", PAGES, Place::Branch),
    ("mike deploy", PAGES, Place::Branch),
    ("mkdocs gh-deploy", PAGES, Place::Branch),
    ("git push", PAGES, Place::Push),
    ("git subtree push", PAGES, Place::Push),
];
/// Words with which a command, or an action with them among its inputs, publishes nothing.
const DRY: [&str; 8] = [
    "--dry-run",
    "--help",
    "--no-publish",
    "--skip-publish",
    "--skip=publish",
    "--snapshot",
    "--version",
    "-h",
];

/// The steps of workflows that publish charts, the site or releases by other means than `cargo xtask`.
pub fn publishers<'w>(config: &Config, workflows: &'w [Workflow]) -> Vec<Publisher<'w>> {
    let jobs = workflows.iter().flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)));
    let steps = jobs.flat_map(|(workflow, job)| job.steps.iter().map(move |step| (workflow, job, step)));
    steps.flat_map(|(workflow, job, step)| of_step(config, workflow, job, step)).collect()
}

fn of_step<'w>(config: &Config, workflow: &'w Workflow, job: &'w Job, step: &'w Step) -> Vec<Publisher<'w>> {
    let env = |name: &str| match name {
        "GITHUB_REPOSITORY" | "github.repository" => Some(config.repository.clone()),
        "GITHUB_REPOSITORY_OWNER" | "github.repository_owner" => {
            config.repository.split('/').next().map(str::to_owned)
        }
        _ => workflow.env(job, step, name).map(str::to_owned),
    };
    let (line, found) = match (&step.uses, &step.run) {
        (Some(uses), _) => (uses.line, of_action(config, step, &env).into_iter().collect()),
        (None, Some(run)) => (run.line, of_script(config, job, step, &commands(&run.text, &env))),
        (None, None) => return Vec::new(),
    };
    let publisher = |found: Found| {
        let Found { what, targets, destination, is_elsewhere } = found;
        Publisher { workflow, job, step, what, line, targets, destination, is_elsewhere }
    };
    found.into_iter().map(publisher).collect()
}

fn of_action(config: &Config, step: &Step, env: &dyn Fn(&str) -> Option<String>) -> Option<Found> {
    let (action, _) = step.action()?;
    let input = |key: &str| {
        let text = expanded(&step.with(key)?.text, env);
        Some(text).filter(|text| !text.trim().is_empty())
    };
    let is_dry =
        ["dry_run", "dry-run", "skip_upload"].iter().any(|key| input(key).is_some_and(|it| it == "true"));
    let args = input("args").unwrap_or_default();
    if is_dry || args.split_whitespace().any(|word| DRY.contains(&word)) {
        return None;
    }
    if PUSHING.iter().any(|known| known.eq_ignore_ascii_case(action)) {
        let branches = ["branch", "new_branch", "push"].into_iter().filter_map(input);
        let mut branches = branches.filter(|branch| branch.split_whitespace().last() == Some(&config.branch));
        let destination = Some(branches.next()?);
        let is_elsewhere = input("repository").is_some_and(|other| is_other(config, &other));
        return Some(Found { what: action.to_owned(), targets: PAGES.to_vec(), destination, is_elsewhere });
    }
    let (_, targets, branch, repository) =
        ACTIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(action))?;
    if action.to_lowercase().starts_with("goreleaser/")
        && !args.split_whitespace().any(|word| word == "release")
    {
        return None;
    }
    let registry =
        input("registry").map(|host| format!("oci://{host}/{}", input("repository").unwrap_or_default()));
    let (registry, repository) = if *targets == OCI { (registry, None) } else { (None, input(repository)) };
    let branch = (!branch.is_empty()).then(|| input(branch).unwrap_or_else(|| "gh-pages".to_owned()));
    let is_elsewhere = registry.as_ref().is_some_and(|url| !may_be_charts(config, url))
        || repository.as_ref().is_some_and(|other| is_other(config, other))
        || branch.as_ref().is_some_and(|branch| !may_be(branch, &config.branch));
    let destination = registry.or(repository).or(branch);
    Some(Found { what: action.to_owned(), targets: targets.to_vec(), destination, is_elsewhere })
}

/// What the commands of a script publish, each kind once.
fn of_script(config: &Config, job: &Job, step: &Step, script: &[Words]) -> Vec<Found> {
    // The branch that is pushed where none is named.
    let checkout =
        job.steps.iter().take_while(|other| other.line < step.line).filter_map(|other| other.with("ref"));
    let mut current = checkout.last().map(|branch| branch.text.clone());
    let mut all: Vec<Found> = Vec::new();
    for words in script {
        current = checked_out(words).or(current);
        let Some(found) = of_command(config, words, current.as_deref()) else { continue };
        if !all.iter().any(|known| known.what == found.what && known.is_elsewhere == found.is_elsewhere) {
            all.push(found);
        }
    }
    all
}

fn of_command(config: &Config, words: &Words, current: Option<&str>) -> Option<Found> {
    let words = &without_globals(words);
    let begins = |known: &str| {
        let mut known = known.split(' ');
        let mut own = words.iter();
        known.all(|word| own.next().is_some_and(|own| own == word))
    };
    let (what, targets, place) = COMMANDS.iter().find(|(known, ..)| begins(known))?;
    if words.iter().any(|word| DRY.contains(&word.as_str())) {
        return None;
    }
    let arguments = words.get(what.split(' ').count()..)?;
    let (destination, is_elsewhere) = match place {
        Place::Charts => {
            let url = arguments
                .iter()
                .find(|word| word.starts_with("oci://"))
                .or_else(|| arguments.get(1))
                .cloned();
            let is_elsewhere = url.as_ref().is_some_and(|url| !may_be_charts(config, url));
            (url, is_elsewhere)
        }
        Place::Artifact => {
            let reference = arguments.iter().find(|word| is_reference(word)).cloned();
            let is_elsewhere = reference.as_ref().is_some_and(|reference| !may_be_chart(config, reference));
            (reference.map(|reference| format!("oci://{reference}")), is_elsewhere)
        }
        Place::Release => {
            let other =
                option(arguments, &["-R", "--repo", "--repo-url", "--repository-url", "--git-repo", "-r"]);
            let is_elsewhere = other.is_some_and(|other| is_other(config, other));
            (other.map(str::to_owned), is_elsewhere)
        }
        Place::Branch => {
            let branch = option(arguments, &["-b", "--branch", "--pages-branch", "--remote-branch"])
                .unwrap_or("gh-pages");
            (Some(branch.to_owned()), !may_be(branch, &config.branch))
        }
        Place::Push => pushed(config, arguments, current)?,
        Place::Elsewhere => (None, true),
    };
    Some(Found { what: (*what).to_owned(), targets: targets.to_vec(), destination, is_elsewhere })
}

/// A command of git without the options before its verb.
fn without_globals(words: &Words) -> Words {
    let Some(("git", mut rest)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return words.clone();
    };
    while let [option, more @ ..] = rest {
        match option.as_str() {
            "-C" | "-c" => rest = more.get(1..).unwrap_or_default(),
            _ if option.starts_with("--") => rest = more,
            _ => break,
        }
    }
    std::iter::once("git".to_owned()).chain(rest.iter().cloned()).collect()
}

/// The branch that git goes to by a command.
fn checked_out(words: &Words) -> Option<String> {
    let words = without_globals(words);
    let plain = |words: &[String]| words.iter().rfind(|word| !word.starts_with('-')).cloned();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["git", "checkout" | "switch", ..] if !words.iter().any(|word| word == "--") => {
            plain(words.get(2..)?)
        }
        ["git", "worktree", "add", ..] => plain(words.get(3..)?),
        ["git", "clone", ..] => option(words.get(2..)?, &["-b", "--branch"]).map(str::to_owned),
        _ => None,
    }
}

/// Where `git push` pushes to, if it is to the branch of the pages.
fn pushed(config: &Config, arguments: &[String], current: Option<&str>) -> Option<(Option<String>, bool)> {
    let mut named = arguments.iter().filter(|word| !word.starts_with('-')).map(String::as_str);
    // What follows `--prefix` is no remote.
    let prefix = option(arguments, &["--prefix", "-P"])
        .filter(|_| !arguments.iter().any(|word| word.starts_with("--prefix=")));
    let mut named = named.by_ref().filter(|word| Some(*word) != prefix);
    let remote = named.next();
    let branches: Vec<&str> = named.map(|refspec| refspec.rsplit(':').next().unwrap_or(refspec)).collect();
    let plain =
        |branch: &str| branch.trim_start_matches('+').trim_start_matches("refs/heads/") == config.branch;
    let is_branch = match branches.as_slice() {
        [] | ["HEAD"] => current.is_some_and(plain),
        branches => branches.iter().any(|branch| plain(branch)),
    };
    let address = remote.filter(|remote| remote.contains([':', '/']));
    let is_elsewhere =
        address.is_some_and(|url| !url.contains("github.com") && !url.contains('$') || is_other(config, url));
    is_branch.then(|| (Some(address.unwrap_or(&config.branch).to_owned()), is_elsewhere))
}

/// The value of an option, in either of its forms.
fn option<'w>(arguments: &'w [String], names: &[&str]) -> Option<&'w str> {
    let mut words = arguments.iter().enumerate();
    words.find_map(|(at, word)| {
        if names.contains(&word.as_str()) {
            return arguments.get(at + 1).map(String::as_str);
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then_some(value)
    })
}

/// Whether a name or a URL, as far as it is written out, is that of another repository of GitHub's.
fn is_other(config: &Config, address: &str) -> bool {
    let path = address.rsplit_once("github.com").map_or(address, |(_, path)| path).trim_matches(['/', ':']);
    let path = path.strip_suffix(".git").unwrap_or(path);
    let own = if path.contains('/') {
        config.repository.as_str()
    } else {
        config.repository.rsplit('/').next().unwrap_or_default()
    };
    !path.is_empty() && !may_be(path, own)
}

/// Whether a word with variables in it may stand for this.
fn may_be(written: &str, own: &str) -> bool {
    match written.split_once('$') {
        Some((literal, _)) => own.to_lowercase().starts_with(&literal.to_lowercase()),
        None => written.eq_ignore_ascii_case(own),
    }
}

/// Whether charts that are pushed to a URL may lie where ours do.
fn may_be_charts(config: &Config, url: &str) -> bool {
    let url = url.trim_end_matches('/');
    may_be(url.strip_prefix("oci://").unwrap_or(url), registry(config))
}

/// Whether an artifact may be one of our charts. Artifact Hub's own tag is none.
fn may_be_chart(config: &Config, reference: &str) -> bool {
    let (name, tag) = reference.rsplit_once(['/', '$']).unwrap_or_default();
    !tag.ends_with(":artifacthub.io")
        && may_be(if reference.contains('$') { reference } else { name }, registry(config))
}

fn registry(config: &Config) -> &str {
    config.oci.strip_prefix("oci://").unwrap_or(&config.oci)
}

/// Whether a word looks like `HOST/PATH`.
fn is_reference(word: &str) -> bool {
    let host = word.split_once('/').map_or("", |(host, _)| host);
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    host.starts_with('$') || is_port && (host == "localhost" || host.trim_start_matches('.').contains('.'))
}
