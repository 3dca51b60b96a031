//! What the tests of this library and its own program use. Nothing here is part of its interface.

pub use crate::app::installed;
pub use crate::base::{digest, html, limits, problem, tag, text, version};
pub use crate::chart::{helm_difference, ignore, package, tgz};
pub use crate::check::lint;
pub use crate::dist::manifest;
pub use crate::docs::mkdocs;
pub use crate::pages::page as chart_page;
pub use crate::release::{changelog, steps as publish};
pub use helm_xtask_formats::yaml;

/// What the tests use of the room.
pub mod chart {
    pub use crate::chart::{Metadata, helm_lint, load_chart, metadata_of, to_yaml};
}
/// What the tests use of the room.
pub mod check {
    pub use crate::check::{Chart, document, documented_commands};
}
/// What the tests use of the room.
pub mod docs {
    pub use crate::docs::{File, Sources, build_site, check_site};
}
/// What the tests use of the room.
pub mod index {
    pub use crate::index::{Format, Index, NewVersion, merge};
}
/// What the tests use of the room.
pub mod release {
    pub use crate::chart::source::{Changelog, Source};
    pub use crate::git::Commit;
    pub use crate::release::{NewRelease, Observed, Tags, prepare};
}
/// What the tests use of the room: its servers, which the tests build theirs upon.
pub mod rehearsal {
    pub use crate::rehearsal::io::servers::{github, http, registry};
}
