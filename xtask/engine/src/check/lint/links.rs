//! The rules for the e-mail addresses and URLs of Chart.yaml. Helm says the first bad one of each list.

use super::address::{is_email, is_request_url, is_url};
use super::metadata::Rules;
use crate::base::problem::{Problem, Severity};
use crate::base::text::name;
use crate::chart::Maintainer;

/// `maintainers`; an empty one cannot be packaged.
pub fn maintainers(rules: &Rules<'_>) -> Vec<Problem> {
    let maintainers = rules.package.metadata.maintainers.iter().enumerate();
    let bad = maintainers.filter_map(|(i, one)| Some((i, maintainer(one.as_ref()?)?)));
    bad.map(|(i, (message, hint))| rules.bad_item("maintainers", i, message).hint(hint)).collect()
}

/// What is wrong, and what to write.
fn maintainer(Maintainer { name: who, email, url }: &Maintainer) -> Option<(String, String)> {
    if who.is_empty() {
        let hint = "write `name:` and a name, such as the one at GitHub".to_owned();
        return Some(("a maintainer has no name: `helm lint` fails".to_owned(), hint));
    }
    if !email.is_empty() && !is_email(email) {
        let message = format!("Helm takes {} for no e-mail address, and `helm lint` fails", name(email));
        return Some((message, "write it as in `email: user@example.com`, or delete it".to_owned()));
    }
    let message = format!("Helm takes {} for no URL, and `helm lint` fails", name(url));
    (!url.is_empty() && !is_url(url)).then(|| (message, with_scheme(url)))
}

/// `sources`.
pub fn sources(rules: &Rules<'_>) -> Vec<Problem> {
    let sources = rules.package.metadata.sources.iter().enumerate();
    let problem = |(i, source): (usize, &String)| {
        let message = format!("source {} is no URL with a scheme, and `helm lint` fails", name(source));
        rules.bad_item("sources", i, message).hint(with_scheme(source))
    };
    sources.filter(|(_, source)| !is_request_url(source)).map(problem).collect()
}

/// `icon`.
pub fn icon(rules: &Rules<'_>) -> Option<Problem> {
    let icon = &rules.package.metadata.icon;
    if icon.is_empty() {
        let message = "there is no `icon`: catalogues such as Artifact Hub show the chart without one";
        let problem = Problem { severity: Severity::Note, ..rules.bad("icon", message) };
        return Some(problem.hint("write `icon:` and the URL of an SVG or PNG file"));
    }
    let message = format!("icon {} is no URL with a scheme, and `helm lint` fails", name(icon));
    (!is_request_url(icon)).then(|| rules.bad("icon", message).hint(with_scheme(icon)))
}

/// What to write instead of a URL that is none.
fn with_scheme(text: &str) -> String {
    let whole = format!("https://{text}");
    let is_host = text.contains('.') && !text.contains(':') && is_url(&whole);
    if is_host { format!("write {}", name(&whole)) } else { "write all of it, from `https://` on".to_owned() }
}
