//! `validation` of mkdocs.yml: what may lead nowhere.

use crate::base::yaml::Node;

/// What may lead nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    pub nav: bool,
    pub links: bool,
    pub anchors: bool,
}

impl Allowed {
    /// What `validation` lets pass. A key beside `nav` and `links` is for both.
    pub fn read(node: &Node) -> Self {
        let passes = |section: &str, key: &str| {
            let level = |node: &Node| node.get(key).and_then(|pair| pair.value.text().map(str::to_owned));
            let own = node.get(section).and_then(|section| level(&section.value));
            matches!(own.or_else(|| level(node)).as_deref(), Some("ignore" | "info"))
        };
        Self {
            nav: passes("nav", "not_found"),
            links: passes("links", "not_found"),
            anchors: passes("links", "anchors"),
        }
    }
}
