//! The command line: types and the help texts, nothing else.

use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValue};
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum, value_parser};

use crate::docs::Builder;
use crate::release::steps::Target;

/// Publishes Helm charts: the release workflow of this repository, to run on a laptop and in CI.
#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true)]
pub struct Standard {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Packages and indexes Helm charts, as `helm package` and `helm repo index` do.
///
/// The other commands (check, ci, pages, release) belong to the `cargo xtask` of a repository, since they need its config:
/// see <https://d44b.github.io/pulltrace/adopting/>.
#[derive(Debug, Parser)]
#[command(name = "helm-xtask", version, disable_help_subcommand = true)]
pub enum Installed {
    /// Make an archive of each chart directory, as `helm package` does
    Package(Package),
    /// Write `index.yaml` for the archives of a directory, as `helm repo index` does
    Index(Index),
}

/// The commands of this library, for a parser of one's own: a variant with `#[command(flatten)]`.
/// [`App::command`](crate::App::command) runs them.
#[derive(Debug)]
pub struct Command(pub(crate) Box<Commands>);

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Commands::from_arg_matches(matches).map(|command| Self(Box::new(command)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for Command {
    fn augment_subcommands(parser: clap::Command) -> clap::Command {
        Commands::augment_subcommands(parser)
    }

    fn augment_subcommands_for_update(parser: clap::Command) -> clap::Command {
        Commands::augment_subcommands_for_update(parser)
    }

    fn has_subcommand(name: &str) -> bool {
        Commands::has_subcommand(name)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Make an archive of each chart directory, as `helm package` does
    Package(Package),
    /// Write `index.yaml` for the archives of a directory, as `helm repo index` does
    Index(Index),
    /// Find what would go wrong at the next release, and what could be better
    Check(Check),
    /// Run what CI runs, as the workflows say
    Ci(Ci),
    /// Make everything that a release publishes, and print what publishing would do, or do it
    Release(Release),
    /// Build the documentation site and the Helm repository, and print what publishing them would do, or do it
    Pages(Pages),
}

/// `cargo xtask package`.
#[derive(Debug, Args)]
pub struct Package {
    /// Directories with a Chart.yaml
    #[arg(required = true, value_name = "CHART_DIR")]
    pub charts: Vec<PathBuf>,
    /// Where to write the archives
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub destination: PathBuf,
    /// Replace `version` in the archive's Chart.yaml
    #[arg(long, value_name = "VERSION", value_parser = NonEmptyStringValueParser::new())]
    pub version: Option<String>,
    /// Replace `appVersion` in the archive's Chart.yaml
    #[arg(long, value_name = "VERSION", value_parser = NonEmptyStringValueParser::new())]
    pub app_version: Option<String>,
    /// Whether helm packages too, to compare; the archive is the same in every mode
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// How long helm may take for each chart
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
}

/// `cargo xtask index`.
#[derive(Debug, Args)]
pub struct Index {
    /// The directory with the archives: its `*.tgz` and those one level deeper
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// The URL that DIR is served at; without it the URLs are relative
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub url: Option<String>,
    /// An index to add to; what is in it stays as it is, to the byte
    #[arg(long, value_name = "FILE")]
    pub merge: Option<PathBuf>,
    /// Write JSON, in a file of the same name
    #[arg(long)]
    pub json: bool,
    /// Let this version of the index get another digest
    #[arg(long, value_name = "NAME-VERSION")]
    pub replace: Vec<String>,
}

/// `cargo xtask check`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Check {
    /// The release to check for: `v1.2.3` for all charts, `NAME-1.2.3` for one
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Make the edits that need no thought, and say which
    #[arg(long)]
    pub fix: bool,
    /// Whether helm lints, renders and packages too
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// The git repository that the charts are published to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// The registry that they are pushed to, as `oci://HOST/PATH` [default: the one of the config]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub oci: Option<String>,
    /// Do not look at what is published
    #[arg(long)]
    pub offline: bool,
    /// How long looking at what is published may take, and each run of helm
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask ci`.
#[derive(Debug, Args)]
pub struct Ci {
    /// Run this job of the workflows alone
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,
    /// Print jobs and steps, and what becomes of each here; run nothing
    #[arg(long)]
    pub list: bool,
    /// How long each step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
}

/// `cargo xtask release`.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Release {
    /// Charts to release, by name or directory; all without any
    #[arg(value_name = "CHART")]
    pub charts: Vec<String>,
    /// Release as this tag says: `v1.2.3` for all charts, `NAME-1.2.3` for one
    ///
    /// Without it: the tag that GitHub Actions runs for, else the one at HEAD, else the versions in Chart.yaml.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Where to write the archives, SHA256SUMS, release-notes.md and manifest.json [default: dist/ at the root]
    #[arg(short, long, value_name = "DIR")]
    pub destination: Option<PathBuf>,
    /// Whether helm packages too, to compare; the archives are the same in every mode
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// Publish to the OCI registry, the Helm repository and GitHub, or to some of them; always in that order
    #[arg(long, value_enum, value_name = "TARGET,…", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "oci,pages,github")]
    pub publish: Option<Vec<Target>>,
    /// Publish the release that DIR holds; nothing is packaged
    #[arg(long, value_name = "DIR", conflicts_with_all = ["charts", "tag", "destination"])]
    pub from: Option<PathBuf>,
    /// Publish to throw-away targets on this machine, and use them as a user would
    #[arg(long, conflicts_with_all = ["publish", "from", "destination", "oci", "plain_http", "json"])]
    pub rehearse: bool,
    /// Give the registry and the Helm repository what they lack of the charts here that are published; release nothing new
    #[arg(long, conflicts_with_all = ["tag", "from", "rehearse", "offline"])]
    pub backfill: bool,
    /// Let this version replace a published one that differs; may be repeated
    #[arg(long, value_name = "NAME-VERSION")]
    pub replace: Vec<String>,
    /// The git repository to publish to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// The registry to push to, as `oci://HOST/PATH` [default: the one of the config]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub oci: Option<String>,
    /// Speak HTTP to the registry; to one on this machine that is spoken anyway
    #[arg(long)]
    pub plain_http: bool,
    /// After publishing the Helm repository, wait until GitHub Pages serves it, before the GitHub Release tells of it
    #[arg(long, requires = "publish")]
    pub wait: bool,
    /// Do not look at what is published
    #[arg(long, conflicts_with = "publish")]
    pub offline: bool,
    /// How long looking and publishing may take, and each run of helm
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print the manifest, and the plan or what was done, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask pages`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Pages {
    /// Publish one part and leave the other as it is
    #[arg(long, value_enum, value_name = "PART")]
    pub only: Option<Part>,
    /// Publish; without it nothing leaves this machine
    #[arg(long)]
    pub publish: bool,
    /// Do not look at what is published: build the documentation alone
    #[arg(long, conflicts_with_all = ["publish", "remote"])]
    pub offline: bool,
    /// Where to write the site as it would be published [default: site/ at the root]
    #[arg(long, value_name = "DIR", conflicts_with = "publish")]
    pub out: Option<PathBuf>,
    /// Where the release is that goes into the Helm repository [default: dist/ at the root]
    #[arg(long, value_name = "DIR")]
    pub dist: Option<PathBuf>,
    /// The repository to publish to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// What builds the documentation
    #[arg(long, value_enum, default_value_t)]
    pub docs: Builder,
    /// Let the archive of this version replace a published one that differs; may be repeated
    #[arg(long, value_name = "NAME-VERSION")]
    pub replace: Vec<String>,
    /// Claim files of the branch that an earlier documentation has written, by their paths; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = NonEmptyStringValueParser::new())]
    pub adopt: Vec<String>,
    /// Restore entries and archives that another program removed from the branch
    #[arg(long)]
    pub repair: bool,
    /// Lead entries whose archives are on the branch to the address of the config, as after a move to another domain
    #[arg(long, requires = "repair")]
    pub readdress: bool,
    /// After publishing, wait until GitHub Pages serves what was published
    #[arg(long, requires = "publish")]
    pub wait: bool,
    /// How long all of it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print the plan, and what was done, as JSON
    #[arg(long)]
    pub json: bool,
}

/// A part of the branch with an owner of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The documentation site, at the root
    Docs,
    /// The Helm repository, in charts/
    Charts,
}

impl ValueEnum for Target {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Oci => ("oci", "The OCI registry"),
            Self::Pages => ("pages", "The Helm repository on the branch of GitHub Pages"),
            Self::Github => ("github", "The GitHub Release"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for Builder {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Mkdocs, Self::Native]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Auto => ("auto", "mkdocs where it is there, else this program"),
            Self::Mkdocs => ("mkdocs", "mkdocs"),
            Self::Native => ("native", "This program"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// What to do with helm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HelmMode {
    /// Compare where helm is there
    #[default]
    Auto,
    /// Compare, and fail where helm is not there
    Require,
    /// Do not run helm
    Never,
}
