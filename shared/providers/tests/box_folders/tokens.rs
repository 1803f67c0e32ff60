//! What the token endpoint answers.

use std::time::Duration;

use proptest::prelude::*;
use providers::Secret;
use providers::box_folders::{
    AccessToken, Assertion, DEFAULT_BASE_URL, Subject, TokenCall, TokenFailure, TokenFailureClass,
    TokenReply,
};

use crate::keys::Hashes;
use crate::support::{CLIENT_SECRET, RECEIVED_AT, answer, config};

fn reply() -> TokenReply {
    let config = config();
    let key = config.signing_key().unwrap();
    let mut random = Hashes::new(1);
    let assertion = Assertion::sign(&config, &key, &Subject::ServiceAccount, 1, |bytes| {
        random.fill(bytes);
    })
    .unwrap();
    TokenCall::new(DEFAULT_BASE_URL, &config, &assertion)
        .unwrap()
        .reply
}

fn read(status: u16, headers: &[(&str, &str)], body: &str) -> Result<AccessToken, TokenFailure> {
    reply().read(&answer(status, headers, body.to_owned()), RECEIVED_AT)
}

#[test]
fn a_token_is_read_and_renewed_in_time() {
    let token = read(
        200,
        &[],
        r#"{"access_token":"T9cE5asG","expires_in":4123,"restricted_to":[],"token_type":"bearer"}"#,
    )
    .unwrap();
    assert_eq!(token.token, Secret::new("T9cE5asG"));
    assert_eq!(token.expires_in_s, Some(4_123));
    assert_eq!(token.renew_at(1_000), Some(1_000 + 4_123 - 120));
    assert!(!format!("{token:?}").contains("T9cE5asG"));
    let token = read(200, &[], r#"{"access_token":"a","expires_in":50}"#).unwrap();
    assert_eq!(token.renew_at(1_000), Some(1_045));
    let token = read(200, &[], r#"{"access_token":"a","expires_in":0}"#).unwrap();
    assert_eq!(token.renew_at(1_000), None);
}

#[test]
fn what_follows_from_a_failure() {
    use TokenFailureClass::{Configuration, Retry, SignAnew};
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let dated = SignAnew {
        server_time: Some(784_111_777),
    };
    let undated = SignAnew { server_time: None };
    let grant = |text: &str| format!(r#"{{"error":"invalid_grant","error_description":"{text}"}}"#);
    for (status, headers, body, class, code) in [
        (
            400,
            vec![date],
            grant("Please check the 'exp' claim."),
            dated,
            "invalid_grant",
        ),
        (
            400,
            vec![],
            grant("Please check the 'exp' claim."),
            undated,
            "invalid_grant",
        ),
        (
            400,
            vec![("date", "soon")],
            grant("Please check the 'jti' claim. A unique 'jti' value is required."),
            undated,
            "invalid_grant",
        ),
        (
            400,
            vec![date],
            grant("Please check the 'sub' claim."),
            Configuration,
            "invalid_grant",
        ),
        (
            400,
            vec![date],
            grant("The token has expired or is not expected"),
            Configuration,
            "invalid_grant",
        ),
        (
            400,
            vec![date],
            r#"{"error":"invalid_grant"}"#.to_owned(),
            Configuration,
            "invalid_grant",
        ),
        (
            400,
            vec![date],
            r#"{"error":"invalid_client","error_description":"check exp"}"#.to_owned(),
            Configuration,
            "invalid_client",
        ),
        (401, vec![], String::new(), Configuration, "http_401"),
        (429, vec![], "{}".to_owned(), Retry, "http_429"),
        (503, vec![], "<html>".to_owned(), Retry, "http_503"),
        (
            400,
            vec![],
            r#"{"error":"temporarily_unavailable"}"#.to_owned(),
            Retry,
            "temporarily_unavailable",
        ),
        (302, vec![], String::new(), Configuration, "http_302"),
        (200, vec![], "{}".to_owned(), Retry, "unreadable_answer"),
        (
            200,
            vec![],
            r#"{"access_token":"a b"}"#.to_owned(),
            Retry,
            "unreadable_answer",
        ),
    ] {
        let failure = read(status, &headers, &body).unwrap_err();
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (class, code),
            "{body}"
        );
    }
    let failure = read(429, &[("retry-after", "7")], "").unwrap_err();
    assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn explanations_are_for_people_and_hold_no_secret() {
    let body = format!(
        r#"{{"error":"invalid_client","error_description":"Wrong secret {CLIENT_SECRET}\n."}}"#
    );
    let failure = read(400, &[], &body).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "Box's token endpoint answered invalid_client (Wrong secret [redacted] .): Check that an administrator of the enterprise has authorized the app, that its public key is still there, and that the configuration file is the app's newest."
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_answer_is_read_without_panic(status in 200u16..600, body in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = reply().read(&answer(status, &[], body), RECEIVED_AT);
    }
}
