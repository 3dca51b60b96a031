//! `helm-xtask`, as `cargo install` puts it into PATH: the commands that need no config. All others are those of a
//! repository's own `cargo xtask`, which is a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    helm_xtask::internals::installed()
}
