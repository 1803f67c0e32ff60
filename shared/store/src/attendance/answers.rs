//! What is asked of what the Delta Engine has found, and of sick leave and availability: one statement each.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute, Value};
use crate::lists::{FULL_NAME_OF_MEMBER, TIME_OFF_CATEGORY};
use crate::{json, parameters};

/// Which part of the time, people and places.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// `YYYY-MM-DD`, both included.
    pub from: &'a str,
    pub to: &'a str,
    pub team_member_id: Option<&'a str>,
    pub location_id: Option<&'a str>,
}

/// What one person's work at one location comes to, in one role: a price is a role's.
#[derive(Clone, Debug, Deserialize)]
pub struct Sums {
    pub team_member_id: String,
    pub connector_id: String,
    pub external_location_id: Option<String>,
    pub external_role_id: Option<String>,
    /// Works, by category.
    pub on_time: i64,
    pub late_arrival: i64,
    pub early_departure: i64,
    pub no_show: i64,
    pub unscheduled: i64,
    pub overtime: i64,
    pub short_shift: i64,
    pub works: i64,
    /// Minutes are those of each work, added up: rounded first, so that who adds up the rows gets the same.
    pub scheduled_minutes: i64,
    pub worked_minutes: i64,
    /// Worked minus scheduled, of works of which both are known.
    pub net_minutes: i64,
    /// Works with a shift and a punch of which one of the two is not known.
    pub works_not_compared: i64,
    /// Of late arrivals.
    pub late_minutes: i64,
    /// Of early departures.
    pub early_departure_minutes: i64,
    /// Over what was scheduled, of overtime.
    pub overtime_minutes: i64,
    /// Under what was scheduled, of short shifts.
    pub short_shift_minutes: i64,
}

/// What is added up, as [`Sums`] has it. Differences of times are cut to whole minutes, durations go to the nearest one,
/// as [`domain::attendance::event::Event::minutes`] has it. 24: `no_show` and `unscheduled`, which have nothing to be
/// compared.
const ADDED_UP: &[(&str, &str)] = &[
    ("on_time", "sum(categories & 1)"),
    ("late_arrival", "sum((categories >> 1) & 1)"),
    ("early_departure", "sum((categories >> 2) & 1)"),
    ("no_show", "sum((categories >> 3) & 1)"),
    ("unscheduled", "sum((categories >> 4) & 1)"),
    ("overtime", "sum((categories >> 5) & 1)"),
    ("short_shift", "sum((categories >> 6) & 1)"),
    ("works", "count(*)"),
    ("scheduled_minutes", "sum((scheduled_seconds + 30) / 60)"),
    ("worked_minutes", "sum((worked_seconds + 30) / 60)"),
    ("net_minutes", "sum(delta_minutes)"),
    (
        "works_not_compared",
        "sum(delta_minutes IS NULL AND categories & 24 = 0)",
    ),
    (
        "late_minutes",
        "sum(arrival_seconds / 60) FILTER (WHERE categories & 2)",
    ),
    (
        "early_departure_minutes",
        "sum(-departure_seconds / 60) FILTER (WHERE categories & 4)",
    ),
    (
        "overtime_minutes",
        "sum(abs(delta_minutes)) FILTER (WHERE categories & 32)",
    ),
    (
        "short_shift_minutes",
        "sum(abs(delta_minutes)) FILTER (WHERE categories & 64)",
    ),
];

/// Month by month, as the covering index has them, so that only what the months come to is sorted.
fn sums_sql() -> String {
    let of_each = |each: &dyn Fn(&str, &str) -> String| {
        let all: Vec<_> = ADDED_UP.iter().map(|(name, sum)| each(name, sum)).collect();
        all.join(", ")
    };
    let of_month = of_each(&|name, sum| format!("{sum} AS {name}"));
    let of_all = of_each(&|name, _| format!("coalesce(sum({name}), 0) AS {name}"));
    let fields = of_each(&|name, _| format!("'{name}', {name}"));
    format!(
        "SELECT json_group_array(json_object('team_member_id', team_member_id, 'connector_id', connector_id,
           'external_location_id', external_location_id, 'external_role_id', external_role_id, {fields}))
         FROM (
           SELECT team_member_id, connector_id, external_location_id, external_role_id, {of_all}
           FROM (
             SELECT team_member_id, connector_id, external_location_id, external_role_id, {of_month}
             FROM attendance_deltas AS record INDEXED BY attendance_deltas_summary
             WHERE {OF_THESE_DAYS}
             GROUP BY substr(event_date, 1, 7), team_member_id, connector_id, external_location_id, external_role_id)
           GROUP BY team_member_id, connector_id, external_location_id, external_role_id)"
    )
}

