//! What labour cost is computed from: who is paid what for which role, and who worked when; and the
//! cache of the rates.

use domain::access::Tenant;
use domain::labor_cost::{
    Assignment, RULES_VERSION, Rates, Staff, StaffMember, StaffRole, Wage, Worked,
};
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// What is known of an organization's rates before they are computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// IANA name; the organization's.
    pub time_zone: String,
    pub basis: Basis,
    /// `None` where they were never computed, or by other rules.
    pub cached: Option<Cached>,
}

/// What rates rest on: where it is the same, so are the rates of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The newest change of any row.
    pub changed_seq: i64,
    /// Whose people count: the connectors that are not disconnected, in order.
    pub connector_ids: Vec<String>,
}

impl Basis {
    fn of(changed_seq: i64, mut connector_ids: Vec<String>) -> Self {
        connector_ids.sort_unstable();
        Self {
            changed_seq,
            connector_ids,
        }
    }
}

/// Rates as they were computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// `YYYY-MM-DD`, local to the organization.
    pub rate_date: String,
    pub basis: Basis,
    pub rates: Rates,
}

/// What is kept of it as JSON.
#[derive(Serialize, Deserialize)]
struct Kept<R> {
    connector_ids: Vec<String>,
    rates: R,
}

impl Known {
    /// The rates, if they still hold on this day.
    #[must_use]
    pub fn current(&mut self, today: &str) -> Option<Rates> {
        let basis = &self.basis;
        self.cached
            .take_if(|cached| cached.rate_date == today && cached.basis == *basis)
            .map(|cached| cached.rates)
    }
}

/// Every change draws a higher number from one counter, in the transaction that commits it. So the
/// newest of all tells of any.
macro_rules! changed_seq {
    () => {
        "max(
  coalesce((SELECT max(changed_seq) FROM team_member_wages WHERE organization_id = ?1), 0),
  coalesce((SELECT max(changed_seq) FROM team_member_role_assignments WHERE organization_id = ?1), 0),
  coalesce((SELECT max(changed_seq) FROM team_members WHERE organization_id = ?1), 0),
  coalesce((SELECT max(changed_seq) FROM roles WHERE organization_id = ?1), 0),
  coalesce((SELECT max(changed_seq) FROM locations WHERE organization_id = ?1), 0))"
    };
}

/// The connectors that count, by the index of their keys.
macro_rules! connectors {
    ($what:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM connectors WHERE organization_id = ?1 AND state <> 'disconnected'"
        )
    };
}

const KNOWN: &str = concat!(
    "SELECT organizations.time_zone, ",
    changed_seq!(),
    ", (",
    connectors!("json_group_array(id)"),
    "), cached.rate_date, cached.changed_seq, cached.rates
FROM organizations
LEFT JOIN role_labor_rates AS cached
  ON cached.organization_id = organizations.id AND cached.rules_version = ?2
WHERE organizations.id = ?1"
);

/// `None`: there is no such organization.
///
/// # Errors
/// The failure of the statement.
pub async fn known<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Known>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), RULES_VERSION];
    let Some(row) = database.read_row(KNOWN, parameters).await? else {
        return Ok(None);
    };
    let cached = match row.optional_text(3)? {
        Some(rate_date) => {
            let kept: Kept<Rates> = json::parse(row.text(5)?)?;
            Some(Cached {
                rate_date: rate_date.to_owned(),
                basis: Basis::of(row.integer(4)?, kept.connector_ids),
                rates: kept.rates,
            })
        }
        None => None,
    };
    Ok(Some(Known {
        time_zone: row.text(0)?.to_owned(),
        basis: Basis::of(row.integer(1)?, json::parse(row.text(2)?)?),
        cached,
    }))
}

