//! Provenance files as they are published (helm.sh/docs, "Helm Provenance and Integrity"), and what gpg says of their
//! signatures (`doc/DETAILS` of gpg, "Format of the --status-fd output" and "Format of the colon listings").

use crate::base::yaml;
use crate::chart::{Metadata, declared};

/// What a provenance file says below its signature.
#[derive(Debug)]
pub struct Provenance {
    pub metadata: Metadata,
    /// The archives that it is for, each with its digest as it stands there: `sha256:` and hex digits.
    pub files: Vec<(String, String)>,
}

/// What gpg found out about a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    Good(Signer),
    /// The text is signed, by a key that has expired or is revoked: why.
    Outdated(Signer, &'static str),
    /// The text is not what was signed, or not signed at all: why.
    Bad(String),
    /// There is no public key to check it with: the id of the key.
    NoKey(String),
}

/// Who signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signer {
    /// That of the primary key.
    pub fingerprint: String,
    /// `NAME <MAIL>`.
    pub user: String,
    /// When the key expires, in seconds since 1970.
    pub expires: Option<u64>,
}

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// Reads a provenance file. The error is the message. The whole file has to be one clear-signed message (RFC 9580,
/// section 7): what stands outside of it would not be signed.
pub fn read(file: &[u8]) -> Result<Provenance, String> {
    let signed = signed(str::from_utf8(file).map_err(|_| "it is not UTF-8")?)?;
    let (metadata, sums) =
        signed.split_once("\n...\n").ok_or("there is no `...` between the metadata and the digests")?;
    let metadata = declared(metadata.as_bytes()).ok_or("its metadata are not those of a chart")?;
    let document = yaml::read(sums.as_bytes()).map_err(|error| error.message)?;
    let files = document.root.get("files").map(|pair| pair.value.pairs()).unwrap_or_default();
    let file = |pair: &yaml::Pair| Some((pair.key.written.clone(), pair.value.text()?.to_owned()));
    Ok(Provenance { metadata, files: files.iter().filter_map(file).collect() })
}

/// The text that is signed, without its dash-escaping (RFC 9580, section 7.2).
fn signed(text: &str) -> Result<String, &'static str> {
    let mut lines = text.trim().lines();
    if lines.next().map(str::trim_end) != Some(BEGIN) {
        return Err("it does not begin as a clear-signed message");
    }
    let is_header = |line: &&str| !line.trim().is_empty();
    if lines.by_ref().take_while(is_header).any(|header| !header.starts_with("Hash: ")) {
        return Err("it has a header other than `Hash`, which is not signed");
    }
    let mut signed = Vec::new();
    let is_end = loop {
        match lines.next() {
            None => return Err("it has no signature"),
            Some(line) if line.trim_end() == SIGNATURE => break lines.last().map(str::trim_end) == Some(END),
            Some(line) => match line.strip_prefix("- ") {
                Some(escaped) => signed.push(escaped),
                None if line.starts_with('-') => return Err("a line of it is not dash-escaped"),
                None => signed.push(line),
            },
        }
    };
    let is_one = text.matches(SIGNATURE).count() == 1 && text.matches(END).count() == 1;
    if is_end && is_one { Ok(signed.join("\n") + "\n") } else { Err("there is text after its signature") }
}

/// What the status lines of `gpg --verify` say. More than one signature is none that is taken.
pub fn status(lines: &str) -> Signature {
    let lines: Vec<Vec<&str>> = lines
        .lines()
        .filter_map(|line| Some(line.strip_prefix("[GNUPG:] ")?.splitn(3, ' ').collect()))
        .collect();
    let find = |wanted: &str| lines.iter().find(|line| line.first() == Some(&wanted));
    let rest = |wanted: &str| find(wanted).and_then(|line| line.get(2).copied()).unwrap_or_default();
    let key = |wanted: &str| find(wanted).and_then(|line| line.get(1).copied()).unwrap_or_default();
    if lines.iter().filter(|line| line.first() == Some(&"NEWSIG")).count() > 1 {
        return Signature::Bad("it has more than one signature".to_owned());
    }
    if let Some(bad) = find("BADSIG") {
        let user = bad.get(2).copied().unwrap_or_default();
        return Signature::Bad(format!("the text is not what {user} signed"));
    }
    // The last word of VALIDSIG is the fingerprint of the primary key.
    let fingerprint = rest("VALIDSIG").rsplit(' ').next().unwrap_or_default().to_owned();
    let signer =
        |of: &str| Signer { fingerprint: fingerprint.clone(), user: rest(of).to_owned(), expires: None };
    if fingerprint.is_empty() {
        let id = Some(key("NO_PUBKEY")).filter(|id| !id.is_empty());
        return id.map_or_else(
            || Signature::Bad("it has no signature that gpg can check".to_owned()),
            |id| Signature::NoKey(id.to_owned()),
        );
    }
    for (word, why) in [
        ("EXPKEYSIG", "the key has expired"),
        ("EXPSIG", "the signature has expired"),
        ("REVKEYSIG", "the key is revoked"),
    ] {
        if find(word).is_some() {
            return Signature::Outdated(signer(word), why);
        }
    }
    match find("GOODSIG") {
        Some(_) => Signature::Good(signer("GOODSIG")),
        None => Signature::Bad("gpg does not say that it is good".to_owned()),
    }
}

