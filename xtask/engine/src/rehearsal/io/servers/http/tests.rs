//! Requests as they come, and what is none.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::read::{Broken, read};
use super::{Answer, Request, listen, serve};

fn parse(bytes: &[u8]) -> Result<Option<Request>, u16> {
    read(&mut &*bytes, Vec::new()).map_err(|broken| match broken {
        Broken::Bad(status, _) => status,
        Broken::Gone(_) => 0,
    })
}

#[test]
fn requests() {
    let head = "PUT /a%20b/c?x=1%2B2+3&y HTTP/1.1\r\nHost: h\r\nX-Y:  z \r\n";
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    for (rest, body) in [
        ("\r\n", ""),
        ("Content-Length: 3\r\n\r\nabcdef", "abc"),
        ("Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: t\r\n\r\n", "abc"),
    ] {
        let request = parse(format!("{head}{rest}").as_bytes()).expect(rest).expect(rest);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/a b/c"));
        assert_eq!(request.target, "/a%20b/c?x=1%2B2+3&y");
        assert_eq!(request.query, pairs(&[("x", "1+2 3"), ("y", "")]));
        assert_eq!(request.headers.get(..2), Some(&*pairs(&[("host", "h"), ("x-y", "z")])));
        assert_eq!(request.body, body.as_bytes());
    }
    assert_eq!(parse(b""), Ok(None));
}

#[test]
fn what_is_no_request() {
    let long = "x".repeat(20_000);
    let many = "a: b\r\n".repeat(200);
    for (text, status) in [
        ("\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/2\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\n\r\n", 400),
        ("get / HTTP/1.1\r\n\r\n", 400),
        ("GET http://h/ HTTP/1.1\r\n\r\n", 400),
        ("GET /%zz HTTP/1.1\r\n\r\n", 400),
        ("GET /%ff HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nnone\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n a: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
        (&format!("GET /{long} HTTP/1.1\r\n\r\n"), 431),
        (&format!("GET / HTTP/1.1\r\n{many}\r\n"), 431),
        ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", 0),
        ("GET / HT", 0),
    ] {
        assert_eq!(parse(text.as_bytes()), Err(status), "{text:.60}");
    }
    assert_eq!(parse(b"\xff\xfe\x00\n\n"), Err(400));
    assert_eq!(parse(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, b'\n']), Err(400));
}

/// What a server that echoes says to these bytes, in which each request gets its host.
fn exchange(bytes: &[u8]) -> String {
    let own = |address| format!(" HTTP/1.1\r\nHost: {address}\r\n");
    exchange_with(|address| String::from_utf8_lossy(bytes).replace(" HTTP/1.1\r\n", &own(address)))
}

fn exchange_with(text: impl FnOnce(SocketAddr) -> String) -> String {
    let address = start(|request| {
        let echo = format!("{} {} {}", request.method, request.path, request.body.len());
        Answer::text(200, &echo).with("X-Path", request.path.clone())
    });
    said(address, text(address).as_bytes())
}

pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> SocketAddr {
    let listener = listen().expect("a port");
    let address = listener.local_addr().expect("its address");
    serve(listener, answer);
    address
}

/// What a server says to these bytes until it closes the connection.
pub fn said(to: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    // The server may have refused already.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("an answer");
    String::from_utf8(said).expect("text")
}

#[test]
fn answers() {
    let said = exchange(
        b"HEAD /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    );
    let (first, second) = said.split_once("HTTP/1.1 100 Continue\r\n\r\n").expect("a go-ahead");
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && first.contains("Content-Length: 10\r\n"), "{said}");
    assert!(first.ends_with("\r\n\r\n") && second.ends_with("\r\n\r\nPOST /b 2\n"), "{said}");
    let said = exchange(b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
    assert!(said.ends_with("Connection: close\r\n\r\nGET /a 0\n"), "{said}");
    let said = exchange(b"GET /a%0D%0ASet-Cookie:x HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(said.contains("\r\nX-Path: /aSet-Cookie:x\r\n"), "{said}");
}

#[test]
fn a_refusal_arrives() {
    let mut huge = b"PUT / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n".to_vec();
    huge.resize(900_000, b'x');
    let said = exchange(&huge);
    assert!(said.starts_with("HTTP/1.1 413 ") && said.ends_with("the body is too long\n"), "{said}");
    assert!(exchange(b"\x16\x03\x01 hello\n").starts_with("HTTP/1.1 400 "));
    assert_eq!(exchange(b""), "");
}

/// A web page can have a browser send anything here, but neither without an origin nor for this host.
#[test]
fn no_web_page_is_served() {
    let asked = |fields: &dyn Fn(SocketAddr) -> String| {
        exchange_with(|address| format!("POST /a HTTP/1.1\r\n{}Connection: close\r\n\r\n", fields(address)))
    };
    assert!(asked(&|own| format!("Host: {own}\r\n")).ends_with("\r\n\r\nPOST /a 0\n"));
    let refused: [&dyn Fn(SocketAddr) -> String; 8] = [
        &|own| format!("Host: {own}\r\nOrigin: https://evil.example\r\n"),
        &|own| format!("Host: {own}\r\nOrigin: null\r\n"),
        &|own| format!("Host: {own}\r\nORIGIN: http://{own}\r\n"),
        &|own| format!("Host: evil.example:{}\r\n", own.port()),
        &|own| format!("Host: localhost:{}\r\n", own.port()),
        &|own| format!("Host: {}\r\n", own.ip()),
        &|own| format!("Host: {own}\r\nHost: evil.example\r\n"),
        &|_| String::new(),
    ];
    for fields in refused {
        let said = asked(fields);
        assert!(said.starts_with("HTTP/1.1 403 ") && !said.contains("POST /a"), "{said}");
    }
}
