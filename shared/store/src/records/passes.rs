//! Deletion by absence: a complete pass notes what it saw; what is left over is gone.
//!
//! A pass is named by the id of its run. The order is: [`open_pass`] before the first note,
//! [`mark_seen`] with every page, and when the last page is in, [`outside_ids`] until none is left,
//! [`is_open`] and [`absent`] for the brake, then [`sweep_absent`] step by step, and when it is saved that the sweep is through,
//! [`forget_pass`] until it returns false. Refused records were seen too: note them, or the sweep
//! deletes their rows. A pass that met a record without a legible id cannot tell what is absent;
//! nor can one that is not open, for without its notes everything seems to be.

use super::resource::Resource;
use super::tombstones::tombstone;
use super::write::took_the_place;
use super::{Scope, unsigned};
use crate::database::{DatabaseError, Execute, Row, Value};
use crate::{json, parameters};

/// The part of a table that a pass covered, by start of the shift or clock-in: `from <= t < to`. Of
/// wages, `to` is the time by which a later one has taken the place of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<'a> {
    pub from: i64,
    pub to: i64,
    /// The only location that the connector brings, by the provider's id: rows of others are covered
    /// at any time, for the connector has brought more before.
    pub location: Option<&'a str>,
}

impl Window<'_> {
    /// Everything, for a pass without bounds.
    pub const ALL: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
        location: None,
    };
}

/// What a complete pass did not see, in records of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Live ones within the window.
    pub live: u64,
    /// Those of them that the pass did not see.
    pub absent: u64,
}

/// Where a sweep stands.
#[derive(Clone, Copy, Debug)]
pub struct Sweep<'a> {
    pub resource: Resource,
    pub pass_id: &'a str,
    pub window: Window<'a>,
    /// The `next` of the step before; `None` to begin.
    pub after: Option<&'a str>,
}

impl Sweep<'_> {
    /// `?1` to `?8` of the statements over the next rows.
    fn parameters(&self, scope: &Scope<'_>, limit: u32) -> [Value; 8] {
        [
            scope.tenant.as_str().into(),
            scope.connector_id.into(),
            self.pass_id.into(),
            self.window.from.into(),
            self.window.to.into(),
            self.after.unwrap_or_default().into(),
            i64::from(limit).into(),
            self.window.location.into(),
        ]
    }
}

/// What one step of a sweep did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepStep {
    pub deleted: u64,
    /// Where the next step begins; `None` when the sweep is complete.
    pub next: Option<String>,
}

/// The note that a pass has notes. It sorts before every id, so it is the first that is forgotten.
const OPENED: &str = "";
/// Begins the note that a person was asked for; no id of a record begins so.
const ASKED: &str = "person:";
/// Begins the note that a wage is not paid yet.
const PLANNED: &str = "planned:";

/// Begins the notes of a pass; again is fine.
///
/// # Errors
/// The failure of the statement.
pub async fn open_pass<E: Execute>(transaction: &E, pass_id: &str) -> Result<(), DatabaseError> {
    mark_seen(transaction, pass_id, &[OPENED]).await
}

/// Whether all notes of the pass are there: it was opened, and nobody has begun to forget it.
///
/// # Errors
/// The failure of the statement.
pub async fn is_open<E: Execute>(database: &E, pass_id: &str) -> Result<bool, DatabaseError> {
    let rows = database
        .execute(
            "SELECT EXISTS (SELECT 1 FROM sync_seen WHERE pass_id = ?1 AND external_id = ?2)",
            parameters![pass_id, OPENED],
        )
        .await?;
    exists(&rows)
}

/// Notes that the pass saw these records; repeated ids are fine.
///
/// # Errors
/// The failure of the statement.
pub async fn mark_seen<E: Execute, I: AsRef<str>>(
    transaction: &E,
    pass_id: &str,
    external_ids: &[I],
) -> Result<(), DatabaseError> {
    if external_ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = external_ids.iter().map(AsRef::as_ref).collect();
    transaction
        .execute(
            "INSERT INTO sync_seen (pass_id, external_id)
             SELECT ?1, value FROM json_each(?2) WHERE true ON CONFLICT DO NOTHING",
            parameters![pass_id, json::write(&ids)?],
        )
        .await?;
    Ok(())
}

