//! Reads a request. Whoever reaches the port can send anything: every length has a limit, and what is no request gets
//! an answer that says so.

use std::io::{self, BufRead, Read, Write};

use super::Request;
use crate::base::url;

/// The longest line, and the most lines, of a head.
const MAX_LINE: u64 = 16 * 1024;
const MAX_LINES: usize = 128;
/// The longest body: more than the largest archive.
const MAX_BODY: u64 = 128 * 1024 * 1024;

/// Why there is no request.
#[derive(Debug)]
pub enum Broken {
    /// The connection ended, or said nothing for too long.
    Gone(io::Error),
    /// It is none: the status to answer with, and why.
    Bad(u16, &'static str),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

/// Reads a request with its body, for which a client may want to be asked first. `None` at the end of the connection.
pub fn read(reader: &mut impl BufRead, mut client: impl Write) -> Result<Option<Request>, Broken> {
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut request = Request::parse(&line(reader)?)?;
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            break;
        }
        let field = line.split_once(':').filter(|(name, _)| !name.is_empty() && !name.contains([' ', '\t']));
        let (name, value) = field.ok_or(Broken::Bad(400, "a field of the head is none"))?;
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        if request.headers.len() > MAX_LINES {
            return Err(Broken::Bad(431, "the head has too many fields"));
        }
    }
    let length = length(&request)?;
    if length != Some(0)
        && request.header("expect").is_some_and(|what| what.eq_ignore_ascii_case("100-continue"))
    {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    request.body = match length {
        Some(length) => exactly(reader, length)?,
        None => chunks(reader)?,
    };
    Ok(Some(request))
}

impl Request {
    /// The request whose head begins with this line, without all that follows it.
    pub fn parse(line: &str) -> Result<Self, Broken> {
        let parts: Vec<&str> = line.split(' ').collect();
        let &[method, target, "HTTP/1.1"] = parts.as_slice() else {
            return Err(Broken::Bad(400, "this is no request of HTTP/1.1"));
        };
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_method || !target.starts_with('/') {
            return Err(Broken::Bad(400, "a request begins with a method and a path"));
        }
        let decode =
            |text: &str| url::unescape(text).map_err(|_| Broken::Bad(400, "a `%` is wrong in the path"));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            path: decode(path)?,
            ..Self::default()
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            request.query.push((decode(key)?, decode(&value.replace('+', " "))?));
        }
        Ok(request)
    }
}

/// How long the body is; `None` where it comes in chunks.
fn length(request: &Request) -> Result<Option<u64>, Broken> {
    let mut lengths = request.headers("content-length");
    let (length, second) = (lengths.next(), lengths.next());
    match (request.header("transfer-encoding"), length) {
        (None, None) => Ok(Some(0)),
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(None),
        (Some(_), _) => Err(Broken::Bad(400, "a body is chunked, or has a length")),
        (None, Some(_)) if second.is_some() => Err(Broken::Bad(400, "the body has two lengths")),
        (None, Some(text)) if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Broken::Bad(400, "the length is no number"))
        }
        (None, Some(text)) => match text.parse() {
            Ok(length) if length <= MAX_BODY => Ok(Some(length)),
            _ => Err(Broken::Bad(413, "the body is too long")),
        },
    }
}

fn exactly(reader: &mut impl BufRead, length: u64) -> Result<Vec<u8>, Broken> {
    // The buffer grows with what arrives, whatever was announced.
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
    } else {
        Ok(body)
    }
}

fn chunks(reader: &mut impl BufRead) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    loop {
        let line = line(reader)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Broken::Bad(400, "a chunk has no size"));
        }
        let size = u64::from_str_radix(size, 16).unwrap_or(u64::MAX);
        if size > MAX_BODY.saturating_sub(body.len() as u64) {
            return Err(Broken::Bad(413, "the body is too long"));
        }
        if size == 0 {
            break;
        }
        body.append(&mut exactly(reader, size)?);
        if !self::line(reader)?.is_empty() {
            return Err(Broken::Bad(400, "a chunk is longer than its size"));
        }
    }
    for _ in 0..MAX_LINES {
        if line(reader)?.is_empty() {
            return Ok(body);
        }
    }
    Err(Broken::Bad(431, "the trailer has too many fields"))
}

/// A line without its end.
fn line(reader: &mut impl BufRead) -> Result<String, Broken> {
    let mut bytes = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        let cut = bytes.len() as u64 + 1 >= MAX_LINE;
        let gone = || io::Error::from(io::ErrorKind::UnexpectedEof).into();
        return Err(if cut { Broken::Bad(431, "a line of the head is too long") } else { gone() });
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| Broken::Bad(400, "the head is not UTF-8"))
}
