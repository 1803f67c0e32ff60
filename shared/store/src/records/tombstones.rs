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
    let mut marked = vec![(resource, "record.external_id = gone.value ->> 0")];
    if resource == Resource::TeamMembers {
        // Of who is gone nobody is asked any more what they earn and what they work as.
        marked.extend([
            (
                Resource::Wages,
                "record.external_user_id = gone.value ->> 0",
            ),
            // The ids begin with the person's.
            (
                Resource::RoleAssignments,
                "record.external_id > (gone.value ->> 0) || ':'
                 AND record.external_id < (gone.value ->> 0) || ';'",
            ),
        ]);
    }
    let rows = json::write(rows)?;
    for (resource, is_gone) in marked {
        let sql = format!(
            "UPDATE {} AS record SET deleted_at = gone.value ->> 1, changed_seq = ?4
             FROM json_each(?1) AS gone
             WHERE record.connector_id = ?3 AND {is_gone}
               AND record.organization_id = ?2 AND record.deleted_at IS NULL",
            resource.table()
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
