//! The user with helm: what they type, in a directory and with a configuration of their own.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use std::{fs, io};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Steps, Story, broken, id, same};
use crate::base::helm_repository::asset_name;
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::{counted, name, shown};
use crate::base::version;
use crate::chart::attempt::{Attempt, Doubt, attempt};
use crate::chart::cluster::Clusters;
use crate::chart::helm_words::unreachable;
use crate::chart::io::helm::{Helm, cause};
use crate::chart::{Archive, tgz};
use crate::sys::{environment, files, process};

/// A user who has helm.
pub struct Player<'a> {
    story: &'a Story<'a>,
    helm: &'a Helm,
    home: PathBuf,
    /// The published key, where something is signed with it.
    keyring: Option<String>,
    deadline: Instant,
}

/// What `helm search` prints of a version.
#[derive(Deserialize)]
struct Hit {
    name: String,
    version: String,
}

impl<'a> Player<'a> {
    pub fn new(story: &'a Story<'a>, helm: &'a Helm, deadline: Instant) -> Result<Self> {
        let home = story.targets.root.join("user");
        fs::create_dir_all(&home)
            .with_context(|| format!("cannot make {}", name(&home.to_string_lossy())))?;
        let keyring = story.signed.map(|signed| {
            let path = home.join("keyring.gpg");
            fs::write(&path, &signed.keyring).with_context(|| format!("cannot write {}", path.display()))?;
            Ok::<_, anyhow::Error>(path.to_string_lossy().into_owned())
        });
        Ok(Self { story, helm, home, keyring: keyring.transpose()?, deadline })
    }

    pub fn play(&self, steps: &mut Steps<'_>) -> Result<()> {
        let config = self.story.config;
        let (repository, url) = (config.helm_name.as_str(), self.story.repository());
        let add = ["repo", "add", repository, &url];
        let has_repository = config.publishes_to(Target::Pages)
            && steps.make("Added", line(&add), || self.run(&add).map(|_| String::new()))?;
        if has_repository {
            self.search(steps, repository)?;
        }
        self.use_old_place(steps)?;
        for archive in self.story.archives {
            if let Some(url) = self.story.elsewhere(archive) {
                steps.make("Skipped", url, || Ok("the archive lies there already".to_owned()))?;
            } else if has_repository {
                self.use_repository(steps, repository, archive)?;
            }
            if config.publishes_to(Target::Oci) {
                self.use_registry(steps, archive)?;
            }
        }
        Ok(())
    }

    /// The same versions from where the Helm repository was before it moved.
    fn use_old_place(&self, steps: &mut Steps<'_>) -> Result<()> {
        let Some(url) = &self.story.old_url else { return Ok(()) };
        let repository = format!("{}-old", self.story.config.helm_name);
        let add = ["repo", "add", &repository, url];
        if steps.make("Added", line(&add), || self.run(&add).map(|_| String::new()))? {
            for archive in self.story.archives {
                let reference = format!("{repository}/{}", archive.metadata.name);
                self.pull(steps, &["pull", &reference, "--version", &archive.metadata.version], archive)?;
            }
        }
        Ok(())
    }

    /// A new version is found, a prerelease with `--devel` alone.
    fn search(&self, steps: &mut Steps<'_>, repository: &str) -> Result<()> {
        let (next, stable): (Vec<_>, Vec<_>) = self.story.archives.iter().partition(|one| is_prerelease(one));
        let usual = ["search", "repo", repository, "--versions"];
        let (verb, told) = if stable.is_empty() { ("Hid", &next) } else { ("Found", &stable) };
        steps.make(verb, line(&usual), || {
            let hits = self.hits(&usual)?;
            shows(&hits, repository, &stable, true)?;
            shows(&hits, repository, &next, false)?;
            Ok(ids(told))
        })?;
        if next.is_empty() {
            return Ok(());
        }
        let devel = [&usual[..], &["--devel"]].concat();
        steps.make("Found", line(&devel), || {
            shows(&self.hits(&devel)?, repository, &next, true)?;
            Ok(ids(&next))
        })?;
        Ok(())
    }

    fn hits(&self, words: &[&str]) -> Result<Vec<Hit>, Problem> {
        let printed = self.run(&[words, &["--output", "json"]].concat())?;
        let no_json = |error| broken(format!("{} prints no JSON: {error}", name(&line(words))));
        serde_json::from_slice(&printed).map_err(no_json)
    }

