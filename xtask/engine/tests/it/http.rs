//! As much of HTTP/1.1 as git and clients of APIs speak: requests and answers, whole or cut.

use std::io::{self, BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Serves each connection in a thread of its own, until it is told to stop and somebody connects once more.
pub fn accept<T>(
    listener: TcpListener,
    stop: Arc<AtomicBool>,
    serve: impl Fn(&TcpStream) -> io::Result<T> + Send + Sync + 'static,
) {
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let serve = serve.clone();
            // What the client breaks off is no failure of the server.
            thread::spawn(move || drop(serve(&stream)));
        }
    });
}

/// A request with its whole body, chunked or not; an empty line where the client has no more.
pub struct Asked {
    /// Method, path and query.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn read(stream: &mut impl BufRead) -> io::Result<Self> {
        let mut next = || {
            let mut line = String::new();
            stream.read_line(&mut line).map(|_| line.trim_end().to_owned())
        };
        let line = next()?.trim_end_matches(" HTTP/1.1").to_owned();
        let mut headers = Vec::new();
        while let Some((name, value)) = next()?.split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut asked = Self { line, headers, body: Vec::new() };
        let length = asked.all("content-length").next().and_then(|length| length.parse().ok());
        stream.take(length.unwrap_or(0)).read_to_end(&mut asked.body)?;
        if asked.all("transfer-encoding").any(|coding| coding == "chunked") {
            asked.read_chunks(stream)?;
        }
        Ok(asked)
    }

    fn read_chunks(&mut self, stream: &mut impl BufRead) -> io::Result<()> {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            stream.take(size).read_to_end(&mut self.body)?;
            stream.read_line(&mut String::new())?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// The values of a header, whose name is in lower case.
    pub fn all(&self, header: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(name, _)| name == header).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    pub fn plain(status: u16, body: &str) -> Self {
        let headers = vec![("Content-Type".into(), "text/plain".into())];
        Self { status, headers, body: body.into() }
    }

    pub fn with(mut self, header: &str, value: String) -> Self {
        self.headers.push((header.into(), value));
        self
    }

    /// Writes it with at most `limit` bytes of the body that it announces. The connection is to be closed.
    pub fn write(self, stream: impl Write, limit: usize) -> io::Result<()> {
        self.with("Connection", "close".into()).send(stream, limit)
    }

    /// Writes it, without the body where only the head was asked for. The next request may come on the same connection.
    pub fn write_and_keep(self, stream: impl Write, is_head: bool) -> io::Result<()> {
        self.send(stream, if is_head { 0 } else { usize::MAX })
    }

    fn send(self, mut stream: impl Write, limit: usize) -> io::Result<()> {
        let length = self.body.len().to_string();
        // RFC 9110, 8.6.
        let whole = if self.status == 204 { self } else { self.with("Content-Length", length) };
        let headers = whole.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!("HTTP/1.1 {} -\r\n{}\r\n", whole.status, headers.collect::<String>());
        stream.write_all(head.as_bytes())?;
        stream.write_all(&whole.body[..whole.body.len().min(limit)])
    }
}
