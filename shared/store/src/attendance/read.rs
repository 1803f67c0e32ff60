//! The rows that decide a part of people's time. They come as arrays, not as objects: there may be tens of
//! thousands of them.

use domain::access::Tenant;
use domain::attendance::span::Span;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// A part of one person's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    pub member_id: &'a str,
    pub span: Span,
}

/// `(id, connector id, level, gone since)`.
#[derive(Clone, Debug, Deserialize)]
pub struct Member(pub String, pub String, pub Option<String>, pub Option<i64>);

#[derive(Clone, Debug, Deserialize)]
pub struct ShiftRow {
    #[serde(rename = "m")]
    pub member_id: String,
    #[serde(rename = "i")]
    pub id: String,
    #[serde(rename = "x")]
    pub external_id: String,
    #[serde(rename = "s")]
    pub starts_at: i64,
    #[serde(rename = "e")]
    pub ends_at: i64,
    #[serde(rename = "c")]
    pub is_close: i64,
    #[serde(rename = "u")]
    pub unpaid_break_minutes: i64,
    #[serde(rename = "l")]
    pub external_location_id: Option<String>,
    #[serde(rename = "r")]
    pub external_role_id: Option<String>,
    /// Whose and when it was when it was counted last.
    #[serde(rename = "a")]
    pub was: Assessed,
}

/// `(member, anchor)`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Assessed(pub Option<String>, pub Option<i64>);

#[derive(Clone, Debug, Deserialize)]
pub struct PunchRow {
    #[serde(rename = "m")]
    pub member_id: String,
    #[serde(rename = "i")]
    pub id: String,
    #[serde(rename = "x")]
    pub external_id: String,
    #[serde(rename = "s")]
    pub clocked_in_at: i64,
    #[serde(rename = "e")]
    pub clocked_out_at: Option<i64>,
    #[serde(rename = "w")]
    pub worked_seconds: Option<i64>,
    #[serde(rename = "o")]
    pub auto_clocked_out: i64,
    #[serde(rename = "h")]
    pub schedule_shift_id: Option<String>,
    #[serde(rename = "l")]
    pub external_location_id: Option<String>,
    #[serde(rename = "r")]
    pub external_role_id: Option<String>,
    #[serde(rename = "a")]
    pub was: Assessed,
    /// `(shift, scheduled seconds, delta minutes)`, as written back last.
    #[serde(rename = "b")]
    pub written: (Option<String>, Option<i64>, Option<i64>),
}

#[derive(Clone, Debug, Deserialize)]
pub struct TimeOffRow {
    pub member_id: String,
    pub id: String,
    pub start_date: String,
    pub end_date: String,
    pub is_partial_day: i64,
    pub partial_start: Option<String>,
    pub partial_end: Option<String>,
}

/// `(id, subject, fingerprint, connector, anchor)`.
#[derive(Clone, Debug, Deserialize)]
pub struct ExistingDelta(pub String, pub String, pub i64, pub String, pub i64);

/// `(id, subject, event type, fingerprint, connector, anchor)`; of one that is deleted the fingerprint is none.
#[derive(Clone, Debug, Deserialize)]
pub struct ExistingRecord(
    pub String,
    pub String,
    pub String,
    pub Option<i64>,
    pub String,
    pub i64,
);

/// Everything about parts of people's time.
#[derive(Clone, Debug, Deserialize)]
pub struct Rows {
    pub members: Vec<Member>,
    pub shifts: Vec<ShiftRow>,
    pub punches: Vec<PunchRow>,
    pub time_off: Vec<TimeOffRow>,
    pub deltas: Vec<ExistingDelta>,
    pub records: Vec<ExistingRecord>,
}

#[derive(Serialize)]
struct Wanted<'a> {
    m: &'a str,
    /// What is read, and what is decided.
    f: i64,
    t: i64,
    a: i64,
    z: i64,
}

/// From each person to their rows: `CROSS JOIN` keeps SQLite from reading the table first.
const READ: &str = "
WITH wanted AS MATERIALIZED (
  SELECT value ->> 'm' AS m, value ->> 'f' AS f, value ->> 't' AS t, value ->> 'a' AS a, value ->> 'z' AS z FROM json_each(?2))
