//! What is made of a token endpoint's answers.

use proptest::prelude::*;
use providers::Secret;
use providers::oauth::{Token, TokenCall, TokenFailure, TokenFailureClass};
use serde_json::{Value, json};

use TokenFailureClass::{Configuration, Reconnect, Transient};

use crate::support::{RECEIVED_AT, answer, exchange, refresh};

fn read(call: &TokenCall, status: u16, body: Value) -> Result<Token, TokenFailure> {
    call.reply
        .read(&answer(status, &[], body.to_string()), RECEIVED_AT)
}

#[test]
fn both_grants_bring_a_refresh_token_and_an_end() {
    for call in [exchange(), refresh()] {
        let body = json!({
            "access_token": "eyJhbGciOi.demo.access", "refresh_token": "rt_demo_0002",
            "token_type": "bearer", "expires_in": 900
        });
        let token = read(&call, 200, body).unwrap();
        assert_eq!(token.access_token.expose(), "eyJhbGciOi.demo.access");
        assert_eq!(token.refresh_token, Some(Secret::new("rt_demo_0002")));
        assert_eq!(token.expires_in_s, Some(900));
        assert_eq!(token.renew_at(1_000), Some(1_840));
        assert!(!format!("{token:?}").contains("demo"));
    }
    // A server that does not rotate.
    let token = read(&refresh(), 200, json!({ "access_token": "a" })).unwrap();
    assert_eq!(token.refresh_token, None);
}

#[test]
fn the_servers_word_says_what_follows() {
    for (status, word, class) in [
        (400, "invalid_grant", Reconnect),
        (401, "invalid_grant", Reconnect),
        (403, "invalid_grant", Reconnect),
        (200, "invalid_grant", Reconnect),
        (400, "interaction_required", Reconnect),
        (400, "consent_required", Reconnect),
        (400, "invalid_client", Configuration),
        (401, "invalid_client", Configuration),
        (400, "unauthorized_client", Configuration),
        (400, "invalid_request", Configuration),
        (400, "invalid_scope", Configuration),
        (400, "unsupported_grant_type", Configuration),
        (400, "temporarily_unavailable", Transient),
        (400, "server_error", Transient),
        (302, "invalid_grant", Configuration),
    ] {
        for call in [exchange(), refresh()] {
            let body = json!({ "error": word, "error_description": "why\nnot" });
            let failure = read(&call, status, body).unwrap_err();
            assert_eq!(failure.class, class, "{status} {word}");
            assert_eq!((failure.code.as_str(), failure.status), (word, status));
            assert_eq!(failure.detail.as_deref(), Some("why not"));
        }
    }
}

/// Whatever a server in trouble says.
#[test]
fn what_passes_by_itself_asks_nobody_to_connect_again() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        for body in [
            json!({ "error": "invalid_grant" }).to_string(),
            json!({ "error": "invalid_client" }).to_string(),
            "<html><body>Bad gateway</body></html>".to_owned(),
            String::new(),
        ] {
            let answer = answer(status, &[("retry-after", "7")], body.clone());
            let failure = refresh().reply.read(&answer, RECEIVED_AT).unwrap_err();
            assert_eq!(failure.class, Transient, "{status} {body}");
            assert_eq!(failure.retry_after.map(|wait| wait.as_secs()), Some(7));
        }
    }
    // Pages of proxies and firewalls, whatever their status.
    for status in [200, 400, 401, 403, 404] {
        for (media_type, body) in [
            ("text/html; charset=UTF-8", ""),
            ("TEXT/HTML", "Access denied"),
            (
                "application/json",
                "  <!doctype html><title>invalid_grant</title>",
            ),
        ] {
            let answer = answer(status, &[("content-type", media_type)], body);
            let failure = refresh().reply.read(&answer, RECEIVED_AT).unwrap_err();
            assert_eq!(failure.class, Transient, "{status} {media_type}");
        }
    }
    assert_eq!(TokenFailure::unanswered().class, Transient);
}

#[test]
fn a_refusal_with_nothing_but_a_message_is_shown() {
    let body = json!({ "message": "The grant old/r+1 is odd" });
    let failure = read(&refresh(), 400, body).unwrap_err();
    assert_eq!(failure.class, Configuration);
    assert_eq!(failure.code, "http_400");
    assert_eq!(
        failure.detail.as_deref(),
        Some("The grant [redacted] is odd")
    );
}

#[test]
fn an_echoed_request_is_shown_without_its_secrets() {
    for call in [exchange(), refresh()] {
        let echo = String::from_utf8_lossy(call.request.body()).into_owned();
        for text in [echo.clone(), "hunter2/+ é code/+1 old/r+1".to_owned()] {
            let body = json!({ "error": "invalid_request", "error_description": text });
            let failure = read(&call, 400, body).unwrap_err();
            let shown = format!("{failure} {failure:?}");
            for hidden in ["hunter2", "dBjftJeZ4CVP"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_answer_panics_or_shows_a_secret(
        status in 200_u16..600,
        body in "(\\PC|[{}\":,]|\"access_token\"|\"error\"|invalid_grant|hunter2/\\+ é|old/r\\+1){0,40}",
    ) {
        let call = refresh();
        if let Err(failure) = call.reply.read(&answer(status, &[], body), RECEIVED_AT) {
            let shown = format!("{failure} {failure:?}");
            prop_assert!(!shown.contains("hunter2/+") && !shown.contains("old/r+1"), "{}", shown);
        }
    }

    #[test]
    fn any_bytes_are_an_answer(status in 200_u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = exchange().reply.read(&answer(status, &[], body), RECEIVED_AT);
    }

    /// Only a server that was well, and spoke of the grant itself.
    #[test]
    fn nothing_but_a_word_of_a_well_server_ends_a_grant(
        status in 200_u16..600, word in "(invalid_grant|invalid_client|server_error|[a-z_]{1,12})",
    ) {
        let failure = read(&refresh(), status, json!({ "error": word })).unwrap_err();
        if failure.class == Reconnect {
            prop_assert!(matches!(status, 200..=299 | 400..=499) && !matches!(status, 408 | 425 | 429));
            prop_assert!(["invalid_grant", "interaction_required", "login_required", "consent_required"]
                .contains(&word.as_str()));
        }
    }
}
