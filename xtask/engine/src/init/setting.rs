//! A setter of the config, as a value and as the Rust that is written into main.rs.

use crate::base::config::{Builder, Config, Versions};
use crate::base::target::Target;

/// One call of a setter of [`Config`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Charts(Vec<String>),
    Pages(String),
    Branch(String),
    HelmPath(String),
    HelmUrl(String),
    HelmName(String),
    ArchivesInReleases,
    Targets(Vec<Target>),
    Oci(String),
    Versions(Versions),
    Tags(Vec<String>),
    /// The builder of the documentation; `None` leaves documentation alone.
    Docs(Option<Builder>),
}

/// The setters that `init` knows, in the order of [`Setting`].
pub const SETTERS: [&str; 13] = [
    "charts",
    "pages",
    "branch",
    "helm_path",
    "helm_url",
    "helm_name",
    "archives_in_releases",
    "targets",
    "oci",
    "versions",
    "tags",
    "docs",
    "without_docs",
];

impl Setting {
    /// The config with this setting.
    pub fn apply(&self, config: Config) -> Config {
        match self.clone() {
            Self::Charts(directories) => config.charts(directories),
            Self::Pages(url) => config.pages(url),
            Self::Branch(name) => config.branch(name),
            Self::HelmPath(path) => config.helm_path(path),
            Self::HelmUrl(url) => config.helm_url(url),
            Self::HelmName(name) => config.helm_name(name),
            Self::ArchivesInReleases => config.archives_in_releases(),
            Self::Targets(targets) => config.targets(targets),
            Self::Oci(url) => config.oci(url),
            Self::Versions(versions) => config.versions(versions),
            Self::Tags(patterns) => config.tags(patterns),
            Self::Docs(Some(builder)) => config.docs(builder),
            Self::Docs(None) => config.without_docs(),
        }
    }

    /// The name of the setter.
    pub fn setter(&self) -> &'static str {
        match self {
            Self::Charts(_) => "charts",
            Self::Pages(_) => "pages",
            Self::Branch(_) => "branch",
            Self::HelmPath(_) => "helm_path",
            Self::HelmUrl(_) => "helm_url",
            Self::HelmName(_) => "helm_name",
            Self::ArchivesInReleases => "archives_in_releases",
            Self::Targets(_) => "targets",
            Self::Oci(_) => "oci",
            Self::Versions(_) => "versions",
            Self::Tags(_) => "tags",
            Self::Docs(Some(_)) => "docs",
            Self::Docs(None) => "without_docs",
        }
    }

    /// The call, such as `.helm_path("")`.
    pub fn written(&self) -> String {
        let argument = match self {
            Self::Charts(texts) | Self::Tags(texts) => {
                format!("[{}]", texts.iter().map(|text| literal(text)).collect::<Vec<_>>().join(", "))
            }
            Self::Pages(text)
            | Self::Branch(text)
            | Self::HelmPath(text)
            | Self::HelmUrl(text)
            | Self::HelmName(text)
            | Self::Oci(text) => literal(text),
            Self::ArchivesInReleases | Self::Docs(None) => String::new(),
            Self::Targets(targets) => {
                let written = targets.iter().map(|target| format!("Target::{target:?}"));
                format!("[{}]", written.collect::<Vec<_>>().join(", "))
            }
            Self::Versions(versions) => format!("Versions::{versions:?}"),
            Self::Docs(Some(builder)) => format!("Builder::{builder:?}"),
        };
        format!(".{}({argument})", self.setter())
    }

    /// The type of the library that the call names.
    fn names(&self) -> Option<&'static str> {
        match self {
            Self::Targets(_) => Some("Target"),
            Self::Versions(_) => Some("Versions"),
            Self::Docs(Some(_)) => Some("Builder"),
            _ => None,
        }
    }
}

/// A text as Rust writes it. What comes from a repository may hold anything.
fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// How long a chain may be that rustfmt leaves on one line (its `chain_width`).
const CHAIN: usize = 60;

/// The config as an expression, laid out as rustfmt does it below `let config = `.
pub fn expression(repository: &str, settings: &[Setting]) -> String {
    let new = format!("Config::new({})", literal(repository));
    let calls: Vec<String> = settings.iter().map(Setting::written).collect();
    let line = format!("{new}{}", calls.concat());
    if line.chars().count() <= CHAIN || calls.is_empty() {
        return line;
    }
    let calls = calls.iter().map(|call| format!("\n        {call}"));
    std::iter::once(new).chain(calls).collect()
}

/// The text of main.rs with this config.
pub fn main_rs(repository: &str, settings: &[Setting]) -> String {
    let mut names = vec!["Config"];
    names.extend(settings.iter().filter_map(Setting::names));
    names.sort_unstable();
    let names = if names.len() == 1 { names.concat() } else { format!("{{{}}}", names.join(", ")) };
    let expression = expression(repository, settings);
    let body = if settings.is_empty() {
        format!("helm_xtask::app!({expression}).main()")
    } else {
        format!("let config = {expression};\n    helm_xtask::app!(config).main()")
    };
    format!(
        "//! The automation of this repository: `cargo xtask`.\n\nuse std::process::ExitCode;\n\nuse helm_xtask::{names};\n\n\
         fn main() -> ExitCode {{\n    {body}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_that_of_the_documentation() {
        assert_eq!(main_rs("acme/shop", &[]), include_str!("../../examples/smallest/main.rs"));
    }

    #[test]
    fn setters_as_rust() {
        let settings = [
            Setting::Charts(vec!["a".into(), "b/\"c".into()]),
            Setting::ArchivesInReleases,
            Setting::Targets(vec![Target::Pages, Target::Github]),
            Setting::Versions(Versions::StampVersion),
            Setting::Docs(Some(Builder::Mkdocs)),
            Setting::Docs(None),
        ];
        let written: Vec<String> = settings.iter().map(Setting::written).collect();
        assert_eq!(
            written,
            [
                r#".charts(["a", "b/\"c"])"#,
                ".archives_in_releases()",
                ".targets([Target::Pages, Target::Github])",
                ".versions(Versions::StampVersion)",
                ".docs(Builder::Mkdocs)",
                ".without_docs()",
            ]
        );
        assert!(settings.iter().all(|setting| SETTERS.contains(&setting.setter())));
        let text = main_rs("acme/shop", &settings[1..3]);
        assert!(text.contains("use helm_xtask::{Config, Target};\n"), "{text}");
        assert!(
            text.contains("    let config = Config::new(\"acme/shop\")\n        .archives_in_releases()\n")
        );
    }
}
