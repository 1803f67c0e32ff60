//! Which configurations and secrets are taken.

use domain::outbound_target::Policy;
use proptest::prelude::*;
use providers::rest::{Auth, RestConfig, SecretName, Secrets};
use serde_json::{Value, json};

use crate::support::{any_json, config, config_with, errors, pointers, secrets, with};

fn read(document: &Value) -> domain::Result<RestConfig> {
    RestConfig::from_json(document, &Policy::default())
}

fn full() -> Value {
    json!({
        "base_url": "https://api.example.com/v1",
        "auth": {
            "type": "oauth2_client_credentials",
            "token_url": "https://id.example.com/token?tenant=1",
            "client_id": "farm client",
            "scope": "read write",
            "client_auth": "body",
            "audience": "https://api.example.com"
        },
        "headers": { "x-tenant": "7", "accept": "application/vnd.api+json" },
        "timeout_ms": 5_000,
        "idempotency_header": "idempotency-key",
        "max_response_bytes": 65_536,
        "requests_per_second": 20,
        "test_path": "/status"
    })
}

#[test]
fn every_bad_field_is_named_with_what_to_do() {
    let bad = json!({
        "base_url": "http://127.1/",
        "auth": { "type": "api_key", "in": "cookie", "name": "", "prefix": 7, "token": "x" },
        "headers": { "Host": "evil.example", "X-Tenant": 7 },
        "timeout_ms": 0,
        "idempotency_header": "a b",
        "max_response_bytes": "1 MiB",
        "verify_tls": false
    });
    let errors = errors(read(&bad));
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/verify_tls",
            "/base_url",
            "/auth/token",
            "/auth/in",
            "/auth/name",
            "/auth/prefix",
            "/headers/Host",
            "/headers/X-Tenant",
            "/timeout_ms",
            "/max_response_bytes",
            "/idempotency_header",
        ]
    );
    for error in errors {
        assert!(
            !error.detail.is_empty() && !error.remedy.is_empty(),
            "{error:?}"
        );
    }
}

