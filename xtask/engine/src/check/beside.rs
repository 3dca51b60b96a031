//! Slips in the files beside the charts: dates of the changelog, and `artifacthub-repo.yml`.

use super::document::Document;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::time;
use crate::base::yaml;
use crate::chart::source::Changelog;

/// Dates of releases that are in no calendar.
pub fn impossible_dates(changelog: &Changelog) -> Vec<Problem> {
    let problem = |(i, line): (usize, &str)| {
        let date = line.strip_prefix("## ")?.trim_end().rsplit(' ').next()?;
        let parts: Vec<&str> = date.split('-').collect();
        let is_number =
            |(part, digits): (&&str, usize)| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        let is_date = parts.len() == 3 && parts.iter().zip([4, 2, 2]).all(is_number);
        if !is_date || time::normal(&format!("{date}T00:00:00Z")).is_some() {
            return None;
        }
        let problem =
            Problem::warning(format!("there is no day {}", name(date))).at(&changelog.path, Some(i + 1));
        Some(problem.hint("write the day of the release as YYYY-MM-DD"))
    };
    changelog.text.lines().enumerate().filter_map(problem).collect()
}

/// The file by which Artifact Hub knows the owner of a repository.
pub fn is_artifact_hub(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("artifacthub-repo.yml" | "artifacthub-repo.yaml"))
}

/// An id that is none of Artifact Hub's, which are UUIDs.
pub fn foreign_id(document: &Document) -> Option<Problem> {
    let root = yaml::read(document.text.as_bytes()).ok()?.root;
    let id = root.get("repositoryID")?;
    let text = id.value.text()?;
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex =
        |(part, digits): (&&str, usize)| part.len() == digits && part.bytes().all(|b| b.is_ascii_hexdigit());
    if parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(is_hex) {
        return None;
    }
    let message = format!(
        "`repositoryID` {} is no UUID: Artifact Hub does not verify who publishes this repository",
        name(text)
    );
    let hint = "copy the ID that Artifact Hub shows for the repository in its control panel";
    Some(Problem::warning(message).at(&document.path, Some(id.line)).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::document::tests::document;
    use crate::check::tests::told;

    #[test]
    fn days_that_there_are() {
        let text = "# Changelog\n\n## [1.2.0] - 2026-02-30\n\n## 1.1.0 - 2024-02-29\n## v1.0.0 (2024-13-01)\n## 2024-00-10\n## [x-1-2-3]\n";
        let told = told(impossible_dates(&Changelog { path: "CHANGELOG.md".into(), text: text.into() }));
        let hint = "write the day of the release as YYYY-MM-DD";
        assert_eq!(
            told,
            [
                format!("warning CHANGELOG.md:3: there is no day `2026-02-30` | {hint}"),
                format!("warning CHANGELOG.md:7: there is no day `2024-00-10` | {hint}")
            ]
        );
    }

    #[test]
    fn ids_of_artifact_hub() {
        for id in ["3c1d0ab4-5a1b-4b5c-9d6e-0123456789ab", "\"00000000-0000-0000-0000-000000000000\"", ""] {
            assert_eq!(
                foreign_id(&document("artifacthub-repo.yml", &format!("repositoryID: {id}\n"))),
                None,
                "{id}"
            );
        }
        let told = told(foreign_id(&document("artifacthub-repo.yml", "owners: []\nrepositoryID: my-repo\n")));
        assert_eq!(
            told,
            [
                "warning artifacthub-repo.yml:2: `repositoryID` `my-repo` is no UUID: Artifact Hub does not verify who publishes this repository | copy the ID that Artifact Hub shows for the repository in its control panel"
            ]
        );
        assert!(is_artifact_hub("charts/artifacthub-repo.yml") && !is_artifact_hub("x-artifacthub-repo.yml"));
    }
}
