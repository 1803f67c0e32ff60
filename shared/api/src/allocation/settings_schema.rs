//! The schema of the settings' document, which [`domain::allocation::settings`] reads: defaults are taken from there.

use std::borrow::Cow;

use domain::allocation::Settings;
use domain::allocation::settings::{Absences, Preset, UnknownSources};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The whole document.
pub struct AllocationSettingsDocument;

/// A document to set.
pub struct PutAllocationSettings;

impl JsonSchema for AllocationSettingsDocument {
    fn schema_name() -> Cow<'static, str> {
        "AllocationSettingsDocument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let members = members();
        let required: Vec<&String> = members.keys().collect();
        Schema::from(Map::from_iter([
            ("type".to_owned(), json!("object")),
            (
                "description".to_owned(),
                json!("By what it is decided who gets a deal, and from which week on."),
            ),
            ("required".to_owned(), json!(required)),
            ("additionalProperties".to_owned(), json!(false)),
            ("properties".to_owned(), Value::Object(members)),
        ]))
    }
}

impl JsonSchema for PutAllocationSettings {
    fn schema_name() -> Cow<'static, str> {
        "PutAllocationSettings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut members = members();
        let presets: Vec<&str> = Preset::ALL.iter().map(|preset| preset.as_str()).collect();
        let preset = json!({
            "enum": presets,
            "default": Preset::Corrected,
            "description": "What holds for what is left out. `compatible` decides as the replaced system did, with its faults, of several absences in a week by the longest; `compatible_sum` adds them up.",
        });
        members.insert("preset".to_owned(), preset);
        let description = "All of the settings: they take the place of those before. What is left out is the preset's, and not what was set before; `{}` sets everything back to the default.";
        Schema::from(Map::from_iter([
            ("type".to_owned(), json!("object")),
            ("description".to_owned(), json!(description)),
            ("additionalProperties".to_owned(), json!(false)),
            ("properties".to_owned(), Value::Object(members)),
        ]))
    }
}

/// What each switch mends where it is on.
const SWITCHES: &[(&str, &str)] = &[
    (
        "keep_past_backlog",
        "The backlog from before the current week is kept where a deal's agreement started last week.",
    ),
    (
        "empty_is_free",
        "An adviser of whom nothing is left to count is free.",
    ),
    (
        "carry_over_full_weeks",
        "Deals that fall due in a week of absence are added in the next working week.",
    ),
    (
        "local_meeting_days",
        "A meeting is in the week of its local date, not of its date in UTC.",
    ),
    (
        "skip_cancelled_meetings",
        "Meetings with one of the `cancelled_outcomes` take up no room.",
    ),
    (
        "half_days_by_hours",
        "Leave is counted in half days where hours are known.",
    ),
    (
        "pod_limit_without_start_date",
        "A pod type's limit holds whether a start date can be read or not.",
    ),
    (
        "zero_target_is_never",
        "Who has a target of 0 in all weeks that come into question has no week.",
    ),
    ("zero_override_counts", "An override to 0 counts."),
    (
        "count_own_allocations",
        "Own allocations count while the search for deals cannot show them yet.",
    ),
    (
        "hold_promised_weeks",
        "A deal that was given to somebody takes its place in the week that was promised, also where its agreement starts only just before it.",
    ),
    (
        "keep_deals_before_start",
        "Deals from before a new adviser's first week wait for them in it.",
    ),
    (
        "leave_out_deal_itself",
        "The deal that is allocated is not in anybody's backlog, also when it is allocated again.",
    ),
    (
        "leave_out_ambiguous_advisers",
        "Advisers whose address is another one's too, or whose start date cannot be read, are left out.",
    ),
    (
        "taking_on_clients_in_any_case",
        "`true` is as good as `True`.",
    ),
    (
        "refuse_beyond_horizon",
        "No deal is allocated whose agreement starts after the weeks that are looked at.",
    ),
    (
        "fixed_horizon",
        "A table ends at the horizon, not with the last week of which anything is known.",
    ),
    (
        "midnight_utc_is_a_date",
        "Milliseconds that are midnight UTC are a date.",
    ),
];

