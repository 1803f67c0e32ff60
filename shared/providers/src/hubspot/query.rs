//! What is asked for, as far as an allocation asks.
//!
//! `after` is [`Page::next`](crate::Page::next) of the page before, `None` the first page; all else
//! must be the same on every page. A search that may find more than 10,000 records is read on by
//! `above_id`, the last id that was seen, in its place.

/// Users, 100 on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsersQuery {
    /// Internal names. A name that the account does not have is ignored.
    pub properties: Vec<String>,
    pub after: Option<String>,
}

/// Owners that are not archived, 100 on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnersQuery {
    /// Only the owner with this address.
    pub email: Option<String>,
    pub after: Option<String>,
}

/// Meetings of some owners, the oldest record first, 200 on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeetingsQuery {
    /// At least one and at most [`MAX_OWNERS_PER_SEARCH`](super::MAX_OWNERS_PER_SEARCH).
    pub owner_ids: Vec<String>,
    /// The account's own names, whose case counts; none: all types.
    pub types: Vec<String>,
    /// Only those that start then or later, in Unix seconds.
    pub starts_from: i64,
    /// Only records with a larger id.
    pub above_id: Option<String>,
    pub after: Option<String>,
}

/// Deals that advisers have and that wait for their first meeting, the oldest record first, 200 on a
/// page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DealsQuery {
    /// Internal ids, never labels; none: all of them.
    pub pipeline: Option<String>,
    pub stages: Vec<String>,
    /// Properties that must have no value: the dates of first meetings.
    pub unset: Vec<String>,
    /// The property that holds the adviser's mail.
    pub adviser_property: String,
    /// Of one adviser, whose case does not count; `None`: of any.
    pub adviser_email: Option<String>,
    /// Internal names of what is read.
    pub properties: Vec<String>,
    /// Only records with a larger id.
    pub above_id: Option<String>,
    pub after: Option<String>,
}