    fn use_repository(&self, steps: &mut Steps<'_>, repository: &str, archive: &Archive) -> Result<()> {
        let (chart, version) = (archive.metadata.name.as_str(), archive.metadata.version.as_str());
        let reference = format!("{repository}/{chart}");
        self.pull(steps, &["pull", &reference, "--version", version], archive)?;
        if archive.metadata.kind == "library" {
            let saw = || Ok("a library renders nothing by itself".to_owned());
            return steps.make("Skipped", line(&["template", chart]), saw).map(drop);
        }
        self.template(steps, &["template", chart, &reference, "--version", version], archive)
    }

    fn use_registry(&self, steps: &mut Steps<'_>, archive: &Archive) -> Result<()> {
        let (chart, version) = (archive.metadata.name.as_str(), archive.metadata.version.as_str());
        let reference = self.story.oci(archive);
        self.pull(steps, &["pull", &reference, "--version", version, "--plain-http"], archive)?;
        if archive.metadata.kind == "library" {
            return Ok(());
        }
        self.template(steps, &["template", chart, &reference, "--version", version, "--plain-http"], archive)
    }

    /// Pulls a chart anew, and compares it.
    fn pull(&self, steps: &mut Steps<'_>, words: &[&str], archive: &Archive) -> Result<()> {
        // Helm calls the file what the last part of its URL is, which GitHub writes in its own way.
        let file_name = archive.file_name();
        let files = [&file_name, &asset_name(&file_name)].map(|file| self.home.join(file));
        let is_signed = self.story.signed.is_some_and(|signed| signed.archives.contains(&file_name));
        let verify = self.keyring.iter().filter(|_| is_signed);
        let verify: Vec<&str> = verify.flat_map(|keyring| ["--verify", "--keyring", keyring]).collect();
        let words = &[words, &verify].concat();
        let pulled = steps.make("Pulled", line(words), || {
            for file in &files {
                let _ = fs::remove_file(file);
            }
            self.run(words)?;
            let missing = |error| broken(format!("helm pulled no {}: {error}", name(&file_name)));
            let [usual, of_github] = &files;
            let pulled = fs::read(usual).or_else(|_| fs::read(of_github)).map_err(missing)?;
            same(&pulled, archive)
        });
        pulled.map(drop)
    }

    /// Renders a chart, and tells why where only another cluster or network could.
    fn template(&self, steps: &mut Steps<'_>, words: &[&str], archive: &Archive) -> Result<()> {
        let hint = "mend the template, or write what it needs into values.yaml, or into a `ci/NAME-values.yaml` beside it";
        steps.make_or_not(line(words), || {
            let entries = tgz::read(&archive.bytes, tgz::MAX_TOTAL).unwrap_or_default();
            let clusters = Clusters::of(&archive.metadata.kube_version, &entries);
            let attempt = |values: &[&str]| {
                attempt(&clusters, |options| {
                    let options: Vec<&str> = options.iter().map(String::as_str).collect();
                    Ok(self.try_run(&[words, &options, values].concat()))
                })
            };
            let values = self.story.values.get(&archive.metadata.name);
            let (tried, with) = match (attempt(&[])?, values) {
                (Attempt { result: Err(_), .. }, Some(values)) => {
                    let path = values.to_string_lossy();
                    (attempt(&["--values", &path])?, format!(" with {}", files::shown(values)))
                }
                (tried, _) => (tried, String::new()),
            };
            let doubts: String = tried.doubts.iter().map(doubt).collect();
            let options: Vec<&str> = tried.options.iter().map(String::as_str).collect();
            let Some(printed) =
                tried.result.map_err(|why| failed(&[words, &options].concat(), &why).hint(hint))?
            else {
                return Ok(("Skipped", format!("not checked{doubts}")));
            };
            let text = String::from_utf8_lossy(&printed);
            let count = text.lines().filter(|line| line.starts_with("kind:")).count();
            Ok(("Rendered", format!("{}{with}{doubts}", counted(count, "object"))))
        })?;
        Ok(())
    }

    /// Runs helm as this user; an error has its words.
    fn run(&self, words: &[&str]) -> Result<Vec<u8>, Problem> {
        self.try_run(words).map_err(|why| failed(words, &why))
    }

