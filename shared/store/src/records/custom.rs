//! Removing what a connector of the type `custom` has listed.

use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Removes at most `limit` of the connector's records, and of what it has in quarantine; call it until
/// it returns false. Every statement is bounded and may run on its own, so that it never holds up other
/// writers.
///
/// # Errors
/// The failure of a statement; what was removed before stays removed.
pub async fn remove_custom_records<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    limit: u32,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, i64::from(limit)];
    let records = database
        .execute(
            "DELETE FROM custom_records WHERE id IN (
               SELECT id FROM custom_records WHERE organization_id = ?1 AND connector_id = ?2 LIMIT ?3)
             RETURNING 1",
            parameters,
        )
        .await?;
    let quarantined = database
        .execute(
            "DELETE FROM quarantined_records WHERE connector_id = ?2 AND (stream, external_id) IN (
               SELECT stream, external_id FROM quarantined_records
               WHERE organization_id = ?1 AND connector_id = ?2 LIMIT ?3)
             RETURNING 1",
            parameters,
        )
        .await?;
    Ok(!records.is_empty() || !quarantined.is_empty())
}
