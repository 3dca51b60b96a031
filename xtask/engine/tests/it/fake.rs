//! A service on this machine, which records what it is asked and fails as it is told.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use helm_xtask::internals::rehearsal::http::{self, Answer, Request};

pub trait Service: Send + Sized + 'static {
    /// Whether the next request may come on the same connection.
    const KEEPS_CONNECTIONS: bool = false;
    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer;
    fn refuse(status: u16, message: &str) -> Answer {
        Answer::text(status, message)
    }
    /// Does what an upload does that breaks off on the server's side.
    fn break_off(&mut self, _asked: &Request) {}
}

/// What happens to a call before it is answered, or instead.
pub enum Fault<S> {
    /// This answer: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    Refuse(u16, &'static str),
    /// This status, and all headers of the request in the body.
    Echo(u16),
    /// Nothing is done, and the connection closed without a word.
    Drop,
    /// It is done, and the connection closed without a word.
    DropAfter,
    /// It is done, and the answer ends after so many bytes of its body.
    Cut(usize),
    /// It is done, and the answer ends within its head.
    Behead,
    /// It is done, and the answer lacks this field.
    Without(&'static str),
    /// No answer as long as the server is there.
    Hang,
    /// The upload breaks off on the server's side: 502, and what is left is left.
    Starter,
    /// Somebody does something, then the call is carried out.
    Meanwhile(Arc<dyn Fn(&mut S) + Send + Sync>),
    /// It is done where this says so; else the connection is closed without a word.
    Gate(Arc<dyn Fn() -> bool + Send + Sync>),
}

impl<S> Fault<S> {
    /// An answer without content.
    pub fn status(status: u16) -> Self {
        Self::fields(status, Vec::new())
    }

    pub fn fields(status: u16, headers: Vec<(&'static str, String)>) -> Self {
        Self::Answer(status, headers, String::new())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub line: String,
    /// 0 where there was no answer.
    pub status: u16,
    /// `Authorization` headers.
    pub authorizations: Vec<String>,
    /// Bytes of the bodies.
    pub received: usize,
    pub sent: usize,
}

enum When {
    /// The n-th from now, from 1.
    Call(usize),
    /// Those with this in their line, so many of them.
    Next(&'static str, usize),
}

type Plan<S> = Vec<(When, Arc<Fault<S>>)>;

struct Shared<S> {
    service: Mutex<S>,
    calls: Mutex<Vec<Call>>,
    faults: Mutex<Plan<S>>,
    stop: AtomicBool,
}

/// A server on two ports, which are two hosts for its clients.
pub struct Fake<S: Service> {
    /// `http://HOST:PORT` of both.
    pub origins: [String; 2],
    shared: Arc<Shared<S>>,
}

impl<S: Service> Fake<S> {
    /// Listens on free ports for the service that is made for their origins.
    pub fn start(service: impl FnOnce(&[String; 2]) -> S) -> Self {
        let listeners = [0, 1].map(|_| http::listen().expect("a port"));
        let addresses = listeners.each_ref().map(|listener| listener.local_addr().expect("an address"));
        let origins = addresses.map(|address| format!("http://{address}"));
        let shared = Shared {
            service: Mutex::new(service(&origins)),
            calls: Mutex::default(),
            faults: Mutex::default(),
            stop: AtomicBool::new(false),
        };
        let fake = Self { origins, shared: Arc::new(shared) };
        for listener in listeners {
            accept(listener, fake.shared.clone());
        }
        fake
    }

    /// `HOST:PORT` of the first.
    pub fn host(&self) -> &str {
        &self.origins[0]["http://".len()..]
    }

    /// Reads or changes what is there and the service's habits.
    pub fn with<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        act(&mut lock(&self.shared.service))
    }

    /// The next `times` calls with `part` in their line (method, path and query) meet this fault.
    pub fn fail(&self, fault: Fault<S>, part: &'static str, times: usize) {
        lock(&self.shared.faults).push((When::Next(part, times), Arc::new(fault)));
    }

    /// The n-th call from now, from 1, meets this fault.
    pub fn fail_call(&self, fault: Fault<S>, n: usize) {
        lock(&self.shared.faults).push((When::Call(n), Arc::new(fault)));
    }

    /// The faults that did not happen yet do not happen. Returns how many there are.
    pub fn heal(&self) -> usize {
        std::mem::take(&mut *lock(&self.shared.faults)).len()
    }

    /// What was asked so far; the list begins anew.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.shared.calls))
    }
}

impl<S: Service> Drop for Fake<S> {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for origin in &self.origins {
            let _ = TcpStream::connect(&origin["http://".len()..]);
        }
    }
}

pub fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves each connection in a thread of its own, until it is told to stop and somebody connects once more.
fn accept<S: Service>(listener: TcpListener, shared: Arc<Shared<S>>) {
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            if shared.stop.load(Ordering::Relaxed) {
                return;
            }
            let shared = shared.clone();
            // What the client breaks off is no failure of the server.
            thread::spawn(move || http::converse(&stream, |asked| serve(&stream, asked, &shared)));
        }
    });
}

