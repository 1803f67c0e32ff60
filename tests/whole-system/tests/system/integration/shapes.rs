//! The answers of the replaced system: which members they have, and of which types.

use serde_json::Value;

/// What a value has to be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A UUID in lower case.
    Id,
    /// An id of 7shifts: digits, as text.
    Number,
    Text,
    /// Text that is not empty.
    Said,
    Bool,
    /// A whole number that is not negative.
    Count,
    /// RFC 3339 in UTC, to the second.
    Time,
    Is(bool),
    OneOf(&'static [&'static str]),
    OrNull(&'static Shape),
    /// A list of at most so many.
    List(&'static Shape, usize),
    /// An object by the ids in it: of streams, here.
    Map(&'static Shape),
    /// An object with exactly these members.
    Members(&'static [(&'static str, Shape)]),
    /// One with the members of both.
    Both(&'static Shape, &'static Shape),
    /// A member in the list of texts that a form shows beside it, with the error beside.
    Wrong(&'static str),
}

use Shape::*;

const ANY: usize = 100_000;
const TEXTS: Shape = List(&Said, ANY);
const SYNC_TYPES: Shape = OneOf(&["EMPLOYEES", "SHIFTS", "FULL"]);
const SYNC_STATUSES: Shape = OneOf(&["SUCCESS", "PARTIAL", "FAILED"]);

pub const NOT_CONFIGURED: Shape = Members(&[("is_configured", Is(false)), ("message", Said)]);
pub const CONFIGURATION: Shape = Members(&[
    ("id", Id),
    ("account", Id),
    ("company_id", Number),
    ("is_active", Bool),
    ("last_sync_at", OrNull(&Time)),
    ("sync_employees_enabled", Bool),
    ("sync_shifts_enabled", Bool),
    ("enforce_shift_schedule", Bool),
    ("sync_role_names", TEXTS),
    ("create_users_without_email", Bool),
    ("created_at", Time),
    ("updated_at", Time),
    ("is_configured", Is(true)),
    ("last_sync_status", OrNull(&LAST_SYNC)),
]);
pub const LAST_SYNC: Shape = Members(&[
    ("sync_type", SYNC_TYPES),
    ("status", SYNC_STATUSES),
    ("items_synced", Count),
    ("started_at", Time),
    ("completed_at", Time),
]);
pub const STATUS: Shape = Both(
    &CONFIGURATION,
    &Members(&[("employee_count", Count), ("upcoming_shifts_count", Count)]),
);
/// What goes on, beside the answer of 202.
pub const RUNNING: Shape = Members(&[("run_id", Id), ("run_ids", Map(&Id))]);
pub const CONFIGURING: Shape = Both(&CONFIGURATION, &RUNNING);

pub const TESTED: Shape = Members(&[
    ("success", Is(true)),
    ("message", Said),
    ("company", Members(&[("id", Count), ("name", Said)])),
]);
pub const TESTED_WITHOUT_COMPANY: Shape =
    Members(&[("success", Is(true)), ("message", Said), ("error", Said)]);

pub const DONE: Shape = Members(&[("success", Is(true)), ("message", Said)]);
pub const SYNCING: Shape = Both(&DONE, &RUNNING);
pub const EMPLOYEES_SYNCED: Shape = Both(&DONE, &Members(&[("result", EMPLOYEES_RESULT)]));
pub const SHIFTS_SYNCED: Shape = Both(&DONE, &Members(&[("result", SHIFTS_RESULT)]));
pub const FULLY_SYNCED: Shape = Both(
    &DONE,
    &Members(&[(
        "result",
        Members(&[("employees", EMPLOYEES_RESULT), ("shifts", SHIFTS_RESULT)]),
    )]),
);
const EMPLOYEES_RESULT: Shape = Members(&[
    ("employees_synced", Count),
    ("errors_count", Count),
    ("errors", List(&Said, 5)),
    ("user_mapping", USER_MAPPING),
]);
const SHIFTS_RESULT: Shape = Members(&[
    ("shifts_synced", Count),
    ("errors_count", Count),
    ("errors", List(&Said, 5)),
]);
const USER_MAPPING: Shape = Members(&[
    ("total_unmapped", Count),
    ("mapped", Count),
    ("created", Count),
    ("skipped", Count),
    ("temp_email_count", Count),
    (
        "unmapped_details",
        List(
            &Members(&[("seven_shifts_id", Number), ("name", Said), ("email", Text)]),
            5,
        ),
    ),
]);

pub const EMPLOYEES: Shape = List(
    &Members(&[
        ("id", Id),
        ("account", Id),
        ("store", OrNull(&Said)),
        ("store_name", OrNull(&Said)),
        ("seven_shifts_id", Number),
        ("seven_shifts_location_id", OrNull(&Number)),
        ("email", Text),
        ("phone", Text),
        ("first_name", Text),
        ("last_name", Text),
        ("full_name", Text),
        ("is_active", Bool),
        ("synced_at", Time),
    ]),
    ANY,
);
pub const SHIFTS: Shape = List(
    &Members(&[
        ("id", Id),
        ("employee", Id),
        ("employee_name", Text),
        ("employee_email", Text),
        ("store", OrNull(&Said)),
        ("store_name", OrNull(&Said)),
        ("seven_shifts_shift_id", Number),
        ("start_time", Time),
        ("end_time", Time),
        ("role", Text),
        ("synced_at", Time),
    ]),
    100,
);
const BASIS: Shape = Members(&[
    ("at", Time),
    (
        "connector_state",
        OrNull(&OneOf(&[
            "disconnected",
            "active",
            "paused",
            "expired",
            "revoked",
            "error",
        ])),
    ),
    ("synced_at", OrNull(&Time)),
    ("is_stale", Bool),
]);
const CHECKED: Shape = Members(&[
    ("should_send", Bool),
    (
        "reason",
        OneOf(&[
            "shift_enforcement_disabled",
            "employee_not_in_7shifts",
            "employee_on_shift",
            "employee_not_on_shift",
            "integration_not_configured",
            "connector_not_healthy",
            "data_stale",
            "time_not_covered",
            "store_not_mapped",
        ]),
    ),
    ("employee", OrNull(&CHECKED_EMPLOYEE)),
    ("shift", OrNull(&CHECKED_SHIFT)),
]);
const CHECKED_EMPLOYEE: Shape = Members(&[
    ("id", Id),
    ("seven_shifts_id", Number),
    ("email", Text),
    ("first_name", Text),
    ("last_name", Text),
    ("full_name", Text),
]);
const CHECKED_SHIFT: Shape = Members(&[
    ("id", Id),
    ("seven_shifts_shift_id", Number),
    ("store", OrNull(&Said)),
    ("store_name", OrNull(&Said)),
    ("start_time", Time),
    ("end_time", Time),
    ("is_close", Bool),
    ("role", Text),
]);
pub const SHIFT_CHECK: Shape = Both(&CHECKED, &BASIS);
pub const SHIFT_CHECKS: Shape = Both(&Members(&[("answers", List(&CHECKED, 1_000))]), &BASIS);
pub const ON_SHIFT: Shape = Both(
    &Members(&[
        (
            "employees",
            List(
                &Members(&[("employee", CHECKED_EMPLOYEE), ("shift", CHECKED_SHIFT)]),
                ANY,
            ),
        ),
        (
            "reason",
            OrNull(&OneOf(&[
                "integration_not_configured",
                "connector_not_healthy",
                "data_stale",
                "time_not_covered",
                "store_not_mapped",
            ])),
        ),
    ]),
    &BASIS,
);
pub const SYNC_LOGS: Shape = List(
    &Members(&[
        ("id", Id),
        ("account", Id),
        ("sync_type", SYNC_TYPES),
        ("status", SYNC_STATUSES),
        ("items_synced", Count),
        ("errors_count", Count),
        ("error_details", TEXTS),
        ("started_at", Time),
        ("completed_at", Time),
        ("duration_seconds", Count),
    ]),
    20,
);
pub const LOCATIONS: Shape = List(
    &Members(&[
        ("id", Number),
        ("name", Said),
        ("is_mapped", Bool),
        ("mapped_store_id", OrNull(&Said)),
        ("mapped_store_name", OrNull(&Said)),
    ]),
    ANY,
);
pub const ROLES: Shape = List(&Members(&[("id", Number), ("name", Said)]), ANY);
pub const MAPPED: Shape = Both(
    &DONE,
    &Members(&[
        ("seven_shifts_location_id", Number),
        ("seven_shifts_location_name", Said),
        ("store", Said),
        ("store_name", Said),
    ]),
);

/// Beside the members of the problem document; which of those there are, the suite's check of every
/// answer against the OpenAPI document holds.
pub const REFUSED: Shape = Members(&[("error", Said)]);
pub const REJECTED: Shape = Members(&[("success", Is(false)), ("error", Said)]);

/// An error may have more members: those of the problem document, and of the form's members.
#[track_caller]
pub fn refuses(value: &Value, shape: &Shape) {
    if let Err(why) = has(value, shape) {
        panic!("{why}\n{value:#}");
    }
    let kind = value["type"].as_str().unwrap_or_default();
    assert!(kind.starts_with("urn:patchbay:problem:"), "{value:#}");
}

#[track_caller]
pub fn fits(value: &Value, shape: &Shape) {
    let missing = has(value, shape);
    let surplus = strange(value, shape).map(|name| format!("`{name}` is none of its members"));
    if let Some(why) = missing.err().or(surplus) {
        panic!("{why}\n{value:#}");
    }
}

/// A member that the shape does not have.
fn strange<'a>(value: &'a Value, shape: &Shape) -> Option<&'a str> {
    let known = names(shape);
    let object = value.as_object()?;
    object
        .keys()
        .map(String::as_str)
        .find(|name| !matches!(shape, Map(_)) && !known.contains(name))
}

