//! Attendance: policies, what the Delta Engine has found, and what people say of it.

#[cfg(feature = "openapi")]
pub mod policy_schema;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An organization's attendance policy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttendancePolicy {
    /// The whole document, also where only a part of it was sent; it may be sent back.
    #[cfg_attr(feature = "openapi", schemars(with = "policy_schema::PolicyDocument"))]
    pub policy: Value,
    /// Counts the changes; 0: none was set, and the default holds.
    pub version: i64,
    pub updated_by: Option<String>,
    pub updated_at: Option<String>,
}

/// What the Delta Engine is to do now.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunAttendance {
    /// Decide everything again, not only what has changed.
    pub everything: bool,
}

/// A run of the Delta Engine.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttendanceRun {
    /// `done`, or `running` where it goes on after this answer, or `nothing_to_do` where nothing was ever synced.
    pub status: String,
    /// When the Delta Engine came to its end last.
    pub last_finished_at: Option<String>,
    /// As of deltas and records.
    pub synced_at: Option<String>,
    pub is_stale: bool,
}

/// What was scheduled against what was worked: a shift, or several that were worked in one go, with their punches; or a
/// punch without a shift.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttendanceDelta {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub team_member_id: String,
    pub employee_name: Option<String>,
    /// Of the start, local to where the work was.
    pub event_date: String,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    pub role_id: Option<String>,
    pub role_name: Option<String>,
    /// `on_time`, `late_arrival`, `early_departure`, `no_show`, `unscheduled`, `overtime`, `short_shift`; several can hold.
    pub categories: Vec<String>,
    /// `shift_id`: the provider named the shift; `time`: the times fit; `nothing`: a punch or a shift alone.
    pub matched_by: String,
    pub schedule_shift_ids: Vec<String>,
    pub time_punch_ids: Vec<String>,
    pub scheduled_start: Option<String>,
    /// Null where the shift lasts until closing time.
    pub scheduled_end: Option<String>,
    pub actual_start: Option<String>,
    /// Null while the person is on the clock.
    pub actual_end: Option<String>,
    /// Without planned unpaid breaks.
    pub scheduled_minutes: Option<i64>,
    /// Without unpaid breaks.
    pub worked_minutes: Option<i64>,
    /// Whole minutes that are over, as a clock shows them.
    pub late_minutes: Option<i64>,
    pub early_arrival_minutes: Option<i64>,
    pub late_stay_minutes: Option<i64>,
    pub early_departure_minutes: Option<i64>,
    /// Worked minutes less scheduled minutes.
    pub delta_minutes: Option<i64>,
    /// To the second: late is above zero.
    pub arrival_seconds: Option<i64>,
    /// To the second: stayed late is above zero. Null where the clock-out is the system's.
    pub departure_seconds: Option<i64>,
    /// The person is on the clock.
    pub is_running: bool,
    /// Why a person has to look at it: `auto_clocked_out`; of a no-show `on_the_clock`, where the person was on the clock
    /// by another punch meanwhile, or `absence_noted`, where the schedule says that it is something else, as sick.
    pub review: Option<String>,
    pub updated_at: String,
}

/// One event, with what the policy makes of it and what a manager has said.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttendanceRecord {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    /// `7shifts_delta_engine`.
    pub source: String,
    pub team_member_id: String,
    pub employee_name: Option<String>,
    /// `late_arrival`, `early_departure`, `no_show`, `unscheduled`, `overtime`, `short_shift`, `early_arrival`, `late_stay` or
    /// `auto_clock_out`.
    pub event_type: String,
    pub event_date: String,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    pub role_id: Option<String>,
    pub role_name: Option<String>,
    pub schedule_shift_ids: Vec<String>,
    pub time_punch_ids: Vec<String>,
    pub matched_by: String,
    pub scheduled_start: Option<String>,
    pub scheduled_end: Option<String>,
    pub actual_start: Option<String>,
    pub actual_end: Option<String>,
    /// How much: late, early, over or under; of a no-show what was scheduled, of an unscheduled punch what was worked.
    pub minutes: i64,
    pub delta_minutes: Option<i64>,
    /// By the policy.
    pub points: i64,
    /// What counts: 0 where it is excused.
    pub points_assessed: i64,
    /// From how many minutes on the policy gives these points.
    pub tier_minutes: Option<i64>,
    /// By which version of the policy.
    pub policy_version: i64,
    pub review: Option<String>,
    /// Which numbers and which rule, in a sentence or two.
    pub explanation: String,
    /// By a manager, or, where no manager has said anything, by approved time off.
    pub is_excused: bool,
    /// The approved time off that excuses it.
    pub time_off_request_id: Option<String>,
    /// What a manager has said; null: nothing.
    pub excused: Option<bool>,
    pub note: Option<String>,
    pub resolution: Option<String>,
    pub resolved_by: Option<String>,
    pub resolved_at: Option<String>,
    /// What it rested on has changed: it is none any more.
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// One record, with how current it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FreshAttendanceRecord {
    #[serde(flatten)]
    pub record: AttendanceRecord,
    #[serde(flatten)]
    pub freshness: crate::freshness::Freshness,
}

