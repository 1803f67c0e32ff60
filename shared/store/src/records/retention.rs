//! Shifts that are over long enough, of connectors that keep them for a while only.
//!
//! They go without a tombstone: it is a policy here, not a deletion at the provider. A shift that a
//! time punch refers to stays, deleted punches among them. The walk goes from connector to connector
//! ([`connectors_at_fixed_times`]) and along each one's shifts ([`remove_ended_shifts`]); every
//! statement is bounded.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{Database, DatabaseError, Execute};
use crate::{json, parameters};

/// A connector whose schedule is of fixed times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RetainedConnector {
    pub organization_id: String,
    pub connector_id: String,
}

/// Which shifts one step looks at.
#[derive(Clone, Copy, Debug)]
pub struct EndedShifts<'a> {
    pub connector_id: &'a str,
    /// They ended before, Unix seconds.
    pub before: i64,
    /// The `next` of the step before; `None` to begin.
    pub after: Option<&'a ShiftPlace>,
    pub limit: u32,
}

/// Where a walk along shifts stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftPlace {
    ends_at: i64,
    id: String,
}

/// What one step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub removed: u64,
    /// Where the next step begins; `None` when the connector's shifts are through.
    pub next: Option<ShiftPlace>,
}

/// As the index has it.
macro_rules! at_fixed_times {
    () => {
        "iif(json_valid(sync_settings), sync_settings ->> '$.schedule', NULL) = 'fixed_times'"
    };
}

/// A shift may go. One that ends at closing time ends within a day of its start. A punch's link to
/// our row is always that of its `external_shift_id`.
macro_rules! is_over {
    ($before:literal) => {
        concat!(
            "shift.ends_at < ",
            $before,
            " AND shift.starts_at < ",
            $before,
            " - iif(shift.is_close, 86400, 0)
             AND NOT EXISTS (
               SELECT 1 FROM time_punches AS punch
               WHERE punch.connector_id = shift.connector_id
                 AND punch.external_shift_id = shift.external_id)"
        )
    };
}

const CONNECTORS: &str = concat!(
    "SELECT json_group_array(json_object('organization_id', organization_id, 'connector_id', id))
     FROM (SELECT organization_id, id FROM connectors
           WHERE ",
    at_fixed_times!(),
    " AND id > ?1 ORDER BY id LIMIT ?2)"
);

/// Up to `limit` connectors, of all organizations, whose shifts are kept for a while only; in the
/// order of their ids, after this one.
///
/// # Errors
/// The failure of the statement.
pub async fn connectors_at_fixed_times<E: Execute>(
    database: &E,
    after: &str,
    limit: u32,
) -> Result<Vec<RetainedConnector>, DatabaseError> {
    let parameters = parameters![after, i64::from(limit)];
    json::read(&database.execute(CONNECTORS, parameters).await?)
}

const ENDED: &str = concat!(
    "SELECT json_group_array(json_array(ends_at, id, is_over)) FROM (
       SELECT ends_at, id, ",
    is_over!("?3"),
    " AS is_over
       FROM schedule_shifts AS shift
       WHERE connector_id = ?2 AND ends_at < ?3 AND (ends_at, id) > (?4, ?5) AND organization_id = ?1
       ORDER BY ends_at, id LIMIT ?6)"
);

/// What was read whole is not there any more, so nothing is known to be covered: the next pass
/// without an end makes up for it. While a run has the checkpoint in hand, it would write the old one
/// again; then nothing is removed.
const UNCOVER: &str = concat!(
    "UPDATE jobs SET checkpoint = iif(json_valid(checkpoint), json_remove(checkpoint, '$.covered_from'), checkpoint)
     WHERE kind = 'sync' AND subject = ?2 AND name = 'shifts' AND organization_id = ?1
       AND run_id IS NULL
       AND EXISTS (SELECT 1 FROM connectors WHERE id = ?2 AND ",
    at_fixed_times!(),
    ") RETURNING id"
);

const REMOVE: &str = concat!(
    "DELETE FROM schedule_shifts AS shift
     WHERE id IN (SELECT value FROM json_each(?4)) AND connector_id = ?2 AND organization_id = ?1 AND ",
    is_over!("?3"),
    " RETURNING id"
);

/// Looks at the next shifts of one connector that ended before, and removes those that no punch
/// refers to; nothing when the connector's schedule is another by now, or while its shifts are
/// synced.
///
/// # Errors
/// The failure of a statement; nothing was removed then.
pub async fn remove_ended_shifts<D: Database>(
    database: &D,
    tenant: &Tenant,
    ended: EndedShifts<'_>,
) -> Result<Retention, DatabaseError> {
    let EndedShifts {
        connector_id,
        before,
        after,
        limit,
    } = ended;
    let (after_end, after_id) = after.map_or((i64::MIN, ""), |place| (place.ends_at, &*place.id));
    let rows = database
        .execute(
            ENDED,
            parameters![
                tenant.as_str(),
                connector_id,
                before,
                after_end,
                after_id,
                i64::from(limit)
            ],
        )
        .await?;
    let looked_at: Vec<(i64, String, i64)> = json::read(&rows)?;
    let is_last = looked_at.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    let next = looked_at
        .last()
        .filter(|_| !is_last)
        .map(|(ends_at, id, _)| ShiftPlace {
            ends_at: *ends_at,
            id: id.clone(),
        });
    let over: Vec<&str> = looked_at
        .iter()
        .filter(|(_, _, is_over)| *is_over != 0)
        .map(|(_, id, _)| id.as_str())
        .collect();
    if over.is_empty() {
        return Ok(Retention { removed: 0, next });
    }
    let over = json::write(&over)?;
    let removed = database
        .transaction(async |transaction| {
            let parameters = parameters![tenant.as_str(), connector_id];
            if transaction.execute(UNCOVER, parameters).await?.is_empty() {
                return Ok::<_, DatabaseError>(0);
            }
            let parameters = parameters![tenant.as_str(), connector_id, before, over];
            Ok(transaction.execute(REMOVE, parameters).await?.len())
        })
        .await?;
    Ok(Retention {
        removed: u64::try_from(removed).unwrap_or(u64::MAX),
        next,
    })
}
