//! Bodies made wrong on purpose.
//!
//! A lone surrogate or a number beyond every type cannot be held by a JSON
//! value, so a placeholder is serialised and then replaced in the text.

use bytes::Bytes;
use serde_json::{Map, Value};

/// With the position of the raw value behind it.
const PLACEHOLDER: &str = "@@simulator-raw-value@@";
/// Text fields of any resource, the ones that hurt most first.
const TEXT_FIELDS: [&str; 7] = [
    "notes",
    "name",
    "first_name",
    "comments",
    "reason",
    "status_action_message",
    "wage_type",
];
const NUMBER_FIELDS: [&str; 6] = [
    "tips",
    "hourly_wage",
    "wage_cents",
    "amount_of_hours",
    "sort",
    "company_id",
];
/// The lists of an answer that is one object of lists.
const LISTS_WITHIN: [&str; 6] = [
    "current_wages",
    "upcoming_wages",
    "locations",
    "departments",
    "roles",
    "items",
];

/// Which record of a page.
#[derive(Clone, Copy, Debug)]
pub enum Record {
    /// Counted from 0; the last one when the page is shorter.
    Position(usize),
    Id(i64),
    /// The object that holds all others.
    Whole,
}

/// Not JSON at all.
pub fn wrong_json() -> Bytes {
    Bytes::from_static(b"{\"data\":[{\"id\":1,}],\"meta\"=null}")
}

/// JSON of a shape nobody documented.
pub fn wrong_shape() -> Bytes {
    Bytes::from_static(b"{\"data\":\"see attachment\",\"meta\":[],\"object\":7}")
}

/// `"\ud800"` in a text of one record.
pub fn lone_surrogate(body: &Bytes, record: usize, field: Option<&str>) -> Bytes {
    set_one(body, record, field, &TEXT_FIELDS, r#""Fran\ud800""#)
}

/// `number`, whatever it is, in a numeric field of one record.
pub fn huge_number(body: &Bytes, record: usize, field: Option<&str>, number: &str) -> Bytes {
    set_one(body, record, field, &NUMBER_FIELDS, number)
}

/// Each `(id, field, raw)`: `raw` as the value of `field` in the record with this id, if it is
/// there. All in one pass, for afterwards the body may not be JSON any more.
pub fn raw_fields<'a>(
    body: &Bytes,
    fields: impl Iterator<Item = (i64, &'a str, &'a str)>,
) -> Bytes {
    let fields: Vec<_> = fields
        .map(|(id, field, raw)| (Record::Id(id), Some(field), raw))
        .collect();
    set_raw(body, &fields, &[])
}

/// Each `(field, raw)`: `raw` as the value of `field` of the answer's one object.
pub fn raw_parts<'a>(body: &Bytes, fields: impl Iterator<Item = (&'a str, &'a str)>) -> Bytes {
    let fields: Vec<_> = fields
        .map(|(field, raw)| (Record::Whole, Some(field), raw))
        .collect();
    set_raw(body, &fields, &[])
}

/// One record of a page, the first field of `candidates` that it has unless one is named.
fn set_one(
    body: &Bytes,
    record: usize,
    field: Option<&str>,
    candidates: &[&str],
    raw: &str,
) -> Bytes {
    set_raw(body, &[(Record::Position(record), field, raw)], candidates)
}

/// A body that holds no such record stays as it is.
fn set_raw(body: &Bytes, fields: &[(Record, Option<&str>, &str)], candidates: &[&str]) -> Bytes {
    if fields.is_empty() {
        return body.clone();
    }
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    let mut spoilt = Vec::new();
    for (record, field, raw) in fields {
        let Some(target) = find_record(&mut document, *record) else {
            continue;
        };
        let chosen = field
            .or_else(|| {
                candidates
                    .iter()
                    .copied()
                    .find(|name| target.contains_key(*name))
            })
            .or_else(|| candidates.first().copied());
        if let Some(chosen) = chosen {
            let placeholder = format!("{PLACEHOLDER}{}", spoilt.len());
            target.insert(chosen.to_owned(), Value::String(placeholder));
            spoilt.push(*raw);
        }
    }
    if spoilt.is_empty() {
        return body.clone();
    }
    let mut text = document.to_string();
    for (position, raw) in spoilt.iter().enumerate() {
        text = text.replace(&format!("\"{PLACEHOLDER}{position}\""), raw);
    }
    Bytes::from(text)
}