/// How many live records there are and how many of them the pass did not see, for the brake.
///
/// # Errors
/// The failure of the statement.
pub async fn absent<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    resource: Resource,
    pass_id: &str,
    window: Window<'_>,
) -> Result<Absent, DatabaseError> {
    // The days of a week are one record.
    let counted = match resource {
        Resource::Availability => "DISTINCT record.external_availability_id",
        _ => "*",
    };
    let sql = format!(
        "SELECT count({counted}), count({counted}) FILTER (WHERE NOT EXISTS (
           SELECT 1 FROM sync_seen AS seen
           WHERE seen.pass_id = ?3 AND seen.external_id = record.external_id))
         FROM {} AS record
         WHERE record.connector_id = ?2 AND record.organization_id = ?1
           AND record.deleted_at IS NULL AND {}",
        resource.table(),
        within(resource, "?4", "?5", "?6"),
    );
    let rows = database
        .execute(
            &sql,
            parameters![
                scope.tenant.as_str(),
                scope.connector_id,
                pass_id,
                window.from,
                window.to,
                window.location
            ],
        )
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no counts".to_owned()))?;
    Ok(Absent {
        live: unsigned(row.integer(0)?),
        absent: unsigned(row.integer(1)?),
    })
}

/// The ids of live rows that the pass did not see, after the id `after`, in the order of the ids.
///
/// # Errors
/// The failure of the statement.
pub async fn absent_ids<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    sweep: &Sweep<'_>,
    limit: u32,
) -> Result<Vec<String>, DatabaseError> {
    let sql = format!(
        "SELECT record.external_id FROM {} AS record
         WHERE record.connector_id = ?2 AND record.external_id > ?6
           AND record.organization_id = ?1 AND record.deleted_at IS NULL AND {}
           AND NOT EXISTS (SELECT 1 FROM sync_seen AS seen
             WHERE seen.pass_id = ?3 AND seen.external_id = record.external_id)
         ORDER BY record.external_id LIMIT ?7",
        sweep.resource.table(),
        within(sweep.resource, "?4", "?5", "?8"),
    );
    database
        .execute(&sql, &sweep.parameters(scope, limit))
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect()
}

/// The ids of at most `limit` live rows that are outside of the connector by what is known here, so
/// that no list has to say it: those of other locations than the one that it is kept to, and what
/// people have who are deleted, unless the pass saw it. The window's times do not matter.
///
/// # Errors
/// The failure of the statement.
pub async fn outside_ids<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    resource: Resource,
    pass_id: &str,
    location: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, DatabaseError> {
    let Some(is_outside) = outside(resource, location) else {
        return Ok(Vec::new());
    };
    let sql = format!(
        "SELECT record.external_id FROM {} AS record
         WHERE record.connector_id = ?2 AND record.organization_id = ?1
           AND record.deleted_at IS NULL AND ({is_outside}) AND ?5 IS ?5
           AND NOT EXISTS (SELECT 1 FROM sync_seen AS seen
             WHERE seen.pass_id = ?3 AND seen.external_id = record.external_id)
         ORDER BY record.external_id LIMIT ?4",
        resource.table(),
    );
    let parameters = parameters![
        scope.tenant.as_str(),
        scope.connector_id,
        pass_id,
        i64::from(limit),
        location
    ];
    database
        .execute(&sql, parameters)
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect()
}

/// What of `record` is outside of a connector with this location (`?5`), if anything can be.
fn outside(resource: Resource, location: Option<&str>) -> Option<String> {
    let has_left = || person("NOT NULL");
    match (resource, location) {
        (Resource::Wages, _) | (Resource::RoleAssignments, None) => Some(has_left()),
        (
            Resource::TeamMembers
            | Resource::CustomRecords
            | Resource::Employees
            | Resource::LeaveRequests,
            _,
        )
        | (_, None) => None,
        (Resource::RoleAssignments, Some(_)) => Some(format!(
            "record.external_location_id <> ?5 OR {}",
            has_left()
        )),
        (Resource::Availability | Resource::TimeOff, Some(_)) => Some(has_left()),
        (Resource::Locations, Some(_)) => Some("record.external_id <> ?5".to_owned()),
        (
            Resource::Departments | Resource::Roles | Resource::Shifts | Resource::TimePunches,
            Some(_),
        ) => Some("record.external_location_id <> ?5".to_owned()),
    }
}

