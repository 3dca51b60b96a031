//! What publishing asks, and what GitHub's documentation says that it is answered.

use serde_json::{Value, json};

use super::Github;
use crate::base::digest::digest;
use crate::rehearsal::io::servers::http::{Answer, Request};
use crate::sys::scratch::Scratch;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn github() -> (Scratch, Github) {
    let scratch = Scratch::directory().expect("a directory");
    let tags = ["v1.0.0".to_owned(), "v2.0.0".to_owned()];
    let github = Github::new(scratch.path().join("github"), "http://127.0.0.1:1", "o/r", &tags, COMMIT);
    (scratch, github)
}

fn ask(github: &Github, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let length = body.len().to_string();
    let usual = [("user-agent", "t"), ("content-length", &length)];
    let headers = usual.into_iter().chain(headers.iter().copied()).map(own).collect();
    let request = Request::parse(&format!("{line} HTTP/1.1")).expect("a request");
    github.answer(&Request { headers, body: body.to_vec(), ..request })
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Asks below the repository with JSON; status and JSON come back.
fn rest(github: &Github, line: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = ask(github, &line.replacen(' ', " /repos/o/r", 1), &[], body.as_bytes());
    let value = if answer.body.is_empty() { Value::Null } else { parsed(&answer) };
    (answer.status, value)
}

fn draft(github: &Github, tag: &str) -> u64 {
    let (status, release) = rest(github, "POST /releases", &json!({ "tag_name": tag, "draft": true }));
    assert_eq!(status, 201, "{release}");
    release["id"].as_u64().expect("an id")
}

#[test]
fn a_release_is_published() {
    let (scratch, mut github) = github();
    assert_eq!(rest(&github, "GET ", &Value::Null).1["full_name"], "o/r");
    let (_, tag) = rest(&github, "GET /git/ref/tags/v1.0.0", &Value::Null);
    assert_eq!(tag["object"]["type"], "tag");
    let id = tag["object"]["sha"].as_str().expect("an id");
    let (_, tag) = rest(&github, &format!("GET /git/tags/{id}"), &Value::Null);
    assert_eq!((&tag["object"]["type"], &tag["object"]["sha"]), (&json!("commit"), &json!(COMMIT)));

    let wanted = json!({ "tag_name": "v1.0.0", "name": "One", "body": "Words.", "draft": true });
    let (status, release) = rest(&github, "POST /releases", &wanted);
    assert_eq!((status, &release["draft"], &release["published_at"]), (201, &json!(true), &Value::Null));
    let id = release["id"].as_u64().expect("an id");
    let template = format!("http://127.0.0.1:1/repos/o/r/releases/{id}/assets{{?name,label}}");
    assert_eq!(release["upload_url"], template);
    // A draft is found in the list alone.
    assert_eq!(rest(&github, "GET /releases/tags/v1.0.0", &Value::Null).0, 404);
    assert_eq!(rest(&github, "GET /releases/latest", &Value::Null).0, 404);
    assert_eq!(rest(&github, "GET /releases", &Value::Null).1[0]["id"], id);

    let line = format!("POST /repos/o/r/releases/{id}/assets?name=a%201.tgz");
    let typed = [("content-type", "application/gzip")];
    let asset = parsed(&ask(&github, &line, &typed, b"data"));
    assert_eq!((&asset["name"], &asset["state"]), (&json!("a.1.tgz"), &json!("uploaded")));
    assert_eq!((&asset["size"], &asset["digest"]), (&json!(4), &json!(digest(b"data"))));
    let twice = ask(&github, &line, &typed, b"data");
    assert_eq!((twice.status, &parsed(&twice)["errors"][0]["code"]), (422, &json!("already_exists")));
    let at = format!("GET /repos/o/r/releases/assets/{}", asset["id"]);
    assert_eq!(ask(&github, &at, &[("accept", "application/octet-stream")], b"").body, b"data");
    assert_eq!(parsed(&ask(&github, &at, &[], b""))["digest"], digest(b"data"));

    let (status, release) = rest(&github, &format!("PATCH /releases/{id}"), &json!({ "draft": false }));
    assert_eq!((status, &release["body"], &release["draft"]), (200, &json!("Words."), &json!(false)));
    assert_eq!(rest(&github, "GET /releases/tags/v1.0.0", &Value::Null).1["assets"][0]["name"], "a.1.tgz");
    assert_eq!(rest(&github, "GET /releases/latest", &Value::Null).1["id"], id);
    let download = release["assets"][0]["browser_download_url"].as_str().expect("a link");
    let path = download.strip_prefix("http://127.0.0.1:1").expect("the origin");
    assert_eq!(ask(&github, &format!("GET {path}"), &[], b"").body, b"data");

    let files = scratch.path().join(format!("github/v1.0.0-{id}"));
    assert_eq!(std::fs::read(files.join("notes.md")).expect("notes"), b"Words.");
    assert_eq!(std::fs::read(files.join("assets/a.1.tgz")).expect("an asset"), b"data");

    // It stays what it is.
    for line in [format!("POST /repos/o/r/releases/{id}/assets?name=b"), at.replacen("GET", "DELETE", 1)] {
        let refused = ask(&github, &line, &typed, b"more");
        assert!(
            refused.status == 422 && parsed(&refused)["message"].to_string().contains("immutable"),
            "{line}"
        );
    }
    assert_eq!(rest(&github, &format!("PATCH /releases/{id}"), &json!({ "tag_name": "v2.0.0" })).0, 422);
    assert_eq!(rest(&github, &format!("DELETE /releases/{id}"), &Value::Null).0, 204);
    assert_eq!(rest(&github, &format!("GET /releases/{id}"), &Value::Null).0, 404);
    assert!(!files.exists());
    assert_eq!(rest(&github, "POST /releases", &json!({ "tag_name": "v1.0.0" })).0, 422);
    // Where published releases may change, they do.
    github.immutable = false;
    let (_, release) = rest(&github, "POST /releases", &json!({ "tag_name": "v2.0.0" }));
    assert_eq!(release["immutable"], false);
    let line = format!("POST /repos/o/r/releases/{}/assets?name=a", release["id"]);
    assert_eq!(ask(&github, &line, &typed, b"data").status, 201);
}

#[test]
fn the_latest_one() {
    let (_scratch, github) = github();
    let publish = |id: u64, more: Value| {
        let mut wanted = json!({ "draft": false });
        wanted.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_eq!(rest(&github, &format!("PATCH /releases/{id}"), &wanted).0, 200);
        rest(&github, "GET /releases/latest", &Value::Null).1["id"].as_u64()
    };
    let [old, new, back, next] = ["v1.0.0", "v2.0.0", "v1.0.1", "v3.0.0-rc.1"].map(|tag| draft(&github, tag));
    assert_eq!(publish(old, json!({})), Some(old));
    assert_eq!(publish(new, json!({ "make_latest": "true" })), Some(new));
    assert_eq!(publish(back, json!({ "make_latest": "false" })), Some(new));
    assert_eq!(publish(next, json!({ "prerelease": true })), Some(new));
    assert_eq!(publish(new, json!({ "make_latest": "false" })), Some(back));
    // The tag that was missing was made.
    assert_eq!(rest(&github, "GET /git/ref/tags/v1.0.1", &Value::Null).1["object"]["sha"], COMMIT);
}

#[test]
fn lists_have_pages() {
    let (_scratch, github) = github();
    let ids: Vec<u64> = (0..5).map(|_| draft(&github, "v1.0.0")).collect();
    let (mut found, mut line) = (Vec::new(), "GET /repos/o/r/releases?per_page=2".to_owned());
    loop {
        let answer = ask(&github, &line, &[], b"");
        let page = parsed(&answer);
        found.extend(page.as_array().expect("a list").iter().filter_map(|release| release["id"].as_u64()));
        let next = answer.headers.iter().find(|(name, _)| name == "Link");
        let Some((_, next)) = next else { break };
        let next = next.split(", ").find_map(|link| link.strip_suffix(">; rel=\"next\""));
        let Some(next) = next else { break };
        line = format!("GET {}", next.strip_prefix("<http://127.0.0.1:1").expect("a link"));
    }
    assert_eq!(found, ids.into_iter().rev().collect::<Vec<_>>());
    for query in ["page=0&per_page=0", "page=x", "page=18446744073709551615&per_page=100"] {
        assert_eq!(
            ask(&github, &format!("GET /repos/o/r/releases?{query}"), &[], b"").status,
            200,
            "{query}"
        );
    }
}

#[test]
fn refusals() {
    let (_scratch, github) = github();
    let id = draft(&github, "v1.0.0");
    rest(&github, "POST /releases", &json!({ "tag_name": "v2.0.0" }));
    for (line, body, status) in [
        ("GET /git/ref/tags/v9.0.0", Value::Null, 404),
        ("GET /git/tags/0000", Value::Null, 404),
        ("GET /releases/99", Value::Null, 404),
        ("GET /releases/assets/99", Value::Null, 404),
        ("GET /../../etc/passwd", Value::Null, 404),
        ("PUT /releases", Value::Null, 404),
        ("POST /releases", Value::Null, 400),
        ("POST /releases", json!([]), 422),
        ("POST /releases", json!({}), 422),
        ("POST /releases", json!({ "tag_name": "a b" }), 422),
        ("POST /releases", json!({ "tag_name": "v2.0.0" }), 422),
        ("POST /releases", json!({ "tag_name": "v1.0.0", "make_latest": true }), 422),
        ("POST /releases", json!({ "tag_name": "v1.0.0", "draft": "yes" }), 422),
        ("POST /releases", json!({ "tag_name": "v1", "draft": true, "make_latest": "true" }), 422),
        ("POST /releases", json!({ "tag_name": "v1", "prerelease": true, "make_latest": "true" }), 422),
        (&format!("PATCH /releases/{id}"), json!({ "tag_name": "v2.0.0", "draft": false }), 422),
    ] {
        let (found, answer) = rest(&github, line, &body);
        assert_eq!(found, status, "{line} {body}: {answer}");
        assert!(answer["message"].is_string(), "{answer}");
    }
    let (_, twice) = rest(&github, "POST /releases", &json!({ "tag_name": "v2.0.0" }));
    let error = json!([{ "resource": "Release", "code": "already_exists", "field": "tag_name" }]);
    assert_eq!(twice["errors"], error);
    let typed = [("content-type", "text/plain")];
    for (query, headers, body, status) in [
        ("", &typed[..], &b"x"[..], 422),
        ("?name=..", &typed, b"x", 422),
        ("?name=x", &[], b"x", 422),
        ("?name=x", &typed, b"", 400),
    ] {
        let line = format!("POST /repos/o/r/releases/{id}/assets{query}");
        assert_eq!(ask(&github, &line, headers, body).status, status, "{line}");
    }
    assert_eq!(ask(&github, "GET /repos/o/other", &[], b"").status, 404);
    let nobody = Request { method: "GET".to_owned(), path: "/repos/o/r".to_owned(), ..Request::default() };
    assert_eq!(github.answer(&nobody).status, 403);
}