/// What a manager says of a record; what is left out stays, and null takes it back.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UpdateAttendanceRecord {
    /// True: no points count; false: they count whatever time off says.
    #[serde(deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub excused: Option<Option<bool>>,
    /// 1 to 1,000 characters besides blanks around them, with lines and tabs and no other control characters.
    #[serde(deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>"))]
    pub note: Option<Option<String>>,
    /// What came of it, 1 to 500 such characters: by whom and when is kept with it.
    #[serde(deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>"))]
    pub resolution: Option<Option<String>>,
}

/// What a manager says of a punch; a note that is left out stays, and null takes it back.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateTimePunch {
    /// True: its status is `disputed` until it is taken back, whatever is synced; false takes it back, with its note.
    pub disputed: bool,
    /// Why, 1 to 1,000 characters besides blanks around them, with lines and tabs and no other control characters. Only
    /// with `disputed` true.
    #[serde(default, deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>"))]
    pub note: Option<Option<String>>,
}

/// What the works of some days come to: of one person at one location, or of a location.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttendanceSummary {
    /// Null where it is of a location.
    pub team_member_id: Option<String>,
    pub employee_name: Option<String>,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    /// Shifts and unscheduled punches. Counts are of what happened, as deltas tell it: those that are excused, and those
    /// of people whom the policy exempts, are among them.
    pub works: i64,
    pub on_time: i64,
    pub late_arrival: i64,
    pub early_departure: i64,
    /// Excused ones, and those of exempt people, too.
    pub no_show: i64,
    pub unscheduled: i64,
    pub overtime: i64,
    pub short_shift: i64,
    /// Of all works whose scheduled end is known. To compare what was worked with what was scheduled take `net_minutes`:
    /// `worked_minutes` has works that this one has not, and the other way round.
    pub scheduled_minutes: i64,
    /// Of all works that have ended.
    pub worked_minutes: i64,
    /// Worked minus scheduled minutes (`delta_minutes`), of the works of which both are known.
    pub net_minutes: i64,
    /// Works with a shift and a punch that are not in `net_minutes`: the shift lasts until closing time, the person is on the
    /// clock, or the system ended a punch. No-shows and unscheduled punches are not in it either, and are counted by themselves.
    pub works_not_compared: i64,
    /// Of late arrivals. Minutes are those of each work, added up: the sum of the `minutes` of its records.
    pub late_minutes: i64,
    /// Of early departures.
    pub early_departure_minutes: i64,
    /// Over what was scheduled, of overtime.
    pub overtime_minutes: i64,
    /// Under what was scheduled, of short shifts.
    pub short_shift_minutes: i64,
    /// Overtime at the role's average rate times the policy's `overtime_cost_percent`. Null where a role has no rate, or
    /// it is not yours to see.
    pub overtime_cost_cents: Option<i64>,
    /// `role`: all of it at rates of roles; `blended`: some at the average of roles whose rates may be told. Null without overtime.
    pub overtime_cost_basis: Option<String>,
    /// Of the days asked for.
    pub points: Option<i64>,
    /// Over the policy's rolling window that ends with the last of them.
    pub window_points: Option<i64>,
}

/// Sick leave of one person in one year, in days.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SickLeave {
    pub team_member_id: String,
    pub employee_name: Option<String>,
    pub year: i64,
    pub from: String,
    /// Included.
    pub to: String,
    pub entitled_days: f64,
    /// Approved, until the organization's today.
    pub used_days: f64,
    /// Approved, for later in the year.
    pub booked_days: f64,
    pub remaining_days: f64,
    /// Beyond what there is.
    pub over_days: f64,
    /// The first day on which anything may be taken, where employment began so late that it matters.
    pub entitled_from: Option<String>,
}

/// Whether one person can work on one day.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AvailabilityDay {
    pub team_member_id: String,
    pub employee_name: Option<String>,
    pub date: String,
    /// `whole_day`, `between` two times, `unavailable`, on `time_off`, or `not_said`.
    pub availability: String,
    /// `HH:MM:SS`, local.
    pub available_from: Option<String>,
    pub available_to: Option<String>,
    /// Approved time off that touches the day.
    pub time_off_request_id: Option<String>,
    /// Of a part of the day.
    pub time_off_from: Option<String>,
    pub time_off_to: Option<String>,
}
