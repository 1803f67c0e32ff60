use domain::access::Tenant;
use domain::run::Trigger;
use serde::Serialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// A run that is wanted now.
#[derive(Clone, Copy, Debug)]
pub struct RunRequest<'a> {
    pub connector_id: &'a str,
    /// Each stream with a UUIDv7 for its run, used unless one is promised already.
    pub streams: &'a [(&'a str, String)],
    /// A JSON object. Joined with what others have asked of the same run; the last word counts
    /// where they differ.
    pub params: Option<&'a str>,
    pub trigger: Trigger,
}

/// A run that will happen, unless the connector is stopped first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromisedRun {
    pub stream: String,
    pub run_id: String,
    pub job_id: String,
}

/// A stream that is to run again by a time.
#[derive(Clone, Debug, Serialize)]
pub struct WantedRun<'a> {
    pub stream: &'a str,
    /// UUIDv7, used unless a run is promised already.
    pub run_id: &'a str,
    pub due_at: i64,
}

/// A wait that a hint has set is nobody's who asks.
const REQUEST: &str = "
WITH wanted AS MATERIALIZED (
  SELECT value ->> 'stream' AS stream, value ->> 'run_id' AS run_id, value ->> 'due_at' AS due_at
  FROM json_each(?3))
UPDATE jobs SET
  next_due_at = iif(state = 'running', next_due_at, min(coalesce(next_due_at, wanted.due_at), wanted.due_at)),
  state = iif(state = 'running', state, 'pending'),
  planned_trigger = ?4,
  requested_params = nullif(
    json_patch(json_remove(coalesce(requested_params, '{}'), '$.not_before'), coalesce(?5, '{}')), '{}'),
  next_run_id = coalesce(next_run_id, wanted.run_id),
  updated_at = ?6
FROM wanted
WHERE jobs.kind = 'sync' AND jobs.subject = ?2 AND jobs.name = wanted.stream
  AND jobs.organization_id = ?1
RETURNING name, next_run_id, id";

/// Makes streams of a connector due now and returns the id of the run that each will have.
/// Those who ask before it starts get the same one. A stream that is running, or has a run that
/// is not finished, runs again afterwards: what it has read so far may be older than the request.
///
/// A stream without a job is left out of the answer.
///
/// # Errors
/// The failure of the statement.
pub async fn request_run<E: Execute>(
    database: &E,
    tenant: &Tenant,
    request: RunRequest<'_>,
    now: i64,
) -> Result<Vec<PromisedRun>, DatabaseError> {
    let wanted: Vec<_> = request
        .streams
        .iter()
        .map(|(stream, run_id)| WantedRun {
            stream,
            run_id,
            due_at: now,
        })
        .collect();
    let parameters = parameters![
        tenant.as_str(),
        request.connector_id,
        json::write(&wanted)?,
        request.trigger.as_str(),
        request.params,
        now,
    ];
    database
        .execute(REQUEST, parameters)
        .await?
        .iter()
        .map(|row| {
            Ok(PromisedRun {
                stream: row.text(0)?.to_owned(),
                run_id: row.text(1)?.to_owned(),
                job_id: row.text(2)?.to_owned(),
            })
        })
        .collect()
}

/// Has streams of a connector run by these times, or by their own when those are sooner. Unlike a
/// time that is planned, this one is kept when the streams are planned again before it has come.
///
/// # Errors
/// The failure of the statement.
pub async fn want_runs<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    wanted: &[WantedRun<'_>],
    now: i64,
) -> Result<(), DatabaseError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        json::write(wanted)?,
        Trigger::Cron.as_str(),
        None::<&str>,
        now,
    ];
    database.execute(REQUEST, parameters).await.map(drop)
}
