//! Deletion at the provider: the row stays and says when.

use super::resource::Resource;
use super::sequence::next_change;
use super::write::{move_predecessors, predecessors};
use super::{Scope, unsigned};
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Marks rows as deleted and returns how many were alive until now; call it inside a transaction.
///
/// Also for what is withdrawn without being deleted, such as an unpublished shift.
///
/// # Errors
/// The failure of a statement.
pub async fn tombstone<E: Execute, I: AsRef<str>>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    external_ids: &[I],
    deleted_at: i64,
    now_micros: i64,
) -> Result<u64, DatabaseError> {
    if external_ids.is_empty() {
        return Ok(0);
    }
    let rows: Vec<(&str, i64)> = external_ids
        .iter()
        .map(|external_id| (external_id.as_ref(), deleted_at))
        .collect();
    let seq = next_change(transaction, now_micros).await?;
    let ids: Vec<&str> = rows.iter().map(|(external_id, _)| *external_id).collect();
    let before = predecessors(transaction, scope, resource, &ids).await?;
    bury(transaction, scope, resource, &rows, seq).await?;
    let buried = count_changed(transaction, scope, resource, seq).await?;
    move_predecessors(transaction, scope, resource, &before, seq).await?;
    Ok(buried)
}

/// Marks what is alive among `rows`, and with people what is asked for person by person. `rows` are pairs of external id and time of deletion.
pub(super) async fn bury<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    rows: &[(&str, i64)],
    seq: i64,
) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut marked = vec![(resource, "held.external_id = pair.value ->> 0")];
    if resource == Resource::TeamMembers {
        // Of who is gone nobody is asked any more what they earn and what they work as.
        marked.extend([
            (Resource::Wages, "held.external_user_id = pair.value ->> 0"),
            // The ids begin with the person's.
            (
                Resource::RoleAssignments,
                "held.external_id > (pair.value ->> 0) || ':'
                 AND held.external_id < (pair.value ->> 0) || ';'",
            ),
        ]);
    }
    let rows = json::write(rows)?;
    for (resource, is_gone) in marked {
        let table = resource.table();
        let sql = format!(
            "WITH gone AS MATERIALIZED (
               SELECT held.id, pair.value ->> 1 AS deleted_at
               FROM json_each(?1) AS pair CROSS JOIN {table} AS held
                 ON held.connector_id = ?3 AND {is_gone}
               WHERE held.organization_id = ?2 AND held.deleted_at IS NULL)
             UPDATE {table} SET deleted_at = gone.deleted_at, changed_seq = ?4
             FROM gone WHERE {table}.id = gone.id"
        );
        let parameters = parameters![
            rows.as_str(),
            scope.tenant.as_str(),
            scope.connector_id,
            seq
        ];
        transaction.execute(&sql, parameters).await?;
    }
    Ok(())
}

/// How many rows of the table carry the sequence value.
pub(super) async fn count_changed<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    seq: i64,
) -> Result<u64, DatabaseError> {
    let sql = format!(
        "SELECT count(*) FROM {} WHERE organization_id = ?1 AND changed_seq = ?2",
        resource.table()
    );
    let rows = transaction
        .execute(&sql, parameters![scope.tenant.as_str(), seq])
        .await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
        .integer(0)
        .map(unsigned)
}