#[test]
fn one_bad_field_is_one_error() {
    let auth = |auth: Value| with(full(), "/auth", auth);
    let header = |name: &str, value: Value| with(full(), "/headers", json!({ name: value }));
    for (document, pointer) in [
        (json!([]), ""),
        (json!("https://api.example.com"), ""),
        (with(full(), "/base_url", Value::Null), "/base_url"),
        (with(full(), "/base_url", json!(7)), "/base_url"),
        (
            with(full(), "/base_url", json!("https://10.0.0.1")),
            "/base_url",
        ),
        (
            with(full(), "/base_url", json!("https://api.example.com/?a=b")),
            "/base_url",
        ),
        (
            with(full(), "/base_url", json!("https://u:p@api.example.com/")),
            "/base_url",
        ),
        (with(full(), "/auth", Value::Null), "/auth"),
        (auth(json!("none")), "/auth"),
        (auth(json!({})), "/auth/type"),
        (auth(json!({ "type": "digest" })), "/auth/type"),
        (auth(json!({ "type": "none", "token": "x" })), "/auth/token"),
        (
            auth(json!({ "type": "bearer", "token": "x" })),
            "/auth/token",
        ),
        (
            auth(json!({ "type": "api_key", "in": "query" })),
            "/auth/name",
        ),
        (
            auth(json!({ "type": "api_key", "name": "X-Key" })),
            "/auth/in",
        ),
        (
            auth(json!({ "type": "api_key", "in": "query", "name": "k", "prefix": "a" })),
            "/auth/prefix",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "Host" })),
            "/auth/name",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "Cookie" })),
            "/auth/name",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "a b" })),
            "/auth/name",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "X-Key\r\nA" })),
            "/auth/name",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "X-Key", "prefix": " a" })),
            "/auth/prefix",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "X-Key", "prefix": "é" })),
            "/auth/prefix",
        ),
        (
            auth(json!({ "type": "api_key", "in": "header", "name": "X-Key", "prefix": "a\nb" })),
            "/auth/prefix",
        ),
        (auth(json!({ "type": "basic" })), "/auth/username"),
        (
            auth(json!({ "type": "basic", "username": "a:b" })),
            "/auth/username",
        ),
        (
            auth(json!({ "type": "basic", "username": "a", "password": "b" })),
            "/auth/password",
        ),
        (
            with(full(), "/auth/token_url", Value::Null),
            "/auth/token_url",
        ),
        (
            with(full(), "/auth/token_url", json!("https://localhost/token")),
            "/auth/token_url",
        ),
        (
            with(full(), "/auth/token_url", json!("http://id.example.com/")),
            "/auth/token_url",
        ),
        (
            with(full(), "/auth/client_id", Value::Null),
            "/auth/client_id",
        ),
        (
            with(full(), "/auth/client_auth", json!("digest")),
            "/auth/client_auth",
        ),
        (with(full(), "/auth/scope", json!(["read"])), "/auth/scope"),
        (
            with(full(), "/auth/type", json!("oauth2_refresh_token")),
            "/auth/audience",
        ),
        (with(full(), "/headers", json!([])), "/headers"),
        (header("Connection", json!("close")), "/headers/Connection"),
        (header("Keep-Alive", json!("1")), "/headers/Keep-Alive"),
        (header("TE", json!("trailers")), "/headers/TE"),
        (header("Trailer", json!("a")), "/headers/Trailer"),
        (
            header("Transfer-Encoding", json!("chunked")),
            "/headers/Transfer-Encoding",
        ),
        (header("Upgrade", json!("h2c")), "/headers/Upgrade"),
        (
            header("Proxy-Connection", json!("close")),
            "/headers/Proxy-Connection",
        ),
        (
            header("Proxy-Authorization", json!("a")),
            "/headers/Proxy-Authorization",
        ),
        (header("HOST", json!("a")), "/headers/HOST"),
        (
            header("Content-Length", json!("0")),
            "/headers/Content-Length",
        ),
        (
            header("Authorization", json!("Bearer a")),
            "/headers/Authorization",
        ),
        (header("Cookie", json!("a=b")), "/headers/Cookie"),
        (header("Set-Cookie", json!("a=b")), "/headers/Set-Cookie"),
        (
            header("Accept-Encoding", json!("gzip")),
            "/headers/Accept-Encoding",
        ),
        (header("X-Api-Key", json!("a")), "/headers/X-Api-Key"),
        (
            header("X-Access-Token", json!("a")),
            "/headers/X-Access-Token",
        ),
        (
            header("x_client_secret", json!("a")),
            "/headers/x_client_secret",
        ),
        (header("X-Signature", json!("a")), "/headers/X-Signature"),
        (header("", json!("a")), "/headers/"),
        (header("A:B", json!("a")), "/headers/A:B"),
        (header("X-A", json!("")), "/headers/X-A"),
        (header("X-A", json!(" a")), "/headers/X-A"),
        (header("X-A", json!("a\r\nB: c")), "/headers/X-A"),
        (header("X-A", json!("a\0")), "/headers/X-A"),
        (header("X-A", json!("é")), "/headers/X-A"),
        (header("X-A", json!("a".repeat(1_025))), "/headers/X-A"),
        (
            header("idempotency-key", json!("a")),
            "/headers/idempotency-key",
        ),
        (
            with(full(), "/headers", json!({ "X-A": "a", "x-a": "a" })),
            "/headers/x-a",
        ),
        (with(full(), "/timeout_ms", json!(999)), "/timeout_ms"),
        (with(full(), "/timeout_ms", json!(30_001)), "/timeout_ms"),
        (with(full(), "/timeout_ms", json!(1_000.5)), "/timeout_ms"),
        (with(full(), "/timeout_ms", json!(u64::MAX)), "/timeout_ms"),
        (
            with(full(), "/max_response_bytes", json!(0)),
            "/max_response_bytes",
        ),
        (
            with(full(), "/max_response_bytes", json!(8_388_609)),
            "/max_response_bytes",
        ),
        (
            with(full(), "/requests_per_second", json!(0)),
            "/requests_per_second",
        ),
        (
            with(full(), "/requests_per_second", json!(101)),
            "/requests_per_second",
        ),
        (with(full(), "/test_path", json!("/a?b=c")), "/test_path"),
        (with(full(), "/test_path", json!("/../admin")), "/test_path"),
        (
            with(full(), "/test_path", json!("//evil.example")),
            "/test_path",
        ),
        (
            with(full(), "/idempotency_header", json!("Authorization")),
            "/idempotency_header",
        ),
        (
            with(full(), "/idempotency_header", json!("Host")),
            "/idempotency_header",
        ),
        (
            with(full(), "/idempotency_header", json!("")),
            "/idempotency_header",
        ),
    ] {
        assert_eq!(pointers(read(&document)), [pointer], "{document}");
    }
    let many: serde_json::Map<_, _> = (0..33).map(|i| (format!("x-{i}"), json!("a"))).collect();
    assert_eq!(
        pointers(read(&with(full(), "/headers", many.into()))),
        ["/headers"]
    );
}

