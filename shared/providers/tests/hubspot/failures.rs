//! What failures become.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use providers::ProviderError;
use providers::hubspot::{LimitPolicy, RateLimits};
use serde_json::{Value, json};

use crate::support::{RECEIVED_AT, TOKEN, answer, client};

fn failure(response: &Response<Bytes>) -> ProviderError {
    let call = client().update_deal("501", &[("advisor", "7001")]).unwrap();
    call.reply.read(response, RECEIVED_AT).unwrap_err()
}

fn envelope(status: u16, body: &Value) -> Response<Bytes> {
    answer(status, &[], body.to_string())
}

fn said(category: &str) -> Value {
    json!({"status": "error", "message": "why", "correlationId": "0b1e6c1e", "category": category})
}

fn why() -> Option<String> {
    Some("why".to_owned())
}

#[test]
fn every_status_has_its_class() {
    for (status, error) in [
        (401, ProviderError::Unauthorized { detail: why() }),
        (403, ProviderError::Forbidden { detail: why() }),
        (404, ProviderError::NotFound { detail: why() }),
        (409, ProviderError::Conflict { detail: why() }),
        (410, ProviderError::Gone { detail: why() }),
        (
            400,
            ProviderError::Invalid {
                param: None,
                detail: why(),
            },
        ),
        (
            302,
            ProviderError::Unexpected {
                status: 302,
                detail: why(),
            },
        ),
        (
            204,
            ProviderError::Unexpected {
                status: 204,
                detail: why(),
            },
        ),
    ] {
        let read = failure(&envelope(status, &said("CATEGORY")));
        assert_eq!(read, error);
        assert!(!read.is_retryable());
    }
    for status in [408, 425, 500, 502, 503, 504, 521, 524, 477] {
        assert_eq!(
            failure(&envelope(status, &said("CATEGORY"))),
            ProviderError::Server {
                status,
                retry_after: None,
                detail: why(),
            }
        );
    }
}

#[test]
fn a_property_that_is_refused_is_named() {
    let body = json!({"status": "error", "message":
        "Property values were not valid: [{\"isValid\":false,\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"advisr\"}]",
        "correlationId": "0b1e6c1e", "category": "VALIDATION_ERROR", "errors": [
            {"message": "Property \"advisr\" does not exist", "code": "PROPERTY_DOESNT_EXIST",
             "context": {"propertyName": ["advisr"]}},
            {"message": "7 was not one of the allowed options", "code": "INVALID_OPTION"}]});
    assert_eq!(
        failure(&envelope(400, &body)),
        ProviderError::Invalid {
            param: Some("advisr".to_owned()),
            detail: Some(
                "Property \"advisr\" does not exist; 7 was not one of the allowed options"
                    .to_owned()
            ),
        }
    );
}

#[test]
fn scopes_that_are_missing_are_named() {
    let body = json!({"status": "error", "message": "This app hasn't been granted all required scopes.",
        "category": "MISSING_SCOPES", "errors": [{"message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": ["crm.objects.deals.write", "crm.objects.deals.read"]}}]});
    let error = failure(&envelope(403, &body));
    assert_eq!(
        error.detail().unwrap(),
        "it needs the scopes crm.objects.deals.write, crm.objects.deals.read. \
         This app hasn't been granted all required scopes."
    );
    assert_eq!(error.code(), "forbidden");
}

