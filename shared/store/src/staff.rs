//! Who works where and when, in the words of a replaced system: its callers get these rows as they
//! are. Each list is one statement that returns one JSON text.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Most shifts of one list.
pub const MAX_SHIFTS: i64 = 100;
/// Most people of one list.
pub const MAX_EMPLOYEES: i64 = 10_000;
/// Most entries of the log.
pub const MAX_LOG: i64 = 20;

/// Whose staff is meant: a connector of the tenant and the roles that count.
#[derive(Clone, Copy, Debug)]
pub struct Staff<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    /// Names of roles, whatever their case; empty: everybody is staff.
    pub role_names: &'a [String],
}

/// `person` is staff by the roles of `?3`.
macro_rules! is_staff {
    ($person:literal) => {
        concat!(
            "(?3 = '[]' OR EXISTS (
  SELECT 1 FROM team_member_role_assignments AS work
  CROSS JOIN roles ON roles.connector_id = work.connector_id
    AND roles.external_id = work.external_role_id AND roles.deleted_at IS NULL
    AND roles.name IN (SELECT value FROM json_each(?3))
  WHERE work.organization_id = ?1 AND work.team_member_id = ",
            $person,
            " AND work.deleted_at IS NULL))"
        )
    };
}

/// Who is gone at the provider works no shifts, whatever is still listed.
macro_rules! is_gone {
    () => {
        "shift.team_member_id IN (
  SELECT id FROM team_members
  WHERE connector_id = ?2 AND organization_id = ?1 AND deleted_at IS NOT NULL)"
    };
}

macro_rules! seconds {
    ($sql:literal) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%SZ', ", $sql, ", 'unixepoch')")
    };
}

pub(crate) use seconds;

/// When a row was last known to be so: at the last success of its stream, or when it came.
macro_rules! synced_at {
    ($stream:literal, $record:literal) => {
        concat!(
            "strftime('%Y-%m-%dT%H:%M:%SZ', max(",
            $record,
            ".changed_seq / 1000000, coalesce((SELECT last_success_at FROM jobs
      WHERE kind = 'sync' AND subject = ?2 AND name = '",
            $stream,
            "'), 0)), 'unixepoch')"
        )
    };
}

const COUNTS: &str = concat!(
    "
SELECT
  (SELECT count(*) FROM team_members AS person
   WHERE person.connector_id = ?2 AND person.organization_id = ?1
     AND person.is_active = 1 AND person.deleted_at IS NULL AND ",
    is_staff!("person.id"),
    "),
  (SELECT count(*) FROM schedule_shifts AS shift INDEXED BY schedule_shifts_assigned
   WHERE shift.organization_id = ?1 AND shift.connector_id = ?2 AND shift.starts_at >= ?4
     AND shift.deleted_at IS NULL AND shift.team_member_id IS NOT NULL AND NOT ",
    is_gone!(),
    " AND ",
    is_staff!("shift.team_member_id"),
    ")"
);

/// Those of `names` that are wanted, whatever their case, as JSON: SQLite knows the case of ASCII letters
/// only. No role of a wanted name is nobody, not everybody.
fn wanted_names<'a>(
    wanted: &[String],
    names: impl IntoIterator<Item = &'a str>,
) -> Result<String, DatabaseError> {
    let folded: Vec<String> = wanted.iter().map(|name| name.to_lowercase()).collect();
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| folded.contains(&name.to_lowercase()))
        .collect();
    if names.is_empty() {
        return json::write(wanted);
    }
    json::write(&names)
}

/// The names as the connector's roles have them.
async fn role_names<E: Execute>(database: &E, staff: Staff<'_>) -> Result<String, DatabaseError> {
    if staff.role_names.is_empty() {
        return json::write(staff.role_names);
    }
    let rows = database
        .execute(
            "SELECT DISTINCT name FROM roles
             WHERE connector_id = ?1 AND organization_id = ?2 AND deleted_at IS NULL",
            parameters![staff.connector_id, staff.tenant.as_str()],
        )
        .await?;
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row.text(0))
        .collect::<Result<_, _>>()?;
    wanted_names(staff.role_names, names)
}