fn names(shape: &Shape) -> Vec<&'static str> {
    match shape {
        Members(members) => members.iter().map(|(name, _)| *name).collect(),
        Both(one, other) => [names(one), names(other)].concat(),
        OrNull(shape) => names(shape),
        _ => Vec::new(),
    }
}

/// Whether what the shape needs is there.
fn has(value: &Value, shape: &Shape) -> Result<(), String> {
    let text = value.as_str();
    let fits = match shape {
        Id => text.is_some_and(|text| api::query::is_id(text) && text == text.to_lowercase()),
        Number => text
            .is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())),
        Text => text.is_some(),
        Said => text.is_some_and(|text| !text.is_empty()),
        Bool => value.is_boolean(),
        Count => value.is_u64(),
        Time => text.is_some_and(|text| {
            text.len() == "2026-03-14T22:00:00Z".len()
                && text.ends_with('Z')
                && chrono::DateTime::parse_from_rfc3339(text).is_ok()
        }),
        Is(wanted) => value.as_bool() == Some(*wanted),
        OneOf(texts) => text.is_some_and(|text| texts.contains(&text)),
        OrNull(_) if value.is_null() => true,
        OrNull(shape) => return whole(value, shape),
        List(shape, most) => {
            let list = value.as_array().filter(|list| list.len() <= *most);
            let list = list.ok_or_else(|| format!("no list of at most {most}: {value}"))?;
            return list.iter().try_for_each(|item| whole(item, shape));
        }
        Map(shape) => {
            let object = value.as_object().filter(|object| !object.is_empty());
            let object = object.ok_or_else(|| format!("no object with members: {value}"))?;
            return object.values().try_for_each(|item| whole(item, shape));
        }
        Members(members) => {
            return members.iter().try_for_each(|(name, shape)| {
                let member = value.get(name).ok_or_else(|| format!("no `{name}`"))?;
                whole(member, shape).map_err(|why| format!("`{name}`: {why}"))
            });
        }
        Both(one, other) => return has(value, one).and_then(|()| has(value, other)),
        Wrong(member) => {
            has(value, &REFUSED)?;
            let texts = value.get(member).unwrap_or(&Value::Null);
            let is_there = texts.as_array().is_some_and(|texts| !texts.is_empty());
            return if is_there {
                has(texts, &TEXTS).map_err(|why| format!("`{member}`: {why}"))
            } else {
                Err(format!("no texts for `{member}`"))
            };
        }
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{value} is no {shape:?}"))
    }
}

/// [`has`], and nothing more.
fn whole(value: &Value, shape: &Shape) -> Result<(), String> {
    has(value, shape)?;
    strange(value, shape).map_or(Ok(()), |name| {
        Err(format!("`{name}` is none of its members"))
    })
}
