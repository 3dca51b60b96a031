//! The GitHub of these tests has GitHub's habits: those that its documentation and recorded answers have.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::github::{Fault, Github};
use crate::server::TOKEN;

/// A status, a header, and what is in it.
type Said = (u16, String, Value);

/// Asks with the token, on a connection of its own.
fn ask(github: &Github, method: &str, path: &str, body: &[u8]) -> Said {
    ask_as(github, &format!("Authorization: Bearer {TOKEN}\r\n"), method, path, body)
}

fn ask_as(github: &Github, headers: &str, method: &str, path: &str, body: &[u8]) -> Said {
    let url = path.strip_prefix("http://").map_or_else(
        || {
            github.url().replacen("http://", "", 1)
                + "/repos/d44b/pulltrace"
                + if path.is_empty() { "" } else { "/" }
                + path
        },
        str::to_owned,
    );
    let (host, path) = url.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("a connection");
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: t\r\n{headers}Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("a request");
    stream.shutdown(std::net::Shutdown::Write).expect("an end");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).expect("a line") > 2 {}
    let status = head.split(' ').nth(1).map_or(0, |status| status.parse().expect("a status"));
    let mut body = Vec::new();
    reader.read_to_end(&mut body).expect("a body");
    (status, head, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn post(github: &Github, release: &Value) -> Said {
    ask(github, "POST", "releases", release.to_string().as_bytes())
}

/// A draft with this tag, and where it takes assets.
fn draft(github: &Github, tag: &str) -> (String, String) {
    let (status, _, said) = post(github, &json!({"tag_name": tag, "draft": true}));
    assert_eq!(status, 201, "{said}");
    let upload = said["upload_url"].as_str().expect("a template").replace("{?name,label}", "?name=");
    (format!("releases/{}", said["id"]), upload)
}

#[test]
fn a_draft_is_seen_by_those_who_may_write() {
    let github = Github::new();
    let (path, upload) = draft(&github, "v1.0.0");
    assert_eq!(ask(&github, "GET", "releases", b"").2.as_array().map(Vec::len), Some(1));
    assert_eq!(ask_as(&github, "", "GET", "releases", b"").2, json!([]));
    assert_eq!(ask_as(&github, "", "GET", &path, b"").0, 404);
    assert_eq!(ask(&github, "GET", "releases/tags/v1.0.0", b"").0, 404);
    assert_eq!(ask(&github, "GET", "releases/latest", b"").0, 404);
    let (status, _, asset) = ask(&github, "POST", &(upload.clone() + "a%2Bb%20c.tgz"), b"data");
    assert_eq!(
        (status, &asset["name"], &asset["state"], &asset["size"]),
        (201, &json!("a+b.c.tgz"), &json!("uploaded"), &json!(4))
    );
    let digest = "sha256:3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7";
    assert_eq!(asset["digest"], json!(digest));
    let (status, _, said) = ask(&github, "POST", &(upload + "a%2Bb+c.tgz"), b"data");
    let error = json!([{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]);
    assert_eq!((status, &said["errors"]), (422, &error));
    assert_eq!(ask(&github, "PATCH", &path, br#"{"draft":false}"#).0, 200);
    let (status, _, said) = ask_as(&github, "", "GET", "releases/tags/v1.0.0", b"");
    assert_eq!((status, &said["assets"][0]["digest"]), (200, &json!(digest)));
    assert_eq!(github.state()["latest"], json!("v1.0.0"));
}

#[test]
fn a_tag_has_one_published_release() {
    let github = Github::new();
    let (path, _) = draft(&github, "v1");
    draft(&github, "v1");
    assert_eq!(post(&github, &json!({"tag_name": "v1"})).0, 201);
    let error = json!([{"resource": "Release", "code": "already_exists", "field": "tag_name"}]);
    let (status, _, said) = post(&github, &json!({"tag_name": "v1"}));
    assert_eq!((status, &said["errors"]), (422, &error));
    let (status, _, said) = ask(&github, "PATCH", &path, br#"{"draft":false}"#);
    assert_eq!((status, &said["errors"]), (422, &error));
}

#[test]
fn the_latest_is_what_was_made_it() {
    let github = Github::new();
    let latest = || github.state()["latest"].clone();
    post(&github, &json!({"tag_name": "v0.2.0"}));
    post(&github, &json!({"tag_name": "v0.1.9", "make_latest": "false"}));
    post(&github, &json!({"tag_name": "v0.3.0-rc.1", "prerelease": true}));
    assert_eq!(latest(), json!("v0.2.0"));
    post(&github, &json!({"tag_name": "v0.1.10"}));
    assert_eq!(latest(), json!("v0.1.10"));
    let (status, _, said) =
        post(&github, &json!({"tag_name": "v4-rc", "prerelease": true, "make_latest": "true"}));
    assert_eq!(
        (status, &said["errors"][0]["message"]),
        (422, &json!("Latest release cannot be draft or prerelease."))
    );
    assert_eq!(post(&github, &json!({"tag_name": "v4", "make_latest": true})).0, 422);
}

#[test]
fn what_is_published_is_immutable_where_it_is() {
    let github = Github::new();
    github.with(|api| api.immutable = true);
    let (path, upload) = draft(&github, "v1");
    let asset = ask(&github, "POST", &(upload.clone() + "a"), b"a").2;
    assert_eq!(ask(&github, "PATCH", &path, br#"{"draft":false,"make_latest":"true"}"#).0, 200);
    let (status, _, said) = ask(&github, "POST", &(upload + "b"), b"b");
    assert_eq!((status, &said["message"]), (422, &json!("Cannot upload assets to an immutable release.")));
    assert_eq!(ask(&github, "DELETE", &format!("releases/assets/{}", asset["id"]), b"").0, 422);
    assert_eq!(ask(&github, "PATCH", &path, br#"{"draft":true}"#).0, 422);
    assert_eq!(ask(&github, "DELETE", &path, b"").0, 204);
    assert_eq!(post(&github, &json!({"tag_name": "v1"})).0, 422);
}

#[test]
fn who_may_what() {
    let github = Github::new();
    let create = |headers: &str| ask_as(&github, headers, "POST", "releases", br#"{"tag_name":"v1"}"#);
    let (status, _, said) = create("");
    assert_eq!((status, &said["message"]), (401, &json!("Requires authentication")));
    let (status, _, said) = create("Authorization: Bearer other\r\n");
    assert_eq!((status, &said["message"]), (401, &json!("Bad credentials")));
    github.with(|api| api.reads_only = true);
    let (status, _, said) = create(&format!("Authorization: token {TOKEN}\r\n"));
    assert_eq!((status, &said["message"]), (403, &json!("Resource not accessible by integration")));
    github.with(|api| api.is_private = true);
    assert_eq!(ask_as(&github, "", "GET", "", b"").0, 404);
    let (status, _, said) = ask(&github, "GET", "", b"");
    assert_eq!((status, &said["permissions"]["push"]), (200, &json!(false)));
    assert!(github.calls().iter().any(|call| call.authorizations.is_empty()));
}

#[test]
fn tags_are_lightweight_or_annotated() {
    let github = Github::new();
    github.with(|api| (api.tag("v1", "1111"), api.annotate("web/v1", "2222")));
    let (status, _, said) = ask(&github, "GET", "git/ref/tags/v1", b"");
    assert_eq!(
        (status, &said["object"]["type"], &said["object"]["sha"]),
        (200, &json!("commit"), &json!("1111"))
    );
    let (_, _, said) = ask(&github, "GET", "git/ref/tags/web%2Fv1", b"");
    assert_eq!(said["object"]["type"], json!("tag"));
    let sha = said["object"]["sha"].as_str().expect("an id");
    assert_eq!(ask(&github, "GET", &format!("git/tags/{sha}"), b"").2["object"]["sha"], json!("2222"));
    assert_eq!(ask(&github, "GET", "git/ref/tags/v", b"").0, 404);
}

#[test]
fn lists_have_pages() {
    let github = Github::new();
    for n in 0..5 {
        draft(&github, &format!("v{n}"));
    }
    let (_, head, said) = ask(&github, "GET", "releases?per_page=2", b"");
    assert_eq!((said.as_array().map(Vec::len), &said[0]["tag_name"]), (Some(2), &json!("v4")));
    let next = head.split('<').nth(1).and_then(|rest| rest.split_once(">; rel=\"next\"")).expect("a link").0;
    assert!(next.ends_with("/repositories/1000/releases?per_page=2&page=2"), "{next}");
    assert_eq!(ask(&github, "GET", next, b"").2[0]["tag_name"], json!("v2"));
    let (_, head, said) = ask(&github, "GET", "releases?per_page=2&page=3", b"");
    assert_eq!((said.as_array().map(Vec::len), head.contains("rel=\"next\"")), (Some(1), false));
}

#[test]
fn content_is_elsewhere_and_knows_no_token() {
    let github = Github::new();
    github.upload_elsewhere();
    let (_, upload) = draft(&github, "v1");
    assert!(!upload.starts_with(&github.url()[..20]), "{upload}");
    let asset = ask(&github, "POST", &(upload + "a"), br#"{"a":1}"#).2;
    let headers = format!("Authorization: Bearer {TOKEN}\r\nAccept: application/octet-stream\r\n");
    let path = format!("releases/assets/{}", asset["id"]);
    let (status, head, _) = ask_as(&github, &headers, "GET", &path, b"");
    let place = head.lines().find_map(|line| line.strip_prefix("Location: ")).expect("a location");
    assert_eq!((status, ask_as(&github, "", "GET", place, b"").2), (302, json!({"a": 1})));
    assert_eq!(ask(&github, "GET", place, b"").0, 400);
}

#[test]
fn faults_happen_once_and_when_they_are_to() {
    let github = Github::new();
    let (path, upload) = draft(&github, "v1");
    github.fail(Fault::Starter, "/assets", 1);
    assert_eq!(ask(&github, "POST", &(upload.clone() + "a"), b"a").0, 502);
    assert_eq!(github.state()["releases"][0]["assets"][0]["state"], json!("starter"));
    assert_eq!(ask(&github, "POST", &(upload.clone() + "a"), b"a").0, 422);
    github.fail_call(Fault::DropAfter, 2);
    github.fail_call(Fault::Drop, 3);
    assert_eq!(ask(&github, "POST", &(upload.clone() + "b"), b"b").0, 201);
    assert_eq!(ask(&github, "POST", &(upload.clone() + "c"), b"c").0, 0);
    assert_eq!(ask(&github, "POST", &(upload + "d"), b"d").0, 0);
    let names: Vec<_> = ["a", "b", "c"].map(Value::from).into();
    let state = github.state();
    let assets = state["releases"][0]["assets"].as_array().expect("assets").iter();
    assert_eq!(assets.map(|asset| asset["name"].clone()).collect::<Vec<_>>(), names);
    github.fail(Fault::Cut(3), "/releases/", 1);
    assert_eq!(ask(&github, "GET", &path, b"").2, Value::Null);
    let limit = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    github.fail(
        Fault::Answer(403, vec![("Retry-After", "1".into())], json!({"message": limit}).to_string()),
        "",
        1,
    );
    let (status, head, said) = ask(&github, "GET", &path, b"");
    assert_eq!((status, head.contains("Retry-After: 1"), &said["message"]), (403, true, &json!(limit)));
    assert_eq!(ask(&github, "GET", &path, b"").0, 200);
}
