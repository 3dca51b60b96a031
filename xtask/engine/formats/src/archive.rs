//! Plain chart archives: one gzip member, ustar headers as Go and every `tar` write them, files and directories.
//!
//! Nearly all archives are such, and of each only a file or two is wanted. Whatever is unusual, doubtful or damaged is
//! given back (`None`) for the caller's general reader, which also says what is wrong. Where this one reads an archive
//! it must find what that one finds; a test of xtask compares the two.

use std::borrow::Cow;
use std::cell::RefCell;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};

/// Above this the general reader, which keeps no more than a file in memory, is the better one.
const MOST: usize = 16 * 1024 * 1024;
const BLOCK: usize = 512;
/// The inflating loop is fast as long as the longest match fits.
const SLACK: usize = 512;

/// The most that is read.
#[derive(Clone, Copy)]
pub struct Limits {
    pub file: u64,
    /// Of all files, with a header for each.
    pub total: u64,
}

/// Memory that is used again: getting it anew for each archive costs as much as all but the inflating.
struct Memory {
    inflate: Decompress,
    tar: Vec<u8>,
}

thread_local! {
    static MEMORY: RefCell<Memory> =
        RefCell::new(Memory { inflate: Decompress::new(false), tar: Vec::new() });
}

/// The files of a plain archive that have one of the `wanted` paths below its top directory, whole paths and content.
pub fn read(bytes: &[u8], limits: Limits, wanted: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    MEMORY.with_borrow_mut(|memory| {
        let length = memory.inflate(bytes)?;
        files(memory.tar.get(..length)?, limits, wanted)
    })
}

impl Memory {
    /// Inflates a gzip file of one member (RFC 1952) and gives the length.
    fn inflate(&mut self, bytes: &[u8]) -> Option<usize> {
        let (rest, [c0, c1, c2, c3, l0, l1, l2, l3]) = bytes.split_last_chunk()?;
        let length = usize::try_from(u32::from_le_bytes([*l0, *l1, *l2, *l3])).ok()?;
        if length > MOST {
            return None;
        }
        if self.tar.len() < length + SLACK {
            self.tar.resize(length + SLACK, 0);
        }
        let deflated = after_header(rest)?;
        self.inflate.reset(false);
        let status = self.inflate.decompress(deflated, &mut self.tar, FlushDecompress::Finish).ok()?;
        let is_whole = status == Status::StreamEnd
            && self.inflate.total_in() == deflated.len() as u64
            && self.inflate.total_out() == length as u64;
        let mut crc = Crc::new();
        crc.update(self.tar.get(..length)?);
        (is_whole && crc.sum() == u32::from_le_bytes([*c0, *c1, *c2, *c3])).then_some(length)
    }
}

/// What follows the header of a gzip member.
fn after_header(bytes: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const TEXTS: [u8; 2] = [8, 16];
    let ([0x1f, 0x8b, 8, flags, ..], mut rest) = bytes.split_first_chunk::<10>()? else { return None };
    if flags & !(EXTRA | 8 | 16) != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for _ in TEXTS.into_iter().filter(|text| flags & text != 0) {
        rest = rest.get(rest.iter().position(|&byte| byte == 0)? + 1..)?;
    }
    Some(rest)
}

/// Walks over a tar file to its end.
fn files(mut tar: &[u8], limits: Limits, wanted: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut paths = Vec::new();
    let mut total = 0_u64;
    loop {
        let (header, rest) = tar.split_first_chunk::<BLOCK>()?;
        if header.iter().all(|&byte| byte == 0) {
            paths.sort_unstable();
            return (!paths.is_empty() && paths.is_sorted_by(|a, b| a < b)).then_some(found);
        }
        let Header { name, prefix, size, is_file } = Header::of(header)?;
        total += BLOCK as u64 + size;
        if size > limits.file || total > limits.total {
            return None;
        }
        let size = usize::try_from(size).ok()?;
        let (data, rest) = rest.split_at_checked(size)?;
        tar = rest.get(size.next_multiple_of(BLOCK) - size..)?;
        if is_file {
            let path = match prefix {
                "" => Cow::Borrowed(name),
                _ => Cow::Owned(format!("{prefix}/{name}")),
            };
            let inside = inside(&path)?;
            if wanted.contains(&inside) {
                found.push((path.to_string(), data.to_vec()));
            }
            paths.push(path);
        }
    }
}

/// A path below its top directory, if nobody can take the path for another.
fn inside(path: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b':') || byte == b' ';
    let is_part = |part: &str| !part.is_empty() && part != "." && !part.starts_with("..");
    let (_, inside) = path.split_once('/')?;
    (path.bytes().all(is_plain) && path.split('/').all(is_part)).then_some(inside)
}

/// What counts of a header.
struct Header<'t> {
    name: &'t str,
    prefix: &'t str,
    size: u64,
    is_file: bool,
}

impl<'t> Header<'t> {
    /// `None` for all but files and directories with a ustar header that has nothing unusual in it.
    fn of(block: &'t [u8; BLOCK]) -> Option<Self> {
        let field = |start: usize, length: usize| block.get(start..start + length).unwrap_or_default();
        let is_file = match field(156, 1) {
            b"0" => true,
            b"5" => false,
            _ => return None,
        };
        let numbers = [(100, 8), (108, 8), (116, 8), (136, 12)];
        let are_numbers = numbers.into_iter().all(|(start, length)| octal(field(start, length)).is_some());
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        let checksum = field(148, 8);
        // The checksum counts itself as blanks.
        let own: u32 = checksum.iter().map(|&byte| u32::from(byte)).sum();
        let is_whole = octal(checksum) == Some(u64::from(sum - own + 8 * u32::from(b' ')));
        let size = octal(field(124, 12))?;
        let is_plain = are_numbers && is_whole && field(257, 8) == b"ustar\x0000" && (is_file || size == 0);
        let (name, prefix) = (text(field(0, 100))?, text(field(345, 155))?);
        is_plain.then_some(Self { name, prefix, size, is_file })
    }
}

/// A number of octal digits, with NULs or blanks after them at most.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let (digits, end) = field.split_at_checked(digits)?;
    let is_number = !digits.is_empty() && end.iter().all(|byte| matches!(byte, 0 | b' '));
    is_number.then(|| digits.iter().fold(0, |value, digit| value * 8 + u64::from(digit - b'0')))
}

fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    str::from_utf8(field.get(..end)?).ok()
}

/// The SHA-256 of some bytes as lower-case hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
