//! Secrets in a file that is about to be published, which cannot be taken back.

use std::ops::RangeInclusive;

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::Engine as _;

use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::line_at;
use crate::chart::tgz::Entry;

/// Base64, padded or not: what somebody's program reads as a key is one.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// How the text of a key begins, in plain and in base64, as in a Secret.
const BEGIN: &str = "-----BEGIN ";
const BEGIN_ENCODED: &str = "LS0tLS1CRUdJTiB";
const KEY: &str = "PRIVATE KEY";
const DER_SEQUENCE: u8 = 0x30;

/// Tokens that tell what they are: what they begin with, how many characters follow, which besides letters and digits,
/// and whose they are.
const TOKENS: [(&str, RangeInclusive<usize>, &str, &str); 14] = [
    ("ghp_", 36..=36, "", "GitHub"),
    ("gho_", 36..=36, "", "GitHub"),
    ("ghu_", 36..=36, "", "GitHub"),
    ("ghs_", 36..=36, "", "GitHub"),
    ("ghr_", 36..=36, "", "GitHub"),
    ("github_pat_", 82..=82, "_", "GitHub"),
    ("glpat-", 20..=20, "-_", "GitLab"),
    ("npm_", 36..=36, "", "npm"),
    ("dckr_pat_", 27..=27, "-_", "Docker Hub"),
    ("AKIA", 16..=16, "", "AWS"),
    ("AIza", 35..=35, "-_", "Google Cloud"),
    ("sk_live_", 24..=99, "", "Stripe"),
    ("xoxb-", 40..=80, "-", "Slack"),
    ("xoxp-", 40..=80, "-", "Slack"),
];
/// Endings of files that hold keys, and names of files that hold keys, passwords or tokens.
const ENDINGS: [&str; 5] = ["p12", "pfx", "jks", "keystore", "key"];
const NAMES: [&str; 11] = [
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".npmrc",
    ".netrc",
    ".pypirc",
    ".git-credentials",
    ".env",
    "kubeconfig",
    ".kubeconfig",
];
/// The words by which the author says that everybody may know it.
const ALLOW: &str = "gitleaks:allow";
/// A placeholder such as `ghp_xxxx` repeats few characters.
const DIFFERENT: usize = 8;

/// What looks like a secret in a file, by its content, else by its name. `at` is the directory of its chart.
pub fn find_leaks(file: &Entry, at: &str) -> Vec<Problem> {
    let at = path::below(at, &file.path);
    let text = String::from_utf8_lossy(&file.data);
    let mut problems = keys(&text);
    problems.extend(tokens(&text));
    if problems.is_empty() {
        problems.extend(by_name(file).map(|problem| (problem, None)));
    }
    problems.into_iter().map(|(problem, line)| problem.at(&at, line)).collect()
}

/// Private keys: whole ones are errors, those that a password protects warnings.
fn keys(text: &str) -> Vec<(Problem, Option<usize>)> {
    let encoded = |at: usize| {
        let rest = text.get(at..)?;
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c))).unwrap_or(rest.len());
        key(&String::from_utf8_lossy(&BASE64.decode(rest.get(..end)?).ok()?))
    };
    let plain = text.match_indices(BEGIN).map(|(at, _)| (text.get(at..).and_then(key), at));
    let all = plain.chain(text.match_indices(BEGIN_ENCODED).map(|(at, _)| (encoded(at), at)));
    all.filter(|(_, at)| !is_allowed(text, *at))
        .filter_map(|(key, at)| Some((key?, line_at(text, at))))
        .collect()
}

/// Whether the line of a place, or the one before it, has the words that let gitleaks pass over a secret.
fn is_allowed(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().rsplit('\n').take(2);
    let after = text.get(at..).unwrap_or_default().lines().take(1);
    before.chain(after).any(|line| line.contains(ALLOW))
}

