//! Which mappings are taken, and the request of a first page.

use http::Method;
use proptest::prelude::*;
use providers::rest::{ListMapping, Secrets};
use serde_json::{Value, json};

use crate::support::{any_json, config_with, errors, mapping, pointers, with};

fn full() -> Value {
    json!({
        "request": {
            "method": "POST", "path": "/items/search", "query": { "active": "true" },
            "body": { "sort": ["id"] }, "parameters": "query"
        },
        "rows": "/data/items",
        "id": "/id",
        "changed": "/meta/updated_at",
        "paging": { "type": "cursor", "next": "/meta/next", "parameter": "cursor" },
        "max_pages": 50,
        "since": { "parameter": "updated_since", "format": "rfc3339" }
    })
}

fn with_paging(paging: Value) -> Value {
    with(full(), "/paging", paging)
}

#[test]
fn every_bad_field_is_named_with_what_to_do() {
    let bad = json!({
        "request": { "method": "DELETE", "path": "/../x", "query": { "a": [] }, "body": 7, "to": "x" },
        "rows": "data",
        "id": "",
        "changed": 7,
        "paging": { "type": "offset", "limit": 0, "page": 1 },
        "max_pages": 0,
        "since": { "format": "iso" },
        "transform": {}
    });
    let errors = errors(ListMapping::from_json(&bad));
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/transform",
            "/request/to",
            "/request/method",
            "/request/path",
            "/request/query/a",
            "/request/body",
            "/rows",
            "/id",
            "/changed",
            "/paging/page",
            "/paging/parameter",
            "/paging/limit_parameter",
            "/paging/limit",
            "/max_pages",
            "/since/parameter",
            "/since/format",
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
    let request = |request: Value| with(full(), "/request", request);
    for (document, pointer) in [
        (json!(null), ""),
        (with(full(), "/request", Value::Null), "/request"),
        (with(full(), "/rows", Value::Null), "/rows"),
        (with(full(), "/id", Value::Null), "/id"),
        (with(full(), "/id", json!("")), "/id"),
        (with(full(), "/id", json!("id")), "/id"),
        (with(full(), "/id", json!("/a~2")), "/id"),
        (with(full(), "/changed", json!("$.a")), "/changed"),
        (with(full(), "/paging", Value::Null), "/paging"),
        (with(full(), "/max_pages", json!(10_001)), "/max_pages"),
        (request(json!({})), "/request/path"),
        (request(json!({ "path": "" })), "/request/path"),
        (request(json!({ "path": "/a?b=c" })), "/request/path"),
        (
            request(json!({ "path": "//evil.example" })),
            "/request/path",
        ),
        (request(json!({ "path": "/%2e%2e/a" })), "/request/path"),
        (request(json!({ "path": "/a b" })), "/request/path"),
        (
            request(json!({ "path": "/a", "method": "get" })),
            "/request/method",
        ),
        (
            request(json!({ "path": "/a", "body": {} })),
            "/request/body",
        ),
        (
            request(json!({ "path": "/a", "parameters": "body" })),
            "/request/parameters",
        ),
        (
            request(json!({ "path": "/a", "method": "POST", "body": { "a": "a".repeat(9_000) } })),
            "/request/body",
        ),
        (
            request(json!({ "path": "/a", "query": { "": "a" } })),
            "/request/query/",
        ),
        (
            request(json!({ "path": "/a", "query": { "a": null } })),
            "/request/query/a",
        ),
        (
            request(json!({ "path": "/a", "query": { "a": "a".repeat(1_025) } })),
            "/request/query/a",
        ),
        (with_paging(json!({})), "/paging/type"),
        (with_paging(json!({ "type": "token" })), "/paging/type"),
        (
            with_paging(json!({ "type": "none", "next": "/a" })),
            "/paging/next",
        ),
        (
            with_paging(json!({ "type": "cursor", "parameter": "c" })),
            "/paging/next",
        ),
        (
            with_paging(json!({ "type": "cursor", "next": "", "parameter": "c" })),
            "/paging/next",
        ),
        (
            with_paging(json!({ "type": "cursor", "next": "/n" })),
            "/paging/parameter",
        ),
        (
            with_paging(json!({ "type": "page_number", "parameter": "p", "first": 2 })),
            "/paging/first",
        ),
        (
            with_paging(json!({ "type": "page_number", "parameter": "p", "size": 9 })),
            "/paging/size_parameter",
        ),
        (
            with_paging(json!({ "type": "page_number", "parameter": "p", "size_parameter": "s" })),
            "/paging/size",
        ),
        (
            with_paging(json!({ "type": "offset", "parameter": "o", "limit_parameter": "l" })),
            "/paging/limit",
        ),
        (
            with_paging(json!({ "type": "offset", "parameter": "o", "limit": 9 })),
            "/paging/limit_parameter",
        ),
        (
            with_paging(
                json!({ "type": "offset", "parameter": "o", "limit_parameter": "l", "limit": 10_001 }),
            ),
            "/paging/limit",
        ),
        (
            with_paging(json!({ "type": "link_header" })),
            "/paging/type",
        ),
        (
            with_paging(json!({ "type": "next_url", "next": "/n" })),
            "/paging/type",
        ),
        (
            with_paging(json!({ "type": "cursor", "next": "/n", "parameter": "active" })),
            "/paging/parameter",
        ),
        (
            with_paging(json!({ "type": "cursor", "next": "/n", "parameter": "updated_since" })),
            "/since/parameter",
        ),
        (
            with_paging(
                json!({ "type": "offset", "parameter": "o", "limit_parameter": "o", "limit": 1 }),
            ),
            "/paging/limit_parameter",
        ),
        (
            with(full(), "/since/format", json!("epoch")),
            "/since/format",
        ),
        (with(full(), "/since", json!("updated_since")), "/since"),
    ] {
        assert_eq!(
            pointers(ListMapping::from_json(&document)),
            [pointer],
            "{document}"
        );
    }
    let many: serde_json::Map<_, _> = (0..33).map(|i| (format!("p{i}"), json!(1))).collect();
    let document = request(json!({ "path": "/a", "query": many }));
    assert_eq!(
        pointers(ListMapping::from_json(&document)),
        ["/request/query"]
    );
}

