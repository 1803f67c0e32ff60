//! Access tokens.

use http::Method;
use proptest::prelude::*;
use providers::Secret;
use providers::rest::{RestConfig, Secrets, Token, TokenCall, TokenFailure, TokenFailureClass};
use serde_json::{Value, json};

use crate::support::{RECEIVED_AT, answer, config_with, form, header, secrets};

fn client(auth: Value) -> (RestConfig, Secrets) {
    let config = config_with(auth);
    let secrets = secrets(&config, json!({ "client_secret": "p:w/=% +é" }));
    (config, secrets)
}

fn client_credentials(client_auth: &str) -> TokenCall {
    let (config, secrets) = client(json!({
        "type": "oauth2_client_credentials", "token_url": "https://id.example.com/token?tenant=1",
        "client_id": "farm client", "scope": "read write", "audience": "https://api.example.com",
        "client_auth": client_auth
    }));
    config.token_request(&secrets).unwrap()
}

fn refresh() -> TokenCall {
    let config = config_with(json!({
        "type": "oauth2_refresh_token", "token_url": "https://id.example.com/token", "client_id": "farm"
    }));
    let secrets = secrets(
        &config,
        json!({ "client_secret": "hunter2", "refresh_token": "old/r+1" }),
    );
    config.token_request(&secrets).unwrap()
}

fn read(call: &TokenCall, status: u16, body: &Value) -> Result<Token, TokenFailure> {
    call.reply
        .read(&answer(status, &[], body.to_string()), RECEIVED_AT)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn the_client_proves_itself_in_three_ways() {
    let grant = [
        ("grant_type", "client_credentials"),
        ("scope", "read write"),
        ("audience", "https://api.example.com"),
    ];
    for (client_auth, value) in [
        (
            "basic",
            "Basic ZmFybStjbGllbnQ6cCUzQXclMkYlM0QlMjUrJTJCJUMzJUE5",
        ),
        ("basic_raw", "Basic ZmFybSBjbGllbnQ6cDp3Lz0lICvDqQ=="),
    ] {
        let call = client_credentials(client_auth);
        let request = &call.request;
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://id.example.com/token?tenant=1");
        assert_eq!(header(request.headers(), "authorization"), Some(value));
        assert!(request.headers()["authorization"].is_sensitive());
        assert_eq!(
            header(request.headers(), "content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(
            header(request.headers(), "accept"),
            Some("application/json")
        );
        assert_eq!(form(request), pairs(&grant));
    }
    let call = client_credentials("body");
    assert_eq!(header(call.request.headers(), "authorization"), None);
    let client = [("client_id", "farm client"), ("client_secret", "p:w/=% +é")];
    assert_eq!(
        form(&call.request),
        pairs(&[&grant[..], &client[..]].concat())
    );
}

#[test]
fn a_refresh_sends_the_token_that_is_to_be_replaced() {
    let call = refresh();
    assert_eq!(
        form(&call.request),
        pairs(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", "old/r+1")
        ])
    );
    assert_eq!(
        header(call.request.headers(), "authorization"),
        Some("Basic ZmFybTpodW50ZXIy")
    );
}

#[test]
fn without_a_grant_there_is_no_request() {
    let config = config_with(json!({ "type": "bearer" }));
    let error = config.token_request(&Secrets::default()).unwrap_err();
    assert_eq!(error.code(), "unusable_request");
    let (config, _) = client(json!({
        "type": "oauth2_client_credentials", "token_url": "https://id.example.com", "client_id": "a"
    }));
    let error = config.token_request(&Secrets::default()).unwrap_err();
    assert_eq!(error.code(), "unusable_credential");
}

#[test]
fn a_success_without_a_usable_token_is_a_failure() {
    for (body, code, class) in [
        (json!({}), "unreadable_answer", TokenFailureClass::Transient),
        (json!([]), "unreadable_answer", TokenFailureClass::Transient),
        (
            json!({ "access_token": "" }),
            "unreadable_answer",
            TokenFailureClass::Transient,
        ),
        (
            json!({ "access_token": 7 }),
            "unreadable_answer",
            TokenFailureClass::Transient,
        ),
        (
            json!({ "access_token": "a b" }),
            "unreadable_answer",
            TokenFailureClass::Transient,
        ),
        (
            json!({ "access_token": "a\r\nb" }),
            "unreadable_answer",
            TokenFailureClass::Transient,
        ),
        (
            json!({ "access_token": "é" }),
            "unreadable_answer",
            TokenFailureClass::Transient,
        ),
        (
            json!({ "access_token": "a".repeat(8_193) }),
            "unreadable_answer",
            TokenFailureClass::Transient,
        ),
        (
            json!({ "access_token": "a", "token_type": "mac" }),
            "unknown_token_type",
            TokenFailureClass::Configuration,
        ),
        (
            json!({ "access_token": "a", "token_type": 1 }),
            "unknown_token_type",
            TokenFailureClass::Configuration,
        ),
        (
            json!({ "access_token": "a", "error": "invalid_scope" }),
            "invalid_scope",
            TokenFailureClass::Configuration,
        ),
    ] {
        let failure = read(&refresh(), 200, &body).unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.class),
            (code, class),
            "{body}"
        );
    }
    for body in ["", "<html>", "{\"access_token\":\"a\"", "\u{0}"] {
        let failure = refresh()
            .reply
            .read(&answer(200, &[], body), RECEIVED_AT)
            .unwrap_err();
        assert_eq!(failure.code, "unreadable_answer", "{body}");
    }
    let huge = format!(
        "{{\"access_token\":\"a\",\"x\":\"{}\"}}",
        "a".repeat(70_000)
    );
    assert!(
        refresh()
            .reply
            .read(&answer(200, &[], huge), RECEIVED_AT)
            .is_err()
    );
}

