//! Which requests are built, and which are not.

use domain::outbound_target::{OutboundTarget, Policy};
use http::{Method, Uri};
use proptest::prelude::*;
use providers::rest::{Body, NewRequest, RestConfig, Secrets};
use providers::{ProviderError, Secret};
use serde_json::{Value, json};

use crate::support::{config, config_with, form, get, header, secrets};

const KEY: &str = "4b7f0c1e-0000-4000-8000-0000000000a1";

fn authorization(auth: Value, secret: Value) -> String {
    let config = config_with(auth);
    let secrets = secrets(&config, secret);
    let call = config.request(&get("/items"), &secrets).unwrap();
    header(call.request.headers(), "authorization")
        .unwrap()
        .to_owned()
}

fn why_not(config: &RestConfig, new: &NewRequest<'_>) -> String {
    match config.request(new, &Secrets::default()) {
        Err(ProviderError::Request { what } | ProviderError::Credential { what }) => what,
        other => panic!("{new:?}: {other:?}"),
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn basic_is_the_pair_in_base64() {
    for (username, password, value) in [
        (
            "Aladdin",
            "open sesame",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        ("test", "123£", "Basic dGVzdDoxMjPCow=="),
    ] {
        let auth = json!({ "type": "basic", "username": username });
        assert_eq!(authorization(auth, json!({ "password": password })), value);
    }
}

#[test]
fn a_key_stands_where_the_api_wants_it() {
    let token = json!({ "token": "mF_9.B5f-4.1JqM" });
    assert_eq!(
        authorization(json!({ "type": "bearer" }), token),
        "Bearer mF_9.B5f-4.1JqM"
    );
    let vendor =
        json!({ "type": "api_key", "in": "header", "name": "Authorization", "prefix": "Token " });
    assert_eq!(
        authorization(vendor, json!({ "api_key": "7|a b" })),
        "Token 7|a b"
    );

    let in_header = config_with(json!({ "type": "api_key", "in": "header", "name": "X-API-Key" }));
    let secret = secrets(&in_header, json!({ "api_key": "k=1" }));
    let call = in_header.request(&get("/items"), &secret).unwrap();
    assert_eq!(header(call.request.headers(), "x-api-key"), Some("k=1"));
    assert!(call.request.headers()["x-api-key"].is_sensitive());
    assert_eq!(header(call.request.headers(), "authorization"), None);

    let in_query = config_with(json!({ "type": "api_key", "in": "query", "name": "api key" }));
    let secret = secrets(&in_query, json!({ "api_key": "k&=é #" }));
    let query = [pair("a", "b c")];
    let new = NewRequest {
        query: &query,
        ..get("/items")
    };
    let call = in_query.request(&new, &secret).unwrap();
    assert_eq!(
        call.request.uri(),
        "https://api.example.com/v1/items?a=b+c&api+key=k%26%3D%C3%A9+%23"
    );
}

#[test]
fn an_access_token_is_sent_once_there_is_one() {
    let config = config_with(json!({
        "type": "oauth2_client_credentials", "token_url": "https://id.example.com", "client_id": "a"
    }));
    let secret = secrets(&config, json!({ "client_secret": "hunter2" }));
    let error = config.request(&get("/"), &secret).unwrap_err().to_string();
    assert!(error.contains("no access token yet"), "{error}");
    // Servers do not keep to the alphabet of RFC 6750.
    let call = config
        .request(
            &get("/"),
            &secret.clone().with_access_token(Secret::new("00D!AQ.a|b")),
        )
        .unwrap();
    assert_eq!(
        header(call.request.headers(), "authorization"),
        Some("Bearer 00D!AQ.a|b")
    );
    assert!(call.sent.may_renew);
    assert!(!call.sent.renewed().may_renew);
    for token in ["a b", "a\r\nb", "é"] {
        let broken = secret.clone().with_access_token(Secret::new(token));
        let error = config.request(&get("/"), &broken).unwrap_err();
        assert!(matches!(error, ProviderError::Credential { .. }), "{error}");
    }
}

#[test]
fn a_request_has_what_the_configuration_adds() {
    let config = config(json!({
        "base_url": "https://api.example.com:443/v1/",
        "auth": { "type": "none" },
        "headers": { "X-Tenant": "7", "Accept": "application/vnd.api+json", "User-Agent": "farm/1", "Content-Type": "application/vnd.api+json" },
        "timeout_ms": 2_000,
        "max_response_bytes": 4_096,
        "idempotency_header": "Idempotency-Key"
    }));
    let body = json!({ "name": "Zoë" });
    let new = NewRequest {
        method: Method::POST,
        path: "items/%E2%82%AC",
        query: &[pair("a", "1"), pair("a", "2"), pair("b[]", "")],
        body: Body::Json(&body),
        idempotency_key: Some(KEY),
    };
    let call = config.request(&new, &Secrets::default()).unwrap();
    let request = &call.request;
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.uri(),
        "https://api.example.com/v1/items/%E2%82%AC?a=1&a=2&b%5B%5D="
    );
    for (name, value) in [
        ("x-tenant", "7"),
        ("accept", "application/vnd.api+json"),
        ("user-agent", "farm/1"),
        ("content-type", "application/vnd.api+json"),
        ("idempotency-key", KEY),
    ] {
        assert_eq!(header(request.headers(), name), Some(value));
    }
    assert_eq!(request.headers().len(), 5);
    assert_eq!(request.body().as_ref(), r#"{"name":"Zoë"}"#.as_bytes());
    assert_eq!(call.timeout.as_millis(), 2_000);
    assert_eq!(call.max_response_bytes, 4_096);
    assert!(call.sent.is_repeatable && call.sent.has_idempotency_key && !call.sent.may_renew);

    let fields = [pair("a b", "ü&")];
    let new = NewRequest {
        body: Body::Form(&fields),
        method: Method::PUT,
        ..get("/form")
    };
    let call = config.request(&new, &Secrets::default()).unwrap();
    assert_eq!(
        header(call.request.headers(), "content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(form(&call.request), fields);
    let call = config.request(&get("/"), &Secrets::default()).unwrap();
    assert_eq!(header(call.request.headers(), "content-type"), None);
}

#[test]
fn what_may_be_sent_twice_is_known() {
    let config = config_with(json!({ "type": "none" }));
    for (method, is_repeatable) in [
        (Method::GET, true),
        (Method::HEAD, true),
        (Method::OPTIONS, true),
        (Method::PUT, true),
        (Method::DELETE, true),
        (Method::POST, false),
        (Method::PATCH, false),
    ] {
        // Without a header for it the key is not sent.
        let new = NewRequest {
            method: method.clone(),
            idempotency_key: Some(KEY),
            ..get("/a")
        };
        let call = config.request(&new, &Secrets::default()).unwrap();
        assert_eq!(call.sent.is_repeatable, is_repeatable, "{method}");
        assert!(!call.sent.has_idempotency_key);
        assert!(!call.request.headers().values().any(|value| value == KEY));
    }
}

#[test]
fn what_is_not_below_the_base_url_is_not_asked_for() {
    let config = config_with(json!({ "type": "none" }));
    for path in [
        "//evil.example",
        "/..//",
        "../admin",
        "/%2e%2e/admin",
        "/%2e%2e%2fadmin",
        "/a/..%5cb",
        "\\evil.example",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/a\r\nHost: evil.example",
        "/a\0",
        "/é",
        "/a%",
        "https://evil.example/",
    ] {
        let what = why_not(&config, &get(path));
        assert!(what.contains("; "), "{path}: {what}");
    }
}

#[test]
fn what_cannot_be_sent_is_not_built() {
    let config = config(json!({
        "base_url": "https://api.example.com", "auth": { "type": "api_key", "in": "query", "name": "key" },
        "idempotency_header": "Idempotency-Key"
    }));
    let body = json!({});
    let key_twice = [pair("key", "mine")];
    let long = "a".repeat(256);
    let post = || NewRequest {
        method: Method::POST,
        ..get("/a")
    };
    for (new, why) in [
        (
            NewRequest {
                method: Method::TRACE,
                ..get("/a")
            },
            "method",
        ),
        (
            NewRequest {
                method: Method::CONNECT,
                ..get("/a")
            },
            "method",
        ),
        (
            NewRequest {
                method: "PURGE".parse().unwrap(),
                ..get("/a")
            },
            "method",
        ),
        (
            NewRequest {
                body: Body::Json(&body),
                ..get("/a")
            },
            "no body",
        ),
        (
            NewRequest {
                method: Method::HEAD,
                body: Body::Form(&[]),
                ..get("/a")
            },
            "no body",
        ),
        (
            NewRequest {
                query: &key_twice,
                ..get("/a")
            },
            "API key's",
        ),
        (
            NewRequest {
                idempotency_key: Some(""),
                ..post()
            },
            "idempotency key",
        ),
        (
            NewRequest {
                idempotency_key: Some("a\r\nb"),
                ..post()
            },
            "idempotency key",
        ),
        (
            NewRequest {
                idempotency_key: Some("\"a\""),
                ..post()
            },
            "idempotency key",
        ),
        (
            NewRequest {
                idempotency_key: Some("é"),
                ..post()
            },
            "idempotency key",
        ),
        (
            NewRequest {
                idempotency_key: Some(&long),
                ..post()
            },
            "idempotency key",
        ),
        (get("/a"), "api_key is not there"),
    ] {
        let what = why_not(&config, &new);
        assert!(what.contains(why), "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_request_never_leaves_the_base_url(
        path in "([a-z.]{1,3}|/|\\\\|%2e|%2F|%5c|[?#@:;é \r\n]){0,10}",
        query in prop::collection::vec(("\\PC{0,8}", "\\PC{0,8}"), 0..4),
    ) {
        let config = config_with(json!({ "type": "none" }));
        let new = NewRequest { query: &query, ..get(&path) };
        if let Ok(call) = config.request(&new, &Secrets::default()) {
            let uri = call.request.uri();
            prop_assert_eq!(uri.scheme_str(), Some("https"));
            prop_assert_eq!(uri.authority().map(http::uri::Authority::as_str), Some("api.example.com"));
            prop_assert!(uri.path() == "/v1" || uri.path().starts_with("/v1/"));
            let sent: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
            prop_assert_eq!(sent, query);
        }
    }

    /// The text that was judged is read by the parser that connects as it was read here.
    #[test]
    fn what_connects_reads_the_text_as_it_was_judged(
        scheme in "https?",
        host in "([a-z0-9-]{1,5}\\.){0,3}[a-z0-9]{1,5}|\\[[0-9a-f:]{2,20}\\]|[0-9]{1,3}(\\.[0-9]{1,3}){3}",
        port in "(:[0-9]{1,5})?", tail in "(/|\\?)?([ -~]{0,12}/?){0,3}",
    ) {
        let origin = format!("{scheme}://{host}{port}");
        let Ok(policy) = Policy::default().with_origin(&origin) else {
            return Ok(());
        };
        let text = format!("{origin}{tail}");
        if let Ok(target) = OutboundTarget::parse(&text, &policy) {
            let uri: Uri = target.as_str().parse().unwrap();
            prop_assert_eq!(uri.scheme_str(), Some(target.scheme().as_str()));
            prop_assert_eq!(uri.host().map(str::to_owned), Some(target.host().to_string()));
            prop_assert_eq!(uri.port_u16().unwrap_or(target.scheme().default_port()), target.port());
            prop_assert_eq!(uri.path(), target.path());
            prop_assert_eq!(uri.query(), target.query());
            prop_assert_eq!(uri.to_string(), target.as_str());
        }
    }
}
