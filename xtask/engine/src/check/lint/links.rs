//! The rules for the e-mail addresses and URLs of Chart.yaml. Helm says the first bad one of each list.

use super::address::{is_email, is_request_url, is_url};
use super::metadata::{FILE, Rules};
use super::{By, Message, at};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::chart::Maintainer;

/// `maintainers`.
pub fn maintainers(rules: &Rules<'_>) -> Option<Message> {
    let maintainers = rules.written.metadata.maintainers.iter().enumerate();
    let bad = maintainers.filter_map(|(i, one)| {
        let (text, message, hint) = maintainer(one.as_ref())?;
        let problem = at(rules.chart, FILE, rules.written.item_line("maintainers", i), message);
        // Helm 3.17 crashes.
        let by = if one.is_none() { By::Helm4 } else { By::Both };
        Some((by, text, problem.hint(hint)))
    });
    let mut bad = bad.peekable();
    let (by, text, _) = bad.peek()?;
    let message = Message::error(FILE, text.as_str()).only(*by);
    Some(bad.map(|(.., problem)| problem).fold(message, Message::with))
}

/// Helm's text, what is wrong, and what to write.
fn maintainer(one: Option<&Maintainer>) -> Option<(String, String, String)> {
    let said = |text: &str, message: &str, hint: &str| Some((text.into(), message.into(), hint.into()));
    let Some(Maintainer { name: who, email, url }) = one else {
        return said("a maintainer entry is empty", "a maintainer is empty", "delete the entry");
    };
    if who.is_empty() {
        let hint = "write `name:` and a name, such as the one at GitHub";
        return said("each maintainer requires a name", "a maintainer has no name: `helm lint` fails", hint);
    }
    if !email.is_empty() && !is_email(email) {
        let message = format!("Helm takes {} for no e-mail address, and `helm lint` fails", name(email));
        let text = format!("invalid email '{email}' for maintainer '{who}'");
        return said(&text, &message, "write it as in `email: user@example.com`, or delete it");
    }
    if !url.is_empty() && !is_url(url) {
        let message = format!("Helm takes {} for no URL, and `helm lint` fails", name(url));
        let text = format!("invalid url '{url}' for maintainer '{who}'");
        return said(&text, &message, &with_scheme(url));
    }
    None
}

/// `sources`.
pub fn sources(rules: &Rules<'_>) -> Option<Message> {
    let sources = rules.written.metadata.sources.iter().enumerate();
    let mut bad = sources.filter(|(_, source)| !is_request_url(source)).peekable();
    let (_, first) = bad.peek()?;
    let message = Message::error(FILE, format!("invalid source URL '{first}'"));
    let problem = |(i, source): (usize, &String)| {
        let message = format!("source {} is no URL with a scheme, and `helm lint` fails", name(source));
        at(rules.chart, FILE, rules.written.item_line("sources", i), message).hint(with_scheme(source))
    };
    Some(bad.map(problem).fold(message, Message::with))
}

/// `icon`.
pub fn icon(rules: &Rules<'_>) -> Option<Message> {
    let icon = &rules.written.metadata.icon;
    if icon.is_empty() {
        let message = "there is no `icon`: catalogues such as Artifact Hub show the chart without one";
        let problem = rules.bad("icon", message).hint("write `icon:` and the URL of an SVG or PNG file");
        return Some(Message::note(FILE, "icon is recommended").with(problem));
    }
    let problem = || -> Problem {
        let message = format!("icon {} is no URL with a scheme, and `helm lint` fails", name(icon));
        rules.bad("icon", message).hint(with_scheme(icon))
    };
    (!is_request_url(icon))
        .then(|| Message::error(FILE, format!("invalid icon URL '{icon}'")).with(problem()))
}

/// What to write instead of a URL that is none.
fn with_scheme(text: &str) -> String {
    let whole = format!("https://{text}");
    let is_host = text.contains('.') && !text.contains(':') && is_url(&whole);
    if is_host { format!("write {}", name(&whole)) } else { "write all of it, from `https://` on".to_owned() }
}
