//! Requests of the specification and what they are answered.

use serde_json::{Value, json};

use super::Registry;
use crate::base::digest::digest;
use crate::rehearsal::io::servers::http::{Answer, Request};
use crate::sys::scratch::Scratch;

const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

fn registry() -> (Scratch, Registry) {
    let scratch = Scratch::directory().expect("a directory");
    let registry = Registry::new(scratch.path().to_owned());
    (scratch, registry)
}

/// A request as it stands in the specification: `METHOD PATH[?QUERY]`.
fn ask(registry: &Registry, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let request = Request::parse(&format!("{line} HTTP/1.1")).expect("a request");
    registry.answer(&Request {
        headers: headers.iter().copied().map(own).collect(),
        body: body.to_vec(),
        ..request
    })
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let found = answer.headers.iter().find(|(field, _)| field == name);
    found.map_or("", |(_, value)| value)
}

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    body.pointer("/errors/0/code").and_then(Value::as_str).expect("a code").to_owned()
}

fn manifest(config: &[u8], layer: &[u8]) -> Vec<u8> {
    let blob = |data: &[u8]| json!({ "mediaType": "t", "digest": digest(data), "size": data.len() });
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": TYPE, "config": blob(config), "layers": [blob(layer)] });
    manifest.to_string().into_bytes()
}

