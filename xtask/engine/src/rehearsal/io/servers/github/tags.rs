//! Tags: those that a rehearsal begins with, annotated, at its commit, and those that are made by the refs API. The latter
//! are in the bare repository, too, as they are at GitHub.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Answered;
use super::answers::{Refusal, Urls, not_found, said, unprocessable};
use crate::git::io::repository::{INHERITED, LOCAL};
use crate::git::object::object_id;
use crate::rehearsal::io::servers::http::Answer;
use crate::sys::process;

/// The tags of the repository.
#[derive(Debug)]
pub struct Tags {
    /// The bare repository that gets tags; without one no tag can be made.
    pub repository: Option<PathBuf>,
    /// Their objects, by name.
    named: BTreeMap<String, String>,
    /// The objects of annotated tags, by id.
    objects: BTreeMap<String, Object>,
}

#[derive(Clone, Debug, Deserialize)]
struct Object {
    tag: String,
    message: String,
    #[serde(rename = "object")]
    commit: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
}

impl Tags {
    /// These tags at a commit.
    pub fn new(tags: &[String], commit: &str) -> Self {
        let mut all = Self { repository: None, named: BTreeMap::new(), objects: BTreeMap::new() };
        for tag in tags {
            let (message, commit) = (tag.clone(), commit.to_owned());
            let id = all.keep(Object { tag: tag.clone(), message, commit });
            all.named.insert(tag.clone(), id);
        }
        all
    }

    /// The object of a tag; `None` if there is no such tag.
    pub fn id(&self, tag: &str) -> Option<&String> {
        self.named.get(tag)
    }

    /// "Get a tag".
    pub fn annotated(&self, urls: &Urls, id: &str) -> Answered {
        let object = self.objects.get(id).ok_or_else(not_found)?;
        Ok(Answer::json(200, &shown(urls, id, object)))
    }

    /// "Create a tag object", which no ref leads to yet.
    pub fn create(&mut self, urls: &Urls, body: &[u8]) -> Answered {
        let object: Object = parse(body)?;
        let id = self.keep(object.clone());
        Ok(Answer::json(201, &shown(urls, &id, &object)))
    }

    /// "Create a reference".
    pub fn name(&mut self, urls: &Urls, body: &[u8]) -> Answered {
        let Reference { name, sha } = parse(body)?;
        let tag =
            name.strip_prefix("refs/tags/").ok_or_else(|| unprocessable("Reference", "invalid", "ref"))?;
        let object = self.objects.get(&sha).ok_or_else(|| unprocessable("Reference", "invalid", "sha"))?;
        let exists = || Refusal(422, said(422, "Reference already exists"));
        let repository = self.repository.as_deref().ok_or_else(not_found)?;
        if self.named.contains_key(tag) || !write(repository, tag, &text(object))? {
            return Err(exists());
        }
        self.named.insert(tag.to_owned(), sha.clone());
        let object = json!({ "type": "tag", "sha": sha, "url": urls.api(&format!("git/tags/{sha}")) });
        let url = urls.api(&format!("git/{name}"));
        Ok(Answer::json(201, &json!({ "ref": name, "node_id": "", "url": url, "object": object })))
    }

    fn keep(&mut self, object: Object) -> String {
        let id = object_id("tag", text(&object).as_bytes());
        self.objects.insert(id.clone(), object);
        id
    }
}

fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal(400, said(400, "Problems parsing JSON")))
}

/// The object as git writes it, by somebody at the beginning of time: who made it and when is nobody's business here.
fn text(object: &Object) -> String {
    let Object { tag, message, commit } = object;
    format!(
        "object {commit}\ntype commit\ntag {tag}\ntagger GitHub <noreply@github.com> 0 +0000\n\n{message}"
    )
}

fn shown(urls: &Urls, id: &str, object: &Object) -> Value {
    let Object { tag, message, commit } = object;
    json!({
        "node_id": "",
        "tag": tag,
        "sha": id,
        "url": urls.api(&format!("git/tags/{id}")),
        "message": message,
        "object": { "type": "commit", "sha": commit, "url": urls.api(&format!("git/commits/{commit}")) },
    })
}

/// Writes a tag into a bare repository. `false` if it has one of this name.
fn write(repository: &Path, tag: &str, text: &str) -> io::Result<bool> {
    let run = |args: &[&str], input: &str| {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(repository).args(args);
        for variable in INHERITED {
            git.env_remove(variable);
        }
        git.envs([("LC_ALL", "C"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        process::ask(git, input.as_bytes().to_vec(), Instant::now() + LOCAL)
    };
    let made = run(&["hash-object", "-t", "tag", "-w", "--stdin"], text)?;
    let id = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let none = "0".repeat(id.len());
    Ok(run(&["update-ref", &format!("refs/tags/{tag}"), &id, &none], "")?.status.success())
}
