//! From a body to a page or a record.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::Asked;
use crate::field::{Field, Integer, Items, Object, OptionalObject, Text};
use crate::json::malformed;
use crate::record::{Expected, Quarantined, Records, Row, as_text, convert, explain};
use crate::{MAX_CURSOR_BYTES, Page, ProviderError};

/// One page of a plain list.
pub(super) fn read_page<R: Row>(body: &[u8], asked: &Asked) -> Result<Page<R>, ProviderError> {
    let List { records, next, .. } = read_list(body)?;
    if next.is_some() && next == asked.after {
        return Err(malformed("its next page is itself"));
    }
    Ok(records.into_page(Expected::default(), next))
}

/// One page of a search, whose cursor is a number and whose total is known.
pub(super) fn read_found<R: Row>(body: &[u8], asked: &Asked) -> Result<Page<R>, ProviderError> {
    let list: List<R> = read_list(body)?;
    let total = list
        .total
        .and_then(|total| usize::try_from(total).ok())
        .ok_or_else(|| malformed("it has no `total`"))?;
    let page = list.records.into_page(Expected::default(), list.next);
    let end = asked.offset.saturating_add(page.received);
    match page.next.as_deref().map(str::parse::<usize>) {
        None if end < total => Err(malformed(&format!(
            "it ends after {end} of {total} results"
        ))),
        None => Ok(page),
        Some(Ok(next)) if next > asked.offset => Ok(page),
        Some(Ok(_)) => Err(malformed("its next page does not lie ahead")),
        Some(Err(_)) => Err(malformed("`paging.next.after` of a search is not a number")),
    }
}

/// A record that stands alone.
pub(super) fn read_one<R: Row>(body: &[u8], _: &Asked) -> Result<R, ProviderError> {
    let Object(wire) = parse::<Object<R::Wire>>(body)?;
    convert::<R>(wire).map_err(|rejected| malformed(&rejected.reason))
}

struct List<R> {
    records: Records<R>,
    total: Option<i64>,
    next: Option<String>,
}

/// Reads `{"results": […], "paging": {"next": {"after": …}}}`, with or without a total.
fn read_list<R: Row>(body: &[u8]) -> Result<List<R>, ProviderError> {
    let envelope = read_envelope::<Records<R>, Quarantined<R>, _>(body)?;
    Ok(List {
        records: envelope
            .results
            .ok_or_else(|| malformed("it has no `results`"))?,
        total: envelope
            .total
            .optional("total")
            .map_err(|fault| malformed(&fault.into_reason()))?,
        next: next_cursor(envelope.paging)?,
    })
}

/// The envelope with its results as `T`, or as `Q` when a record breaks JSON's own rules.
pub(super) fn read_envelope<T, Q, L>(body: &[u8]) -> Result<Envelope<L>, ProviderError>
where
    T: DeserializeOwned + Into<L>,
    Q: DeserializeOwned + Into<L>,
{
    if let Ok(Object(envelope)) = serde_json::from_slice::<Object<Envelope<T>>>(body) {
        return Ok(envelope.into());
    }
    let text = as_text(body);
    let Object(envelope) = parse::<Object<Envelope<Q>>>(text.as_bytes())?;
    Ok(envelope.into())
}

pub(super) fn next_cursor(paging: Option<Object<Paging>>) -> Result<Option<String>, ProviderError> {
    let Some(Object(next)) = paging.and_then(|Object(paging)| paging.next) else {
        return Ok(None);
    };
    let after = next
        .after
        .required("paging.next.after")
        .map_err(|fault| malformed(&fault.into_reason()))?;
    if after.len() > MAX_CURSOR_BYTES {
        return Err(malformed("its next cursor is too long"));
    }
    Ok(Some(after))
}

pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|error| malformed(&format!("it {}", explain(&error))))
}

/// What stands around results.
#[derive(Deserialize)]
#[serde(bound(deserialize = "L: Deserialize<'de>"))]
pub(super) struct Envelope<L> {
    pub(super) results: Option<L>,
    #[serde(default)]
    total: Field<Integer>,
    paging: Option<Object<Paging>>,
    /// Of a batch.
    #[serde(default)]
    pub(super) status: Field<Text>,
    /// Of a batch: what failed beside what is there.
    #[serde(default)]
    pub(super) errors: Items<BatchError>,
}

impl<T> Envelope<T> {
    fn into<L>(self) -> Envelope<L>
    where
        T: Into<L>,
    {
        Envelope {
            results: self.results.map(Into::into),
            total: self.total,
            paging: self.paging,
            status: self.status,
            errors: self.errors,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Paging {
    next: Option<Object<Next>>,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    after: Field<Text>,
}

#[derive(Deserialize)]
pub(super) struct BatchError {
    #[serde(default)]
    pub(super) message: Field<Text>,
    #[serde(default)]
    pub(super) category: Field<Text>,
    #[serde(default)]
    pub(super) context: OptionalObject<BatchErrorContext>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct BatchErrorContext {
    pub(super) from_object_id: Option<Vec<Field<Text>>>,
    pub(super) ids: Option<Vec<Field<Text>>>,
}
