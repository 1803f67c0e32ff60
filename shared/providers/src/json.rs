//! The envelopes around records, from a body to a page or a row.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::field::{Field, Object, Text};
use crate::record::{Expected, Quarantined, Records, Row, as_text, convert, explain};
use crate::{MAX_CURSOR_BYTES, Page, ProviderError, RawPage};

/// Reads `{"data": […], "meta": {"cursor": {"next": …}}}`. Without the cursor object the
/// answer is malformed: taken for the last page, it would make a cut-off list look complete.
pub(crate) fn read_page<R: Row>(body: &[u8], expected: Expected) -> Result<Page<R>, ProviderError> {
    let (records, meta) = read_list(body)?;
    let next = next_cursor(meta)?;
    Ok(records.into_page(expected, next))
}

/// Reads the same, with the rows as they are.
pub(crate) fn read_raw_page(body: &[u8], expected: Expected) -> Result<RawPage, ProviderError> {
    let Object(envelope) = parse::<Object<Envelope<Vec<Object<Map<String, Value>>>>>>(body)?;
    let rows = envelope.data.ok_or_else(no_data)?;
    let next = next_cursor(envelope.meta)?;
    Ok(RawPage {
        rows: rows
            .into_iter()
            .map(|Object(row)| row)
            .filter(|row| !is_foreign(row, expected))
            .collect(),
        next,
    })
}

/// Reads `{"data": {…}}` as it is.
pub(crate) fn read_raw_object(
    body: &[u8],
    expected: Expected,
) -> Result<Map<String, Value>, ProviderError> {
    let object = read_data(body)?;
    if is_foreign(&object, expected) {
        return Err(malformed("it belongs to another account"));
    }
    Ok(object)
}

/// Whether an object says that it belongs to another account than the one that was asked about.
fn is_foreign(object: &Map<String, Value>, expected: Expected) -> bool {
    let owner = object.get("company_id").and_then(Value::as_i64);
    matches!((expected.owner, owner), (Some(asked), Some(found)) if asked != found)
}

fn next_cursor(meta: Option<Object<Meta>>) -> Result<Option<String>, ProviderError> {
    let Object(cursor) = meta
        .and_then(|Object(meta)| meta.cursor)
        .ok_or_else(|| malformed("it has no `meta.cursor`"))?;
    let next = cursor
        .next
        .optional("meta.cursor.next")
        .map_err(|fault| malformed(&fault.into_reason()))?;
    if next
        .as_ref()
        .is_some_and(|next| next.len() > MAX_CURSOR_BYTES)
    {
        return Err(malformed("its next cursor is too long"));
    }
    Ok(next)
}

/// Reads `{"data": […]}`, a list that comes whole.
pub(crate) fn read_unpaged<R: Row>(
    body: &[u8],
    expected: Expected,
) -> Result<Page<R>, ProviderError> {
    let (records, _) = read_list(body)?;
    Ok(records.into_page(expected, None))
}

/// Reads `{"data": {…}}` into one row.
pub(crate) fn read_single<R: Row>(body: &[u8], expected: Expected) -> Result<R, ProviderError> {
    let wire: R::Wire = read_data(body)?;
    accept(wire, expected)
}

/// Reads an object that stands alone, without an envelope.
pub(crate) fn read_bare<R: Row>(body: &[u8], expected: Expected) -> Result<R, ProviderError> {
    let Object(wire) = parse::<Object<R::Wire>>(body)?;
    accept(wire, expected)
}

/// The object in `{"data": {…}}`.
pub(crate) fn read_data<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ProviderError> {
    let Object(envelope) = parse::<Object<Envelope<Object<T>>>>(body)?;
    let Object(data) = envelope.data.ok_or_else(no_data)?;
    Ok(data)
}

/// The object that stands alone, without an envelope.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ProviderError> {
    let Object(object) = parse::<Object<T>>(body)?;
    Ok(object)
}

/// The object of lists in `{"data": {"…": […], "…": […]}}`: `T` with the lists as
/// [`Records`], or the same with [`Quarantined`] when a record breaks JSON's own rules.
pub(crate) fn read_lists<T, Q, L>(body: &[u8]) -> Result<L, ProviderError>
where
    T: DeserializeOwned + Into<L>,
    Q: DeserializeOwned + Into<L>,
{
    if let Ok(lists) = read_data::<T>(body) {
        return Ok(lists.into());
    }
    let text = as_text(body);
    read_data::<Q>(text.as_bytes()).map(Into::into)
}

pub(crate) fn malformed(what: &str) -> ProviderError {
    ProviderError::Malformed {
        what: what.to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "D: Deserialize<'de>"))]
struct Envelope<D> {
    data: Option<D>,
    meta: Option<Object<Meta>>,
}

#[derive(Deserialize)]
struct Meta {
    cursor: Option<Object<Cursor>>,
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default)]
    next: Field<Text>,
}

fn read_list<R: Row>(body: &[u8]) -> Result<(Records<R>, Option<Object<Meta>>), ProviderError> {
    if let Ok(Object(envelope)) = serde_json::from_slice::<Object<Envelope<Records<R>>>>(body) {
        return Ok((envelope.data.ok_or_else(no_data)?, envelope.meta));
    }
    let text = as_text(body);
    let Object(envelope) = parse::<Object<Envelope<Quarantined<R>>>>(text.as_bytes())?;
    let Quarantined(records) = envelope.data.ok_or_else(no_data)?;
    Ok((records, envelope.meta))
}

fn accept<R: Row>(wire: R::Wire, expected: Expected) -> Result<R, ProviderError> {
    convert::<R>(wire)
        .and_then(|row| expected.check(&row).map(|()| row))
        .map_err(|rejected| malformed(&rejected.reason))
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|error| malformed(&format!("it {}", explain(&error))))
}

fn no_data() -> ProviderError {
    malformed("it has no `data`")
}