/// Parameters: 1 organization, 2 and 3 the days, 4 person, 5 location.
const OF_THESE_DAYS: &str = "organization_id = ?1 AND substr(event_date, 1, 7) BETWEEN substr(?2, 1, 7) AND substr(?3, 1, 7)
  AND event_date BETWEEN ?2 AND ?3 AND (?4 IS NULL OR team_member_id = ?4)
  AND (?5 IS NULL OR (connector_id, external_location_id) = (
    SELECT connector_id, external_id FROM locations WHERE locations.id = ?5 AND locations.organization_id = ?1))";

/// What works of these days come to.
///
/// # Errors
/// The failure of the statement.
pub async fn sums<E: Execute>(
    database: &E,
    tenant: &Tenant,
    asked: Asked<'_>,
) -> Result<Vec<Sums>, DatabaseError> {
    json::read(&database.execute(&sums_sql(), &of(tenant, asked)).await?)
}

/// Points of one person, of these days and over the rolling window that ends with the last of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Points {
    pub team_member_id: String,
    pub connector_id: String,
    pub external_location_id: Option<String>,
    pub points: i64,
    pub window_points: i64,
}

/// As [`sums_sql`]. The days are those of the window, or those asked for where they begin before it.
fn points_sql() -> String {
    format!(
        "SELECT json_group_array(json_object('team_member_id', team_member_id, 'connector_id', connector_id,
           'external_location_id', external_location_id, 'points', points, 'window_points', window_points))
         FROM (
           SELECT team_member_id, connector_id, external_location_id,
             sum(points) AS points, sum(window_points) AS window_points
           FROM (
             SELECT team_member_id, connector_id, external_location_id,
               coalesce(sum(points_assessed) FILTER (WHERE event_date >= ?6), 0) AS points,
               coalesce(sum(points_assessed) FILTER (WHERE event_date >= ?7), 0) AS window_points
             FROM attendance_records AS record INDEXED BY attendance_records_points
             WHERE {OF_THESE_DAYS} AND deleted_at IS NULL AND points_assessed <> 0
             GROUP BY substr(event_date, 1, 7), team_member_id, connector_id, external_location_id)
           GROUP BY team_member_id, connector_id, external_location_id)"
    )
}

/// Points that were assessed. `window_from` is the first day of the rolling window.
///
/// # Errors
/// The failure of the statement.
pub async fn points<E: Execute>(
    database: &E,
    tenant: &Tenant,
    asked: Asked<'_>,
    window_from: &str,
) -> Result<Vec<Points>, DatabaseError> {
    let all = Asked {
        from: asked.from.min(window_from),
        ..asked
    };
    let mut parameters = of(tenant, all);
    parameters.push(asked.from.into());
    parameters.push(window_from.into());
    json::read(&database.execute(&points_sql(), &parameters).await?)
}

fn of(tenant: &Tenant, asked: Asked<'_>) -> Vec<Value> {
    let parameters = parameters![
        tenant.as_str(),
        asked.from,
        asked.to,
        asked.team_member_id,
        asked.location_id,
    ];
    parameters.to_vec()
}

/// Who a person is, where a location or role is: names for answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Names {
    pub people: Vec<PersonName>,
    pub locations: Vec<PlaceName>,
    pub roles: Vec<PlaceName>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PersonName {
    pub id: String,
    pub connector_id: String,
    pub name: Option<String>,
    pub hire_date: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PlaceName {
    pub id: String,
    pub connector_id: String,
    pub external_id: String,
    pub name: String,
}

/// Parameters: 1 organization, 2 people.
fn people_json() -> String {
    format!(
        "(SELECT json_group_array(json_object('id', member.id, 'connector_id', member.connector_id,
           'name', {FULL_NAME_OF_MEMBER}, 'hire_date', member.hire_date))
         FROM json_each(?2) AS wanted CROSS JOIN team_members AS member ON member.id = wanted.value
         WHERE member.organization_id = ?1)"
    )
}

