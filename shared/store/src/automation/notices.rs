//! What needs a person: a row with a remedy, whether or not anybody is told otherwise.

use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Something that a person is to see.
#[derive(Clone, Copy, Debug)]
pub struct NewNotice<'a> {
    /// UUIDv7, used unless there is an open one about the same.
    pub id: &'a str,
    /// `rule`, or the name of the event.
    pub kind: &'a str,
    /// What is the same in two notices of one thing.
    pub about: &'a str,
    pub connector_id: Option<&'a str>,
    pub title: &'a str,
    pub remedy: &'a str,
    /// How often it happened.
    pub count: i64,
}

const PUT: &str = "
INSERT INTO notices (id, organization_id, kind, about, connector_id, title, remedy, created_at,
  updated_at, count)
SELECT ?2, organizations.id, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9
FROM organizations WHERE organizations.id = ?1
ON CONFLICT (organization_id, kind, about) WHERE dismissed_at IS NULL DO UPDATE SET
  title = excluded.title, remedy = excluded.remedy, count = count + excluded.count, read_at = NULL,
  updated_at = excluded.updated_at";

/// Puts a notice up; one about the same that is open already counts on and is unread again.
///
/// # Errors
/// The failure of the statement.
pub async fn put<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewNotice<'_>,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.kind,
        new.about,
        new.connector_id,
        new.title,
        new.remedy,
        now,
        new.count
    ];
    transaction.execute(PUT, parameters).await.map(drop)
}

const READ: &str = "
UPDATE notices SET read_at = coalesce(read_at, ?3) WHERE id = ?2 AND organization_id = ?1
RETURNING id";

const DISMISS: &str = "
UPDATE notices SET dismissed_at = coalesce(dismissed_at, ?3), read_at = coalesce(read_at, ?3)
WHERE id = ?2 AND organization_id = ?1
RETURNING id";

/// Notes that somebody has read it; false when the tenant has no such notice.
///
/// # Errors
/// The failure of the statement.
pub async fn read<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    set(database, READ, tenant, id, now).await
}

/// Takes it down; false when the tenant has no such notice.
///
/// # Errors
/// The failure of the statement.
pub async fn dismiss<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    set(database, DISMISS, tenant, id, now).await
}

async fn set<E: Execute>(
    database: &E,
    statement: &str,
    tenant: &Tenant,
    id: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    database
        .execute(statement, parameters![tenant.as_str(), id, now])
        .await
        .map(|rows| !rows.is_empty())
}

const PRUNE: &str = "
DELETE FROM notices WHERE id IN (
  SELECT id FROM notices WHERE dismissed_at < ?1 ORDER BY dismissed_at LIMIT ?2)
RETURNING id";

/// For maintenance, over all organizations: removes up to `limit` notices that were dismissed before
/// `before`; returns how many.
///
/// # Errors
/// The failure of the statement.
pub async fn prune<E: Execute>(
    database: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    database
        .execute(PRUNE, parameters![before, limit])
        .await
        .map(|rows| rows.len())
}
