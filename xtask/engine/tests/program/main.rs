//! A `cargo xtask` whose config a test chooses: each variable replaces one field.

use std::env::var;
use std::process::ExitCode;

use helm_xtask::{Config, Versions};

fn main() -> ExitCode {
    let mut config = Config::new("acme/shop");
    if let Ok(directories) = var("CONFIG_CHARTS") {
        config = config.charts(directories.split(' '));
    }
    if let Ok(url) = var("CONFIG_OCI") {
        config = config.oci(url);
    }
    if let Ok(url) = var("CONFIG_PAGES") {
        config = config.pages(url);
    }
    if var("CONFIG_VERSIONS").is_ok_and(|versions| versions == "stamp") {
        config = config.versions(Versions::Stamp);
    }
    helm_xtask::app!(config).main()
}
