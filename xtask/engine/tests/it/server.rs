//! A git server on this machine: smart HTTP by `git http-backend`, which counts what it is asked and fails as it is told.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::http::{self, Answer, Asked};
use crate::sandbox::{self, Sandbox};

/// The token that a server with [`Server::require_token`] wants, and the same as `Authorization` carries it:
/// the base64 of `x-access-token:TOKEN`.
pub const TOKEN: &str = "ghs_0123456789abcdefghijABCDEFGHIJ0123";
pub const TOKEN_BASE64: &str = "eC1hY2Nlc3MtdG9rZW46Z2hzXzAxMjM0NTY3ODlhYmNkZWZnaGlqQUJDREVGR0hJSjAxMjM=";

/// The look at the branches that begins a fetch or a push, the transfer to the client, and the push itself.
pub const LOOK: &str = "/info/refs";
pub const LOOK_TO_PUSH: &str = "/info/refs?service=git-receive-pack";
pub const FETCH: &str = "/git-upload-pack";
pub const PUSH: &str = "/git-receive-pack";
pub const ANY: &str = "";

/// What happens to a request before it is answered, or instead.
#[derive(Clone)]
pub enum Fault {
    /// This status, without a look at the repository.
    Status(u16),
    /// The request is carried out, and the connection closed without a word.
    DropAfterAccept,
    /// The answer comes late.
    Delay(Duration),
    /// The answer ends after so many bytes of its body.
    Cut(usize),
    /// It is carried out where this says so; else the connection is closed without a word.
    Gate(Arc<dyn Fn() -> bool + Send + Sync>),
    /// Something happens, then the connection is closed without a word.
    CloseAfter(Arc<dyn Fn() + Send + Sync>),
    /// Somebody does something before the request is carried out, without asking this server.
    Meanwhile(Arc<dyn Fn() + Send + Sync>),
    /// The client is sent to another server, with this status.
    Redirect(u16, String),
}

impl Fault {
    /// No answer before any deadline of these tests.
    pub fn hang() -> Self {
        Self::CloseAfter(Arc::new(|| thread::sleep(Duration::from_secs(3_600))))
    }
}

/// One request that was answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, path and query.
    pub line: String,
    pub status: u16,
    /// `Authorization` headers.
    pub authorizations: Vec<String>,
    /// Bytes of the bodies.
    pub received: usize,
    pub sent: usize,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    faults: Vec<(Fault, &'static str, usize)>,
    needs_token: bool,
    only_protocol_0: bool,
}

/// A server for the repositories in a directory of its own.
pub struct Server {
    address: SocketAddr,
    sandbox: Arc<Sandbox>,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Listens on a free port, a thread for each connection.
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            sandbox: Arc::new(Sandbox::new()),
            state: Arc::default(),
            stop: Arc::default(),
        };
        let (sandbox, state) = (server.sandbox.clone(), server.state.clone());
        http::accept(listener, server.stop.clone(), move |stream| serve(stream, &sandbox, &state));
        server
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The environment that the server's git runs in.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// What somebody else does: git with these arguments in the directory of repositories.
    pub fn somebody(&self, args: &'static [&'static str]) -> Fault {
        let sandbox = self.sandbox.clone();
        Fault::Meanwhile(Arc::new(move || drop(sandbox.git(args))))
    }

    /// From now on 401 without a token, 403 with another one, 400 with two.
    pub fn require_token(&self) {
        self.state().needs_token = true;
    }

    /// From now on clients get protocol version 0, whatever they ask for.
    pub fn only_protocol_0(&self) {
        self.state().only_protocol_0 = true;
    }

    /// The next `times` requests with `service` in their line meet this fault.
    pub fn fail(&self, fault: Fault, service: &'static str, times: usize) {
        self.state().faults.push((fault, service, times));
    }

    /// The faults that did not happen yet do not happen.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// What was asked so far; the list begins anew.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state().requests)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &TcpStream, sandbox: &Sandbox, state: &Mutex<State>) -> io::Result<()> {
    let asked = Asked::read(&mut BufReader::new(stream))?;
    let fault = next_fault(&mut lock(state), &asked.line);
    let refused = if lock(state).needs_token { refuse(&asked) } else { None };
    let carry_out = || refused.map_or_else(|| backend(&asked, sandbox, state), Ok);
    let mut cut = usize::MAX;
    let answer = match fault {
        Some(Fault::Status(status)) => Answer::plain(status, "the server is told to fail\n"),
        Some(Fault::Redirect(status, to)) => Answer::plain(status, "").with("Location", to),
        Some(Fault::CloseAfter(act)) => {
            act();
            return Ok(());
        }
        Some(Fault::Gate(opens)) => {
            if !opens() {
                return Ok(());
            }
            carry_out()?
        }
        Some(Fault::DropAfterAccept) => return carry_out().map(drop),
        Some(Fault::Delay(time)) => {
            thread::sleep(time);
            carry_out()?
        }
        Some(Fault::Cut(bytes)) => {
            cut = bytes;
            carry_out()?
        }
        Some(Fault::Meanwhile(act)) => {
            act();
            carry_out()?
        }
        None => carry_out()?,
    };
    lock(state).requests.push(Request {
        authorizations: asked.all("authorization").map(str::to_owned).collect(),
        status: answer.status,
        received: asked.body.len(),
        sent: answer.body.len(),
        line: asked.line,
    });
    answer.write(stream, cut)
}