#[test]
fn every_page_rule_survives_its_document() {
    assert_eq!(mapping(full()).to_json(), full());
    let get = |paging: Value| json!({ "request": { "path": "/a", "query": { "n": 7, "b": true } }, "rows": "", "id": "/id", "paging": paging });
    for paging in [
        json!({ "type": "none" }),
        json!({ "type": "cursor", "next": "/n", "parameter": "c" }),
        json!({ "type": "next_url", "next": "/links/next" }),
        json!({ "type": "page_number", "parameter": "p" }),
        json!({ "type": "page_number", "parameter": "p", "first": 0, "size_parameter": "s", "size": 9 }),
        json!({ "type": "offset", "parameter": "o", "limit_parameter": "l", "limit": 9 }),
        json!({ "type": "link_header" }),
    ] {
        let read = mapping(get(paging));
        assert_eq!(mapping(read.to_json()), read);
        assert!(!read.is_incremental());
    }
    let defaults = mapping(get(json!({ "type": "none" }))).to_json();
    assert_eq!(defaults["request"]["method"], "GET");
    assert_eq!(defaults["request"]["parameters"], "query");
    assert_eq!(
        defaults["request"]["query"],
        json!({ "n": "7", "b": "true" })
    );
    assert_eq!(defaults["max_pages"], 1_000);
}

/// The URI and the body of a first page.
fn first(document: Value, changed_since: Option<i64>) -> (String, String) {
    let config = config_with(json!({ "type": "none" }));
    let call = mapping(document)
        .request(&config, &Secrets::default(), None, changed_since)
        .unwrap();
    assert!(call.sent.is_repeatable);
    let body = String::from_utf8(call.request.body().to_vec()).unwrap();
    let expected = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    assert_eq!(call.request.method(), expected);
    (call.request.uri().to_string(), body)
}

