use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn pointers(schema: &Value, value: &Value) -> Vec<String> {
    let schema = Schema::parse(schema).unwrap();
    let errors = schema.check(value);
    errors
        .as_slice()
        .iter()
        .map(|error| error.pointer.clone())
        .collect()
}

fn refused(schema: &Value) -> Vec<String> {
    let errors = Schema::parse(schema).unwrap_err();
    errors
        .as_slice()
        .iter()
        .map(|error| error.pointer.clone())
        .collect()
}

#[test]
fn every_keyword_decides() {
    for (schema, good, bad) in [
        (json!({"type": "string"}), json!("a"), json!(1)),
        (json!({"type": ["string", "null"]}), json!(null), json!(1)),
        (json!({"type": "integer"}), json!(1.0), json!(1.5)),
        (json!({"type": "number"}), json!(1), json!("1")),
        (json!({"enum": ["a", 1]}), json!(1.0), json!("b")),
        (json!({"const": {"a": 1}}), json!({"a": 1}), json!({"a": 2})),
        (json!({"minimum": 2}), json!(2), json!(1)),
        (json!({"maximum": 2}), json!(2), json!(3)),
        (json!({"exclusiveMinimum": 2}), json!(3), json!(2)),
        (json!({"exclusiveMaximum": 2}), json!(1), json!(2)),
        (json!({"multipleOf": 0.1}), json!(0.3), json!(0.35)),
        (json!({"minLength": 2}), json!("éé"), json!("é")),
        (json!({"maxLength": 2}), json!("éé"), json!("ééé")),
        (json!({"pattern": "^[a-z]+$"}), json!("abc"), json!("a1")),
        (json!({"minItems": 1}), json!([1]), json!([])),
        (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
        (json!({"minProperties": 1}), json!({"a": 1}), json!({})),
        (json!({"maxProperties": 0}), json!({}), json!({"a": 1})),
        (
            json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
            json!(1),
            json!(3),
        ),
        (
            json!({"anyOf": [{"const": 1}, {"const": 2}]}),
            json!(2),
            json!(3),
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"minimum": 2}]}),
            json!(1),
            json!(2),
        ),
        (json!({"not": {"type": "null"}}), json!(1), json!(null)),
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}),
            json!(1),
            json!(2),
        ),
    ] {
        assert_eq!(pointers(&schema, &good), [""; 0], "{schema} {good}");
        assert_eq!(pointers(&schema, &bad), [""], "{schema} {bad}");
    }
}

#[test]
fn what_is_wrong_is_named_by_its_pointer() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings",
        "type": "object", "required": ["region"], "additionalProperties": false,
        "properties": {
            "region": {"type": "string"},
            "tags": {"type": "array", "uniqueItems": true, "items": {"type": "string"}},
            "pair": {"prefixItems": [{"type": "integer"}], "items": false},
            "a/b": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    });
    assert_eq!(pointers(&schema, &json!({"region": "ca"})), [""; 0]);
    assert_eq!(
        pointers(
            &schema,
            &json!({"tags": ["a", 1, "a"], "pair": [1, 2], "a/b": {"x": "y"}, "new": 1})
        ),
        [
            "/region", "/a~1b/x", "/new", "/pair/1", "/tags/2", "/tags/1"
        ]
    );
}

#[test]
fn a_schema_that_cannot_be_enforced_is_refused() {
    let deep = (0..=MAX_SCHEMA_DEPTH).fold(json!(true), |inner, _| json!({ "not": inner }));
    for (schema, at) in [
        (json!(1), ""),
        (json!({"type": "text"}), "/type"),
        (json!({"type": []}), "/type"),
        (json!({"enum": []}), "/enum"),
        (json!({"minimum": "1"}), "/minimum"),
        (json!({"multipleOf": 0}), "/multipleOf"),
        (json!({"minLength": -1}), "/minLength"),
        (json!({"uniqueItems": 1}), "/uniqueItems"),
        (json!({"required": "a"}), "/required"),
        (json!({"properties": []}), "/properties"),
        (
            json!({"properties": {"a/b": {"typo": 1}}}),
            "/properties/a~1b/typo",
        ),
        (json!({"items": [true]}), "/items"),
        (json!({"anyOf": []}), "/anyOf"),
        (json!({"allOf": [{"if": true}]}), "/allOf/0/if"),
        (
            json!({"unevaluatedProperties": false}),
            "/unevaluatedProperties",
        ),
        (json!({"pattern": "(?=a)"}), "/pattern"),
        (json!({"pattern": "(a)\\1"}), "/pattern"),
        (json!({"pattern": "(a{1000}){1000}"}), "/pattern"),
        (
            json!({"pattern": "a".repeat(MAX_PATTERN_BYTES + 1)}),
            "/pattern",
        ),
        (json!({"$ref": "https://example.com/schema"}), "/$ref"),
        (json!({"$ref": "#/$defs/none"}), "/$ref"),
        (json!({"$ref": "#"}), "/$ref"),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
            "/$schema",
        ),
        (json!({"title": "a".repeat(MAX_SCHEMA_BYTES)}), ""),
    ] {
        assert_eq!(refused(&schema), [at], "{schema}");
    }
    assert_eq!(refused(&deep).len(), 1);
}

#[test]
fn a_schema_in_a_circle_comes_to_an_end() {
    let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}});
    assert_eq!(pointers(&circle, &json!(1)), [""]);
    // Each level applies the next one twice.
    let definitions: Value = (0..40)
        .map(|level| {
            let next = json!({"$ref": format!("#/$defs/{}", level + 1)});
            (level.to_string(), json!({"allOf": [next, next]}))
        })
        .chain([("40".to_owned(), json!(true))])
        .collect::<serde_json::Map<_, _>>()
        .into();
    let wide = json!({"$ref": "#/$defs/0", "$defs": definitions});
    assert_eq!(pointers(&wide, &json!(1)), [""]);
    // One that goes down with the value is fine.
    let list = json!({"$ref": "#/$defs/node", "$defs": {"node": {
        "type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "additionalProperties": false}}});
    assert_eq!(pointers(&list, &json!({"next": {"next": {}}})), [""; 0]);
    assert_eq!(
        pointers(&list, &json!({"next": {"next": 1}})),
        ["/next/next"]
    );
}

#[test]
fn long_settings_are_refused() {
    let long = json!({"a": "a".repeat(MAX_SETTINGS_BYTES)});
    assert_eq!(pointers(&json!(true), &long), [""]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        "[a-c(+*]{0,4}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("type"),
        Just("properties"),
        Just("items"),
        Just("anyOf"),
        Just("$ref"),
        Just("pattern"),
        Just("required"),
        Just("minimum"),
        Just("a"),
        Just("$defs"),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|members| members
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>()
                    .into()),
        ]
    })
}

proptest! {
    #[test]
    fn no_schema_and_no_value_panics(schema in any_json(), value in any_json()) {
        if let Ok(schema) = Schema::parse(&schema) {
            let _ = schema.check(&value);
        }
    }
}
