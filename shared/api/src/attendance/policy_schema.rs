//! The schema of a policy's document, which [`domain::attendance::policy`] reads: defaults are taken from there.

use std::borrow::Cow;

use domain::attendance::event::EventType;
use domain::attendance::policy::{LEVELS, Policy, Preset};
use domain::time_off::TimeOffCategory;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The whole document.
pub struct PolicyDocument;

/// A document to set.
pub struct PutAttendancePolicy;

impl JsonSchema for PolicyDocument {
    fn schema_name() -> Cow<'static, str> {
        "PolicyDocument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let members = members();
        let required: Vec<&String> = members.keys().collect();
        let description =
            "By which it is decided what is late, what it costs in points, and who is left out.";
        Schema::from(Map::from_iter([
            ("type".to_owned(), json!("object")),
            ("description".to_owned(), json!(description)),
            ("required".to_owned(), json!(required)),
            ("additionalProperties".to_owned(), json!(false)),
            ("properties".to_owned(), Value::Object(members)),
        ]))
    }
}

impl JsonSchema for PutAttendancePolicy {
    fn schema_name() -> Cow<'static, str> {
        "PutAttendancePolicy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut members = members();
        let presets: Vec<&str> = Preset::ALL.iter().map(|preset| preset.as_str()).collect();
        let preset = json!({
            "enum": presets,
            "default": Preset::Cheflife,
            "description": "What holds for what is left out. `no_points` gives nobody points, and is `cheflife` else.",
        });
        members.insert("preset".to_owned(), preset);
        for member in members.values_mut() {
            nullable(member);
        }
        let description = "The whole policy: it takes the place of the one before. What is left out is the preset's, and not what was set before; `{}` sets everything back to the default. A member that is null is left out.";
        Schema::from(Map::from_iter([
            ("type".to_owned(), json!("object")),
            ("description".to_owned(), json!(description)),
            ("additionalProperties".to_owned(), json!(false)),
            ("properties".to_owned(), Value::Object(members)),
        ]))
    }
}

/// A member that may be left out is null to some clients, as it is to the reader; so are those in it.
fn nullable(member: &mut Value) {
    if let Some(kind) = member.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(names) = member.get_mut("enum").and_then(Value::as_array_mut) {
        names.push(Value::Null);
    }
    optional_members(member);
    if let Some(item) = member.get_mut("items") {
        optional_members(item);
    }
}

fn optional_members(object: &mut Value) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        let names = required.as_array();
        names.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let members = object.get_mut("properties").and_then(Value::as_object_mut);
    for (name, member) in members.into_iter().flatten() {
        if !is_required(name) {
            nullable(member);
        }
    }
}

