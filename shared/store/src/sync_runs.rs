//! The state of runs, for those who wait for them, and the end of old ones.
//!
//! The rows are written by [`crate::jobs`], under the lease of the job.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Where a run stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct RunState {
    pub id: String,
    pub connector_id: String,
    pub stream: String,
    /// `queued` while it is promised or has not come to its first page; then as
    /// [`domain::run::RunStatus`].
    pub status: String,
    pub fetched: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub deleted: i64,
    pub errors: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub duration_ms: Option<i64>,
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
}

const STATES: &str = "
SELECT json_group_array(json_object(
  'id', id, 'connector_id', connector_id, 'stream', stream, 'status', status, 'fetched', fetched,
  'created', created, 'updated', updated, 'unchanged', unchanged, 'deleted', deleted,
  'errors', errors, 'started_at', started_at, 'finished_at', finished_at,
  'duration_ms', duration_ms, 'error_code', error_code, 'error_detail', error_detail))
FROM (
  SELECT sync_runs.id, connector_id, stream, status, fetched, created, updated, unchanged, deleted,
    errors, started_at, finished_at, duration_ms, error_code, error_detail
  FROM json_each(?2) AS wanted CROSS JOIN sync_runs ON sync_runs.id = wanted.value
  WHERE organization_id = ?1
  UNION ALL
  SELECT promised.id, subject, name, 'queued', 0, 0, 0, 0, 0,
    0, NULL, NULL, NULL, NULL, NULL
  FROM (
    SELECT run_id AS id, subject, name FROM jobs WHERE organization_id = ?1 AND kind = 'sync'
    UNION
    SELECT next_run_id, subject, name FROM jobs WHERE organization_id = ?1 AND kind = 'sync'
  ) AS promised
  WHERE promised.id IN (SELECT value FROM json_each(?2))
    AND NOT EXISTS (SELECT 1 FROM sync_runs WHERE sync_runs.id = promised.id)
)";

/// Where these runs stand, in no order. Runs of others and ids that no run has are left out.
///
/// # Errors
/// The failure of the statement.
pub async fn states<E: Execute>(
    database: &E,
    tenant: &Tenant,
    run_ids: &[&str],
) -> Result<Vec<RunState>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(run_ids)?];
    json::read(&database.execute(STATES, parameters).await?)
}

const QUEUED: &str = "
SELECT json_object('id', ?2, 'organization_id', organization_id, 'connector_id', subject,
  'stream', name, 'trigger', iif(run_id = ?2, trigger, planned_trigger), 'status', 'queued',
  'kind', NULL, 'started_at', NULL, 'finished_at', NULL, 'duration_ms', NULL,
  'pages', 0, 'provider_calls', 0, 'fetched', 0, 'created', 0, 'updated', 0, 'unchanged', 0,
  'deleted', 0, 'errors', 0, 'error_code', NULL, 'error_detail', NULL)
FROM jobs
WHERE organization_id = ?1 AND kind = 'sync' AND ?2 IN (run_id, next_run_id)";

/// A run that is promised or has not come to its first page, as the text of a JSON object with the
/// members of a run that is listed; `None` where no stream has it.
///
/// # Errors
/// The failure of the statement.
pub async fn queued<E: Execute>(
    database: &E,
    tenant: &Tenant,
    run_id: &str,
) -> Result<Option<String>, DatabaseError> {
    database
        .execute(QUEUED, parameters![tenant.as_str(), run_id])
        .await?
        .first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

const PRUNE: &str = "
DELETE FROM sync_runs WHERE id IN (
  SELECT id FROM sync_runs WHERE finished_at < ?1 ORDER BY finished_at LIMIT ?2)
RETURNING id";

/// Removes up to `limit` runs, of all organizations, that ended before `before`; returns how many.
///
/// # Errors
/// The failure of the statement.
pub async fn prune<E: Execute>(
    database: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    database
        .execute(PRUNE, parameters![before, limit])
        .await
        .map(|rows| rows.len())
}
