//! What connectors sync, and syncs of their lists that somebody asks for.

use api::connectors::{SyncAsked, SyncConnector};
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::stream::Stream;
use http::StatusCode;
use platform::rest_api::{self, CUSTOM};
use platform::{Context, Reply, clock, on_demand, planning, problems, random, run, seven_shifts};
use store::jobs::plan::{self, StreamJob, StreamJobs};
use store::{DatabaseError, Execute};

use crate::found;

/// The types of connectors that sync.
pub const PROVIDERS: [&str; 2] = [seven_shifts::PROVIDER, CUSTOM];

/// The sync settings that a connector is made with.
pub fn first_settings(provider: &str) -> &'static str {
    if provider == CUSTOM {
        r#"{"frequency":"every_15_min"}"#
    } else {
        "{}"
    }
}

/// Has the list of a connector synced on its schedule, for the first time at once.
pub async fn schedule<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    let now = clock::now();
    let streams: Vec<_> = Stream::CUSTOM
        .iter()
        .map(|stream| StreamJob::unplanned(random::id(), *stream))
        .collect();
    let jobs = StreamJobs {
        connector_id,
        function: rest_api::SYNC_FUNCTION,
        concurrency_key: &rest_api::concurrency_key(connector_id),
        streams: &streams,
    };
    plan::ensure_stream_jobs(transaction, tenant, jobs, now).await?;
    let inputs = plan::planning_inputs_of(transaction, tenant, connector_id).await?;
    plan::replan(transaction, &planning::replan(&inputs, now), now).await
}

/// Syncs the list now. The answer waits for up to five seconds.
pub async fn ask(context: &Context) -> Result<Reply, Problem> {
    let started_ms = clock::now_ms();
    let (tenant, connector) = found(context).await?;
    let asked: SyncConnector = context.json()?;
    if connector.provider != CUSTOM {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "A connector of {} is not synced by this route: only those of the type custom are.",
                connector.provider
            ),
        ));
    }
    if !run::may_run(connector.state) {
        let why = format!(
            "The connector is {}: {}",
            connector.state.as_str(),
            connector.state.remedy().unwrap_or_default()
        );
        return Err(Problem::new(ProblemKind::Conflict, why));
    }
    let params =
        serde_json::to_string(&asked).map_err(|error| problems::internal(&error.to_string()))?;
    let id = &connector.id;
    let runs = on_demand::request(context, &tenant, id, Stream::CUSTOM, Some(&params)).await?;
    let run_id = runs
        .into_values()
        .next()
        .ok_or_else(|| problems::internal("the connector has no job"))?;
    let states = on_demand::wait(context, &tenant, id, &[&run_id], started_ms).await?;
    let state = states.into_iter().next();
    let answer = SyncAsked {
        run_id,
        status: state
            .as_ref()
            .map_or_else(|| "queued".to_owned(), |state| state.status.clone()),
        error: state.and_then(|state| state.error_detail),
    };
    Reply::json(StatusCode::ACCEPTED, &answer)
}