/// Whether there is a person of `record` whose `deleted_at` is so.
fn person(is: &str) -> String {
    format!(
        "EXISTS (
           SELECT 1 FROM team_members AS member
           WHERE member.connector_id = record.connector_id
             AND member.external_id = record.external_user_id
             AND member.deleted_at IS {is})"
    )
}

/// Looks at the next `limit` rows of the connector and deletes those that the pass did not see;
/// call it inside a transaction, step by step until `next` is `None`.
///
/// # Errors
/// The failure of a statement.
pub async fn sweep_absent<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    sweep: &Sweep<'_>,
    limit: u32,
    deleted_at: i64,
    now_micros: i64,
) -> Result<SweepStep, DatabaseError> {
    let resource = sweep.resource;
    let sql = format!(
        "SELECT max(record.external_id), count(*), json_group_array(record.external_id) FILTER (
           WHERE record.organization_id = ?1 AND record.deleted_at IS NULL AND {}
             AND NOT EXISTS (SELECT 1 FROM sync_seen AS seen
               WHERE seen.pass_id = ?3 AND seen.external_id = record.external_id))
         FROM (SELECT * FROM {} WHERE connector_id = ?2 AND external_id > ?6
               ORDER BY external_id LIMIT ?7) AS record",
        within(resource, "?4", "?5", "?8"),
        resource.table(),
    );
    let rows = transaction
        .execute(&sql, &sweep.parameters(scope, limit))
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no sweep row".to_owned()))?;
    let is_last = row.integer(1)? < i64::from(limit);
    let next = row.optional_text(0)?.filter(|_| !is_last);
    let gone: Vec<String> = serde_json::from_str(row.text(2)?)
        .map_err(|_| DatabaseError::Shape("external ids are not text".to_owned()))?;
    Ok(SweepStep {
        next: next.map(str::to_owned),
        deleted: tombstone(transaction, scope, resource, &gone, deleted_at, now_micros).await?,
    })
}

/// Removes at most `limit` notes of a pass, the one that it is open first, and returns whether
/// there may be more.
///
/// # Errors
/// The failure of the statement.
pub async fn forget_pass<E: Execute>(
    database: &E,
    pass_id: &str,
    limit: u32,
) -> Result<bool, DatabaseError> {
    database
        .execute(
            "DELETE FROM sync_seen WHERE pass_id = ?1 AND external_id IN (
               SELECT external_id FROM sync_seen WHERE pass_id = ?1 ORDER BY external_id LIMIT ?2)",
            parameters![pass_id, i64::from(limit)],
        )
        .await?;
    has_notes(database, pass_id).await
}

/// Whether any note of the pass is left.
///
/// # Errors
/// The failure of the statement.
pub async fn has_notes<E: Execute>(database: &E, pass_id: &str) -> Result<bool, DatabaseError> {
    let rows = database
        .execute(
            "SELECT EXISTS (SELECT 1 FROM sync_seen WHERE pass_id = ?1)",
            parameters![pass_id],
        )
        .await?;
    exists(&rows)
}

/// How many records the pass has noted; of a resource that is listed whole.
///
/// # Errors
/// The failure of the statement.
pub async fn count_notes<E: Execute>(database: &E, pass_id: &str) -> Result<u64, DatabaseError> {
    let rows = database
        .execute(
            "SELECT count(*) FROM sync_seen WHERE pass_id = ?1 AND external_id > ?2",
            parameters![pass_id, OPENED],
        )
        .await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
        .integer(0)
        .map(unsigned)
}

fn exists(rows: &[Row]) -> Result<bool, DatabaseError> {
    Ok(rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no row".to_owned()))?
        .integer(0)?
        != 0)
}

