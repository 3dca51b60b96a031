//! A service on this machine, which records what it is asked and fails as it is told.

use std::io::{self, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::http::{self, Answer, Asked};

/// What a service does with requests.
pub trait Service: Default + Send + 'static {
    /// Carries a request out.
    fn answer(&mut self, asked: &Asked) -> Answer;
    /// An error as this service says it.
    fn refuse(status: u16, message: &str) -> Answer;
    /// Does what an upload does that breaks off on the server's side.
    fn break_off(&mut self, asked: &Asked);
}

/// What happens to a call before it is answered, or instead.
pub enum Fault<S> {
    /// This answer: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// An error as the service says it.
    Refuse(u16, &'static str),
    /// This status, and all headers of the request in the body.
    Echo(u16),
    /// Nothing is done, and the connection closed without a word.
    Drop,
    /// It is done, and the connection closed without a word.
    DropAfter,
    /// It is done, and the answer ends after so many bytes of its body.
    Cut(usize),
    /// No answer before any deadline of these tests.
    Hang,
    /// The upload breaks off on the server's side: 502, and what is left is left.
    Starter,
    /// Somebody does something, then the call is carried out.
    Meanwhile(Arc<dyn Fn(&mut S) + Send + Sync>),
    /// It is done where this says so; else the connection is closed without a word.
    Gate(Arc<dyn Fn() -> bool + Send + Sync>),
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Method, path and query.
    pub line: String,
    /// 0 where there was no answer.
    pub status: u16,
    /// `Authorization` headers.
    pub authorizations: Vec<String>,
    /// Bytes of the body.
    pub received: usize,
}

/// Which calls meet a fault.
#[derive(Clone, Copy)]
enum When {
    /// The n-th from now, from 1.
    Call(usize),
    /// Those with this in their line, so many of them.
    Next(&'static str, usize),
}

#[derive(Default)]
struct State<S: Service> {
    service: S,
    calls: Vec<Call>,
    faults: Vec<(When, Arc<Fault<S>>)>,
}

/// A server on two ports, which are two hosts for its clients.
pub struct Fake<S: Service> {
    /// `http://HOST:PORT` of both.
    pub origins: [String; 2],
    addresses: [SocketAddr; 2],
    state: Arc<Mutex<State<S>>>,
    stop: Arc<AtomicBool>,
}

impl<S: Service> Fake<S> {
    /// Listens on free ports, a thread for each connection.
    pub fn start() -> Self {
        let listeners = [0, 1].map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
        let addresses = [0, 1].map(|n: usize| listeners[n].local_addr().expect("an address"));
        let origins = addresses.map(|address| format!("http://{address}"));
        let fake = Self { origins, addresses, state: Arc::default(), stop: Arc::default() };
        for listener in listeners {
            let state = fake.state.clone();
            http::accept(listener, fake.stop.clone(), move |stream| serve(stream, &state));
        }
        fake
    }

    /// Reads or changes what is there and the service's habits.
    pub fn with<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        act(&mut lock(&self.state).service)
    }

    /// The next `times` calls with `part` in their line (method, path and query) meet this fault.
    pub fn fail(&self, fault: Fault<S>, part: &'static str, times: usize) {
        lock(&self.state).faults.push((When::Next(part, times), Arc::new(fault)));
    }

    /// The n-th call from now, from 1, meets this fault.
    pub fn fail_call(&self, fault: Fault<S>, n: usize) {
        lock(&self.state).faults.push((When::Call(n), Arc::new(fault)));
    }

    /// The faults that did not happen yet do not happen. Returns how many there are.
    pub fn heal(&self) -> usize {
        std::mem::take(&mut lock(&self.state).faults).len()
    }

    /// What was asked so far; the list begins anew.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.state).calls)
    }
}

impl<S: Service> Drop for Fake<S> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for address in self.addresses {
            let _ = TcpStream::connect(address);
        }
    }
}

fn lock<S: Service>(state: &Mutex<State<S>>) -> MutexGuard<'_, State<S>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request after the other, until the client closes the connection or a fault does.
fn serve<S: Service>(stream: &TcpStream, state: &Mutex<State<S>>) -> io::Result<()> {
    // Else a small answer waits until the one before it is acknowledged.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let asked = Asked::read(&mut reader)?;
        if asked.line.is_empty() {
            return Ok(());
        }
        let is_head = asked.line.starts_with("HEAD ");
        let fault = next_fault(&mut lock(state), &asked.line);
        let (answer, cut) = meet(fault.as_deref(), &asked, state);
        lock(state).calls.push(Call {
            status: answer.as_ref().map_or(0, |answer| answer.status),
            authorizations: asked.all("authorization").map(str::to_owned).collect(),
            received: asked.body.len(),
            line: asked.line,
        });
        match (answer, cut) {
            (None, _) => return Ok(()),
            (Some(answer), Some(bytes)) => return answer.write(stream, bytes),
            (Some(answer), None) => answer.write_and_keep(stream, is_head)?,
        }
    }
}

/// The answer, if there is one, and how much of it.
fn meet<S: Service>(
    fault: Option<&Fault<S>>,
    asked: &Asked,
    state: &Mutex<State<S>>,
) -> (Option<Answer>, Option<usize>) {
    let carry_out = || lock(state).service.answer(asked);
    match fault {
        None => (Some(carry_out()), None),
        Some(Fault::Answer(status, headers, body)) => {
            let answer = Answer { status: *status, headers: Vec::new(), body: body.clone().into_bytes() };
            (
                Some(headers.iter().fold(answer, |answer, (name, value)| answer.with(name, value.clone()))),
                None,
            )
        }
        Some(Fault::Refuse(status, message)) => (Some(S::refuse(*status, message)), None),
        Some(Fault::Echo(status)) => {
            let headers = asked.headers.iter().map(|(name, value)| format!("{name}: {value} "));
            (Some(S::refuse(*status, &headers.collect::<String>())), None)
        }
        Some(Fault::Drop) => (None, None),
        Some(Fault::DropAfter) => {
            carry_out();
            (None, None)
        }
        Some(Fault::Cut(bytes)) => (Some(carry_out()), Some(*bytes)),
        Some(Fault::Hang) => {
            thread::sleep(Duration::from_secs(3_600));
            (None, None)
        }
        Some(Fault::Starter) => {
            lock(state).service.break_off(asked);
            (Some(Answer::plain(502, "")), None)
        }
        Some(Fault::Meanwhile(act)) => {
            act(&mut lock(state).service);
            (Some(carry_out()), None)
        }
        Some(Fault::Gate(opens)) => (opens().then(carry_out), None),
    }
}

/// Takes the fault that meets this call; one that lasts stays in the plan.
fn next_fault<S: Service>(state: &mut State<S>, line: &str) -> Option<Arc<Fault<S>>> {
    let mut met = None;
    state.faults.retain_mut(|(when, fault)| {
        let is_met = match when {
            When::Call(n) => {
                *n -= 1;
                *n == 0
            }
            When::Next(part, _) => met.is_none() && line.contains(*part),
        };
        if is_met {
            met = Some(fault.clone());
        }
        match when {
            When::Next(_, times) if is_met => {
                *times = times.saturating_sub(1);
                *times > 0
            }
            _ => !is_met,
        }
    });
    met
}
