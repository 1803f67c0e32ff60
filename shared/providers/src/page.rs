//! One page of a list.

/// The most records one answer may hold; every provider's own maximum lies below.
pub const MAX_PAGE_RECORDS: usize = 1_000;

/// The longest cursor that is followed.
pub const MAX_CURSOR_BYTES: usize = 4_096;

/// What one list request brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// The records that could not be read. They are not in `rows`.
    pub rejected: Vec<Rejected>,
    /// The cursor of the next page; `None` at the end. A page without rows may have one.
    pub next: Option<String>,
    /// How many records the answer held: `rows` and `rejected` together.
    pub received: usize,
}

/// What one list request brought, for who only hands the rows on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPage {
    /// As the provider wrote them.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// As [`Page::next`].
    pub next: Option<String>,
}

/// A record that could not be read, for the quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The provider's id, as far as it could be made out (at most 64 characters).
    pub external_id: Option<String>,
    /// Names the field and what is wrong with it; never repeats its value.
    pub reason: String,
}
