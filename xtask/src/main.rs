//! The automation of this repository: its config, its own commands and its own CI steps.

mod engine;

use std::process::ExitCode;

use helm_xtask::clap::{self, Parser};
use helm_xtask::{Builder, Config, Step, Versions};

/// Releases the chart of this repository, and the library that does it.
#[derive(Parser)]
enum Cli {
    #[command(flatten)]
    Charts(helm_xtask::Command),
    /// Print the release of `helm-xtask`, or publish it
    Engine(engine::Engine),
}

fn main() -> ExitCode {
    let steps = [
        Step::new("fmt", "cargo fmt --check")
            .meaning("the code is not laid out as rustfmt does it: run `cargo fmt`"),
        Step::new("clippy", "cargo clippy --locked --all-targets -- --deny warnings")
            .meaning("the compiler or clippy warns, and CI lets no warning pass: mend each at its line"),
        Step::new("test", "cargo test --locked")
            .meaning("a test fails: run it alone with `cargo test --locked NAME`"),
    ];
    let config = Config::new("d44b/pulltrace").versions(Versions::Stamp).docs(Builder::Zensical);
    let app = helm_xtask::app!(config);
    steps.into_iter().fold(app, helm_xtask::App::step).run(|cli: Cli, app| match cli {
        Cli::Charts(command) => app.command(&command),
        Cli::Engine(args) => engine::run(&args),
    })
}
