use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// The kind of a job that looks after the installation, or removes one organization.
pub const MAINTENANCE: &str = "maintenance";

/// The maintenance job that removes an organization.
pub const PURGE_ORGANIZATION: &str = "purge_organization";

const ENSURE: &str = "
INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank, state,
  next_due_at, created_at, updated_at)
VALUES (?1, 'maintenance', ?2, ?3, ?3, ?4, 'maintenance:' || ?2 || ':' || ?3, 0, 'pending', ?5, ?5, ?5)
ON CONFLICT (kind, subject, name) DO UPDATE SET
  state = 'pending',
  next_due_at = excluded.next_due_at,
  updated_at = excluded.updated_at
WHERE next_due_at IS NULL";

/// Makes the permanent job `name` of the installation, due now, unless it is there. One that was
/// given up is due again.
///
/// # Errors
/// The failure of the statement.
pub async fn ensure_maintenance_job<E: Execute>(
    database: &E,
    id: &str,
    name: &str,
    function: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    database
        .execute(ENSURE, parameters![id, name, "", function, now])
        .await
        .map(drop)
}

/// Makes the job `name` of one organization, due now, unless it is there. One that was given up is
/// due again.
///
/// # Errors
/// The failure of the statement.
pub async fn ensure_organization_job<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    name: &str,
    function: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    database
        .execute(
            ENSURE,
            parameters![id, name, tenant.as_str(), function, now],
        )
        .await
        .map(drop)
}
