//! Pausing, resuming and disconnecting. Each can be repeated.

use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{
    self, Active, Disconnected, Error, Expired, Paused, Revoked,
};
use http::StatusCode;
use platform::seven_shifts::webhooks::{self, RemoveCall};
use platform::{Context, Reply, clock, internal, log, planning, problems};
use store::connectors::{self, Connector, StateChange};
use store::jobs::Failure;
use store::jobs::plan;
use store::{Database, DatabaseError, credentials};

use crate::{answered, found};

/// How long disconnecting waits for the provider, in milliseconds.
const WEBHOOKS_TIMEOUT_MS: i64 = 5_000;

/// Stops the schedule; credentials and data stay.
pub async fn pause(context: &Context) -> Result<Reply, Problem> {
    let change = StateChange {
        from: &[Active, Error, Expired, Paused],
        to: Paused,
        reason: Some("Paused by hand. Resume it to go on."),
    };
    set(
        context,
        change,
        Some(("paused", "The connector was paused.")),
    )
    .await
}

/// Starts the schedule again.
pub async fn resume(context: &Context) -> Result<Reply, Problem> {
    let change = StateChange {
        from: &[Paused, Active, Error],
        to: Active,
        reason: None,
    };
    set(context, change, None).await
}

/// Purges the credentials; the data stays.
pub async fn disconnect(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    remove_webhooks(context, &tenant, &connector).await?;
    let now = clock::now();
    context
        .database
        .transaction(async |transaction| {
            webhooks::retire(transaction, &tenant, &connector.id, now).await?;
            credentials::purge(transaction, &tenant, &connector.id).await?;
            let stopped = Failure {
                code: "disconnected".to_owned(),
                detail: "The connector was disconnected.".to_owned(),
            };
            plan::stop_stream_jobs(
                transaction,
                &tenant,
                &connector.id,
                &stopped,
                clock::now_ms(),
            )
            .await?;
            let change = StateChange {
                from: &[Active, Error, Expired, Paused, Revoked, Disconnected],
                to: Disconnected,
                reason: Some(
                    "Disconnected by hand. Its data is kept; connect the account to go on.",
                ),
            };
            connectors::set_state(transaction, &tenant, &connector.id, change, now).await
        })
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    current(context).await
}

/// Has the provider's webhooks deleted while there is a token for it. A provider that does not
/// answer keeps nobody from disconnecting: what is left there is kept as orphaned.
async fn remove_webhooks(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
) -> Result<(), Problem> {
    let endpoint = store::webhooks::endpoint(&context.database, tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    if endpoint.is_none() {
        return Ok(());
    }
    let call = RemoveCall {
        organization_id: tenant.as_str().to_owned(),
        connector_id: connector.id.clone(),
    };
    let answer = internal::post(
        "seven-shifts-proxy",
        webhooks::REMOVE_PATH,
        &call,
        WEBHOOKS_TIMEOUT_MS,
    )
    .await;
    let why = match answer {
        Ok(answer) if answer.status() == StatusCode::OK => return Ok(()),
        Ok(answer) => format!("status {}", answer.status().as_u16()),
        Err(error) => error.to_string(),
    };
    log::error(
        "webhooks",
        &format!(
            "the webhooks of the connector {} could not be removed: {why}",
            connector.id
        ),
    );
    Ok(())
}

async fn set(
    context: &Context,
    change: StateChange<'_>,
    stopped: Option<(&str, &str)>,
) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    if !change.from.contains(&connector.state) {
        return Err(refused(connector.state, change.to));
    }
    let now = clock::now();
    context
        .database
        .transaction(async |transaction| {
            connectors::set_state(transaction, &tenant, &connector.id, change, now).await?;
            if let Some((code, detail)) = stopped {
                let stopped = Failure {
                    code: code.to_owned(),
                    detail: detail.to_owned(),
                };
                plan::stop_stream_jobs(
                    transaction,
                    &tenant,
                    &connector.id,
                    &stopped,
                    clock::now_ms(),
                )
                .await?;
            }
            let inputs = plan::planning_inputs_of(transaction, &tenant, &connector.id).await?;
            plan::replan(transaction, &planning::replan(&inputs, now), now).await
        })
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    current(context).await
}

async fn current(context: &Context) -> Result<Reply, Problem> {
    let (_, connector) = found(context).await?;
    Reply::json(StatusCode::OK, &answered(&connector))
}

fn refused(from: ConnectorState, to: ConnectorState) -> Problem {
    let remedy = from.remedy().unwrap_or_default();
    Problem::new(
        ProblemKind::Conflict,
        format!(
            "A connector that is {} cannot become {}. {} {remedy}",
            from.as_str(),
            to.as_str(),
            from.meaning()
        ),
    )
}
