//! Stands before a registry, records what it is asked, and breaks what it is told to break. It can want tokens, as GHCR
//! does.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::http::{self, Answer, Asked};
use crate::tokens::Tokens;

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// This answer: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, &'static str),
    /// Nothing is done, and the connection closed without a word.
    Drop,
    /// It is done, and the connection closed without a word.
    DropAfter,
    /// It is done, and the answer ends after so many bytes, its head included.
    Cut(usize),
    /// It is done, and the answer lacks this field.
    Without(&'static str),
    /// No answer before any deadline of these tests.
    Hang,
}

impl Fault {
    /// An answer without content.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), "")
    }
}

/// Which requests meet a fault.
#[derive(Clone, Copy)]
enum When {
    /// The n-th from now, from 1.
    Request(usize),
    /// All with this in their line.
    Any(&'static str),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method, path and query.
    pub line: String,
    /// `Authorization` fields.
    pub authorizations: Vec<String>,
}

#[derive(Default)]
struct State {
    upstream: String,
    seen: Vec<Seen>,
    faults: Vec<(When, Fault)>,
    tokens: Option<Tokens>,
}

/// A proxy for one server.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens on a free port, a thread for each connection.
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let state = State { upstream: upstream.to_owned(), ..State::default() };
        let proxy = Self {
            address: listener.local_addr().expect("an address"),
            state: Arc::new(Mutex::new(state)),
            stop: Arc::default(),
        };
        let state = proxy.state.clone();
        http::accept(listener, proxy.stop.clone(), move |stream| serve(stream, &state));
        proxy
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The n-th request from now, from 1, meets this fault.
    pub fn fail_nth(&self, fault: Fault, n: usize) {
        self.state().faults.push((When::Request(n), fault));
    }

    /// Every request with `part` in its line meets this fault.
    pub fn fail_all(&self, fault: Fault, part: &'static str) {
        self.state().faults.push((When::Any(part), fault));
    }

    /// No more faults.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// From now on tokens are needed.
    pub fn want_tokens(&self, tokens: Tokens) {
        self.state().tokens = Some(tokens);
    }

    /// What was asked so far; the list begins anew.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut asked = Asked::read(&mut BufReader::new(stream))?;
    if asked.line.is_empty() {
        return Ok(());
    }
    let fault = next_fault(&mut lock(state), &asked);
    match fault {
        Some(Fault::Answer(status, headers, body)) => {
            let plain = Answer::plain(status, body);
            let answer = headers.into_iter().fold(plain, |answer, (name, value)| answer.with(name, value));
            answer.write(stream, usize::MAX)
        }
        Some(Fault::Drop) => Ok(()),
        Some(Fault::Hang) => {
            thread::sleep(Duration::from_secs(3_600));
            Ok(())
        }
        fault => {
            let mut answer = pass(&mut asked, state)?;
            match fault {
                Some(Fault::DropAfter) => return Ok(()),
                Some(Fault::Cut(length)) => answer.truncate(length),
                Some(Fault::Without(field)) => answer = without(&answer, field),
                _ => {}
            }
            (&mut &*stream).write_all(&answer)
        }
    }
}

/// Takes the fault that meets this request.
fn next_fault(state: &mut State, asked: &Asked) -> Option<Fault> {
    let authorizations = asked.all("authorization").map(str::to_owned).collect();
    state.seen.push(Seen { line: asked.line.clone(), authorizations });
    for (when, _) in &mut state.faults {
        if let When::Request(n) = when {
            *n = n.wrapping_sub(1);
        }
    }
    let meets = |when: &When| match when {
        When::Request(n) => *n == 0,
        When::Any(part) => asked.line.contains(part),
    };
    state.faults.iter().find(|(when, _)| meets(when)).map(|(_, fault)| fault.clone())
}

/// The answer of the token server or of the server behind.
fn pass(asked: &mut Asked, state: &Mutex<State>) -> io::Result<Vec<u8>> {
    let mut state = lock(state);
    if let Some(answer) = state.tokens.as_mut().and_then(|tokens| tokens.answer(asked)) {
        let mut bytes = Vec::new();
        answer.write(&mut bytes, usize::MAX)?;
        return Ok(bytes);
    }
    let upstream = state.upstream.clone();
    drop(state);
    forward(asked, &upstream)
}

/// The bytes that the server behind answers.
fn forward(asked: &Asked, upstream: &str) -> io::Result<Vec<u8>> {
    let own = ["connection", "content-length", "expect", "transfer-encoding"];
    let headers = asked.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let mut stream = TcpStream::connect(upstream)?;
    write!(stream, "{} HTTP/1.1\r\n", asked.line)?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "Connection: close\r\nContent-Length: {}\r\n\r\n", asked.body.len())?;
    stream.write_all(&asked.body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// An answer without one of its fields, whose name is in lower case.
fn without(answer: &[u8], field: &str) -> Vec<u8> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 2;
    let head = String::from_utf8_lossy(&answer[..end]);
    let kept = head.split_inclusive("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with(field));
    [kept.collect::<String>().as_bytes(), &answer[end..]].concat()
}