/// Active people, and shifts of people that begin at `now` or later.
///
/// # Errors
/// The failure of the statement.
pub async fn counts<E: Execute>(
    database: &E,
    staff: Staff<'_>,
    now: i64,
) -> Result<(i64, i64), DatabaseError> {
    let parameters = parameters![
        staff.tenant.as_str(),
        staff.connector_id,
        role_names(database, staff).await?,
        now,
    ];
    let rows = database.execute(COUNTS, parameters).await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no counts".to_owned()))?;
    Ok((row.integer(0)?, row.integer(1)?))
}

#[derive(Clone, Copy, Debug)]
pub struct EmployeeFilter<'a> {
    /// Only people who work there.
    pub store_id: Option<&'a str>,
    pub active_only: bool,
    /// What stands for the address of a person who has none: before and after the provider's id.
    pub placeholder: Option<(&'a str, &'a str)>,
}

/// The store of a person is that of the first role in which they work, the primary one before the
/// others; with a store asked for, of the first role in which they work there.
const EMPLOYEES: &str = concat!(
    "
WITH place AS MATERIALIZED (
  SELECT * FROM (
    SELECT work.team_member_id, work.external_location_id, stores.product_ref, stores.id, stores.name,
      row_number() OVER (PARTITION BY work.team_member_id
        ORDER BY work.is_primary DESC, work.external_location_id IS NULL, work.id) AS place
    FROM team_member_role_assignments AS work INDEXED BY team_member_role_assignments_external
    LEFT JOIN location_mappings AS mapping ON mapping.connector_id = work.connector_id
      AND mapping.external_location_id = work.external_location_id
    LEFT JOIN stores ON stores.id = mapping.store_id
    WHERE work.connector_id = ?2 AND work.organization_id = ?1 AND work.deleted_at IS NULL
      AND work.team_member_id IS NOT NULL AND (?4 IS NULL OR stores.id = ?4))
  WHERE place = 1)
SELECT '[' || coalesce(group_concat(item, ','), '') || ']' FROM (
  SELECT json_object('id', person.id, 'account', person.organization_id,
    'store', coalesce(place.product_ref, place.id), 'store_name', place.name,
    'seven_shifts_id', person.external_id,
    'seven_shifts_location_id', place.external_location_id,
    'email', coalesce(person.email, ?6 || person.external_id || ?7, ''),
    'phone', coalesce(person.mobile_number, ''),
    'first_name', person.first_name, 'last_name', person.last_name,
    'full_name', trim(person.first_name || ' ' || person.last_name),
    'is_active', json(iif(person.is_active, 'true', 'false')),
    'synced_at', ",
    synced_at!("users", "person"),
    ") AS item
  FROM team_members AS person LEFT JOIN place ON place.team_member_id = person.id
  WHERE person.connector_id = ?2 AND person.organization_id = ?1 AND person.deleted_at IS NULL
    AND (person.is_active = 1 OR NOT ?5)
    AND (?4 IS NULL OR place.team_member_id IS NOT NULL) AND ",
    is_staff!("person.id"),
    "
  ORDER BY person.last_name COLLATE NOCASE, person.first_name COLLATE NOCASE, person.id
  LIMIT ?8)"
);

/// The people by last and first name, as one JSON array.
///
/// # Errors
/// The failure of the statement.
pub async fn employees<E: Execute>(
    database: &E,
    staff: Staff<'_>,
    filter: EmployeeFilter<'_>,
) -> Result<String, DatabaseError> {
    let parameters = parameters![
        staff.tenant.as_str(),
        staff.connector_id,
        role_names(database, staff).await?,
        filter.store_id,
        filter.active_only,
        filter.placeholder.map(|(before, _)| before),
        filter.placeholder.map(|(_, after)| after),
        MAX_EMPLOYEES,
    ];
    one_text(&database.execute(EMPLOYEES, parameters).await?)
}

#[derive(Clone, Copy, Debug)]
pub struct ShiftFilter<'a> {
    pub store_id: Option<&'a str>,
    /// Unix seconds of the start, both included.
    pub from: i64,
    pub to: Option<i64>,
    /// As in [`EmployeeFilter`].
    pub placeholder: Option<(&'a str, &'a str)>,
}