    /// The same; the error is why helm failed.
    fn try_run(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let mut command = self.command();
        command.args(words).current_dir(&self.home);
        match process::run(command, Vec::new(), self.deadline) {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => Err(reason(&output.stderr)),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err("it did not end in time; give it longer: --deadline SECONDS".to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Helm without anything of the maintainer's: no settings, no plugins, no credentials, no cluster.
    fn command(&self) -> Command {
        let mut command = self.helm.command();
        for variable in environment::of_helm() {
            command.env_remove(variable);
        }
        let own = |name: &str| self.home.join(".helm").join(name);
        command.env("HELM_CONFIG_HOME", own("config")).env("HELM_CACHE_HOME", own("cache"));
        command.env("HELM_DATA_HOME", own("data")).env("DOCKER_CONFIG", own("docker"));
        command.env("KUBECONFIG", own("kubeconfig"));
        command
    }
}

/// Whether what helm lists has these archives, as it should or should not.
fn shows(hits: &[Hit], repository: &str, archives: &[&Archive], wanted: bool) -> Result<(), Problem> {
    let is_listed = |archive: &&Archive| {
        let full = format!("{repository}/{}", archive.metadata.name);
        hits.iter().any(|hit| hit.name == full && hit.version == archive.metadata.version)
    };
    match archives.iter().find(|archive| is_listed(archive) != wanted) {
        Some(archive) if wanted => Err(broken(format!("`helm search` does not list {}", name(&id(archive))))),
        Some(archive) => {
            let message =
                format!("`helm search` lists the prerelease {} without `--devel`", name(&id(archive)));
            Err(broken(message))
        }
        None => Ok(()),
    }
}

fn is_prerelease(archive: &Archive) -> bool {
    version::is_prerelease(&archive.metadata.version)
}

fn ids(archives: &[&Archive]) -> String {
    archives.iter().map(|archive| id(archive)).collect::<Vec<_>>().join(", ")
}

fn failed(words: &[&str], why: &str) -> Problem {
    broken(format!("{} fails: {why}", name(&line(words))))
}

/// What was not looked at, for the end of a line.
fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Schema(why) => {
            format!("; without values.schema.json: cannot fetch {}", name(unreachable(why).unwrap_or(why)))
        }
        Doubt::Cluster(why) => format!("; it refuses the cluster that helm pretends: {why}"),
    }
}

fn line(words: &[&str]) -> String {
    format!("helm {}", words.join(" "))
}

/// Why helm failed, in one line.
fn reason(said: &str) -> String {
    let lines = cause(said)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Use --debug flag"));
    shown(&lines.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::{Hit, ids, is_prerelease, reason, shows};
    use crate::rehearsal::io::user::tests::archive;

    #[test]
    fn what_a_search_must_show() {
        let hit = |name: &str, version: &str| Hit { name: name.to_owned(), version: version.to_owned() };
        let hits = [hit("r/web", "1.0.0"), hit("r/webs", "2.0.0"), hit("other/web", "3.0.0")];
        for (version, is_shown) in [("1.0.0", true), ("2.0.0", false), ("3.0.0", false)] {
            let archive = archive("web", version);
            assert_eq!(shows(&hits, "r", &[&archive], true).is_ok(), is_shown, "{version}");
            assert_eq!(shows(&hits, "r", &[&archive], false).is_ok(), !is_shown, "{version}");
        }
        let (one, other) = (archive("web", "1.0.0"), archive("api", "1.0.0-rc.1+b"));
        assert_eq!(ids(&[&one, &other]), "web 1.0.0, api 1.0.0-rc.1+b");
        assert!(
            !is_prerelease(&one) && is_prerelease(&other) && !is_prerelease(&archive("web", "1.0.0+rc-1"))
        );
    }

    #[test]
    fn reasons() {
        for (said, why) in [
            ("WARNING: x\nError: no chart version found for web-9\n", "no chart version found for web-9"),
            (
                "Error: at (a.yaml:1:4): no image\n\nUse --debug flag to render out invalid YAML\n",
                "at (a.yaml:1:4): no image",
            ),
            ("Error: values:\n- a: b\n- c\n", "values:; - a: b; - c"),
            ("panic\u{1b}[2J", "panic\\u{1b}[2J"),
        ] {
            assert_eq!(reason(said), why);
        }
    }
}
