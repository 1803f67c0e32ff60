//! What a run of the Delta Engine begins with, and what it has to look at again.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// What the holder of a lease needs beside the rows.
#[derive(Clone, Debug, Deserialize)]
pub struct Work {
    pub organization_id: String,
    /// IANA name; the organization's.
    pub time_zone: String,
    /// JSON, as last saved.
    pub checkpoint: String,
    pub run_id: String,
    /// JSON, from who asked for this run.
    pub params: Option<String>,
    /// JSON; `None` where the organization has set none.
    pub policy: Option<String>,
    /// 0 where it has set none.
    pub policy_version: i64,
    pub locations: Vec<LocationOfWork>,
    pub roles: Vec<RoleOfWork>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct LocationOfWork {
    pub connector_id: String,
    pub external_id: String,
    /// IANA name.
    pub time_zone: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct RoleOfWork {
    pub connector_id: String,
    pub external_id: String,
    pub name: String,
}

const LOAD: &str = "
SELECT json_object('organization_id', jobs.organization_id, 'time_zone', organizations.time_zone,
  'checkpoint', jobs.checkpoint, 'run_id', jobs.run_id, 'params', jobs.params,
  'policy', policy.document, 'policy_version', coalesce(policy.version, 0),
  'locations', json((
    SELECT json_group_array(json_object('connector_id', connector_id, 'external_id', external_id, 'time_zone', time_zone))
    FROM locations WHERE locations.organization_id = jobs.organization_id)),
  'roles', json((
    SELECT json_group_array(json_object('connector_id', connector_id, 'external_id', external_id, 'name', name))
    FROM roles WHERE roles.organization_id = jobs.organization_id)))
FROM jobs
JOIN organizations ON organizations.id = jobs.organization_id
LEFT JOIN attendance_policies AS policy ON policy.organization_id = jobs.organization_id
WHERE jobs.id = ?1 AND jobs.lease_version = ?2 AND jobs.kind = 'attendance'
  AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?3";

/// What the holder of a lease works with; nothing when the lease has ended or belongs to somebody else.
///
/// Takes no tenant: a lease names the job, and the job names the organization.
///
/// # Errors
/// The failure of the statement.
pub async fn load<E: Execute>(
    database: &E,
    job_id: &str,
    lease_version: i64,
    now: i64,
) -> Result<Option<Work>, DatabaseError> {
    let rows = database
        .execute(LOAD, parameters![job_id, lease_version, now])
        .await?;
    json::read_optional(&rows)
}

/// A connector that brings shifts and punches, and how far.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct SyncedConnector {
    pub id: String,
    pub state: String,
    pub connected_at: Option<i64>,
    /// What the provider had of punches by then was read, Unix seconds.
    pub punches_until: Option<i64>,
    /// The end of the last success.
    pub shifts_synced_at: Option<i64>,
    /// The earliest time from which on all shifts were read once; none where they are read and kept for some days only.
    pub shifts_from: Option<i64>,
}

const CONNECTORS: &str = "
SELECT json_group_array(json_object('id', connectors.id, 'state', connectors.state, 'connected_at', connectors.connected_at,
  'punches_until', punches.checkpoint ->> 'read_until',
  'shifts_synced_at', shifts.last_success_at, 'shifts_from', shifts.checkpoint ->> 'covered_from'))
FROM connectors INDEXED BY connectors_key
CROSS JOIN jobs AS punches ON punches.kind = 'sync' AND punches.subject = connectors.id AND punches.name = 'time_punches'
CROSS JOIN jobs AS shifts ON shifts.kind = 'sync' AND shifts.subject = connectors.id AND shifts.name = 'shifts'
WHERE connectors.organization_id = ?1";

/// The connectors that bring shifts and punches.
///
/// # Errors
/// The failure of the statement.
pub async fn connectors<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Vec<SyncedConnector>, DatabaseError> {
    json::read(
        &database
            .execute(CONNECTORS, parameters![tenant.as_str()])
            .await?,
    )
}

/// A table whose changes have consequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Shifts,
    Punches,
    TimeOff,
    /// People: their level, and that they are gone.
    Members,
}

/// How far a table was looked at: everything up to this row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub seq: i64,
    pub id: String,
}