#[test]
fn limits_are_told_apart() {
    let limited = |policy: &str| {
        json!({"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT",
               "correlationId": "5a1c", "policyName": policy})
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (name, policy, window) in [
        ("DAILY", LimitPolicy::Daily, None),
        (
            "TEN_SECONDLY_ROLLING",
            LimitPolicy::TenSecondlyRolling,
            seconds(10),
        ),
        ("SECONDLY", LimitPolicy::Secondly, seconds(1)),
        ("secondly", LimitPolicy::Secondly, seconds(1)),
        ("OF_TOMORROW", LimitPolicy::Unknown, seconds(10)),
    ] {
        let response = envelope(429, &limited(name));
        assert_eq!(LimitPolicy::of(&response), Some(policy));
        assert_eq!(policy.window(), window);
        assert_eq!(
            failure(&response),
            ProviderError::RateLimited {
                retry_after: window,
                detail: Some(format!("{} You have reached your limit.", policy.as_str())),
            }
        );
    }
    let asked = answer(429, &[("retry-after", "3")], limited("DAILY").to_string());
    assert_eq!(failure(&asked).retry_after(), seconds(3));
    // The other shape, without the policy: the headers tell.
    let body =
        json!({"status": "error", "message": "x", "errorType": "RATE_LIMIT", "requestId": "r"});
    let spent = answer(
        429,
        &[("X-HubSpot-RateLimit-Daily-Remaining", "0")],
        body.to_string(),
    );
    assert_eq!(LimitPolicy::of(&spent), Some(LimitPolicy::Daily));
    assert_eq!(
        LimitPolicy::of(&envelope(429, &body)),
        Some(LimitPolicy::Unknown)
    );
    assert_eq!(
        LimitPolicy::of(&answer(429, &[], "<html>")),
        Some(LimitPolicy::Unknown)
    );
    assert_eq!(LimitPolicy::of(&envelope(503, &limited("DAILY"))), None);
}

#[test]
fn a_lock_is_waited_for_and_a_move_as_long_as_it_says() {
    let locked = failure(&envelope(423, &said("LOCKED")));
    assert!(locked.is_retryable());
    assert_eq!(locked.retry_after(), Some(Duration::from_secs(2)));
    let moving = answer(
        477,
        &[("retry-after", "600")],
        said("MIGRATION").to_string(),
    );
    assert_eq!(
        failure(&moving).retry_after(),
        Some(Duration::from_secs(600))
    );
}

#[test]
fn a_body_that_is_no_envelope_leaves_the_status() {
    for body in [
        "",
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "[]",
        "{\"message\":7,\"errors\":{},\"context\":[]}",
        "{\"message\":\"\\ud800\"}",
    ] {
        assert_eq!(
            failure(&answer(502, &[], body)),
            ProviderError::Server {
                status: 502,
                retry_after: None,
                detail: None,
            }
        );
    }
    let html = answer(200, &[], "<html></html>");
    assert!(matches!(failure(&html), ProviderError::Malformed { .. }));
    // What is missing hides nothing else.
    let bare = envelope(404, &json!({"message": "resource not found"}));
    assert_eq!(failure(&bare).detail(), Some("resource not found"));
}

#[test]
fn the_token_is_in_no_failure() {
    let body = json!({"message": format!("the token {TOKEN} is expired"), "errors": [
        {"message": format!("{TOKEN}!"), "context": {"propertyName": [TOKEN],
         "requiredGranularScopes": [format!("a.{TOKEN}")]}}], "policyName": TOKEN});
    for status in [400, 401, 403, 404, 409, 423, 429, 477, 500, 302] {
        let error = failure(&envelope(status, &body));
        assert!(
            !format!("{error:?} {error}").contains("hunter2"),
            "{error:?}"
        );
    }
}

#[test]
fn headers_say_what_is_left() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-hubspot-ratelimit-daily", "625000"),
        ("x-hubspot-ratelimit-daily-remaining", "624999"),
        ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
        ("x-hubspot-ratelimit-max", "190"),
        ("x-hubspot-ratelimit-remaining", "17"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let limits = RateLimits {
        daily: Some(625_000),
        daily_remaining: Some(624_999),
        interval_ms: Some(10_000),
        max: Some(190),
        remaining: Some(17),
    };
    assert_eq!(RateLimits::read(&headers), limits);
    assert_eq!(RateLimits::read(&HeaderMap::new()), RateLimits::default());
    for bad in ["-1", "", "1.5", "+7", "99999999999999999999999"] {
        headers.insert("x-hubspot-ratelimit-remaining", bad.parse().unwrap());
        assert_eq!(RateLimits::read(&headers).remaining, None, "{bad}");
    }
    headers.append("x-hubspot-ratelimit-max", "7".parse().unwrap());
    assert_eq!(RateLimits::read(&headers).max, None);
}