SELECT json_object(
  'members', json((
    SELECT json_group_array(json_array(member.id, member.connector_id, member.user_type, member.deleted_at))
    FROM (SELECT DISTINCT m FROM wanted) AS person CROSS JOIN team_members AS member ON member.id = person.m
    WHERE member.organization_id = ?1)),
  'shifts', json((
    SELECT json_group_array(json_object('m', m, 'i', shift.id, 'x', shift.external_id, 's', shift.starts_at, 'e', shift.ends_at,
      'c', shift.is_close, 'u', shift.unpaid_break_minutes, 'l', shift.external_location_id, 'r', shift.external_role_id,
      'a', json_array(shift.attendance_member_id, shift.attendance_anchor_at)))
    FROM wanted CROSS JOIN schedule_shifts AS shift INDEXED BY schedule_shifts_member
      ON shift.organization_id = ?1 AND shift.team_member_id = m AND shift.starts_at BETWEEN f AND t
    WHERE shift.deleted_at IS NULL)),
  'punches', json((
    SELECT json_group_array(json_object('m', m, 'i', punch.id, 'x', punch.external_id, 's', punch.clocked_in_at,
      'e', punch.clocked_out_at, 'w', coalesce(punch.worked_seconds, punch.worked_minutes * 60), 'o', punch.auto_clocked_out,
      'h', punch.schedule_shift_id, 'l', punch.external_location_id, 'r', punch.external_role_id,
      'a', json_array(punch.attendance_member_id, punch.attendance_anchor_at),
      'b', json_array(punch.attendance_shift_id, punch.attendance_scheduled_seconds, punch.attendance_delta_minutes)))
    FROM wanted CROSS JOIN time_punches AS punch INDEXED BY time_punches_member
      ON punch.organization_id = ?1 AND punch.team_member_id = m AND punch.clocked_in_at BETWEEN f AND t
    WHERE punch.deleted_at IS NULL)),
  'time_off', json((
    SELECT json_group_array(json_object('member_id', person.m, 'id', off.id, 'start_date', off.start_date, 'end_date', off.end_date,
      'is_partial_day', off.is_partial_day, 'partial_start', off.partial_start, 'partial_end', off.partial_end))
    FROM (SELECT m, min(f) AS f, max(t) AS t FROM wanted GROUP BY m) AS person
    CROSS JOIN time_off_requests AS off INDEXED BY time_off_requests_member
      ON off.organization_id = ?1 AND off.team_member_id = person.m
    WHERE off.deleted_at IS NULL AND off.status = 'approved'
      AND off.end_date >= date(max(f, 0), 'unixepoch', '-2 days') AND off.start_date <= date(min(t, 253402000000), 'unixepoch', '+2 days'))),
  'deltas', json((
    SELECT json_group_array(json_array(delta.id, delta.subject_id, delta.fingerprint, delta.connector_id, delta.anchor_at))
    FROM wanted CROSS JOIN attendance_deltas AS delta INDEXED BY attendance_deltas_member
      ON delta.organization_id = ?1 AND delta.team_member_id = m AND delta.anchor_at BETWEEN a AND z)),
  'records', json((
    SELECT json_group_array(json_array(record.id, record.subject_id, record.event_type, iif(record.deleted_at IS NULL, record.fingerprint, NULL),
      record.connector_id, record.anchor_at))
    FROM wanted CROSS JOIN attendance_records AS record INDEXED BY attendance_records_member
      ON record.organization_id = ?1 AND record.team_member_id = m AND record.anchor_at BETWEEN a AND z)))";

/// Reads what decides these parts of people's time, and what was decided of them before.
///
/// # Errors
/// The failure of the statement.
pub async fn read<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[Person<'_>],
) -> Result<Rows, DatabaseError> {
    let wanted: Vec<_> = people
        .iter()
        .map(|person| {
            let read = person.span.to_read();
            Wanted {
                m: person.member_id,
                f: read.from,
                t: read.to,
                a: person.span.from,
                z: person.span.to,
            }
        })
        .collect();
    let parameters = parameters![tenant.as_str(), json::write(&wanted)?];
    json::read(&database.execute(READ, parameters).await?)
}
