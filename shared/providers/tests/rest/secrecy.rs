//! No secret is shown.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use providers::Secret;
use providers::rest::{NewRequest, RestConfig, Secrets};
use serde_json::{Value, json};

use crate::support::{answer, config_with, get, secrets};

const SECRET: &str = "hunter2/\"+é";

fn all() -> Vec<(RestConfig, Secrets)> {
    let oauth = |kind: &str, client_auth: &str| {
        json!({
            "type": kind, "token_url": "https://id.example.com/token", "client_id": "farm",
            "client_auth": client_auth
        })
    };
    [
        (
            json!({ "type": "api_key", "in": "header", "name": "X-Key" }),
            json!({ "api_key": "hunter2" }),
        ),
        (
            json!({ "type": "api_key", "in": "query", "name": "key" }),
            json!({ "api_key": SECRET }),
        ),
        (json!({ "type": "bearer" }), json!({ "token": "hunter2" })),
        (
            json!({ "type": "basic", "username": "farm" }),
            json!({ "password": SECRET }),
        ),
        (
            oauth("oauth2_client_credentials", "basic"),
            json!({ "client_secret": SECRET }),
        ),
        (
            oauth("oauth2_client_credentials", "body"),
            json!({ "client_secret": SECRET }),
        ),
        (
            oauth("oauth2_refresh_token", "basic_raw"),
            json!({ "client_secret": SECRET, "refresh_token": "hunter2" }),
        ),
    ]
    .into_iter()
    .map(|(auth, secret): (Value, Value)| {
        let config = config_with(auth);
        let mut secrets = secrets(&config, secret);
        if config.auth().has_access_token() {
            secrets = secrets.with_access_token(Secret::new("hunter2-access"));
        }
        (config, secrets)
    })
    .collect()
}

#[test]
fn debug_shows_no_secret() {
    for (config, secrets) in all() {
        let query = [("q".to_owned(), "private".to_owned())];
        let call = config
            .request(
                &NewRequest {
                    query: &query,
                    ..get("/items")
                },
                &secrets,
            )
            .unwrap();
        let mut shown = format!(
            "{config:?} {secrets:?} {call:?} {:?} {:?}",
            config.redactor(&secrets),
            secrets.to_json()
        );
        if let Ok(token) = config.token_request(&secrets) {
            shown.push_str(&format!("{token:?} {:?}", token.reply));
        }
        for hidden in ["hunter2", "aHVudGVyMi", "aHVudGVyMg", "private"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("/v1/items"), "{shown}");
    }
}

