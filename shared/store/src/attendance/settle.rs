//! Writes what a run of the Delta Engine has decided, and how far it has come: all of it or nothing.

use domain::NaiveDate;
use domain::access::Tenant;
use domain::attendance::Few;
use serde::{Serialize, Serializer};

use super::{Cursor, SOURCE};
use crate::database::{DatabaseError, Execute};
use crate::jobs::{self, Lease, Progress};
use crate::records::next_change;
use crate::{json, parameters};

/// A work, as its columns are named.
#[derive(Clone, Debug, Hash, Serialize)]
pub struct DeltaRow<'a> {
    pub id: String,
    pub connector_id: &'a str,
    pub team_member_id: &'a str,
    pub subject_id: &'a str,
    pub anchor_at: i64,
    #[serde(serialize_with = "as_text")]
    pub event_date: NaiveDate,
    pub external_location_id: Option<&'a str>,
    pub external_role_id: Option<&'a str>,
    pub shift_ids: Few<&'a str>,
    pub punch_ids: Few<&'a str>,
    pub matched_by: &'static str,
    pub categories: i64,
    pub scheduled_start: Option<i64>,
    pub scheduled_end: Option<i64>,
    pub scheduled_seconds: Option<i64>,
    pub actual_start: Option<i64>,
    pub actual_end: Option<i64>,
    pub worked_seconds: Option<i64>,
    pub arrival_seconds: Option<i64>,
    pub departure_seconds: Option<i64>,
    pub delta_minutes: Option<i64>,
    pub is_running: bool,
    pub review: Option<&'static str>,
    pub fingerprint: i64,
}

/// An event, as its columns are named; what it shares with its work comes from there.
#[derive(Clone, Debug, Hash, Serialize)]
pub struct RecordRow<'a> {
    pub id: String,
    pub connector_id: &'a str,
    pub team_member_id: &'a str,
    pub subject_id: &'a str,
    pub event_type: &'static str,
    pub anchor_at: i64,
    #[serde(serialize_with = "as_text")]
    pub event_date: NaiveDate,
    pub external_location_id: Option<&'a str>,
    pub external_role_id: Option<&'a str>,
    pub shift_ids: Few<&'a str>,
    pub punch_ids: Few<&'a str>,
    pub matched_by: &'static str,
    pub scheduled_start: Option<i64>,
    pub scheduled_end: Option<i64>,
    pub actual_start: Option<i64>,
    pub actual_end: Option<i64>,
    pub minutes: i64,
    pub delta_minutes: Option<i64>,
    pub points: i64,
    pub tier_minutes: Option<u32>,
    pub policy_version: i64,
    pub review: Option<&'static str>,
    pub time_off_request_id: Option<&'a str>,
    /// Whether its points count as long as nobody has said anything.
    pub counts: bool,
    /// Said of the rest, so written with it only.
    pub explanation: String,
    pub fingerprint: i64,
}

/// `YYYY-MM-DD`.
fn as_text<S: Serializer>(date: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// What is written back to a punch.
#[derive(Clone, Debug, Serialize)]
pub struct PunchMark<'a> {
    pub id: &'a str,
    pub member_id: &'a str,
    pub anchor_at: i64,
    pub shift_id: Option<&'a str>,
    pub scheduled_seconds: Option<i64>,
    pub delta_minutes: Option<i64>,
}

/// Where a shift was counted.
#[derive(Clone, Debug, Serialize)]
pub struct ShiftMark<'a> {
    pub id: &'a str,
    pub member_id: &'a str,
    pub anchor_at: i64,
}

/// What has changed: nothing else is written.
#[derive(Debug, Default)]
pub struct Settled<'a> {
    pub deltas: Vec<DeltaRow<'a>>,
    /// By subject.
    pub gone_deltas: Vec<&'a str>,
    pub records: Vec<RecordRow<'a>>,
    /// By subject, type of event and person.
    pub gone_records: Vec<(&'a str, &'a str, &'a str)>,
    pub punches: Vec<PunchMark<'a>>,
    pub shifts: Vec<ShiftMark<'a>>,
}

impl Settled<'_> {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
            && self.gone_deltas.is_empty()
            && self.records.is_empty()
            && self.gone_records.is_empty()
            && self.punches.is_empty()
            && self.shifts.is_empty()
    }
}

