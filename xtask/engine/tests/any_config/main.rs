//! The program of a repository whose config the environment names, for tests of what the config decides.

use std::env;
use std::process::ExitCode;

use helm_xtask::{Builder, Config, Versions};

fn main() -> ExitCode {
    let config = Config::new("d44b/pulltrace").versions(Versions::Stamp);
    helm_xtask::app!(match env::var("CONFIG_DOCS").as_deref() {
        Ok("mkdocs") => config.docs(Builder::Mkdocs),
        Ok("zensical") => config.docs(Builder::Zensical),
        Ok("native") => config.docs(Builder::Native),
        _ => config,
    })
    .main()
}