/// The names of these people.
///
/// # Errors
/// The failure of the statement.
pub async fn people_names<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[&str],
) -> Result<Vec<PersonName>, DatabaseError> {
    let sql = format!("SELECT {}", people_json());
    let parameters = parameters![tenant.as_str(), json::write(people)?];
    json::read(&database.execute(&sql, parameters).await?)
}

/// The names of these people, and of all locations and roles.
///
/// # Errors
/// The failure of the statement.
pub async fn names<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[&str],
) -> Result<Names, DatabaseError> {
    let people_json = people_json();
    let sql = format!(
        "SELECT json_object(
           'people', json({people_json}),
           'locations', json((
             SELECT json_group_array(json_object('id', id, 'connector_id', connector_id, 'external_id', external_id, 'name', name))
             FROM locations WHERE organization_id = ?1)),
           'roles', json((
             SELECT json_group_array(json_object('id', id, 'connector_id', connector_id, 'external_id', external_id, 'name', name))
             FROM roles WHERE organization_id = ?1)))"
    );
    let parameters = parameters![tenant.as_str(), json::write(people)?];
    json::read(&database.execute(&sql, parameters).await?)
}

/// People for answers that have a row for each of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeopleAsked<'a> {
    /// By their ids, also who is not at work any more; `None`: all who are.
    pub ids: Option<&'a [&'a str]>,
    pub location_id: Option<&'a str>,
    /// Behind this id.
    pub after: Option<&'a str>,
    pub limit: u32,
}

/// Parameters: 1 organization, 2 after, 3 location, 4 limit, 5 ids where they are given.
fn people_sql(has_ids: bool) -> String {
    let from = if has_ids {
        "json_each(?5) AS wanted CROSS JOIN team_members AS member ON member.id = wanted.value"
    } else {
        "team_members AS member INDEXED BY team_members_organization"
    };
    let only = if has_ids {
        ""
    } else {
        "AND member.is_active = 1"
    };
    format!(
        "SELECT json_group_array(id) FROM (
           SELECT member.id FROM {from}
           WHERE member.organization_id = ?1 AND member.id > ?2 AND member.deleted_at IS NULL {only}
             AND (?3 IS NULL OR EXISTS (
               SELECT 1 FROM team_member_role_assignments AS work
               CROSS JOIN locations ON locations.id = ?3 AND locations.organization_id = ?1
               WHERE work.organization_id = ?1 AND work.team_member_id = member.id AND work.deleted_at IS NULL
                 AND work.connector_id = locations.connector_id AND work.external_location_id = locations.external_id))
           ORDER BY member.id LIMIT ?4)"
    )
}

/// People by id, and one more than the limit where there are more.
///
/// # Errors
/// The failure of the statement.
pub async fn people<E: Execute>(
    database: &E,
    tenant: &Tenant,
    asked: PeopleAsked<'_>,
) -> Result<Vec<String>, DatabaseError> {
    let mut parameters = parameters![
        tenant.as_str(),
        asked.after.unwrap_or_default(),
        asked.location_id,
        i64::from(asked.limit).saturating_add(1),
    ]
    .to_vec();
    if let Some(ids) = asked.ids {
        parameters.push(json::write(ids)?.into());
    }
    let sql = people_sql(asked.ids.is_some());
    json::read(&database.execute(&sql, &parameters).await?)
}

/// Approved time off of people, whatever its category.
#[derive(Clone, Debug, Deserialize)]
pub struct ApprovedTimeOff {
    pub id: String,
    pub team_member_id: String,
    pub start_date: String,
    pub end_date: String,
    pub is_partial_day: i64,
    pub partial_start: Option<String>,
    pub partial_end: Option<String>,
    /// As the organization has it: `vacation`, `sick`, `personal` or `other`.
    pub category: String,
}

