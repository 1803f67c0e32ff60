//! What statuses are made of.

use std::time::Duration;

use providers::ProviderError;
use serde_json::json;

use crate::support::{RECEIVED_AT, TOKEN, answer, client};

fn error(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderError {
    let call = client().employees(None).unwrap();
    let answer = answer(status, headers, body.to_owned());
    call.reply.read(&answer, RECEIVED_AT).unwrap_err()
}

#[test]
fn every_documented_status_has_its_class() {
    for (status, code, is_retryable) in [
        (400, "invalid_request", false),
        (401, "unauthorized", false),
        (403, "forbidden", false),
        (404, "not_found", false),
        (422, "invalid_request", false),
        (429, "rate_limited", true),
        (500, "server_error", true),
        (502, "server_error", true),
        (503, "server_error", true),
        (302, "unexpected_status", false),
        (204, "unexpected_status", false),
    ] {
        let body = json!({"code": status, "errors": ["because"]}).to_string();
        let error = error(status, &[], &body);
        assert_eq!(
            (error.code(), error.is_retryable()),
            (code, is_retryable),
            "{status}"
        );
        assert_eq!(error.detail(), Some("because"), "{status}");
    }
}

#[test]
fn the_explanation_is_found_in_every_form() {
    for (body, detail) in [
        (
            r#"{"code":403,"errors":["insufficient_scope"]}"#,
            Some("insufficient_scope"),
        ),
        (
            r#"{"code":403,"error":"insufficient_scope"}"#,
            Some("insufficient_scope"),
        ),
        (r#"{"message":"no"}"#, Some("no")),
        (r#"{"errors":"no"}"#, Some("no")),
        (r#"{"errors":["a","b"]}"#, Some("a, b")),
        (
            r#"{"errors":{"start_date":["is bad"],"n":1}}"#,
            Some("start_date: is bad"),
        ),
        (r#"{"errors":[]}"#, None),
        (r#"{"errors":7}"#, None),
        ("<html>", None),
        ("", None),
    ] {
        assert_eq!(error(403, &[], body).detail(), detail, "{body}");
    }
    let echo = json!({"errors": [format!("token {TOKEN} is bad")]}).to_string();
    assert_eq!(
        error(401, &[], &echo).detail(),
        Some("token [redacted] is bad")
    );
}

#[test]
fn a_limit_is_waited_for_as_long_as_is_asked() {
    assert_eq!(error(429, &[], "").retry_after(), None);
    let asked = error(429, &[("retry-after", "12")], "");
    assert_eq!(asked.retry_after(), Some(Duration::from_secs(12)));
    let asked = error(503, &[("retry-after", "3")], "");
    assert_eq!(asked.retry_after(), Some(Duration::from_secs(3)));
}