#[test]
fn the_header_of_the_key_is_nobody_elses() {
    let document = json!({
        "base_url": "https://api.example.com",
        "auth": { "type": "api_key", "in": "header", "name": "X-Key" },
        "headers": { "x-key": "a" },
        "idempotency_header": "X-KEY"
    });
    // The header is both.
    assert_eq!(
        pointers(read(&document)),
        ["/headers/x-key", "/headers/x-key", "/idempotency_header"]
    );
}

#[test]
fn what_is_left_out_is_the_default() {
    let config =
        config(json!({ "base_url": "https://API.example.com", "auth": { "type": "none" } }));
    assert_eq!(
        config.to_json(),
        json!({
            "base_url": "https://api.example.com/",
            "auth": { "type": "none" },
            "headers": {},
            "timeout_ms": 15_000,
            "idempotency_header": null,
            "max_response_bytes": 1_048_576,
            "requests_per_second": 10,
            "test_path": null
        })
    );
}

#[test]
fn every_kind_of_auth_survives_its_document() {
    for auth in [
        json!({ "type": "none" }),
        json!({ "type": "api_key", "in": "header", "name": "x-api-key" }),
        json!({ "type": "api_key", "in": "header", "name": "authorization", "prefix": "Token " }),
        json!({ "type": "api_key", "in": "query", "name": "key" }),
        json!({ "type": "bearer" }),
        json!({ "type": "basic", "username": "Zoë" }),
        full()["auth"].clone(),
        json!({
            "type": "oauth2_refresh_token", "token_url": "https://id.example.com/token",
            "client_id": "a", "client_auth": "basic"
        }),
    ] {
        let document = with(full(), "/auth", auth);
        assert_eq!(config(document.clone()).to_json(), document);
    }
}

#[test]
fn the_origin_of_the_operator_is_taken() {
    let document = json!({ "base_url": "http://127.0.0.1:4010/api", "auth": { "type": "none" } });
    let policy = Policy::default()
        .with_origin("http://127.0.0.1:4010")
        .unwrap();
    let config = RestConfig::from_json(&document, &policy).unwrap();
    assert_eq!(config.base_url().as_str(), "http://127.0.0.1:4010/api");
    assert_eq!(pointers(read(&document)), ["/base_url"]);
}

#[test]
fn a_kind_of_auth_says_which_secrets_it_needs() {
    for (auth, names) in [
        (json!({ "type": "none" }), &[][..]),
        (
            json!({ "type": "api_key", "in": "header", "name": "a" }),
            &["api_key"],
        ),
        (
            json!({ "type": "api_key", "in": "query", "name": "a" }),
            &["api_key"],
        ),
        (json!({ "type": "bearer" }), &["token"]),
        (json!({ "type": "basic", "username": "a" }), &["password"]),
        (full()["auth"].clone(), &["client_secret"]),
        (
            json!({ "type": "oauth2_refresh_token", "token_url": "https://id.example.com", "client_id": "a" }),
            &["client_secret", "refresh_token"],
        ),
    ] {
        let config = config_with(auth);
        let needed: Vec<_> = config
            .auth()
            .secret_names()
            .iter()
            .map(|name| name.as_str())
            .collect();
        assert_eq!(needed, names);
    }
}

