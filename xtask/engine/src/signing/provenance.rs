//! The text of a provenance file, as Helm 3.22 and 4.x sign it (`pkg/provenance/sign.go`, `messageBlock`), and whose
//! signature such a file has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use helm_xtask_formats::chart::map;

use crate::base::text::name;
use crate::base::yaml::{self, Out};
use crate::chart::{Archive, metadata_to_yaml};

const HEAD: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";
/// Types of a signature's subpackets (RFC 4880, 5.2.3.1; RFC 9580, 5.2.3.35).
const ISSUER_KEY_ID: u8 = 16;
const ISSUER_FINGERPRINT: u8 = 33;

/// The text to be signed: the metadata of the chart, then the digest of its archive. `---`, which would separate the two,
/// may not begin a line of a signed text, so that Helm ends the first document by `...`. The error is the message.
pub fn text(archive: &Archive) -> Result<String, String> {
    let metadata = metadata_to_yaml(&archive.metadata)?;
    let file = (archive.file_name(), Out::Text(archive.digest.to_string()));
    let files = yaml::write(&map([("files", Some(Out::Map(vec![file])))])).map_err(|error| error.message)?;
    // Helm 3.17 leaves out the empty line at the end; all read both.
    Ok(format!("{metadata}\n...\n{files}\n"))
}

/// Checks that a program has signed this text and no other: gpg cuts lines that are too long. The error is the message.
pub fn check(signed: &[u8], text: &str) -> Result<(), String> {
    let signed = str::from_utf8(signed).map_err(|_| "the signed text is not UTF-8".to_owned())?;
    let lines = signed.lines().skip_while(|line| *line != HEAD).skip_while(|line| !line.is_empty()).skip(1);
    let lines = lines.take_while(|line| *line != SIGNATURE);
    let is_same = lines.map(|line| line.strip_prefix("- ").unwrap_or(line)).eq(text.lines());
    if !is_same || signed.lines().last() != Some(END) {
        return Err("the signed text is another than was to be signed: a line of Chart.yaml may be too long"
            .to_owned());
    }
    Ok(())
}

/// The key that a signature names as its own, in capital hexadecimal digits: its fingerprint, or the end of that as older
/// programs have it. That the signature is good is not looked at.
pub fn signer(provenance: &[u8]) -> Option<String> {
    let text = str::from_utf8(provenance).ok()?;
    let armour = text.split_once(SIGNATURE)?.1.split_once(END)?.0;
    let lines = armour.lines().map(str::trim).skip_while(|line| !line.is_empty());
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('='));
    let packet = STANDARD.decode(lines.collect::<String>()).ok()?;
    let mut body = Reader(body(&packet)?);
    let [4, _type, _algorithm, _hash] = body.take(4)? else { return None };
    let hashed = body.part()?;
    let unhashed = body.part()?;
    let named = |wanted, skipped| {
        let found = [hashed, unhashed].into_iter().find_map(|part| subpacket(part, wanted))?;
        let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
        let digits: Option<String> = found.get(skipped..)?.iter().flat_map(digits).collect();
        Some(digits?.to_uppercase())
    };
    // The first byte of a fingerprint is the version of its key.
    named(ISSUER_FINGERPRINT, 1).or_else(|| named(ISSUER_KEY_ID, 0))
}

/// The body of a signature packet (RFC 4880, 4.2).
fn body(packet: &[u8]) -> Option<&[u8]> {
    let (tag, rest) = packet.split_first()?;
    let is_new = tag & 0x40 != 0;
    let kind = if is_new { tag & 0x3f } else { (tag & 0x3c) >> 2 };
    let of_length = match (is_new, rest.first()?) {
        (true, 0..192) => 1,
        (true, 192..224) => 2,
        (true, 255) => 5,
        (true, _) => return None,
        (false, _) => 1 << (tag & 3),
    };
    (kind == 2).then(|| rest.get(of_length..))?
}

