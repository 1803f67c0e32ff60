//! Configurations, secrets, and answers to their requests.

use bytes::Bytes;
use domain::field_error::FieldError;
use domain::outbound_target::Policy;
use http::{HeaderMap, Request, Response};
use proptest::prelude::*;
use providers::rest::{Body, ListMapping, NewRequest, RestConfig, Secrets};
use serde_json::{Map, Value, json};

pub const RECEIVED_AT: i64 = 784_111_777;

pub fn config_with(auth: Value) -> RestConfig {
    config(json!({ "base_url": "https://api.example.com/v1", "auth": auth }))
}

pub fn config(document: Value) -> RestConfig {
    RestConfig::from_json(&document, &Policy::default()).unwrap()
}

pub fn secrets(config: &RestConfig, document: Value) -> Secrets {
    Secrets::from_json(config.auth(), &document).unwrap()
}

pub fn mapping(document: Value) -> ListMapping {
    ListMapping::from_json(&document).unwrap()
}

pub fn get(path: &str) -> NewRequest<'_> {
    NewRequest {
        method: http::Method::GET,
        path,
        query: &[],
        body: Body::None,
        idempotency_key: None,
    }
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

pub fn form(request: &Request<Bytes>) -> Vec<(String, String)> {
    form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

/// The bad fields of a document.
pub fn errors<T: std::fmt::Debug>(result: domain::Result<T>) -> Vec<FieldError> {
    match result {
        Err(domain::Error::InvalidFields(errors)) => errors.as_slice().to_vec(),
        other => panic!("expected field errors, got {other:?}"),
    }
}

pub fn pointers<T: std::fmt::Debug>(result: domain::Result<T>) -> Vec<String> {
    errors(result)
        .into_iter()
        .map(|error| error.pointer)
        .collect()
}

/// A document with one member in another's place, or without it where the value is null.
pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = document
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    document
}

/// Any JSON, with names that documents have among others.
pub fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "base_url",
            "auth",
            "headers",
            "timeout_ms",
            "idempotency_header",
            "max_response_bytes",
            "requests_per_second",
            "test_path",
            "type",
            "in",
            "name",
            "prefix",
            "username",
            "token_url",
            "client_id",
            "scope",
            "client_auth",
            "audience",
            "request",
            "rows",
            "id",
            "changed",
            "paging",
            "max_pages",
            "since",
            "path",
            "query",
            "body",
            "method",
            "parameters",
            "parameter",
            "next",
            "first",
            "size",
            "size_parameter",
            "limit",
            "limit_parameter",
            "format",
            "api_key",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,5}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u32..40_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "none",
            "api_key",
            "bearer",
            "basic",
            "oauth2_client_credentials",
            "oauth2_refresh_token",
            "header",
            "query",
            "body",
            "GET",
            "POST",
            "cursor",
            "next_url",
            "page_number",
            "offset",
            "link_header",
            "rfc3339",
            "epoch_s",
            "/data",
            "/id",
            "https://api.example.com/v1",
            "basic_raw",
            "X-Key",
            "page",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}