/// Arrays instead of objects: there may be 20,000 people.
const STAFF: &str = concat!(
    "SELECT json_object(
  'changed_seq', ",
    changed_seq!(),
    ",
  'connector_ids', json((",
    connectors!("json_group_array(id)"),
    ")),
  'roles', json((
    SELECT json_group_array(json_array(id, connector_id, external_id, name))
    FROM roles WHERE organization_id = ?1 AND deleted_at IS NULL AND connector_id IN (",
    connectors!("id"),
    "))),
  'people', json((
    SELECT json_group_array(json_array(person.connector_id,
      json((SELECT json_group_array(json_array(external_role_id, wage_type = 'hourly', wage_cents,
          effective_date, CAST(external_id AS INTEGER)))
        FROM team_member_wages
        WHERE organization_id = ?1 AND team_member_id = person.id AND deleted_at IS NULL
          AND effective_date <= ?2)),
      json((SELECT json_group_array(json_array(work.external_role_id, locations.id))
        FROM team_member_role_assignments AS work
        LEFT JOIN locations ON locations.connector_id = work.connector_id
          AND locations.external_id = work.external_location_id AND locations.deleted_at IS NULL
        WHERE work.organization_id = ?1 AND work.team_member_id = person.id
          AND work.deleted_at IS NULL))))
    FROM team_members AS person
    WHERE person.organization_id = ?1 AND person.is_active = 1 AND person.deleted_at IS NULL
      AND person.connector_id IN (",
    connectors!("id"),
    "))))"
);

#[derive(Deserialize)]
struct StaffRow {
    changed_seq: i64,
    connector_ids: Vec<String>,
    roles: Vec<(String, String, String, String)>,
    people: Vec<(String, Vec<WageRow>, Vec<AssignmentRow>)>,
}

type WageRow = (Option<String>, u8, i64, String, i64);
type AssignmentRow = (String, Option<String>);

/// Who is paid what by `today` (`YYYY-MM-DD`), of the connectors that are not disconnected; and what that is.
///
/// # Errors
/// The failure of the statement.
pub async fn staff<E: Execute>(
    database: &E,
    tenant: &Tenant,
    today: &str,
) -> Result<(Staff, Basis), DatabaseError> {
    let rows = database
        .execute(STAFF, parameters![tenant.as_str(), today])
        .await?;
    let found: StaffRow = json::read(&rows)?;
    let roles = found.roles.into_iter();
    let roles = roles.map(|(id, connector_id, external_id, name)| StaffRole {
        id,
        connector_id,
        external_id,
        name,
    });
    let people = found.people.into_iter();
    let people = people.map(|(connector_id, wages, work)| StaffMember {
        connector_id,
        wages: wages.into_iter().map(wage).collect(),
        assignments: work
            .into_iter()
            .map(|(external_role_id, location_id)| Assignment {
                external_role_id,
                location_id,
            })
            .collect(),
    });
    let staff = Staff {
        roles: roles.collect(),
        people: people.collect(),
    };
    Ok((staff, Basis::of(found.changed_seq, found.connector_ids)))
}

fn wage((external_role_id, is_hourly, cents, effective_date, number): WageRow) -> Wage {
    Wage {
        external_role_id,
        is_hourly: is_hourly != 0,
        cents,
        effective_date,
        number,
    }
}

/// Whoever comes last stands, also with older rows: the next reader sees that they are older. Nothing is
/// kept of an organization that is being removed.
const KEEP: &str = "
INSERT INTO role_labor_rates (organization_id, rate_date, changed_seq, rules_version, rates, computed_at)
SELECT id, ?2, ?3, ?4, ?5, ?6 FROM organizations WHERE id = ?1 AND state = 'active'
ON CONFLICT (organization_id) DO UPDATE SET
  rate_date = excluded.rate_date, changed_seq = excluded.changed_seq,
  rules_version = excluded.rules_version, rates = excluded.rates, computed_at = excluded.computed_at";

/// Keeps rates that were computed, for the next reader.
///
/// # Errors
/// The failure of the statement.
pub async fn keep<E: Execute>(
    database: &E,
    tenant: &Tenant,
    cached: &Cached,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        cached.rate_date.as_str(),
        cached.basis.changed_seq,
        RULES_VERSION,
        json::write(&Kept {
            connector_ids: cached.basis.connector_ids.clone(),
            rates: &cached.rates,
        })?,
        now,
    ];
    database.execute(KEEP, parameters).await.map(drop)
}

const PLACES: &str = "
SELECT json_object(
  'locations', json((
    SELECT json_group_array(json_object('id', id, 'name', name, 'time_zone', time_zone))
    FROM locations WHERE organization_id = ?1)),
  'roles', json((
    SELECT json_group_array(json_array(id, name)) FROM roles WHERE organization_id = ?1)))";

/// Where people have worked, and as what; deleted or not, of whatever connector.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Places {
    pub locations: Vec<Location>,
    /// Ids and names.
    pub roles: Vec<(String, String)>,
}

/// A location, deleted or not.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Location {
    pub id: String,
    pub name: String,
    /// IANA name, as the provider has it.
    pub time_zone: Option<String>,
}

/// Every location and role that there is or was.
///
/// # Errors
/// The failure of the statement.
pub async fn places<E: Execute>(database: &E, tenant: &Tenant) -> Result<Places, DatabaseError> {
    json::read(
        &database
            .execute(PLACES, parameters![tenant.as_str()])
            .await?,
    )
}

/// By the day of the start; `?2` are the days, `?3` the only location that is asked for.
macro_rules! worked {
    ($table:literal, $index:literal, $start:literal, $seconds:literal, $open_ended:literal, $condition:literal) => {
        concat!(
            "json((
    SELECT json_group_array(json_object('day', day, 'location_id', locations.id,
      'role_name', roles.name, 'seconds', seconds, 'open_ended', open_ended))
    FROM (
      SELECT day.key AS day, work.connector_id, work.external_location_id, work.external_role_id,
        coalesce(sum(",
            $seconds,
            "), 0) AS seconds, sum(",
            $open_ended,
            ") AS open_ended
      FROM json_each(?2) AS day
      CROSS JOIN ",
            $table,
            " AS work INDEXED BY ",
            $index,
            " ON work.organization_id = ?1
        AND work.",
            $start,
            " >= day.value ->> 0 AND work.",
            $start,
            " < day.value ->> 1
      WHERE work.deleted_at IS NULL AND ",
            $condition,
            " AND (?3 IS NULL OR (work.connector_id, work.external_location_id) = (
          SELECT connector_id, external_id FROM locations WHERE id = ?3 AND organization_id = ?1))
      GROUP BY day.key, work.connector_id, work.external_location_id, work.external_role_id) AS worked
    LEFT JOIN locations ON locations.connector_id = worked.connector_id
      AND locations.external_id = worked.external_location_id
    LEFT JOIN roles ON roles.connector_id = worked.connector_id
      AND roles.external_id = worked.external_role_id))"
        )
    };
}

/// Shifts as people see them: published, of somebody, not deleted. One until closing has the end that was
/// entered for it, which is an estimate; nobody knows how long a punch is that is still running.
const WORKED: &str = concat!(
    "SELECT json_object('shifts', ",
    worked!(
        "schedule_shifts",
        "schedule_shifts_start",
        "starts_at",
        "max(0, work.ends_at - work.starts_at - work.unpaid_break_minutes * 60)",
        "work.is_close",
        "work.external_user_id IS NOT NULL"
    ),
    ", 'punches', ",
    worked!(
        "time_punches",
        "time_punches_clocked_in",
        "clocked_in_at",
        "CASE WHEN work.clocked_out_at IS NOT NULL THEN coalesce(work.worked_seconds, work.worked_minutes * 60) END",
        "work.clocked_out_at IS NULL",
        "true"
    ),
    ")"
);

/// What began on these days, each from its first second to before its last, Unix seconds; at one location or
/// everywhere. Days of several zones overlap: which of them counts for a location is its zone's to say.
///
/// # Errors
/// The failure of the statement.
pub async fn worked<E: Execute>(
    database: &E,
    tenant: &Tenant,
    days: &[(i64, i64)],
    location_id: Option<&str>,
) -> Result<Worked, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(days)?, location_id];
    json::read(&database.execute(WORKED, parameters).await?)
}
