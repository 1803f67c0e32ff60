//! Numbered pages: `{"data": {"items": […], "page_index": 1, "total_pages": 3, …}}`.

use serde::Deserialize;

use crate::field::{Field, Integer};
use crate::json::{malformed, read_lists};
use crate::record::{Expected, Quarantined, Records, Row};
use crate::{Page, ProviderError};

/// No list is longer; an answer that says so would never end.
pub const MAX_PAGES: u32 = 10_000;

#[derive(Deserialize)]
#[serde(bound(deserialize = "L: Deserialize<'de>"))]
struct ListWire<L> {
    items: Option<L>,
    #[serde(default)]
    page_index: Field<Integer>,
    #[serde(default)]
    total_pages: Field<Integer>,
}

struct List<R> {
    items: Option<Records<R>>,
    page_index: Field<Integer>,
    total_pages: Field<Integer>,
}

impl<R, L: Into<Records<R>>> From<ListWire<L>> for List<R> {
    fn from(wire: ListWire<L>) -> Self {
        Self {
            items: wire.items.map(Into::into),
            page_index: wire.page_index,
            total_pages: wire.total_pages,
        }
    }
}

/// Reads one page. Without the list, or as another page than the one that was asked for, it is
/// malformed: either would make a list look complete that is not.
pub(super) fn read_page<R: Row>(body: &[u8], expected: Expected) -> Result<Page<R>, ProviderError> {
    let list: List<R> =
        read_lists::<ListWire<Records<R>>, ListWire<Quarantined<R>>, List<R>>(body)?;
    let items = list
        .items
        .ok_or_else(|| malformed("it has no `data.items`"))?;
    let number = |field: Field<Integer>, name: &str| {
        field
            .optional(name)
            .map_err(|fault| malformed(&fault.into_reason()))
    };
    let asked = expected.page.unwrap_or(1);
    let given = number(list.page_index, "data.page_index")?;
    if given.is_some_and(|given| given != i64::from(asked)) {
        return Err(malformed("it is another page than the one asked for"));
    }
    let total = number(list.total_pages, "data.total_pages")?;
    let mut page = items.into_page(expected, None);
    // An empty page before the last one is no end: the pages say how many they are.
    let goes_on = match total {
        Some(total) => i64::from(asked) < total,
        None => page.received > 0,
    };
    if goes_on {
        let next = asked.saturating_add(1);
        if next > MAX_PAGES {
            return Err(malformed("it has too many pages"));
        }
        page.next = Some(next.to_string());
    }
    Ok(page)
}

/// The page that a cursor names: the first without one.
pub(super) fn page_of(cursor: Option<&str>) -> Result<u32, ProviderError> {
    let Some(cursor) = cursor else {
        return Ok(1);
    };
    cursor
        .parse()
        .ok()
        .filter(|page| (1..=MAX_PAGES).contains(page))
        .ok_or_else(|| ProviderError::Request {
            what: format!("the cursor is not the number of a page from 1 to {MAX_PAGES}"),
        })
}
