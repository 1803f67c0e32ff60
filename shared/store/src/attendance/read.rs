//! The rows that decide a part of people's time. They come as arrays, not as objects, and name whose they are by
//! its place among the people asked for: there may be tens of thousands of them.

use std::borrow::Cow;

use domain::access::Tenant;
use domain::attendance::span::{MARGIN_SECONDS, Span};
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute, Row};
use crate::{json, parameters};

/// A part of one person's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    pub member_id: &'a str,
    pub span: Span,
}

/// `(person, connector id, level, gone since)`. The fields of this and the next ones are in the order of [`READ`].
#[derive(Clone, Debug, Deserialize)]
pub struct Member<'a>(pub usize, pub &'a str, pub Option<String>, pub Option<i64>);

#[derive(Clone, Debug, Deserialize)]
pub struct ShiftRow<'a> {
    /// Whose part it is of, by its place among the people asked for.
    pub person: usize,
    pub id: &'a str,
    #[serde(borrow)]
    pub external_id: Cow<'a, str>,
    pub starts_at: i64,
    pub ends_at: i64,
    pub is_close: i64,
    pub unpaid_break_minutes: i64,
    pub external_location_id: Option<String>,
    pub external_role_id: Option<String>,
    /// Of the provider, none where it is `none`.
    pub attendance_status: Option<String>,
    /// When it was when it was counted last; none if it was never counted as this person's.
    pub counted_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PunchRow<'a> {
    pub person: usize,
    pub id: &'a str,
    #[serde(borrow)]
    pub external_id: Cow<'a, str>,
    pub clocked_in_at: i64,
    pub clocked_out_at: Option<i64>,
    pub worked_seconds: Option<i64>,
    pub auto_clocked_out: i64,
    pub schedule_shift_id: Option<&'a str>,
    pub external_location_id: Option<String>,
    pub external_role_id: Option<String>,
    /// As of a shift.
    pub counted_at: Option<i64>,
    /// As written back last.
    pub written_shift_id: Option<&'a str>,
    pub written_scheduled_seconds: Option<i64>,
    pub written_delta_minutes: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct TimeOffRow<'a> {
    pub person: usize,
    pub id: &'a str,
    pub start_date: String,
    pub end_date: String,
    pub is_partial_day: i64,
    pub partial_start: Option<String>,
    pub partial_end: Option<String>,
}

/// A work, as it was decided before.
#[derive(Clone, Debug, Deserialize)]
pub struct KnownDelta<'a> {
    pub person: usize,
    pub subject_id: &'a str,
    pub fingerprint: i64,
    pub anchor_at: i64,
}

/// An event, as it was decided before.
#[derive(Clone, Debug, Deserialize)]
pub struct KnownRecord<'a> {
    pub person: usize,
    pub subject_id: &'a str,
    pub event_type: &'a str,
    /// None of one that is deleted.
    pub fingerprint: Option<i64>,
    pub anchor_at: i64,
}

/// Everything about parts of people's time, ordered by the people asked for.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    pub members: Vec<Member<'a>>,
    pub shifts: Vec<ShiftRow<'a>>,
    pub punches: Vec<PunchRow<'a>>,
    pub time_off: Vec<TimeOffRow<'a>>,
    pub deltas: Vec<KnownDelta<'a>>,
    pub records: Vec<KnownRecord<'a>>,
}

/// From each person to their rows: `CROSS JOIN` keeps SQLite from reading the table first. Of a part it is said what is
/// decided, `?4` on both sides where it is a person's whole time; `?3` is how much more is read. A column each: SQLite would read nested JSON once more.
const READ: &str = "
WITH wanted AS MATERIALIZED (
  SELECT key AS k, iif(type = 'text', value, value ->> 0) AS m, iif(type = 'text', -?4, value ->> 1) AS a,
    iif(type = 'text', ?4, value ->> 2) AS z
  FROM json_each(?2))
