use domain::NaiveDate;
use domain::job::JobState;
use domain::run::{RunStatus, Trigger};
use serde::Serialize;

use crate::database::{Database, DatabaseError, Execute};
use crate::{json, parameters};

/// What became of a claimed job: its next row, as the rules decided it.
#[derive(Clone, Debug, Serialize)]
pub struct Conclusion {
    pub job_id: String,
    /// As claimed. The outcome counts only while this is still the version.
    pub lease_version: i64,
    pub state: JobState,
    /// `None`: not before somebody asks.
    pub next_due_at: Option<i64>,
    /// What the next run is to be logged as.
    pub planned_trigger: Trigger,
    pub attempts: u32,
    /// How the run ended; `None` while it goes on (more to do, or another try).
    pub ended: Option<RunStatus>,
    /// Why it failed, or why it is tried again.
    pub failure: Option<Failure>,
    /// The local date of the night that this run served.
    pub nightly_date: Option<NaiveDate>,
    /// The run saw everything there is, not only what changed.
    pub complete: bool,
    /// Calls to the provider that no checkpoint has counted.
    pub uncounted_calls: u32,
    /// Whether it was a run of a stream, which has a row of its own.
    #[serde(skip)]
    pub is_sync: bool,
    /// Of a job of the outbox: what it sends.
    pub delivery_id: Option<String>,
}

/// A reason that a manager can act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub code: String,
    pub detail: String,
}

/// The run's row, also of a run whose function was never reached. Before the jobs are put back,
/// because that ends their runs. `CROSS JOIN`: from the outcomes to their jobs, not the reverse.
const RECORD_RUNS: &str = "
INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status,
  started_at, finished_at, duration_ms, provider_calls, kind, request_id, error_code, error_detail)
SELECT jobs.run_id, jobs.organization_id, jobs.subject, jobs.id, jobs.name, jobs.trigger,
  coalesce(outcome.value ->> 'ended', 'running'),
  jobs.last_started_at,
  iif(outcome.value ->> 'ended' IS NULL, NULL, ?2),
  iif(outcome.value ->> 'ended' IS NULL, NULL, max(0, ?3 - jobs.run_started_ms)),
  outcome.value ->> 'uncounted_calls',
  '',
  jobs.params ->> 'request_id',
  outcome.value ->> '$.failure.code',
  outcome.value ->> '$.failure.detail'
FROM json_each(?1) AS outcome
CROSS JOIN jobs ON jobs.id = outcome.value ->> 'job_id'
WHERE jobs.kind = 'sync'
  AND jobs.lease_version = outcome.value ->> 'lease_version'
  AND jobs.lease_holder IS NOT NULL
ON CONFLICT (id) DO UPDATE SET
  status = excluded.status,
  finished_at = excluded.finished_at,
  duration_ms = excluded.duration_ms,
  provider_calls = provider_calls + excluded.provider_calls,
  error_code = excluded.error_code,
  error_detail = excluded.error_detail";

/// What became of a delivery, or why it is tried again. Before the jobs are put back, as with runs.
const RECORD_DELIVERIES: &str = "
UPDATE deliveries SET
  state = CASE WHEN outcome.ended IS NULL THEN state WHEN outcome.ended = 'failed' THEN 'failed' ELSE 'delivered' END,
  finished_at = iif(outcome.ended IS NULL, NULL, ?2),
  error_code = outcome.code,
  error_detail = outcome.detail
FROM (
  SELECT value ->> 'delivery_id' AS delivery_id, value ->> 'job_id' AS job_id,
    value ->> 'lease_version' AS lease_version, value ->> 'ended' AS ended,
    value ->> '$.failure.code' AS code, value ->> '$.failure.detail' AS detail
  FROM json_each(?1)
) AS outcome
WHERE deliveries.id = outcome.delivery_id AND deliveries.state = 'pending' AND EXISTS (
  SELECT 1 FROM jobs WHERE jobs.id = outcome.job_id AND jobs.kind = 'outbox'
    AND jobs.name = deliveries.id AND jobs.organization_id = deliveries.organization_id
    AND jobs.lease_version = outcome.lease_version AND jobs.lease_holder IS NOT NULL)";