/// All but the preset.
fn members() -> Map<String, Value> {
    let default = Settings::default().to_json();
    let whole = |pointer: &str, minimum: u32, maximum: u32, description: &str| {
        json!({
            "type": "integer",
            "minimum": minimum,
            "maximum": maximum,
            "default": default.pointer(pointer),
            "description": description,
        })
    };
    let name = |pointer: &str, description: &str| {
        json!({
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "default": default.pointer(pointer),
            "description": description,
        })
    };
    let names = |pointer: &str, description: &str| {
        json!({
            "type": "array",
            "maxItems": 50,
            "items": {"type": "string", "minLength": 1, "maxLength": 200},
            "default": default.pointer(pointer),
            "description": description,
        })
    };
    let members = json!({
        "fixes": object("The faults of the replaced system, each mended where it is on. What is left out is the preset's.", &fixes(&default)),
        "horizon_weeks": whole("/horizon_weeks", 4, 156, "So many weeks are looked at, after the first."),
        "buffer_weeks": whole("/buffer_weeks", 0, 26, "Nobody gets a deal for a week before the current one and so many more. At the most two less than `horizon_weeks`."),
        "prestart_weeks": whole("/prestart_weeks", 0, 52, "New advisers have room so many weeks before they start."),
        "clarifies_per_week": whole("/clarifies_per_week", 1, 100, "The backlog is placed up to so many first meetings in a week."),
        "search_lag_seconds": whole("/search_lag_seconds", 0, 86_400, "What was written so shortly before deals were searched may not be in what was found."),
        "limits": object("How many clients an adviser takes in a month, where no override holds.", &json!({
            "monthly": whole("/limits/monthly", 0, 1_000, "Of everybody whose pod type has no limit of its own."),
            "by_pod_type": {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 1_000},
                "default": default.pointer("/limits/by_pod_type"),
                "description": "By the exact name of the pod type, up to 50. What is sent takes the place of the preset's.",
            },
        })),
        "pipeline": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": 200,
            "default": default.pointer("/pipeline"),
            "description": "The internal id of the pipeline whose deals wait for a first meeting; null: all of them.",
        },
        "stages": names("/stages", "Internal ids of its stages in which they wait; none: all of them."),
        "clarify_type": name("/clarify_type", "The account's name of the first meeting with a client, the only one that takes up room."),
        "kick_off_type": name("/kick_off_type", "The account's name of the meeting that is shown and counted, and never used."),
        "cancelled_outcomes": names("/cancelled_outcomes", "Outcomes of meetings that take up no room."),
        "half_day_up_to_minutes": whole("/half_day_up_to_minutes", 0, 1_440, "Leave of so many minutes on one day is half a day, and more is a whole one."),
        "packages": packages(&default),
        "properties": object("Internal names of the properties that are read, of users (`adviser_…`) and deals (`deal_…`).", &properties(&default)),
        "written_properties": {
            "type": "array",
            "maxItems": 50,
            "items": property(),
            "default": default.pointer("/written_properties"),
            "description": "The deal's properties that get the adviser's owner id: at least one.",
        },
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

fn fixes(default: &Value) -> Value {
    let of_default = |name: &str| default.pointer(&format!("/fixes/{name}"));
    let mut fixes = Map::new();
    fixes.insert(
        "absences".to_owned(),
        json!({
            "enum": Absences::ALL,
            "default": of_default("absences"),
            "description": "What several absences in one week come to: the `largest`, their `sum` up to five days, or their `union`, in which a holiday within leave is no second day off.",
        }),
    );
    fixes.insert(
        "unknown_sources".to_owned(),
        json!({
            "enum": UnknownSources::ALL,
            "default": of_default("unknown_sources"),
            "description": "What becomes of an adviser of whom a source says nothing, because it failed: `count_as_free`, `leave_out`, or `fail`, by which nobody is chosen.",
        }),
    );
    for (name, description) in SWITCHES {
        let switch =
            json!({"type": "boolean", "default": of_default(name), "description": description});
        fixes.insert((*name).to_owned(), switch);
    }
    Value::Object(fixes)
}

fn packages(default: &Value) -> Value {
    let rule = json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 200, "description": "The service package, whatever its case."},
            "ignores_household": {"type": "boolean", "default": false, "description": "Any adviser of the package takes any household."},
            "household_types": {"type": "array", "maxItems": 50, "items": {"type": "string", "minLength": 1, "maxLength": 200}, "default": [], "description": "The households that come with it: columns of the matrix, and no rule."},
        },
    });
    json!({
        "type": "array",
        "maxItems": 50,
        "items": rule,
        "default": default.pointer("/packages"),
        "description": "Rules of packages; of one that is not here the household is checked. A list that is sent takes the place of the preset's.",
    })
}