/// The answer to a call; `None` where the connection is to be closed, after what was written here.
fn serve<S: Service>(mut stream: &TcpStream, asked: &Request, shared: &Shared<S>) -> Option<Answer> {
    let line = format!("{} {}", asked.method, asked.target);
    let fault = next_fault(&mut lock(&shared.faults), &line);
    let answer = meet(fault.as_deref(), asked, shared);
    lock(&shared.calls).push(Call {
        line,
        status: answer.as_ref().map_or(0, |answer| answer.status),
        authorizations: asked.headers("authorization").map(str::to_owned).collect(),
        received: asked.body.len(),
        sent: answer.as_ref().map_or(0, |answer| answer.body.len()),
    });
    let answer = answer?;
    let mut bytes = Vec::new();
    answer.write(&mut bytes, &asked.method, false).expect("an answer");
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    match fault.as_deref() {
        Some(Fault::Cut(length)) => bytes.truncate(head + length),
        Some(Fault::Behead) => bytes.truncate(20),
        _ if S::KEEPS_CONNECTIONS => return Some(answer),
        _ => {}
    }
    let _ = stream.write_all(&bytes);
    None
}

fn meet<S: Service>(fault: Option<&Fault<S>>, asked: &Request, shared: &Shared<S>) -> Option<Answer> {
    let carry_out = || S::answer(&shared.service, asked);
    match fault {
        Some(Fault::Answer(status, headers, body)) => {
            let answer = Answer { body: body.clone().into(), ..Answer::empty(*status) };
            Some(headers.iter().fold(answer, |answer, (name, value)| answer.with(name, value)))
        }
        Some(Fault::Refuse(status, message)) => Some(S::refuse(*status, message)),
        Some(Fault::Echo(status)) => {
            let headers = asked.headers.iter().map(|(name, value)| format!("{name}: {value} "));
            Some(S::refuse(*status, &headers.collect::<String>()))
        }
        Some(Fault::Drop) => None,
        Some(Fault::DropAfter) => {
            carry_out();
            None
        }
        Some(Fault::Without(field)) => {
            let mut answer = carry_out();
            answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(field));
            Some(answer)
        }
        Some(Fault::Hang) => {
            while !shared.stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
            }
            None
        }
        Some(Fault::Starter) => {
            lock(&shared.service).break_off(asked);
            Some(Answer::empty(502))
        }
        Some(Fault::Meanwhile(act)) => {
            act(&mut lock(&shared.service));
            Some(carry_out())
        }
        Some(Fault::Gate(opens)) => opens().then(carry_out),
        None | Some(Fault::Cut(_) | Fault::Behead) => Some(carry_out()),
    }
}

/// Takes the fault that meets this call; one that lasts stays in the plan.
fn next_fault<S>(plan: &mut Plan<S>, line: &str) -> Option<Arc<Fault<S>>> {
    let mut met = None;
    plan.retain_mut(|(when, fault)| {
        let left = match when {
            When::Next(part, times) if met.is_none() && line.contains(*part) => times,
            When::Next(..) => return true,
            When::Call(n) => n,
        };
        *left -= 1;
        let is_left = *left > 0;
        if !is_left || matches!(when, When::Next(..)) {
            met = Some(fault.clone());
        }
        is_left
    });
    met
}

/// What a program or a server wrote as an answer: `Status` of CGI (RFC 3875) or a line of HTTP, fields, and the body.
pub fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
    let mut answer = Answer { body: bytes[end + 4..].into(), ..Answer::empty(200) };
    for line in String::from_utf8_lossy(&bytes[..end]).lines() {
        match line.split_once(": ").or_else(|| line.split_once(' ')).unwrap_or_default() {
            ("Status" | "HTTP/1.0", status) => answer.status = status[..3].parse().unwrap_or(500),
            // That of HEAD is of a body which is not there.
            ("Content-Length", length) => answer.body.resize(length.parse().expect("a length"), 0),
            ("Connection", _) => {}
            (name, value) => answer = answer.with(name, value),
        }
    }
    answer
}

/// A request as a client would send it.
pub fn request(line: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let length = body.len().to_string();
    let headers = headers.iter().copied().chain([("content-length", &*length), ("user-agent", "t")]);
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let request = Request::parse(&format!("{line} HTTP/1.1")).expect("a request");
    Request { headers, body: body.to_owned(), ..request }
}
