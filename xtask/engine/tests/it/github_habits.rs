//! The GitHub of these tests has those habits of GitHub's that the one of a rehearsal has not.

use helm_xtask::internals::digest::digest;
use serde_json::{Value, json};

use crate::fake::{Service as _, request};
use crate::github::{Github, asked, upload, value};
use crate::publish_github::{attach, draft, somebody};
use crate::server::TOKEN;

/// What one is answered who sends these headers: the status, and what it says.
fn ask_as(github: &Github, headers: &[(&str, &str)], line: &str) -> (u16, Value) {
    let line = line.replacen(' ', " /api/v3/repos/d44b/pulltrace", 1);
    let answer = github.with(|api| api.answer(&request(&line, headers, br#"{"tag_name":"v1"}"#)));
    (answer.status, value(&answer))
}

#[test]
fn a_draft_is_seen_by_those_who_may_write() {
    let github = Github::new();
    let draft = draft(&github);
    attach(&github, &draft, "a%2Bb%20c.tgz", b"data");
    let path = format!("releases/{}", draft["id"]);
    let asset = somebody(&github, "GET", &path, &Value::Null)["assets"][0].clone();
    assert_eq!((&asset["name"], &asset["digest"]), (&json!("a.b.c.tgz"), &json!(digest(b"data"))));
    assert_eq!(somebody(&github, "GET", "releases", &Value::Null).as_array().map(Vec::len), Some(1));
    assert_eq!(ask_as(&github, &[], "GET /releases").1, json!([]));
    for hidden in [format!("GET /{path}"), format!("GET /releases/assets/{}", asset["id"])] {
        assert_eq!(ask_as(&github, &[], &hidden).0, 404, "{hidden}");
    }
    somebody(&github, "PATCH", &path, &json!({"draft": false}));
    let said = ask_as(&github, &[], "GET /releases/latest").1;
    assert_eq!(said["assets"][0]["digest"], asset["digest"]);
    let page = said["html_url"].as_str().expect("a page");
    assert!(page.starts_with("https://github.com/d44b/pulltrace/releases/tag/v"), "{page}");
}

#[test]
fn who_may_what() {
    let github = Github::new();
    let create = |authorization: &str| {
        let (status, said) = ask_as(&github, &[("authorization", authorization)], "POST /releases");
        (status, said["message"].as_str().unwrap_or_default().to_owned())
    };
    let (status, said) = ask_as(&github, &[], "POST /releases");
    assert_eq!((status, &said["message"]), (401, &json!("Requires authentication")));
    assert_eq!(create("Bearer other"), (401, "Bad credentials".to_owned()));
    github.with(|api| api.reads_only = true);
    let own = format!("token {TOKEN}");
    assert_eq!(create(&own), (403, "Resource not accessible by integration".to_owned()));
    github.with(|api| api.is_private = true);
    assert_eq!(ask_as(&github, &[], "GET ").0, 404);
    let (status, said) = ask_as(&github, &[("authorization", &own)], "GET ");
    assert_eq!((status, &said["permissions"]["push"]), (200, &json!(false)));
}

#[test]
fn tags_are_lightweight_or_annotated() {
    let github = Github::new();
    github.with(|api| (api.tag("v1", "1111"), api.annotate("web/v1", "2222")));
    let (_, said) = ask_as(&github, &[], "GET /git/ref/tags/v1");
    assert_eq!(said["object"], json!({"type": "commit", "sha": "1111"}));
    let (_, said) = ask_as(&github, &[], "GET /git/ref/tags/web%2Fv1");
    assert_eq!(said["object"]["type"], json!("tag"));
    let sha = said["object"]["sha"].as_str().expect("an id");
    assert_eq!(ask_as(&github, &[], &format!("GET /git/tags/{sha}")).1["object"]["sha"], json!("2222"));
    assert_eq!(ask_as(&github, &[], "GET /git/ref/tags/v").0, 404);
}

#[test]
fn content_is_elsewhere_and_knows_no_token() {
    let github = Github::new();
    github.with(|api| api.uploads = api.storage.clone());
    let draft = draft(&github);
    let template = draft["upload_url"].as_str().expect("a template");
    assert!(template.starts_with(&github.origins[1]), "{template}");
    let answer = github.with(|api| api.answer(&upload(&draft, "a", br#"{"a":1}"#)));
    let mut look = asked("GET", &format!("releases/assets/{}", value(&answer)["id"]), &Value::Null);
    look.headers.push(("accept".to_owned(), "application/octet-stream".to_owned()));
    let answer = github.with(|api| api.answer(&look));
    let place = answer.headers.iter().find(|(name, _)| name == "Location").expect("a location");
    let path = place.1.strip_prefix(&github.origins[1]).expect("the storage");
    let stored = |headers: &[(&str, &str)]| {
        github.with(|api| api.answer(&request(&format!("GET {path}"), headers, b"")))
    };
    assert_eq!((answer.status, value(&stored(&[]))), (302, json!({"a": 1})));
    assert_eq!(stored(&[("authorization", "Bearer x")]).status, 400);
}

#[test]
fn half_an_upload_is_in_the_way() {
    let github = Github::new();
    let draft = draft(&github);
    github.with(|api| api.break_off(&upload(&draft, "a", b"")));
    let asset = json!({"name": "a", "state": "starter", "size": 0, "digest": null});
    assert_eq!(github.state()["releases"][0]["assets"], json!([asset]));
    assert_eq!(github.with(|api| api.answer(&upload(&draft, "a", b"a"))).status, 422);
}
