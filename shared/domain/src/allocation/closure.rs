//! Days on which the office is closed: a document that a person writes.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::absence;
use super::dates::strict_day;
use super::input::Closed;
use crate::Result;
use crate::fields::{Fields, Object, shown};

/// A closure is of so many days at the most.
pub const MAX_DAYS: i64 = 366;
pub const MAX_DESCRIPTION_BYTES: usize = 500;
pub const MAX_TAGS: usize = 20;
pub const MAX_TAG_BYTES: usize = 50;

const KNOWN: &[&str] = &["start_date", "end_date", "description", "reason", "tags"];
const DATE_REMEDY: &str = "give a date such as 2026-12-24";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    pub start_date: NaiveDate,
    /// Included.
    pub end_date: NaiveDate,
    /// May be empty.
    pub description: String,
    /// Trimmed; each of them once, whatever its case.
    pub tags: Vec<String>,
}

impl Closure {
    /// Reads a new one: `end_date` is the first day where it is left out, `reason` is an old name of `description`,
    /// and tags are a list, or one text with commas.
    ///
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

    /// With the number of its working days.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "start_date": self.start_date,
            "end_date": self.end_date,
            "description": self.description,
            "tags": self.tags,
            "workdays": self.workdays(),
        })
    }

    /// Mondays to Fridays.
    #[must_use]
    pub fn workdays(&self) -> i64 {
        absence::workdays(self.start_date, self.end_date)
    }

    #[must_use]
    pub const fn days(&self) -> Closed {
        Closed {
            first: self.start_date,
            last: self.end_date,
        }
    }
}

fn read(document: &Value, now: Option<&Closure>) -> Result<Closure> {
    let mut fields = Fields::default();
    let closure = closure(&mut fields, document, now);
    fields.finish(closure)
}

fn closure(fields: &mut Fields, document: &Value, now: Option<&Closure>) -> Option<Closure> {
    let object = fields.object("", document, KNOWN)?;
    let start_date = match (object.member("start_date"), now) {
        (None, Some(now)) => Some(now.start_date),
        _ => fields
            .required(&object, "start_date", DATE_REMEDY)
            .and_then(|value| date(fields, &object.at("start_date"), value)),
    };
    let end_date = match (object.member("end_date"), now) {
        (None, Some(now)) => Some(now.end_date),
        (None | Some(Value::Null), _) => start_date,
        (Some(value), _) => date(fields, &object.at("end_date"), value),
    };
    let description = description(fields, &object, now);
    let tags = match (object.member("tags"), now) {
        (None, Some(now)) => now.tags.clone(),
        (None | Some(Value::Null), _) => Vec::new(),
        (Some(value), _) => tags(fields, &object.at("tags"), value),
    };
    let (start_date, end_date) = (start_date?, end_date?);
    let days = end_date
        .signed_duration_since(start_date)
        .num_days()
        .saturating_add(1);
    if days < 1 {
        fields.push(
            object.at("end_date"),
            format!("{end_date} is before the start, {start_date}"),
            "give the last day of the closure: the first one or later",
        );
    } else if days > MAX_DAYS {
        fields.push(
            object.at("end_date"),
            format!("the closure has {days} days"),
            format!("close for {MAX_DAYS} days at the most"),
        );
    }
    Some(Closure {
        start_date,
        end_date,
        description,
        tags,
    })
}

pub(super) fn date(fields: &mut Fields, pointer: &str, value: &Value) -> Option<NaiveDate> {
    let date = value.as_str().and_then(|text| strict_day(text.trim()));
    if date.is_none() {
        fields.push(
            pointer,
            format!("{} is not a date", shown(value)),
            DATE_REMEDY,
        );
    }
    date
}

fn description(fields: &mut Fields, object: &Object<'_>, now: Option<&Closure>) -> String {
    let given: Vec<_> = ["description", "reason"]
        .into_iter()
        .filter_map(|name| object.member(name).map(|value| (name, value)))
        .collect();
    if let [(_, one), (_, other)] = given.as_slice()
        && one != other
    {
        fields.push(
            object.at("reason"),
            "it differs from the description, whose old name it is",
            "send the description only",
        );
    }
    match (given.first(), now) {
        (None, Some(now)) => now.description.clone(),
        (None | Some((_, Value::Null)), _) => String::new(),
        (Some((name, value)), _) => {
            let pointer = object.at(name);
            // An empty one is none.
            if value.as_str().is_some_and(|text| text.trim().is_empty()) {
                return String::new();
            }
            let text = fields.text(&pointer, value, MAX_DESCRIPTION_BYTES);
            text.unwrap_or_default().trim().to_owned()
        }
    }
}

