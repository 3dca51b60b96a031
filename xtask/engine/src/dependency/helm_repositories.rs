//! The repositories that `helm repo add` has written into repositories.yaml: names for URLs, and credentials.

use crate::base::yaml::{self, Node, Value};

/// One of them (Helm's `repo.Entry`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmRepository {
    pub name: String,
    pub url: String,
    pub username: String,
    pub password: String,
    /// Whether the credentials go to other hosts, too: `--pass-credentials`.
    pub pass_credentials_all: bool,
    cert_file: String,
    ca_file: String,
    insecure_skip_tls_verify: bool,
}

impl HelmRepository {
    /// Reads a repositories.yaml. The error is the message.
    pub fn read(text: &[u8]) -> Result<Vec<Self>, String> {
        let root = yaml::read(text).map_err(|error| error.message)?.root;
        match root.get("repositories").map(|pair| &pair.value) {
            Some(list) if list.is_null() => Ok(Vec::new()),
            Some(Node { value: Value::Sequence(all), .. }) => Ok(all.iter().map(Self::of).collect()),
            None if root.is_null() => Ok(Vec::new()),
            _ => Err("`repositories` is no list".to_owned()),
        }
    }

    fn of(node: &Node) -> Self {
        let text = |key| node.get(key).and_then(|pair| pair.value.text()).unwrap_or_default().to_owned();
        let flag = |key| text(key) == "true";
        Self {
            name: text("name"),
            url: text("url"),
            username: text("username"),
            password: text("password"),
            pass_credentials_all: flag("pass_credentials_all"),
            cert_file: text("certFile"),
            ca_file: text("caFile"),
            insecure_skip_tls_verify: flag("insecure_skip_tls_verify"),
        }
    }

    /// What of it this program does not do.
    pub fn unsupported(&self) -> Option<&'static str> {
        let asked = [
            (!self.cert_file.is_empty(), "a client certificate (`certFile`)"),
            (!self.ca_file.is_empty(), "a CA of its own (`caFile`; SSL_CERT_FILE names one for all)"),
            (self.insecure_skip_tls_verify, "a connection that nobody verifies (`insecure_skip_tls_verify`)"),
        ];
        asked.into_iter().find_map(|(is_asked, what)| is_asked.then_some(what))
    }
}

/// The name in `@NAME` or `alias:NAME`, which stand for the URL of a repository.
pub fn alias(repository: &str) -> Option<&str> {
    repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:"))
}

/// The one of a URL, with or without a slash at its end (Helm's `urlutil.Equal`).
pub fn of_url<'a>(known: &'a [HelmRepository], url: &str) -> Option<&'a HelmRepository> {
    known.iter().find(|one| one.url.trim_end_matches('/') == url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_urls_and_credentials() {
        let text = "apiVersion: \"\"\ngenerated: \"0001-01-01T00:00:00Z\"\nrepositories:\n- caFile: \"\"\n  certFile: \"\"\n  insecure_skip_tls_verify: false\n  keyFile: \"\"\n  name: web\n  pass_credentials_all: true\n  password: p\n  url: https://h/charts/\n  username: u\n- {name: own, url: https://own, caFile: ca.pem}\n";
        let known = HelmRepository::read(text.as_bytes()).expect("a file of helm");
        let web = of_url(&known, "https://h/charts").expect("a repository");
        assert_eq!((&*web.name, &*web.username, &*web.password), ("web", "u", "p"));
        assert!(web.pass_credentials_all && web.unsupported().is_none());
        assert!(of_url(&known, "https://h").is_none());
        assert!(known[1].unsupported().is_some_and(|what| what.contains("caFile")));
        assert_eq!((alias("@web"), alias("alias:web"), alias("https://h")), (Some("web"), Some("web"), None));
        assert_eq!(HelmRepository::read(b""), Ok(Vec::new()));
        assert!(HelmRepository::read(b"repositories: 1\n").is_err());
    }
}
