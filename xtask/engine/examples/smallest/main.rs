//! The automation of this repository: `cargo xtask`.

use std::process::ExitCode;

use helm_xtask::Config;

fn main() -> ExitCode {
    helm_xtask::app!(Config::new("acme/shop")).main()
}
