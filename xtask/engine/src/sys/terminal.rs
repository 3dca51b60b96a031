//! What the user sees: results on standard output, problems on standard error, in cargo's style; on GitHub Actions
//! problems become annotations.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::{environment, secrets};
use crate::base::config::THE_CONFIG;
use crate::base::problem::{Place, Problem, Severity};
use crate::base::text::shown;

/// Prints a result: a verb, right-aligned, then what.
pub fn result(verb: &str, what: &str) -> io::Result<()> {
    let verb = paint(&format!("{verb:>12}"), "1;32", io::stdout().is_terminal());
    line(&format!("{verb} {}", shown(what)))
}

/// Prints a line as a result. A reader that went away, such as `head`, is no reason to fail; a full disk is.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", secrets::scrub(text)).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))),
        result => result,
    }
}

static IS_HUSHED: AtomicBool = AtomicBool::new(false);

/// Does something without a word of what is being done: it takes a moment.
pub fn hushed<T>(act: impl FnOnce() -> T) -> T {
    IS_HUSHED.store(true, Ordering::Relaxed);
    let result = act();
    IS_HUSHED.store(false, Ordering::Relaxed);
    result
}

static LAST: Mutex<String> = Mutex::new(String::new());

/// Prints what is being done, for what may take a while; once where it is the same again.
pub fn progress(verb: &str, what: &str) {
    if IS_HUSHED.load(Ordering::Relaxed) {
        return;
    }
    let line = format!("{verb} {what}");
    if std::mem::replace(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner), line.clone()) == line {
        return;
    }
    let verb = paint(&format!("{verb:>12}"), "1;36", io::stderr().is_terminal());
    note(&format!("{verb} {}", shown(what)));
}

/// Prints what another program printed, as it is.
pub fn output(text: &str) {
    let text = text.trim_end();
    if !text.is_empty() {
        note(text);
    }
}

/// Asks for what nobody else knows; `None` where there is no person to ask, or no answer.
pub fn ask(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let _ = write!(io::stderr().lock(), "{question}");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

static CONFIG_FILE: OnceLock<String> = OnceLock::new();

/// From now on messages name this file where they speak of the config.
pub fn the_config_is_in(file: &str) {
    let _ = CONFIG_FILE.set(file.to_owned());
}

fn located(text: &str) -> String {
    CONFIG_FILE.get().map_or_else(|| text.to_owned(), |file| text.replace(THE_CONFIG, file))
}

pub fn file(place: &Place) -> String {
    located(&place.file)
}

pub fn hint(problem: &Problem) -> Option<String> {
    problem.hint.as_deref().map(located)
}

pub fn problem(problem: &Problem) {
    let place = problem.place.as_ref().map(|place| Place { file: file(place), line: place.line });
    let problem = &Problem { place, hint: hint(problem), ..problem.clone() };
    if environment::in_github_actions() {
        return note(&annotation(problem));
    }
    let (word, colour) = match problem.severity {
        Severity::Usage | Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
        Severity::Note => ("note", "1;32"),
    };
    let coloured = io::stderr().is_terminal();
    note(&format!("{}: {problem}", paint(word, colour, coloured)));
    if let Some(hint) = &problem.hint {
        note(&format!("{}: {}", paint("hint", "1;36", coloured), shown(hint)));
    }
}

/// A workflow command, which GitHub shows beside the line (docs.github.com, "Workflow commands", "Setting an error
/// message").
fn annotation(problem: &Problem) -> String {
    let word = match problem.severity {
        Severity::Usage | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let place = problem.place.as_ref().map_or_else(String::new, |place| {
        let line = place.line.map_or_else(String::new, |line| format!(",line={line}"));
        format!(" file={}{line}", property(&place.file))
    });
    let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("\nhint: {}", shown(hint)));
    format!("::{word}{place}::{}", data(&format!("{problem}{hint}")))
}

/// A text in a workflow command, which is one line.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn paint(text: &str, colour: &str, is_terminal: bool) -> String {
    let coloured = is_terminal && environment::wants_colour();
    if coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Prints to standard error, where nothing can be done about a failure.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", secrets::scrub(text));
}

/// A problem for a program, without an edit.
pub fn as_json(problem: &Problem) -> Value {
    let severity = match problem.severity {
        Severity::Usage | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = problem.place.as_ref();
    json!({
        "severity": severity,
        "message": problem.message,
        "file": place.map(file),
        "line": place.and_then(|place| place.line),
        "hint": hint(problem),
        "edit": null,
    })
}
