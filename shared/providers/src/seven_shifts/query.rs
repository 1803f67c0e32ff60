//! The filters of the list requests, as far as a sync or a look-up uses them.
//!
//! Every `Default` asks for what 7shifts gives unasked, from the first page. Times are
//! Unix seconds UTC; bounds are inclusive. 7shifts has been seen to return shifts outside
//! `start[lte]`, so whoever relies on a window checks the rows again.

use chrono::NaiveDate;
use form_urlencoded::Serializer;

use super::RequestStatus;
use crate::timestamp::{date_begun_everywhere, format};
use crate::{MAX_CURSOR_BYTES, ProviderError};

/// The most rows 7shifts gives on a page.
pub const MAX_LIMIT: u16 = 500;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// [`Page::next`](crate::Page::next) of the page before; `None` is the first page. The
    /// other filters must be the same on every page.
    pub cursor: Option<String>,
    /// Rows per page, moved into 1..=[`MAX_LIMIT`]. `None`: 7shifts' default, which is 100
    /// or, for punches, 20.
    pub limit: Option<u16>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationsQuery {
    /// Sent as a date, see [`date_begun_everywhere`].
    pub modified_since: Option<i64>,
    /// Whether to list deleted locations; `None` is 7shifts' default, no.
    pub deleted: Option<bool>,
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DepartmentsQuery {
    /// Sent as a date, see [`date_begun_everywhere`].
    pub modified_since: Option<i64>,
    pub location_id: Option<i64>,
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolesQuery {
    /// Sent as a date, see [`date_begun_everywhere`].
    pub modified_since: Option<i64>,
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub paging: Paging,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    Active,
    Inactive,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsersQuery {
    /// Sent as a date, see [`date_begun_everywhere`].
    pub modified_since: Option<i64>,
    /// Whether `None` lists everyone or only active people is not documented: ask for
    /// each status in turn to be sure of both.
    pub status: Option<UserStatus>,
    pub location_id: Option<i64>,
    pub paging: Paging,
}

/// Which shifts are looked at, before any other filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShiftSelection {
    /// Published and not deleted.
    #[default]
    Published,
    /// Published once and then deleted.
    Deleted,
    /// Unpublished work only: new, edited or deleted since the last publishing.
    Draft,
    /// Published shifts and drafts.
    PublishedAndDraft,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShiftsQuery {
    pub selection: ShiftSelection,
    pub modified_since: Option<i64>,
    pub start_gte: Option<i64>,
    pub start_lte: Option<i64>,
    pub location_id: Option<i64>,
    pub user_id: Option<i64>,
    /// Only open shifts.
    pub open: bool,
    pub paging: Paging,
}

/// Which punches are looked at, before any other filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PunchSelection {
    /// Not deleted.
    #[default]
    Live,
    Deleted,
    LiveAndDeleted,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimePunchesQuery {
    pub selection: PunchSelection,
    pub modified_since: Option<i64>,
    pub clocked_in_gte: Option<i64>,
    pub clocked_in_lte: Option<i64>,
    pub location_id: Option<i64>,
    pub user_id: Option<i64>,
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AvailabilitiesQuery {
    pub location_id: Option<i64>,
    pub user_id: Option<i64>,
    pub status: Option<RequestStatus>,
    /// Only those of every week, or only those of one.
    pub repeating: Option<bool>,
    pub week_gte: Option<NaiveDate>,
    /// Those whose end is not before this day, and the repeating ones without an end.
    pub week_to_include_repeating_gte: Option<NaiveDate>,
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AvailabilityReasonsQuery {
    pub paging: Paging,
}

/// 7shifts keeps no stamp of a change of time off: who mirrors it reads it again, from
/// `to_date_gte` on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeOffQuery {
    pub location_id: Option<i64>,
    pub user_id: Option<i64>,
    pub status: Option<RequestStatus>,
    pub category: Option<String>,
    /// Not over before this day.
    pub to_date_gte: Option<NaiveDate>,
    /// What begins first comes first. 7shifts has no filter for the first day.
    pub by_from_date: bool,
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhooksQuery {
    /// Sent as a date, see [`date_begun_everywhere`].
    pub modified_since: Option<i64>,
    pub paging: Paging,
}

/// A query as it stands behind the `?`; `+` is written `%2B`.
pub(super) trait Query {
    fn encode(&self) -> Result<String, ProviderError>;
}

impl Query for LocationsQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new()
            .date("modified_since", self.modified_since)
            .text("deleted", self.deleted.map(bool_text))
            .finish(&self.paging)
    }
}

impl Query for DepartmentsQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new()
            .date("modified_since", self.modified_since)
            .id("location_id", self.location_id)
            .finish(&self.paging)
    }
}

impl Query for RolesQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new()
            .date("modified_since", self.modified_since)
            .id("location_id", self.location_id)
            .id("department_id", self.department_id)
            .finish(&self.paging)
    }
}

