//! What failures become.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use providers::seven_shifts::UsersQuery;
use providers::{MAX_BODY_BYTES, ProviderError};
use serde_json::json;

use crate::support::{RECEIVED_AT, TOKEN, answer, client};

fn failure(response: &Response<Bytes>) -> ProviderError {
    let call = client().users(&UsersQuery::default()).unwrap();
    call.reply.read(response, RECEIVED_AT).unwrap_err()
}

fn problem(status: u16) -> Response<Bytes> {
    let body = json!({"type": "basic", "title": "Title", "status": status, "detail": "why",
                      "code": status, "param": "clocked_in"});
    answer(status, body.to_string())
}

fn why() -> Option<String> {
    Some("why".to_owned())
}

#[test]
fn every_status_has_its_class() {
    for (status, error, retryable) in [
        (401, ProviderError::Unauthorized { detail: why() }, false),
        (403, ProviderError::Forbidden { detail: why() }, false),
        (404, ProviderError::NotFound { detail: why() }, false),
        (409, ProviderError::Conflict { detail: why() }, false),
        (410, ProviderError::Gone { detail: why() }, false),
        (
            302,
            ProviderError::Unexpected {
                status: 302,
                detail: why(),
            },
            false,
        ),
        (
            202,
            ProviderError::Unexpected {
                status: 202,
                detail: why(),
            },
            false,
        ),
        (
            405,
            ProviderError::Unexpected {
                status: 405,
                detail: why(),
            },
            false,
        ),
    ] {
        let read = failure(&problem(status));
        assert_eq!(read, error);
        assert_eq!(read.is_retryable(), retryable, "{status}");
        assert_eq!(read.detail(), Some("why"));
    }
    for status in [400, 422] {
        assert_eq!(
            failure(&problem(status)),
            ProviderError::Invalid {
                param: Some("clocked_in".to_owned()),
                detail: why()
            }
        );
    }
    for status in [408, 425, 500, 502, 503, 504, 520] {
        let read = failure(&problem(status));
        assert_eq!(
            read,
            ProviderError::Server {
                status,
                retry_after: None,
                detail: why()
            }
        );
        assert!(read.is_retryable());
    }
    let limited = failure(&problem(429));
    assert_eq!(
        limited,
        ProviderError::RateLimited {
            retry_after: None,
            detail: why()
        }
    );
    assert!(limited.is_retryable());
}

#[test]
fn the_explanation_is_detail_then_message_then_title_then_oauths() {
    for (body, detail) in [
        (
            json!({"detail": "d", "message": "m", "title": "t"}),
            Some("d"),
        ),
        (json!({"message": "m", "title": "t"}), Some("m")),
        (json!({"title": "t"}), Some("t")),
        (
            json!({"detail": "", "message": " ", "title": "t"}),
            Some("t"),
        ),
        (
            json!({"detail": {"a": 1}, "message": 7, "title": "t"}),
            Some("t"),
        ),
        (json!({"detail": null, "message": null}), None),
        (
            json!({"status": "error", "message": "m", "error": "missing_parameter"}),
            Some("m"),
        ),
        (
            json!({"status": "error", "error": "unauthorized"}),
            Some("unauthorized"),
        ),
        (
            json!({"error": "invalid_client", "error_description": "no such app"}),
            Some("no such app"),
        ),
        (json!([{"detail": "d"}]), None),
        (json!("d"), None),
    ] {
        let read = failure(&answer(401, body.to_string()));
        assert_eq!(read.detail(), detail, "{body}");
    }
}

#[test]
fn an_error_body_that_is_no_json_costs_only_the_explanation() {
    let deep = "[".repeat(50_000);
    for body in [
        &b""[..],
        b"<html>502 Bad Gateway</html>",
        b"{\"detail\": \"cut of",
        b"\xff\xfe\x00",
        deep.as_bytes(),
    ] {
        let read = failure(&answer(502, body.to_vec()));
        assert_eq!(
            read,
            ProviderError::Server {
                status: 502,
                retry_after: None,
                detail: None
            }
        );
    }
}

