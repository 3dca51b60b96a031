//! How requests and answers of GitHub's REST API are written.

use serde_json::{Map, Value, json};

use helm_xtask::internals::rehearsal::http::Answer;

const DOCS: &str = "https://docs.github.com/rest";

/// What went wrong, as an answer.
pub type Refused = Answer;

/// Path and query of a request.
pub fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// Without percent-encoding.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(before.bytes().chain([byte.unwrap_or(b'?')]));
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A parameter of a query, where a plus sign is a space.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(&value.replace('+', " ")))
}

/// The name that GitHub gives an asset.
pub fn renamed(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_+@.".contains(c);
    name.chars().map(|c| if allowed(c) { c } else { '.' }).collect::<String>().trim_matches('.').to_owned()
}

/// The JSON object that a body is.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(refuse(400, "Problems parsing JSON")),
    }
}

/// JSON.
pub fn ok(status: u16, body: &Value) -> Answer {
    Answer::json(status, body)
}

/// An error as the API says it.
pub fn refuse(status: u16, message: &str) -> Refused {
    let body = json!({"message": message, "documentation_url": DOCS, "status": status.to_string()});
    ok(status, &body)
}

pub fn not_found() -> Refused {
    refuse(404, "Not Found")
}

pub fn invalid(error: &Value) -> Refused {
    invalid_field("Release", error)
}

pub fn invalid_asset(error: &Value) -> Refused {
    invalid_field("ReleaseAsset", error)
}

fn invalid_field(resource: &str, error: &Value) -> Refused {
    let mut error = error.clone();
    error["resource"] = json!(resource);
    let body = json!({"message": "Validation Failed", "errors": [error], "documentation_url": DOCS, "status": "422"});
    ok(422, &body)
}

/// One page of a list that is at this URL; the header `Link` says where the others are.
pub fn page(url: &str, query: &str, all: Vec<Value>) -> Answer {
    let number = |name| parameter(query, name).and_then(|value| value.parse().ok()).filter(|n| *n > 0);
    let (size, page): (usize, usize) =
        (number("per_page").unwrap_or(30).min(100), number("page").unwrap_or(1));
    let last = all.len().div_ceil(size).max(1);
    let link = |page: usize, rel: &str| format!("<{url}?per_page={size}&page={page}>; rel=\"{rel}\"");
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link(page - 1, "prev"), link(1, "first")]);
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    let shown: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
    let answer = ok(200, &json!(shown));
    if links.is_empty() { answer } else { answer.with("Link", links.join(", ")) }
}
