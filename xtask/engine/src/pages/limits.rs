//! What GitHub does not take, seen before anything is sent (docs.github.com, "About large files on GitHub" and "GitHub
//! Pages limits").

use super::{Held, Planned, State};
use crate::base::limits::MAX_GITHUB_FILE;
use crate::base::problem::Problem;
use crate::base::text::{name, size};

/// A larger file brings a warning.
const LARGE_FILE: u64 = 50 * 1024 * 1024;
/// A larger site is not published.
const MAX_SITE: u64 = 1_000_000_000;
/// What a file is taken to have whose size is not known: asking for it would fetch it.
const TYPICAL: u64 = 20 * 1024;

/// Finds files and sites that GitHub takes no more. `others` is the number of files that are on the branch already and stay.
pub fn too_large(others: usize, files: &[Planned<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut known = 0;
    let mut archives = Vec::new();
    for file in files {
        let Held::Data(data) = &file.content else { continue };
        let bytes = data.len() as u64;
        known += bytes;
        if file.path.ends_with(".tgz") {
            archives.push(bytes);
        }
        let too_large = format!("{} is {}", name(&file.path), size(bytes));
        if bytes > MAX_GITHUB_FILE {
            let problem = Problem::error(format!("{too_large}: GitHub takes no file above 100 MiB"));
            problems.push(problem.hint("make it smaller, or offer it elsewhere"));
        } else if bytes > LARGE_FILE && file.state != State::Same {
            let problem = Problem::warning(format!("{too_large}: GitHub takes none above 100 MiB"));
            problems.push(problem.hint("make it smaller, or offer it elsewhere"));
        }
    }
    let typical = archives.iter().sum::<u64>().checked_div(archives.len() as u64).unwrap_or(TYPICAL);
    let site = known + others as u64 * typical;
    let over = |problem: Problem| {
        problem.hint("write `.archives_in_releases()` in the config: new archives then go to GitHub Releases, and those on the branch stay")
    };
    if known > MAX_SITE {
        let message = format!("the site is {}: GitHub Pages publishes none above 1 GB", size(known));
        problems.push(over(Problem::error(message)));
    } else if site > MAX_SITE / 10 * 8 {
        let about = format!("{others} files that are there already are taken to have {} each", size(typical));
        let message =
            format!("the site is about {}, and GitHub Pages publishes none above 1 GB ({about})", size(site));
        problems.push(over(Problem::warning(message)));
    }
    problems
}