fn subpacket(part: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut part = Reader(part);
    loop {
        let length = match *part.take(1)? {
            [short @ 0..192] => usize::from(short),
            [high @ 192..=254] => {
                (usize::from(high) - 192) * 256 + usize::from(*part.take(1)?.first()?) + 192
            }
            _ => return None,
        };
        let (kind, data) = part.take(length)?.split_first()?;
        // The highest bit says that the subpacket is critical.
        if kind & 0x7f == wanted {
            return Some(data);
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// What has its length before it, in two bytes.
    fn part(&mut self) -> Option<&'b [u8]> {
        let [high, low] = *self.take(2)? else { return None };
        self.take(usize::from(high) * 256 + usize::from(low))
    }
}

/// `signed by KEY` for the lines of a plan; nothing where the file does not name a key.
pub fn signed_by(provenance: Option<&[u8]>) -> Option<String> {
    Some(format!("signed by {}", name(&signer(provenance?)?).trim_matches('`')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Metadata;

    /// Armour around a packet, without a checksum as some programs write it.
    fn armoured(packet: &[u8]) -> Vec<u8> {
        format!("{HEAD}\nHash: SHA512\n\na\n{SIGNATURE}\n\n{}\n{END}\n", STANDARD.encode(packet)).into_bytes()
    }

    #[test]
    fn whose_signature_it_is() {
        let fingerprint = [0xab; 20];
        let by_fingerprint = [&[22, ISSUER_FINGERPRINT, 4][..], &fingerprint].concat();
        let critical = [&[22, ISSUER_FINGERPRINT | 0x80, 4][..], &fingerprint].concat();
        let by_id = [9, ISSUER_KEY_ID, 1, 2, 3, 4, 5, 6, 7, 8];
        let time = [5, 2, 0x65, 0, 0, 0];
        let packet = |hashed: &[u8], unhashed: &[u8]| {
            let length = |part: &[u8]| u16::try_from(part.len()).expect("a length").to_be_bytes();
            let head = [4, 1, 1, 10];
            let body =
                [&head[..], &length(hashed), hashed, &length(unhashed), unhashed, &[0, 0, 0, 1, 1]].concat();
            // The old form of a header with a length of one byte, and the new one.
            let size = u8::try_from(body.len()).expect("a short packet");
            [[&[0x88, size][..], &body].concat(), [&[0xc2, size][..], &body].concat()]
        };
        let full = Some("AB".repeat(20));
        for (hashed, unhashed, expected) in [
            (&[&time[..], &by_fingerprint].concat(), &by_id[..], full.clone()),
            (&[&time[..], &critical].concat(), &by_id, full),
            (&time.to_vec(), &by_id, Some("0102030405060708".to_owned())),
            (&time.to_vec(), &[], None),
            (&vec![200, 1], &[], None),
            (&vec![90, 1], &[], None),
        ] {
            for packet in packet(hashed, unhashed) {
                assert_eq!(signer(&armoured(&packet)), expected, "{packet:?}");
                for end in 0..packet.len() {
                    // A packet that ends early names nobody, and nothing panics.
                    let _ = signer(&armoured(&packet[..end]));
                }
            }
        }
        for odd in [&b""[..], b"text", b"\xff", SIGNATURE.as_bytes()] {
            assert_eq!((signer(odd), signed_by(Some(odd))), (None, None));
        }
        assert_eq!(signed_by(None), None);
    }

    #[test]
    fn what_was_signed_is_what_was_to_be_signed() {
        let metadata = Metadata {
            api_version: "v2".to_owned(),
            name: "web".to_owned(),
            version: "1.0.0".to_owned(),
            keywords: vec!["a".to_owned()],
            ..Metadata::default()
        };
        let archive = Archive::new(metadata, b"x".to_vec(), None);
        let text = text(&archive).expect("a text");
        let expected = format!(
            "apiVersion: v2\nkeywords:\n- a\nname: web\nversion: 1.0.0\n\n...\nfiles:\n  web-1.0.0.tgz: {}\n\n",
            archive.digest
        );
        assert_eq!(text, expected);
        let signed = format!(
            "{HEAD}\nHash: SHA512\n\n{}{SIGNATURE}\n\nAA==\n{END}\n",
            text.replace("\n- a", "\n- - a")
        );
        assert_eq!(check(signed.as_bytes(), &text), Ok(()));
        for other in [
            signed.replace("web", "api"),
            signed.replace("\n- - a", ""),
            signed.replace(END, ""),
            text.clone(),
            String::new(),
        ] {
            assert!(check(other.as_bytes(), &text).is_err(), "{other}");
        }
    }
}
