//! Answers as Employment Hero writes them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

pub fn json(status: StatusCode, value: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(value.to_string()));
    *answer.status_mut() = status;
    let media_type = HeaderValue::from_static("application/json");
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    answer
}

/// The API's: a code that is the status, and details.
pub fn error(status: StatusCode, detail: &str) -> Response<Bytes> {
    json(
        status,
        &json!({"code": status.as_u16(), "errors": [detail]}),
    )
}

/// What the vendor's own client was tested with.
pub fn message(status: StatusCode, text: &str) -> Response<Bytes> {
    json(status, &json!({"message": text}))
}

/// The authorization server's (RFC 6749 section 5.2).
pub fn refusal(status: StatusCode, word: &str, description: &str) -> Response<Bytes> {
    json(
        status,
        &json!({"error": word, "error_description": description}),
    )
}