fn refused_secrets(auth: Value, document: &Value) -> Vec<String> {
    let config = config_with(auth);
    let errors = errors(Secrets::from_json(config.auth(), document));
    for error in &errors {
        let shown = format!("{error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    errors.into_iter().map(|error| error.pointer).collect()
}

#[test]
fn a_secret_that_cannot_be_sent_is_refused_and_not_shown() {
    let bearer = json!({ "type": "bearer" });
    let key = json!({ "type": "api_key", "in": "header", "name": "X-Key" });
    let query = json!({ "type": "api_key", "in": "query", "name": "key" });
    let basic = json!({ "type": "basic", "username": "a" });
    let refresh = json!({ "type": "oauth2_refresh_token", "token_url": "https://id.example.com", "client_id": "a" });
    for (auth, document, bad) in [
        (&bearer, json!("hunter2"), &[""][..]),
        (&bearer, json!(["hunter2"]), &[""]),
        (&bearer, json!({}), &["/token"]),
        (&bearer, json!({ "token": null }), &["/token"]),
        (&bearer, json!({ "token": 5 }), &["/token"]),
        (&bearer, json!({ "token": "" }), &["/token"]),
        (&bearer, json!({ "token": "=" }), &["/token"]),
        (&bearer, json!({ "token": "hunter2 " }), &["/token"]),
        (&bearer, json!({ "token": "Bearer hunter2" }), &["/token"]),
        (&bearer, json!({ "token": "hunter2\r\nX: y" }), &["/token"]),
        (&bearer, json!({ "token": "hunter2=a" }), &["/token"]),
        (&bearer, json!({ "token": "7|hunter2" }), &["/token"]),
        (&bearer, json!({ "token": "hunter2é" }), &["/token"]),
        (
            &bearer,
            json!({ "token": "hunter2".repeat(2_000) }),
            &["/token"],
        ),
        (
            &bearer,
            json!({ "token": "a", "password": "hunter2" }),
            &["/password"],
        ),
        (&key, json!({ "api_key": "hunter2\n" }), &["/api_key"]),
        (&key, json!({ "api_key": " hunter2" }), &["/api_key"]),
        (&key, json!({ "api_key": "hunter2é" }), &["/api_key"]),
        (&key, json!({ "api_key": "hunter2\0" }), &["/api_key"]),
        (&query, json!({ "api_key": "hunter2\u{7f}" }), &["/api_key"]),
        (
            &basic,
            json!({ "password": "hunter2\u{85}" }),
            &["/password"],
        ),
        (&basic, json!({}), &["/password"]),
        (
            &refresh,
            json!({ "refresh_token": "hunter2" }),
            &["/client_secret"],
        ),
        (
            &refresh,
            json!({ "client_secret": "hunter2\0", "refresh_token": "" }),
            &["/client_secret", "/refresh_token"],
        ),
    ] {
        assert_eq!(refused_secrets(auth.clone(), &document), bad, "{document}");
    }
}

#[test]
fn secrets_survive_their_document() {
    let config = config_with(json!({
        "type": "oauth2_refresh_token", "token_url": "https://id.example.com", "client_id": "a"
    }));
    let document = json!({ "client_secret": "p:w/=% +é", "refresh_token": "r-1" });
    let given = secrets(&config, document.clone());
    assert_eq!(
        serde_json::from_str::<Value>(given.to_json().expose()).unwrap(),
        document
    );
    let later = given
        .with_access_token(providers::Secret::new("access"))
        .with_refresh_token(providers::Secret::new("r-2"));
    assert_eq!(later.access_token().unwrap().expose(), "access");
    assert_eq!(later.get(SecretName::RefreshToken).unwrap().expose(), "r-2");
    assert_eq!(
        serde_json::from_str::<Value>(later.to_json().expose()).unwrap(),
        with(document, "/refresh_token", json!("r-2"))
    );
    for password in ["", " a:b\"é "] {
        let config = config_with(json!({ "type": "basic", "username": "a" }));
        let given = secrets(&config, json!({ "password": password }));
        assert_eq!(given.get(SecretName::Password).unwrap().expose(), password);
    }
    for token in ["a", "mF_9.B5f-4.1JqM", "a+/~==", "-"] {
        let config = config_with(json!({ "type": "bearer" }));
        secrets(&config, json!({ "token": token }));
    }
}

proptest! {
    #[test]
    fn no_document_panics_and_what_is_read_survives(document in any_json()) {
        match read(&document) {
            Ok(config) => prop_assert_eq!(read(&config.to_json()).unwrap(), config),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        let _ = Secrets::from_json(&Auth::Bearer, &document);
        let _ = Secrets::from_json(&Auth::None, &document);
    }

    #[test]
    fn a_damaged_document_is_refused_or_survives(
        pointer in prop::sample::select(vec![
            "/base_url", "/auth", "/auth/type", "/auth/token_url", "/auth/client_id", "/auth/scope",
            "/auth/client_auth", "/auth/audience", "/headers", "/headers/x-tenant", "/timeout_ms",
            "/idempotency_header", "/max_response_bytes", "/requests_per_second", "/test_path", "/other",
        ]),
        value in any_json(),
    ) {
        let document = with(full(), pointer, value);
        if let Ok(config) = read(&document) {
            prop_assert_eq!(read(&config.to_json()).unwrap(), config);
        }
    }
}