#[test]
fn a_member_that_cannot_be_read_hides_no_other() {
    let body = br#"{"detail": "\ud800", "message": "m", "code": 1e400}"#;
    assert_eq!(failure(&answer(403, body.to_vec())).detail(), Some("m"));
    let body = b"{\"detail\": \"caf\xe9 closed\"}";
    assert_eq!(
        failure(&answer(403, body.to_vec())).detail(),
        Some("caf\u{fffd} closed")
    );
}

#[test]
fn the_explanation_is_short_on_one_line_and_without_the_token() {
    let body = json!({"detail": format!("bad token {TOKEN}\n\u{1b}[31m{}", "x".repeat(1000)),
                      "param": format!("authorization={TOKEN}")});
    let read = failure(&answer(422, body.to_string()));
    let ProviderError::Invalid { param, detail } = read else {
        panic!("{read:?}")
    };
    let detail = detail.unwrap();
    assert!(detail.starts_with("bad token [redacted] "), "{detail}");
    assert_eq!(detail.chars().count(), 300);
    assert!(!detail.chars().any(char::is_control));
    assert_eq!(param.as_deref(), Some("authorization=[redacted]"));
}

#[test]
fn retry_after_is_read_in_all_its_forms() {
    let saturday = "Sat, 14 Mar 2026 22:00:30 GMT";
    for (retry_after, date, wait) in [
        (Some("7"), None, Some(7)),
        (Some("0"), None, Some(0)),
        (Some("86400"), None, Some(3600)),
        (Some(saturday), None, Some(30)),
        (
            Some(saturday),
            Some("Sat, 14 Mar 2026 22:00:20 GMT"),
            Some(10),
        ),
        (Some("Saturday, 14-Mar-26 22:00:30 GMT"), None, Some(30)),
        (Some("Sat Mar 14 22:00:30 2026"), None, Some(30)),
        (
            Some(saturday),
            Some("Sun, 15 Mar 2026 22:00:00 GMT"),
            Some(0),
        ),
        (Some("soon"), None, None),
        (Some("1.5"), None, None),
        (Some("-3"), None, None),
        (None, None, None),
    ] {
        for status in [429, 503] {
            let mut response = problem(status);
            let headers = response.headers_mut();
            if let Some(value) = retry_after {
                headers.insert("retry-after", value.parse().unwrap());
            }
            if let Some(value) = date {
                headers.insert("date", value.parse().unwrap());
            }
            assert_eq!(
                failure(&response).retry_after(),
                wait.map(Duration::from_secs),
                "{retry_after:?} {date:?}"
            );
        }
    }
}

#[test]
fn two_retry_afters_say_nothing() {
    let mut response = problem(429);
    response
        .headers_mut()
        .append("retry-after", "5".parse().unwrap());
    response
        .headers_mut()
        .append("retry-after", "9".parse().unwrap());
    assert_eq!(failure(&response).retry_after(), None);
}

#[test]
fn an_endless_answer_is_too_large() {
    let read = failure(&answer(200, vec![b' '; MAX_BODY_BYTES + 1]));
    assert_eq!(
        read,
        ProviderError::TooLarge {
            limit_bytes: MAX_BODY_BYTES
        }
    );
    assert!(!read.is_retryable());
}

#[test]
fn a_message_says_what_a_manager_can_do_something_about() {
    assert_eq!(
        failure(&answer(403, r#"{"detail":"Upgrade to The Works"}"#)).to_string(),
        "access was refused: the account's plan lacks this feature, or the credential has no \
         right to this account: Upgrade to The Works"
    );
    assert_eq!(
        failure(&problem(422)).to_string(),
        "the provider refused the request (parameter `clocked_in`): why"
    );
    assert_eq!(
        failure(&answer(500, "")).to_string(),
        "the provider failed with status 500"
    );
}