/// A row that has changed.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Changed {
    pub member_id: Option<String>,
    /// When it is now, and until when, Unix seconds; of time off its dates, `YYYY-MM-DD`.
    pub at: Option<i64>,
    pub from_date: Option<String>,
    pub to_date: Option<String>,
    /// Whose and when it was when it was counted last.
    pub was_member_id: Option<String>,
    pub was_at: Option<i64>,
    /// What time off has excused, by the anchors.
    #[serde(default)]
    pub excused_at: Vec<i64>,
    pub seq: i64,
    pub id: String,
}

macro_rules! changed {
    ($table:literal, $columns:literal) => {
        concat!(
            "SELECT json_group_array(json_object(",
            $columns,
            ", 'seq', changed_seq, 'id', id)) FROM (SELECT * FROM ",
            $table,
            " INDEXED BY ",
            $table,
            "_changed WHERE organization_id = ?1 AND (changed_seq, id) > (?2, ?3) ORDER BY changed_seq, id LIMIT ?4) AS record"
        )
    };
}

const CHANGED_SHIFTS: &str = changed!(
    "schedule_shifts",
    "'member_id', team_member_id, 'at', starts_at, 'was_member_id', attendance_member_id, 'was_at', attendance_anchor_at"
);
const CHANGED_PUNCHES: &str = changed!(
    "time_punches",
    "'member_id', team_member_id, 'at', clocked_in_at, 'was_member_id', attendance_member_id, 'was_at', attendance_anchor_at"
);
const CHANGED_TIME_OFF: &str = changed!(
    "time_off_requests",
    "'member_id', team_member_id, 'from_date', start_date, 'to_date', end_date, 'excused_at', json((
       SELECT json_group_array(anchor_at) FROM attendance_records AS excused INDEXED BY attendance_records_time_off
       WHERE excused.organization_id = ?1 AND excused.time_off_request_id = record.id AND excused.deleted_at IS NULL))"
);
const CHANGED_MEMBERS: &str = changed!("team_members", "'member_id', id");

/// The next rows of a table that have changed, in the order of their changes.
///
/// # Errors
/// The failure of the statement.
pub async fn changed<E: Execute>(
    database: &E,
    tenant: &Tenant,
    source: Source,
    after: &Cursor,
    limit: usize,
) -> Result<Vec<Changed>, DatabaseError> {
    let statement = match source {
        Source::Shifts => CHANGED_SHIFTS,
        Source::Punches => CHANGED_PUNCHES,
        Source::TimeOff => CHANGED_TIME_OFF,
        Source::Members => CHANGED_MEMBERS,
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let parameters = parameters![tenant.as_str(), after.seq, after.id.as_str(), limit];
    json::read(&database.execute(statement, parameters).await?)
}

/// The latest change there is: who looks at everything begins with it.
///
/// # Errors
/// The failure of the statement.
pub async fn newest<E: Execute>(database: &E) -> Result<i64, DatabaseError> {
    let rows = database
        .execute(
            "SELECT value FROM sequences WHERE name = 'change'",
            parameters![],
        )
        .await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no change sequence".to_owned()))?
        .integer(0)
}

const MEMBERS: &str = "
SELECT json_group_array(id) FROM (
  SELECT id FROM team_members INDEXED BY team_members_organization
  WHERE organization_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3)";

/// The next people, by id, those who are gone included.
///
/// # Errors
/// The failure of the statement.
pub async fn members<E: Execute>(
    database: &E,
    tenant: &Tenant,
    after: &str,
    limit: usize,
) -> Result<Vec<String>, DatabaseError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let parameters = parameters![tenant.as_str(), after, limit];
    json::read(&database.execute(MEMBERS, parameters).await?)
}

/// A shift of a person, by its start.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Unjudged {
    pub id: String,
    pub member_id: String,
    pub at: i64,
}

const UNJUDGED: &str = "
SELECT json_group_array(json_object('id', id, 'member_id', team_member_id, 'at', starts_at)) FROM (
  SELECT id, team_member_id, starts_at FROM schedule_shifts INDEXED BY schedule_shifts_assigned
  WHERE organization_id = ?1 AND connector_id = ?2 AND (starts_at, id) > (?3, ?4) AND starts_at <= ?5
    AND deleted_at IS NULL AND team_member_id IS NOT NULL
  ORDER BY starts_at, id LIMIT ?6)";

