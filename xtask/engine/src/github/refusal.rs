//! What it means that GitHub's API did not do as asked, and what to do about it.

use super::release::Refusal;
use crate::base::http::Response;
use crate::base::problem::Problem;
use crate::base::proxy;
use crate::base::text::{name, shown};
use crate::base::time;

#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Such as `upload web-0.1.0.tgz`; it follows `cannot`.
    pub what: &'a str,
    /// `OWNER/NAME`.
    pub repository: &'a str,
    pub host: &'a str,
    pub has_token: bool,
    /// Seconds since 1970.
    pub now: u64,
}

const AGAIN: &str = "run it again: what is done already is not repeated";
const RIGHTS: &str =
    "give the job `permissions: contents: write`, or set GITHUB_TOKEN to a token that may write";

/// No `permissions:` of a workflow grants it (docs.github.com, "Permissions required for GitHub Apps").
const WORKFLOWS: &str = "the commit changes workflow files, for which GITHUB_TOKEN has no right: set it to the token of a GitHub App with `workflows: write`";
const RULES: &str = "let those who release create such tags: Settings -> Rules -> Rulesets -> Bypass list";

pub fn problem(attempt: Attempt<'_>, answer: &Result<Response, String>) -> Problem {
    let (cause, hint) = match answer {
        Ok(response) => refused(attempt, response),
        Err(cause) => {
            let hint = proxy::hint(cause, attempt.host).unwrap_or_else(|| unreachable(cause).to_owned());
            (shown(cause), hint)
        }
    };
    Problem::error(format!("cannot {}: {}: {cause}", attempt.what, shown(attempt.host))).hint(hint)
}

fn unreachable(cause: &str) -> &'static str {
    let is_about = |words: &[&str]| words.iter().any(|word| cause.to_ascii_lowercase().contains(word));
    if is_about(&["tls", "certificate"]) {
        "SSL_CERT_FILE names the certificates to trust, those of a company among them"
    } else if is_about(&["no host", "lookup address", "no connection", "refused"]) {
        "is the network there, and GITHUB_API_URL right? then run it again"
    } else {
        AGAIN
    }
}

fn refused(attempt: Attempt<'_>, response: &Response) -> (String, String) {
    let words = Refusal::of(response).words();
    let said = if words.is_empty() {
        format!("status {}", response.status)
    } else {
        format!("{} ({})", words, response.status)
    };
    let has = |text: &str| words.to_ascii_lowercase().contains(text);
    let repository = name(attempt.repository);
    if is_rate_limit(response, &words) {
        return rate_limit(attempt, response, &said);
    }
    let hint = match response.status {
        301 | 302 | 307 | 308 => {
            let hint = format!("is {repository} its name? edit `repository` in the config");
            return (format!("the repository has moved ({})", response.status), hint);
        }
        401 if attempt.has_token => {
            "the token is not valid here, or has ended: set GITHUB_TOKEN to another one".to_owned()
        }
        401 => "set GITHUB_TOKEN to a token".to_owned(),
        403 if has("saml") => {
            "let the token into the organization: GitHub -> Settings -> Tokens -> Configure SSO".to_owned()
        }
        403 if has("workflow") => WORKFLOWS.to_owned(),
        403 | 422 if has("rule violations") || has("being restricted") => RULES.to_owned(),
        403 if has("archived") => format!("unarchive {repository}, or publish elsewhere"),
        403 => RIGHTS.to_owned(),
        404 if attempt.has_token => {
            format!("is {repository} right, and may the token see it and write to it? {RIGHTS}")
        }
        404 => {
            format!("is {repository} right? if it is private, set GITHUB_TOKEN to a token that may read it")
        }
        422 if has("immutable") => "what is immutable stays as it is: release another version".to_owned(),
        422 if has("tag") => "are there rules for tags? Settings -> Rules".to_owned(),
        409 | 422 => {
            format!("look at the releases of {repository}, mend what is in the way, and run it again")
        }
        500.. => "nothing was lost: run it again; www.githubstatus.com says how GitHub is".to_owned(),
        _ => AGAIN.to_owned(),
    };
    (said, hint)
}

