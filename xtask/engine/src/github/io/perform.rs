//! One step of a plan, tried once: whether it was done, the next look says.

use serde_json::{Value, json};

use super::Github;
use super::api::Answer;
use crate::base::http::Response;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url;
use crate::github::release::{Asset, Refusal, Release};
use crate::github::{Action, Seen, Tense, Wanted};
use crate::sys::terminal;

impl Github<'_> {
    pub(super) fn perform(
        &self,
        action: &Action,
        wanted: &Wanted<'_>,
        seen: &Seen,
    ) -> Result<Answer, Problem> {
        let (verb, what) = action.describe(Tense::Now);
        terminal::progress(verb, &format!("{what}  on {}", self.api.repository()));
        Ok(match action {
            Action::Create { tag, prerelease } => {
                // GitHub reads the commit only if there is no such tag.
                let content = json!({
                    "tag_name": tag,
                    "target_commitish": wanted.commit,
                    "name": wanted.tag,
                    "body": wanted.notes,
                    "draft": true,
                    "prerelease": prerelease,
                });
                self.api.send("POST", "/releases", Some(&content))
            }
            Action::Delete { id, .. } => self.delete_half(*id)?,
            Action::Upload { name, .. } => self.upload(name, wanted, seen)?,
            Action::RemoveDraft { id } => self.remove_draft(*id)?,
            Action::Publish { prerelease, latest, .. } => match seen.current() {
                Some(release) => {
                    let content = publishing(wanted, release, *prerelease, *latest);
                    self.api.send("PATCH", &format!("/releases/{}", release.id), Some(&content))
                }
                None => Ok(changed()),
            },
        })
    }

    /// Waits before the next look. The error is that of a step that no look can mend.
    pub(super) fn pause(&self, tries: u32, action: &Action, answer: &Answer) -> Result<(), Problem> {
        let is_gone =
            |status: u16| status == 409 || status == 404 && !matches!(action, Action::Create { .. });
        let may_differ = |response: &Response| {
            is_gone(response.status) || response.status == 422 && Refusal::of(response).is_duplicate()
        };
        let reason = match answer {
            Ok(response) if may_differ(response) => Err("something changed there".to_owned()),
            other => other.clone(),
        };
        if self.api.http.should_repeat(tries, &reason, &self.api.host()) {
            return Ok(());
        }
        Err(self.api.problem(&attempt(action), answer))
    }

    fn upload(&self, file: &str, wanted: &Wanted<'_>, seen: &Seen) -> Result<Answer, Problem> {
        let (Some(release), Some(file)) = (seen.current(), wanted.file(file)) else {
            return Ok(Ok(changed()));
        };
        let template = &release.upload_url;
        let url = template.split('{').next().unwrap_or(template);
        let url = format!("{url}?name={}", url::escape_component(&file.name));
        let media_type = if file.name.ends_with(".tgz") { "application/gzip" } else { "text/plain" };
        let answer = self.api.upload(url, media_type, file.data);
        let asset =
            answer.as_ref().ok().and_then(|response| serde_json::from_slice::<Asset>(&response.body).ok());
        match asset.filter(|asset| asset.name != file.name) {
            Some(asset) => {
                let message = format!("GitHub calls the asset {} {}", name(&file.name), name(&asset.name));
                let hint = format!("delete it at {}, and give the file another name", release.html_url);
                Err(Problem::error(message).hint(hint))
            }
            None => Ok(answer),
        }
    }

    /// Deletes an asset of which only a part is there, unless the rest is on its way.
    fn delete_half(&self, id: u64) -> Result<Answer, Problem> {
        let path = format!("/releases/assets/{id}");
        let look = || -> Result<Option<Asset>, Problem> {
            let answer = self.api.get(&path);
            if is_missing(&answer) { Ok(None) } else { self.api.read("look at an asset", &answer).map(Some) }
        };
        let Some(before) = look()? else { return Ok(Ok(done())) };
        if before.is_whole() {
            return Ok(self.delete(&path));
        }
        self.api.http.should_repeat(1, &Err("an asset is not whole".to_owned()), &self.api.host());
        match look()? {
            None => Ok(Ok(done())),
            Some(after) if after == before => Ok(self.delete(&path)),
            Some(_) => Ok(Ok(changed())),
        }
    }

    /// Deletes a draft, unless somebody published it.
    fn remove_draft(&self, id: u64) -> Result<Answer, Problem> {
        match self.release(id)? {
            Some(release) if release.draft => Ok(self.delete(&format!("/releases/{id}"))),
            Some(_) => Ok(Ok(changed())),
            None => Ok(Ok(done())),
        }
    }

    fn delete(&self, path: &str) -> Answer {
        let answer = self.api.send("DELETE", path, None::<&Value>);
        if is_missing(&answer) { Ok(done()) } else { answer }
    }
}

/// What a draft gets that is published: nothing that people wrote into it is written over.
fn publishing(wanted: &Wanted<'_>, release: &Release, prerelease: bool, latest: bool) -> Value {
    let mut content = json!({
        "draft": false,
        "prerelease": prerelease,
        "make_latest": if latest { "true" } else { "false" },
    });
    let is_empty = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().is_empty();
    for (field, there, ours) in
        [("name", &release.name, wanted.tag.as_str()), ("body", &release.body, wanted.notes)]
    {
        if let Some(content) = content.as_object_mut().filter(|_| is_empty(there)) {
            content.insert(field.to_owned(), ours.into());
        }
    }
    content
}

/// The number of the release that a step created.
pub(super) fn created(action: &Action, answer: &Answer) -> Option<u64> {
    let response = answer.as_ref().ok().filter(|_| matches!(action, Action::Create { .. }))?;
    Some(serde_json::from_slice::<Release>(&response.body).ok()?.id)
}

fn is_missing(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|response| response.status == 404)
}

fn done() -> Response {
    Response { status: 204, ..Response::default() }
}

fn changed() -> Response {
    Response { status: 409, ..Response::default() }
}

/// What a step tries, after `cannot`.
fn attempt(action: &Action) -> String {
    match action {
        Action::Create { tag, .. } => format!("create the draft of {}", name(tag)),
        Action::Delete { name: file, .. } => format!("delete {}", name(file)),
        Action::Upload { name: file, .. } => format!("upload {}", name(file)),
        Action::RemoveDraft { id } => format!("delete the other draft {id}"),
        Action::Publish { tag, .. } => format!("publish {}", name(tag)),
    }
}
