//! Judges the keys that gpg lists: which one signs, and what would keep users of Helm from verifying with it.

use crate::base::problem::{Checked, Problem, docs_page};
use crate::base::text::{few, name};
use crate::base::time;

/// How long before its end a key is warned of.
const SOON: u64 = 30 * 86_400;
/// The algorithms of public keys (RFC 4880, 9.1; RFC 9580, 9.1).
const RSA: [u8; 3] = [1, 2, 3];
const ECDSA: u8 = 19;
const EDDSA: u8 = 22;
/// The curves that Helm 3.17 reads, whose library is an older one (`golang.org/x/crypto/openpgp`).
const CURVES: [&str; 3] = ["nistp256", "nistp384", "nistp521"];
/// Shorter keys are broken, or will be soon (NIST SP 800-131A).
const MIN_RSA: u32 = 2048;

/// A key that can sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The fingerprint of the key that signs: a subkey, or the primary key.
    pub fingerprint: String,
    /// The fingerprint of the primary key, by which people know it.
    pub primary: String,
    /// Whose it is, such as `Shop <charts@example.com>`.
    pub user: String,
    /// The earliest time that a signature of it may have, in seconds since 1970.
    pub created: u64,
}

/// A key as gpg lists it, with its subkeys (`GnuPG`, `doc/DETAILS`, "Format of the colon listings").
#[derive(Debug, Default)]
struct Listed {
    /// The primary key first.
    parts: Vec<Part>,
    user: String,
}

#[derive(Debug)]
struct Part {
    validity: String,
    bits: u32,
    algorithm: u8,
    created: u64,
    expires: Option<u64>,
    can_sign: bool,
    /// Whether its secret part is there, in a file or on a card.
    is_here: bool,
    curve: String,
    fingerprint: String,
}

/// Chooses the key that signs. `listing` is what `gpg --with-colons --list-secret-keys` prints for `wanted`, a fingerprint
/// or an address; `time` is that of the commit, in seconds since 1970.
pub fn judge(listing: &str, wanted: &str, time: u64) -> Checked<Option<Key>> {
    let listed = read(listing);
    let error = |problem: Problem| Checked::new(None, [problem]);
    let key = match listed.as_slice() {
        [] => {
            let problem = Problem::error(format!("gpg has no secret key {}", name(wanted)));
            return error(problem.hint("gpg --list-secret-keys; in CI, set XTASK_GPG_KEY to the secret key"));
        }
        [key] => key,
        several => {
            let of = |key: &Listed| key.parts.first().map(|part| part.fingerprint.clone());
            let all: Vec<String> = several.iter().filter_map(of).collect();
            let problem =
                Problem::error(format!("gpg has {} secret keys {}: {}", all.len(), name(wanted), few(&all)));
            return error(problem.hint("name one by its fingerprint in `signing_key` of the config"));
        }
    };
    let Some((primary, subkeys)) = key.parts.split_first() else { return Checked::default() };
    let is_wanted = |part: &&Part| {
        wanted == primary.fingerprint
            || !subkeys.iter().any(|one| one.fingerprint == wanted)
            || part.fingerprint == wanted
    };
    if let Some(why) = primary.end(time) {
        return error(ended(wanted, &why, primary));
    }
    let signing: Vec<&Part> = key.parts.iter().filter(|part| part.can_sign).filter(is_wanted).collect();
    let usable = || signing.iter().filter(|part| part.is_here && part.end(time).is_none());
    // gpg prefers a subkey, and of several the newest.
    let newest =
        usable().filter(|part| part.fingerprint != primary.fingerprint).max_by_key(|part| part.created);
    let Some(part) = newest.or_else(|| usable().next()) else {
        let ends = signing.iter().find_map(|part| Some(ended(wanted, &part.end(time)?, primary)));
        let without = || Problem::error(format!("the secret part of key {} is not here", name(wanted)));
        let cannot = || Problem::error(format!("key {} cannot sign", name(wanted)));
        let problem = ends.unwrap_or_else(|| if signing.is_empty() { cannot() } else { without() });
        let hint =
            problem.hint.clone().unwrap_or_else(|| format!("gpg --list-secret-keys {}", primary.fingerprint));
        return error(problem.hint(hint));
    };
    let old = old_helm(primary).or_else(|| old_helm(part)).map(|what| unread(wanted, &what));
    let problems = [old, weak(wanted, part), ends_soon(wanted, [primary, part], time)];
    let key = Key {
        fingerprint: part.fingerprint.clone(),
        primary: primary.fingerprint.clone(),
        user: key.user.clone(),
        created: part.created.max(primary.created),
    };
    Checked::new(Some(key), problems.into_iter().flatten())
}