const EXPECTED_LATER: &str = "
SELECT json_group_array(json_object('id', id, 'member_id', team_member_id, 'at', starts_at)) FROM (
  SELECT DISTINCT shift.id, shift.team_member_id, shift.starts_at
  FROM time_off_requests AS off INDEXED BY time_off_requests_start
  CROSS JOIN schedule_shifts AS shift INDEXED BY schedule_shifts_member
    ON shift.organization_id = ?1 AND shift.team_member_id = off.team_member_id AND shift.starts_at BETWEEN ?3 AND ?4
  WHERE off.organization_id = ?1
    AND off.start_date BETWEEN date(max(?3, 0), 'unixepoch', ?5) AND date(max(?4, 0), 'unixepoch', '+1 day')
    AND off.end_date >= date(max(?3, 0), 'unixepoch', '-1 day')
    AND off.is_partial_day = 1 AND off.status = 'approved' AND off.deleted_at IS NULL
    AND shift.connector_id = ?2 AND shift.deleted_at IS NULL
  ORDER BY shift.starts_at, shift.id)";

/// Longer than the longest day; nobody with time off of a part of a day is to come later than this after the start.
const LATEST_EXPECTED_SECONDS: i64 = 26 * 3_600;
/// Time off of a part of each day that began longer ago is not asked for.
const LONGEST_PARTIAL_DAYS: &str = "-60 days";

/// Shifts of one connector that began in the day until a time, of people who have time off of a part of that day: they
/// were to come later, so that only now it may be said that nobody did.
///
/// # Errors
/// The failure of the statement.
pub async fn expected_later<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    until: i64,
) -> Result<Vec<Unjudged>, DatabaseError> {
    let from = until.saturating_sub(LATEST_EXPECTED_SECONDS);
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        from,
        until,
        LONGEST_PARTIAL_DAYS
    ];
    json::read(&database.execute(EXPECTED_LATER, parameters).await?)
}

/// Shifts of one connector that began until a time, behind `after` by start and id: whether nobody came to
/// them can be said now.
///
/// # Errors
/// The failure of the statement.
pub async fn unjudged<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    after: &Cursor,
    until: i64,
    limit: usize,
) -> Result<Vec<Unjudged>, DatabaseError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        after.seq,
        after.id.as_str(),
        until,
        limit
    ];
    json::read(&database.execute(UNJUDGED, parameters).await?)
}

const AHEAD: &str = "
UPDATE jobs SET
  requested_params = iif(requested_params ->> 'everything', requested_params, ?2),
  state = iif(state = 'running', state, 'pending'),
  next_due_at = iif(state = 'running', next_due_at, min(coalesce(next_due_at, ?3), ?3)),
  next_run_id = coalesce(next_run_id, ?4),
  updated_at = ?3
WHERE kind = 'attendance' AND subject = ?1 AND name = 'deltas'
RETURNING coalesce(next_run_id, run_id)";

/// Has the organization's job run now, over everything if that was asked for before, too; `None` where nothing was ever synced, so that there is none.
/// `params` is JSON.
///
/// # Errors
/// The failure of the statement.
pub async fn ahead<E: Execute>(
    database: &E,
    tenant: &Tenant,
    params: &str,
    run_id: &str,
    now: i64,
) -> Result<Option<String>, DatabaseError> {
    let rows = database
        .execute(AHEAD, parameters![tenant.as_str(), params, now, run_id])
        .await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// How the organization's job stands.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct State {
    /// It runs, or will as soon as it can.
    pub is_due: bool,
    pub last_finished_at: Option<i64>,
    pub last_success_at: Option<i64>,
    /// Failures since then.
    pub attempts: i64,
}

const STATE: &str = "
SELECT json_object('is_due', json(iif(next_due_at IS NULL, 'false', 'true')), 'last_finished_at', last_finished_at,
  'last_success_at', last_success_at, 'attempts', attempts)
FROM jobs WHERE kind = 'attendance' AND subject = ?1 AND name = 'deltas'";

/// # Errors
/// The failure of the statement.
pub async fn state<E: Execute>(database: &E, tenant: &Tenant) -> Result<State, DatabaseError> {
    let row = database
        .read_row(STATE, parameters![tenant.as_str()])
        .await?;
    row.map_or_else(|| Ok(State::default()), |row| json::parse(row.text(0)?))
}