/// A private key at the start of a text: armour with base64 between (RFC 7468, and RFC 9580 for PGP), whose lines
/// may be indented or end in `\n` as in a quoted text.
fn key(text: &str) -> Option<Problem> {
    let (label, rest) = text.strip_prefix(BEGIN)?.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body = body.replace("\\n", "\n");
    let is_data = |line: &&str| !line.contains(": ") && !line.starts_with('=');
    let data: String = body.lines().map(str::trim).filter(is_data).collect();
    let bytes = BASE64.decode(&data).ok().filter(|bytes| bytes.len() > 32)?;
    let openssh = bytes.strip_prefix(b"openssh-key-v1\0\0\0\0");
    let is_open = match label {
        "OPENSSH PRIVATE KEY" => openssh?.starts_with(b"\x04none"),
        // Whether it has a password is written far inside.
        "PGP PRIVATE KEY BLOCK" => false,
        _ if label.ends_with(KEY) && bytes.first() == Some(&DER_SEQUENCE) => {
            !label.starts_with("ENCRYPTED") && !body.contains("ENCRYPTED")
        }
        _ => return None,
    };
    let problem = if is_open {
        Problem::error("a private key would be published, which cannot be taken back")
    } else {
        Problem::warning("a private key would be published, though a password may protect it")
    };
    Some(problem.hint(format!(
        "take it out, and replace it wherever it is in use; if everybody may know it, write `# {ALLOW}` above"
    )))
}

fn tokens(text: &str) -> Vec<(Problem, Option<usize>)> {
    let mut problems = Vec::new();
    for (prefix, length, besides, whose) in TOKENS {
        let is_part = |c: char| c.is_ascii_alphanumeric() || besides.contains(c);
        for (at, _) in text.match_indices(prefix) {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let rest = text.get(at + prefix.len()..).unwrap_or_default();
            let token = rest.get(..rest.find(|c| !is_part(c)).unwrap_or(rest.len())).unwrap_or_default();
            let is_first = !before.is_some_and(|c| c.is_ascii_alphanumeric() || "_-/+".contains(c));
            if length.contains(&token.len()) && is_first && is_random(token) && !is_allowed(text, at) {
                let message =
                    format!("a token of {whose} would be published, if this is a real one (`{prefix}…`)");
                let problem = Problem::warning(message).hint("revoke it, and refer to a Secret instead");
                problems.push((problem, line_at(text, at)));
            }
        }
    }
    problems
}

fn is_random(token: &str) -> bool {
    let mut letters: Vec<char> = token.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() >= DIFFERENT && token.contains(|c: char| c.is_ascii_digit()) && !token.ends_with("EXAMPLE")
}

