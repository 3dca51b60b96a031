//! Making tags by the refs API (docs.github.com, "REST API endpoints for Git tags" and "for Git references"): it asks for no
//! more rights than a release does. A tag that a release makes by its `target_commitish` is refused where workflow files
//! differ from those of the default branch.

use serde::Deserialize;
use serde_json::json;

use super::Github;
use super::api::Answer;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::time;
use crate::git::object::{COMMITTER_EMAIL, COMMITTER_NAME};
use crate::git::tag_object::TagObject;
use crate::github::release::Refusal;

#[derive(Deserialize)]
struct Made {
    sha: String,
}

impl Github<'_> {
    /// Makes an annotated tag, unless there is one of this name. Which commit that names is for a look to tell.
    pub fn make_tag(&self, tag: &TagObject) -> Result<(), Problem> {
        let what = format!("make tag {}", name(&tag.tag));
        let tagger = json!({ "name": COMMITTER_NAME, "email": COMMITTER_EMAIL, "date": time::utc(tag.time) });
        let content = json!({
            "tag": tag.tag,
            "message": tag.message(),
            "object": tag.commit,
            "type": "commit",
            "tagger": tagger,
        });
        let answer = self.patiently(|| self.api.send("POST", "/git/tags", Some(&content)));
        let made: Made = self.api.read(&what, &answer)?;
        let content = json!({ "ref": format!("refs/tags/{}", tag.tag), "sha": made.sha });
        let answer = self.patiently(|| self.api.send("POST", "/git/refs", Some(&content)));
        match &answer {
            Ok(response) if response.is_success() => Ok(()),
            Ok(response) if response.status == 422 && Refusal::of(response).is_there() => Ok(()),
            _ => Err(self.api.problem(&what, &answer)),
        }
    }

    /// What may be asked twice: a second tag of the same content is the same object, and a second ref is refused.
    pub(super) fn patiently(&self, ask: impl Fn() -> Answer) -> Answer {
        let mut tries = 0;
        loop {
            let answer = ask();
            tries += 1;
            if !self.api.http.should_repeat(tries, &answer, &self.api.host()) {
                return answer;
            }
        }
    }
}