fn tags(fields: &mut Fields, pointer: &str, value: &Value) -> Vec<String> {
    let mut found: Vec<(String, &str)> = Vec::new();
    match value {
        Value::String(text) => {
            found.extend(text.split(',').map(|tag| (pointer.to_owned(), tag)));
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                if let Some(tag) = fields.any_text(&pointer, value) {
                    found.push((pointer, tag));
                }
            }
        }
        other => {
            fields.push(
                pointer,
                format!("{} is neither a list nor a text", shown(other)),
                "send a list such as [\"public\"], or a text with commas",
            );
        }
    }
    let mut tags: Vec<String> = Vec::new();
    for (pointer, tag) in found {
        let tag = tag.trim();
        let is_there = |one: &String| one.to_lowercase() == tag.to_lowercase();
        if tag.is_empty() || tags.iter().any(is_there) {
            continue;
        }
        if tags.len() == MAX_TAGS {
            fields.push(
                pointer,
                "there are too many tags",
                format!("give {MAX_TAGS} at the most"),
            );
            break;
        }
        if tag.len() > MAX_TAG_BYTES || tag.chars().any(char::is_control) || tag.contains(',') {
            fields.push(
                pointer,
                "it is too long for a tag, or holds a comma or a control character",
                format!("use {MAX_TAG_BYTES} bytes at the most, on one line"),
            );
            continue;
        }
        tags.push(tag.to_owned());
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(read: Result<Closure>) -> Vec<String> {
        match read {
            Err(crate::Error::InvalidFields(errors)) => {
                let pointer = |error: &crate::field_error::FieldError| error.pointer.clone();
                errors.as_slice().iter().map(pointer).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn christmas() -> Closure {
        Closure::from_json(&json!({
            "start_date": "2026-12-24", "end_date": "2027-01-03",
            "description": " Christmas shutdown ", "tags": " public,office , ,Public",
        }))
        .unwrap()
    }

    #[test]
    fn a_closure_is_read_and_its_workdays_are_computed() {
        assert_eq!(
            christmas().to_json(),
            json!({
                "start_date": "2026-12-24", "end_date": "2027-01-03",
                "description": "Christmas shutdown", "tags": ["public", "office"], "workdays": 7,
            })
        );
    }

    #[test]
    fn it_is_one_day_where_nothing_else_is_said() {
        for end in [json!({}), json!({"end_date": null})] {
            let mut document =
                json!({"start_date": "2026-04-03", "reason": "Good Friday", "tags": ["public"]});
            document
                .as_object_mut()
                .unwrap()
                .extend(end.as_object().unwrap().clone());
            let closure = Closure::from_json(&document).unwrap();
            assert_eq!(closure.end_date, closure.start_date);
            assert_eq!(
                (closure.workdays(), closure.description.as_str()),
                (1, "Good Friday")
            );
        }
    }

    #[test]
    fn faults_are_named() {
        let read = |document: Value| pointers(Closure::from_json(&document));
        assert_eq!(read(json!({})), ["/start_date"]);
        assert_eq!(read(json!([])), [""]);
        assert_eq!(read(json!({"start_date": "24.12.2026"})), ["/start_date"]);
        assert_eq!(read(json!({"start_date": 20_261_224})), ["/start_date"]);
        assert_eq!(
            read(json!({"start_date": "2026-12-24", "end_date": "2026-12-23"})),
            ["/end_date"]
        );
        assert_eq!(
            read(json!({"start_date": "2026-12-24", "end_date": "2028-12-24"})),
            ["/end_date"]
        );
        assert_eq!(
            read(json!({"start_date": "2026-12-24", "end_date": ""})),
            ["/end_date"]
        );
        let bad = json!({
            "start_date": "2026-12-24", "tags": ["ok", 5, "a\nb", "x".repeat(51)], "description": 7, "colour": "red",
        });
        assert_eq!(
            read(bad),
            ["/colour", "/description", "/tags/1", "/tags/2", "/tags/3"]
        );
        assert_eq!(
            read(json!({"start_date": "2026-12-24", "tags": {"a": 1}})),
            ["/tags"]
        );
        let many: Vec<_> = (0..21).map(|number| number.to_string()).collect();
        assert_eq!(
            read(json!({"start_date": "2026-12-24", "tags": many})),
            ["/tags/20"]
        );
        assert_eq!(
            read(json!({"start_date": "2026-12-24", "description": "a", "reason": "b"})),
            ["/reason"]
        );
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let changed = christmas()
            .changed_by(&json!({"tags": [], "end_date": "2026-12-31"}))
            .unwrap();
        assert_eq!(changed.tags, Vec::<String>::new());
        assert_eq!(changed.description, "Christmas shutdown");
        assert_eq!(changed.workdays(), 6);
        let no_text = christmas()
            .changed_by(&json!({"description": null}))
            .unwrap();
        assert_eq!(no_text.description, "");
        assert_eq!(christmas().changed_by(&json!({})).unwrap(), christmas());
        // The end stays where it was.
        assert_eq!(
            pointers(christmas().changed_by(&json!({"start_date": "2027-02-01"}))),
            ["/end_date"]
        );
        assert_eq!(
            pointers(christmas().changed_by(&json!({"start_date": null}))),
            ["/start_date"]
        );
    }
}
