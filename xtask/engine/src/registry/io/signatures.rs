//! What refers to a manifest, such as a signature, asked of the registry alone.

use super::session::Session;
use super::{Registry, Who, next_page};
use crate::base::digest::Digest;
use crate::base::http::Response;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::registry::referrers::{INDEX, Kind, Referrer, kind_of, list_tag, referrers, tags_of_cosign};
use crate::registry::refusal::{Wish, is_absent};

/// More pages of referrers, and more of them that have to be opened, than a chart has.
const MAX_PAGES: usize = 20;
const MAX_OPENED: usize = 200;

impl Registry<'_> {
    /// Whether a signature by cosign lies beside a manifest, whoever made it and whatever it is worth. Every doubt is an
    /// error.
    pub fn is_signed(&self, at: &Reference, digest: &Digest, writing: bool) -> Result<bool, Problem> {
        Ok(self.referrers(at, digest, writing)?.contains(&Kind::Signature))
    }

    /// What lies beside a manifest and refers to it. Where the registry lists that, its list counts, else the tag in its
    /// place; cosign 2 has tags of its own. Every doubt is an error.
    pub fn referrers(&self, at: &Reference, digest: &Digest, writing: bool) -> Result<Vec<Kind>, Problem> {
        let wish = if writing { Wish::LookToWrite } else { self.look() };
        let session = Session { registry: self, at, wish, who: Who::Owner };
        let listed = match listed(session, digest)? {
            Some(listed) => listed,
            None => tagged(session, digest)?,
        };
        let kinds = listed.iter().take(MAX_OPENED).map(|one| opened(session, one));
        let mut kinds: Vec<Kind> = kinds.collect::<Result<_, _>>()?;
        for (tag, kind) in tags_of_cosign(digest) {
            kinds.extend(self.digest(&at.with_tag(&tag), writing)?.map(|_| kind));
        }
        Ok(kinds)
    }
}

/// What a referrer is, by its manifest where the list does not tell.
fn opened(session: Session<'_>, one: &Referrer) -> Result<Kind, Problem> {
    if let Some(kind) = one.kind {
        return Ok(kind);
    }
    let answer = look(session, &format!("manifests/{}", one.digest))?;
    match answer.status {
        200 => Ok(kind_of(&answer.body)),
        _ if is_absent(&answer) => Ok(Kind::Other),
        _ => Err(session.refused(&answer)),
    }
}

/// What the registry lists; `None` where it keeps no list. Registries that do not know the question say so in various ways.
fn listed(session: Session<'_>, digest: &Digest) -> Result<Option<Vec<Referrer>>, Problem> {
    let mut all = Vec::new();
    let mut path = format!("referrers/{digest}");
    for _ in 0..MAX_PAGES {
        let answer = look(session, &path)?;
        let page = match answer.status {
            200 => referrers(&answer.body),
            400 | 404 | 405 | 406 | 501 => None,
            _ => return Err(session.refused(&answer)),
        };
        let Some(page) = page else { return Ok(None) };
        all.extend(page);
        match next_page(&answer, &format!("referrers/{digest}")) {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(Some(all))
}

/// What the tag lists that stands for such a list.
fn tagged(session: Session<'_>, digest: &Digest) -> Result<Vec<Referrer>, Problem> {
    let answer = look(session, &format!("manifests/{}", list_tag(digest)))?;
    match answer.status {
        200 => Ok(referrers(&answer.body).unwrap_or_default()),
        _ if is_absent(&answer) => Ok(Vec::new()),
        _ => Err(session.refused(&answer)),
    }
}

fn look(session: Session<'_>, path: &str) -> Result<Response, Problem> {
    let kinds = format!("{INDEX}, {}", super::MANIFESTS);
    session.look("GET", path, &kinds).map_err(|failure| session.failed(failure))
}
