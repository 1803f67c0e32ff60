//! Other limits of single advisers, each from some day on.

use domain::access::Tenant;
use domain::allocation::capacity_override::CapacityOverride;

use super::MAX_ROWS;
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

const CREATE: &str = "
INSERT INTO capacity_overrides (id, organization_id, adviser_email, effective_date, client_limit_monthly, pod_type, notes,
  created_by, created_at, updated_at)
SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
WHERE EXISTS (SELECT 1 FROM organizations WHERE id = ?1 AND state = 'active')
  AND (SELECT count(*) FROM (SELECT 1 FROM capacity_overrides WHERE organization_id = ?1 LIMIT ?10)) < ?10
RETURNING id";

/// Makes an override with this id (UUIDv7: of two of one day the later one counts); false when the organization has
/// [`MAX_ROWS`], is being removed, or is not there.
///
/// # Errors
/// The failure of the statement.
pub async fn create<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    capacity_override: &CapacityOverride,
    created_by: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        capacity_override.adviser_email.as_str(),
        capacity_override.effective_date.to_string(),
        i64::from(capacity_override.client_limit_monthly),
        capacity_override.pod_type.as_deref(),
        capacity_override.notes.as_deref(),
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
SELECT json_object('adviser_email', adviser_email, 'effective_date', effective_date,
  'client_limit_monthly', client_limit_monthly, 'pod_type', pod_type, 'notes', notes)
FROM capacity_overrides WHERE id = ?2 AND organization_id = ?1";

/// An override, for whoever changes it.
///
/// # Errors
/// The failure of the statement.
pub async fn held<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<CapacityOverride>, DatabaseError> {
    database
        .read_row(HELD, parameters![tenant.as_str(), id])
        .await?
        .map(|row| {
            CapacityOverride::from_json(&json::parse(row.text(0)?)?).map_err(|_| {
                DatabaseError::Shape("a stored capacity override cannot be read".to_owned())
            })
        })
        .transpose()
}

/// What is like this already is not written.
const UPDATE: &str = "
UPDATE capacity_overrides SET adviser_email = ?3, effective_date = ?4, client_limit_monthly = ?5, pod_type = ?6,
  notes = ?7, updated_at = ?8
WHERE id = ?2 AND organization_id = ?1
  AND (adviser_email, effective_date, client_limit_monthly, pod_type, notes) IS NOT (?3, ?4, ?5, ?6, ?7)";

/// # Errors
/// The failure of the statement.
pub async fn update<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    capacity_override: &CapacityOverride,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        capacity_override.adviser_email.as_str(),
        capacity_override.effective_date.to_string(),
        i64::from(capacity_override.client_limit_monthly),
        capacity_override.pod_type.as_deref(),
        capacity_override.notes.as_deref(),
        now
    ];
    transaction.execute(UPDATE, parameters).await.map(drop)
}

const DELETE: &str =
    "DELETE FROM capacity_overrides WHERE id = ?2 AND organization_id = ?1 RETURNING id";

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
