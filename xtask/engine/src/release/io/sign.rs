//! Signs the archives of a release that are not published yet.

use anyhow::Result;

use crate::base::config::Config;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::name;
use crate::dist;
use crate::release::command::ReleaseArgs;
use crate::signing::io::gpg::Gpg;
use crate::signing::keys::Key;
use crate::signing::provenance;
use crate::sys::terminal;

/// What was signed in this run.
#[derive(Debug)]
pub struct Signed {
    pub key: Key,
    /// The public key, as Helm reads it from a file.
    pub keyring: Vec<u8>,
    /// The names of the archives.
    pub archives: Vec<String>,
}

/// The key of the config, if signatures are asked for.
pub fn asked<'c>(config: &'c Config, args: &ReleaseArgs) -> Result<Option<&'c str>, Problem> {
    match &config.signing_key {
        _ if !args.sign => Ok(None),
        None => {
            let problem = Problem::usage("--sign needs a key, and the config names none");
            Err(problem
                .hint("add .signing_key(\"FINGERPRINT\") to the config; gpg --list-secret-keys shows yours"))
        }
        key => Ok(key.as_deref()),
    }
}

/// Signs what is not published, as of the time of the commit. `None` where there is no such archive: then nobody needs the
/// key. Warnings about the key are among `warnings`.
pub fn sign(
    wanted: &str,
    args: &ReleaseArgs,
    release: &mut dist::Release,
    warnings: &mut Vec<Problem>,
) -> Result<Option<Signed>> {
    let dist::Release { manifest, archives, .. } = release;
    let archives = archives.iter_mut().zip(&manifest.charts).filter(|(_, chart)| !chart.published);
    let archives: Vec<_> = archives.map(|(archive, _)| archive).collect();
    if archives.is_empty() {
        return Ok(None);
    }
    terminal::progress("Signing", &format!("with {}", name(wanted)));
    let (gpg, time) = (Gpg::open(args.limit())?, manifest.commit.time);
    let mut problems = Vec::new();
    let key = gpg.key(wanted, time).map_err(Problems::from)?.take(&mut problems);
    let found = verdict(problems)?;
    found.iter().for_each(terminal::problem);
    warnings.extend(found);
    let Some(key) = key else { return Ok(None) };
    let mut signed = Vec::new();
    for archive in archives {
        let cannot = |why| {
            Problems::from(Problem::error(format!("cannot sign {}: {why}", name(&archive.file_name()))))
        };
        let text = provenance::text(archive).map_err(cannot)?;
        archive.provenance = Some(gpg.sign(&key, &text, time).map_err(Problems::from)?);
        signed.push(archive.file_name());
    }
    let keyring = gpg.public(&key).map_err(Problems::from)?;
    Ok(Some(Signed { key, keyring, archives: signed }))
}
