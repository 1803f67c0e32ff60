//! What a connector has brought so far.

use domain::access::Tenant;

use super::Scope;
use super::resource::Resource;
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// The provider's ids of people who are at work here, after the id `after`, in the order of the ids
/// as text.
///
/// # Errors
/// The failure of the statement.
pub async fn people_at_work<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    after: &str,
    limit: u32,
) -> Result<Vec<String>, DatabaseError> {
    database
        .execute(
            "SELECT external_id FROM team_members
             WHERE connector_id = ?2 AND external_id > ?3 AND organization_id = ?1
               AND is_active = 1 AND deleted_at IS NULL
             ORDER BY external_id LIMIT ?4",
            parameters![
                scope.tenant.as_str(),
                scope.connector_id,
                after,
                i64::from(limit)
            ],
        )
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect()
}

/// Those of `external_ids` under which a row is alive here.
///
/// # Errors
/// The failure of the statement.
pub async fn alive<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    resource: Resource,
    external_ids: &[&str],
) -> Result<Vec<String>, DatabaseError> {
    let sql = format!(
        "SELECT record.external_id
         FROM json_each(?3) AS asked CROSS JOIN {} AS record
           ON record.connector_id = ?2 AND record.external_id = asked.value
         WHERE record.organization_id = ?1 AND record.deleted_at IS NULL",
        resource.table()
    );
    let parameters = parameters![
        scope.tenant.as_str(),
        scope.connector_id,
        json::write(&external_ids)?
    ];
    database
        .execute(&sql, parameters)
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect()
}

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
