//! Properties: which there are from the beginning, what values they take, and how values compare.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde_json::{Value, json};

use super::answer::Problem;
use super::model::{Account, Kind, Property, ValueType};

/// The options of a meeting's outcome.
const OUTCOMES: [&str; 5] = [
    "SCHEDULED",
    "COMPLETED",
    "RESCHEDULED",
    "NO_SHOW",
    "CANCELED",
];

/// HubSpot's own.
pub(super) fn standard(kind: Kind) -> BTreeMap<String, Property> {
    let own: &[(&str, ValueType)] = match kind {
        Kind::User => &[
            ("hs_email", ValueType::Text),
            ("hubspot_owner_id", ValueType::Owner),
        ],
        Kind::Meeting => &[
            ("hs_meeting_title", ValueType::Text),
            ("hs_meeting_start_time", ValueType::DateTime),
            ("hs_meeting_end_time", ValueType::DateTime),
            ("hs_timestamp", ValueType::DateTime),
            ("hs_meeting_outcome", ValueType::Enumeration),
            ("hs_activity_type", ValueType::Enumeration),
            ("hubspot_owner_id", ValueType::Owner),
        ],
        Kind::Deal => &[
            ("dealname", ValueType::Text),
            ("amount", ValueType::Number),
            ("closedate", ValueType::DateTime),
            ("pipeline", ValueType::Enumeration),
            ("dealstage", ValueType::Enumeration),
            ("hubspot_owner_id", ValueType::Owner),
        ],
        Kind::Contact => &[
            ("firstname", ValueType::Text),
            ("lastname", ValueType::Text),
            ("email", ValueType::Text),
            ("phone", ValueType::Text),
        ],
    };
    let mut properties: BTreeMap<String, Property> = own
        .iter()
        .map(|&(name, r#type)| {
            let options = match name {
                "hs_meeting_outcome" => OUTCOMES.iter().map(|&one| one.to_owned()).collect(),
                _ => Vec::new(),
            };
            let property = Property {
                r#type,
                options,
                is_read_only: false,
            };
            (name.to_owned(), property)
        })
        .collect();
    let read_only = |r#type| Property {
        r#type,
        options: Vec::new(),
        is_read_only: true,
    };
    properties.insert("hs_object_id".to_owned(), read_only(ValueType::Number));
    for name in kind.stamps() {
        properties.insert(name.to_owned(), read_only(ValueType::DateTime));
    }
    properties
}

/// What is given of a record where nothing is asked for.
pub(super) const fn unasked(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::User | Kind::Meeting => &[],
        Kind::Deal => &["dealname", "amount", "closedate", "pipeline", "dealstage"],
        Kind::Contact => &["firstname", "lastname", "email"],
    }
}

/// Takes values as they come from outside, in the form in which they are kept. All that is wrong with
/// them is said at once.
pub(super) fn check(
    account: &Account,
    kind: Kind,
    changes: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, String>, Problem> {
    let known = &account.table(kind).properties;
    let mut kept = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, value) in changes {
        let outcome = match known.get(name) {
            None => Err((
                "PROPERTY_DOESNT_EXIST",
                format!("Property \"{name}\" does not exist"),
            )),
            Some(property) if property.is_read_only => Err((
                "READ_ONLY_VALUE",
                format!("\"{name}\" is a read only property; its value cannot be set."),
            )),
            Some(property) => take(account, property, value),
        };
        match outcome {
            Ok(text) => {
                kept.insert(name.clone(), text);
            }
            Err((code, message)) => wrong.push((name.clone(), code, message)),
        }
    }
    if wrong.is_empty() {
        return Ok(kept);
    }
    let listed: Vec<Value> = wrong
        .iter()
        .map(|(name, code, message)| {
            json!({"isValid": false, "message": message, "error": code, "name": name})
        })
        .collect();
    let errors = wrong
        .iter()
        .map(|(name, code, message)| {
            json!({"message": message, "code": code, "context": {"propertyName": [name]}})
        })
        .collect();
    let listed = Value::from(listed);
    Err(Problem {
        errors,
        ..Problem::validation(&format!("Property values were not valid: {listed}"))
    })
}

fn take(
    account: &Account,
    property: &Property,
    value: &Value,
) -> Result<String, (&'static str, String)> {
    let text = match value {
        Value::Null => return Ok(String::new()),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(_) | Value::Object(_) => {
            return Err(("INVALID_VALUE", "a value is not a text".to_owned()));
        }
    };
    if text.is_empty() {
        return Ok(text);
    }
    match property.r#type {
        ValueType::Text => Ok(text),
        ValueType::Number if text.parse::<f64>().is_ok_and(f64::is_finite) => Ok(text),
        ValueType::Number => Err(("INVALID_INTEGER", format!("{text} was not a valid number."))),
        ValueType::Date => date(&text)
            .map(|date| date.to_string())
            .ok_or_else(|| ("INVALID_DATE", format!("{text} was not a valid date."))),
        ValueType::DateTime => epoch_ms(ValueType::DateTime, &text)
            .and_then(DateTime::from_timestamp_millis)
            .map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            .ok_or_else(|| ("INVALID_DATE", format!("{text} was not a valid date."))),
        ValueType::Enumeration => {
            let is_option = |one: &str| {
                property.options.is_empty() || property.options.iter().any(|o| o == one)
            };
            if text.split(';').all(is_option) {
                Ok(text)
            } else {
                Err((
                    "INVALID_OPTION",
                    format!("{text} was not one of the allowed options"),
                ))
            }
        }
        ValueType::Owner => {
            let is_owner = text.parse().ok().is_some_and(|id: u64| {
                account
                    .owners
                    .get(&id)
                    .is_some_and(|owner| !owner.is_archived)
            });
            if is_owner {
                Ok(text)
            } else {
                Err((
                    "INVALID_OWNER_ID",
                    format!("{text} was not a valid owner id."),
                ))
            }
        }
    }
}

/// A date as it is given, or midnight UTC of it in milliseconds.
fn date(text: &str) -> Option<NaiveDate> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return (text.len() == 10).then_some(date);
    }
    let ms: i64 = text.parse().ok()?;
    (ms.rem_euclid(86_400_000) == 0)
        .then(|| DateTime::from_timestamp_millis(ms))?
        .map(|time| time.date_naive())
}

/// A kept date or time in Unix milliseconds.
pub(super) fn epoch_ms(r#type: ValueType, text: &str) -> Option<i64> {
    match r#type {
        ValueType::Date => date(text)?
            .and_hms_opt(0, 0, 0)
            .map(|midnight| midnight.and_utc().timestamp_millis()),
        ValueType::DateTime => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.timestamp_millis())
            .or_else(|| text.parse().ok()),
        _ => None,
    }
}