#[test]
fn a_first_page_is_asked_for_as_the_rule_says() {
    let get = |paging: Value| json!({ "request": { "path": "/a" }, "rows": "/d", "id": "/id", "paging": paging });
    let post = |paging: Value| json!({ "request": { "method": "POST", "path": "/a" }, "rows": "/d", "id": "/id", "paging": paging });
    let page = json!({ "type": "page_number", "parameter": "p", "first": 0, "size_parameter": "s", "size": 9 });
    let offset = json!({ "type": "offset", "parameter": "o", "limit_parameter": "l", "limit": 9 });
    let base = "https://api.example.com/v1/a";
    for (document, uri, body) in [
        (get(json!({ "type": "none" })), base.to_owned(), ""),
        (get(json!({ "type": "link_header" })), base.to_owned(), ""),
        (
            get(json!({ "type": "cursor", "next": "/n", "parameter": "c" })),
            base.to_owned(),
            "",
        ),
        (
            get(json!({ "type": "page_number", "parameter": "p" })),
            format!("{base}?p=1"),
            "",
        ),
        (get(page.clone()), format!("{base}?p=0&s=9"), ""),
        (get(offset.clone()), format!("{base}?o=0&l=9"), ""),
        (post(page), base.to_owned(), r#"{"p":0,"s":9}"#),
        (post(offset), base.to_owned(), r#"{"l":9,"o":0}"#),
    ] {
        assert_eq!(first(document, None), (uri, body.to_owned()));
    }
}

#[test]
fn what_has_changed_is_asked_for_in_the_apis_format() {
    for (format, seconds, uri) in [
        (
            "rfc3339",
            1_773_525_600,
            "updated_since=2026-03-14T22%3A00%3A00Z",
        ),
        ("epoch_s", 1_773_525_600, "updated_since=1773525600"),
        ("epoch_ms", 1_773_525_600, "updated_since=1773525600000"),
        ("rfc3339", -1, "updated_since=1970-01-01T00%3A00%3A00Z"),
        ("epoch_s", i64::MIN, "updated_since=0"),
        ("epoch_ms", i64::MAX, "updated_since=9223372036854775807"),
    ] {
        let document = with(full(), "/since/format", json!(format));
        let (sent, body) = first(document, Some(seconds));
        assert_eq!(
            sent,
            format!("https://api.example.com/v1/items/search?active=true&{uri}")
        );
        assert_eq!(body, r#"{"sort":["id"]}"#);
    }
    let in_body = with(
        with(full(), "/request/parameters", json!("body")),
        "/since/format",
        json!("epoch_s"),
    );
    assert_eq!(
        first(in_body, Some(7)).1,
        r#"{"sort":["id"],"updated_since":7}"#
    );
    // Everything, or a list that cannot be asked like this.
    assert_eq!(
        first(full(), None).0,
        "https://api.example.com/v1/items/search?active=true"
    );
    let without = with(full(), "/since", Value::Null);
    assert_eq!(
        first(without, Some(7)).0,
        "https://api.example.com/v1/items/search?active=true"
    );
}

proptest! {
    #[test]
    fn no_document_panics_and_what_is_read_survives(document in any_json()) {
        match ListMapping::from_json(&document) {
            Ok(mapping) => prop_assert_eq!(ListMapping::from_json(&mapping.to_json()).unwrap(), mapping),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_damaged_document_is_refused_or_survives(
        pointer in prop::sample::select(vec![
            "/request", "/request/method", "/request/path", "/request/query", "/request/body",
            "/request/parameters", "/rows", "/id", "/changed", "/paging", "/paging/type", "/paging/next",
            "/paging/parameter", "/max_pages", "/since", "/since/format", "/other",
        ]),
        value in any_json(),
    ) {
        if let Ok(mapping) = ListMapping::from_json(&with(full(), pointer, value)) {
            prop_assert_eq!(ListMapping::from_json(&mapping.to_json()).unwrap(), mapping);
        }
    }
}
