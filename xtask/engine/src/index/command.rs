//! `cargo xtask index`: the archives of a directory to the index of a Helm repository.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::io::{find_archives, read_archive, read_index};
use super::plan::{self, Archive};
use super::{Format, Index, Merged, NewVersion, merge};
use crate::base::problem::{Checked, Problem, verdict};
use crate::base::text::name;
use crate::base::time;
use crate::base::url::Base;
use crate::sys::files::{self, NewFile};
use crate::sys::{environment, terminal};

/// `cargo xtask index`.
#[derive(Debug, Args)]
pub struct IndexArgs {
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

const FILE: &str = "index.yaml";
/// Archives that are named one by one.
const MOST_NAMED: usize = 20;

/// Runs the command. Nothing is written if an archive or the old index cannot be read.
pub fn run(args: &IndexArgs) -> Result<()> {
    let now = environment::now()?;
    let created = time::utc(now);
    let mut problems = Vec::new();
    let base = args.url.as_deref().and_then(|url| parse_base(url).take(&mut problems));
    let archives = read_archives(&args.directory, base.as_ref(), &created)?.take(&mut problems);
    let archives = plan::distinct(archives).take(&mut problems);
    let replace = plan::replaced(&args.replace, &archives).take(&mut problems);
    let old_text = args.merge.as_deref().map(old_text).transpose()?;
    let old_name = args.merge.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    let old = old_text.as_ref().and_then(|text| Index::read(text, &old_name).take(&mut problems));
    let format = if args.json { Format::Json } else { Format::Yaml };
    if let Some(old) = old.as_ref().filter(|old| args.json && old.format() == Format::Yaml) {
        let problem = Problem::usage(format!("--json: {} is YAML, and stays so", name(old.file())));
        problems.push(problem.hint("leave out --json"));
    }
    let (paths, new): (Vec<_>, Vec<_>) = archives.into_iter().map(|it| (it.at, it.version)).unzip();
    let is_readable = old.is_some() == old_text.is_some();
    let merged = is_readable.then(|| merge(old.as_ref(), &new, &replace, format, &created));
    let merged = merged.and_then(|merged| merged.take(&mut problems));
    verdict(problems)?.iter().for_each(terminal::problem);
    let Some(merged) = merged else { return Ok(()) };
    write_index(args, &paths, &new, &merged, old_text.as_deref(), now)
}

fn parse_base(url: &str) -> Checked<Option<Base>> {
    let refused = |why: String| {
        let problem = Problem::usage(format!("--url {}: {why}", name(url)));
        problem.hint("--url https://example.github.io/charts")
    };
    Base::parse(url).map_err(refused).into()
}

fn read_archives(directory: &Path, base: Option<&Base>, created: &str) -> Result<Checked<Vec<Archive>>> {
    if !directory.is_dir() {
        let problem = Problem::error("there is no such directory").at(directory.display().to_string(), None);
        return Err(problem.hint("name the directory that holds the archives").into());
    }
    let mut read = Vec::new();
    let mut problems = Vec::new();
    let boundary = files::absolute(directory)?;
    for path in find_archives(directory)? {
        let at = directory.join(&path).display().to_string();
        let Some(relative) = path.to_str() else {
            problems.push(Problem::error("its name is not UTF-8").at(at, None).hint("rename it"));
            continue;
        };
        match read_archive(&boundary, &path) {
            Ok(bytes) => read.extend(plan::archive(&bytes, at, relative, base, created).take(&mut problems)),
            Err(refused) => problems.push(refused.at(at, None)),
        }
    }
    Ok(Checked::new(read, problems))
}

fn old_text(path: &Path) -> Result<Vec<u8>> {
    if path.exists() {
        return read_index(path);
    }
    let problem = Problem::error("there is no such file").at(path.display().to_string(), None);
    Err(problem.hint("to begin a new index, leave out --merge").into())
}

fn write_index(
    args: &IndexArgs,
    paths: &[String],
    new: &[NewVersion],
    merged: &Merged,
    old: Option<&[u8]>,
    now: u64,
) -> Result<()> {
    let place = args.directory.join(FILE);
    let is_there = old.is_some() && read_index(&place).is_ok_and(|text| text == merged.text);
    let total = merged.kept + merged.added.len() + merged.replaced.len();
    if !merged.changed() && is_there {
        return Ok(terminal::result("Unchanged", &format!("{}  {total} versions", place.display()))?);
    }
    let file = NewFile { name: FILE.to_owned(), data: &merged.text, mtime: now };
    files::write_all(&args.directory, &[file], None)?;
    let same: HashSet<_> = merged.same.iter().map(|(name, version)| (name, version)).collect();
    let is_new = |new: &NewVersion| !same.contains(&(&new.metadata.name, &new.metadata.version));
    let indexed = paths.iter().zip(new).filter(|(_, new)| is_new(new));
    for (path, new) in indexed.take(MOST_NAMED) {
        let what = format!("{} {}  {}", new.metadata.name, new.metadata.version, new.digest);
        terminal::result("Indexed", &format!("{path} -> {what}"))?;
    }
    let more = (new.len() - same.len()).saturating_sub(MOST_NAMED);
    if more > 0 {
        terminal::result("Indexed", &format!("{more} more"))?;
    }
    let mut facts = vec![format!("{} added", merged.added.len())];
    if !merged.replaced.is_empty() {
        facts.push(format!("{} replaced", merged.replaced.len()));
    }
    if old.is_some() {
        facts.push(format!("{} kept", merged.kept));
    }
    let facts = facts.join(", ");
    Ok(terminal::result("Wrote", &format!("{}  {total} versions: {facts}", place.display()))?)
}
