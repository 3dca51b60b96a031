//! What the words of a remote mean: whether asking again can help, and what to do about them. Nothing that is decided
//! about the branch rests on them; they come from programs that change.

/// Words, in lower case, that mean the same tomorrow, with what to do. The first that fits counts.
const FINAL: [(&[&str], &str); 14] = [
    (
        &["dubious ownership"],
        "the repository belongs to another user of this machine: where you trust it, type the command that git names",
    ),
    (&["host key verification failed"], HOST_KEY),
    (
        &["from proxy after connect", "connect tunnel failed", "resolve proxy"],
        "correct HTTPS_PROXY or HTTP_PROXY, or name the host in NO_PROXY",
    ),
    (
        &["certificate verification failed", "ssl certificate problem", "ssl ca cert"],
        "set SSL_CERT_FILE to the certificates to trust; GIT_SSL_CAINFO and git's http.sslCAInfo come before it",
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
    (&["error: 404", "not found", "does not appear to be a git repository", "does not exist"], PRIVATE),
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

/// What is known of a remote besides its words.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub has_token: bool,
    /// The server that `GITHUB_TOKEN` is for, and that of the remote, where they differ.
    pub elsewhere: Option<(String, String)>,
    /// What `ssh` takes to log in there, such as `git@github.com`, where the remote is reached by SSH.
    pub ssh: Option<String>,
    /// The proxy that the environment names for the remote, as it may be shown.
    pub proxy: Option<String>,
    /// Settings of the clone that do not count for the remote.
    pub unused: Vec<String>,
}

/// The settings that decide how git reaches a remote (git-config(1)).
const CONNECTING: [&str; 11] = [
    "core.sshCommand",
    "credential.helper",
    "credential.username",
    "http.cookieFile",
    "http.extraHeader",
    "http.proxy",
    "http.sslCAInfo",
    "http.sslCAPath",
    "http.sslCert",
    "url.insteadOf",
    "url.pushInsteadOf",
];

const WRITE: &str =
    "give the job `permissions: contents: write`, or set GITHUB_TOKEN to a token that may write";
const PRIVATE: &str =
    "is the repository's name right? for a private one set GITHUB_TOKEN; or name another with --remote";
const TOKEN: &str =
    "set GITHUB_TOKEN to a token that may write (in a workflow: `GITHUB_TOKEN: ${{ github.token }}`)";

const HOST_KEY: &str = "accept the key of the host in a terminal, once you have compared it with the one that its owner publishes";

/// Whether asking again gives the same answer.
pub fn is_final(words: &str) -> bool {
    fits(words).is_some()
}

pub fn hint(words: &str, access: &Access) -> String {
    let is_about_access = is_unreached(words) || matches!(fits(words), Some(WRITE | TOKEN | PRIVATE));
    let note = if is_about_access { note(&access.unused) } else { String::new() };
    if let (Some(asked @ (WRITE | TOKEN | PRIVATE)), Some((server, here))) = (fits(words), &access.elsewhere)
    {
        let first = if asked == PRIVATE { "is the repository's name right? for a private one: " } else { "" };
        return format!(
            "{first}GITHUB_TOKEN goes to {server} alone: set GITHUB_SERVER_URL={here} for a GitHub, Gitea or Forgejo there, or \
             give git a credential helper or an SSH key for it{note}"
        );
    }
    if let Some(login) = access.ssh.clone().or_else(|| login_of(words)) {
        let right = "a deploy key needs write access, and a user's key that user's right to write";
        match fits(words) {
            Some(WRITE | TOKEN) => {
                return format!("type `ssh -T {login}` to see whom it knows you as: {right}{note}");
            }
            Some(PRIVATE) => {
                return format!(
                    "is the repository's name right? type `ssh -T {login}` to see whom it knows you as: {right}{note}"
                );
            }
            Some(HOST_KEY) => return format!("{HOST_KEY}: ssh -T {login}{note}"),
            _ => {}
        }
    }
    let is_unconnected = words.contains("Failed to connect to") || words.contains("Couldn't connect to");
    if let Some(proxy) = access.proxy.as_ref().filter(|_| is_unconnected) {
        return format!(
            "does the proxy {proxy} answer? correct HTTPS_PROXY or HTTP_PROXY, or name the host in NO_PROXY{note}"
        );
    }
    format!("{}{note}", plain_hint(words, access.has_token))
}

fn plain_hint(words: &str, has_token: bool) -> &'static str {
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

/// The login that SSH itself names where it is let in with no key: `insteadOf` may lead to it from another URL.
fn login_of(words: &str) -> Option<String> {
    let (before, _) = words.split_once(": Permission denied (")?;
    let login = before.rsplit([' ', ';']).next().filter(|login| login.contains('@'))?;
    Some(login.to_owned())
}

/// What `ssh` takes to log in where a remote is; `None` for one that is not reached by SSH.
pub fn login(url: &str) -> Option<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        // The form without a scheme: `git@github.com:OWNER/NAME.git`.
        let (login, _) =
            url.split_once(':').filter(|(login, _)| !login.contains('/') && !login.is_empty())?;
        return Some(login.to_owned());
    };
    let authority = rest.split('/').next().filter(|_| matches!(scheme, "ssh" | "git+ssh" | "ssh+git"))?;
    Some(match authority.rsplit_once(':') {
        Some((login, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => format!("-p {port} {login}"),
        _ => authority.to_owned(),
    })
}

/// What git says of a repository that it does not look into, since it belongs to somebody else: the command that lets it.
pub fn safe_directory(words: &str) -> Option<&str> {
    let is_it = words.contains("dubious ownership");
    words
        .lines()
        .map(str::trim)
        .find(|line| is_it && line.starts_with("git config --global --add safe.directory "))
}

/// What to say of settings that do not count; nothing where there are none.
pub fn note(unused: &[String]) -> String {
    let Some(first) = unused.first() else { return String::new() };
    let all = unused.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    format!(
        "; of this clone's own git config these are not used here: {all}; to make one count: git config --global --add {first} …"
    )
}

/// The settings among these that would decide how a remote is reached. What stands between section and name may be a URL
/// with a password.
pub fn connecting<'a>(settings: impl Iterator<Item = &'a str>) -> Vec<String> {
    let shown = |setting: &str| {
        let (section, rest) = setting.split_once('.')?;
        let (between, name) = rest.rsplit_once('.').map_or(("", rest), |(_, name)| (".URL", name));
        let known = |known: &&&str| known.eq_ignore_ascii_case(&format!("{section}.{name}"));
        let (section, name) = CONNECTING.iter().find(known)?.split_once('.')?;
        Some(format!("{section}{between}.{name}"))
    };
    let mut all: Vec<String> = settings.filter_map(shown).collect();
    all.sort();
    all.dedup();
    all
}

