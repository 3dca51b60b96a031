//! What the words of a remote mean: whether asking again can help, and what to do about them. Nothing that is decided
//! about the branch rests on them; they come from programs that change.

/// Words, in lower case, that mean the same tomorrow, with what to do. The first that fits counts.
const FINAL: [(&[&str], &str); 12] = [
    (
        &["from proxy after connect", "connect tunnel failed", "resolve proxy"],
        "correct HTTPS_PROXY, or name the host in NO_PROXY",
    ),
    (
        &["certificate verification failed", "ssl certificate problem", "ssl ca cert"],
        "set SSL_CERT_FILE to the certificates to trust",
    ),
    (
        &["error: 301", "error: 302", "error: 307", "error: 308"],
        "the repository has moved: edit `repository` in the config, or name it with --remote",
    ),
    (
        &["gh001", "exceeds github's file size limit", "unpack exceeds", "file is too large"],
        "make the files smaller, or offer them elsewhere",
    ),
    (
        &["without `workflows` permission", "without `workflow` scope"],
        "the commit changes workflow files, for which GITHUB_TOKEN has no right: set it to the token of a GitHub App with `workflows: write`",
    ),
    (
        &["gh006", "gh013", "protected branch", "hook declined", "prohibited", "repository rule"],
        "let this workflow push there: Settings -> Rules, or Settings -> Branches",
    ),
    (&["error: 403", "permission to", "write access", "permission denied"], WRITE),
    (&["error: 401", "authentication failed", "could not read username", "could not read password"], TOKEN),
    (
        &["error: 404", "not found", "does not appear to be a git repository", "does not exist"],
        "is the repository's name right? for a private one set GITHUB_TOKEN; or name another with --remote",
    ),
    (
        &["cannot create", "refusing to update checked out branch"],
        "the remote cannot have this branch as it is: remove what is in its way there",
    ),
    (
        &["transport ", "is not a git command", "strange hostname", "unsupported protocol"],
        "give --remote a URL that git understands",
    ),
    (
        &["mismatched algorithms", "object format", "hash algorithm"],
        "only SHA-1 repositories can be published to",
    ),
];

const WRITE: &str =
    "give the job `permissions: contents: write`, or set GITHUB_TOKEN to a token that may write";
const TOKEN: &str =
    "set GITHUB_TOKEN to a token that may write (in a workflow: `GITHUB_TOKEN: ${{ github.token }}`)";

/// Whether asking again gives the same answer.
pub fn is_final(words: &str) -> bool {
    fits(words).is_some()
}

pub fn hint(words: &str, has_token: bool) -> &'static str {
    match fits(words) {
        Some(WRITE) if !has_token => TOKEN,
        Some(TOKEN) if has_token => {
            "the token is not valid here, or has ended: set GITHUB_TOKEN to another one"
        }
        Some(hint) => hint,
        None if words.contains("Could not resolve host") => "is the network there? run it again",
        None if words.contains("429") => "too many requests: wait some minutes and run it again",
        None => "run it again: what is published already is not repeated",
    }
}

fn fits(words: &str) -> Option<&'static str> {
    // What stands in quotes is a name, and a repository may be called anything.
    let words: String = words.split('\'').step_by(2).collect();
    let words = words.to_ascii_lowercase();
    FINAL.iter().find(|(signs, _)| signs.iter().any(|sign| words.contains(sign))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remotes_say() {
        for (words, hint_part) in [
            ("remote: error: GH006: Protected branch update failed", "Rules"),
            ("! [remote rejected] (pre-receive hook declined)", "Rules"),
            (
                "remote: Permission to o/r.git denied to bot; The requested URL returned error: 403",
                "contents: write",
            ),
            ("fatal: unable to access 'u': The requested URL returned error: 401", "not valid"),
            ("fatal: repository 'u' not found", "name right"),
            ("fatal: unable to access 'u': The requested URL returned error: 301", "has moved"),
            (
                "! [remote rejected] (refusing to allow a GitHub App to create or update workflow `x.yml` without `workflows` permission)",
                "workflows: write",
            ),
            ("remote: error: GH001: Large files detected", "smaller"),
        ] {
            assert!(is_final(words), "{words}");
            assert!(hint(words, true).contains(hint_part), "{words}: {}", hint(words, true));
        }
        for words in [
            "The requested URL returned error: 500",
            "The requested URL returned error: 429",
            "the remote end hung up unexpectedly",
            "fatal: unable to access 'https://h/not found/permission to': Could not resolve host",
            "[rejected] (stale info)",
            "cannot lock ref 'refs/heads/gh-pages': is at a but expected b",
        ] {
            assert!(!is_final(words), "{words}");
        }
        assert!(hint("error: 403", false).contains("GITHUB_TOKEN"));
        assert!(hint("error: 429", true).contains("wait"));
        assert!(hint("Could not resolve host: h", true).contains("network"));
    }
}
