//! The message of the commit: what it changes, and where that comes from.

use super::{Change, Entries, Held, Plan, Planned, State};
use crate::base::text::shown;

/// A subject, what changed in numbers, and the commit of the source.
pub fn of(plan: &Plan<'_>, change: &Change<'_>) -> String {
    let mut lines = vec![subject(plan, change), String::new()];
    if let Some(entries) = &plan.entries {
        lines.extend(entries.added.iter().map(|entry| format!("add {entry}")));
        lines.extend(entries.replaced.iter().map(|entry| format!("replace {entry}")));
        lines.extend(entries.restored.iter().map(|entry| format!("restore {entry}")));
        lines.extend(entries.yanked.iter().map(|entry| format!("yank {entry}")));
        lines.extend(entries.unyanked.iter().map(|entry| format!("bring back {entry}")));
        lines.extend((entries.readdressed > 0).then(|| format!("readdress {}", entries.readdressed)));
        lines.push(format!("charts: {} kept", entries.kept));
    }
    if change.docs.is_some() {
        let [added, changed] = [State::Added, State::Changed].map(|state| plan.pages(state).count());
        lines.push(format!("docs: {added} added, {changed} changed, {} removed", plan.removed.len()));
    }
    lines.push(format!("from {}", change.source));
    lines.iter().map(|line| shown(line) + "\n").collect()
}

/// The subject of a yank, or of its undoing.
fn yank(entries: &Entries) -> Option<String> {
    let (verb, ids) = match (entries.yanked.as_slice(), entries.unyanked.as_slice()) {
        ([], []) => return None,
        ([], back) => ("Bring back", back),
        (gone, _) => ("Yank", gone),
    };
    let more = if ids.len() > 1 { format!(" and {} more", ids.len() - 1) } else { String::new() };
    Some(format!("{verb} {}{more}", ids.first()?))
}

fn subject(plan: &Plan<'_>, change: &Change<'_>) -> String {
    let entries = plan.entries.iter().flat_map(|entries| entries.added.iter().chain(&entries.replaced));
    let mut parts: Vec<String> = match entries.collect::<Vec<_>>().as_slice() {
        [] => Vec::new(),
        [one] => vec![(*one).clone()],
        [first, others @ ..] => vec![format!("{first} and {} more", others.len())],
    };
    if let Some(moved) = plan.entries.as_ref().and_then(yank) {
        return moved;
    }
    let is_restored = |file: &Planned<'_>| matches!(file.content, Held::Id(_));
    let restored =
        plan.entries.as_ref().is_some_and(|entries| !entries.restored.is_empty() || entries.readdressed > 0)
            || plan.files.iter().any(is_restored);
    if parts.is_empty() && restored {
        return "Repair the Helm repository".to_owned();
    }
    if change.docs.is_some()
        && (parts.is_empty() || plan.pages(State::Changed).chain(plan.pages(State::Added)).next().is_some())
    {
        parts.push("the documentation".to_owned());
    }
    match parts.as_slice() {
        [] => "Publish the Helm repository".to_owned(),
        parts => format!("Publish {}", parts.join(" and ")),
    }
}
