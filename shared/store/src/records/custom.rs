//! Removing what a connector has brought that nothing else rests on: those of the types `custom` and `employment_hero`.

use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Where such a connector has rows.
const TABLES: [&str; 3] = ["custom_records", "leave_requests", "employees"];

/// Removes at most `limit` of the connector's records of each kind, and of what it has in quarantine; call it until
/// it returns false. Every statement is bounded and may run on its own, so that it never holds up other
/// writers.
///
/// # Errors
/// The failure of a statement; what was removed before stays removed.
pub async fn remove_brought<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    limit: u32,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, i64::from(limit)];
    let mut has_removed = false;
    for table in TABLES {
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (
               SELECT id FROM {table} WHERE organization_id = ?1 AND connector_id = ?2 LIMIT ?3)
             RETURNING 1"
        );
        has_removed |= !database.execute(&sql, parameters).await?.is_empty();
    }
    let quarantined = database
        .execute(
            "DELETE FROM quarantined_records WHERE connector_id = ?2 AND (stream, external_id) IN (
               SELECT stream, external_id FROM quarantined_records
               WHERE organization_id = ?1 AND connector_id = ?2 LIMIT ?3)
             RETURNING 1",
            parameters,
        )
        .await?;
    Ok(has_removed || !quarantined.is_empty())
}
