//! Programs that talk to a network: they get a time limit, and what they print comes back whole.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// What a program did.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said, usually about a failure.
    pub stderr: String,
}

/// How long a program's last words are waited for once it has ended: something that it started may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a program with this input. One that still runs at the deadline is killed: an error of the kind `TimedOut`. What
/// it started itself is not, and may still do what it was about to do.
pub fn run(mut command: Command, input: Vec<u8>, deadline: Instant) -> io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early has said why.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let (stdout, stderr) = (Reader::new(child.stdout.take()), Reader::new(child.stderr.take()));
    stdout.wait(deadline);
    let Some(status) = end(&mut child, deadline)? else {
        child.kill()?;
        child.wait()?;
        return Err(io::ErrorKind::TimedOut.into());
    };
    let last = Instant::now() + LAST_WORDS;
    stdout.wait(last);
    stderr.wait(last);
    Ok(Output { status, stdout: stdout.take(), stderr: String::from_utf8_lossy(&stderr.take()).into_owned() })
}

/// How a program ended, if it does until the deadline. It has closed its output, so that it takes a moment at most.
fn end(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(1)),
            status => return Ok(status),
        }
    }
}

/// Reads a stream in a thread of its own.
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    done: mpsc::Receiver<()>,
}

impl Reader {
    fn new(stream: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (sender, done) = mpsc::channel::<()>();
        let shared = Arc::clone(&bytes);
        thread::spawn(move || {
            let _sender = sender;
            let (mut stream, mut part) = (stream, vec![0; 1 << 16]);
            while let Some(Ok(length @ 1..)) = stream.as_mut().map(|stream| stream.read(&mut part)) {
                lock(&shared).extend_from_slice(part.get(..length).unwrap_or_default());
            }
        });
        Self { bytes, done }
    }

    /// Waits for the end of the stream.
    fn wait(&self, until: Instant) {
        // It ends with the sender, which sends nothing.
        let _ = self.done.recv_timeout(until.saturating_duration_since(Instant::now()));
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.bytes))
    }
}

fn lock(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}