#[test]
fn a_push_and_a_pull() {
    let (scratch, registry) = registry();
    for path in ["/v2", "/v2/"] {
        assert_eq!(ask(&registry, &format!("GET {path}"), &[], b"").status, 200);
    }
    // All at once, in one request after another, and in parts.
    let config = digest(b"{}");
    let line = format!("POST /v2/o/web/blobs/uploads/?digest={config}");
    assert_eq!(ask(&registry, &line, &[], b"{}").status, 201);
    let begun = ask(&registry, "POST /v2/o/web/blobs/uploads/", &[], b"");
    let at = header(&begun, "Location").to_owned();
    assert_eq!((begun.status, header(&begun, "Range")), (202, "0-0"));
    let part = ask(&registry, &format!("PATCH {at}"), &[("content-range", "0-1")], b"la");
    assert_eq!((part.status, header(&part, "Range")), (202, "0-1"));
    let again = ask(&registry, &format!("PATCH {at}"), &[("content-range", "0-1")], b"la");
    assert_eq!((again.status, header(&again, "Range")), (416, "0-1"));
    let layer = digest(b"layer");
    let put = ask(&registry, &format!("PUT {at}?digest={layer}"), &[("content-range", "2-4")], b"yer");
    assert_eq!((put.status, header(&put, "Docker-Content-Digest")), (201, &*layer));
    assert_eq!(ask(&registry, &format!("GET {at}"), &[], b"").status, 404);

    let manifest = manifest(b"{}", b"layer");
    let its = digest(&manifest);
    let put = ask(&registry, "PUT /v2/o/web/manifests/1.0.0", &[("content-type", TYPE)], &manifest);
    assert_eq!((put.status, header(&put, "Docker-Content-Digest")), (201, &*its));
    for reference in ["1.0.0", &its] {
        let got = ask(&registry, &format!("GET /v2/o/web/manifests/{reference}"), &[], b"");
        assert_eq!((got.status, header(&got, "Content-Type"), &got.body), (200, TYPE, &manifest));
    }
    let got = ask(&registry, &format!("GET /v2/o/web/blobs/{layer}"), &[], b"");
    assert_eq!((got.status, got.body.as_slice()), (200, &b"layer"[..]));
    let mounted =
        ask(&registry, &format!("POST /v2/o/api/blobs/uploads/?mount={layer}&from=o/web"), &[], b"");
    assert_eq!(mounted.status, 201);

    for tag in ["0.9.0", "1.1.0", "1.0.0"] {
        ask(&registry, &format!("PUT /v2/o/web/manifests/{tag}"), &[("content-type", TYPE)], &manifest);
    }
    let tags = |query: &str| {
        let body = ask(&registry, &format!("GET /v2/o/web/tags/list{query}"), &[], b"").body;
        String::from_utf8(body).expect("UTF-8")
    };
    assert_eq!(tags(""), r#"{"name":"o/web","tags":["0.9.0","1.0.0","1.1.0"]}"#);
    assert_eq!(tags("?n=1&last=0.9.0"), r#"{"name":"o/web","tags":["1.0.0"]}"#);
    let index = std::fs::read_to_string(scratch.path().join("o/web/index.json")).expect("an index");
    let index: Value = serde_json::from_str(&index).expect("JSON");
    let listed = index.pointer("/manifests").and_then(Value::as_array).map(Vec::len);
    assert_eq!(listed, Some(3));
}

#[test]
fn a_tag_moves() {
    let (_scratch, registry) = registry();
    for data in [b"{}", b"[]"] {
        ask(&registry, &format!("POST /v2/o/web/blobs/uploads/?digest={}", digest(data)), &[], data);
        let manifest = manifest(data, data);
        assert_eq!(
            ask(&registry, "PUT /v2/o/web/manifests/1.0.0", &[("content-type", TYPE)], &manifest).status,
            201
        );
        let head = ask(&registry, "HEAD /v2/o/web/manifests/1.0.0", &[], b"");
        assert_eq!(header(&head, "Docker-Content-Digest"), digest(&manifest));
    }
}

/// Two that push at once do not mix.
#[test]
fn two_uploads() {
    let (_scratch, registry) = registry();
    let mut at = Vec::new();
    for _ in 0..2 {
        at.push(header(&ask(&registry, "POST /v2/o/web/blobs/uploads/", &[], b""), "Location").to_owned());
    }
    for (at, data) in at.iter().zip(["first", "other"]) {
        ask(&registry, &format!("PATCH {at}"), &[], data.as_bytes());
    }
    // Another repository has no part in it.
    let foreign = ask(&registry, &format!("PATCH {}", at.concat().replace("/o/web/", "/o/api/")), &[], b"x");
    assert_eq!(foreign.status, 404);
    for (at, data) in at.iter().zip(["first", "other"]) {
        let put = ask(&registry, &format!("PUT {at}?digest={}", digest(data.as_bytes())), &[], b"");
        assert_eq!(put.status, 201);
    }
}

#[test]
fn refusals() {
    let (scratch, registry) = registry();
    let none = digest(b"none");
    let manifest = manifest(b"{}", b"layer");
    let typed = [("content-type", TYPE)];
    for (line, headers, body, status, expected) in [
        ("GET /", &[][..], &b""[..], 404, "NAME_UNKNOWN"),
        ("GET /v2/o/web/tags/list", &[], b"", 404, "NAME_UNKNOWN"),
        ("GET /v2/o/web/manifests/1.0.0", &[], b"", 404, "MANIFEST_UNKNOWN"),
        (&format!("GET /v2/o/web/blobs/{none}"), &[], b"", 404, "BLOB_UNKNOWN"),
        ("GET /v2/o/web/blobs/sha256:../../../../etc/passwd", &[], b"", 404, "NAME_UNKNOWN"),
        ("GET /v2/../../manifests/1.0.0", &[], b"", 400, "NAME_INVALID"),
        ("GET /v2//etc/manifests/1.0.0", &[], b"", 400, "NAME_INVALID"),
        ("GET /v2/O/web/manifests/1.0.0", &[], b"", 400, "NAME_INVALID"),
        ("DELETE /v2/o/web/manifests/1.0.0", &[], b"", 405, "UNSUPPORTED"),
        ("GET /v2/o/web/blobs/uploads/", &[], b"", 405, "UNSUPPORTED"),
        ("PATCH /v2/o/web/blobs/uploads/upload-7", &[], b"", 404, "BLOB_UPLOAD_UNKNOWN"),
        (&format!("POST /v2/o/web/blobs/uploads/?digest={none}"), &[], b"other", 400, "DIGEST_INVALID"),
        ("POST /v2/o/web/blobs/uploads/?digest=md5:x", &[], b"", 400, "DIGEST_INVALID"),
        ("PUT /v2/o/web/manifests/1.0.0", &typed, b"none", 400, "MANIFEST_INVALID"),
        ("PUT /v2/o/web/manifests/1.0.0", &typed, b"{}", 400, "MANIFEST_INVALID"),
        ("PUT /v2/o/web/manifests/1.0.0", &[], &manifest, 400, "MANIFEST_INVALID"),
        ("PUT /v2/o/web/manifests/1.0+0", &typed, &manifest, 400, "MANIFEST_INVALID"),
        ("PUT /v2/o/web/manifests/1.0.0", &typed, &manifest, 404, "MANIFEST_BLOB_UNKNOWN"),
        (&format!("PUT /v2/o/web/manifests/{none}"), &typed, &manifest, 400, "DIGEST_INVALID"),
    ] {
        let answer = ask(&registry, line, headers, body);
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{line}");
    }
    assert_eq!(std::fs::read_dir(scratch.path()).expect("the registry").count(), 0);
}
