//! Helm repositories of somebody else on this machine: indexes with an `ETag`, archives, and perhaps a password.

use std::collections::BTreeMap;
use std::sync::Mutex;

use helm_xtask::internals::digest::digest;
use helm_xtask::internals::rehearsal::http::{Answer, Request};
use helm_xtask::internals::tgz::{self, Entry};

use crate::fake::{self, Fake, Service};
use crate::release::chart;

pub type Charts = Fake<Files>;
pub type Fault = fake::Fault<Files>;

pub struct Files {
    /// By their paths.
    files: BTreeMap<String, Vec<u8>>,
    /// The `Authorization` that every request needs.
    pub wants: Option<String>,
}

/// The archive of a chart with one template.
pub fn archive(name: &str, version: &str) -> Vec<u8> {
    archive_of(name, &chart(name, version), "kind: ConfigMap\n")
}

pub fn archive_of(name: &str, chart_yaml: &str, template: &str) -> Vec<u8> {
    let entry = |path: &str, text: &str| Entry { path: format!("{name}/{path}"), data: text.into() };
    tgz::write(&[entry("Chart.yaml", chart_yaml), entry("templates/a.yaml", template)]).expect("an archive")
}

impl Charts {
    /// A repository at `/charts` with these charts.
    pub fn new(charts: &[(&str, &str)]) -> Self {
        let server = Self::start(|_| Files { files: BTreeMap::new(), wants: None });
        let mut entries = String::new();
        for (name, version) in charts {
            let archive = archive(name, version);
            let file = format!("{name}-{version}.tgz");
            entries += &entry(name, version, &file, &digest(&archive));
            server.put(&format!("/charts/{file}"), archive);
        }
        server.index(&entries);
        server
    }

    pub fn url(&self) -> String {
        format!("{}/charts", self.origins[0])
    }

    /// Writes the index of these entries.
    pub fn index(&self, entries: &str) {
        self.put("/charts/index.yaml", format!("apiVersion: v1\nentries:\n{entries}"));
    }

    pub fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.with(|files| files.files.insert(path.to_owned(), content.into()));
    }

    /// What was asked for since, with the statuses.
    pub fn asked(&self) -> Vec<String> {
        self.calls().iter().map(|call| format!("{} {}", call.line, call.status)).collect()
    }
}

/// The only entry of a chart in an index.
pub fn entry(name: &str, version: &str, url: &str, digest: &str) -> String {
    format!(
        "  {name}:\n  - {{apiVersion: v2, name: {name}, version: {version}, urls: [\"{url}\"], digest: \"{digest}\"}}\n"
    )
}

impl Service for Files {
    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer {
        let files = fake::lock(service);
        if files.wants.is_some() && asked.header("authorization") != files.wants.as_deref() {
            return Answer::text(401, "who are you?");
        }
        let Some(content) = files.files.get(&asked.path) else { return Answer::text(404, "not here") };
        let etag = format!("\"{}\"", digest(content));
        if asked.header("if-none-match") == Some(&*etag) {
            return Answer::empty(304);
        }
        Answer::new(200, "application/octet-stream", content.clone()).with("ETag", etag)
    }
}
