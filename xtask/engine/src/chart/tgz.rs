//! Chart archives (`.tgz`): written as Helm writes them, read as carefully as anything from outside.
//!
//! Written: for the same entries the tar stream is the one that Go's `archive/tar` makes for Helm, byte for
//! byte, with one time for all entries. The gzip header is Helm's; the compressed bytes are zlib's, not Go's, and
//! stay the same as long as `Cargo.lock` does.
//! Read: sizes are bounded before anything is inflated further, names cannot leave the chart, and whatever Helm
//! would read in another way than it looks (links, devices, sparse files) is refused.

use std::fmt;
use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use crate::base::limits::MAX_HELM_FILE;

/// Helm loads no archive that inflates to more (`MaxDecompressedChartSize`).
pub const MAX_TOTAL: u64 = 100 * 1024 * 1024;
/// Room in a stream for the headers of small archives.
const MIN_STREAM: u64 = 1024 * 1024;
const BLOCK: usize = 512;
const GZIP_EXTRA: &[u8] = b"+aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";
const GZIP_COMMENT: &str = "Helm";
/// `operating system: unknown` of RFC 1952.
const GZIP_OS: u8 = 255;

/// One file of an archive.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path with `/`, the chart's name first.
    pub path: String,
    pub data: Vec<u8>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.data.len())
    }
}

/// The time of every entry: 1980-01-01, as reproducible builders set it, since it is the first that every archive format can
/// hold. Helm reads none, and a time of the commit would give the same chart another digest at each commit.
pub const ENTRY_TIME: u64 = 315_532_800;

/// Makes an archive of `entries` in their order. The same entries give the same bytes.
pub fn write(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let content: usize = entries.iter().map(|entry| entry.data.len()).sum();
    let mut gzip = GzBuilder::new()
        .extra(GZIP_EXTRA)
        .comment(GZIP_COMMENT)
        .operating_system(GZIP_OS)
        .write(Vec::with_capacity(content / 4), Compression::default());
    for entry in entries {
        let name = Name::of(&entry.path);
        if name == Name::Extended {
            gzip.write_all(&extended_name(&entry.path))?;
        }
        let size = entry.data.len() as u64;
        gzip.write_all(header(&entry.path, &name, tar::EntryType::Regular, size, ENTRY_TIME).as_bytes())?;
        gzip.write_all(&entry.data)?;
        gzip.write_all(padding(entry.data.len()))?;
    }
    gzip.write_all(&[0; 2 * BLOCK])?;
    gzip.finish()
}

/// How a path fits into a header.
#[derive(PartialEq, Eq)]
enum Name {
    Plain,
    /// Split at this slash into the ustar prefix and name.
    Split(usize),
    /// In a PAX record of its own.
    Extended,
}

impl Name {
    /// Go's choice: an ASCII name of 100 bytes is plain, a longer one is split at the last slash of its first 156
    /// bytes if both parts then fit, all others are extended (`archive/tar`: `splitUSTARPath`).
    fn of(path: &str) -> Self {
        if !path.is_ascii() {
            return Self::Extended;
        }
        if path.len() <= 100 {
            return Self::Plain;
        }
        let slash = path.bytes().take(156).collect::<Vec<_>>().iter().rposition(|&b| b == b'/');
        match slash {
            Some(at) if at > 0 && (1..=100).contains(&(path.len() - at - 1)) => Self::Split(at),
            _ => Self::Extended,
        }
    }
}

fn header(path: &str, name: &Name, kind: tar::EntryType, size: u64, mtime: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(if kind == tar::EntryType::Regular { 0o644 } else { 0 });
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(mtime);
    let bytes = path.as_bytes();
    let (prefix, name) = match *name {
        Name::Split(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default()),
        Name::Plain | Name::Extended => ([].as_slice(), bytes),
    };
    let ascii = ascii_name(name, kind);
    if let Some(ustar) = header.as_ustar_mut() {
        fill(&mut ustar.name, &ascii);
        fill(&mut ustar.prefix, prefix);
        // Go leaves the device fields of a PAX header empty and writes zeros elsewhere.
        if kind == tar::EntryType::Regular {
            fill(&mut ustar.dev_major, b"0000000");
            fill(&mut ustar.dev_minor, b"0000000");
        }
    }
    set_checksum(&mut header);
    header
}