impl Query for UsersQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        let status = self.status.map(|status| match status {
            UserStatus::Active => "active",
            UserStatus::Inactive => "inactive",
        });
        Pairs::new()
            .date("modified_since", self.modified_since)
            .text("status", status)
            .id("location_id", self.location_id)
            .finish(&self.paging)
    }
}

impl Query for ShiftsQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        // The three switches override each other, so at most one is ever sent.
        let switch = match self.selection {
            ShiftSelection::Published => None,
            ShiftSelection::Deleted => Some("deleted"),
            ShiftSelection::Draft => Some("draft"),
            ShiftSelection::PublishedAndDraft => Some("include_draft"),
        };
        let pairs = match switch {
            None => Pairs::new(),
            Some(name) => Pairs::new().text(name, Some("true")),
        };
        pairs
            .time("modified_since", self.modified_since)
            .time("start[gte]", self.start_gte)
            .time("start[lte]", self.start_lte)
            .id("location_id", self.location_id)
            .id("user_id", self.user_id)
            .text("open", self.open.then_some("true"))
            .finish(&self.paging)
    }
}

impl Query for TimePunchesQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        let deleted = match self.selection {
            PunchSelection::Live => None,
            PunchSelection::Deleted => Some("true"),
            PunchSelection::LiveAndDeleted => Some("null"),
        };
        Pairs::new()
            .text("deleted", deleted)
            .time("modified_since", self.modified_since)
            .time("clocked_in[gte]", self.clocked_in_gte)
            .time("clocked_in[lte]", self.clocked_in_lte)
            .id("location_id", self.location_id)
            .id("user_id", self.user_id)
            .finish(&self.paging)
    }
}

impl Query for AvailabilitiesQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new()
            .id("location_id", self.location_id)
            .id("user_id", self.user_id)
            .id("status", self.status.map(RequestStatus::code))
            .text("repeating", self.repeating.map(bool_text))
            .day("week_gte", self.week_gte)
            .day(
                "week_to_include_repeating_gte",
                self.week_to_include_repeating_gte,
            )
            .finish(&self.paging)
    }
}

impl Query for AvailabilityReasonsQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new().finish(&self.paging)
    }
}

impl Query for TimeOffQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new()
            .id("location_id", self.location_id)
            .id("user_id", self.user_id)
            .id("status", self.status.map(RequestStatus::code))
            .text("category", self.category.as_deref())
            .day("to_date_gte", self.to_date_gte)
            .text("sort_by", self.by_from_date.then_some("from_date"))
            .text("sort_dir", self.by_from_date.then_some("asc"))
            .finish(&self.paging)
    }
}

impl Query for WebhooksQuery {
    fn encode(&self) -> Result<String, ProviderError> {
        Pairs::new()
            .date("modified_since", self.modified_since)
            .finish(&self.paging)
    }
}

struct Pairs(Serializer<'static, String>);

impl Pairs {
    fn new() -> Self {
        Self(Serializer::new(String::new()))
    }

    fn text(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.append_pair(name, value);
        }
        self
    }

    fn id(self, name: &str, id: Option<i64>) -> Self {
        self.text(name, id.map(|id| id.to_string()).as_deref())
    }

    fn time(self, name: &str, unix_seconds: Option<i64>) -> Self {
        self.text(name, unix_seconds.map(format).as_deref())
    }

    fn date(self, name: &str, unix_seconds: Option<i64>) -> Self {
        self.text(name, unix_seconds.map(date_begun_everywhere).as_deref())
    }

    fn day(self, name: &str, date: Option<NaiveDate>) -> Self {
        self.text(
            name,
            date.map(|date| date.format("%Y-%m-%d").to_string())
                .as_deref(),
        )
    }

    fn finish(self, paging: &Paging) -> Result<String, ProviderError> {
        let limit = paging.limit.map(|limit| limit.clamp(1, MAX_LIMIT));
        if paging
            .cursor
            .as_ref()
            .is_some_and(|cursor| cursor.len() > MAX_CURSOR_BYTES)
        {
            return Err(ProviderError::Request {
                what: format!("the cursor is longer than {MAX_CURSOR_BYTES} bytes"),
            });
        }
        let mut pairs = self
            .text("cursor", paging.cursor.as_deref())
            .text("limit", limit.map(|limit| limit.to_string()).as_deref());
        Ok(pairs.0.finish())
    }
}

fn bool_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}