/// Takes the fault that meets this request; one that lasts stays in the plan.
fn next_fault(state: &mut State, line: &str) -> Option<Fault> {
    let place = state.faults.iter().position(|(_, service, _)| line.contains(service))?;
    let (fault, _, times) = &mut state.faults[place];
    let fault = fault.clone();
    *times = times.saturating_sub(1);
    if *times == 0 {
        state.faults.remove(place);
    }
    Some(fault)
}

fn refuse(asked: &Asked) -> Option<Answer> {
    match asked.all("authorization").collect::<Vec<_>>()[..] {
        [] => Some(
            Answer::plain(401, "authentication needed\n")
                .with("WWW-Authenticate", "Basic realm=\"git\"".into()),
        ),
        [one] if one.split_once(' ').is_some_and(|(_, value)| value == TOKEN_BASE64) => None,
        [_] => Some(Answer::plain(403, "Permission to o/r.git denied to github-actions[bot].\n")),
        _ => Some(Answer::plain(400, "Duplicate header: \"Authorization\"\n")),
    }
}

/// `git http-backend` as a CGI program (RFC 3875; git-http-backend(1)).
fn backend(asked: &Asked, sandbox: &Sandbox, state: &Mutex<State>) -> io::Result<Answer> {
    let (method, target) = asked.line.split_once(' ').unwrap_or_default();
    // A proxy is asked for a whole URL.
    let target =
        target.strip_prefix("http://").map_or(target, |url| &url[url.find('/').unwrap_or_default()..]);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut git: Command = sandbox.command(&sandbox::find("git").expect("the tests need git"));
    git.arg("http-backend").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    git.env("GIT_PROJECT_ROOT", sandbox.work()).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "ci");
    git.env("REQUEST_METHOD", method).env("PATH_INFO", path).env("QUERY_STRING", query);
    git.env("CONTENT_LENGTH", asked.body.len().to_string()).env("REMOTE_ADDR", "127.0.0.1");
    let old = lock(state).only_protocol_0;
    for (variable, header) in [
        ("CONTENT_TYPE", "content-type"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("GIT_PROTOCOL", "git-protocol"),
    ] {
        if let Some(value) = asked.all(header).next().filter(|_| !(old && variable == "GIT_PROTOCOL")) {
            git.env(variable, value);
        }
    }
    let mut child = git.spawn()?;
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = thread::scope(|scope| {
        // It may stop reading before the end; what it then answers says why.
        scope.spawn(move || stdin.write_all(&asked.body).ok());
        child.wait_with_output()
    })?;
    let end = output.stdout.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_default();
    let mut answer = Answer { status: 200, headers: Vec::new(), body: output.stdout[end + 4..].to_vec() };
    for line in String::from_utf8_lossy(&output.stdout[..end]).lines() {
        match line.split_once(": ").unwrap_or_default() {
            ("Status", status) => answer.status = status[..3].parse().unwrap_or(500),
            (name, value) => answer.headers.push((name.into(), value.into())),
        }
    }
    Ok(answer)
}