/// Whether the remote was not reached at all.
fn is_unreached(words: &str) -> bool {
    let signs = ["unable to access", "could not read from remote", "proxy", "certificate"];
    let words = words.to_ascii_lowercase();
    signs.iter().any(|sign| words.contains(sign)) && !words.contains("returned error: 5")
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

    const WITH_TOKEN: Access =
        Access { has_token: true, elsewhere: None, ssh: None, proxy: None, unused: Vec::new() };

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
            let hint = hint(words, &WITH_TOKEN);
            assert!(hint.contains(hint_part), "{words}: {hint}");
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
        assert!(hint("error: 403", &Access::default()).contains("GITHUB_TOKEN"));
        assert!(hint("error: 429", &WITH_TOKEN).contains("wait"));
        assert!(hint("Could not resolve host: h", &WITH_TOKEN).contains("network"));
    }

    #[test]
    fn a_token_for_another_server_does_not_help() {
        let elsewhere = Some(("https://github.com".to_owned(), "https://gitea.example".to_owned()));
        let access = Access { elsewhere, ..Access::default() };
        for words in [
            "fatal: could not read Username for 'https://gitea.example': terminal prompts disabled",
            "fatal: Authentication failed for 'https://gitea.example/o/r.git/'",
            "fatal: unable to access 'https://gitea.example/o/r.git/': The requested URL returned error: 403",
            "remote: Not found.; fatal: repository 'https://gitea.example/o/r.git/' not found",
        ] {
            let hint = hint(words, &access);
            assert!(hint.contains("GITHUB_TOKEN goes to https://github.com alone: set GITHUB_SERVER_URL=https://gitea.example "), "{hint}");
            assert!(!hint.contains("set GITHUB_TOKEN"), "{hint}");
        }
        assert!(hint("GH006: Protected branch", &access).contains("Rules"));
    }

    #[test]
    fn over_ssh_a_token_does_not_help() {
        let ssh = Access { ssh: Some("-p 2222 git@h".to_owned()), ..Access::default() };
        let https = Access::default();
        let publickey =
            "git@github.com: Permission denied (publickey).; fatal: Could not read from remote repository.";
        for (words, access, hint_part) in [
            (
                publickey,
                &ssh,
                "type `ssh -T -p 2222 git@h` to see whom it knows you as: a deploy key needs write access",
            ),
            (publickey, &https, "type `ssh -T git@github.com` to see"),
            ("ERROR: Permission to o/r.git denied to deploy key", &ssh, "type `ssh -T -p 2222 git@h`"),
            (
                "ERROR: Repository not found.; fatal: Could not read from remote repository.",
                &ssh,
                "is the repository's name right? type `ssh -T",
            ),
            ("Host key verification failed.", &ssh, "accept the key of the host"),
            (
                "fatal: detected dubious ownership in repository at '/srv/r.git'",
                &https,
                "the repository belongs to another user",
            ),
        ] {
            let hint = hint(words, access);
            assert!(hint.starts_with(hint_part) && !hint.contains("GITHUB_TOKEN"), "{words}: {hint}");
            assert!(is_final(words), "{words}");
        }
        assert!(hint("GH006: Protected branch", &ssh).contains("Rules"));
        for (url, expected) in [
            ("git@github.com:o/r.git", Some("git@github.com")),
            ("ssh://git@h:2222/o/r.git", Some("-p 2222 git@h")),
            ("ssh://h/o/r", Some("h")),
            ("https://github.com/o/r", None),
            ("file:///srv/r.git", None),
            ("/srv/c:/r", None),
        ] {
            assert_eq!(login(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn settings_of_the_clone_are_named_where_they_matter() {
        let settings = "core.bare\ncore.sshcommand\nurl.https://me:secret@h/.insteadof\nhttp.https://h/.extraheader\n\
                        credential.helper\ncredential.https://h.helper\nremote.origin.url\nuser.name\nhttp.proxy";
        let unused = connecting(settings.lines());
        assert_eq!(
            unused,
            [
                "core.sshCommand",
                "credential.URL.helper",
                "credential.helper",
                "http.URL.extraHeader",
                "http.proxy",
                "url.URL.insteadOf"
            ]
        );
        let access = Access { unused: vec!["http.proxy".to_owned()], ..Access::default() };
        for (words, is_told) in [
            ("fatal: unable to access 'https://h/': Could not resolve host: h", true),
            ("fatal: unable to access 'https://h/': The requested URL returned error: 403", true),
            ("fatal: Could not read from remote repository.", true),
            ("fatal: unable to access 'https://h/': The requested URL returned error: 500", false),
            ("remote: error: GH006: Protected branch update failed", false),
            ("remote: error: GH001: Large files detected", false),
        ] {
            let hint = hint(words, &access);
            let end = "; of this clone's own git config these are not used here: `http.proxy`; to make one count: git config --global --add http.proxy …";
            assert_eq!(hint.ends_with(end), is_told, "{words}: {hint}");
        }
    }
}