/// What the name field holds of a name: its ASCII bytes, as many as fit, without a slash at the end, since that would
/// mean a directory. Go drops all such slashes of a PAX header, and the first of them of a file.
fn ascii_name(name: &[u8], kind: tar::EntryType) -> Vec<u8> {
    const FIELD: usize = 100;
    let mut ascii = name.to_vec();
    ascii.retain(u8::is_ascii);
    let was_cut = ascii.len() > FIELD;
    ascii.truncate(FIELD);
    let end = ascii.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    if kind == tar::EntryType::XHeader {
        ascii.truncate(end);
    } else if was_cut && let Some(slash) = ascii.get_mut(end) {
        *slash = 0;
    }
    ascii
}

/// Puts a value at the beginning of a field that is at least as long.
fn fill(field: &mut [u8], value: &[u8]) {
    if let Some(beginning) = field.get_mut(..value.len()) {
        beginning.copy_from_slice(value);
    }
}

/// Six octal digits, NUL, space, as Go writes them; the `tar` crate writes seven digits and NUL.
fn set_checksum(header: &mut tar::Header) {
    header.as_old_mut().cksum = *b"        ";
    let mut sum = 0;
    for &byte in header.as_bytes() {
        sum += u32::from(byte);
    }
    let text = format!("{sum:06o}\0 ");
    fill(&mut header.as_old_mut().cksum, text.as_bytes());
}

fn padding(length: usize) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    ZEROS.get(..(BLOCK - length % BLOCK) % BLOCK).unwrap_or_default()
}

/// The PAX header that carries a name which fits no ustar header: a file of one record, `LEN path=NAME\n`.
fn extended_name(path: &str) -> Vec<u8> {
    let rest = format!(" path={path}\n");
    let mut length = rest.len();
    while length.to_string().len() + rest.len() != length {
        length = length.to_string().len() + rest.len();
    }
    let record = format!("{length}{rest}");
    let (directory, base) = path.rsplit_once('/').unwrap_or(("", path));
    let separator = if directory.is_empty() { "" } else { "/" };
    let name = format!("{directory}{separator}PaxHeaders.0/{base}");
    let header = header(&name, &Name::Plain, tar::EntryType::XHeader, record.len() as u64, 0);
    let mut out = header.as_bytes().to_vec();
    out.extend_from_slice(record.as_bytes());
    out.extend_from_slice(padding(record.len()));
    out
}

/// What a file counts for when the size of an archive is bounded: its content and a header.
pub fn cost(entry: &Entry) -> u64 {
    (entry.data.len() + BLOCK) as u64
}

/// Reads an archive: its files in order, directories left out. The error is the message.
///
/// Bounded by [`MAX_HELM_FILE`] and by `limit`, which is at most [`MAX_TOTAL`] and counts the [`cost`] of each file. Every
/// path is relative, has no `..`, `.` or empty part and at least one directory, and stands there once.
pub fn read(bytes: &[u8], limit: u64) -> Result<Vec<Entry>, String> {
    general(bytes, limit, |_| true)
}

/// Reads an archive as [`read`] does with [`MAX_TOTAL`], and keeps the files that have one of the `wanted` paths in their
/// chart. Plain archives are read by the optimised crate, to the same result.
pub fn select(bytes: &[u8], wanted: &[&str]) -> Result<Vec<Entry>, String> {
    let limits = helm_xtask_formats::archive::Limits { file: MAX_HELM_FILE, total: MAX_TOTAL };
    if let Some(files) = helm_xtask_formats::archive::read(bytes, limits, wanted) {
        return Ok(files.into_iter().map(|(path, data)| Entry { path, data }).collect());
    }
    let is_wanted = |path: &str| path.split_once('/').is_some_and(|(_, inside)| wanted.contains(&inside));
    general(bytes, MAX_TOTAL, is_wanted)
}

fn general(bytes: &[u8], limit: u64, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, String> {
    let cause = |error: io::Error| format!("it is not a chart archive: {error}");
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes).take(4 * limit + MIN_STREAM));
    let mut seen = std::collections::HashSet::new();
    let mut entries = Vec::new();
    let mut total = 0_u64;
    for file in archive.entries().map_err(cause)? {
        let mut file = file.map_err(cause)?;
        total = total.saturating_add(BLOCK as u64).saturating_add(file.size());
        if total > limit {
            return Err("it inflates to more than Helm loads (100 MiB)".to_owned());
        }
        let path = String::from_utf8(file.path_bytes().into_owned())
            .map_err(|_| "it holds a file whose name is not UTF-8".to_owned())?;
        check_header(&mut file).map_err(|why| format!("`{path}`: {why}"))?;
        match file.header().entry_type() {
            tar::EntryType::Regular => {}
            tar::EntryType::Directory | tar::EntryType::XGlobalHeader => continue,
            other => {
                let kind = char::from(other.as_byte());
                return Err(format!("`{path}` is neither a file nor a directory (tar type `{kind}`)"));
            }
        }
        check_path(&path)?;
        if file.size() > MAX_HELM_FILE {
            return Err(format!("`{path}` is larger than Helm loads (5 MiB)"));
        }
        let mut data = Vec::new();
        let wanted = is_wanted(&path);
        let read = if wanted {
            file.read_to_end(&mut data).map(|read| read as u64)
        } else {
            io::copy(&mut file, &mut io::sink())
        };
        if read.map_err(cause)? != file.size() {
            return Err(format!("it ends within `{path}`"));
        }
        if wanted {
            entries.push(Entry { path: path.clone(), data });
        }
        if !seen.insert(path) {
            return Err("a file is in it twice".to_owned());
        }
    }
    if seen.is_empty() {
        return Err("there is no file in it".to_owned());
    }
    // The checksum stands at the end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(cause)?;
    Ok(entries)
}

