//! A `cargo xtask` whose config a test chooses: each variable `CONFIG_FIELD` replaces one field. Lists are separated by spaces.
//! With `INSTALLED` it is the program that `cargo install` makes.

use std::process::ExitCode;

use helm_xtask::{Builder, Config, Target, Versions};

fn main() -> ExitCode {
    if std::env::var_os("INSTALLED").is_some() {
        return helm_xtask::internals::installed();
    }
    let mut config = Config::new(std::env::var("REPOSITORY").unwrap_or_else(|_| "acme/shop".to_owned()));
    for (name, value) in std::env::vars() {
        let Some(field) = name.strip_prefix("CONFIG_") else { continue };
        config = match field {
            "ARCHIVES" => config.archives_in_releases(),
            "BRANCH" => config.branch(value),
            "DOCS" if value == "mkdocs" => config.docs(Builder::Mkdocs),
            "DOCS" if value == "zensical" => config.docs(Builder::Zensical),
            "DOCS" if value == "none" => config.without_docs(),
            "DOCS" => config.docs(Builder::Native),
            "COSIGN" if value == "keyless" => config.cosign_keyless(),
            "COSIGN" => config.cosign_key(value),
            "COSIGN_WITHOUT_LOG" => config.cosign_key_without_log(value),
            "CHARTS" => config.charts(value.split(' ')),
            "HELM_NAME" => config.helm_name(value),
            "HELM_PATH" => config.helm_path(value),
            "HELM_URL" => config.helm_url(value),
            "LATEST" => config.latest(value),
            "OCI" => config.oci(value),
            "OLD_HELM_PATH" => config.old_helm_path(value),
            "PAGES" => config.pages(value),
            "RESERVED" => config.reserved(value.split(' ')),
            "SIGNING_KEY" => config.signing_key(value),
            "TARGETS" => config.targets(value.split(' ').map(target)),
            "TAGS" => config.tags(value.split(' ')),
            "VERSIONS" => config.versions(if value == "stamp" { Versions::Stamp } else { Versions::Verify }),
            _ => unreachable!("{field} is no field of the config"),
        };
    }
    helm_xtask::app!(config).main()
}

fn target(name: &str) -> Target {
    match name {
        "oci" => Target::Oci,
        "pages" => Target::Pages,
        _ => Target::Github,
    }
}