/// Files that hold secrets whatever is in them, unless it is a template, or a public key in armour.
fn by_name(file: &Entry) -> Option<Problem> {
    let name = file.path.rsplit('/').next()?;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_example = matches!(ending, "example" | "sample" | "template" | "dist");
    let is_named = NAMES.contains(&name) || name.starts_with(".env.") && !is_example;
    if !(is_named || ENDINGS.contains(&ending)) || file.data.is_empty() {
        return None;
    }
    let is_public = file.data.starts_with(BEGIN.as_bytes()) || file.data.windows(2).any(|pair| pair == b"{{");
    let problem = Problem::warning("a file of this name holds secrets, and would be published");
    (!is_public).then(|| problem.hint("take it out of the chart, or name it in .helmignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = Entry { path: path.to_owned(), data: text.as_bytes().to_vec() };
        find_leaks(&file, "c")
            .into_iter()
            .map(|problem| format!("{:?} {problem}", problem.severity))
            .collect()
    }

    /// Made here, so that nobody finds a key in this file.
    fn pem(label: &str, bytes: &[u8]) -> String {
        let text = BASE64.encode(bytes);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
        format!("{BEGIN}{label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    fn der() -> Vec<u8> {
        (0..200).map(|i| if i == 0 { 0x30 } else { i }).collect()
    }

    #[test]
    fn private_keys() {
        let error = "a private key would be published, which cannot be taken back";
        let warning = "a private key would be published, though a password may protect it";
        let plain = pem("PRIVATE KEY", &der());
        let openssh = |cipher: &[u8]| {
            let start = [b"openssh-key-v1\0\0\0\0", cipher].concat();
            pem("OPENSSH PRIVATE KEY", &[&start[..], &[1; 60]].concat())
        };
        let pgp = pem("PGP PRIVATE KEY BLOCK", &der()).replace("\n-----END", "\n=aBcD\n-----END");
        let indented = plain.replace('\n', "\n    ");
        let quoted = plain.replace('\n', "\\n");
        let locked = plain.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n", 1);
        for (text, expected) in [
            (plain.clone(), format!("Error c/a:1: {error}")),
            (pem("RSA PRIVATE KEY", &der()), format!("Error c/a:1: {error}")),
            (openssh(b"\x04none"), format!("Error c/a:1: {error}")),
            (openssh(b"\x0aaes256-ctr"), format!("Warning c/a:1: {warning}")),
            (pgp, format!("Warning c/a:1: {warning}")),
            (format!("a: |\n    {indented}"), format!("Error c/a:2: {error}")),
            (format!("\na: \"{quoted}\""), format!("Error c/a:2: {error}")),
            (format!("a:\n  b: {}\n", BASE64.encode(&plain)), format!("Error c/a:2: {error}")),
            (locked, format!("Warning c/a:1: {warning}")),
            (pem("ENCRYPTED PRIVATE KEY", &der()), format!("Warning c/a:1: {warning}")),
        ] {
            assert_eq!(found("a", &text), [expected], "{text}");
        }
        for text in [
            pem("PUBLIC KEY", &der()),
            pem("CERTIFICATE", &der()),
            pem("PRIVATE KEY", b"short"),
            pem("PRIVATE KEY", &[1; 200]),
            pem("OPENSSH PRIVATE KEY", &[1; 200]),
            plain.replacen("MAEC", "...\n", 1),
            format!("# gitleaks:allow\n{plain}"),
            format!("{BEGIN}PRIVATE KEY-----\n{{{{ .Values.key }}}}\n-----END PRIVATE KEY-----"),
        ] {
            assert_eq!(found("a", &text), [""; 0], "{text}");
        }
    }

    #[test]
    fn whole_tokens() {
        let random = "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T";
        let part = |length: usize| random.get(..length).expect("enough");
        let token = |text: String, whose: &str, prefix: &str| {
            let expected = format!(
                "Warning c/a:2: a token of {whose} would be published, if this is a real one (`{prefix}…`)"
            );
            assert_eq!(found("a", &format!("\nkey: {text}\n")), [expected], "{text}");
        };
        token(format!("ghp_{}", part(36)), "GitHub", "ghp_");
        token(format!("glpat-{}", part(20)), "GitLab", "glpat-");
        token(format!("xoxb-{}-{}", part(20), part(24)), "Slack", "xoxb-");
        for text in [
            format!("ghp_{}", part(35)),
            format!("ghp_{}", part(37)),
            format!("aghp_{}", part(36)),
            format!("ghp_{}", "x".repeat(36)),
            format!("# gitleaks:allow\nghp_{}", part(36)),
            ["AKIA", "IOSFODNN7EXAMPLE"].concat(),
        ] {
            assert_eq!(found("a", &text), [""; 0], "{text}");
        }
    }

    #[test]
    fn names() {
        for path in
            [".env", "a/.env.prod", ".npmrc", "id_rsa", "tls.key", "a.p12", "files/a.jks", "kubeconfig"]
        {
            let expected =
                format!("Warning c/{path}: a file of this name holds secrets, and would be published");
            assert_eq!(found(path, "a=b"), [expected]);
        }
        for (path, text) in [
            (".env.example", "a=b"),
            ("tls.key", "{{ .Values.key }}"),
            ("tls.key", ""),
            ("tls.pem", "a"),
            ("templates/kubeconfig.yaml", "a"),
            ("config.json", "{}"),
        ] {
            assert_eq!(found(path, text), [""; 0], "{path}");
        }
    }
}