const SHIFTS: &str = concat!(
    "
SELECT '[' || coalesce(group_concat(item, ','), '') || ']' FROM (
  SELECT json_object('id', shift.id, 'employee', person.id,
    'employee_name', trim(person.first_name || ' ' || person.last_name),
    'employee_email', coalesce(person.email, ?7 || person.external_id || ?8, ''),
    'store', coalesce(stores.product_ref, stores.id), 'store_name', stores.name,
    'seven_shifts_shift_id', shift.external_id,
    'start_time', ",
    seconds!("shift.starts_at"),
    ", 'end_time', ",
    seconds!("shift.ends_at"),
    ", 'role', coalesce(roles.name, ''),
    'synced_at', ",
    synced_at!("shifts", "shift"),
    ") AS item
  FROM (
    SELECT shift.id, shift.starts_at FROM schedule_shifts AS shift INDEXED BY schedule_shifts_assigned
    WHERE shift.organization_id = ?1 AND shift.connector_id = ?2
      AND shift.starts_at >= ?4 AND (?5 IS NULL OR shift.starts_at <= ?5)
      AND shift.deleted_at IS NULL AND shift.team_member_id IS NOT NULL
      AND (?6 IS NULL OR shift.external_location_id IN (
        SELECT external_location_id FROM location_mappings
        WHERE organization_id = ?1 AND store_id = ?6 AND connector_id = ?2))
      AND NOT ",
    is_gone!(),
    "
      AND ",
    is_staff!("shift.team_member_id"),
    "
    ORDER BY shift.starts_at, shift.id LIMIT ?9) AS first
  CROSS JOIN schedule_shifts AS shift ON shift.id = first.id
  CROSS JOIN team_members AS person ON person.id = shift.team_member_id
  LEFT JOIN roles ON roles.connector_id = shift.connector_id
    AND roles.external_id = shift.external_role_id
  LEFT JOIN location_mappings AS mapping ON mapping.connector_id = shift.connector_id
    AND mapping.external_location_id = shift.external_location_id
  LEFT JOIN stores ON stores.id = mapping.store_id
  ORDER BY first.starts_at, first.id)"
);

/// The first shifts of people by start, as one JSON array.
///
/// # Errors
/// The failure of the statement.
pub async fn shifts<E: Execute>(
    database: &E,
    staff: Staff<'_>,
    filter: ShiftFilter<'_>,
) -> Result<String, DatabaseError> {
    let parameters = parameters![
        staff.tenant.as_str(),
        staff.connector_id,
        role_names(database, staff).await?,
        filter.from,
        filter.to,
        filter.store_id,
        filter.placeholder.map(|(before, _)| before),
        filter.placeholder.map(|(_, after)| after),
        MAX_SHIFTS,
    ];
    one_text(&database.execute(SHIFTS, parameters).await?)
}

/// Runs of people and of shifts, those that were asked for as one as one. Each stream's newest are
/// enough: what belongs together began together.
const LOG: &str = concat!(
    "
WITH run AS (
  SELECT * FROM (SELECT * FROM sync_runs INDEXED BY sync_runs_connector
    WHERE connector_id = ?2 AND stream = 'users' AND organization_id = ?1 AND finished_at IS NOT NULL
    ORDER BY started_at DESC LIMIT 2 * ?3)
  UNION ALL
  SELECT * FROM (SELECT * FROM sync_runs INDEXED BY sync_runs_connector
    WHERE connector_id = ?2 AND stream = 'shifts' AND organization_id = ?1 AND finished_at IS NOT NULL
    ORDER BY started_at DESC LIMIT 2 * ?3)),
entry AS (
  SELECT coalesce(request_id, id) AS id,
    CASE WHEN count(*) > 1 THEN 'FULL' WHEN min(stream) = 'users' THEN 'EMPLOYEES' ELSE 'SHIFTS' END AS sync_type,
    CASE WHEN min(status) = 'success' AND max(status) = 'success' THEN 'SUCCESS'
      WHEN min(status) = 'failed' AND max(status) = 'failed' THEN 'FAILED' ELSE 'PARTIAL' END AS status,
    sum(created + updated + unchanged) AS items_synced, sum(max(errors, status = 'failed')) AS errors_count,
    json_group_array(DISTINCT error_detail) FILTER (WHERE error_detail IS NOT NULL) AS error_details,
    min(started_at) AS started_at, max(finished_at) AS completed_at
  FROM run
  -- What was asked for as one is one when all of it has ended.
  WHERE NOT EXISTS (
    SELECT 1 FROM jobs WHERE kind = 'sync' AND subject = ?2 AND name IN ('users', 'shifts')
      AND run.request_id IN (params ->> 'request_id', requested_params ->> 'request_id'))
  GROUP BY coalesce(request_id, id)
  ORDER BY min(started_at) DESC, id DESC LIMIT ?3)
SELECT '[' || coalesce(group_concat(item, ','), '') || ']' FROM (
  SELECT json_object('id', id, 'account', ?1, 'sync_type', sync_type, 'status', status,
    'items_synced', items_synced, 'errors_count', errors_count,
    'error_details', json(coalesce(error_details, '[]')),
    'started_at', ",
    seconds!("started_at"),
    ", 'completed_at', ",
    seconds!("completed_at"),
    ", 'duration_seconds', max(0, completed_at - started_at)) AS item
  FROM entry ORDER BY entry.started_at DESC, entry.id DESC)"
);

/// The newest syncs of people and shifts that have ended, as one JSON array, newest first; `limit`
/// of at most [`MAX_LOG`].
///
/// # Errors
/// The failure of the statement.
pub async fn log<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    limit: i64,
) -> Result<String, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, limit.clamp(1, MAX_LOG)];
    one_text(&database.execute(LOG, parameters).await?)
}

