//! Rows of an answer.

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::failure::ListFailure;
use super::mapping::ListMapping;
use super::position::Position;
use crate::record::explain;
use crate::timestamp;

/// The most rows of one page.
pub const MAX_ROWS: usize = 10_000;
/// The longest id that is taken.
pub const MAX_ID_BYTES: usize = 255;

/// Numbers from here on are milliseconds; in seconds this is the year 5138.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// What one page brought.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage {
    pub rows: Vec<ListRow>,
    /// Rows that could not be taken. They are not in `rows`.
    pub rejected: Vec<RejectedRow>,
    /// How many rows the answer held: `rows` and `rejected` together.
    pub received: usize,
    /// Rows whose time of change could not be read, although the mapping says where it is.
    pub unmarked: usize,
    /// Where the next page is; `None` at the end of the list.
    pub next: Option<Position>,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct ListRow {
    pub external_id: String,
    /// Unix seconds; a fraction is cut off.
    pub changed_at: Option<i64>,
    /// The whole row, as the API has it.
    pub data: Map<String, Value>,
}

/// A row that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its place in the page, from 0.
    pub index: usize,
    /// Its id, where that is readable.
    pub external_id: Option<String>,
    /// Names what is wrong and never repeats a value.
    pub reason: String,
}

pub(super) fn read(mapping: &ListMapping, list: &RawValue) -> Result<ListPage, ListFailure> {
    if !list.get().starts_with('[') {
        return Err(ListFailure::NoRows);
    }
    let raw_rows: Vec<&RawValue> = serde_json::from_str(list.get())
        .map_err(|error| ListFailure::Malformed(explain(&error)))?;
    if raw_rows.len() > MAX_ROWS {
        return Err(ListFailure::TooManyRows);
    }
    let mut page = ListPage {
        rows: Vec::with_capacity(raw_rows.len()),
        rejected: Vec::new(),
        received: raw_rows.len(),
        unmarked: 0,
        next: None,
    };
    let mut ids = BTreeSet::new();
    for (index, raw) in raw_rows.into_iter().enumerate() {
        let row = read_row(mapping, raw).and_then(|row| {
            if ids.insert(row.external_id.clone()) {
                Ok(row)
            } else {
                Err((
                    Some(row.external_id),
                    "an earlier row of the page has the same id".to_owned(),
                ))
            }
        });
        match row {
            Ok(row) => {
                if mapping.changed.is_some() && row.changed_at.is_none() {
                    page.unmarked += 1;
                }
                page.rows.push(row);
            }
            Err((external_id, reason)) => page.rejected.push(RejectedRow {
                index,
                external_id,
                reason,
            }),
        }
    }
    Ok(page)
}

fn read_row(mapping: &ListMapping, raw: &RawValue) -> Result<ListRow, (Option<String>, String)> {
    if !raw.get().starts_with('{') {
        return Err((None, "the row is not an object".to_owned()));
    }
    let document: Value = serde_json::from_str(raw.get()).map_err(|error| {
        let id = mapping.id.find(raw.get()).ok().flatten();
        let id = id.and_then(|id| read_id(&serde_json::from_str(id.get()).ok()?));
        (id, format!("the row {}", explain(&error)))
    })?;
    let external_id = mapping
        .id
        .value(&document)
        .ok_or("the row has no id")
        .and_then(|id| {
            read_id(id).ok_or("the row's id is not a whole number or a text of 1 to 255 bytes")
        })
        .map_err(|reason| (None, reason.to_owned()))?;
    let changed_at = mapping
        .changed
        .as_ref()
        .and_then(|changed| read_time(changed.value(&document)?));
    match document {
        Value::Object(data) => Ok(ListRow {
            external_id,
            changed_at,
            data,
        }),
        _ => Err((Some(external_id), "the row is not an object".to_owned())),
    }
}

/// A number with a fraction has been through a float, and is no id any more.
pub(super) fn read_id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Value::String(text) => {
            let is_id =
                (1..=MAX_ID_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
            is_id.then(|| text.clone())
        }
        _ => None,
    }
}

/// RFC 3339, or Unix seconds or milliseconds as a number or in digits.
fn read_time(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => read_number(number),
        Value::String(text) => timestamp::parse(text.trim())
            .or_else(|| read_number(&serde_json::from_str(text.trim()).ok()?)),
        _ => None,
    }
}

fn read_number(number: &Number) -> Option<i64> {
    let whole = match number.as_i64() {
        Some(whole) => whole,
        None => {
            // As text, because a cast would not say what it lost.
            let float = number.as_f64().filter(|float| float.abs() < 1e15)?;
            format!("{:.0}", float.floor()).parse().ok()?
        }
    };
    Some(if whole.abs() >= LEAST_MILLISECONDS {
        whole.div_euclid(1_000)
    } else {
        whole
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_as_text_and_as_numbers() {
        for (value, seconds) in [
            (json!("2026-03-14T22:00:00Z"), Some(1_773_525_600)),
            (json!("2026-03-14T22:00:00.75+0000"), Some(1_773_525_600)),
            (json!(" 2026-03-14T18:00:00-04:00 "), Some(1_773_525_600)),
            (json!(1_773_525_600), Some(1_773_525_600)),
            (json!(1_773_525_600_750_i64), Some(1_773_525_600)),
            (json!(1_773_525_600.75), Some(1_773_525_600)),
            (json!("1773525600"), Some(1_773_525_600)),
            (json!("1773525600750"), Some(1_773_525_600)),
            (json!(0), Some(0)),
            (json!(-1.5), Some(-2)),
            (json!("2026-03-14"), None),
            (json!("soon"), None),
            (json!(""), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!(true), None),
            (json!([1]), None),
        ] {
            assert_eq!(read_time(&value), seconds, "{value}");
        }
    }

    #[test]
    fn ids_are_texts_and_whole_numbers() {
        let long = "é".repeat(128);
        for (value, id) in [
            (json!("a/b c"), Some("a/b c")),
            (json!(7), Some("7")),
            (json!(-7), Some("-7")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!(7.0), None),
            (json!(1e30), None),
            (json!(""), None),
            (json!("a\nb"), None),
            (json!(long), None),
            (json!(true), None),
            (json!({}), None),
        ] {
            assert_eq!(read_id(&value).as_deref(), id, "{value}");
        }
    }
}