/// The record inside `{"data": [..]}`, `{"data": {..}}` or a bare object.
fn find_record(document: &mut Value, record: Record) -> Option<&mut Map<String, Value>> {
    let has_data = document.get("data").is_some();
    let holder = if has_data {
        document.get_mut("data")?
    } else {
        document
    };
    match holder {
        Value::Array(rows) => find_in(rows.iter_mut().collect(), record),
        Value::Object(object) => match record {
            Record::Whole => Some(object),
            _ if has_lists(object) => {
                let rows = object
                    .iter_mut()
                    .filter(|(name, _)| LISTS_WITHIN.contains(&name.as_str()))
                    .filter_map(|(_, list)| list.as_array_mut())
                    .flatten()
                    .collect();
                find_in(rows, record)
            }
            Record::Id(id) if object.get("id").and_then(Value::as_i64) != Some(id) => None,
            Record::Id(_) | Record::Position(_) => Some(object),
        },
        _ => None,
    }
}

fn find_in(mut rows: Vec<&mut Value>, record: Record) -> Option<&mut Map<String, Value>> {
    let position = match record {
        Record::Position(position) => position.min(rows.len().checked_sub(1)?),
        Record::Id(id) => rows.iter().position(|row| has_id(row, id))?,
        Record::Whole => return None,
    };
    rows.swap_remove(position).as_object_mut()
}

fn has_lists(object: &Map<String, Value>) -> bool {
    LISTS_WITHIN
        .iter()
        .any(|name| object.get(*name).is_some_and(Value::is_array))
}

fn has_id(row: &Value, id: i64) -> bool {
    row.get("id").and_then(Value::as_i64) == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[u8] = br#"{"data":[{"id":1,"notes":"a","tips":3},{"id":2,"notes":"b","tips":4}],"object":"time_punches"}"#;

    fn text(body: &Bytes) -> String {
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[test]
    fn only_the_chosen_record_is_spoilt() {
        let spoilt = text(&lone_surrogate(&Bytes::from_static(PAGE), 1, None));
        assert!(spoilt.contains(r#""notes":"a""#));
        assert!(spoilt.contains(r#""notes":"Fran\ud800""#));
        let spoilt = text(&huge_number(&Bytes::from_static(PAGE), 0, None, "1e400"));
        assert!(spoilt.contains(r#""tips":1e400"#));
        assert!(spoilt.contains(r#""tips":4"#));
    }

    fn raw_field(body: &Bytes, id: i64, field: &str, raw: &str) -> Bytes {
        raw_fields(body, [(id, field, raw)].into_iter())
    }

    #[test]
    fn a_record_is_found_by_id_in_pages_and_single_answers() {
        let spoilt = text(&raw_field(&Bytes::from_static(PAGE), 2, "start", "null"));
        assert!(spoilt.contains(r#""id":2,"notes":"b","start":null"#));
        let single = Bytes::from_static(br#"{"data":{"id":2}}"#);
        assert_eq!(
            text(&raw_field(&single, 2, "start", "1e400")),
            r#"{"data":{"id":2,"start":1e400}}"#
        );
        assert_eq!(raw_field(&single, 3, "start", "null"), single);
    }

    #[test]
    fn a_spoilt_record_does_not_save_the_next_one() {
        let fields = [(1, "tips", "1e400"), (2, "notes", r#""\ud800""#)];
        let spoilt = text(&raw_fields(&Bytes::from_static(PAGE), fields.into_iter()));
        assert!(spoilt.contains(r#""tips":1e400"#), "{spoilt}");
        assert!(spoilt.contains(r#""notes":"\ud800""#), "{spoilt}");
    }

    #[test]
    fn a_record_is_found_in_the_lists_of_an_object() {
        let wages = Bytes::from_static(
            br#"{"data":{"current_wages":[{"id":1,"wage_cents":5}],"upcoming_wages":[{"id":2,"wage_cents":6}]}}"#,
        );
        let spoilt = text(&huge_number(&wages, 1, None, "1e400"));
        assert!(
            spoilt.contains(r#"{"id":2,"wage_cents":1e400}"#),
            "{spoilt}"
        );
        let spoilt = text(&raw_field(&wages, 1, "wage_cents", "null"));
        assert!(spoilt.contains(r#"{"id":1,"wage_cents":null}"#), "{spoilt}");
        let spoilt = text(&raw_parts(&wages, [("current_wages", "7")].into_iter()));
        assert!(spoilt.contains(r#""current_wages":7"#), "{spoilt}");
    }

    #[test]
    fn a_page_without_rows_stays_as_it_is() {
        let empty = Bytes::from_static(br#"{"data":[]}"#);
        assert_eq!(lone_surrogate(&empty, 0, None), empty);
    }
}