fn property() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[a-z0-9_]+$"})
}

fn properties(default: &Value) -> Value {
    let names = default.pointer("/properties").and_then(Value::as_object);
    let described = names.into_iter().flatten().map(|(name, of_default)| {
        let mut schema = property();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("default".to_owned(), of_default.clone());
        }
        (name.clone(), schema)
    });
    Value::Object(described.collect())
}

#[cfg(test)]
mod tests {
    use domain::allocation::settings::Fixes;

    use super::*;

    /// A document that holds only this member, at the place of its schema.
    fn only(path: &[&str], value: Value) -> Value {
        path.iter()
            .rev()
            .fold(value, |inner, name| json!({(*name): inner}))
    }

    /// Every member that is no object of known members, by its path.
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

    #[test]
    fn every_switch_is_described() {
        let described: Vec<_> = SWITCHES.iter().map(|(name, _)| *name).collect();
        assert_eq!(described, Fixes::SWITCHES);
    }

    #[test]
    fn the_schema_says_what_is_taken() {
        let schema = PutAllocationSettings::json_schema(&mut SchemaGenerator::default());
        let schema = schema.to_value();
        let default = Settings::default().to_json();
        let mut found = Vec::new();
        leaves(&schema, &[], &mut found);
        let mut described = Vec::new();
        for (path, member) in found {
            let takes = |value: Value| Settings::from_json(&only(&path, value)).is_ok();
            assert!(takes(member["default"].clone()), "{path:?}");
            if path == ["preset"] {
                continue;
            }
            let pointer = format!("/{}", path.join("/"));
            assert_eq!(
                default.pointer(&pointer),
                Some(&member["default"]),
                "{pointer}"
            );
            let is_property = path[0] == "properties";
            assert!(
                is_property || member["description"].is_string(),
                "{pointer}"
            );
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
                assert!(!takes(json!("another")), "{pointer}");
            }
            if let Some(most) = member["maxLength"].as_u64() {
                let text = |length: u64| json!("a".repeat(usize::try_from(length).unwrap()));
                assert!(takes(text(1)) && takes(text(most)), "{pointer}");
                assert!(!takes(text(0)) && !takes(text(most + 1)), "{pointer}");
            }
            if member["pattern"].is_string() {
                assert!(takes(json!("a_1")) && !takes(json!("A b")), "{pointer}");
            }
            if let Some(most) = member["maxItems"].as_u64() {
                let many = |count: u64| -> Value {
                    let item = |number: u64| match path[0] {
                        "packages" => json!({"name": format!("p{number}")}),
                        _ => json!(format!("n{number}")),
                    };
                    (0..count).map(item).collect()
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
                Some(members) if pointer != "/limits/by_pod_type" => open.extend(
                    members
                        .iter()
                        .map(|(name, value)| (format!("{pointer}/{name}"), value)),
                ),
                _ => whole.push(pointer),
            }
        }
        whole.sort();
        described.sort();
        assert_eq!(described, whole);
    }
}
