//! Text files of the repository, to be looked at.

use crate::base::problem::{Checked, Problem};
use crate::check::document::Document;
use crate::git::io::repository::Repository;
use crate::sys::files;

/// Reads files by their paths from the root. Links are passed over: what they lead to has a path of its own.
pub fn read_documents<'p>(
    repository: &Repository,
    paths: impl Iterator<Item = &'p str>,
) -> Checked<Vec<Document>> {
    let mut problems = Vec::new();
    let is_file = |path: &&str| {
        let metadata = repository.root().join(path).symlink_metadata();
        metadata.is_ok_and(|metadata| metadata.is_file())
    };
    let document = |path: &str| match files::read(&repository.root().join(path)) {
        Ok(data) => {
            Some(Document { path: path.to_owned(), text: String::from_utf8_lossy(&data).into_owned() })
        }
        Err(error) => {
            let problem = Problem::warning(format!("nobody looked at it: {error:#}")).at(path, None);
            problems.push(problem.hint("make it readable, and smaller"));
            None
        }
    };
    let documents = paths.filter(is_file).filter_map(document).collect();
    Checked::new(documents, problems)
}