/// Approved time off that touches these days.
///
/// # Errors
/// The failure of the statement.
pub async fn time_off<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[&str],
    (from, to): (&str, &str),
) -> Result<Vec<ApprovedTimeOff>, DatabaseError> {
    let sql = format!(
        "SELECT json_group_array(json_object('id', record.id, 'team_member_id', record.team_member_id,
           'start_date', record.start_date, 'end_date', record.end_date, 'is_partial_day', record.is_partial_day,
           'partial_start', record.partial_start, 'partial_end', record.partial_end, 'category', {TIME_OFF_CATEGORY}))
         FROM json_each(?2) AS wanted CROSS JOIN time_off_requests AS record INDEXED BY time_off_requests_member
           ON record.organization_id = ?1 AND record.team_member_id = wanted.value
         CROSS JOIN organizations ON organizations.id = record.organization_id
         WHERE record.deleted_at IS NULL AND record.status = 'approved' AND record.end_date >= ?3
           AND record.start_date <= ?4"
    );
    let parameters = parameters![tenant.as_str(), json::write(people)?, from, to];
    json::read(&database.execute(&sql, parameters).await?)
}

/// What somebody has said of a day of the week.
#[derive(Clone, Debug, Deserialize)]
pub struct SaidAvailability {
    pub team_member_id: String,
    pub day_of_week: i64,
    pub is_available: i64,
    pub available_from: Option<String>,
    pub available_to: Option<String>,
    pub is_recurring: i64,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    pub specific_date: Option<String>,
    pub changed_seq: i64,
}

const AVAILABILITY: &str = "
SELECT json_group_array(json_object('team_member_id', said.team_member_id, 'day_of_week', said.day_of_week,
  'is_available', said.is_available, 'available_from', said.available_from, 'available_to', said.available_to,
  'is_recurring', said.is_recurring, 'valid_from', said.valid_from, 'valid_to', said.valid_to,
  'specific_date', said.specific_date, 'changed_seq', said.changed_seq))
FROM json_each(?2) AS wanted CROSS JOIN team_member_availability AS said INDEXED BY team_member_availability_member
  ON said.organization_id = ?1 AND said.team_member_id = wanted.value
WHERE said.deleted_at IS NULL AND said.status = 'approved'";

/// What people have said of when they can work, and what was approved of it.
///
/// # Errors
/// The failure of the statement.
pub async fn availability<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[&str],
) -> Result<Vec<SaidAvailability>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(people)?];
    json::read(&database.execute(AVAILABILITY, parameters).await?)
}

/// Which person of the tenant the product calls so: where several accounts bring the same one, all of them.
///
/// # Errors
/// The failure of the statement.
pub async fn called<E: Execute>(
    database: &E,
    tenant: &Tenant,
    product_ref: &str,
) -> Result<Vec<String>, DatabaseError> {
    let sql = "SELECT json_group_array(id) FROM team_members INDEXED BY team_members_product_ref
      WHERE organization_id = ?1 AND product_ref = ?2 AND deleted_at IS NULL";
    json::read(
        &database
            .execute(sql, parameters![tenant.as_str(), product_ref])
            .await?,
    )
}

/// A location of a connector.
#[derive(Clone, Debug, Deserialize)]
pub struct PlaceOfWork {
    pub connector_id: String,
    pub external_location_id: String,
}

const WORKS_AT: &str = "
SELECT json_group_array(json_object('connector_id', connector_id, 'external_location_id', external_location_id))
FROM (
  SELECT DISTINCT work.connector_id, work.external_location_id
  FROM json_each(?2) AS wanted CROSS JOIN team_member_role_assignments AS work INDEXED BY team_member_role_assignments_member
    ON work.organization_id = ?1 AND work.team_member_id = wanted.value
  WHERE work.deleted_at IS NULL AND work.external_location_id IS NOT NULL)";

/// Where these people work.
///
/// # Errors
/// The failure of the statement.
pub async fn works_at<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[String],
) -> Result<Vec<PlaceOfWork>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(people)?];
    json::read(&database.execute(WORKS_AT, parameters).await?)
}
