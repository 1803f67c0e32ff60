//! Another limit for one adviser from some day on: a document that a person writes.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::Week;
use super::closure::date;
use super::mail::folded;
use crate::Result;
use crate::fields::{Fields, Object, shown};

/// What is offered; others are taken too, because they change nothing.
pub const POD_TYPES: [&str; 3] = ["Standard Pod", "Solo Adviser", "Team Pod"];

pub const MAX_LIMIT: u32 = 1_000;
pub const MAX_EMAIL_BYTES: usize = 254;
pub const MAX_POD_TYPE_BYTES: usize = 100;
pub const MAX_NOTES_BYTES: usize = 2_000;

const KNOWN: &[&str] = &[
    "adviser_email",
    "effective_date",
    "client_limit_monthly",
    "pod_type",
    "notes",
];
const LIMIT_REMEDY: &str = "give the clients of a month, a whole number above 0";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityOverride {
    /// Trimmed, in lower case.
    pub adviser_email: String,
    pub effective_date: NaiveDate,
    /// Clients of a month; 1 makes a target of 0.
    pub client_limit_monthly: u32,
    /// To show; it does not change the limit.
    pub pod_type: Option<String>,
    pub notes: Option<String>,
}

impl CapacityOverride {
    /// # Errors
    /// [`crate::Error::InvalidFields`], with every member that is wrong.
    pub fn from_json(document: &Value) -> Result<Self> {
        read(document, None)
    }

    /// With what a document changes; what it leaves out stays. A null takes away what may be missing.
    ///
    /// # Errors
    /// [`crate::Error::InvalidFields`], with every member that is wrong.
    pub fn changed_by(&self, document: &Value) -> Result<Self> {
        read(document, Some(self))
    }

    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "adviser_email": self.adviser_email,
            "effective_date": self.effective_date,
            "effective_week": self.effective_week(),
            "client_limit_monthly": self.client_limit_monthly,
            "pod_type": self.pod_type,
            "notes": self.notes,
        })
    }

    /// It holds from this week on: the Monday on or after its day.
    #[must_use]
    pub fn effective_week(&self) -> Week {
        Week::on_or_after(self.effective_date)
    }
}

fn read(document: &Value, now: Option<&CapacityOverride>) -> Result<CapacityOverride> {
    let mut fields = Fields::default();
    let read = capacity_override(&mut fields, document, now);
    fields.finish(read)
}

fn capacity_override(
    fields: &mut Fields,
    document: &Value,
    now: Option<&CapacityOverride>,
) -> Option<CapacityOverride> {
    let object = fields.object("", document, KNOWN)?;
    let adviser_email = match (object.member("adviser_email"), now) {
        (None, Some(now)) => Some(now.adviser_email.clone()),
        _ => email(fields, &object),
    };
    let effective_date = match (object.member("effective_date"), now) {
        (None, Some(now)) => Some(now.effective_date),
        _ => fields
            .required(&object, "effective_date", "give a date such as 2026-04-06")
            .and_then(|value| date(fields, &object.at("effective_date"), value)),
    };
    let client_limit_monthly = match (object.member("client_limit_monthly"), now) {
        (None, Some(now)) => Some(now.client_limit_monthly),
        _ => limit(fields, &object),
    };
    let pod_type = match (object.member("pod_type"), now) {
        (None, Some(now)) => now.pod_type.clone(),
        _ => fields
            .optional_text(&object, "pod_type", MAX_POD_TYPE_BYTES)
            .map(|text| text.trim().to_owned()),
    };
    let notes = match (object.member("notes"), now) {
        (None, Some(now)) => now.notes.clone(),
        _ => notes(fields, &object),
    };
    Some(CapacityOverride {
        adviser_email: adviser_email?,
        effective_date: effective_date?,
        client_limit_monthly: client_limit_monthly?,
        pod_type: pod_type.filter(|text| !text.is_empty()),
        notes,
    })
}

fn email(fields: &mut Fields, object: &Object<'_>) -> Option<String> {
    let remedy = "give the adviser's mail address";
    let text = fields.required_text(object, "adviser_email", MAX_EMAIL_BYTES, remedy)?;
    let email = folded(text).into_owned();
    let has_shape = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !email.contains(char::is_whitespace);
    if !has_shape {
        fields.push(
            object.at("adviser_email"),
            format!("{} is not a mail address", shown(&text.into())),
            remedy,
        );
        return None;
    }
    Some(email)
}

fn limit(fields: &mut Fields, object: &Object<'_>) -> Option<u32> {
    const NAME: &str = "client_limit_monthly";
    fields.required(object, NAME, LIMIT_REMEDY)?;
    let limit = fields.whole(object, NAME, &(1..=MAX_LIMIT), 0);
    (limit > 0).then_some(limit)
}

/// Notes may have several lines.
fn notes(fields: &mut Fields, object: &Object<'_>) -> Option<String> {
    let value = object.get("notes")?;
    let text = fields.any_text(&object.at("notes"), value)?.trim();
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.len() > MAX_NOTES_BYTES || text.chars().any(is_control) {
        fields.push(
            object.at("notes"),
            "they are too long, or hold a control character",
            format!("use {MAX_NOTES_BYTES} bytes at the most"),
        );
    }
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(read: Result<CapacityOverride>) -> Vec<String> {
        match read {
            Err(crate::Error::InvalidFields(errors)) => {
                let pointer = |error: &crate::field_error::FieldError| error.pointer.clone();
                errors.as_slice().iter().map(pointer).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn one() -> CapacityOverride {
        CapacityOverride::from_json(&json!({
            "adviser_email": " Mia.Tan@Example.com ", "effective_date": "2026-04-07", "client_limit_monthly": 10,
            "pod_type": "Team Pod", "notes": "Until Easter.\nThen 6 again.",
        }))
        .unwrap()
    }

    #[test]
    fn an_override_is_read() {
        assert_eq!(
            one().to_json(),
            json!({
                "adviser_email": "mia.tan@example.com", "effective_date": "2026-04-07",
                "effective_week": "2026-04-13", "client_limit_monthly": 10,
                "pod_type": "Team Pod", "notes": "Until Easter.\nThen 6 again.",
            })
        );
    }

    #[test]
    fn every_fault_is_named() {
        let read = |document: Value| pointers(CapacityOverride::from_json(&document));
        assert_eq!(
            read(json!({})),
            ["/adviser_email", "/effective_date", "/client_limit_monthly"]
        );
        let bad = json!({
            "adviser_email": "mia", "effective_date": "soon", "client_limit_monthly": 0, "pod_type": 5,
            "notes": "\u{7}", "limit": 5,
        });
        assert_eq!(
            read(bad),
            [
                "/limit",
                "/adviser_email",
                "/effective_date",
                "/client_limit_monthly",
                "/pod_type",
                "/notes"
            ]
        );
        for limit in [json!(-1), json!(1.5), json!("6"), json!(1_001), Value::Null] {
            let document = json!({"adviser_email": "a@b.c", "effective_date": "2026-04-07", "client_limit_monthly": limit});
            assert_eq!(read(document), ["/client_limit_monthly"], "{limit}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let changed = one()
            .changed_by(&json!({"client_limit_monthly": 4, "pod_type": null}))
            .unwrap();
        assert_eq!(
            changed,
            CapacityOverride {
                client_limit_monthly: 4,
                pod_type: None,
                ..one()
            }
        );
        assert_eq!(
            pointers(one().changed_by(&json!({"adviser_email": null}))),
            ["/adviser_email"]
        );
        assert_eq!(one().changed_by(&json!({})).unwrap(), one());
    }
}
