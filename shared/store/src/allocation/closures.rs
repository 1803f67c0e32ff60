//! Days on which the office is closed.

use domain::access::Tenant;
use domain::allocation::closure::Closure;

use super::MAX_ROWS;
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

const CREATE: &str = "
INSERT INTO office_closures (id, organization_id, start_date, end_date, description, tags, workdays, created_by,
  created_at, updated_at)
SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
WHERE EXISTS (SELECT 1 FROM organizations WHERE id = ?1 AND state = 'active')
  AND (SELECT count(*) FROM (SELECT 1 FROM office_closures WHERE organization_id = ?1 LIMIT ?10)) < ?10
RETURNING id";

/// Makes a closure with this id (UUIDv7); false when the organization has [`MAX_ROWS`], is being removed, or is not
/// there.
///
/// # Errors
/// The failure of the statement.
pub async fn create<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    closure: &Closure,
    created_by: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        closure.start_date.to_string(),
        closure.end_date.to_string(),
        closure.description.as_str(),
        json::write(&closure.tags)?,
        closure.workdays(),
        created_by,
        now,
        MAX_ROWS
    ];
    transaction
        .execute(CREATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const HELD: &str = "
SELECT json_object('start_date', start_date, 'end_date', end_date, 'description', description, 'tags', json(tags))
FROM office_closures WHERE id = ?2 AND organization_id = ?1";

/// A closure, for whoever changes it.
///
/// # Errors
/// The failure of the statement.
pub async fn held<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Closure>, DatabaseError> {
    database
        .read_row(HELD, parameters![tenant.as_str(), id])
        .await?
        .map(|row| {
            Closure::from_json(&json::parse(row.text(0)?)?)
                .map_err(|_| DatabaseError::Shape("a stored closure cannot be read".to_owned()))
        })
        .transpose()
}

/// What is like this already is not written.
const UPDATE: &str = "
UPDATE office_closures SET start_date = ?3, end_date = ?4, description = ?5, tags = ?6, workdays = ?7, updated_at = ?8
WHERE id = ?2 AND organization_id = ?1
  AND (start_date, end_date, description, tags) IS NOT (?3, ?4, ?5, ?6)";

/// # Errors
/// The failure of the statement.
pub async fn update<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    closure: &Closure,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        closure.start_date.to_string(),
        closure.end_date.to_string(),
        closure.description.as_str(),
        json::write(&closure.tags)?,
        closure.workdays(),
        now
    ];
    transaction.execute(UPDATE, parameters).await.map(drop)
}

const DELETE: &str =
    "DELETE FROM office_closures WHERE id = ?2 AND organization_id = ?1 RETURNING id";

/// False where there is none.
///
/// # Errors
/// The failure of the statement.
pub async fn delete<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<bool, DatabaseError> {
    transaction
        .execute(DELETE, parameters![tenant.as_str(), id])
        .await
        .map(|rows| !rows.is_empty())
}
