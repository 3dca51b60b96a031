//! What was found of one version, and what it says against itself: names, digests, provenance files.

use serde_json::Value;

use super::{Judged, Says, Seen, Wanted, judge, most};
use crate::base::digest::Digest;
use crate::base::helm_repository::asset_name;
use crate::base::problem::Problem;
use crate::base::text::{few, name};
use crate::base::version::is_same;
use crate::chart::same_content::differences;
use crate::chart::{Json, Metadata, metadata_of, tgz};
use crate::index;
use crate::pages::yanked::reason;
use crate::signing::read::{Provenance, read};

/// All that was found.
#[derive(Debug)]
pub struct Evidence {
    pub wanted: Wanted,
    pub seen: Vec<Seen>,
    /// The archive that was read first, with its place.
    archive: Option<(String, Vec<u8>)>,
    /// The provenance files, each with its place.
    provenances: Vec<(String, Vec<u8>)>,
}

/// The way out where something that is published is wrong.
const HINT: &str = "release another version: what is published never changes";

impl Evidence {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, seen: Vec::new(), archive: None, provenances: Vec::new() }
    }

    pub fn judged(self) -> Judged {
        judge(self.wanted, self.seen)
    }

    pub fn see(&mut self, place: &str, says: Says, note: &str) {
        self.seen.push(Seen { place: place.to_owned(), says, note: note.to_owned() });
    }

    pub fn unseen(&mut self, place: &str, why: impl Into<String>) {
        self.see(place, Says::Unseen(why.into()), "");
    }

    pub fn wrong(&mut self, place: &str, message: &str, hint: &str) {
        let problem = Problem::error(format!("{}: {message}", name(place))).hint(hint);
        self.see(place, Says::Wrong(problem), "");
    }

    /// The digest that most places have.
    pub fn digest(&self) -> Option<Digest> {
        let digests: Vec<&Digest> = self.seen.iter().filter_map(Seen::digest).collect();
        most(&digests).map(|(digest, _)| (*digest).clone())
    }

    /// What an index says of the version, and where its archive is: the first URL, which is the one that Helm takes. `None`
    /// where the index does not list it, or where nobody can read it.
    pub fn index(&mut self, place: &str, text: &[u8], is_yanked: bool) -> Option<String> {
        let listed = match index::listed(text) {
            Ok(listed) => listed,
            Err(why) => {
                let hint = "mend it, or take an older one from its history";
                self.wrong(place, &format!("it cannot be read: {why}"), hint);
                return None;
            }
        };
        let (_, versions) = listed.into_iter().find(|(key, _)| *key == self.wanted.chart)?;
        let entry = versions.into_iter().find(|one| is_same(&one.version, &self.wanted.version))?;
        let note = match reason(text, &entry.name, &entry.version) {
            _ if !is_yanked => String::new(),
            Some(reason) => format!("yanked: {reason}"),
            None => "yanked".to_owned(),
        };
        match Digest::parse(&entry.digest) {
            Some(digest) => self.see(place, Says::Archive(digest), &note),
            // Helm asks for none.
            None if entry.digest.is_empty() => self.see(place, Says::Agrees, "lists it without a digest"),
            None => {
                let message = format!("the digest {} of its entry is no SHA-256 digest", name(&entry.digest));
                self.wrong(place, &message, HINT);
            }
        }
        let url = entry.urls.first().map(ToString::to_string);
        if url.is_none() {
            self.wrong(place, "its entry has no URL", HINT);
        }
        url
    }

    /// An archive, whose Chart.yaml says which version it is. That comes back, where it is the right one.
    pub fn archive(&mut self, place: &str, bytes: Vec<u8>, note: &str) -> Option<Metadata> {
        let read = metadata_of(&bytes, place);
        let Some(metadata) = read.value else {
            let why = read.problems.first().map_or("", |problem| &problem.message);
            self.wrong(place, &format!("it is no archive of a chart: {why}"), HINT);
            return None;
        };
        if !self.is_of(place, &metadata) {
            return None;
        }
        self.see(place, Says::Archive(Digest::of(&bytes)), note);
        self.archive.get_or_insert((place.to_owned(), bytes));
        Some(metadata)
    }

    /// Whether a place has the version that is verified.
    fn is_of(&mut self, place: &str, found: &Metadata) -> bool {
        let is_it = found.name == self.wanted.chart && is_same(&found.version, &self.wanted.version);
        if !is_it {
            let other = name(&format!("{} {}", found.name, found.version));
            self.wrong(place, &format!("it is of {other}"), HINT);
        }
        is_it
    }

    /// The metadata that a registry has beside an archive.
    pub fn config(&mut self, place: &str, metadata: &Metadata, config: &[u8]) {
        let fields = Json::of(metadata);
        // Go may write a fraction in another way.
        let ours = serde_json::to_value(&fields).ok().filter(|_| !fields.has_fraction());
        let (Some(Value::Object(ours)), Ok(Value::Object(theirs))) = (ours, serde_json::from_slice(config))
        else {
            return self.unseen(place, "it cannot be compared with Chart.yaml");
        };
        let keys = ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key)));
        let differing: Vec<String> = keys.filter(|key| ours.get(*key) != theirs.get(*key)).cloned().collect();
        if differing.is_empty() {
            return self.see(place, Says::Agrees, "");
        }
        let message = format!("it differs from the Chart.yaml of the archive in {}", few(&differing));
        self.wrong(place, &message, HINT);
    }

    /// Checksums, in the format of `sha256sum`.
    pub fn sums(&mut self, place: &str, text: &[u8]) {
        let (text, file) = (String::from_utf8_lossy(text), asset_name(&self.wanted.file_name()));
        let of_file = |line: &str| {
            let (hex, other) = line.split_once(' ')?;
            (asset_name(other.trim_start_matches([' ', '*'])) == file).then(|| Digest::parse(hex))?
        };
        match text.lines().find_map(of_file) {
            Some(digest) => self.see(place, Says::Archive(digest), ""),
            None => self.wrong(place, &format!("it has no SHA-256 digest of {}", name(&file)), HINT),
        }
    }

    /// The provenance file of a place; `None` where the place has none.
    pub fn provenance(&mut self, place: &str, bytes: Option<Vec<u8>>) {
        match bytes {
            Some(bytes) => self.provenances.push((place.to_owned(), bytes)),
            None => self.see(place, Says::Absent, ""),
        }
    }

    /// Compares the provenance files with each other and with the archive. The one that most places have comes back, with
    /// one of them; the error is that it is none.
    pub fn compare_provenances(&mut self) -> Option<Result<(String, Vec<u8>), String>> {
        let all = std::mem::take(&mut self.provenances);
        let files: Vec<&[u8]> = all.iter().map(|(_, bytes)| &**bytes).collect();
        let (common, _) = most(&files)?;
        let (at, common) = all.iter().find(|(_, bytes)| bytes == common)?;
        let read = read(common);
        for (place, bytes) in &all {
            match &read {
                _ if bytes != common => {
                    self.wrong(place, &format!("it is another provenance file than {at}"), HINT);
                }
                Err(why) => self.wrong(place, &format!("it is no provenance file: {why}"), HINT),
                Ok(read) if self.is_of(place, &read.metadata) => self.named(place, read),
                Ok(_) => {}
            }
        }
        Some(read.map(|_| (at.clone(), common.clone())))
    }

    /// The digest that a provenance file names.
    fn named(&mut self, place: &str, read: &Provenance) {
        let file = self.wanted.file_name();
        let named = read.files.iter().find(|(name, _)| *name == file);
        match named.and_then(|(_, digest)| Digest::parse(digest)) {
            Some(digest) => self.see(place, Says::Archive(digest), ""),
            None => self.wrong(place, &format!("it names no SHA-256 digest of {}", name(&file)), HINT),
        }
    }

    /// Compares with what the commit of a tag gives. An archive that this program has made has to be the same to the byte;
    /// of one that others have made, the content counts.
    pub fn rebuilt(&mut self, place: &str, ours: &[u8]) {
        let Some((at, published)) = &self.archive else {
            return self.unseen(place, "there is no published archive to compare it with");
        };
        if published == ours {
            return self.see(place, Says::Archive(Digest::of(ours)), "the same bytes");
        }
        match (differences(ours, published), is_ours(published)) {
            (Err(why), _) => self.unseen(place, format!("it cannot be compared: {why}")),
            (Ok(files), _) if !files.is_empty() => {
                self.wrong(place, &format!("{at} differs from it in {}", few(&files)), HINT);
            }
            (Ok(_), true) => self.wrong(place, &format!("{at} holds the same in other bytes"), HINT),
            (Ok(_), false) => {
                self.see(
                    place,
                    Says::Agrees,
                    "the same content; other bytes, since another program packaged it",
                );
            }
        }
    }
}

/// Whether an archive is to the byte what this program would write of its entries.
fn is_ours(archive: &[u8]) -> bool {
    let entries = tgz::read(archive, tgz::MAX_TOTAL).ok();
    entries.and_then(|entries| tgz::write(&entries).ok()).is_some_and(|again| again == archive)
}