/// Refuses what Go's `archive/tar` refuses or reads in another way: sparse files and numbers that are none. A blank
/// number is 0, and a record with an empty value counts as not there.
fn check_header<R: Read>(file: &mut tar::Entry<'_, R>) -> Result<(), String> {
    let header = file.header();
    let old = header.as_old();
    let is_blank = |field: &[u8]| field.iter().all(|byte| matches!(byte, 0 | b' '));
    let numbers = [
        (is_blank(&old.mtime), header.mtime()),
        (is_blank(&old.uid), header.uid()),
        (is_blank(&old.gid), header.gid()),
        (is_blank(&old.mode), header.mode().map(u64::from)),
    ];
    if let Some(error) = numbers.into_iter().find_map(|(blank, number)| number.err().filter(|_| !blank)) {
        return Err(error.to_string());
    }
    // The library takes a line break in a value for the end of a record; what it cannot read then is no number.
    for record in file.pax_extensions().map_err(|error| error.to_string())?.into_iter().flatten().flatten() {
        let (key, value) = (record.key().unwrap_or("?"), record.value().unwrap_or_default());
        let is_number = match key {
            "uid" | "gid" | "size" => value.is_empty() || value.parse::<u64>().is_ok(),
            "mtime" | "atime" | "ctime" => value.is_empty() || value.parse::<f64>().is_ok_and(f64::is_finite),
            _ => true,
        };
        if key.is_empty() || key.starts_with("GNU.sparse.") || !is_number {
            return Err("Helm does not read this PAX record as it looks".to_owned());
        }
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), String> {
    let inside = path.split_once('/').ok_or_else(|| format!("`{path}` is not in a directory"))?.1;
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("`{path}` is not a plain relative path"));
    }
    unreadable(inside).map_or(Ok(()), |why| Err(format!("`{path}`: {why}")))
}

