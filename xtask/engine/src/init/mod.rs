//! What a repository needs to depend on this library: what is found in it, the config that follows, and the files.
//!
//! `io` looks, `decide` is pure, and `command` prints what follows, or writes it.

pub mod charts;
pub mod command;
mod decide;
mod documented;
mod files;
mod io;
mod published;
mod registry;
mod setting;
mod tags;
mod today;
mod warnings;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use self::charts::Chart;
use self::documented::Addresses;
use self::published::{Branch, Index};
use self::setting::Setting;
use self::today::{Sourced, Today, When};
use crate::base::config::{Archives, Builder, Config, Versions};
use crate::base::target::Target;

/// The package of the program that is written, and its main.rs.
pub const PROGRAM: (&str, &str) = ("xtask", files::MAIN);

/// Answers on the command line, each in place of what the repository shows.
#[derive(Clone, Debug, Default, Args)]
pub struct Asked {
    /// The repository on GitHub [default: that of `origin`]
    #[arg(long, value_name = "OWNER/NAME", value_parser = NonEmptyStringValueParser::new())]
    pub repository: Option<String>,
    /// Directories of charts, or charts themselves
    #[arg(long, value_name = "DIRECTORY", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub charts: Option<Vec<String>>,
    /// The branch that GitHub Pages is built from
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub branch: Option<String>,
    /// The directory of the branch with the Helm repository; `.` is the root
    #[arg(long, value_name = "DIRECTORY", value_parser = NonEmptyStringValueParser::new())]
    pub helm_path: Option<String>,
    /// Where GitHub Pages serves the root of the branch
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub pages: Option<String>,
    /// The URL for `helm repo add`
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub helm_url: Option<String>,
    /// The name for `helm repo add`
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub helm_name: Option<String>,
    /// Where the archives of the Helm repository lie
    #[arg(long, value_enum)]
    pub archives: Option<Archives>,
    /// Where a release is published
    #[arg(long, value_enum, value_name = "TARGET", value_delimiter = ',')]
    pub targets: Option<Vec<Target>>,
    /// The registry that charts are pushed to, as `oci://HOST/PATH`
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub oci: Option<String>,
    /// Who decides the versions: Chart.yaml, or a tag
    #[arg(long, value_enum)]
    pub versions: Option<Versions>,
    /// The patterns of tags, such as `{name}-{version}`
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub tags: Option<Vec<String>>,
    /// What makes a release: a merge, or a tag that is pushed
    #[arg(long, value_enum, value_name = "WHEN")]
    pub release_on: Option<When>,
    /// Who builds the documentation
    #[arg(long, value_enum)]
    pub docs: Option<Docs>,
}

/// Who builds documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Docs {
    Native,
    Mkdocs,
    Zensical,
    /// Nobody here
    None,
}

impl Docs {
    fn builder(self) -> Option<Builder> {
        match self {
            Self::Native => Some(Builder::Native),
            Self::Mkdocs => Some(Builder::Mkdocs),
            Self::Zensical => Some(Builder::Zensical),
            Self::None => None,
        }
    }
}

/// What is in a repository.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// `OWNER/NAME`, and where that is from.
    pub repository: Sourced<String>,
    /// The branch that others see first.
    pub default_branch: String,
    /// The paths that git tracks or would track.
    pub files: Vec<String>,
    /// Every chart that may be released.
    pub charts: Vec<Chart>,
    /// `chart-dirs` of chart-testing.
    pub tested: Vec<Sourced<String>>,
    pub today: Today,
    pub addresses: Addresses,
    pub tags: Vec<String>,
    /// Versions of Chart.yaml at tags, for charts whose version here is a placeholder.
    pub at_tags: Vec<(String, String)>,
    /// The name of the branch, and why it is that one.
    pub branch_name: Sourced<String>,
    /// The branch; `None` where there is none, or where nobody could look.
    pub branch: Option<Branch>,
}

/// What was found, why, and the setting that follows where it is not the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub what: String,
    pub why: String,
    pub setting: Option<Setting>,
}

/// All that follows.
#[derive(Clone, Debug)]
pub struct Decision {
    pub config: Config,
    pub answers: Vec<Answer>,
    pub when: When,
    pub default_branch: String,
    /// Whether a chart that is released lies at the root.
    pub has_root_chart: bool,
    /// Whether a chart spells its version with a `v`.
    pub has_v: bool,
}

impl Decision {
    /// The settings that are not the default.
    pub fn settings(&self) -> Vec<Setting> {
        self.answers.iter().filter_map(|answer| answer.setting.clone()).collect()
    }
}

impl Seen {
    /// The index of these charts, on the branch.
    fn index(&self, charts: &[&Chart], pages: &str) -> Option<&Index> {
        let names: Vec<String> = charts.iter().map(|chart| chart.name.clone()).collect();
        let told = self.addresses.repository.as_ref().map(|((_, url), _)| url.as_str());
        self.branch.as_ref()?.index_of(&names, told, pages)
    }
}
