//! What `cargo xtask pages` says, to people and to programs.

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::publish::{Pushed, short};
use super::served::Expected;
use crate::base::config::Config;
use crate::base::text::size;
use crate::git::io::branch::Branch;
use crate::pages::{
    Change, Entries, Held, MOST_ENTRIES, NO_JEKYLL, Owner, Plan, Planned, RECORD, State, fold,
};
use crate::sys::{files, terminal};

/// The plan: what is there, and what publishing would do.
pub fn preview(
    config: &Config,
    branch: &Branch,
    change: &Change<'_>,
    plan: &Plan<'_>,
    bytes: u64,
    out: &Path,
    json: bool,
) -> Result<()> {
    if json {
        let mut facts = facts(branch, change, plan);
        facts.insert("site".to_owned(), out.to_string_lossy().into());
        facts.insert("bytes".to_owned(), bytes.into());
        facts.insert("others".to_owned(), plan.others.into());
        return Ok(terminal::line(&serde_json::to_string_pretty(&facts)?)?);
    }
    plan.warnings.iter().for_each(terminal::problem);
    wrote(out, plan)?;
    let tip = plan.base.as_deref();
    let tip = tip.map_or_else(|| "does not exist yet".to_owned(), |tip| format!("is at {}", short(tip)));
    terminal::result("Tip", &format!("{} {tip}", branch.shown()))?;
    if plan.is_done() {
        terminal::result("Unchanged", "the branch is already as it should be")?;
    } else {
        changes(
            config,
            change,
            plan,
            ["Would add", "Would change", "Would merge", "Would update", "Would remove", "Keeps"],
        )?;
        terminal::result("Would send", &format!("{} in one commit", size(bytes)))?;
    }
    Ok(terminal::line("nothing left this machine; add --publish to publish")?)
}

pub fn wrote(out: &Path, plan: &Plan<'_>) -> Result<()> {
    let data = plan.files.iter().filter_map(|file| match &file.content {
        Held::Data(data) => Some(data.len() as u64),
        Held::Id(_) => None,
    });
    let sizes: Vec<u64> = data.collect();
    let held = format!("{}, {}", count(sizes.len(), "file", "files"), size(sizes.iter().sum()));
    let others = match plan.others {
        0 => String::new(),
        others => format!("; {others} more are on the branch"),
    };
    Ok(terminal::result("Wrote", &format!("{}/  {held}{others}", files::shown(out)))?)
}

pub fn published(
    config: &Config,
    branch: &Branch,
    change: &Change<'_>,
    published: &Pushed<'_>,
    json: bool,
) -> Result<()> {
    let Pushed { plan, commit, rounds } = published;
    if json {
        let mut facts = facts(branch, change, plan);
        facts.insert("commit".to_owned(), commit.clone().into());
        facts.insert("rounds".to_owned(), (*rounds).into());
        return Ok(terminal::line(&serde_json::to_string_pretty(&facts)?)?);
    }
    plan.warnings.iter().for_each(terminal::problem);
    let Some(commit) = commit else {
        return Ok(terminal::result("Unchanged", &format!("{} is already as it should be", branch.shown()))?);
    };
    changes(config, change, plan, ["Added", "Changed", "Merged", "Updated", "Removed", "Kept"])?;
    let round = if *rounds > 1 { format!("  in round {rounds}") } else { String::new() };
    Ok(terminal::result("Published", &format!("{} to {}{round}", short(commit), branch.shown()))?)
}

/// The changes by part, each with its verb: for a new file, another file, the index, the pages, and what goes and stays.
fn changes(config: &Config, change: &Change<'_>, plan: &Plan<'_>, verbs: [&str; 6]) -> Result<()> {
    let [add, replace, merge, update, remove, keep] = verbs;
    for file in plan.files.iter().filter(|file| is_told(config, file)) {
        let verb = match file.state {
            State::Added => add,
            State::Changed => replace,
            State::Same => continue,
        };
        let facts = match &file.content {
            Held::Data(data) => size(data.len() as u64),
            Held::Id(_) => "from the history of the branch".to_owned(),
        };
        terminal::result(verb, &format!("{}  {facts}", file.path))?;
    }
    if let Some(entries) = &plan.entries {
        let index = config.index();
        let is_same = plan.files.iter().any(|file| file.path == index && file.state == State::Same);
        let verb = if is_same { "Unchanged" } else { merge };
        terminal::result(verb, &format!("{index}  {}", summary(entries)))?;
    }
    if change.docs.is_some() {
        let [added, changed, same] =
            [State::Added, State::Changed, State::Same].map(|state| plan.pages(state).count());
        let removed = plan.removed.len();
        let counts = format!("{added} added, {changed} changed, {removed} removed, {same} as they were");
        terminal::result(update, &format!("the documentation  {counts}"))?;
        let removed: Vec<String> =
            plan.removed.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect();
        for (verb, paths, of) in [
            (remove, &removed, ""),
            (replace, &plan.replaced, "  of others"),
            (keep, &plan.foreign, "  of others"),
        ] {
            if !paths.is_empty() {
                terminal::result(verb, &format!("{}{of}", folded(paths)))?;
            }
        }
    }
    Ok(())
}

