//! Changes of a published release that GitHub allows even where releases are immutable: its notes, and which one is the
//! latest (docs.github.com, "Immutable releases", and "REST API endpoints for releases", "Update a release").

use serde_json::Value;

use super::Github;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::github::release::Release;

impl Github<'_> {
    /// The tag of the release that GitHub calls the latest; `None` if there is none.
    pub fn latest(&self) -> Result<Option<String>, Problem> {
        let what = format!("look at the latest release of {}", name(self.api.repository()));
        let answer = self.api.get("/releases/latest");
        if answer.as_ref().is_ok_and(|response| response.status == 404) {
            return Ok(None);
        }
        self.api.read::<Release>(&what, &answer).map(|release| Some(release.tag_name))
    }

    /// Gives a release, by its number and tag, other values for some of its fields. What is asked twice changes nothing the second time.
    pub fn change(&self, id: u64, tag: &str, fields: &Value) -> Result<(), Problem> {
        let answer = self.patiently(|| self.api.send("PATCH", &format!("/releases/{id}"), Some(fields)));
        let what = format!("change release {} of {}", name(tag), name(self.api.repository()));
        self.api.read::<Release>(&what, &answer).map(drop)
    }
}
