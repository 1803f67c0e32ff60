//! The rows of a connector's streams, and their due times.

use domain::NaiveDate;
use domain::access::Tenant;
use domain::job::Outcome;
use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Jobs that one call lists or moves at the most.
pub const MAX_JOBS: i64 = 500;

/// The permanent row of a stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamJob<'a> {
    /// UUIDv7, used when the row is new.
    pub id: String,
    pub stream: &'a str,
    /// Order among the streams of one connector.
    pub rank: i64,
    pub next_due_at: Option<i64>,
    pub planned_trigger: Trigger,
}

impl StreamJob<'static> {
    /// The row of a stream before it is planned: it is due when it has been.
    #[must_use]
    pub fn unplanned(id: String, stream: Stream) -> Self {
        Self {
            id,
            stream: stream.as_str(),
            rank: i64::from(stream.rank()),
            next_due_at: None,
            planned_trigger: Trigger::Cron,
        }
    }
}

/// What makes a connector's streams run.
#[derive(Clone, Copy, Debug)]
pub struct StreamJobs<'a> {
    pub connector_id: &'a str,
    /// The component that syncs them.
    pub function: &'a str,
    /// What they share a lease by: the credential.
    pub concurrency_key: &'a str,
    pub streams: &'a [StreamJob<'a>],
}

/// A new due time.
#[derive(Clone, Debug, Serialize)]
pub struct Replanned {
    pub job_id: String,
    pub next_due_at: Option<i64>,
    pub planned_trigger: Trigger,
}

/// What decides when a stream is due.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct PlanningInput {
    pub job_id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub stream: String,
    pub concurrency_key: String,
    pub rank: i64,
    /// IANA name; the organization's.
    pub time_zone: String,
    pub connector_state: String,
    /// JSON.
    pub sync_settings: String,
    /// When the connector was connected, or connected again.
    pub connected_at: Option<i64>,
    pub next_due_at: Option<i64>,
    /// Why the run in progress, or the last one, runs.
    pub trigger: Option<String>,
    /// The run in progress.
    pub run_id: Option<String>,
    /// A run that somebody has asked for and that has not started.
    pub next_run_id: Option<String>,
    /// What that run is to be logged as.
    pub planned_trigger: Trigger,
    pub attempts: u32,
    pub last_started_at: Option<i64>,
    pub last_success_at: Option<i64>,
    pub last_complete_at: Option<i64>,
    pub last_status: Option<RunStatus>,
    pub last_error: Option<String>,
    pub last_nightly_date: Option<NaiveDate>,
}

impl PlanningInput {
    fn place(&self) -> (Option<i64>, &str, i64, &str) {
        (
            self.next_due_at,
            &self.concurrency_key,
            self.rank,
            &self.job_id,
        )
    }

    /// How the last run ended.
    #[must_use]
    pub fn last_outcome(&self) -> Option<Outcome> {
        match self.last_status? {
            RunStatus::Success | RunStatus::Partial => Some(Outcome::Done),
            RunStatus::Running => Some(Outcome::More),
            RunStatus::Failed => Some(Outcome::Failed {
                reason: self.last_error.clone().unwrap_or_default(),
            }),
        }
    }
}

const ENSURE: &str = "
INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank, state,
  next_due_at, planned_trigger, created_at, updated_at)
SELECT value ->> 'id', 'sync', value ->> 'stream', ?1, connectors.id, ?3, ?4, value ->> 'rank', 'pending',
  value ->> 'next_due_at', value ->> 'planned_trigger', ?6, ?6
FROM json_each(?5) CROSS JOIN connectors ON connectors.id = ?2 AND connectors.organization_id = ?1
WHERE true
ON CONFLICT (kind, subject, name) DO UPDATE SET
  function = excluded.function,
  concurrency_key = excluded.concurrency_key,
  rank = excluded.rank,
  state = iif(run_id IS NULL AND next_run_id IS NULL, 'pending', state),
  next_due_at = iif(run_id IS NULL AND next_run_id IS NULL, excluded.next_due_at, next_due_at),
  planned_trigger = iif(run_id IS NULL AND next_run_id IS NULL, excluded.planned_trigger, planned_trigger),
  updated_at = excluded.updated_at";