/// A pass whose run ended, or never began, and whose notes are still there, for maintenance to
/// [`forget_pass`].
///
/// # Errors
/// The failure of the statement.
pub async fn ended_pass<E: Execute>(database: &E) -> Result<Option<String>, DatabaseError> {
    // From one pass to the next through the primary key, past the notes of each.
    let rows = database
        .execute(
            "WITH RECURSIVE pass (id) AS (
               SELECT min(pass_id) FROM sync_seen
               UNION ALL
               SELECT (SELECT min(pass_id) FROM sync_seen WHERE pass_id > pass.id)
               FROM pass WHERE pass.id IS NOT NULL)
             SELECT id FROM pass WHERE id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM sync_runs WHERE sync_runs.id = pass.id AND status = 'running')
             LIMIT 1",
            &[],
        )
        .await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// Notes that the pass has asked for what these people have, by the provider's ids. Of a resource
/// that is listed person by person, rows of others are not covered.
///
/// # Errors
/// The failure of the statement.
pub async fn mark_asked<E: Execute, I: AsRef<str>>(
    transaction: &E,
    pass_id: &str,
    external_user_ids: &[I],
) -> Result<(), DatabaseError> {
    let notes: Vec<String> = external_user_ids
        .iter()
        .map(|id| format!("{ASKED}{}", id.as_ref()))
        .collect();
    mark_seen(transaction, pass_id, &notes).await
}

/// Notes that the provider lists these wages as ones that are not paid yet: they have taken no place,
/// whatever day it is where.
///
/// # Errors
/// The failure of the statement.
pub async fn mark_planned<E: Execute, I: AsRef<str>>(
    transaction: &E,
    pass_id: &str,
    external_ids: &[I],
) -> Result<(), DatabaseError> {
    let notes: Vec<String> = external_ids
        .iter()
        .map(|id| format!("{PLANNED}{}", id.as_ref()))
        .collect();
    mark_seen(transaction, pass_id, &notes).await
}

/// What of `record` the pass covers.
fn within(resource: Resource, from: &str, to: &str, location: &str) -> String {
    // Of a connector that is kept to one location, people elsewhere are not listed any more.
    let is_elsewhere = format!("{location} IS NOT NULL AND NOT {}", person("NULL"));
    // Nobody asks for what somebody has who is deleted at the provider.
    let has_left = person("NOT NULL");
    let asked = format!(
        "EXISTS (SELECT 1 FROM sync_seen AS asked
           WHERE asked.pass_id = ?3 AND asked.external_id = '{ASKED}' || record.external_user_id)"
    );
    match resource {
        // What ended before the window is not kept, so no list is asked for it.
        Resource::LeaveRequests => {
            return format!(
                "(record.end_date >= date({from}, 'unixepoch') AND {from} <= {to} AND {location} IS NULL)"
            );
        }
        Resource::TimeOff => {
            return format!(
                "(record.end_date >= date({from}, 'unixepoch') AND {from} <= {to} OR {is_elsewhere})"
            );
        }
        // The provider lists no wage that another has taken the place of: it stays as history, while
        // that other one, or one after it, is listed.
        Resource::Wages => {
            return format!(
                "({asked} AND {from} <= {to} AND NOT EXISTS (
                   SELECT 1 FROM team_member_wages AS later
                   WHERE {}
                     AND EXISTS (SELECT 1 FROM sync_seen AS listed
                       WHERE listed.pass_id = ?3 AND listed.external_id = later.external_id)
                     AND NOT EXISTS (SELECT 1 FROM sync_seen AS planned
                       WHERE planned.pass_id = ?3
                         AND planned.external_id = '{PLANNED}' || later.external_id))
                 OR {is_elsewhere} OR {has_left})",
                took_the_place(to)
            );
        }
        Resource::RoleAssignments => {
            return format!("({asked} AND {from} <= {to} OR {is_elsewhere} OR {has_left})");
        }
        _ => {}
    }
    // Tables without a time are covered whole; the parameters are bound all the same.
    resource.time_column().map_or_else(
        || format!("({from} <= {to} OR {location} IS NULL)"),
        |column| {
            format!(
                "(record.{column} >= {from} AND record.{column} < {to} OR record.external_location_id <> {location})"
            )
        },
    )
}
