//! `scheduled_sync`: a run now, through the engine as every other. The answer waits for up to five
//! seconds; a run that takes longer is named, to be asked for.

use std::collections::BTreeMap;

use api::seven_shifts_proxy::{ScheduledSyncAnswer, SevenShiftsCall, StreamResult};
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::stream::Stream;
use http::StatusCode;
use platform::seven_shifts::connecting;
use platform::{Context, Reply, clock, on_demand, problems, run, time};
use serde::Serialize;
use store::connectors::Connector;
use store::jobs::plan;
use store::sync_runs::RunState;

use crate::{account, refusal};

/// Ten years.
const MAX_WINDOW_HOURS: u32 = 87_600;

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
    let streams = wanted(call, &connector)?;
    let params = params(call)?;
    let run_ids =
        on_demand::request(context, &tenant, &connector.id, &streams, params.as_deref()).await?;
    let ids: Vec<_> = run_ids.values().map(String::as_str).collect();
    let states = on_demand::wait(context, &tenant, &connector.id, &ids, started_ms).await?;
    answer(context, &tenant, &connector, run_ids, &states, started_ms).await
}

/// The streams of the call, or all that are switched on.
fn wanted(call: &SevenShiftsCall, connector: &Connector) -> Result<Vec<Stream>, Problem> {
    let enabled = connecting::streams_of(connector)
        .ok_or_else(|| problems::internal("stored sync settings cannot be read"))?;
    let Some(names) = &call.streams else {
        return Ok(enabled);
    };
    let mut streams = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let stream: Option<Stream> = name
            .parse()
            .ok()
            .filter(|stream| Stream::SEVEN_SHIFTS.contains(stream));
        let refuse = |detail: String| {
            refusal::bad_request(Problem::field(format!("/streams/{index}"), detail))
        };
        let stream = stream.ok_or_else(|| {
            refuse(format!(
                "must be one of {}",
                api::routes::SEVEN_SHIFTS_STREAMS.join(", ")
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

async fn answer(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
    run_ids: BTreeMap<String, String>,
    states: &[RunState],
    started_ms: i64,
) -> Result<Reply, Problem> {
    let finished = on_demand::have_ended(states, run_ids.len());
    let streams: Vec<_> = run_ids.keys().map(String::as_str).collect();
    let next = plan::next_due_at(&context.database, tenant, &connector.id, &streams)
        .await
        .map_err(|error| problems::database(&error))?;
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
