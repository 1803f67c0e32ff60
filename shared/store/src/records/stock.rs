//! Whether a connector has brought anything yet.

use domain::access::Tenant;

use super::resource::Resource;
use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Whether any row belongs to the connector, tombstones included.
///
/// # Errors
/// The failure of the statement.
pub async fn holds_rows<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<bool, DatabaseError> {
    let any = Resource::ALL
        .map(|resource| {
            format!(
                "EXISTS (SELECT 1 FROM {} WHERE connector_id = ?1 AND organization_id = ?2)",
                resource.table()
            )
        })
        .join(" OR ");
    let rows = database
        .execute(
            &format!("SELECT {any}"),
            parameters![connector_id, tenant.as_str()],
        )
        .await?;
    Ok(rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no row".to_owned()))?
        .integer(0)?
        != 0)
}