impl Part {
    /// Why it signs nothing any more.
    fn end(&self, time: u64) -> Option<String> {
        match (self.validity.as_str(), self.expires) {
            ("r", _) => Some("is revoked".to_owned()),
            ("e", Some(end)) => Some(format!("expired on {}", date(end))),
            (_, Some(end)) if end <= time => Some(format!("expired on {}", date(end))),
            ("e" | "i" | "d" | "n", _) => Some("is not valid".to_owned()),
            _ => None,
        }
    }
}

/// Newer Helms refuse all signatures of a key once it has expired, also older ones.
fn ended(wanted: &str, why: &str, primary: &Part) -> Problem {
    let problem = Problem::error(format!("key {} {why}", name(wanted)));
    let fingerprint = &primary.fingerprint;
    problem.hint(if why.starts_with("expired") {
        format!(
            "gpg --quick-set-expire {fingerprint} 2y, the same for its subkeys (`gpg --edit-key {fingerprint}`), and publish it again"
        )
    } else {
        format!("make a new key, and name it in the config: {}", docs_page("signing"))
    })
}

fn ends_soon(wanted: &str, parts: [&Part; 2], time: u64) -> Option<Problem> {
    let end = parts.into_iter().filter_map(|part| part.expires).min().filter(|end| *end <= time + SOON)?;
    let message = format!(
        "key {} expires on {}: Helm 3.22 and 4.x then refuse what it has signed, also what is published",
        name(wanted),
        date(end)
    );
    let hint = "gpg --quick-set-expire FINGERPRINT 2y, then publish the public key again";
    Some(Problem::warning(message).hint(hint))
}

/// What Helm 3.17 cannot read of a key; with it in a keyring it reads nothing of that.
fn old_helm(part: &Part) -> Option<String> {
    let is_read = part.curve.is_empty() && part.algorithm != EDDSA || CURVES.contains(&part.curve.as_str());
    (!is_read).then(|| if part.curve.is_empty() { "EdDSA".to_owned() } else { part.curve.clone() })
}

fn unread(wanted: &str, what: &str) -> Problem {
    let message = format!(
        "key {} is one of {}: Helm 3.17 refuses every keyring that holds it",
        name(wanted),
        name(what)
    );
    Problem::warning(message).hint(format!("sign by RSA or NIST P-256: {}", docs_page("signing")))
}

fn weak(wanted: &str, part: &Part) -> Option<Problem> {
    let message = match part.algorithm {
        algorithm if RSA.contains(&algorithm) && part.bits < MIN_RSA => {
            format!("key {} has {} bits: that is no protection", name(wanted), part.bits)
        }
        algorithm if RSA.contains(&algorithm) || matches!(algorithm, ECDSA | EDDSA) => return None,
        _ => format!("key {} is neither RSA nor of an elliptic curve: Helm may refuse it", name(wanted)),
    };
    Some(Problem::warning(message).hint(format!("sign by RSA or NIST P-256: {}", docs_page("signing"))))
}

/// Whether a file for `--keyring` is in a form that Helm before 4.3 does not read; `file` is its path for messages.
pub fn keyring_problem(file: &str, data: &[u8]) -> Option<Problem> {
    let form = if data.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----") {
        "armoured"
    } else if data.get(8..12) == Some(b"KBXf") {
        "a keybox"
    } else {
        return None;
    };
    let message = format!("it is {form}: Helm before 4.3 reads a binary keyring alone");
    let hint = format!("gpg --export 'FINGERPRINT!' > {}", path_in_shell(file));
    Some(Problem::warning(message).at(file, None).hint(hint))
}

/// The name of the file where a shell takes it as it is.
fn path_in_shell(file: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if file.chars().all(is_plain) { file } else { "keyring.gpg" }
}

fn date(seconds: u64) -> String {
    time::utc(seconds).chars().take_while(|c| *c != 'T').collect()
}

