//! Yanked versions that Artifact Hub still lists: it reads the tags of the registry, where they stay.

use super::edit::{Edit, Finding};
use crate::base::problem::Problem;
use crate::base::text::few;
use crate::base::yaml::{self, Node};
use crate::registry::artifact::HUB_FILE;

/// The yanked versions, by name and version, that the `ignore` list of `artifacthub-repo.yml` lacks. Its `version` is a
/// regular expression (artifacthub.io/docs, "Repositories", "Ignore").
pub fn not_ignored(text: &str, yanked: &[(String, String)]) -> Option<Finding> {
    let root = yaml::read(text.as_bytes()).ok()?.root;
    let list = root.get("ignore");
    let items = list.map_or(&[][..], |list| list.value.items());
    let field =
        |item: &Node, key: &str| item.get(key).and_then(|value| value.value.text()).map(str::to_owned);
    let is_ignored = |(chart, version): &&(String, String)| {
        items.iter().any(|item| {
            let pattern = field(item, "version");
            field(item, "name").as_ref() == Some(chart)
                && pattern.is_none_or(|pattern| pattern.contains(version) || pattern == exactly(version))
        })
    };
    let missing: Vec<&(String, String)> = yanked.iter().filter(|one| !is_ignored(one)).collect();
    let (first, line) = (missing.first()?, list.map(|list| list.line));
    let entry = |(chart, version): &&(String, String)| {
        [format!("  - name: {chart}"), format!("    version: '{}'", exactly(version))]
    };
    let lines: Vec<String> = missing.iter().flat_map(entry).collect();
    let names: Vec<String> = missing.iter().map(|(chart, version)| format!("{chart} {version}")).collect();
    let message = format!(
        "Artifact Hub lists {}, which {} yanked",
        few(&names),
        if names.len() == 1 { "is" } else { "are" }
    );
    let hint = format!(
        "ignore it there: `- name: {}` with `version: '{}'` below `ignore`",
        first.0,
        exactly(&first.1)
    );
    // A list that is there has an indentation of its own.
    let edit = list.is_none().then(|| {
        let insert = std::iter::once("ignore:".to_owned()).chain(lines).collect();
        Edit::append(HUB_FILE, text.lines().count(), insert)
    });
    Some(Finding::new(Problem::warning(message).at(HUB_FILE, line).hint(hint), edit))
}

/// A regular expression for this version alone.
fn exactly(version: &str) -> String {
    format!("^{}$", version.replace('.', "\\.").replace('+', "\\+"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fix::make_edits;

    #[test]
    fn yanked_versions_are_ignored() {
        let yanked = [("web".to_owned(), "1.1.0".to_owned()), ("db".to_owned(), "1.0.0+a".to_owned())];
        let found = |text: &str| not_ignored(text, &yanked);
        let first = found("repositoryID: x\n").expect("a finding");
        assert_eq!(first.problem.message, "Artifact Hub lists `web 1.1.0`, `db 1.0.0+a`, which are yanked");
        let edit = first.edit.expect("an edit");
        let mended = make_edits("repositoryID: x\n", &[&edit]).text;
        assert_eq!(
            mended,
            "repositoryID: x\nignore:\n  - name: web\n    version: '^1\\.1\\.0$'\n  - name: db\n    version: '^1\\.0\\.0\\+a$'\n"
        );
        assert_eq!(found(&mended), None);
        let part = found("ignore:\n- name: web\n").expect("a finding");
        assert_eq!(
            (part.problem.to_string().as_str(), part.edit),
            ("artifacthub-repo.yml:1: Artifact Hub lists `db 1.0.0+a`, which is yanked", None)
        );
        assert_eq!(found("ignore:\n- name: web\n- name: db\n  version: 1.0.0+a\n"), None);
        assert_eq!(not_ignored("a: 1\n", &[]), None);
    }
}