/// When the first key of `gpg --with-colons --list-keys` expires; `None` for never.
pub fn expiry(listing: &str) -> Option<u64> {
    listing.lines().find(|line| line.starts_with("pub:"))?.split(':').nth(6)?.parse().ok()
}

impl Signature {
    pub fn signer_mut(&mut self) -> Option<&mut Signer> {
        match self {
            Self::Good(signer) | Self::Outdated(signer, _) => Some(signer),
            Self::Bad(_) | Self::NoKey(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: web\nversion: 1.0.0\n\n...\nfiles:\n  web-1.0.0.tgz: sha256:ab\n-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn provenance_files() {
        let read = |text: &str| read(text.as_bytes());
        let good = read(FILE).expect("a provenance file");
        assert_eq!((&*good.metadata.name, &*good.metadata.version), ("web", "1.0.0"));
        assert_eq!(good.files, [("web-1.0.0.tgz".to_owned(), "sha256:ab".to_owned())]);
        assert!(read(&FILE.replace('\n', "\r\n")).is_ok());
        let escaped = read(&FILE.replace("name: web", "keywords:\n- - a\nname: web")).expect("escaped");
        assert_eq!(escaped.metadata.keywords, ["a"]);
        for (from, to, why) in [
            (BEGIN, "x", "it does not begin as a clear-signed message"),
            ("Hash: SHA512", "Comment: x", "it has a header other than `Hash`, which is not signed"),
            ("files:", "--- a", "a line of it is not dash-escaped"),
            ("-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n", "", "it has no signature"),
            ("\n...\n", "\n", "there is no `...` between the metadata and the digests"),
            (END, "x", "there is text after its signature"),
            ("name: web", "nom: [", "its metadata are not those of a chart"),
        ] {
            assert_eq!(read(&FILE.replacen(from, to, 1)).map(drop), Err(why.to_owned()), "{from}");
        }
        let twice = format!("{FILE}{FILE}");
        assert_eq!(read(&twice).expect_err("two messages"), "there is text after its signature");
    }

    #[test]
    fn what_gpg_says() {
        let valid = "[GNUPG:] VALIDSIG AA 2024-01-02 1704164645 0 4 0 1 10 01 BB\n";
        let signer = |user: &str| Signer { fingerprint: "BB".into(), user: user.into(), expires: None };
        for (lines, expected) in [
            (
                format!("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 01 A <a@x>\n{valid}"),
                Signature::Good(signer("A <a@x>")),
            ),
            (
                format!("[GNUPG:] EXPKEYSIG 01 A\n[GNUPG:] KEYEXPIRED 1\n{valid}"),
                Signature::Outdated(signer("A"), "the key has expired"),
            ),
            (
                format!("[GNUPG:] REVKEYSIG 01 A\n{valid}"),
                Signature::Outdated(signer("A"), "the key is revoked"),
            ),
            (
                "[GNUPG:] BADSIG 01 A <a@x>\n".to_owned(),
                Signature::Bad("the text is not what A <a@x> signed".to_owned()),
            ),
            (
                "[GNUPG:] ERRSIG 01 1 10 01 17 9 -\n[GNUPG:] NO_PUBKEY 01AB\n".to_owned(),
                Signature::NoKey("01AB".to_owned()),
            ),
            (
                format!("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 01 A\n{valid}[GNUPG:] NEWSIG\n"),
                Signature::Bad("it has more than one signature".to_owned()),
            ),
            (
                "[GNUPG:] NODATA 1\n".to_owned(),
                Signature::Bad("it has no signature that gpg can check".to_owned()),
            ),
            (valid.to_owned(), Signature::Bad("gpg does not say that it is good".to_owned())),
        ] {
            assert_eq!(status(&lines), expected, "{lines}");
        }
        assert_eq!(expiry("tru::1\npub:u:2048:1:01:1704164645:1735700645::u:::sc:\n"), Some(1_735_700_645));
        assert_eq!(expiry("pub:u:2048:1:01:1704164645:::u:::sc:\n"), None);
    }
}
