//! Signing what was pushed to the registry, by cosign, where the config asks for it.

use std::time::Instant;

use anyhow::Result;

use crate::base::cosign::Cosign;
use crate::base::digest::Digest;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems};
use crate::base::text::name;
use crate::registry::io::Registry;
use crate::registry::io::login::Login;
use crate::release::steps::{Found, Planned, Step, doubt, sign};
use crate::signing::cosign::name_of;
use crate::signing::io::cosign::{self, Program};
use crate::sys::terminal;

/// A signature to make, or one that is there.
#[derive(Debug)]
pub struct Signature<'r> {
    /// The chart.
    pub at: Reference,
    digest: Digest,
    pub planned: Planned<'r>,
}

impl<'r> Signature<'r> {
    /// Looks whether a chart is signed, which the registry has as `digest` when it is pushed. One that is not there has no
    /// signature; of one that cannot be pushed, or that nobody could look at, nothing is said here.
    pub fn look(
        client: &Registry<'_>,
        pushed: &Planned<'_>,
        at: &Reference,
        digest: &Digest,
        writing: bool,
    ) -> (Self, Option<Problem>) {
        let step = Step::Sign { target: at.clone(), digest: Some(digest.clone()) };
        let (planned, problem) = match pushed.found {
            Found::Done => sign(step, client.is_signed(at, digest, writing)),
            Found::Unknown => (Planned::unknown(step), None),
            _ if pushed.todo.is_empty() => (Planned::stopped(step), None),
            _ => sign(step, Ok(false)),
        };
        let is_must = writing || planned.found != Found::Unknown;
        let problem = problem.map(|problem| doubt(problem, is_must));
        (Self { at: at.clone(), digest: digest.clone(), planned }, problem)
    }

    pub fn is_left(&self) -> bool {
        !self.planned.todo.is_empty()
    }

    /// Signs, unless it is signed already. That cosign has done it, the registry has to show.
    pub fn make(
        &self,
        client: &Registry<'_>,
        cosign: Option<&Program>,
        planned: Planned<'r>,
        deadline: Instant,
    ) -> Result<Planned<'r>> {
        let Self { at, digest, .. } = self;
        if planned.found == Found::Unknown {
            return Ok(Planned::stopped(planned.step));
        }
        let Some(cosign) = cosign.filter(|_| self.is_left()) else { return Ok(planned) };
        let named = name_of(at, digest);
        terminal::progress("Signing", &named);
        let credentials = client.credentials(&at.host).map_err(Problems::from)?;
        let login = Login::new(&at.host, credentials.as_ref().map(|found| &found.credentials))?;
        cosign.sign(&named, client.is_plain(&at.host), deadline, |command| login.give(command))?;
        if !client.is_signed(at, digest, true).map_err(Problems::from)? {
            let message = format!(
                "cosign {} has signed {}, and the registry shows no signature of it",
                cosign.version,
                name(&named)
            );
            return Err(Problem::error(message).hint("run it again").into());
        }
        Ok(planned.taken(format!("by cosign {}", cosign.version), "signed"))
    }
}

/// The cosign that signs what is left to sign, looked for before anything is written; `None` where nothing is.
pub fn program(with: Option<&Cosign>, signatures: &[Signature<'_>]) -> Result<Option<Program>, Problem> {
    let with = with.filter(|_| signatures.iter().any(Signature::is_left));
    with.map(cosign::find).transpose()
}
