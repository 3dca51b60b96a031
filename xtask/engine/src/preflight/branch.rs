//! Whether the branch takes a push: the rules of rulesets, and classic protection.

use std::collections::BTreeSet;

use super::{Branch, Facts};
use crate::base::problem::Problem;
use crate::base::text::{few, name};
use crate::github::settings::Rule;

/// One problem for each ruleset that stops the push.
pub(super) fn rules(facts: &Facts<'_>, branch: Branch) -> Vec<Problem> {
    let rulesets: BTreeSet<u64> = facts.settings.rules.iter().map(|(rule, _)| rule.ruleset_id).collect();
    rulesets.into_iter().filter_map(|id| ruleset(facts, branch, id)).collect()
}

fn ruleset(facts: &Facts<'_>, branch: Branch, id: u64) -> Option<Problem> {
    let of_it = || facts.settings.rules.iter().filter(|(rule, _)| rule.ruleset_id == id);
    let (first, bypass) = of_it().next()?;
    // GitHub says what the owner of the token may pass by; git may be somebody else.
    let is_known = bypass.is_some() && facts.writer.git_has_token;
    if facts.writer.git_has_token && matches!(bypass.as_deref(), Some("always" | "exempt")) {
        return None;
    }
    let kinds: Vec<String> = of_it().map(|(rule, _)| rule.kind.clone()).collect();
    let at = settings(facts.web, first);
    let on = name(&facts.config.branch);
    let hint = format!(
        "{at} -> Bypass list -> add who publishes (GitHub Actions cannot be added: use an app's or a deploy key), or \
         exclude {on} under Target branches"
    );
    // Whether a rule of merges counts for the first commit of a branch depends on its parameters.
    let is_certain = is_known && (branch.is_there || kinds.iter().any(|kind| kind == "creation"));
    Some(if is_certain {
        Problem::error(format!("a ruleset keeps pushes away from {on}: {}", few(&kinds))).hint(hint)
    } else {
        Problem::warning(format!("a ruleset may keep pushes away from {on}: {}", few(&kinds))).hint(hint)
    })
}

fn settings(web: &str, rule: &Rule) -> String {
    let server = web.rsplitn(3, '/').nth(2).unwrap_or(web);
    match rule.ruleset_source_type.as_str() {
        "Organization" => {
            format!("{server}/organizations/{}/settings/rules/{}", rule.ruleset_source, rule.ruleset_id)
        }
        "Enterprise" => format!("{server}/enterprises/{}/settings", rule.ruleset_source),
        _ => format!("{web}/settings/rules/{}", rule.ruleset_id),
    }
}

/// Only administrators may see all of a classic protection; everybody sees the checks that it asks for, which no new
/// commit has passed (docs.github.com, "About protected branches").
pub(super) fn protection(facts: &Facts<'_>, branch: Branch) -> Option<Problem> {
    let protection = facts.settings.protection.as_ref().filter(|seen| seen.enabled && branch.is_there)?;
    let checks = &protection.required_status_checks;
    let on = name(&facts.config.branch);
    let hint =
        format!("{}/settings/branches -> the rule for {on} -> Delete, or let who publishes push", facts.web);
    let asks_for =
        format!("its protection asks for checks that no new commit has passed: {}", few(&checks.contexts));
    Some(match checks.enforcement_level.as_str() {
        "everyone" if !checks.contexts.is_empty() => {
            Problem::error(format!("{on} takes no push: {asks_for}")).hint(hint)
        }
        "non_admins" if !checks.contexts.is_empty() => {
            Problem::warning(format!("{on} takes pushes of administrators alone: {asks_for}")).hint(hint)
        }
        _ => Problem::warning(format!("{on} is protected, and GitHub does not say against whom")).hint(hint),
    })
}
