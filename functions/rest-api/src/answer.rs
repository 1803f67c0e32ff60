//! An answer of the API as it is passed on: bounded, in JSON, without the connector's secrets.

use std::collections::BTreeMap;

use api::connectors::ApiAnswer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use platform::rest_api::call::Answered;

/// Headers of the connection (RFC 9110 section 7.6.1 and its older kin), of a body that is passed on
/// in another form, and cookies, which are the API's way to a browser.
const LEFT_OUT: [&str; 12] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "set-cookie2",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const HIDDEN: &str = "[redacted]";

pub fn passed_on(answered: &Answered, duration_ms: i64) -> ApiAnswer {
    let answer = &answered.answer;
    let (body, body_base64) = body(answered);
    ApiAnswer {
        status: answer.status().as_u16(),
        headers: headers(answered),
        body,
        body_base64,
        duration_ms,
    }
}

fn headers(answered: &Answered) -> BTreeMap<String, String> {
    let headers = answered.answer.headers();
    let hidden: Vec<String> = answered
        .redactor
        .headers(headers)
        .into_iter()
        .filter(|(_, shown)| shown == HIDDEN)
        .map(|(name, _)| name)
        .collect();
    headers
        .keys()
        .filter(|name| !LEFT_OUT.contains(&name.as_str()))
        .map(|name| {
            let value = if hidden.iter().any(|hidden| hidden == name.as_str()) {
                HIDDEN.to_owned()
            } else {
                answered.redactor.whole(&joined(headers, name))
            };
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// All values of a header, as one (RFC 9110 section 5.2).
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    values.join(", ")
}

fn body(answered: &Answered) -> (Option<Value>, Option<String>) {
    let bytes = answered.answer.body();
    if bytes.is_empty() {
        return (None, None);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return if answered.redactor.is_in(bytes) {
            (Some(HIDDEN.into()), None)
        } else {
            (None, Some(STANDARD.encode(bytes)))
        };
    };
    let document = is_json(answered.answer.headers())
        .then(|| serde_json::from_str(text).ok())
        .flatten();
    let shown = match document {
        Some(document) => answered.redactor.document(document),
        None => answered.redactor.whole(text).into(),
    };
    (Some(shown), None)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type == "application/json" || media_type.ends_with("+json")
}
