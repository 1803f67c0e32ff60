//! `scheduled_sync`: a run now, through the engine as every other. The answer waits for up to five
//! seconds; a run that takes longer is named, to be asked for.

use std::collections::BTreeMap;

use api::seven_shifts_proxy::{ScheduledSyncAnswer, SevenShiftsCall, StreamResult};
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::run::Trigger;
use domain::stream::Stream;
use futures::future::{Either, select};
use http::StatusCode;
use platform::{Context, Reply, clock, internal, outbound, problems, random, run, time};
use serde::Serialize;
use store::connectors::Connector;
use store::jobs::plan;
use store::jobs::{self, RunRequest};
use store::sync_runs::{self, RunState};

use crate::{account, connect, refusal};

const WAIT_MS: i64 = 5_000;
const LOOK_EVERY_MS: i64 = 200;
/// Ten years.
const MAX_WINDOW_HOURS: u32 = 87_600;

#[derive(Serialize)]
struct Only<'a> {
    organization_id: &'a str,
    connector_id: &'a str,
}

pub async fn scheduled_sync(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let started_ms = clock::now_ms();
    let tenant = account::tenant(context, call)?;
    let connector = account::connector(context, &tenant, call).await?;
    if !run::may_run(connector.state) {
        let why = format!(
            "The connector is {}: {}",
            connector.state.as_str(),
            connector.state.remedy().unwrap_or_default()
        );
        return Err(
            Problem::new(ProblemKind::Conflict, why).with_legacy(StatusCode::CONFLICT, "UNKNOWN")
        );
    }
    let streams = wanted(context, call, &tenant, &connector).await?;
    let params = params(call)?;
    let fresh: Vec<_> = streams
        .iter()
        .map(|stream| (stream.as_str(), random::id()))
        .collect();
    let request = RunRequest {
        connector_id: &connector.id,
        streams: &fresh,
        params: params.as_deref(),
        trigger: Trigger::Manual,
    };
    let runs = jobs::request_run(&context.database, &tenant, request, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    let run_ids: BTreeMap<_, _> = runs
        .into_iter()
        .map(|run| (run.stream, run.run_id))
        .collect();
    let states = wait(
        context,
        &tenant,
        &connector,
        &run_ids,
        started_ms.saturating_add(WAIT_MS),
    )
    .await?;
    answer(context, &tenant, &connector, run_ids, &states, started_ms).await
}

/// The streams of the call, or all that are switched on.
async fn wanted(
    context: &Context,
    call: &SevenShiftsCall,
    tenant: &Tenant,
    connector: &Connector,
) -> Result<Vec<Stream>, Problem> {
    let enabled = connect::enabled_streams(context, tenant, &connector.id).await?;
    let Some(names) = &call.streams else {
        return Ok(enabled);
    };
    let mut streams = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let stream: Option<Stream> = name.parse().ok();
        let refuse = |detail: String| {
            refusal::bad_request(Problem::field(format!("/streams/{index}"), detail))
        };
        let stream = stream.ok_or_else(|| {
            refuse(format!(
                "must be one of {}",
                api::routes::STREAMS.join(", ")
            ))
        })?;
        if !enabled.contains(&stream) {
            return Err(refuse(format!(
                "{name} is switched off in the connector's sync settings"
            )));
        }
        if !streams.contains(&stream) {
            streams.push(stream);
        }
    }
    if streams.is_empty() {
        return Err(refusal::bad_request(Problem::field(
            "/streams",
            "is empty: name at least one stream, or leave it out for all",
        )));
    }
    Ok(streams)
}

/// What the run is asked for, as its function reads it.
#[derive(Serialize)]
struct RunParams {
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_window_hours: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_deletions: Option<bool>,
}

fn params(call: &SevenShiftsCall) -> Result<Option<String>, Problem> {
    let params = RunParams {
        sync_window_hours: call.params.sync_window_hours,
        force_deletions: call.params.force_deletions.filter(|force| *force),
    };
    if params
        .sync_window_hours
        .is_some_and(|hours| !(1..=MAX_WINDOW_HOURS).contains(&hours))
    {
        return Err(refusal::bad_request(Problem::field(
            "/params/sync_window_hours",
            format!("must be a number from 1 to {MAX_WINDOW_HOURS}"),
        )));
    }
    if params.sync_window_hours.is_none() && params.force_deletions.is_none() {
        return Ok(None);
    }
    serde_json::to_string(&params)
        .map(Some)
        .map_err(|error| problems::internal(&error.to_string()))
}

/// Nudges the scheduler for this connector and looks how the runs are doing, until all have ended
/// or the time is over.
async fn wait(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
    run_ids: &BTreeMap<String, String>,
    until_ms: i64,
) -> Result<Vec<RunState>, Problem> {
    let only = Only {
        organization_id: tenant.as_str(),
        connector_id: &connector.id,
    };
    // The tick goes on after this call has stopped waiting; should it not, the next one takes over.
    let tick = std::pin::pin!(internal::post(
        "scheduled-sync",
        "/internal/tick",
        &only,
        WAIT_MS
    ));
    let look = std::pin::pin!(look(context, tenant, run_ids, until_ms));
    match select(look, tick).await {
        Either::Left((states, _)) => states,
        // What the tick itself says does not matter: the runs' rows do.
        Either::Right((_, look)) => look.await,
    }
}

async fn look(
    context: &Context,
    tenant: &Tenant,
    run_ids: &BTreeMap<String, String>,
    until_ms: i64,
) -> Result<Vec<RunState>, Problem> {
    let ids: Vec<_> = run_ids.values().map(String::as_str).collect();
    loop {
        let states = sync_runs::states(&context.database, tenant, &ids)
            .await
            .map_err(|error| problems::database(&error))?;
        let left_ms = until_ms.saturating_sub(clock::now_ms());
        if left_ms <= 0
            || states
                .iter()
                .filter(|state| state.finished_at.is_some())
                .count()
                >= ids.len()
        {
            return Ok(states);
        }
        outbound::sleep_ms(left_ms.min(LOOK_EVERY_MS)).await;
    }
}

async fn answer(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
    run_ids: BTreeMap<String, String>,
    states: &[RunState],
    started_ms: i64,
) -> Result<Reply, Problem> {
    let finished = states
        .iter()
        .filter(|state| state.finished_at.is_some())
        .count()
        >= run_ids.len();
    let inputs = plan::planning_inputs_of(&context.database, tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    let next = inputs
        .iter()
        .filter(|input| run_ids.contains_key(&input.stream))
        .filter_map(|input| input.next_due_at)
        .min();
    let answer = ScheduledSyncAnswer {
        results: states
            .iter()
            .map(|state| (state.stream.clone(), result(state)))
            .collect(),
        run_ids,
        finished,
        duration_ms: clock::now_ms().saturating_sub(started_ms),
        next_sync_at: next.map(time::rfc3339),
    };
    Reply::json(
        if finished {
            StatusCode::OK
        } else {
            StatusCode::ACCEPTED
        },
        &answer,
    )
}

fn result(state: &RunState) -> StreamResult {
    StreamResult {
        status: state.status.clone(),
        synced: state
            .created
            .saturating_add(state.updated)
            .saturating_add(state.unchanged),
        created: state.created,
        updated: state.updated,
        errors: state.errors,
        error: state.error_detail.clone(),
    }
}