#[test]
fn an_echoed_request_is_logged_without_its_secrets() {
    for (config, secrets) in all() {
        let redactor = config.redactor(&secrets);
        let call = config.request(&get("/items"), &secrets).unwrap();
        let mut requests = vec![call.request];
        requests.extend(config.token_request(&secrets).map(|call| call.request));
        for request in requests {
            // A server that sends back all that it was sent.
            let headers: Vec<_> = request
                .headers()
                .iter()
                .map(|(name, value)| {
                    format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
                })
                .collect();
            let given: Value = serde_json::from_str(secrets.to_json().expose()).unwrap();
            let echo = json!({
                "uri": request.uri().to_string(), "headers": headers, "given": given,
                "body": String::from_utf8_lossy(request.body()),
            });
            let document = redactor.document(echo.clone()).to_string();
            for text in [
                redactor.whole(&echo.to_string()),
                document,
                redactor.body(&answer(400, &[], echo.to_string()), 5_000),
                redactor.text(&headers.join(" "), 5_000),
                format!("{:?}", redactor.headers(request.headers())),
                redactor.url(request.uri()),
            ] {
                // The beginning of each secret, of its pair in Base64, and of the pair form-encoded.
                for hidden in ["hunter2", "ZmFybTpo"] {
                    assert!(!text.contains(hidden), "{text}");
                }
                assert!(
                    text.contains("application/json") || text.starts_with("https://"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn headers_that_are_secret_by_name_are_hidden() {
    let config = config_with(json!({ "type": "api_key", "in": "header", "name": "X-Farm" }));
    let secrets = secrets(&config, json!({ "api_key": "hunter2" }));
    let mut headers = HeaderMap::new();
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
        "x-csrf-token",
        "client-secret",
        "x-hub-signature",
        "x-farm",
    ] {
        headers.insert(name, HeaderValue::from_static("open"));
    }
    let mut sensitive = HeaderValue::from_static("open");
    sensitive.set_sensitive(true);
    headers.insert("x-other", sensitive);
    for (name, value) in config.redactor(&secrets).headers(&headers) {
        assert_eq!(value, "[redacted]", "{name}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/html"));
    headers.insert("location", HeaderValue::from_static("/a?key=hunter2"));
    assert_eq!(
        config.redactor(&secrets).headers(&headers),
        [
            ("content-type".to_owned(), "text/html".to_owned()),
            ("location".to_owned(), "/a?key=[redacted]".to_owned()),
        ]
    );
}

#[test]
fn a_body_is_shown_in_part_or_not_at_all() {
    let config = config_with(json!({ "type": "bearer" }));
    let redactor = config.redactor(&secrets(&config, json!({ "token": "hunter2" })));
    let show = |body: &str| redactor.body(&answer(500, &[], body.to_owned()), 12);
    assert_eq!(show("a\r\n\u{1b}[31mhunter2 and more"), "a  [31m[red…");
    assert_eq!(show(&"a".repeat(65_537)), "65537 bytes");
    let bytes = redactor.body(&answer(500, &[], vec![0xff, b'a']), 12);
    assert_eq!(bytes, "\u{fffd}a");
}

proptest! {
    #[test]
    fn no_secret_survives(
        secret in "[a-zA-Z0-9/+\"\\\\%&=]{8,30}", before in "\\PC{0,20}", after in "\\PC{0,20}", form in 0_usize..4,
    ) {
        let config = config_with(json!({ "type": "basic", "username": "u" }));
        let secrets = secrets(&config, json!({ "password": secret }));
        let written = match form {
            0 => secret.clone(),
            1 => form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            2 => json!(secret).to_string(),
            _ => config.request(&get("/"), &secrets).unwrap().request.headers()["authorization"]
                .to_str().unwrap().trim_start_matches("Basic ").to_owned(),
        };
        let shown = config.redactor(&secrets).text(&format!("{before}{written}{after}"), 500);
        prop_assert!(!shown.contains(written.trim_matches('"')), "{}", shown);
    }
}

/// Some APIs take any password beside a key, and are given `x`.
#[test]
fn a_secret_of_a_few_bytes_leaves_answers_as_they_are() {
    let config = config_with(json!({ "type": "basic", "username": "the-key" }));
    for (password, is_hidden) in [("x", false), ("12345", false), ("123456", true)] {
        let secrets = secrets(&config, json!({ "password": password }));
        let redactor = config.redactor(&secrets);
        let document = json!({
            "x": 1, "text": format!("Max Fox {password}"), "n": 12_345, "e": "exempt"
        });
        let shown = redactor.document(document.clone());
        assert_eq!(shown != document, is_hidden, "{shown}");
        assert_eq!(redactor.is_in(password.as_bytes()), is_hidden);
        let mut headers = HeaderMap::new();
        let value = format!("text/{password}");
        headers.insert("content-type", HeaderValue::from_str(&value).unwrap());
        assert_eq!(redactor.headers(&headers)[0].1 != value, is_hidden);
        // A log is for others than the one who asked.
        assert!(!redactor.text(password, 100).contains(password));
        // The pair of both is long enough to hide.
        let pair = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(format!("the-key:{password}"))
        };
        assert!(!redactor.whole(&pair).contains(&pair));
    }
}
