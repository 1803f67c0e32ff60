//! Links between rows by our ids. A page links what it refers to, and what waited for it; so a
//! reference stays open only while its target is unknown.

use std::collections::BTreeSet;

use domain::stream::Stream;
use serde::Serialize;

use super::resource::{Link, Resource};
use super::rows::Page;
use super::sequence::next_change;
use super::tombstones::count_changed;
use super::{Scope, unsigned};
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Most rows that one page links behind itself: a page stays a short transaction even when it
/// brings people that a whole backfill waited for.
const MAX_ARRIVALS: i64 = 2000;

/// Streams that a page refers into at rows which are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnknownReferences {
    pub locations: bool,
    pub departments: bool,
    pub roles: bool,
    pub users: bool,
}

impl UnknownReferences {
    /// The streams that ought to run before the next look, in run order.
    pub fn streams(self) -> impl Iterator<Item = Stream> {
        [
            (self.locations, Stream::Locations),
            (self.departments, Stream::Departments),
            (self.roles, Stream::Roles),
            (self.users, Stream::Users),
        ]
        .into_iter()
        .filter_map(|(unknown, stream)| unknown.then_some(stream))
    }
}

impl std::ops::BitOrAssign for UnknownReferences {
    fn bitor_assign(&mut self, other: Self) {
        self.locations |= other.locations;
        self.departments |= other.departments;
        self.roles |= other.roles;
        self.users |= other.users;
    }
}

/// Whether the records of `page` refer to people or places that no row exists for, so that the
/// stream which brings them should run. Deleted rows count as known.
///
/// # Errors
/// The failure of the statement; a page without references takes none.
pub async fn unknown_references<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    page: Page<'_>,
) -> Result<UnknownReferences, DatabaseError> {
    let references = References::of(page);
    if references == References::default() {
        return Ok(UnknownReferences::default());
    }
    let missing = |resource: Resource, member: &str| {
        format!(
            "EXISTS (SELECT 1 FROM json_each(?1, '$.{member}') AS reference WHERE NOT EXISTS (
               SELECT 1 FROM {} AS target
               WHERE target.connector_id = ?3 AND target.external_id = reference.value
                 AND target.organization_id = ?2))",
            resource.table()
        )
    };
    let sql = format!(
        "SELECT {}, {}, {}, {}",
        missing(Resource::Locations, "locations"),
        missing(Resource::Departments, "departments"),
        missing(Resource::Roles, "roles"),
        missing(Resource::TeamMembers, "users"),
    );
    let parameters = parameters![
        json::write(&references)?,
        scope.tenant.as_str(),
        scope.connector_id
    ];
    let rows = database.execute(&sql, parameters).await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no references row".to_owned()))?;
    Ok(UnknownReferences {
        locations: row.integer(0)? != 0,
        departments: row.integer(1)? != 0,
        roles: row.integer(2)? != 0,
        users: row.integer(3)? != 0,
    })
}

/// The distinct external ids that a page refers to.
#[derive(Default, PartialEq, Eq, Serialize)]
struct References<'a> {
    locations: BTreeSet<&'a str>,
    departments: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
    users: BTreeSet<&'a str>,
}

impl<'a> References<'a> {
    fn of(page: Page<'a>) -> Self {
        let mut found = Self::default();
        match page {
            Page::Locations(_)
            | Page::TeamMembers(_)
            | Page::Custom(_)
            | Page::Employees(_)
            | Page::LeaveRequests(_) => {}
            Page::Departments(rows) => {
                for row in rows {
                    found.locations.extend(row.external_location_id.as_deref());
                }
            }
            Page::Roles(rows) => {
                for row in rows {
                    found.locations.extend(row.external_location_id.as_deref());
                    found
                        .departments
                        .extend(row.external_department_id.as_deref());
                }
            }
            Page::Shifts(rows) => {
                for row in rows {
                    found.locations.extend(row.external_location_id.as_deref());
                    found
                        .departments
                        .extend(row.external_department_id.as_deref());
                    found.roles.extend(row.external_role_id.as_deref());
                    found.users.extend(row.external_user_id.as_deref());
                }
            }
            Page::TimePunches(rows) => {
                for row in rows {
                    found.locations.extend(row.external_location_id.as_deref());
                    found
                        .departments
                        .extend(row.external_department_id.as_deref());
                    found.roles.extend(row.external_role_id.as_deref());
                    found.users.extend(row.external_user_id.as_deref());
                }
            }
            Page::Wages(rows) => {
                for row in rows {
                    found.roles.extend(row.external_role_id.as_deref());
                    found.users.insert(&row.external_user_id);
                }
            }
            Page::RoleAssignments(rows) => {
                for row in rows {
                    found.locations.extend(row.external_location_id.as_deref());
                    found
                        .departments
                        .extend(row.external_department_id.as_deref());
                    found.roles.insert(&row.external_role_id);
                    found.users.insert(&row.external_user_id);
                }
            }
            Page::Availability(rows) => {
                for row in rows {
                    found.users.insert(&row.external_user_id);
                }
            }
            Page::TimeOff(rows) => {
                for row in rows {
                    found.users.insert(&row.external_user_id);
                    found.users.extend(row.external_action_user_id.as_deref());
                }
            }
        }
        found
    }
}

