//! Syncs that somebody asks for, by POST or, as the timers of a replaced system do, by GET.

use api::employees::EmployerSynced;
use api::{Problem, ProblemKind};
use domain::run::RunStatus;
use domain::stream::Stream;
use http::StatusCode;
use platform::{Context, Reply, clock, on_demand, problems, run};
use serde::Serialize;
use store::sync_runs::RunState;

use crate::connector::Asked;

#[derive(Serialize)]
struct Params {
    full: bool,
    force_deletions: bool,
}

/// Has the stream synced now. The answer waits for up to five seconds.
pub async fn ask(context: &Context, stream: Stream) -> Result<Reply, Problem> {
    let started_ms = clock::now_ms();
    let asked = Asked::parse(context, |query| Params {
        full: query.boolean("full").unwrap_or(false),
        force_deletions: query.boolean("force_deletions").unwrap_or(false),
    })?;
    let connector = asked.connector(context).await?;
    if !run::may_run(connector.state) {
        let why = connector
            .state_reason
            .as_deref()
            .or(connector.state.remedy())
            .unwrap_or_default();
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "The connector is {} and syncs nothing. {why}",
                connector.state.as_str()
            ),
        ));
    }
    let params = serde_json::to_string(&asked.of_query)
        .map_err(|error| problems::internal(&error.to_string()))?;
    let (tenant, id) = (&asked.tenant, &connector.id);
    let runs = on_demand::request(context, tenant, id, &[stream], Some(&params)).await?;
    let run_id = runs
        .into_values()
        .next()
        .ok_or_else(|| problems::internal("the connector has no job"))?;
    let states = on_demand::wait(context, tenant, id, &[&run_id], started_ms).await?;
    answer(id, &run_id, states.into_iter().next())
}

fn answer(connector_id: &str, run_id: &str, state: Option<RunState>) -> Result<Reply, Problem> {
    let Some(state) = state else {
        return Reply::json(StatusCode::ACCEPTED, &queued(connector_id, run_id));
    };
    let has_ended = state.finished_at.is_some();
    if has_ended && state.status == RunStatus::Failed.as_str() {
        let why = state.error_detail.unwrap_or_default();
        return Err(Problem::new(
            ProblemKind::ProviderFailed,
            format!("The sync failed: {why} See /api/sync-runs/{run_id}."),
        ));
    }
    let synced = state
        .created
        .saturating_add(state.updated)
        .saturating_add(state.unchanged);
    let answer = EmployerSynced {
        synced: has_ended.then_some(synced),
        status: state.status,
        fetched: state.fetched,
        created: state.created,
        updated: state.updated,
        unchanged: state.unchanged,
        deleted: state.deleted,
        errors: state.errors,
        error: state.error_detail,
        ..queued(connector_id, run_id)
    };
    let status = if has_ended {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Reply::json(status, &answer)
}

fn queued(connector_id: &str, run_id: &str) -> EmployerSynced {
    EmployerSynced {
        synced: None,
        connector_id: connector_id.to_owned(),
        run_id: run_id.to_owned(),
        status: "queued".to_owned(),
        fetched: 0,
        created: 0,
        updated: 0,
        unchanged: 0,
        deleted: 0,
        errors: 0,
        error: None,
    }
}
