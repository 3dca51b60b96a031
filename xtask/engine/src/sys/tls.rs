//! Whether a server of this machine speaks TLS: the first byte of what it answers to a greeting says so, whoever it is and
//! whoever trusts it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What was found, by host: none is asked twice.
static KNOWN: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
/// One that is silent for longer waits for a request.
const LIMIT: Duration = Duration::from_secs(1);
/// A record with a `ClientHello` of TLS 1.2 (RFC 5246, 7.4.1.2) up to its random bytes, and its end: no session, the cipher
/// that TLS 1.3 has to have, no compression.
const HELLO: [u8; 11] = [0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3];
const END: [u8; 7] = [0, 0, 2, 0x13, 1, 1, 0];
/// Types of records (RFC 5246, 6.2.1): an alert, or the next step of the handshake.
const RECORDS: [u8; 2] = [0x15, 0x16];

/// Whether `HOST` or `HOST:PORT` speaks TLS. One that does not answer in a moment speaks none.
pub fn is_spoken_at(host: &str) -> bool {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(host.to_owned()).or_insert_with(|| ask(host).is_some_and(|first| RECORDS.contains(&first)))
}

fn ask(host: &str) -> Option<u8> {
    let addresses = host.to_socket_addrs().or_else(|_| format!("{host}:443").to_socket_addrs()).ok()?;
    let mut stream = addresses.into_iter().find_map(|at| TcpStream::connect_timeout(&at, LIMIT).ok())?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.write_all(&[&HELLO[..], &[0; 32], &END].concat()).ok()?;
    // A server that waits for the end of a line is told that there is none.
    stream.shutdown(Shutdown::Write).ok()?;
    let mut first = [0];
    stream.read_exact(&mut first).ok()?;
    Some(first[0])
}