SELECT (
    SELECT json_group_array(json_array(k, member.connector_id, member.user_type, member.deleted_at))
    FROM wanted CROSS JOIN team_members AS member ON member.id = m
    WHERE member.organization_id = ?1
  ), (
    SELECT json_group_array(json_array(k, shift.id, shift.external_id, shift.starts_at, shift.ends_at, shift.is_close,
      shift.unpaid_break_minutes, shift.external_location_id, shift.external_role_id,
      nullif(shift.attendance_status, 'none'), iif(shift.attendance_member_id = m, shift.attendance_anchor_at, NULL)))
    FROM wanted CROSS JOIN schedule_shifts AS shift INDEXED BY schedule_shifts_member
      ON shift.organization_id = ?1 AND shift.team_member_id = m AND shift.starts_at BETWEEN a - ?3 AND z + ?3
    WHERE shift.deleted_at IS NULL
  ), (
    SELECT json_group_array(json_array(k, punch.id, punch.external_id, punch.clocked_in_at, punch.clocked_out_at,
      coalesce(punch.worked_seconds, punch.worked_minutes * 60), punch.auto_clocked_out, punch.schedule_shift_id,
      punch.external_location_id, punch.external_role_id,
      iif(punch.attendance_member_id = m, punch.attendance_anchor_at, NULL),
      punch.attendance_shift_id, punch.attendance_scheduled_seconds, punch.attendance_delta_minutes))
    FROM wanted CROSS JOIN time_punches AS punch INDEXED BY time_punches_member
      ON punch.organization_id = ?1 AND punch.team_member_id = m AND punch.clocked_in_at BETWEEN a - ?3 AND z + ?3
    WHERE punch.deleted_at IS NULL
  ), (
    SELECT json_group_array(json_array(k, off.id, off.start_date, off.end_date, off.is_partial_day, off.partial_start, off.partial_end))
    FROM wanted CROSS JOIN time_off_requests AS off INDEXED BY time_off_requests_member
      ON off.organization_id = ?1 AND off.team_member_id = m
    WHERE off.deleted_at IS NULL AND off.status = 'approved'
      AND off.end_date >= date(max(a - ?3, 0), 'unixepoch', '-2 days')
      AND off.start_date <= date(min(z + ?3, 253402000000), 'unixepoch', '+2 days')
  ), (
    SELECT json_group_array(json_array(k, delta.subject_id, delta.fingerprint, delta.anchor_at))
    FROM wanted CROSS JOIN attendance_deltas AS delta INDEXED BY attendance_deltas_member
      ON delta.organization_id = ?1 AND delta.team_member_id = m AND delta.anchor_at BETWEEN a AND z
  ), (
    SELECT json_group_array(json_array(k, record.subject_id, record.event_type,
      iif(record.deleted_at IS NULL, record.fingerprint, NULL), record.anchor_at))
    FROM wanted CROSS JOIN attendance_records AS record INDEXED BY attendance_records_member
      ON record.organization_id = ?1 AND record.team_member_id = m AND record.anchor_at BETWEEN a AND z
  )";

/// Beyond every time in a table, and far enough from where sums end.
const FAR: i64 = 1 << 60;

/// A person, as [`READ`] takes one.
#[derive(Serialize)]
#[serde(untagged)]
enum Wanted<'a> {
    Always(&'a str),
    Between(&'a str, i64, i64),
}

impl<'a> Wanted<'a> {
    fn of(person: &Person<'a>) -> Self {
        let Span { from, to } = person.span;
        if person.span == Span::ALWAYS {
            Self::Always(person.member_id)
        } else {
            Self::Between(person.member_id, from.clamp(-FAR, FAR), to.clamp(-FAR, FAR))
        }
    }
}

/// What the database has answered; [`Found::rows`] reads it, in its own time.
#[derive(Debug)]
pub struct Found(Row);

/// Reads what decides these parts of people's time, and what was decided of them before.
///
/// # Errors
/// The failure of the statement.
pub async fn read<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[Person<'_>],
) -> Result<Found, DatabaseError> {
    let wanted: Vec<_> = people.iter().map(Wanted::of).collect();
    let parameters = parameters![tenant.as_str(), json::write(&wanted)?, MARGIN_SECONDS, FAR,];
    let found = database.execute(READ, parameters).await?;
    let row = found.into_iter().next();
    row.map(Found)
        .ok_or_else(|| DatabaseError::Shape("no row".to_owned()))
}

impl Found {
    /// # Errors
    /// [`DatabaseError::Shape`].
    pub fn rows(&self) -> Result<Rows<'_>, DatabaseError> {
        let row = &self.0;
        let mut rows = Rows {
            members: json::parse(row.text(0)?)?,
            shifts: json::parse(row.text(1)?)?,
            punches: json::parse(row.text(2)?)?,
            time_off: json::parse(row.text(3)?)?,
            deltas: json::parse(row.text(4)?)?,
            records: json::parse(row.text(5)?)?,
        };
        // That is how SQLite reads them, but it does not promise it.
        rows.members.sort_by_key(|row| row.0);
        rows.shifts.sort_by_key(|row| row.person);
        rows.punches.sort_by_key(|row| row.person);
        rows.time_off.sort_by_key(|row| row.person);
        rows.deltas.sort_by_key(|row| row.person);
        rows.records.sort_by_key(|row| row.person);
        Ok(rows)
    }
}