/// Whether rows wait to be linked whose target exists by now: then call [`heal_links`].
///
/// Pages link what waits for them, so there are some only after a page said `links_left`. It looks
/// at every open reference of the connector, the ones without a target among them.
///
/// # Errors
/// The failure of the statement.
pub async fn links_wait<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
) -> Result<bool, DatabaseError> {
    let any = all_links()
        .map(|(resource, link)| format!("EXISTS ({})", resolvable(resource, link, "?1", "?2")))
        .collect::<Vec<_>>()
        .join(" OR ");
    let rows = database
        .execute(
            &format!("SELECT {any}"),
            parameters![scope.connector_id, scope.tenant.as_str()],
        )
        .await?;
    Ok(rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no row".to_owned()))?
        .integer(0)?
        != 0)
}

/// Rows whose target exists by now, `connector` and `organization` being parameters.
fn resolvable(resource: Resource, link: &Link, connector: &str, organization: &str) -> String {
    format!(
        "SELECT record.id FROM {table} AS record
         JOIN {target} AS target
           ON target.connector_id = record.connector_id AND target.external_id = record.{via}
         WHERE record.connector_id = {connector} AND record.organization_id = {organization}
           AND record.{column} IS NULL AND record.{via} IS NOT NULL",
        table = resource.table(),
        target = link.target.table(),
        via = link.via,
        column = link.column,
    )
}

/// Links rows whose target exists by now, at most `limit` of them, and returns how many; call it
/// inside a transaction, while [`links_wait`].
///
/// # Errors
/// The failure of a statement.
pub async fn heal_links<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    limit: u32,
    now_micros: i64,
) -> Result<u64, DatabaseError> {
    let seq = next_change(transaction, now_micros).await?;
    let mut left = i64::from(limit);
    for (resource, link) in all_links() {
        if left == 0 {
            break;
        }
        let waiting = resolvable(resource, link, "?2", "?3");
        let before = count_changed(transaction, scope, resource, seq).await?;
        link_waiting(transaction, scope, resource, link, &waiting, seq, left).await?;
        let after = count_changed(transaction, scope, resource, seq).await?;
        left -= i64::try_from(after - before).unwrap_or(left);
    }
    Ok(unsigned(i64::from(limit) - left))
}

/// What linking behind a page did.
#[derive(Default)]
pub(super) struct Arrivals {
    pub linked: u64,
    pub more: bool,
}

/// Links rows that waited for the rows which the page of `seq` created.
pub(super) async fn link_arrivals<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    arrived: Resource,
    seq: i64,
) -> Result<Arrivals, DatabaseError> {
    let mut arrivals = Arrivals::default();
    for (resource, link) in all_links().filter(|(_, link)| link.target == arrived) {
        // From the few new rows to what waits for them: CROSS JOIN keeps that order.
        let waiting = format!(
            "SELECT record.id FROM {target} AS target
             CROSS JOIN {table} AS record
               ON record.connector_id = target.connector_id AND record.{via} = target.external_id
             WHERE target.organization_id = ?3 AND target.changed_seq = ?1
               AND target.created_seq = ?1 AND target.connector_id = ?2
               AND record.organization_id = ?3
               AND record.{column} IS NULL AND record.{via} IS NOT NULL",
            table = resource.table(),
            target = link.target.table(),
            via = link.via,
            column = link.column,
        );
        link_waiting(
            transaction,
            scope,
            resource,
            link,
            &waiting,
            seq,
            MAX_ARRIVALS,
        )
        .await?;
        let linked = count_changed(transaction, scope, resource, seq).await?;
        arrivals.linked += linked;
        arrivals.more |= linked == unsigned(MAX_ARRIVALS);
    }
    Ok(arrivals)
}

fn all_links() -> impl Iterator<Item = (Resource, &'static Link)> {
    Resource::ALL
        .into_iter()
        .flat_map(|resource| resource.links().iter().map(move |link| (resource, link)))
}

/// Links at most `limit` of the rows that `waiting` selects (parameters: 1 sequence value,
/// 2 connector, 3 organization).
async fn link_waiting<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    link: &Link,
    waiting: &str,
    seq: i64,
    limit: i64,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "UPDATE {table} SET changed_seq = ?1, {column} = (
           SELECT target.id FROM {target} AS target
           WHERE target.connector_id = {table}.connector_id AND target.external_id = {table}.{via})
         WHERE id IN ({waiting} LIMIT ?4)",
        table = resource.table(),
        target = link.target.table(),
        via = link.via,
        column = link.column,
    );
    transaction
        .execute(
            &sql,
            parameters![seq, scope.connector_id, scope.tenant.as_str(), limit],
        )
        .await?;
    Ok(())
}
