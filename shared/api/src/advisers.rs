//! What advisers have to do, and when they have room for another client.

use serde::{Deserialize, Serialize};

/// Where a part of an answer comes from, and how old it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviserSource {
    /// `users`, `owners`, `meetings` and `deals` of HubSpot, `leave` of the HR systems, `closures`, `capacity_overrides` and
    /// `allocations` of Patchbay.
    pub source: String,
    /// When it was read. Null: it could not be, or it is of a connector that was never read to its end.
    pub read_at: Option<String>,
    pub age_seconds: Option<i64>,
    /// It was not read for this answer: a copy was fresh enough, or is all that there is (`error`).
    pub is_copy: bool,
    pub rows: u64,
    /// Records that could not be read, and do not count.
    pub unreadable: u64,
    /// For want of it something is not known of an adviser; whoever that is has no week, and is never shown as free.
    pub is_unknown: bool,
    /// Why it could not be read just now: `daily_limit`, `rate_limited`, `timeout`, `server_error`, `unauthorized` …
    pub error: Option<String>,
    /// The same for a person.
    pub detail: Option<String>,
}

/// When each adviser has room for another client, the earliest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarliestWeeks {
    pub data: Vec<EarliestWeek>,
    /// Null on the last page.
    pub next_cursor: Option<String>,
    pub connector_id: String,
    /// The organization's local date.
    pub today: String,
    /// The date that weeks were looked for.
    pub agreement_start_date: String,
    /// False: weeks were not asked for (`compute=1`), and all of them are null.
    pub is_computed: bool,
    /// The oldest of `sources`; null where one of them could not be read.
    pub synced_at: Option<String>,
    /// A source could not be read just now, so that an older copy was taken, or somebody is unknown.
    pub is_stale: bool,
    pub sources: Vec<AdviserSource>,
}

/// An adviser, and the first week with room.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarliestWeek {
    pub email: String,
    /// Made of the address.
    pub name: String,
    pub service_packages: Vec<String>,
    /// Empty: every household.
    pub household_types: Vec<String>,
    pub pod_type: String,
    pub taking_on_clients: bool,
    /// As of the current week.
    pub client_monthly_limit: i64,
    pub limit_override: Option<ShownLimit>,
    /// Its Monday. Null: there is none (`because`), or none was asked for.
    pub earliest_open_week: Option<String>,
    /// `2026-W13`, the ISO week.
    pub earliest_label: Option<String>,
    /// `open`: the week has room. `projected`: no week has, and it was reckoned when the backlog will be done. `beyond_table`:
    /// the agreement starts after the weeks that are looked at. `on_leave`, `target_is_zero`: never.
    pub found: Option<String>,
    /// Why there is no week: `source_unknown`, `no_owner_id`, `email_not_unique`, `on_leave`, `target_is_zero` …
    pub because: Option<String>,
    /// The same for a person.
    pub detail: Option<String>,
    /// The sources that could not be read of this adviser.
    pub unknown: Vec<String>,
}

/// The override of a limit that holds, otherwise the next one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShownLimit {
    pub client_limit_monthly: i64,
    /// The Monday from which it holds.
    pub effective_week: String,
    /// False: it is to come.
    pub is_active: bool,
}

/// The weeks of one adviser.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviserSchedule {
    pub connector_id: String,
    pub email: String,
    pub name: String,
    pub today: String,
    pub agreement_start_date: String,
    /// False: weeks were not asked for (`compute=1`), and there are none.
    pub is_computed: bool,
    pub earliest_open_week: Option<String>,
    pub earliest_label: Option<String>,
    pub found: Option<String>,
    pub because: Option<String>,
    pub detail: Option<String>,
    pub unknown: Vec<String>,
    /// Deals without a first meeting that do not count, because no date says from when on.
    pub undated_deals: i64,
    pub weeks: Vec<ScheduleWeek>,
    pub synced_at: Option<String>,
    pub is_stale: bool,
    pub sources: Vec<AdviserSource>,
}

/// What an adviser has to do in one week, and may have.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduleWeek {
    /// `2026-W13`.
    pub week: String,
    pub monday: String,
    /// First meetings with clients.
    pub clarify_count: i64,
    /// Shown, and never used.
    pub kick_off_count: i64,
    /// `No`, `Partial: n` days, or `Full`.
    pub ooo: String,
    /// Deals whose agreement starts in the week and that have no first meeting yet; in last week, all from before it too.
    pub deal_no_clarify: i64,
    /// First meetings that this week and the working week before it may hold.
    pub target: i64,
    /// First meetings that they do hold.
    pub actual: i64,
    /// `actual` less `target`: below zero there is room.
    pub difference: i64,
    /// The first week with room.
    pub is_earliest: bool,
}

/// The meetings of one adviser, the latest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviserMeetings {
    pub data: Vec<AdviserMeeting>,
    /// Null on the last page.
    pub next_cursor: Option<String>,
    pub connector_id: String,
    pub email: String,
    pub name: String,
    /// The Monday from which on they are listed.
    pub from: String,
    pub synced_at: Option<String>,
    pub is_stale: bool,
    pub sources: Vec<AdviserSource>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviserMeeting {
    /// HubSpot's.
    pub id: String,
    pub title: String,
    /// `clarify` or `kick_off`.
    pub kind: String,
    /// `SCHEDULED`, `COMPLETED`, `RESCHEDULED`, `NO_SHOW`, `CANCELED`.
    pub outcome: String,
    pub starts_at: String,
    /// The organization's local date of it.
    pub date: String,
    pub week: String,
    pub monday: String,
    /// Whether it takes up room.
    pub counts: bool,
}

/// Who takes clients of which service package and household.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviserMatrix {
    pub connector_id: String,
    /// The columns.
    pub household_types: Vec<String>,
    pub rows: Vec<MatrixRow>,
    pub synced_at: Option<String>,
    pub is_stale: bool,
    pub sources: Vec<AdviserSource>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MatrixRow {
    pub service_package: String,
    /// Any household is taken, whatever an adviser names.
    pub ignores_household: bool,
    /// For each of the columns the names of the advisers who take clients.
    pub advisers: Vec<Vec<String>>,
}