/// Makes or renews the rows of a connector's streams. A row that exists keeps its id, checkpoint
/// and history; one with a run in progress or promised keeps its due time too.
///
/// # Errors
/// The failure of the statement.
pub async fn ensure_stream_jobs<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    jobs: StreamJobs<'_>,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        jobs.connector_id,
        jobs.function,
        jobs.concurrency_key,
        json::write(jobs.streams)?,
        now,
    ];
    transaction.execute(ENSURE, parameters).await.map(drop)
}

const REPLAN: &str = "
UPDATE jobs SET
  state = 'pending',
  next_due_at = planned.next_due_at,
  planned_trigger = planned.planned_trigger,
  updated_at = ?2
FROM (
  SELECT value ->> 'job_id' AS job_id, value ->> 'next_due_at' AS next_due_at,
    value ->> 'planned_trigger' AS planned_trigger
  FROM json_each(?1)
) AS planned
WHERE jobs.id = planned.job_id AND jobs.run_id IS NULL AND jobs.next_run_id IS NULL
  AND (jobs.next_due_at, jobs.planned_trigger) IS NOT (planned.next_due_at, planned.planned_trigger)";

/// Moves due times. A job with a run in progress or promised is left alone: it is planned when
/// that run ends. Takes no tenant: the ids come from a list of [`PlanningInput`].
///
/// # Errors
/// The failure of the statement.
pub async fn replan<E: Execute>(
    database: &E,
    plans: &[Replanned],
    now: i64,
) -> Result<(), DatabaseError> {
    if plans.is_empty() {
        return Ok(());
    }
    let parameters = parameters![json::write(plans)?, now];
    database.execute(REPLAN, parameters).await.map(drop)
}

const NEXT_DUE_AT: &str = "
SELECT min(next_due_at) FROM jobs
WHERE kind = 'sync' AND subject = ?2 AND organization_id = ?1
  AND name IN (SELECT value FROM json_each(?3))";

/// When the first of these streams is due, Unix seconds; `None` when none of them ever is.
///
/// # Errors
/// The failure of the statement.
pub async fn next_due_at<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    streams: &[&str],
) -> Result<Option<i64>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, json::write(streams)?];
    let rows = database.execute(NEXT_DUE_AT, parameters).await?;
    rows.first().map_or(Ok(None), |row| row.optional_integer(0))
}

/// A list of planning inputs, by ids, connector or due time.
macro_rules! planning_sql {
    ($from:literal) => {
        concat!(
            "SELECT json_group_array(json_object(
               'job_id', jobs.id, 'organization_id', jobs.organization_id,
               'connector_id', connectors.id, 'stream', jobs.name,
               'concurrency_key', jobs.concurrency_key, 'rank', jobs.rank,
               'time_zone', organizations.time_zone, 'connector_state', connectors.state,
               'sync_settings', connectors.sync_settings, 'connected_at', connectors.connected_at, 'next_due_at', jobs.next_due_at,
               'trigger', jobs.trigger, 'run_id', jobs.run_id, 'next_run_id', jobs.next_run_id,
               'planned_trigger', jobs.planned_trigger, 'attempts', jobs.attempts,
               'last_started_at', jobs.last_started_at, 'last_success_at', jobs.last_success_at,
               'last_complete_at', jobs.last_complete_at, 'last_status', jobs.last_status,
               'last_error', jobs.last_error, 'last_nightly_date', jobs.last_nightly_date))
             FROM ",
            $from,
            " JOIN connectors ON connectors.id = jobs.subject
              JOIN organizations ON organizations.id = jobs.organization_id
              WHERE jobs.kind = 'sync'"
        )
    };
}

const OF_JOBS: &str =
    planning_sql!("json_each(?1) AS wanted CROSS JOIN jobs ON jobs.id = wanted.value");

/// What decides when these jobs are due next. For the scheduler, which claimed them.
///
/// # Errors
/// The failure of the statement.
pub async fn planning_inputs<E: Execute>(
    database: &E,
    job_ids: &[&str],
) -> Result<Vec<PlanningInput>, DatabaseError> {
    let rows = database
        .execute(OF_JOBS, parameters![json::write(job_ids)?])
        .await?;
    json::read(&rows)
}

const OF_CONNECTOR: &str = planning_sql!(
    "(SELECT * FROM jobs WHERE organization_id = ?1 AND kind = 'sync' AND subject = ?2) AS jobs"
);

