//! Servers below the level of a service: a proxy, one that speaks TLS, and one that says nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The certificate that signed the one of [`tls_before`].
pub const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/engine/tests/it/tls/ca.pem");

/// A proxy for one server, whatever host it is asked for.
pub struct ForwardProxy {
    pub origin: String,
    /// First lines of requests, and what they said of a user.
    asked: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// A proxy that answers `status` to everything, and does what is asked for 200.
    pub fn before(server: String, status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let (server, seen) = (server.clone(), seen.clone());
                thread::spawn(move || drop(tunnel(&client, &server, status, &seen)));
            }
        });
        Self { origin, asked }
    }

    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn tunnel(client: &TcpStream, server: &str, status: u16, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = BufReader::new(client.try_clone()?);
    let (mut line, mut user, mut fields) = (String::new(), String::new(), String::new());
    head.read_line(&mut line)?;
    loop {
        let mut field = String::new();
        if head.read_line(&mut field)? == 0 || field.trim().is_empty() {
            break;
        }
        if field.to_ascii_lowercase().starts_with("proxy-authorization:") {
            user = format!(" {}", field.trim().rsplit(' ').next().unwrap_or_default());
        } else {
            fields += &field;
        }
    }
    let target: Vec<&str> = line.split(' ').take(2).collect();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}{user}", target.join(" ")));
    let mut client = client.try_clone()?;
    if status != 200 {
        return write!(client, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
    }
    let mut server = TcpStream::connect(server)?;
    match target[1].strip_prefix("http://").and_then(|url| url.split_once('/')) {
        Some((_, path)) => write!(server, "{} /{path} HTTP/1.1\r\n{fields}\r\n", target[0])?,
        None => write!(client, "HTTP/1.1 200 OK\r\n\r\n")?,
    }
    server.write_all(head.buffer())?;
    join(client, server)
}

/// A server that takes connections and never says a word; its port, and how many there were that began with this byte.
pub fn silent_server(counted: u8) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let count = Arc::new(Mutex::new(0));
    let seen = count.clone();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut client in listener.incoming().filter_map(Result::ok) {
            let mut first = [0];
            let is_counted = client.read_exact(&mut first).is_ok() && first[0] == counted;
            *seen.lock().unwrap_or_else(PoisonError::into_inner) += usize::from(is_counted);
            kept.push(client);
        }
    });
    (host, count)
}

/// Copies both ways until both have ended.
fn join(one: TcpStream, other: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (one.try_clone()?, other.try_clone()?);
    let there = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (other, one);
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    drop(there.join());
    Ok(())
}

/// Speaks TLS before a server that speaks HTTP: `HOST:PORT`.
pub fn tls_before(server: String) -> String {
    let certificate = CertificateDer::from(include_bytes!("tls/leaf.der").as_slice());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("tls/leaf.key.der").as_slice()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for client in listener.incoming().filter_map(Result::ok) {
            let (config, server) = (config.clone(), server.clone());
            thread::spawn(move || drop(answer(config, client, &server)));
        }
    });
    host
}

/// One request: its head and body to the server, and what comes back.
fn answer(config: Arc<ServerConfig>, client: TcpStream, server: &str) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut client = BufReader::new(StreamOwned::new(connection, client));
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut field = String::new();
        if client.read_line(&mut field)? == 0 {
            return Ok(());
        }
        if let Some((_, value)) =
            field.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().unwrap_or_default();
        }
        if field.trim().is_empty() {
            head += "Connection: close\r\n\r\n";
            break;
        }
        if !field.to_ascii_lowercase().starts_with("connection:") {
            head += &field;
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(&body)?;
    let mut said = Vec::new();
    upstream.read_to_end(&mut said)?;
    let client = client.get_mut();
    client.write_all(&said)?;
    client.conn.send_close_notify();
    client.flush()
}