const DELTA_COLUMNS: &[&str] = &[
    "connector_id",
    "team_member_id",
    "anchor_at",
    "event_date",
    "external_location_id",
    "external_role_id",
    "shift_ids",
    "punch_ids",
    "matched_by",
    "categories",
    "scheduled_start",
    "scheduled_end",
    "scheduled_seconds",
    "actual_start",
    "actual_end",
    "worked_seconds",
    "arrival_seconds",
    "departure_seconds",
    "delta_minutes",
    "is_running",
    "review",
    "fingerprint",
];

const RECORD_COLUMNS: &[&str] = &[
    "connector_id",
    "team_member_id",
    "anchor_at",
    "event_date",
    "external_location_id",
    "external_role_id",
    "shift_ids",
    "punch_ids",
    "matched_by",
    "scheduled_start",
    "scheduled_end",
    "actual_start",
    "actual_end",
    "minutes",
    "delta_minutes",
    "points",
    "tier_minutes",
    "policy_version",
    "review",
    "time_off_request_id",
    "counts",
    "explanation",
    "fingerprint",
];

/// `value ->> 'column'` of each, and `column = excluded.column`.
fn lists(columns: &[&str]) -> (String, String, String) {
    let join = |each: &dyn Fn(&str) -> String| {
        columns
            .iter()
            .map(|column| each(column))
            .collect::<Vec<_>>()
            .join(", ")
    };
    (
        join(&|column| column.to_owned()),
        join(&|column| format!("value ->> '{column}'")),
        join(&|column| format!("{column} = excluded.{column}")),
    )
}

/// Parameters: 1 organization, 2 rows, 3 sequence value.
fn deltas_sql() -> String {
    let (names, values, set) = lists(DELTA_COLUMNS);
    format!(
        "WITH page AS MATERIALIZED (SELECT value FROM json_each(?2))
         INSERT INTO attendance_deltas (id, organization_id, subject_id, {names}, changed_seq)
         SELECT value ->> 'id', ?1, value ->> 'subject_id', {values}, ?3 FROM page WHERE true
         ON CONFLICT (organization_id, subject_id) DO UPDATE SET {set}, changed_seq = excluded.changed_seq"
    )
}

/// What a manager has said stands, and decides what counts. It was said of one person: whoever takes over a shift has events
/// of their own. A punch is the same person's, though, even where the provider has made one of two people, so what was
/// said of an event with the same punches goes along. A shift that was deleted and made again, as a copied week is, has
/// another id: what was said of the same person's event at the same time and with the same punches goes along, too.
fn records_sql() -> String {
    let (names, values, set) = lists(RECORD_COLUMNS);
    format!(
        "WITH page AS MATERIALIZED (
           SELECT value, coalesce((
             SELECT json_array(excused, note, resolution, resolved_by, resolved_at)
             FROM attendance_records AS before INDEXED BY attendance_records_event
             WHERE before.organization_id = ?1 AND before.subject_id = value ->> 'subject_id'
               AND before.event_type = value ->> 'event_type'
               AND before.punch_ids = value ->> 'punch_ids' AND before.punch_ids <> '[]'
             ORDER BY before.changed_seq DESC LIMIT 1), (
             SELECT json_array(excused, note, resolution, resolved_by, resolved_at)
             FROM attendance_records AS before INDEXED BY attendance_records_member
             WHERE before.organization_id = ?1 AND before.team_member_id = value ->> 'team_member_id'
               AND before.anchor_at = value ->> 'anchor_at' AND before.event_type = value ->> 'event_type'
               AND before.punch_ids = value ->> 'punch_ids' AND before.deleted_at IS NOT NULL
             ORDER BY before.changed_seq DESC LIMIT 1)) AS said
           FROM json_each(?2))
         INSERT INTO attendance_records (id, organization_id, subject_id, event_type, source,
           excused, note, resolution, resolved_by, resolved_at, points_assessed, {names}, created_seq, changed_seq)
         SELECT value ->> 'id', ?1, value ->> 'subject_id', value ->> 'event_type', ?4,
           said ->> 0, said ->> 1, said ->> 2, said ->> 3, said ->> 4,
           CASE said ->> 0 WHEN 1 THEN 0 WHEN 0 THEN value ->> 'points' ELSE iif(value ->> 'counts', value ->> 'points', 0) END,
           {values}, ?3, ?3 FROM page WHERE true
         ON CONFLICT (organization_id, subject_id, event_type, team_member_id) DO UPDATE SET {set},
           points_assessed = CASE attendance_records.excused WHEN 1 THEN 0 WHEN 0 THEN excluded.points
             ELSE iif(excluded.counts, excluded.points, 0) END,
           deleted_at = NULL, changed_seq = excluded.changed_seq"
    )
}

