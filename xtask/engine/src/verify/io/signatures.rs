//! Signatures and attestations of a version, and whose they are.

use anyhow::Result;

use super::Network;
use super::registry::Signed;
use crate::base::text::counted;
use crate::base::time::utc;
use crate::github::io::Github;
use crate::registry::referrers::Kind;
use crate::signing::io::verify::{Cosigned, cosign as check};
use crate::signing::read::{Signature, Signer};
use crate::verify::Says;
use crate::verify::command::VerifyArgs;
use crate::verify::evidence::Evidence;

const TAMPERED: &str = "do not install it; release another version, signed anew";

/// Compares the provenance files, and checks the signature of the one that most places have.
pub fn provenance(network: &Network, args: &VerifyArgs, evidence: &mut Evidence) -> Result<()> {
    let (place, bytes) = match evidence.compare_provenances() {
        Some(Ok((place, bytes))) => (format!("signature of {place}"), bytes),
        Some(Err(_)) => return Ok(()),
        None => {
            let place = format!("provenance of {}", evidence.wanted.title());
            let is_unseen = evidence.seen.iter().any(|one| matches!(one.says, Says::Unseen(_)));
            if args.keyring.is_some() && is_unseen {
                unchecked(evidence, &place, true, "no place that could be looked at has one");
            } else if args.keyring.is_some() {
                let hint = "leave --keyring out for a version that is not signed";
                evidence.wrong(&place, "--keyring asks for one, and no place has it", hint);
            }
            return Ok(());
        }
    };
    let Some(gpg) = &network.gpg else {
        unchecked(evidence, &place, args.keyring.is_some(), "gpg is not installed");
        return Ok(());
    };
    match gpg.verify(&bytes)? {
        Signature::Good(signer) => evidence.see(&place, Says::Agrees, &by(&signer)),
        Signature::Outdated(signer, why) => {
            let hint =
                "get the key again: its owner may have prolonged it, or signs the next version with another";
            evidence.wrong(&place, &format!("{why}: {}", by(&signer)), hint);
        }
        Signature::Bad(why) => evidence.wrong(&place, &why, TAMPERED),
        Signature::NoKey(id) if args.keyring.is_some() => {
            let message = format!("it is made with the key {id}, which is not in the keyring");
            evidence.wrong(&place, &message, "name a keyring with that key, if you trust its owner");
        }
        Signature::NoKey(id) => {
            let why = format!("no public key for {id}; name a file that has it with --keyring");
            evidence.unseen(&place, why);
        }
    }
    Ok(())
}

/// A signature that could not be checked: an error where an option asks for it, since whoever gives that relies on it.
fn unchecked(evidence: &mut Evidence, place: &str, is_asked: bool, why: &str) {
    if is_asked {
        let message = format!("it cannot be checked, and an option asks for it: {why}");
        evidence.wrong(place, &message, "mend that, or leave out --keyring, --key or --identity");
    } else {
        evidence.unseen(place, why);
    }
}

/// Who signed, with the key and when that expires.
fn by(signer: &Signer) -> String {
    let date = |time| format!("expires {}", utc(time).split('T').next().unwrap_or_default());
    let expires = signer.expires.map_or_else(|| "does not expire".to_owned(), date);
    format!("by {}, key {}, {expires}", signer.user, signer.fingerprint)
}

/// The signature that cosign made of the manifest. With a key or an identity there has to be a good one.
pub fn cosign(network: &Network, args: &VerifyArgs, manifest: Option<&Signed>, evidence: &mut Evidence) {
    let options = match (&args.key, &args.identity, &args.issuer) {
        // Who has the key needs no log of signatures; a version that is signed offline is in none.
        (Some(key), ..) => vec!["--insecure-ignore-tlog=true", "--key", key],
        (None, Some(identity), Some(issuer)) => {
            vec!["--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
        }
        _ => Vec::new(),
    };
    let is_asked = !options.is_empty();
    let Some(manifest) = manifest else {
        if is_asked {
            unchecked(
                evidence,
                "cosign signature",
                true,
                "there is no manifest in a registry that it could be of",
            );
        }
        return;
    };
    let place = format!("cosign signature of {}", manifest.at);
    let is_there = match &manifest.referrers {
        Err(problem) => return unchecked(evidence, &place, is_asked, &problem.message),
        Ok(referrers) => referrers.contains(&Kind::Signature),
    };
    match (is_there, is_asked) {
        (false, false) => evidence.see(&place, Says::Absent, ""),
        (true, false) => {
            evidence.unseen(&place, "it is there; name its key with --key, or its --identity and --issuer");
        }
        (false, true) => {
            let hint = "leave the option out for a version that is not signed by cosign";
            evidence.wrong(&place, "there is none, and --key or --identity asks for one", hint);
        }
        (true, true) => {
            let digest = manifest.digest.to_string();
            match check(&manifest.at, &digest, &options, manifest.is_plain, network.limit) {
                None => unchecked(evidence, &place, true, "cosign is not installed"),
                Some(Cosigned::Unknown(words)) => {
                    unchecked(evidence, &place, true, &format!("cosign cannot tell: {words}"));
                }
                Some(Cosigned::Bad(words)) => evidence.wrong(&place, &words, TAMPERED),
                Some(Cosigned::Good) => evidence.see(&place, Says::Agrees, &options.join(" ")),
            }
        }
    }
}

/// Whether there is an attestation of the archive or of the manifest, in the registry or at GitHub. Its content is for
/// `gh attestation verify`.
pub fn attestation(github: Option<&Github<'_>>, manifest: Option<&Signed>, evidence: &mut Evidence) {
    let Some(archive) = evidence.digest() else { return };
    let place = format!("attestation of {}", evidence.wanted.title());
    let (mut found, mut unknown) = (Vec::new(), None);
    match manifest.map(|manifest| &manifest.referrers) {
        Some(Ok(referrers)) => {
            let count = referrers.iter().filter(|kind| **kind == Kind::Attestation).count();
            found.extend((count > 0).then(|| format!("{count} in the registry")));
        }
        Some(Err(problem)) => unknown = Some(problem.message.clone()),
        None => {}
    }
    let digests = [Some(&archive), manifest.map(|manifest| &manifest.digest)].into_iter().flatten();
    let ask =
        |github: &Github<'_>| digests.map(|digest| github.attestations(digest)).sum::<Result<usize, _>>();
    match github.map(ask) {
        None | Some(Ok(0)) => {}
        Some(Ok(count)) => found.push(format!("{} at GitHub", counted(count, "attestation"))),
        Some(Err(problem)) => unknown = Some(problem.message),
    }
    match (found.is_empty(), unknown) {
        (false, _) => {
            let note = format!("{}; gh attestation verify checks it", found.join(", "));
            evidence.see(&place, Says::Found, &note);
        }
        (true, Some(why)) => evidence.unseen(&place, why),
        (true, None) => evidence.see(&place, Says::Absent, ""),
    }
}
