//! `cargo xtask engine`: the release of `helm-xtask`, which has tags, versions and a changelog of its own.

use std::fs::read_to_string;

use helm_xtask::clap::{self, Args};
use helm_xtask::{Problem, Problems};
use xshell::{Shell, cmd};

const MANIFESTS: [&str; 2] = ["xtask/engine/Cargo.toml", "xtask/engine/formats/Cargo.toml"];
const CHANGELOG: &str = "xtask/engine/CHANGELOG.md";

/// The command line.
#[derive(Args)]
pub struct Engine {
    /// Create the GitHub Release; without it nothing leaves this machine
    #[arg(long)]
    publish: bool,
}

/// Prints the release of the version that is here, or publishes it. It never becomes *latest*, which is the chart's.
pub fn run(args: &Engine) -> Result<(), Problems> {
    let sh = Shell::new()?;
    sh.change_dir(cmd!(sh, "git rev-parse --show-toplevel").quiet().read()?);
    let version = version(&sh)?;
    let tag = format!("helm-xtask-{version}");
    if let Some(other) =
        std::env::var("GITHUB_REF_NAME").ok().filter(|of| of.starts_with("helm-xtask-") && *of != tag)
    {
        let problem = Problem::error(format!("the tag is `{other}`, and the version here is `{version}`"));
        return Err(problem.at(MANIFESTS[0], None).hint(format!("git tag {tag}")).into());
    }
    let changelog = sh.read_file(CHANGELOG)?;
    let Some(notes) = section(&changelog, &version) else {
        let problem = Problem::error(format!("there is no section of {version}")).at(CHANGELOG, None);
        return Err(problem.hint(format!("write `## [{version}] - YYYY-MM-DD`")).into());
    };
    if !args.publish {
        println!("{tag}\n\n{notes}\n\nnothing left this machine; add --publish to publish");
        return Ok(());
    }
    if cmd!(sh, "gh release view {tag}").quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        println!("release {tag} is there already");
        return Ok(());
    }
    let title = format!("helm-xtask {version}");
    cmd!(sh, "gh release create {tag} --verify-tag --latest=false --title {title} --notes-file -")
        .stdin(notes)
        .run()?;
    Ok(())
}

/// The version of both crates, which are released together.
fn version(sh: &Shell) -> Result<String, Problems> {
    let of = |manifest: &str| -> Result<String, Problems> {
        let text = read_to_string(sh.current_dir().join(manifest))?;
        let version = text.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
        Ok(version.ok_or_else(|| Problem::error("it has no version").at(manifest, None))?.to_owned())
    };
    let [engine, formats] = [of(MANIFESTS[0])?, of(MANIFESTS[1])?];
    if engine == formats {
        return Ok(engine);
    }
    let problem = Problem::error(format!("it is `{formats}`, and helm-xtask is `{engine}`"));
    Err(problem.at(MANIFESTS[1], None).hint(format!("write `version = \"{engine}\"`")).into())
}

/// What a changelog says of a version.
fn section<'c>(changelog: &'c str, version: &str) -> Option<&'c str> {
    let (_, rest) = changelog.split_once(&format!("\n## [{version}]"))?;
    let (_, body) = rest.split_once('\n')?;
    Some(body.split("\n## ").next().unwrap_or(body).trim())
}
