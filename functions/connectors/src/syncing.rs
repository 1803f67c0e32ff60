//! What connectors sync, and syncs of their lists that somebody asks for.

use api::connectors::{SyncAsked, SyncConnector};
use api::{Problem, ProblemKind};
use domain::stream::Stream;
use http::StatusCode;
use platform::clients::EMPLOYMENT_HERO;
use platform::rest_api::CUSTOM;
use platform::{Context, Reply, clock, on_demand, problems, run, seven_shifts};

use crate::found;

/// The types of connectors that sync.
pub const PROVIDERS: [&str; 3] = [seven_shifts::PROVIDER, CUSTOM, EMPLOYMENT_HERO];

/// The sync settings that a connector is made with.
pub fn first_settings(provider: &str) -> &'static str {
    match provider {
        CUSTOM => r#"{"frequency":"every_15_min"}"#,
        // Leave; employees come every twelve hours whatever the frequency.
        EMPLOYMENT_HERO => r#"{"frequency":"hourly"}"#,
        _ => "{}",
    }
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