fn read(listing: &str) -> Vec<Listed> {
    let mut keys: Vec<Listed> = Vec::new();
    for line in listing.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        // They are counted from 1.
        let field = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        if matches!(field(1), "sec" | "pub") {
            keys.push(Listed::default());
        }
        let Some(key) = keys.last_mut() else { continue };
        match field(1) {
            "sec" | "ssb" | "pub" | "sub" => key.parts.push(Part {
                validity: field(2).to_owned(),
                bits: field(3).parse().unwrap_or_default(),
                algorithm: field(4).parse().unwrap_or_default(),
                created: field(6).parse().unwrap_or_default(),
                expires: field(7).parse().ok(),
                can_sign: field(12).contains('s'),
                is_here: !field(15).starts_with('#'),
                curve: field(17).to_owned(),
                fingerprint: String::new(),
            }),
            "fpr" => {
                let part = key.parts.last_mut().filter(|part| part.fingerprint.is_empty());
                if let Some(part) = part {
                    field(10).clone_into(&mut part.fingerprint);
                }
            }
            "uid" if key.user.is_empty() && !matches!(field(2), "r") => {
                key.user = field(10).replace("\\x3a", ":");
            }
            _ => {}
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: &str = "8EAF20E2FEA4517109489D9F6F3086E2A4C34093";
    const SUBKEY: &str = "91021612C76B1389C51FAF77249B317DD4E8DA3D";
    const CREATED: u64 = 1_700_000_000;
    const DAY: u64 = 86_400;

    /// A line for a key: its kind, validity, size, algorithm, end, capabilities, where its secret part is, and its curve.
    fn part(kind: &str, facts: [&str; 7], fingerprint: &str) -> String {
        let [validity, bits, algorithm, end, can, token, curve] = facts;
        let created = if kind == "ssb" { CREATED + DAY } else { CREATED };
        format!(
            "{kind}:{validity}:{bits}:{algorithm}:{}:{created}:{end}::u:::{can}:::{token}::{curve}:::0:\nfpr:::::::::{fingerprint}:\n",
            fingerprint.get(24..).expect("an id")
        )
    }

    fn listing(primary: [&str; 7], subkey: Option<[&str; 7]>) -> String {
        let uid = "uid:u::::1700000000::A001::Shop\\x3a charts <charts@example.com>::::::::::0:\n";
        let subkey = subkey.map(|facts| part("ssb", facts, SUBKEY)).unwrap_or_default();
        part("sec", primary, PRIMARY) + uid + &subkey
    }

    const RSA_KEY: [&str; 7] = ["u", "3072", "1", "", "scSC", "+", ""];
    const CERTIFIES: [&str; 7] = ["u", "3072", "1", "", "cSC", "+", ""];
    const SIGNS: [&str; 7] = ["u", "3072", "1", "", "s", "+", ""];

    #[test]
    fn the_key_that_signs() {
        let encrypts = ["u", "255", "18", "", "e", "+", "cv25519"];
        for (text, signer, created) in [
            (listing(RSA_KEY, None), PRIMARY, CREATED),
            (listing(RSA_KEY, Some(encrypts)), PRIMARY, CREATED),
            (listing(RSA_KEY, Some(SIGNS)), SUBKEY, CREATED + DAY),
            (listing(["u", "3072", "1", "", "cSC", "#", ""], Some(SIGNS)), SUBKEY, CREATED + DAY),
            (listing(RSA_KEY, Some(["r", "3072", "1", "", "s", "+", ""])), PRIMARY, CREATED),
            (listing(RSA_KEY, Some(["u", "3072", "1", "1700000001", "s", "+", ""])), PRIMARY, CREATED),
            (listing(RSA_KEY, Some(["u", "3072", "1", "", "s", "#", ""])), PRIMARY, CREATED),
            (
                listing(["u", "256", "19", "", "scSC", "D2760001240103040006", "nistp256"], None),
                PRIMARY,
                CREATED,
            ),
        ] {
            let Checked { value, problems } = judge(&text, "charts@example.com", CREATED + 2 * DAY);
            assert_eq!(problems, [], "{text}");
            let expected = Key {
                fingerprint: signer.to_owned(),
                primary: PRIMARY.to_owned(),
                user: "Shop: charts <charts@example.com>".to_owned(),
                created,
            };
            assert_eq!(value, Some(expected), "{text}");
        }
        let both = listing(RSA_KEY, Some(SIGNS));
        let signer = |wanted| judge(&both, wanted, CREATED).value.map(|key| key.fingerprint);
        assert_eq!([signer(PRIMARY), signer(SUBKEY)], [Some(SUBKEY.to_owned()), Some(SUBKEY.to_owned())]);
    }

    #[test]
    fn forms_of_keyrings() {
        let found = |data: &[u8]| keyring_problem("a/keyring.gpg", data).map(|problem| problem.to_string());
        assert_eq!(found(b"\x99\x01\x0d\x04binary keys"), None);
        for (data, form) in [
            (&b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ"[..], "armoured"),
            (b"\0\0\0 \x01\x01\0\x02KBXf\0", "a keybox"),
        ] {
            let expected =
                format!("a/keyring.gpg: it is {form}: Helm before 4.3 reads a binary keyring alone");
            assert_eq!(found(data), Some(expected));
        }
        assert_eq!([path_in_shell("a/b.gpg"), path_in_shell("a b;c.gpg")], ["a/b.gpg", "keyring.gpg"]);
    }

    #[test]
    fn what_is_wrong_with_a_key() {
        let time = CREATED + DAY;
        let ends = |days: u64| (time + days * DAY).to_string();
        let (soon, late, now) = (ends(30), ends(31), ends(0));
        let twice = listing(RSA_KEY, None).repeat(2);
        let with = |facts: [&str; 7]| listing(facts, None);
        for (text, found) in [
            (String::new(), "error: gpg has no secret key `K`"),
            (twice, "error: gpg has 2 secret keys `K`: "),
            (with(["r", "3072", "1", "", "scSC", "+", ""]), "error: key `K` is revoked"),
            (with(["e", "3072", "1", "1700000005", "scSC", "+", ""]), "error: key `K` expired on 2023-11-14"),
            (with(["u", "3072", "1", &now, "scSC", "+", ""]), "error: key `K` expired on 2023-11-15"),
            (with(["d", "3072", "1", "", "scSC", "+", ""]), "error: key `K` is not valid"),
            (with(CERTIFIES), "error: key `K` cannot sign"),
            (with(["u", "3072", "1", "", "scSC", "#", ""]), "error: the secret part of key `K` is not here"),
            (
                listing(CERTIFIES, Some(["e", "3072", "1", "1700000005", "s", "+", ""])),
                "error: key `K` expired on ",
            ),
            (with(["u", "3072", "1", &soon, "scSC", "+", ""]), "warning: key `K` expires on 2023-12-15: "),
            (
                listing(RSA_KEY, Some(["u", "3072", "1", &soon, "s", "+", ""])),
                "warning: key `K` expires on 2023-12-15: ",
            ),
            (with(["u", "3072", "1", &late, "scSC", "+", ""]), ""),
            (
                with(["u", "255", "22", "", "scSC", "+", "ed25519"]),
                "warning: key `K` is one of `ed25519`: Helm 3.17 refuses ",
            ),
            (
                listing(RSA_KEY, Some(["u", "255", "22", "", "s", "+", "ed25519"])),
                "warning: key `K` is one of `ed25519`",
            ),
            (
                with(["u", "256", "19", "", "scSC", "+", "secp256k1"]),
                "warning: key `K` is one of `secp256k1`",
            ),
            (
                with(["u", "256", "19", "", "scSC", "+", "brainpoolP256r1"]),
                "warning: key `K` is one of `brainpoolP256r1`",
            ),
            (with(["u", "384", "19", "", "scSC", "+", "nistp384"]), ""),
            (with(["u", "1024", "1", "", "scSC", "+", ""]), "warning: key `K` has 1024 bits"),
            (
                with(["u", "2048", "17", "", "scSC", "+", ""]),
                "warning: key `K` is neither RSA nor of an elliptic curve",
            ),
        ] {
            let Checked { value, problems } = judge(&text, "K", time);
            let told: Vec<String> = problems
                .iter()
                .map(|one| format!("{}: {one}", if one.is_error() { "error" } else { "warning" }))
                .collect();
            assert_eq!(value.is_none(), found.starts_with("error"), "{text}");
            assert!(
                told.iter().all(|one| one.starts_with(found)) && told.len() == usize::from(!found.is_empty()),
                "{found}: {told:?}"
            );
            assert!(problems.iter().all(|one| one.hint.is_some()), "{found}");
        }
    }
}
