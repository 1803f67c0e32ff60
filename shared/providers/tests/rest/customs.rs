//! Configurations with a list, settings and events.

use domain::outbound_target::Policy;
use proptest::prelude::*;
use providers::rest::{CustomConfig, Secrets};
use serde_json::{Value, json};

use crate::support::{any_json, header, pointers, with};

fn full() -> Value {
    json!({
        "base_url": "https://api.example.com/v1",
        "auth": { "type": "none" },
        "headers": { "X-Region": "{{ settings.region }}" },
        "settings_schema": {
            "type": "object", "required": ["region"],
            "properties": { "region": { "type": "string", "maxLength": 40 }, "size": { "type": "integer" } }
        },
        "settings": { "region": "ca" },
        "list": {
            "request": {
                "path": "/{{ settings.region }}/invoices",
                "query": { "size": "{{ settings.size | \"50\" }}", "active": true }
            },
            "rows": "/data", "id": "/id", "paging": { "type": "none" }
        },
        "events": { "created": "invoice.created" }
    })
}

fn read(document: &Value) -> domain::Result<CustomConfig> {
    CustomConfig::from_json(document, &Policy::default())
}

#[test]
fn templates_are_filled_in_and_kept() {
    let config = read(&full()).unwrap();
    let secrets = Secrets::from_json(config.rest().auth(), &json!({})).unwrap();
    let call = config
        .list()
        .request(config.rest(), &secrets, None, None)
        .unwrap();
    assert_eq!(
        call.request.uri().to_string(),
        "https://api.example.com/v1/ca/invoices?active=true&size=50"
    );
    assert_eq!(header(call.request.headers(), "x-region"), Some("ca"));
    let stored = config.to_json();
    for member in ["headers", "settings_schema", "settings", "list", "events"] {
        assert_eq!(stored[member], full()[member], "{member}");
    }
    assert_eq!(stored["timeout_ms"], 15_000);
    // What is stored is read as what was given.
    assert_eq!(read(stored).unwrap(), config);
}

#[test]
fn what_is_wrong_is_named_below_its_part() {
    for (pointer, value, expected) in [
        ("/list", json!(null), &["/list"][..]),
        ("/list/rows", json!("data"), &["/list/rows"]),
        ("/timeout_ms", json!(1), &["/timeout_ms"]),
        ("/typo", json!(1), &["/typo"]),
        ("/settings/size", json!("a"), &["/settings/size"]),
        (
            "/settings_schema/typo",
            json!(1),
            &["/settings_schema/typo"],
        ),
        (
            "/events/created",
            json!("sync.completed"),
            &["/events/created"],
        ),
        ("/events/created", json!("one"), &["/events/created"]),
        ("/events/gone", json!("a.b"), &["/events/gone"]),
        // What a template becomes is judged like what is written.
        ("/settings/region", json!("../.."), &["/list/request/path"]),
        (
            "/settings/region",
            json!("a\nb"),
            &["/headers/X-Region", "/list/request/path"],
        ),
        (
            "/settings/region",
            json!(""),
            &["/headers/X-Region", "/list/request/path"],
        ),
        (
            "/headers/X-Region",
            json!("{{ event.name }}"),
            &["/headers/X-Region"],
        ),
        (
            "/headers/X-Region",
            json!("{{ settings"),
            &["/headers/X-Region"],
        ),
        (
            "/headers/Cookie",
            json!("{{ settings.region }}"),
            &["/headers/Cookie"],
        ),
    ] {
        let found = pointers(read(&with(full(), pointer, value.clone())));
        assert_eq!(found, expected, "{pointer} {value}");
    }
}

#[test]
fn settings_without_a_schema_are_refused() {
    let without = with(full(), "/settings_schema", json!(null));
    assert!(pointers(read(&without)).contains(&"/settings".to_owned()));
    let document = json!({
        "base_url": "https://api.example.com", "auth": { "type": "none" },
        "list": { "request": { "path": "/a" }, "rows": "", "id": "/id", "paging": { "type": "none" } }
    });
    assert!(read(&document).is_ok());
}

proptest! {
    #[test]
    fn no_document_panics(list in any_json(), settings in any_json(), schema in any_json(), events in any_json()) {
        let document = json!({
            "base_url": "https://api.example.com", "auth": { "type": "none" }, "list": list,
            "settings": settings, "settings_schema": schema, "events": events
        });
        let _ = read(&document);
    }
}