/// The job of a delivery is there while the delivery is not done.
const FORGET_DELIVERED: &str = "
DELETE FROM jobs WHERE +kind = 'outbox' AND state IN ('done', 'failed') AND id IN (
  SELECT value ->> 'job_id' FROM json_each(?1))";

/// A run that was promised while this one ran is due at once, or when a hint allows it, under the
/// trigger of who asked.
const RECORD_JOBS: &str = "
UPDATE jobs SET
  state = iif(outcome.ended IS NOT NULL AND next_run_id IS NOT NULL, 'pending', outcome.state),
  next_due_at = iif(outcome.ended IS NOT NULL AND next_run_id IS NOT NULL,
    max(?2, coalesce(requested_params ->> 'not_before', 0)), outcome.next_due_at),
  planned_trigger = iif(next_run_id IS NOT NULL, jobs.planned_trigger, outcome.planned_trigger),
  attempts = outcome.attempts,
  run_id = iif(outcome.ended IS NULL, run_id, NULL),
  params = iif(outcome.ended IS NULL, params, NULL),
  lease_holder = NULL,
  lease_expires_at = NULL,
  last_finished_at = iif(outcome.ended IS NULL, last_finished_at, ?2),
  last_success_at = iif(outcome.ended IN ('success', 'partial'), ?2, last_success_at),
  last_complete_at = iif(outcome.ended IN ('success', 'partial') AND outcome.complete, ?2, last_complete_at),
  last_nightly_date = coalesce(outcome.nightly_date, last_nightly_date),
  last_status = coalesce(outcome.ended, last_status),
  last_error = outcome.error,
  updated_at = ?2
FROM (
  SELECT
    value ->> 'job_id' AS job_id,
    value ->> 'lease_version' AS lease_version,
    value ->> 'state' AS state,
    value ->> 'next_due_at' AS next_due_at,
    value ->> 'planned_trigger' AS planned_trigger,
    value ->> 'attempts' AS attempts,
    value ->> 'ended' AS ended,
    value ->> '$.failure.detail' AS error,
    value ->> 'nightly_date' AS nightly_date,
    value ->> 'complete' AS complete
  FROM json_each(?1)
) AS outcome
WHERE jobs.id = outcome.job_id
  AND jobs.lease_version = outcome.lease_version
  AND jobs.lease_holder IS NOT NULL
RETURNING id";

/// Puts claimed jobs back and writes the rows of their runs, in one transaction. Returns the ids
/// of the jobs whose outcome was accepted: the others' leases belong to somebody else by now, or
/// their outcome is known already, and nothing of theirs was changed.
///
/// # Errors
/// The failure of a statement; nothing was recorded then. Recording again does no harm.
pub async fn record<D: Database>(
    database: &D,
    conclusions: &[Conclusion],
    now_ms: i64,
) -> Result<Vec<String>, DatabaseError> {
    if conclusions.is_empty() {
        return Ok(Vec::new());
    }
    database
        .transaction(async |transaction| record_in(transaction, conclusions, now_ms).await)
        .await
}

/// [`record`] in a transaction that does more.
///
/// # Errors
/// The failure of a statement.
pub async fn record_in<E: Execute>(
    transaction: &E,
    conclusions: &[Conclusion],
    now_ms: i64,
) -> Result<Vec<String>, DatabaseError> {
    let outcomes = json::write(conclusions)?;
    let now = now_ms.div_euclid(1_000);
    let has_deliveries = conclusions.iter().any(|one| one.delivery_id.is_some());
    if conclusions.iter().any(|one| one.is_sync) {
        transaction
            .execute(RECORD_RUNS, parameters![outcomes.as_str(), now, now_ms])
            .await?;
    }
    if has_deliveries {
        transaction
            .execute(RECORD_DELIVERIES, parameters![outcomes.as_str(), now])
            .await?;
    }
    let accepted = transaction
        .execute(RECORD_JOBS, parameters![outcomes.as_str(), now])
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect::<Result<_, _>>()?;
    if has_deliveries {
        transaction
            .execute(FORGET_DELIVERED, parameters![outcomes.as_str()])
            .await?;
    }
    Ok(accepted)
}