#[test]
fn a_token_is_read_as_servers_write_it() {
    let token = |body: Value| read(&refresh(), 200, &body).unwrap();
    let full = token(json!({
        "access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "bEaReR", "expires_in": 3600,
        "refresh_token": "new", "scope": "read", "example_parameter": [1]
    }));
    assert_eq!(full.access_token.expose(), "2YotnFZFEjr1zCsicMWpAA");
    assert_eq!(full.refresh_token, Some(Secret::new("new")));
    assert_eq!(full.scope.as_deref(), Some("read"));
    let bare = token(json!({ "access_token": "a" }));
    assert_eq!(
        (bare.expires_in_s, bare.refresh_token, bare.scope),
        (None, None, None)
    );
    for (value, seconds) in [
        (json!(3600), Some(3_600)),
        (json!("3600"), Some(3_600)),
        (json!(" 60 "), Some(60)),
        (json!(3600.9), Some(3_600)),
        (json!(u64::MAX), Some(315_360_000)),
        (json!("99999999999"), Some(315_360_000)),
        (json!(0), None),
        (json!(-1), None),
        (json!(-1.5), None),
        (json!(1e300), None),
        (json!("soon"), None),
        (json!("1.5"), None),
        (json!(null), None),
        (json!([3600]), None),
    ] {
        let read =
            token(json!({ "access_token": "a", "token_type": "Bearer", "expires_in": value }));
        assert_eq!(read.expires_in_s, seconds, "{value}");
    }
    // Client credentials are asked with again, never with a refresh token.
    let body = json!({ "access_token": "a", "refresh_token": "b" });
    assert_eq!(
        read(&client_credentials("basic"), 201, &body)
            .unwrap()
            .refresh_token,
        None
    );
}

#[test]
fn a_token_is_renewed_a_little_early() {
    for (life, renew_at) in [
        (Some(3_600), Some(1_003_540)),
        (Some(600), Some(1_000_540)),
        (Some(100), Some(1_000_090)),
        (Some(1), Some(1_000_001)),
        (None, None),
    ] {
        let token = Token {
            access_token: Secret::new("a"),
            expires_in_s: life,
            refresh_token: None,
            scope: None,
        };
        assert_eq!(token.renew_at(1_000_000), renew_at);
    }
}

#[test]
fn what_follows_from_an_error_is_told_by_its_word() {
    use TokenFailureClass::{Configuration, Reconnect, Transient};
    for (status, word, class) in [
        (400, "invalid_grant", Reconnect),
        (401, "invalid_grant", Reconnect),
        (400, "invalid_client", Configuration),
        (401, "invalid_client", Configuration),
        (400, "invalid_request", Configuration),
        (400, "unauthorized_client", Configuration),
        (400, "unsupported_grant_type", Configuration),
        (400, "invalid_scope", Configuration),
        (400, "something_else", Configuration),
        (400, "temporarily_unavailable", Transient),
        (400, "server_error", Transient),
        (400, "slow_down", Transient),
        (503, "invalid_client", Transient),
        (429, "invalid_request", Transient),
    ] {
        let body = json!({ "error": word, "error_description": "why\nnot" });
        let failure = read(&refresh(), status, &body).unwrap_err();
        assert_eq!(failure.class, class, "{status} {word}");
        assert_eq!((failure.code.as_str(), failure.status), (word, status));
        assert_eq!(failure.detail.as_deref(), Some("why not"));
        assert!(!failure.remedy().is_empty());
    }
    // There is nobody to connect again.
    let failure = read(
        &client_credentials("basic"),
        400,
        &json!({ "error": "invalid_grant" }),
    )
    .unwrap_err();
    assert_eq!(failure.class, Configuration);
}

#[test]
fn without_a_word_the_status_tells() {
    use TokenFailureClass::{Configuration, Transient};
    for (status, class) in [
        (301, Configuration),
        (400, Configuration),
        (401, Configuration),
        (404, Configuration),
        (408, Transient),
        (425, Transient),
        (429, Transient),
        (500, Transient),
        (502, Transient),
    ] {
        for body in ["", "<html>", "{}", "{\"error\":{}}", "{\"error\":\"a b\"}"] {
            let answer = answer(status, &[("retry-after", "30")], body);
            let failure = refresh().reply.read(&answer, RECEIVED_AT).unwrap_err();
            assert_eq!(failure.class, class, "{status} {body}");
            assert_eq!(failure.code, format!("http_{status}"));
            assert_eq!(
                failure.retry_after.map(|wait| wait.as_secs()),
                (class == Transient).then_some(30)
            );
        }
    }
}

proptest! {
    #[test]
    fn no_answer_panics_or_shows_a_secret(
        status in 200_u16..600, body in "(\\PC|[{}\":,]|access_token|error|hunter2|old/r\\+1){0,40}",
    ) {
        let call = refresh();
        if let Err(failure) = call.reply.read(&answer(status, &[], body), RECEIVED_AT) {
            let shown = format!("{failure} {failure:?}");
            prop_assert!(!shown.contains("hunter2") && !shown.contains("old/r+1"), "{}", shown);
        }
    }
}
