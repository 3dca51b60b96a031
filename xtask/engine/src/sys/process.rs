//! Programs that we run: they get a time limit, what they print comes back whole, and none of them outlives us.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What a program did.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    /// What it said, usually about a failure.
    pub stderr: String,
}

/// The limit of a program that waits for a person.
pub const PERSON: Duration = Duration::from_secs(86_400);
/// How often a program is looked at whose output stays open, and one that has closed it.
const LOOK: Duration = Duration::from_millis(20);
const MOMENT: Duration = Duration::from_millis(1);
/// How long a program's last words are waited for once it has ended: something that it started may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long programs may take to end when they are told to.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(5);

/// Runs a program with this input. One that still runs at the deadline is killed, with all that it started: an error of
/// the kind `TimedOut`. It cannot ask at the terminal, which it does not share with us.
pub fn run(command: Command, input: Vec<u8>, deadline: Instant) -> io::Result<Output> {
    converse(command, true, input, deadline)
}

/// The same for a program that may ask a person. What it started is not killed at the deadline, and may still do what
/// it was about to do.
pub fn ask(command: Command, input: Vec<u8>, deadline: Instant) -> io::Result<Output> {
    converse(command, false, input, deadline)
}

/// The same as [`run`] without input, with both streams in their order as what it printed.
pub fn run_merged(mut command: Command, deadline: Instant) -> io::Result<Output> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let program = Program::start(&mut command, true)?;
    // It holds the other end of the pipe.
    drop(command);
    program.end([Reader::new(Some(reader)), Reader::new(None::<io::Empty>)], deadline)
}

fn converse(mut command: Command, is_alone: bool, input: Vec<u8>, deadline: Instant) -> io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Program::start(&mut command, is_alone)?;
    if let Some(mut stdin) = program.child.stdin.take() {
        // A program that ended early has said why.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let readers = [Reader::new(program.child.stdout.take()), Reader::new(program.child.stderr.take())];
    program.end(readers, deadline)
}

/// The programs that run, as `kill` takes them.
struct Running {
    targets: Vec<String>,
    /// Whether we end: nothing is started any more, and nobody goes on with what a program left behind.
    is_over: bool,
}

static RUNNING: Mutex<Running> = Mutex::new(Running { targets: Vec::new(), is_over: false });
static ENDED: Condvar = Condvar::new();

/// Ends all programs that run, and what they started. Whoever waits for one of them waits for ever.
#[cfg(unix)]
pub fn end_all() {
    let mut running = lock(&RUNNING);
    running.is_over = true;
    if running.targets.is_empty() {
        return;
    }
    let all = running.targets.clone();
    kill("TERM", &all);
    let are_left = |running: &mut Running| !running.targets.is_empty();
    let left = ENDED.wait_timeout_while(running, GRACE, are_left).unwrap_or_else(PoisonError::into_inner).0;
    // One that has ended may have left some of its group.
    let is_there = |target: &String| target.starts_with('-') || left.targets.contains(target);
    kill("KILL", &all.into_iter().filter(is_there).collect::<Vec<_>>());
}

/// The running programs, for those who may still start and end some.
fn running() -> MutexGuard<'static, Running> {
    let running = lock(&RUNNING);
    if running.is_over {
        drop(running);
        loop {
            thread::park();
        }
    }
    running
}

/// A program that runs.
struct Program {
    child: Child,
    target: String,
}

impl Program {
    fn start(command: &mut Command, is_alone: bool) -> io::Result<Self> {
        if is_alone {
            in_a_group(command);
        }
        let mut running = running();
        let child = command.spawn()?;
        let target = format!("{}{}", if is_alone { "-" } else { "" }, child.id());
        running.targets.push(target.clone());
        Ok(Self { child, target })
    }

    fn end(mut self, [stdout, stderr]: [Reader; 2], deadline: Instant) -> io::Result<Output> {
        let status = self.status(&stdout, deadline);
        if let Ok(None) = status {
            kill("KILL", std::slice::from_ref(&self.target));
            self.child.kill()?;
            self.child.wait()?;
        }
        lock(&RUNNING).targets.retain(|target| *target != self.target);
        ENDED.notify_all();
        drop(running());
        let status = status?.ok_or(io::ErrorKind::TimedOut)?;
        let last = Instant::now() + LAST_WORDS;
        stdout.wait(last);
        stderr.wait(last);
        Ok(Output {
            status,
            stdout: stdout.take(),
            stderr: String::from_utf8_lossy(&stderr.take()).into_owned(),
        })
    }

    /// How it ended, if it does until the deadline. It mostly closes its output a moment before that.
    fn status(&mut self, stdout: &Reader, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            match self.child.try_wait()? {
                None if Instant::now() >= deadline => return Ok(None),
                None if stdout.wait(deadline.min(Instant::now() + LOOK)) => thread::sleep(MOMENT),
                None => {}
                status => return Ok(status),
            }
        }
    }
}

/// Lets a program begin a process group, which can be ended as a whole.
#[cfg(unix)]
fn in_a_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn in_a_group(_: &mut Command) {}

/// Sends a signal. The shell's `kill` takes groups too, and is wherever git is.
#[cfg(unix)]
fn kill(signal: &str, targets: &[String]) {
    if !targets.is_empty() {
        let script = "kill -s \"$0\" -- \"$@\"";
        let mut shell = Command::new("/bin/sh");
        let _ = shell.args(["-c", script, signal]).args(targets).stderr(Stdio::null()).status();
    }
}

#[cfg(not(unix))]
fn kill(_: &str, _: &[String]) {}

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
            let mut stream = stream;
            let mut part = vec![0; 1 << 16];
            while let Some(Ok(length @ 1..)) = stream.as_mut().map(|stream| stream.read(&mut part)) {
                lock(&shared).extend_from_slice(part.get(..length).unwrap_or_default());
            }
        });
        Self { bytes, done }
    }

    /// Waits for the end of the stream; whether it came.
    fn wait(&self, until: Instant) -> bool {
        // It ends with the sender, which sends nothing.
        let waited = self.done.recv_timeout(until.saturating_duration_since(Instant::now()));
        waited == Err(RecvTimeoutError::Disconnected)
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.bytes))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