/// What decides when the streams of a connector are due next.
///
/// # Errors
/// The failure of the statement.
pub async fn planning_inputs_of<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Vec<PlanningInput>, DatabaseError> {
    let rows = database
        .execute(OF_CONNECTOR, parameters![tenant.as_str(), connector_id])
        .await?;
    json::read(&rows)
}

const OF_CONNECTORS: &str = planning_sql!(
    "json_each(?2) AS wanted CROSS JOIN jobs
       ON jobs.organization_id = ?1 AND jobs.kind = 'sync' AND jobs.subject = wanted.value"
);

/// [`planning_inputs_of`] several connectors at once, in no order.
///
/// # Errors
/// The failure of the statement.
pub async fn planning_inputs_of_all<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_ids: &[&str],
) -> Result<Vec<PlanningInput>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(connector_ids)?];
    json::read(&database.execute(OF_CONNECTORS, parameters).await?)
}

const OF_STREAMS: &str = planning_sql!(
    "(SELECT jobs.* FROM connectors CROSS JOIN jobs
        ON jobs.organization_id = ?1 AND jobs.kind = 'sync' AND jobs.subject = connectors.id
      WHERE connectors.organization_id = ?1 AND (?3 OR connectors.state <> 'disconnected')
        AND jobs.name IN (SELECT value FROM json_each(?2))) AS jobs"
);

/// What decides when these streams are due next, of every connector of the tenant, or of those that are not
/// disconnected; those of one connector together.
///
/// # Errors
/// The failure of the statement.
pub async fn planning_inputs_of_streams<E: Execute>(
    database: &E,
    tenant: &Tenant,
    streams: &[Stream],
    with_disconnected: bool,
) -> Result<Vec<PlanningInput>, DatabaseError> {
    let names: Vec<_> = streams.iter().map(|stream| stream.as_str()).collect();
    let parameters = parameters![tenant.as_str(), json::write(&names)?, with_disconnected];
    let mut inputs: Vec<PlanningInput> =
        json::read(&database.execute(OF_STREAMS, parameters).await?)?;
    inputs.sort_by(|one, other| one.connector_id.cmp(&other.connector_id));
    Ok(inputs)
}

const DUE: &str = planning_sql!(
    "(SELECT * FROM jobs WHERE next_due_at <= ?1 ORDER BY next_due_at LIMIT ?2) AS jobs"
);

/// Up to [`MAX_JOBS`] streams that are due, the longest due first. For the scheduler, which plans
/// once more before it claims: what was due while ticks were missed may not be due any more.
///
/// # Errors
/// The failure of the statement.
pub async fn due<E: Execute>(database: &E, now: i64) -> Result<Vec<PlanningInput>, DatabaseError> {
    json::read(&database.execute(DUE, parameters![now, MAX_JOBS]).await?)
}

const DUE_AFTER: &str = planning_sql!(
    "(SELECT * FROM jobs
      WHERE (next_due_at, concurrency_key, rank, id) > (?1, ?2, ?3, ?4)
      ORDER BY next_due_at, concurrency_key, rank, id LIMIT ?5) AS jobs"
);

/// Sorts after every key and id.
const LAST: &str = "\u{10ffff}";

/// Up to [`MAX_JOBS`] jobs that are due after `horizon`, in order: after a clock that jumped,
/// those whose plan may be wrong. `after` is the last one of the page before.
///
/// # Errors
/// The failure of the statement.
pub async fn due_too_far<E: Execute>(
    database: &E,
    horizon: i64,
    after: Option<&PlanningInput>,
) -> Result<Vec<PlanningInput>, DatabaseError> {
    let (due, key, rank, id) = after.map_or((horizon, LAST, i64::MAX, LAST), |last| {
        let due = last.next_due_at.unwrap_or(horizon);
        (due, &last.concurrency_key, last.rank, &last.job_id)
    });
    let rows = database
        .execute(DUE_AFTER, parameters![due, key, rank, id, MAX_JOBS])
        .await?;
    let mut page: Vec<PlanningInput> = json::read(&rows)?;
    page.sort_by(|a, b| a.place().cmp(&b.place()));
    Ok(page)
}

