//! A sync that somebody waits for: a run now, through the engine as every other. The answer waits
//! for up to five seconds; a run that takes longer goes on and is asked for by its id.

use std::collections::BTreeMap;

use api::Problem;
use domain::access::Tenant;
use domain::run::Trigger;
use domain::stream::Stream;
use futures::future::{Either, select};
use serde::Serialize;
use store::jobs::{self, RunRequest};
use store::sync_runs::{self, RunState};

use crate::{Context, clock, internal, outbound, problems, random};

const WAIT_MS: i64 = 5_000;
const LOOK_EVERY_MS: i64 = 200;

/// What a tick is kept to.
#[derive(Serialize)]
struct Only<'a> {
    kind: &'a str,
    organization_id: &'a str,
    connector_id: &'a str,
}

/// Has the scheduler run what is due of one kind and connector, and returns when it has, or after
/// `timeout_ms`: then it goes on without anybody waiting. Should it not run, the next tick takes over.
pub async fn nudge(kind: &str, tenant: &Tenant, connector_id: &str, timeout_ms: i64) {
    let only = Only {
        kind,
        organization_id: tenant.as_str(),
        connector_id,
    };
    // What the tick itself says does not matter: the rows do.
    let _ = internal::post("scheduled-sync", "/internal/tick", &only, timeout_ms).await;
}

/// Makes the streams due now; returns the run of each. `params` is a JSON object that the stream's
/// function reads.
///
/// # Errors
/// The database's, as a problem.
pub async fn request(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
    streams: &[Stream],
    params: Option<&str>,
) -> Result<BTreeMap<String, String>, Problem> {
    let fresh: Vec<_> = streams
        .iter()
        .map(|stream| (stream.as_str(), random::id()))
        .collect();
    let request = RunRequest {
        connector_id,
        streams: &fresh,
        params,
        trigger: Trigger::Manual,
    };
    let runs = jobs::request_run(&context.database, tenant, request, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(runs
        .into_iter()
        .map(|run| (run.stream, run.run_id))
        .collect())
}

/// Nudges the scheduler for this connector and looks how the runs are doing, until all have ended
/// or five seconds have passed since `started_ms`.
///
/// # Errors
/// The database's, as a problem.
pub async fn wait(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
    run_ids: &[&str],
    started_ms: i64,
) -> Result<Vec<RunState>, Problem> {
    let tick = std::pin::pin!(nudge(jobs::SYNC, tenant, connector_id, WAIT_MS));
    let until_ms = started_ms.saturating_add(WAIT_MS);
    let look = std::pin::pin!(look(context, tenant, run_ids, until_ms));
    match select(look, tick).await {
        Either::Left((states, _)) => states,
        Either::Right(((), look)) => look.await,
    }
}

async fn look(
    context: &Context,
    tenant: &Tenant,
    run_ids: &[&str],
    until_ms: i64,
) -> Result<Vec<RunState>, Problem> {
    loop {
        let states = sync_runs::states(&context.database, tenant, run_ids)
            .await
            .map_err(|error| problems::database(&error))?;
        let left_ms = until_ms.saturating_sub(clock::now_ms());
        if left_ms <= 0 || have_ended(&states, run_ids.len()) {
            return Ok(states);
        }
        outbound::sleep_ms(left_ms.min(LOOK_EVERY_MS)).await;
    }
}

/// Whether all of the runs have ended.
#[must_use]
pub fn have_ended(states: &[RunState], runs: usize) -> bool {
    states
        .iter()
        .filter(|state| state.finished_at.is_some())
        .count()
        >= runs
}
