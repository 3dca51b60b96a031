//! The automation of this repository: `cargo xtask`, and `cargo xtask --staging` for a second registry and second pages.

use std::process::ExitCode;

use helm_xtask::Config;
use helm_xtask::clap::{self, Parser};

#[derive(Parser)]
struct Cli {
    /// Publish to staging
    #[arg(long, global = true)]
    staging: bool,
    #[command(subcommand)]
    command: helm_xtask::Command,
}

fn main() -> ExitCode {
    helm_xtask::app!(Config::new("acme/shop")).run(|cli: Cli, app| {
        let staging = Config::new("acme/shop-staging").oci("oci://registry.example.com/staging");
        if cli.staging { app.with(staging).command(&cli.command) } else { app.command(&cli.command) }
    })
}