/// Why Helm cannot load an archive that holds a file of this name, though it would package one: `path` is
/// relative to the chart (Helm's `loader.LoadArchiveFiles`).
pub fn unreadable(path: &str) -> Option<&'static str> {
    let drive = path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.get(1..3) == Some(":/");
    match path {
        _ if path.contains('\\') => Some("Helm reads a `\\` in a name as `/`"),
        _ if path.contains('\0') => Some("a name cannot hold a NUL"),
        _ if drive => Some("Helm takes this name for a Windows drive"),
        _ if path.starts_with("..") => Some("Helm loads no archive with a file whose name starts with `..`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Digest;

    fn entry(path: &str, data: &[u8]) -> Entry {
        Entry { path: path.to_owned(), data: data.to_vec() }
    }

    fn tar_of(archive: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        MultiGzDecoder::new(archive).read_to_end(&mut out).expect("gzip");
        out
    }

    #[test]
    fn what_is_written_reads_back() {
        let entries = [
            entry("c/Chart.yaml", b"name: c\n"),
            entry(&format!("c/{}/{}", "p".repeat(60), "q".repeat(60)), &[0; 1024]),
            entry(&format!("c/{}", "n".repeat(120)), b"2"),
            entry("c/日本/語", b""),
            entry(&format!("c/{}/{}", "日".repeat(90), "x".repeat(99)), b"3"),
        ];
        let archive = write(&entries).expect("an archive");
        assert_eq!(read(&archive, MAX_TOTAL).expect("entries"), entries);
        assert_eq!(tar_of(&archive).len() % BLOCK, 0);
    }

    #[test]
    fn headers_are_gos() {
        let archive = write(&[entry("c/f", b"x")]).expect("an archive");
        assert_eq!(archive.get(..12), Some(&b"\x1f\x8b\x08\x14\0\0\0\0\0\xff\x29\0"[..]));
        let tar = tar_of(&archive);
        let mut expected = b"c/f".to_vec();
        expected.resize(100, 0);
        expected.extend(b"0000644\x000000000\x000000000\x0000000000001\x0002263523000\x00007615\0 0");
        expected.resize(257, 0);
        expected.extend(b"ustar\x0000");
        expected.resize(329, 0);
        expected.extend(b"0000000\x000000000\0");
        expected.resize(512, 0);
        assert_eq!(String::from_utf8_lossy(&tar[..512]), String::from_utf8_lossy(&expected));
        assert_eq!(tar.len(), 4 * BLOCK);
    }

    /// A published digest never changes: if this fails after an upgrade of the compression library, every archive
    /// that is made again gets another digest, and the changelog has to say so.
    #[test]
    fn the_same_entries_give_the_same_bytes() {
        let mut state = 1_u32;
        let mut word = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ["image", "replicas: ", "\n  ", "- name", "\"x\"", "\n"][(state >> 24) as usize % 6]
        };
        let text: String = (0..60_000).map(|_| word()).collect();
        let archive = write(&[entry("c/Chart.yaml", b"name: c\n"), entry("c/values.yaml", text.as_bytes())]);
        let expected = "sha256:c9b889a8f1210bdd0dd45dae135c5d3ee7c48a8bd9a492cb91a9558f5a18667e";
        assert_eq!(Digest::of(&archive.expect("an archive")).to_string(), expected);
    }

    #[test]
    fn a_record_counts_its_own_length() {
        for length in [1, 88, 89, 90, 91, 92, 980, 990, 991] {
            let path = format!("c/{}é", "n".repeat(length));
            let pax = extended_name(&path);
            let size = pax.iter().skip(BLOCK).position(|&b| b == b'\n').map(|at| at + 1);
            let record = String::from_utf8_lossy(&pax[BLOCK..]).into_owned();
            assert_eq!(record.split(' ').next().and_then(|n| n.parse().ok()), size, "{length}");
        }
    }

    fn archive_of(change: impl Fn(&mut tar::Header)) -> Vec<u8> {
        let mut header = header("c/f", &Name::Plain, tar::EntryType::Regular, 0, 0);
        change(&mut header);
        set_checksum(&mut header);
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::fast());
        gzip.write_all(header.as_bytes()).expect("memory");
        gzip.write_all(&[0; 2 * BLOCK]).expect("memory");
        gzip.finish().expect("memory")
    }

    fn named(name: &str) -> Vec<u8> {
        archive_of(|header| {
            header.as_old_mut().name = [0; 100];
            fill(&mut header.as_old_mut().name, name.as_bytes());
        })
    }

    #[test]
    fn hostile_archives_are_refused() {
        for (archive, cause) in [
            (b"junk".to_vec(), "not a chart archive"),
            (Vec::new(), "not a chart archive"),
            (named("../f"), "not a plain relative path"),
            (named("c/../../f"), "not a plain relative path"),
            (named("/etc/passwd"), "not a plain relative path"),
            (named("c//f"), "not a plain relative path"),
            (named("f"), "not in a directory"),
            (named("c\\f"), "not in a directory"),
            (named("c/a\\f"), "reads a `\\`"),
            (named("c/C:/f"), "Windows drive"),
            (named("c/..data"), "starts with `..`"),
            (archive_of(|h| h.set_entry_type(tar::EntryType::Symlink)), "neither a file nor a directory"),
            (archive_of(|h| h.set_entry_type(tar::EntryType::Directory)), "no file in it"),
            (archive_of(|h| h.set_size(MAX_HELM_FILE + 1)), "larger than Helm loads"),
            (archive_of(|h| h.set_size(MAX_TOTAL + 1)), "more than Helm loads"),
            (archive_of(|h| h.set_size(2000)), "ends within"),
            (archive_of(|h| fill(&mut h.as_old_mut().mtime, b"zzzzzzzzzzz")), "numeric field"),
            (archive_of(|h| fill(&mut h.as_old_mut().size, b"zzzzzzzzzzz")), "not a chart archive"),
        ] {
            let error = read(&archive, MAX_TOTAL).expect_err(cause);
            assert!(error.contains(cause), "{cause}: {error}");
        }
        let blank = archive_of(|header| {
            header.as_old_mut().uid = [0; 8];
            header.as_old_mut().mtime = *b"            ";
        });
        assert!(read(&blank, MAX_TOTAL).is_ok());
        let twice = write(&[entry("c/f", b"1"), entry("c/f", b"2")]).expect("an archive");
        assert!(read(&twice, MAX_TOTAL).is_err_and(|error| error.contains("twice")));
    }
}
