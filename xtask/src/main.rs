//! The facts of this repository: all that another one edits.

use std::process::ExitCode;

use helm_xtask::{Config, Versions};

const CONFIG: Config = Config {
    repository: "d44b/pulltrace",
    charts: "charts",
    pages: "https://d44b.github.io/pulltrace",
    branch: "gh-pages",
    reserved: &[],
    oci: "oci://ghcr.io/d44b/charts",
    versions: Versions::Stamp,
};

fn main() -> ExitCode {
    helm_xtask::main(&CONFIG)
}