/// How the people stand to the accounts of the product.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct UserMapping {
    pub mapped: i64,
    pub unmapped: i64,
    pub without_email: i64,
    pub unmapped_without_email: i64,
    /// Of those who are not mapped, the first ones.
    pub unmapped_people: Vec<Person>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Person {
    pub external_id: String,
    pub name: String,
    pub email: Option<String>,
}

const USER_MAPPING: &str = concat!(
    "
WITH person AS MATERIALIZED (
  SELECT person.external_id, person.email, person.product_ref,
    trim(person.first_name || ' ' || person.last_name) AS name
  FROM team_members AS person
  WHERE person.connector_id = ?2 AND person.organization_id = ?1
    AND person.is_active = 1 AND person.deleted_at IS NULL AND ",
    is_staff!("person.id"),
    ")
SELECT json_object(
  'mapped', count(*) FILTER (WHERE product_ref IS NOT NULL),
  'unmapped', count(*) FILTER (WHERE product_ref IS NULL),
  'without_email', count(*) FILTER (WHERE email IS NULL),
  'unmapped_without_email', count(*) FILTER (WHERE email IS NULL AND product_ref IS NULL),
  'unmapped_people', (SELECT json_group_array(json_object('external_id', external_id, 'name', name, 'email', email))
    FROM (SELECT * FROM person WHERE product_ref IS NULL ORDER BY external_id LIMIT ?4)))
FROM person"
);

/// # Errors
/// The failure of the statement.
pub async fn user_mapping<E: Execute>(
    database: &E,
    staff: Staff<'_>,
    details: i64,
) -> Result<UserMapping, DatabaseError> {
    let parameters = parameters![
        staff.tenant.as_str(),
        staff.connector_id,
        role_names(database, staff).await?,
        details,
    ];
    json::read(&database.execute(USER_MAPPING, parameters).await?)
}

const REASONS: &str = "
SELECT json_group_array(external_id || ': ' || reason) FROM (
  SELECT external_id, reason FROM quarantined_records INDEXED BY quarantined_records_organization
  WHERE organization_id = ?1 AND connector_id = ?2 AND stream = ?3 AND run_id = ?4
  ORDER BY external_id LIMIT ?5)";

/// Why a run could not store records, the first `limit` of them.
///
/// # Errors
/// The failure of the statement.
pub async fn reasons<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    (stream, run_id): (&str, &str),
    limit: i64,
) -> Result<Vec<String>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, stream, run_id, limit];
    json::read(&database.execute(REASONS, parameters).await?)
}

fn one_text(rows: &[crate::Row]) -> Result<String, DatabaseError> {
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no list".to_owned()))?
        .text(0)
        .map(str::to_owned)
}