const GONE_DELTAS: &str = "
DELETE FROM attendance_deltas WHERE organization_id = ?1 AND subject_id IN (SELECT value FROM json_each(?2))";

const GONE_RECORDS: &str = "
UPDATE attendance_records SET deleted_at = ?4, points_assessed = 0, changed_seq = ?3
WHERE organization_id = ?1
  AND (subject_id, event_type, team_member_id) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2))
  AND deleted_at IS NULL";

/// Readers of changes hear of it where they see it.
const PUNCHES: &str = "
UPDATE time_punches SET
  attendance_member_id = mark.member_id,
  attendance_anchor_at = mark.anchor_at,
  attendance_shift_id = mark.shift_id,
  attendance_scheduled_seconds = mark.scheduled_seconds,
  attendance_delta_minutes = mark.delta_minutes,
  changed_seq = iif((attendance_shift_id, attendance_scheduled_seconds, attendance_delta_minutes)
    IS NOT (mark.shift_id, mark.scheduled_seconds, mark.delta_minutes), ?3, changed_seq)
FROM (
  SELECT value ->> 'id' AS id, value ->> 'member_id' AS member_id, value ->> 'anchor_at' AS anchor_at,
    value ->> 'shift_id' AS shift_id, value ->> 'scheduled_seconds' AS scheduled_seconds,
    value ->> 'delta_minutes' AS delta_minutes
  FROM json_each(?2)
) AS mark
WHERE time_punches.id = mark.id AND +time_punches.organization_id = ?1";

const SHIFTS: &str = "
UPDATE schedule_shifts SET attendance_member_id = mark.member_id, attendance_anchor_at = mark.anchor_at
FROM (
  SELECT value ->> 'id' AS id, value ->> 'member_id' AS member_id, value ->> 'anchor_at' AS anchor_at FROM json_each(?2)
) AS mark
WHERE schedule_shifts.id = mark.id AND +schedule_shifts.organization_id = ?1";

/// Begins what [`settle`] ends, in the same transaction: the sequence value of this write, and whether nobody has
/// changed a punch behind `seen`, so that a reader of changes that goes on behind this write misses none.
///
/// # Errors
/// The failure of a statement.
pub async fn begin<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    seen: &Cursor,
    now_ms: i64,
) -> Result<(i64, bool), DatabaseError> {
    let others = transaction
        .execute(
            "SELECT 1 FROM time_punches INDEXED BY time_punches_changed
             WHERE organization_id = ?1 AND (changed_seq, id) > (?2, ?3) LIMIT 1",
            parameters![tenant.as_str(), seen.seq, seen.id.as_str()],
        )
        .await?;
    let seq = next_change(transaction, now_ms.saturating_mul(1_000)).await?;
    Ok((seq, others.is_empty()))
}

/// To be called in a transaction. Returns false when the lease has ended or belongs to somebody else: the
/// caller must roll back.
///
/// # Errors
/// The failure of a statement.
pub async fn settle<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    settled: &Settled<'_>,
    seq: i64,
    checkpoint: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let tenant = lease.tenant.as_str();
    if !settled.is_empty() {
        // The unique subject of a work that has another first shift now may be that of one that is gone.
        if !settled.gone_deltas.is_empty() {
            let parameters = parameters![tenant, json::write(&settled.gone_deltas)?];
            transaction.execute(GONE_DELTAS, parameters).await?;
        }
        if !settled.gone_records.is_empty() {
            let parameters = parameters![tenant, json::write(&settled.gone_records)?, seq, now];
            transaction.execute(GONE_RECORDS, parameters).await?;
        }
        if !settled.deltas.is_empty() {
            let parameters = parameters![tenant, json::write(&settled.deltas)?, seq];
            transaction.execute(&deltas_sql(), parameters).await?;
        }
        if !settled.records.is_empty() {
            let parameters = parameters![tenant, json::write(&settled.records)?, seq, SOURCE];
            transaction.execute(&records_sql(), parameters).await?;
        }
        if !settled.punches.is_empty() {
            let parameters = parameters![tenant, json::write(&settled.punches)?, seq];
            transaction.execute(PUNCHES, parameters).await?;
        }
        if !settled.shifts.is_empty() {
            let parameters = parameters![tenant, json::write(&settled.shifts)?];
            transaction.execute(SHIFTS, parameters).await?;
        }
    }
    let progress = Progress {
        checkpoint,
        kind: None,
        pages: 0,
        provider_calls: 0,
        counts: domain::run::RunCounts::default(),
    };
    jobs::checkpoint(transaction, lease, progress, now).await
}
