//! Pausing, resuming, disconnecting and removing. Each but the last can be repeated.

use api::{Problem, ProblemKind};
use domain::connector_state::ConnectorState::{self, Active, Error, Expired, Paused};
use http::StatusCode;
use platform::{Context, Reply, clock, disconnecting, planning, problems};
use store::connectors::{self, StateChange};
use store::jobs::Failure;
use store::jobs::plan;
use store::{Database, DatabaseError, credentials, oauth_flows, outbox, records};

use crate::making::is_made_here;
use crate::{answered, found};

/// Rows of a connector's list that one statement removes.
const REMOVED_ROWS: u32 = 1_000;

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
    disconnecting::disconnect(context, &tenant, &connector.id).await?;
    current(context).await
}

/// Removes a connector that was made here, with its secrets, what it has listed and what it still has to
/// send. What it has sent is kept as long as any delivery. Its row goes last: what is left over when this
/// is cut short goes when it is repeated.
pub async fn remove(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    if !is_made_here(&connector) {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The people and schedules of a 7shifts connector rest on it: disconnect it instead. Its data goes when the organization is removed.",
        ));
    }
    let removed = Failure {
        code: "disconnected".to_owned(),
        detail: "The connector was removed before this was sent.".to_owned(),
    };
    let failed = |error: DatabaseError| problems::database(&error);
    let stopped = Failure {
        code: "disconnected".to_owned(),
        detail: "The connector was removed.".to_owned(),
    };
    let (database, id) = (&context.database, connector.id.as_str());
    database
        .transaction(async |transaction| {
            let now_ms = clock::now_ms();
            plan::stop_stream_jobs(transaction, &tenant, id, &stopped, now_ms).await
        })
        .await
        .map_err(failed)?;
    while records::remove_brought(database, &tenant, id, REMOVED_ROWS)
        .await
        .map_err(failed)?
    {}
    context
        .change(async |transaction| {
            outbox::cancel(transaction, &tenant, id, None, &removed, clock::now()).await?;
            oauth_flows::end_of(transaction, &tenant, id).await?;
            credentials::purge(transaction, &tenant, id).await?;
            plan::remove_stream_jobs(transaction, &tenant, id).await?;
            connectors::remove(transaction, &tenant, id).await
        })
        .await
        .map_err(failed)?;
    Reply::json(StatusCode::OK, &answered(&connector))
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
        .change(async |transaction| {
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
            if change.to == Active {
                outbox::wake(transaction, &tenant, &connector.id, now).await?;
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