const HASTEN: &str = "
UPDATE jobs SET
  next_due_at = ?2,
  lease_expires_at = iif(lease_holder IS NULL, NULL, ?2),
  updated_at = ?2
WHERE id IN (
  SELECT id FROM jobs
  WHERE next_due_at > ?1
    AND (run_id IS NOT NULL OR next_run_id IS NOT NULL OR kind = 'maintenance')
    AND (kind <> 'outbox' OR lease_holder IS NOT NULL OR next_due_at > ?4)
  ORDER BY next_due_at LIMIT ?3)
RETURNING id";

/// Makes unfinished runs due now whose lease or retry lies after `horizon`, deliveries whose next try
/// lies after `delivery_horizon`, and the installation's own jobs, which no schedule plans again;
/// [`MAX_JOBS`] at a time. Returns how many. Only a clock that jumped puts them there. A holder that
/// still works finds its lease ended.
///
/// # Errors
/// The failure of the statement.
pub async fn hasten_unfinished<E: Execute>(
    database: &E,
    horizon: i64,
    delivery_horizon: i64,
    now: i64,
) -> Result<usize, DatabaseError> {
    database
        .execute(
            HASTEN,
            parameters![horizon, now, MAX_JOBS, delivery_horizon],
        )
        .await
        .map(|rows| rows.len())
}

const END_RUNS: &str = "
INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status,
  started_at, finished_at, duration_ms, kind, request_id, error_code, error_detail)
SELECT coalesce(run_id, next_run_id), organization_id, subject, id, name,
  iif(run_id IS NULL, planned_trigger, trigger), 'failed',
  iif(run_id IS NULL, ?3 / 1000, last_started_at), ?3 / 1000,
  iif(run_id IS NULL, 0, max(0, ?3 - run_started_ms)), '',
  iif(run_id IS NULL, requested_params, params) ->> 'request_id', ?4, ?5
FROM jobs
WHERE organization_id = ?1 AND kind = 'sync' AND subject = ?2 AND coalesce(run_id, next_run_id) IS NOT NULL
UNION ALL
SELECT next_run_id, organization_id, subject, id, name, planned_trigger, 'failed', ?3 / 1000, ?3 / 1000, 0, '',
  requested_params ->> 'request_id', ?4, ?5
FROM jobs
WHERE organization_id = ?1 AND kind = 'sync' AND subject = ?2 AND run_id IS NOT NULL AND next_run_id IS NOT NULL
ON CONFLICT (id) DO UPDATE SET
  status = excluded.status,
  finished_at = excluded.finished_at,
  duration_ms = excluded.duration_ms,
  error_code = excluded.error_code,
  error_detail = excluded.error_detail";

const STOP: &str = "
UPDATE jobs SET
  state = 'pending', next_due_at = NULL, planned_trigger = 'cron', attempts = 0,
  run_id = NULL, next_run_id = NULL, params = NULL, requested_params = NULL,
  lease_holder = NULL, lease_expires_at = NULL, lease_version = lease_version + 1,
  last_status = iif(run_id IS NULL, last_status, 'failed'),
  last_error = iif(run_id IS NULL, last_error, ?4),
  updated_at = ?3
WHERE organization_id = ?1 AND kind = 'sync' AND subject = ?2";

/// Stops the streams of a connector at once: what runs can no longer write, what was promised
/// ends as failed with this reason, and nothing is due until the streams are planned again.
///
/// # Errors
/// The failure of a statement.
pub async fn stop_stream_jobs<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    reason: &super::Failure,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let (tenant, code) = (tenant.as_str(), reason.code.as_str());
    let detail = reason.detail.as_str();
    transaction
        .execute(
            END_RUNS,
            parameters![tenant, connector_id, now_ms, code, detail],
        )
        .await?;
    transaction
        .execute(
            STOP,
            parameters![tenant, connector_id, now_ms.div_euclid(1_000), detail],
        )
        .await
        .map(drop)
}

const REMOVE: &str =
    "DELETE FROM jobs WHERE organization_id = ?1 AND kind = 'sync' AND subject = ?2";

/// Removes the streams of a connector that is removed itself. Stop them first, so that their runs end.
///
/// # Errors
/// The failure of the statement.
pub async fn remove_stream_jobs<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id];
    transaction.execute(REMOVE, parameters).await.map(drop)
}
