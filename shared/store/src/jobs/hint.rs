use domain::access::Tenant;
use serde::Serialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Seconds between the starts of a stream's runs that nobody but a provider's hints asks for: whoever
/// has the path of a webhook must not spend the rate budget.
pub const HINT_GAP_SECONDS: i64 = 30;

/// A stream of which a provider says that something has changed.
#[derive(Clone, Debug, Serialize)]
pub struct HintedRun<'a> {
    pub stream: &'a str,
    /// UUIDv7.
    pub run_id: String,
}

/// A run that is promised already begins after the hint, and is enough. One that is in progress may
/// have read too early, and is followed by another.
const HINT: &str = "
WITH hinted AS MATERIALIZED (
  SELECT value ->> 'stream' AS stream, value ->> 'run_id' AS run_id FROM json_each(?3))
UPDATE jobs SET
  next_due_at = iif(jobs.run_id IS NULL, min(next_due_at, max(?4, coalesce(last_started_at, 0) + ?5)), next_due_at),
  requested_params = iif(jobs.run_id IS NULL, requested_params,
    json_set(coalesce(requested_params, '{}'), '$.not_before', last_started_at + ?5)),
  planned_trigger = 'webhook',
  next_run_id = hinted.run_id,
  updated_at = ?4
FROM hinted
WHERE jobs.kind = 'sync' AND jobs.subject = ?2 AND jobs.name = hinted.stream
  AND jobs.organization_id = ?1
  AND jobs.next_due_at IS NOT NULL AND jobs.next_run_id IS NULL";

/// Makes streams of a connector due, [`HINT_GAP_SECONDS`] after their last start at the earliest. What
/// is switched off stays so. Repeating it changes nothing.
///
/// # Errors
/// The failure of the statement.
pub async fn hint_runs<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    hinted: &[HintedRun<'_>],
    now: i64,
) -> Result<(), DatabaseError> {
    if hinted.is_empty() {
        return Ok(());
    }
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        json::write(hinted)?,
        now,
        HINT_GAP_SECONDS,
    ];
    database.execute(HINT, parameters).await.map(drop)
}
