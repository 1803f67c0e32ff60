//! What lists can be asked for.

use chrono::NaiveDate;
use form_urlencoded::Serializer;

use super::PAGE_SIZE;
use super::list::page_of;
use crate::ProviderError;

/// One page of leave requests. Whether the dates select what overlaps them or what begins between
/// them is not documented: look at the rows again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaveRequestsQuery {
    /// [`Page::next`](crate::Page::next) of the page before; the first page without it.
    pub cursor: Option<String>,
    pub start_date: Option<NaiveDate>,
    pub end_date: Option<NaiveDate>,
}

impl LeaveRequestsQuery {
    pub(super) fn encode(&self) -> Result<(u32, String), ProviderError> {
        let dates = [("start_date", self.start_date), ("end_date", self.end_date)];
        let filters: Vec<_> = dates
            .into_iter()
            .filter_map(|(name, date)| Some((name, date?.to_string())))
            .collect();
        encode(self.cursor.as_deref(), &filters)
    }
}

/// The page that a cursor names, and the query for it.
pub(super) fn encode(
    cursor: Option<&str>,
    filters: &[(&str, String)],
) -> Result<(u32, String), ProviderError> {
    let page = page_of(cursor)?;
    let query = Serializer::new(String::new())
        .append_pair("page_index", &page.to_string())
        .append_pair("item_per_page", &PAGE_SIZE.to_string())
        .extend_pairs(filters)
        .finish();
    Ok((page, query))
}
