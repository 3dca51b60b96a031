//! The automation of this repository: `cargo xtask`, with a command and a CI step of its own.

use std::process::ExitCode;

use helm_xtask::clap::{self, Parser};
use helm_xtask::{Config, Problem, Problems, Step};

#[derive(Parser)]
enum Cli {
    /// Lint the Grafana dashboards
    Dashboards,
    #[command(flatten)]
    Charts(helm_xtask::Command),
}

fn main() -> ExitCode {
    helm_xtask::app!(Config::new("acme/shop"))
        .step(Step::new("dashboards", "cargo xtask dashboards").meaning("a dashboard is no JSON"))
        .run(|cli, app| match cli {
            Cli::Dashboards => dashboards(),
            Cli::Charts(command) => app.command(&command),
        })
}

fn dashboards() -> Result<(), Problems> {
    let missing = |error| format!("cannot read `dashboards`: {error}");
    for file in std::fs::read_dir("dashboards").map_err(missing)? {
        let path = file?.path();
        if !std::fs::read_to_string(&path)?.trim_start().starts_with('{') {
            let problem = Problem::error("it is no JSON").at(path.display().to_string(), Some(1));
            return Err(problem.hint("export it from Grafana again").into());
        }
    }
    Ok(())
}