/// Files with a line of their own: neither the indexes and pages, which change with each release, nor the documentation.
fn is_told(config: &Config, file: &Planned<'_>) -> bool {
    let is_of_charts = file.owner == Owner::HelmRepository && !file.path.ends_with(".html");
    let is_index = file.path == config.index() || Some(&file.path) == config.old_index().as_ref();
    let is_front = file.owner == Owner::Site && ![NO_JEKYLL, RECORD].contains(&&*file.path);
    is_front || is_of_charts && !is_index
}

/// Paths by directory, those with the most files first.
fn folded(paths: &[String]) -> String {
    let mut entries: Vec<(String, usize)> = fold(paths.iter().map(String::as_str)).into_iter().collect();
    entries.sort_by_key(|(_, files)| std::cmp::Reverse(*files));
    let more = entries.len().saturating_sub(MOST_ENTRIES);
    let entry = |(entry, files): &(String, usize)| {
        let is_directory = entry.ends_with('/');
        if is_directory { format!("{entry} ({})", count(*files, "file", "files")) } else { entry.clone() }
    };
    let mut shown: Vec<String> = entries.iter().take(MOST_ENTRIES).map(entry).collect();
    shown.extend((more > 0).then(|| format!("{more} more")));
    shown.join(", ")
}

/// What happens to the index, in words.
pub fn summary(entries: &Entries) -> String {
    let of = |what: &str, ids: &[String]| (!ids.is_empty()).then(|| format!("{what} {}", ids.join(", ")));
    let parts = [
        of("adds", &entries.added),
        of("adds to the old index", &entries.added_to_old),
        of("replaces", &entries.replaced),
        of("restores", &entries.restored),
        (entries.readdressed > 0)
            .then(|| format!("readdresses {}", count(entries.readdressed, "entry", "entries"))),
        of("yanks", &entries.yanked),
        of("brings back", &entries.unyanked),
        of("has already", &entries.same),
        of("leaves yanked", &entries.left_yanked),
        Some(format!("keeps {}", count(entries.kept, "entry", "entries"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn facts(branch: &Branch, change: &Change<'_>, plan: &Plan<'_>) -> Map<String, Value> {
    let pages = |state: State| plan.pages(state).collect::<Vec<_>>();
    let docs = change.docs.as_ref().map(|_| {
        json!({
            "added": pages(State::Added),
            "changed": pages(State::Changed),
            "removed": plan.removed.iter().map(|path| String::from_utf8_lossy(path)).collect::<Vec<_>>(),
            "same": pages(State::Same).len(),
            "replaced": plan.replaced,
            "kept": fold(plan.foreign.iter().map(String::as_str)),
        })
    });
    let charts = plan.entries.as_ref().map(|entries| {
        let changed = plan.files.iter().filter(|file| file.state != State::Same);
        let files = changed.filter(|file| file.owner == Owner::HelmRepository).map(|file| &file.path);
        json!({
            "added": entries.added,
            "addedToOld": entries.added_to_old,
            "replaced": entries.replaced,
            "restored": entries.restored,
            "readdressed": entries.readdressed,
            "yanked": entries.yanked,
            "unyanked": entries.unyanked,
            "leftYanked": entries.left_yanked,
            "same": entries.same,
            "kept": entries.kept,
            "files": files.collect::<Vec<_>>(),
        })
    });
    let facts = [
        ("remote", json!(branch.url())),
        ("branch", json!(branch.name())),
        ("tip", json!(plan.base)),
        ("changes", json!(!plan.is_done())),
        ("charts", json!(charts)),
        ("docs", json!(docs)),
        ("message", json!(plan.message)),
        ("warnings", plan.warnings.iter().map(ToString::to_string).collect()),
    ];
    facts.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

/// What GitHub Pages must serve afterwards.
pub fn expected(config: &Config, change: &Change<'_>) -> Vec<Expected> {
    let charts = change.charts.as_ref().map(|charts| Expected {
        url: format!("{}/index.yaml", config.helm_repository()),
        contains: charts.archives.iter().map(|archive| archive.digest.hex().to_owned()).collect(),
    });
    let index = change.docs.iter().flatten().find(|file| file.path == "index.html");
    let docs = index.map(|file| Expected {
        url: format!("{}/", config.pages),
        contains: vec![String::from_utf8_lossy(&file.data).into_owned()],
    });
    charts.into_iter().chain(docs).collect()
}
