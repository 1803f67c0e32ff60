//! Records that could not be stored, kept with the reason until a later sync stores them.

use std::collections::BTreeMap;

use domain::stream::Stream;

use super::write::Refused;
use super::{Scope, unsigned};
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 500;

/// Notes refused records and returns how many of them this run had not noted before: two lists of a
/// run may hold the same record. One that is refused again keeps when it was first seen.
///
/// # Errors
/// The failure of the statement.
pub async fn quarantine<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    stream: Stream,
    run_id: &str,
    refused: &[Refused],
    now: i64,
) -> Result<u64, DatabaseError> {
    if refused.is_empty() {
        return Ok(0);
    }
    let rows: BTreeMap<&str, String> = refused
        .iter()
        .map(|record| {
            let reason = domain::redact::excerpt(&record.reason, MAX_REASON, &[]);
            (record.external_id.as_str(), reason)
        })
        .collect();
    let rows: Vec<_> = rows.into_iter().collect();
    let known = transaction
        .execute(
            "SELECT count(*) FROM json_each(?1) AS refused
             CROSS JOIN quarantined_records AS known
               ON known.connector_id = ?2 AND known.stream = ?3
               AND known.external_id = refused.value ->> 0
             WHERE known.organization_id = ?4 AND known.run_id = ?5",
            parameters![
                json::write(&rows)?,
                scope.connector_id,
                stream.as_str(),
                scope.tenant.as_str(),
                run_id
            ],
        )
        .await?;
    let known = known
        .first()
        .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
        .integer(0)?;
    transaction
        .execute(
            "INSERT INTO quarantined_records (connector_id, stream, external_id, organization_id,
               reason, run_id, first_seen_at, last_seen_at)
             SELECT ?2, ?3, value ->> 0, ?4, value ->> 1, ?5, ?6, ?6 FROM json_each(?1) WHERE true
             ON CONFLICT (connector_id, stream, external_id) DO UPDATE
             SET reason = excluded.reason, run_id = excluded.run_id,
                 last_seen_at = excluded.last_seen_at
             WHERE quarantined_records.organization_id = excluded.organization_id",
            parameters![
                json::write(&rows)?,
                scope.connector_id,
                stream.as_str(),
                scope.tenant.as_str(),
                run_id,
                now
            ],
        )
        .await?;
    let all = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok(all.saturating_sub(unsigned(known)))
}

/// The numbers under which the provider knows records in quarantine, after the id `after`, in the
/// order of the ids as text. One that has no number is known by none.
///
/// # Errors
/// The failure of the statement.
pub async fn quarantined_numbers<E: Execute>(
    database: &E,
    scope: &Scope<'_>,
    stream: Stream,
    after: &str,
    limit: u32,
) -> Result<Vec<i64>, DatabaseError> {
    database
        .execute(
            "SELECT CAST(external_id AS INTEGER) FROM quarantined_records
             WHERE connector_id = ?1 AND stream = ?2 AND organization_id = ?3
               AND external_id > ?4 AND external_id NOT GLOB '*[^0-9]*'
             ORDER BY external_id LIMIT ?5",
            parameters![
                scope.connector_id,
                stream.as_str(),
                scope.tenant.as_str(),
                after,
                i64::from(limit)
            ],
        )
        .await?
        .iter()
        .map(|row| row.integer(0))
        .collect()
}

/// Notes that these records are still there and still cannot be read.
///
/// # Errors
/// The failure of the statement.
pub async fn keep_quarantined<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    stream: Stream,
    external_ids: &[String],
    now: i64,
) -> Result<(), DatabaseError> {
    if external_ids.is_empty() {
        return Ok(());
    }
    transaction
        .execute(
            "UPDATE quarantined_records SET last_seen_at = ?5
             WHERE connector_id = ?2 AND stream = ?3 AND organization_id = ?4
               AND external_id IN (SELECT value FROM json_each(?1))",
            parameters![
                json::write(&external_ids)?,
                scope.connector_id,
                stream.as_str(),
                scope.tenant.as_str(),
                now
            ],
        )
        .await
        .map(drop)
}

/// Releases what a run that has read the whole list did not refuse, nor anybody see since it began
/// at `began`: it is gone at the provider, or was never known by an id.
///
/// # Errors
/// The failure of the statement.
pub async fn release_unseen<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    stream: Stream,
    run_id: &str,
    began: i64,
) -> Result<(), DatabaseError> {
    transaction
        .execute(
            "DELETE FROM quarantined_records
             WHERE connector_id = ?1 AND stream = ?2 AND organization_id = ?3 AND run_id <> ?4
               AND last_seen_at < ?5",
            parameters![
                scope.connector_id,
                stream.as_str(),
                scope.tenant.as_str(),
                run_id,
                began
            ],
        )
        .await
        .map(drop)
}

/// Releases records that landed after all; ids that were never refused are fine.
///
/// # Errors
/// The failure of the statement.
pub async fn clear_quarantine<E: Execute, I: AsRef<str>>(
    transaction: &E,
    scope: &Scope<'_>,
    stream: Stream,
    external_ids: &[I],
) -> Result<(), DatabaseError> {
    if external_ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = external_ids.iter().map(AsRef::as_ref).collect();
    transaction
        .execute(
            "DELETE FROM quarantined_records
             WHERE connector_id = ?2 AND stream = ?3 AND organization_id = ?4
               AND external_id IN (SELECT value FROM json_each(?1))",
            parameters![
                json::write(&ids)?,
                scope.connector_id,
                stream.as_str(),
                scope.tenant.as_str()
            ],
        )
        .await?;
    Ok(())
}
