//! What workflows send.

use domain::allocation::settings::Properties;
use proptest::prelude::*;
use providers::hubspot::workflow::{MAX_BODY_BYTES, Names, Unreadable, WorkflowCall, read};
use serde_json::{Map, Value, json};

fn call(body: &Value) -> Result<WorkflowCall, Unreadable> {
    read(
        body.to_string().as_bytes(),
        &Names::from(&Properties::default()),
    )
}

fn envelope() -> Value {
    let fields = json!({"service_package": "Series A", "hs_deal_record_id": "501",
        "household_type": "Couple", "agreement_start_date": "1776643200000",
        "client_email": "lee@example.test"});
    json!({"callbackId": "ap-62515-7700123-4-0",
        "origin": {"portalId": 62515, "actionDefinitionId": 1_179_053, "actionDefinitionVersion": 1},
        "context": {"source": "WORKFLOWS", "workflowId": 44_120_987},
        "object": {"objectId": 501, "objectType": "DEAL"},
        "fields": fields, "inputFields": fields})
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = envelope();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.insert(name.to_owned(), value);
    body
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn an_envelope_says_all() {
    let call = call(&envelope()).unwrap();
    assert!(call.is_about_a_deal());
    assert_eq!(call.fields.len(), 5);
    assert_eq!(
        WorkflowCall {
            fields: std::collections::BTreeMap::new(),
            ..call
        },
        WorkflowCall {
            portal_id: Some(62_515),
            object_type: text("DEAL"),
            deal_id: "501".to_owned(),
            callback_id: text("ap-62515-7700123-4-0"),
            workflow_id: Some(44_120_987),
            service_package: text("Series A"),
            household_type: text("Couple"),
            agreement_start_date: text("1776643200000"),
            client_email: text("lee@example.test"),
            fields: std::collections::BTreeMap::new(),
        }
    );
}

#[test]
fn an_object_is_read_in_both_of_its_forms() {
    let today = json!({"id": "501", "properties": {"service_package": " Series A ",
        "household_type": null, "agreement_start_date": "2026-04-20", "hs_object_id": "501"},
        "createdAt": "2026-03-09T22:01:00.000Z", "archived": false});
    let older = json!({"portalId": 62515, "dealId": 501, "isDeleted": false, "properties": {
        "service_package": {"value": "Series A", "timestamp": 1, "versions": []},
        "agreement_start_date": {"value": "1776643200000"}, "household_type": {"value": ""}}});
    let today = call(&today).unwrap();
    assert_eq!(today.deal_id, "501");
    assert_eq!(today.service_package, text("Series A"));
    assert_eq!(today.household_type, None);
    assert_eq!(today.agreement_start_date, text("2026-04-20"));
    assert_eq!(
        (today.portal_id, today.object_type.as_deref()),
        (None, None)
    );
    assert!(today.is_about_a_deal());
    let older = call(&older).unwrap();
    assert_eq!(older.deal_id, "501");
    assert_eq!(older.service_package, text("Series A"));
    assert_eq!(older.household_type, None);
    assert_eq!(
        (older.portal_id, older.object_type),
        (Some(62_515), text("DEAL"))
    );
    let typed = json!({"objectId": 501, "objectTypeId": "0-3", "properties": {}});
    assert_eq!(call(&typed).unwrap().object_type, text("DEAL"));
    let named = json!({"properties": {"hs_object_id": "501"}});
    assert_eq!(call(&named).unwrap().deal_id, "501");
}

#[test]
fn what_is_put_in_counts_before_its_copy_and_blanks_count_never() {
    let package = |fields: Value, inputs: Value, properties: Value| {
        let mut body = with("/fields", fields);
        body["inputFields"] = inputs;
        body["object"]["properties"] = properties;
        call(&body).unwrap().service_package
    };
    let a = json!({"service_package": "A"});
    let b = json!({"service_package": "B"});
    let blank = json!({"service_package": "  "});
    assert_eq!(package(a.clone(), b.clone(), Value::Null), text("B"));
    assert_eq!(package(a.clone(), blank.clone(), Value::Null), text("A"));
    assert_eq!(package(json!({}), Value::Null, b.clone()), text("B"));
    assert_eq!(package(a.clone(), json!([]), b), text("A"));
    let renewal = json!({"renewal_service_package": "R", "service_package": ""});
    assert_eq!(package(renewal.clone(), json!({}), json!({})), text("R"));
    assert_eq!(package(renewal, a, json!({})), text("A"));
    assert_eq!(package(blank, json!({}), json!({})), None);
    let mut household = with("/fields", json!({"renewal_household_type": "Single"}));
    household["inputFields"] = Value::Null;
    assert_eq!(call(&household).unwrap().household_type, text("Single"));
}

#[test]
fn values_are_text_whatever_they_were() {
    for (value, expected) in [
        (json!(1_776_643_200_000_i64), text("1776643200000")),
        (json!(1.7766432e12), text("1776643200000")),
        (json!(true), text("true")),
        (json!(["Seed", null, "Series A"]), text("Seed;Series A")),
        (json!({"value": 7}), text("7")),
        (json!({"value": {"value": "x"}}), None),
        (json!({}), None),
        (json!([[["x"]]]), None),
        (json!("a\u{0}b"), text("ab")),
        (Value::Null, None),
    ] {
        let mut body = with("/fields", json!({}));
        body["inputFields"] = json!({"agreement_start_date": value});
        assert_eq!(
            call(&body).unwrap().agreement_start_date,
            expected,
            "{value}"
        );
    }
}

#[test]
fn the_enrolled_deal_counts_before_the_copy_of_its_id() {
    let cloned = with("/object/objectId", json!(777));
    assert_eq!(call(&cloned).unwrap().deal_id, "777");
    let text_id = with("/object/objectId", json!("777"));
    assert_eq!(call(&text_id).unwrap().deal_id, "777");
    // A contact's workflow names its deal.
    let contact = with(
        "/object",
        json!({"objectId": 80_001, "objectType": "contact"}),
    );
    let contact = call(&contact).unwrap();
    assert_eq!(
        (contact.deal_id.as_str(), contact.is_about_a_deal()),
        ("501", false)
    );
    assert_eq!(contact.object_type, text("CONTACT"));
    let without = with("/object", json!({"objectType": "DEAL"}));
    assert_eq!(call(&without).unwrap().deal_id, "501");
}

#[test]
fn a_bad_body_says_what_is_wrong_with_it() {
    let wrong = |field: &str, wanted: &'static str| Unreadable::Field {
        field: field.to_owned(),
        wanted,
    };
    let mut nameless = with(
        "/object",
        json!({"objectType": "CONTACT", "objectId": 80_001}),
    );
    nameless["fields"] = json!({});
    nameless["inputFields"] = json!({});
    let mut other = nameless.clone();
    other["fields"] = json!({"hs_deal_record_id": "501; DROP"});
    let names: Map<String, Value> = (0..2_001).map(|n| (format!("f{n}"), json!("x"))).collect();
    for (body, error) in [
        (
            json!([{"subscriptionType": "deal.creation"}]),
            Unreadable::Subscription,
        ),
        (json!("deal"), Unreadable::NotAnObject),
        (Value::Null, Unreadable::NotAnObject),
        (
            nameless,
            Unreadable::NoDeal {
                property: "hs_deal_record_id".to_owned(),
            },
        ),
        (
            json!({}),
            Unreadable::NoDeal {
                property: "hs_deal_record_id".to_owned(),
            },
        ),
        (other, wrong("hs_deal_record_id", "the id of a deal")),
        (with("/object", json!("DEAL")), wrong("object", "an object")),
        (with("/fields", json!("x")), wrong("fields", "an object")),
        (
            with("/inputFields", json!([1])),
            wrong("inputFields", "an object"),
        ),
        (
            with("/object/objectId", json!(-1)),
            wrong("object.objectId", "a positive whole number"),
        ),
        (
            with("/object/objectId", json!(1.5)),
            wrong("object.objectId", "a positive whole number"),
        ),
        (
            with("/origin/portalId", json!("sixty")),
            wrong("origin.portalId", "a positive whole number"),
        ),
        (
            with("/callbackId", json!("x".repeat(201))),
            wrong("callbackId", "a short text"),
        ),
        (
            with("/callbackId", json!({})),
            wrong("callbackId", "a short text"),
        ),
        (
            with("/object/objectType", json!([])),
            wrong("object.objectType", "a short text"),
        ),
        (
            with("/fields", Value::from(names)),
            Unreadable::TooManyFields { limit: 2_000 },
        ),
    ] {
        assert_eq!(call(&body).unwrap_err(), error, "{body}");
    }
    let properties = Properties::default();
    let names = Names::from(&properties);
    for (body, what) in [
        (&b""[..], "is cut off"),
        (b"service_package=Seed", "not valid JSON"),
        (b"{\"a\":\"\xff\"}", "not valid JSON"),
        (b"{\"a\":\"\\ud800\"}", "broken character"),
        (&b"[".repeat(10_000), "not valid JSON"),
    ] {
        match read(body, &names).unwrap_err() {
            Unreadable::NotJson { what: said } => {
                assert!(said.contains(what), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY_BYTES));
    assert_eq!(
        read(long.as_bytes(), &names),
        Err(Unreadable::TooLong {
            limit_bytes: MAX_BODY_BYTES
        })
    );
}

#[test]
fn names_are_the_accounts_own() {
    let properties = Properties {
        deal_service_package: "paket".to_owned(),
        deal_id: "nummer".to_owned(),
        ..Properties::default()
    };
    let body =
        json!({"object": {"objectType": "CONTACT"}, "fields": {"paket": "Seed", "nummer": 9}});
    let call = read(body.to_string().as_bytes(), &Names::from(&properties)).unwrap();
    assert_eq!(
        (call.deal_id.as_str(), call.service_package),
        ("9", text("Seed"))
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9]{1,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        let name = prop::sample::select(vec![
            "callbackId",
            "origin",
            "portalId",
            "context",
            "workflowId",
            "object",
            "objectId",
            "objectType",
            "properties",
            "fields",
            "inputFields",
            "id",
            "dealId",
            "value",
            "hs_deal_record_id",
            "service_package",
            "agreement_start_date",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.prop_map(str::to_owned), inner, 0..8)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_a_call_or_a_named_error(body in any_json()) {
        if let Ok(call) = call(&body) {
            prop_assert!((1..=19).contains(&call.deal_id.len()));
            prop_assert!(call.deal_id.bytes().all(|byte| byte.is_ascii_digit()));
            let texts = [call.service_package, call.household_type, call.agreement_start_date];
            for text in texts.into_iter().flatten().chain(call.fields.into_values()) {
                prop_assert!(!text.is_empty() && text == text.trim());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_call_or_a_named_error(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let properties = Properties::default();
        if let Err(error) = read(&body, &Names::from(&properties)) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
