//! Where documents tell users to get the charts of a repository from.

use super::today::Sourced;
use crate::base::oci_reference::Reference;
use crate::check::document::Document;
use crate::check::documented_facts::added;

/// The addresses of the charts, as users type them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Name and URL of the Helm repository.
    pub repository: Option<Sourced<(String, String)>>,
    /// The URL below which the charts are in a registry.
    pub registry: Option<Sourced<String>>,
}

/// Reads the code of documents. A Helm repository counts where a chart of these is installed from it by its name.
pub fn find_addresses(documents: &[Document], charts: &[String]) -> Addresses {
    let mut found = Addresses::default();
    let snippets: Vec<(&Document, usize, String)> = documents
        .iter()
        .flat_map(|document| document.snippets().into_iter().map(move |one| (document, one.line(), one.text)))
        .collect();
    let uses = |alias: &str| {
        let names = |word: &str| {
            let chart = word.strip_prefix(alias).and_then(|rest| rest.strip_prefix('/'));
            chart.is_some_and(|chart| charts.iter().any(|one| one == chart))
        };
        snippets.iter().any(|(.., text)| text.contains("helm ") && text.split_whitespace().any(names))
    };
    for (document, line, text) in &snippets {
        let at = || format!("{}:{line}", document.path);
        if let Some((alias, url)) =
            added(text).filter(|(alias, url)| found.repository.is_none() && is_https(url) && uses(alias))
        {
            let url = url.trim_end_matches('/').trim_end_matches("/index.yaml").to_owned();
            found.repository = Some(((alias.to_owned(), url), at()));
        }
        let base = |word: &str| base(word, charts);
        if found.registry.is_none() && text.contains("helm ") {
            found.registry = text.split_whitespace().find_map(base).map(|base| (base, at()));
        }
    }
    found
}

/// Whether a URL can be told to users: encrypted, without a user, and no example.
fn is_https(url: &str) -> bool {
    url.starts_with("https://") && !url.contains(['@', '<', '$', '{', '?', '#'])
}

/// What stands before the name of a chart in its address in a registry.
fn base(word: &str, charts: &[String]) -> Option<String> {
    let address = word.trim_matches(['"', '\'']);
    let (before, last) = address.rsplit_once('/')?;
    let chart = last.split([':', '@']).next()?;
    let is_ours = charts.iter().any(|one| one == chart);
    let is_whole = Reference::parse(&format!("{before}/chart:1.0.0")).is_some();
    (is_ours && is_whole).then(|| before.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::document::tests::document;

    #[test]
    fn addresses() {
        let charts = ["web".to_owned()];
        for (text, repository, registry) in [
            (
                "```sh\nhelm repo add bitnami https://b.example\nhelm repo add acme https://acme.example/charts/\nhelm install w acme/web\n```\n",
                Some("acme https://acme.example/charts README.md:3"),
                None,
            ),
            ("`helm repo add acme https://acme.example`\n", None, None),
            (
                "`helm install w oci://ghcr.io/acme/charts/web --version 1`\n",
                None,
                Some("oci://ghcr.io/acme/charts"),
            ),
            ("`helm install w oci://<host>/web` oci://ghcr.io/acme/web\n", None, None),
            ("`helm pull oci://ghcr.io/acme/other`\n", None, None),
        ] {
            let found = find_addresses(&[document("README.md", text)], &charts);
            let of = found.repository.map(|((alias, url), at)| format!("{alias} {url} {at}"));
            assert_eq!(of.as_deref(), repository, "{text}");
            assert_eq!(found.registry.map(|(base, _)| base).as_deref(), registry, "{text}");
        }
    }
}