/// Primary and secondary limits (docs.github.com, "Rate limits for the REST API").
fn is_rate_limit(response: &Response, words: &str) -> bool {
    response.is_rate_limit() || response.status == 403 && words.to_ascii_lowercase().contains("rate limit")
}

fn rate_limit(attempt: Attempt<'_>, response: &Response, said: &str) -> (String, String) {
    let end = response.pause(attempt.now).map(|pause| attempt.now.saturating_add(pause));
    // A header may say anything, and a time has an end.
    let end = end.filter(|&end| end < 253_402_300_800).map(time::utc);
    let until = end.as_ref().map_or_else(String::new, |end| format!("; the limit ends at {end}"));
    let when = end.map_or_else(|| "in some minutes".to_owned(), |end| format!("after {end}"));
    let more = if attempt.has_token { "" } else { ", or set GITHUB_TOKEN: with a token the limit is higher" };
    (
        format!("too many requests: {said}{until}"),
        format!("run it again {when}{more}; what is done already is not repeated"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str, headers: &[(&str, &str)], has_token: bool) -> String {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let attempt = Attempt {
            what: "upload `a.tgz`",
            repository: "o/r",
            host: "api.github.com",
            has_token,
            now: 1_704_164_645,
        };
        let problem = problem(attempt, &Ok(Response { status, headers, body: body.into() }));
        format!("{problem}\nhint: {}", problem.hint.as_deref().unwrap_or_default())
    }

    #[test]
    fn every_status_has_a_cause_and_a_hint() {
        let message = |text: &str| format!("{{\"message\":\"{text}\"}}");
        for (status, text, headers, has_token, parts) in [
            (401, "Bad credentials", &[][..], true, ["Bad credentials (401)", "another one"]),
            (
                403,
                "Resource not accessible by integration",
                &[],
                true,
                ["by integration (403)", "contents: write"],
            ),
            (403, "Resource protected by organization SAML enforcement.", &[], true, ["SAML", "SSO"]),
            (
                403,
                "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission",
                &[],
                true,
                ["without `workflows` permission (403)", "`workflows: write`"],
            ),
            (
                422,
                "Repository rule violations found\\n\\nCannot create ref due to creations being restricted.",
                &[],
                true,
                ["being restricted", "Bypass list"],
            ),
            (403, "Repository was archived so is read-only.", &[], true, ["archived", "unarchive `o/r`"]),
            (
                403,
                "API rate limit exceeded for 1.2.3.4.",
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1704164700")],
                false,
                ["the limit ends at 2024-01-02T03:05:00Z", "or set GITHUB_TOKEN"],
            ),
            (
                403,
                "You have exceeded a secondary rate limit.",
                &[("retry-after", "60")],
                true,
                ["too many requests: You have", "run it again after 2024-01-02T03:05:05Z;"],
            ),
            (403, "You have exceeded a secondary rate limit.", &[], true, ["too many", "in some minutes"]),
            (429, "", &[("retry-after", "99999999999999999999")], true, ["status 429", "in some minutes"]),
            (404, "Not Found", &[], true, ["Not Found (404)", "may the token see it"]),
            (404, "Not Found", &[], false, ["Not Found (404)", "if it is private, set GITHUB_TOKEN"]),
            (
                422,
                "Cannot upload assets to an immutable release.",
                &[],
                true,
                ["immutable", "another version"],
            ),
            (422, "Validation Failed", &[], true, ["Validation Failed (422)", "mend"]),
            (301, "Moved Permanently", &[], true, ["has moved (301)", "edit `repository`"]),
            (502, "Server Error", &[], true, ["Server Error (502)", "githubstatus"]),
            (418, "", &[], true, ["status 418", "run it again"]),
        ] {
            let told = told(status, &message(text), headers, has_token);
            assert!(told.starts_with("cannot upload `a.tgz`: api.github.com: "), "{told}");
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        }
    }

    #[test]
    fn every_failure_has_a_hint() {
        for (cause, part) in [
            ("there is no host of that name", "network"),
            ("failed to lookup address information: Name or service not known", "network"),
            ("no connection", "network"),
            ("TLS: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            ("it did not answer in time (global)", "run it again"),
            ("peer closed\u{1b}[2J", "run it again"),
        ] {
            assert!(unreachable(cause).contains(part), "{cause}");
        }
    }
}
