//! A git server on this machine: smart HTTP by `git http-backend`.

use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;

use helm_xtask::internals::rehearsal::http::{Answer, Request};

use crate::fake::{self, Fake, Service};
use crate::sandbox::{self, Sandbox};

pub type Server = Fake<Git>;
pub type Fault = fake::Fault<Git>;

/// The token that a server which needs one wants, and the same as `Authorization` carries it:
/// the base64 of `x-access-token:TOKEN`.
pub const TOKEN: &str = "ghs_0123456789abcdefghijABCDEFGHIJ0123";
pub const TOKEN_BASE64: &str = "eC1hY2Nlc3MtdG9rZW46Z2hzXzAxMjM0NTY3ODlhYmNkZWZnaGlqQUJDREVGR0hJSjAxMjM=";
/// The look at the branches that begins a fetch or a push, the transfer to the client, and the push itself.
pub const LOOK: &str = "/info/refs";
pub const LOOK_TO_PUSH: &str = "/info/refs?service=git-receive-pack";
pub const FETCH: &str = "/git-upload-pack";
pub const PUSH: &str = "/git-receive-pack";
pub const ANY: &str = "";

#[derive(Clone)]
pub struct Git {
    sandbox: Arc<Sandbox>,
    /// 401 without a token, 403 with another one, 400 with two.
    pub needs_token: bool,
    /// Clients get protocol version 0, whatever they ask for.
    pub only_protocol_0: bool,
}

impl Server {
    /// A server for the repositories in a directory of its own.
    pub fn new() -> Self {
        let sandbox = Arc::new(Sandbox::new());
        Self::start(|_| Git { sandbox, needs_token: false, only_protocol_0: false })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.origins[0].clone()
    }

    /// The environment that the server's git runs in.
    pub fn sandbox(&self) -> Arc<Sandbox> {
        self.with(|git| git.sandbox.clone())
    }

    /// What somebody else does: git with these arguments in the directory of repositories.
    pub fn somebody(&self, args: &'static [&'static str]) -> Fault {
        let sandbox = self.sandbox();
        Fault::Meanwhile(Arc::new(move |_| drop(sandbox.git(args))))
    }
}

impl Service for Git {
    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer {
        let git = fake::lock(service).clone();
        // Others are served meanwhile.
        let refused = if git.needs_token { refuse(asked) } else { None };
        refused.unwrap_or_else(|| git.carry_out(asked))
    }
}

fn refuse(asked: &Request) -> Option<Answer> {
    match asked.headers("authorization").collect::<Vec<_>>()[..] {
        [] => {
            let answer = Answer::text(401, "authentication needed");
            Some(answer.with("WWW-Authenticate", "Basic realm=\"git\""))
        }
        [one] if one.split_once(' ').is_some_and(|(_, value)| value == TOKEN_BASE64) => None,
        [_] => Some(Answer::text(403, "Permission to o/r.git denied to github-actions[bot].")),
        _ => Some(Answer::text(400, "Duplicate header: \"Authorization\"")),
    }
}

impl Git {
    /// `git http-backend` as a CGI program (RFC 3875; git-http-backend(1)).
    fn carry_out(&self, asked: &Request) -> Answer {
        let query = asked.target.split_once('?').map_or("", |(_, query)| query);
        let mut git = self.sandbox.command(&sandbox::find("git").expect("the tests need git"));
        git.arg("http-backend").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        git.env("GIT_PROJECT_ROOT", self.sandbox.work())
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REMOTE_USER", "ci");
        git.env("REQUEST_METHOD", &asked.method).env("PATH_INFO", &asked.path).env("QUERY_STRING", query);
        git.env("CONTENT_LENGTH", asked.body.len().to_string()).env("REMOTE_ADDR", "127.0.0.1");
        let protocol = asked.header("git-protocol").filter(|_| !self.only_protocol_0);
        let encoding = asked.header("content-encoding");
        let fields = [("HTTP_CONTENT_ENCODING", encoding), ("GIT_PROTOCOL", protocol)];
        git.envs(fields.into_iter().filter_map(|(variable, value)| Some((variable, value?))));
        git.env("CONTENT_TYPE", asked.header("content-type").unwrap_or_default());
        let mut child = git.spawn().expect("git");
        let mut stdin = child.stdin.take().expect("a pipe");
        let output = thread::scope(|scope| {
            // It may stop reading before the end; what it then answers says why.
            scope.spawn(move || stdin.write_all(&asked.body).ok());
            child.wait_with_output().expect("an end")
        });
        fake::parse(&output.stdout)
    }
}
