//! The schemas of closures and capacity overrides as people write them: [`domain::allocation`] reads them.

use std::borrow::Cow;

use domain::allocation::{capacity_override, closure};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// A closure to make.
pub struct CreateClosure;
/// What is to be different of one.
pub struct UpdateClosure;
/// A capacity override to make.
pub struct CreateCapacityOverride;
/// What is to be different of one.
pub struct UpdateCapacityOverride;

macro_rules! written {
    ($name:ident, $description:literal, $members:ident, $required:expr) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                object($description, $members(), $required)
            }
        }
    };
}

written!(
    CreateClosure,
    "Days on which the office is closed: they count as leave of every adviser.",
    closure,
    &["start_date"]
);
written!(
    UpdateClosure,
    "What is left out stays as it is. Null takes away what may be missing; of `end_date` it makes the closure one day.",
    closure,
    &[]
);
written!(
    CreateCapacityOverride,
    "Another limit of one adviser, from the Monday on or after a day until the next override. There is no last day: to return, make another override.",
    capacity_override,
    &["adviser_email", "effective_date", "client_limit_monthly"]
);
written!(
    UpdateCapacityOverride,
    "What is left out stays as it is. Null takes away what may be missing.",
    capacity_override,
    &[]
);

fn object(description: &str, members: Value, required: &[&str]) -> Schema {
    let mut schema = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("description".to_owned(), json!(description)),
        ("additionalProperties".to_owned(), json!(false)),
        ("properties".to_owned(), members),
    ]);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    Schema::from(schema)
}

fn closure() -> Value {
    let tag = json!({"type": "string", "maxLength": closure::MAX_TAG_BYTES});
    let text = |description: String| json!({"type": ["string", "null"], "maxLength": closure::MAX_DESCRIPTION_BYTES, "description": description});
    json!({
        "start_date": {"type": "string", "format": "date", "description": "The first day."},
        "end_date": {"type": ["string", "null"], "format": "date", "description": format!("The last day, included; the first one when left out. A closure has {} days at the most.", closure::MAX_DAYS)},
        "description": text(format!("Up to {} bytes.", closure::MAX_DESCRIPTION_BYTES)),
        "reason": text("The old name of `description`.".to_owned()),
        "tags": {
            "anyOf": [
                {"type": "array", "maxItems": closure::MAX_TAGS, "items": tag},
                {"type": "string"},
                {"type": "null"},
            ],
            "description": format!("Short labels: a list, or one text with commas. Each of up to {} bytes, and of each one is kept, whatever its case.", closure::MAX_TAG_BYTES),
        },
    })
}

fn capacity_override() -> Value {
    json!({
        "adviser_email": {"type": "string", "maxLength": capacity_override::MAX_EMAIL_BYTES, "description": "The adviser's address, whatever its case."},
        "effective_date": {"type": "string", "format": "date", "description": "It holds from the Monday on or after this day."},
        "client_limit_monthly": {"type": "integer", "minimum": 1, "maximum": capacity_override::MAX_LIMIT, "description": "Clients of a month. The target of a fortnight is half of it, rounded down: of 1 it is none."},
        "pod_type": {"type": ["string", "null"], "maxLength": capacity_override::MAX_POD_TYPE_BYTES, "description": format!("To show; it does not change the limit. Offered are {}.", capacity_override::POD_TYPES.join(", "))},
        "notes": {"type": ["string", "null"], "maxLength": capacity_override::MAX_NOTES_BYTES, "description": "They may have several lines."},
    })
}

#[cfg(test)]
mod tests {
    use domain::allocation::capacity_override::CapacityOverride;
    use domain::allocation::closure::Closure;

    use super::*;

    fn of<T: JsonSchema>() -> Value {
        T::json_schema(&mut SchemaGenerator::default()).to_value()
    }

    /// The members of a schema are the members that are taken, and those that it asks for are needed.
    fn holds(create: &Value, update: &Value, full: &Value, takes: impl Fn(&Value) -> bool) {
        let members = create["properties"].as_object().unwrap();
        assert_eq!(create["properties"], update["properties"]);
        assert!(takes(full), "{full}");
        let required: Vec<_> = create["required"].as_array().unwrap().iter().collect();
        assert!(update["required"].is_null());
        for (name, member) in members {
            assert!(member["description"].is_string(), "{name}");
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(name);
            assert_eq!(takes(&without), !required.contains(&&json!(name)), "{name}");
            let with = |value: Value| {
                let mut document = without.clone();
                document[name] = value;
                document
            };
            let may_be_null = member.to_string().contains("\"null\"");
            assert_eq!(takes(&with(Value::Null)), may_be_null, "{name}");
            if let (Some(least), Some(most)) =
                (member["minimum"].as_i64(), member["maximum"].as_i64())
            {
                for (value, is_taken) in [
                    (least, true),
                    (most, true),
                    (least - 1, false),
                    (most + 1, false),
                ] {
                    assert_eq!(takes(&with(json!(value))), is_taken, "{name} {value}");
                }
            }
            if let Some(most) = member["maxLength"].as_u64() {
                let text = |length: u64| match name.as_str() {
                    "adviser_email" => {
                        format!("{}@b.c", "a".repeat(usize::try_from(length).unwrap() - 4))
                    }
                    _ => "a".repeat(usize::try_from(length).unwrap()),
                };
                assert!(takes(&with(json!(text(most)))), "{name}");
                assert!(!takes(&with(json!(text(most + 1)))), "{name}");
            }
        }
        let mut another = full.clone();
        another["another"] = json!(1);
        assert!(!takes(&another));
    }

    #[test]
    fn the_schemas_say_what_is_taken() {
        let (create, update) = (of::<CreateClosure>(), of::<UpdateClosure>());
        let full =
            json!({"start_date": "2026-12-24", "end_date": "2026-12-31", "tags": "public,office"});
        holds(&create, &update, &full, |document| {
            Closure::from_json(document).is_ok()
        });
        let (create, update) = (
            of::<CreateCapacityOverride>(),
            of::<UpdateCapacityOverride>(),
        );
        let full = json!({"adviser_email": "mia.tan@example.com", "effective_date": "2026-04-07",
            "client_limit_monthly": 4, "pod_type": "Team Pod", "notes": "Back from leave"});
        holds(&create, &update, &full, |document| {
            CapacityOverride::from_json(document).is_ok()
        });
    }
}
