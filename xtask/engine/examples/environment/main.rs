//! The automation of this repository: `cargo xtask`, and `STAGE=staging cargo xtask` for a second registry.

use std::process::ExitCode;

use helm_xtask::Config;

fn main() -> ExitCode {
    let is_staging = std::env::var("STAGE").is_ok_and(|stage| stage == "staging");
    let registry =
        if is_staging { "oci://registry.example.com/staging" } else { "oci://ghcr.io/acme/charts" };
    helm_xtask::app!(Config::new("acme/shop").oci(registry)).main()
}
