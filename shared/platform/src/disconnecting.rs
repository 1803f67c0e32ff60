//! Disconnecting an account: what is ours at the provider and the credentials go, the data stays.

use api::Problem;
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{
    Active, Disconnected, Error, Expired, Paused, Revoked,
};
use http::StatusCode;
use store::connectors::{self, StateChange};
use store::jobs::{Failure, plan};
use store::{DatabaseError, Execute, credentials, oauth_flows, outbox};

use crate::seven_shifts::webhooks::{self, RemoveCall};
use crate::{Context, clock, internal, log, problems};

/// How long disconnecting waits for the provider, in milliseconds.
const WEBHOOKS_TIMEOUT_MS: i64 = 5_000;

/// Repeating it is harmless.
///
/// # Errors
/// The database's, as a problem.
pub async fn disconnect(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), Problem> {
    // First, so that no sync has the rate budget while the webhooks go.
    context
        .change(async |transaction| stop(transaction, tenant, connector_id).await)
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    remove_webhooks(context, tenant, connector_id).await?;
    context
        .change(async |transaction| {
            // Somebody may have connected it again meanwhile, with a token that is not this call's to
            // take.
            let connector = connectors::get(transaction, tenant, connector_id).await?;
            if connector.is_some_and(|connector| connector.state == Disconnected) {
                forget(transaction, tenant, connector_id).await?;
            }
            Ok(())
        })
        .await
        .map_err(|error: DatabaseError| problems::database(&error))
}

async fn stop<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    let reason = Failure {
        code: "disconnected".to_owned(),
        detail: "The connector was disconnected.".to_owned(),
    };
    let now_ms = clock::now_ms();
    plan::stop_stream_jobs(transaction, tenant, connector_id, &reason, now_ms).await?;
    // With it, or a crash would leave an active connector that nothing is planned for.
    let change = StateChange {
        from: &[Active, Error, Expired, Paused, Revoked, Disconnected],
        to: Disconnected,
        reason: Some("Disconnected by hand. Its data is kept; connect the account to go on."),
    };
    connectors::set_state(transaction, tenant, connector_id, change, clock::now())
        .await
        .map(drop)
}

async fn forget<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    webhooks::retire(transaction, tenant, connector_id, clock::now()).await?;
    let reason = Failure {
        code: "disconnected".to_owned(),
        detail: "The connector was disconnected before this was sent.".to_owned(),
    };
    outbox::cancel(
        transaction,
        tenant,
        connector_id,
        None,
        &reason,
        clock::now(),
    )
    .await?;
    oauth_flows::end_of(transaction, tenant, connector_id).await?;
    credentials::purge(transaction, tenant, connector_id)
        .await
        .map(drop)
}

/// Has the provider's webhooks deleted while there is a token for it. A provider that does not
/// answer keeps nobody from disconnecting: what is left there is kept as orphaned.
async fn remove_webhooks(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), Problem> {
    let endpoint = store::webhooks::endpoint(&context.database, tenant, connector_id)
        .await
        .map_err(|error| problems::database(&error))?;
    if endpoint.is_none() {
        return Ok(());
    }
    let call = RemoveCall {
        organization_id: tenant.as_str().to_owned(),
        connector_id: connector_id.to_owned(),
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
        &format!("the webhooks of the connector {connector_id} could not be removed: {why}"),
    );
    Ok(())
}