/// All but the preset.
fn members() -> Map<String, Value> {
    let default = Policy::default().to_json();
    let whole = |pointer: &str, minimum: u32, maximum: u32, description: &str| {
        json!({
            "type": "integer",
            "minimum": minimum,
            "maximum": maximum,
            "default": default.pointer(pointer),
            "description": description,
        })
    };
    let flag = |pointer: &str, description: &str| json!({"type": "boolean", "default": default.pointer(pointer), "description": description});
    let members = json!({
        "thresholds": object("From when on something is what it is called.", &json!({
            "on_time_minutes": whole("/thresholds/on_time_minutes", 0, 120, "Minutes before or after the start that are still on time; after them an arrival is late."),
            "early_departure_minutes": whole("/thresholds/early_departure_minutes", 0, 240, "Minutes before the end that are still no early departure."),
            "overtime_minutes": whole("/thresholds/overtime_minutes", 0, 480, "Minutes over what was scheduled that are still no overtime."),
            "short_shift_percent": whole("/thresholds/short_shift_percent", 1, 100, "Hundredths of what was scheduled that may be missing before it is a short shift."),
            "no_show_grace_minutes": whole("/thresholds/no_show_grace_minutes", 0, 720, "Minutes after the start before a shift that nobody came to is a no-show."),
            "match_window_minutes": whole("/thresholds/match_window_minutes", 1, 360, "Minutes between the starts of a punch and a shift that can belong together, where the provider names no shift."),
            "match_across_midnight": flag("/thresholds/match_across_midnight", "They may also begin on two local days."),
        })),
        "points": object(
            "Points by event. An event that is named has the tiers that are sent and no others, `[]` none; one that is left out has the preset's.",
            &points(&default),
        ),
        "exempt": exempt(&default, "/exempt", "Whose attendance is not recorded at all. A list that is sent takes the place of the preset's."),
        "unscheduled_exempt": exempt(&default, "/unscheduled_exempt", "Whose unscheduled punches are not recorded. A list that is sent takes the place of the preset's."),
        "excuse_time_off": flag("/excuse_time_off", "Approved time off excuses what it covers."),
        "rolling_window_days": whole("/rolling_window_days", 1, 730, "Days over which points are added up."),
        "overtime_cost_percent": whole("/overtime_cost_percent", 0, 1_000, "What an hour of overtime costs, in hundredths of the role's average rate."),
        "sick_leave": object("How much sick leave people have in a year.", &json!({
            "days_per_year": whole("/sick_leave/days_per_year", 0, 366, "Days of a year."),
            "after_days": whole("/sick_leave/after_days", 0, 3_660, "Days of employment before anything may be taken."),
            "partial_day_is_whole": flag("/sick_leave/partial_day_is_whole", "A part of a day counts as a whole one."),
            "year_starts": {"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$", "default": default.pointer("/sick_leave/year_starts"), "description": "The month and day on which the year begins, `MM-DD`; no 29th of February."},
            "category": {"enum": TimeOffCategory::ALL, "default": default.pointer("/sick_leave/category"), "description": "Which time off is sick leave, by the organization's own categories."},
        })),
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn object(description: &str, properties: &Value) -> Value {
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn points(default: &Value) -> Value {
    let tier = json!({
        "type": "object",
        "required": ["points"],
        "additionalProperties": false,
        "properties": {
            "from_minutes": {"type": "integer", "minimum": 0, "maximum": 1_440, "default": 0, "description": "The event counts for this tier from so many minutes on."},
            "points": {"type": "integer", "minimum": -1_000, "maximum": 1_000, "description": "Below zero they are taken off."},
        },
    });
    let tiers = |event: &EventType| {
        let name = event.as_str();
        let of_default = default.get("points").and_then(|points| points.get(name));
        let schema = json!({
            "type": "array",
            "maxItems": 20,
            "items": tier,
            "default": of_default,
            "description": "Tiers: of those that are reached the one from the most minutes on counts.",
        });
        (name.to_owned(), schema)
    };
    Value::Object(EventType::ALL.iter().map(tiers).collect())
}

fn exempt(default: &Value, pointer: &str, description: &str) -> Value {
    let names = |name: &str, items: Value, description: &str| {
        json!({
            "type": "array",
            "maxItems": 100,
            "items": items,
            "default": default.pointer(&format!("{pointer}/{name}")),
            "description": description,
        })
    };
    let levels = names(
        "levels",
        json!({"enum": LEVELS}),
        "Levels of people: `user_type` of a team member.",
    );
    let roles = names(
        "roles",
        json!({"type": "string", "minLength": 1, "maxLength": 200}),
        "Names of roles, whatever their case. It is the role of the work that counts: of the shift, or of a punch without one.",
    );
    object(description, &json!({"levels": levels, "roles": roles}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put() -> Value {
        let schema = PutAttendancePolicy::json_schema(&mut SchemaGenerator::default());
        schema.to_value()
    }

    /// A document that holds only this member, at the place of its schema.
    fn only(path: &[&str], value: Value) -> Value {
        path.iter()
            .rev()
            .fold(value, |inner, name| json!({(*name): inner}))
    }

    /// Every member that is no object, by its path.
    fn leaves<'a>(schema: &'a Value, path: &[&'a str], found: &mut Vec<(Vec<&'a str>, &'a Value)>) {
        for (name, member) in schema["properties"].as_object().unwrap() {
            let path = [path, &[name.as_str()]].concat();
            if member["properties"].is_object() {
                leaves(member, &path, found);
            } else {
                found.push((path, member));
            }
        }
    }

    fn allows_null(schema: &Value) -> bool {
        let kind = &schema["type"];
        let of_kind = kind.is_null()
            || kind == "null"
            || kind
                .as_array()
                .is_some_and(|kinds| kinds.contains(&json!("null")));
        let names = schema["enum"].as_array();
        of_kind && names.is_none_or(|names| names.contains(&Value::Null))
    }

    /// Every member, objects as well as what is in them and in the items of lists, with a document that has it and null
    /// for its value.
    fn with_null(
        schema: &Value,
        around: &dyn Fn(Value) -> Value,
        path: &str,
        found: &mut Vec<(String, bool, Value)>,
    ) {
        let no_members = Map::new();
        for (name, member) in schema["properties"].as_object().unwrap_or(&no_members) {
            let path = format!("{path}/{name}");
            // A tier has points.
            let needs_points = schema["required"] == json!(["points"]) && name != "points";
            let inner = |value: Value| {
                let mut object = json!({(name): value});
                if needs_points {
                    object["points"] = json!(1);
                }
                around(object)
            };
            found.push((path.clone(), allows_null(member), inner(Value::Null)));
            with_null(member, &inner, &path, found);
            if member["items"].is_object() {
                let item = |value: Value| inner(json!([value]));
                let path = format!("{path}/0");
                found.push((
                    path.clone(),
                    allows_null(&member["items"]),
                    item(Value::Null),
                ));
                with_null(&member["items"], &item, &path, found);
            }
        }
    }

    #[test]
    fn null_is_allowed_where_it_is_taken() {
        let mut found = Vec::new();
        with_null(&put(), &|value| value, "", &mut found);
        for (path, is_allowed, document) in &found {
            let policy = Policy::from_json(document);
            assert_eq!(policy.is_ok(), *is_allowed, "{path} {document}");
            if let Ok(policy) = policy {
                let is_tier = path.ends_with("/from_minutes");
                assert!(
                    is_tier || policy == Policy::default(),
                    "{path} is as if it were left out"
                );
            }
        }
        let allowed = |wanted: &str| {
            found
                .iter()
                .find(|(path, ..)| path == wanted)
                .map(|found| found.1)
        };
        for (path, is_allowed) in [
            ("/preset", true),
            ("/points", true),
            ("/points/no_show", true),
            ("/points/no_show/0", false),
            ("/points/no_show/0/points", false),
            ("/points/no_show/0/from_minutes", true),
            ("/excuse_time_off", true),
            ("/exempt/roles", true),
            ("/exempt/roles/0", false),
            ("/sick_leave/category", true),
        ] {
            assert_eq!(allowed(path), Some(is_allowed), "{path}");
        }
        // What is answered has every member, and none is null.
        let answered = PolicyDocument::json_schema(&mut SchemaGenerator::default()).to_value();
        let mut found = Vec::new();
        with_null(&answered, &|value| value, "", &mut found);
        assert!(found.iter().all(|(_, is_allowed, _)| !is_allowed));
    }

    #[test]
    fn the_schema_says_what_is_taken() {
        let schema = put();
        let mut found = Vec::new();
        leaves(&schema, &[], &mut found);
        let default = Policy::default().to_json();
        let mut described = Vec::new();
        for (path, member) in found {
            let takes = |value: Value| Policy::from_json(&only(&path, value)).is_ok();
            assert!(member["description"].is_string(), "{path:?}");
            if path == ["preset"] {
                assert!(takes(member["default"].clone()));
                continue;
            }
            let pointer = format!("/{}", path.join("/"));
            assert_eq!(
                default.pointer(&pointer),
                Some(&member["default"]),
                "{pointer}"
            );
            assert!(takes(member["default"].clone()), "{pointer}");
            if let (Some(least), Some(most)) =
                (member["minimum"].as_i64(), member["maximum"].as_i64())
            {
                for (value, is_taken) in [
                    (least, true),
                    (most, true),
                    (least - 1, false),
                    (most + 1, false),
                ] {
                    assert_eq!(takes(json!(value)), is_taken, "{pointer} {value}");
                }
            }
            if let Some(names) = member["enum"].as_array() {
                assert!(names.iter().all(|name| takes(name.clone())), "{pointer}");
            }
            if let Some(most) = member["maxItems"].as_u64() {
                let many = |count: u64| -> Value {
                    (0..count)
                        .map(|number| match path[0] {
                            "points" => json!({"from_minutes": number, "points": 1}),
                            _ => member["items"]["enum"]
                                .get(0)
                                .cloned()
                                .unwrap_or_else(|| json!("Cook")),
                        })
                        .collect()
                };
                assert!(takes(many(most)) && !takes(many(most + 1)), "{pointer}");
            }
            described.push(pointer);
        }
        // And nothing is left out of it.
        let mut whole = Vec::new();
        let mut open = vec![(String::new(), &default)];
        while let Some((pointer, value)) = open.pop() {
            match value.as_object() {
                Some(members) => open.extend(
                    members
                        .iter()
                        .map(|(name, value)| (format!("{pointer}/{name}"), value)),
                ),
                None => whole.push(pointer),
            }
        }
        whole.sort();
        described.sort();
        assert_eq!(described, whole);
    }
}
