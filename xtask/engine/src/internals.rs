//! What the tests of this library and its own program use. Nothing here is part of its interface.

pub use crate::app::installed;
pub use crate::model::{
    archive, changelog, chart, html, ignore, index, manifest, mkdocs, problem, text, version, yaml,
};
pub use crate::plan::{chart_page, check, compare, docs, lint, package, publish, release};
