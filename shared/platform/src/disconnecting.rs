//! Disconnecting an account: the credentials are purged, the data stays.

use domain::access::Tenant;
use domain::connector_state::ConnectorState::{
    Active, Disconnected, Error, Expired, Paused, Revoked,
};
use store::connectors::{self, StateChange};
use store::jobs::{Failure, plan};
use store::{DatabaseError, Execute, credentials};

use crate::clock;

/// To be called in one transaction; repeating it is harmless.
///
/// # Errors
/// The failure of a statement.
pub async fn disconnect<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    credentials::purge(transaction, tenant, connector_id).await?;
    let stopped = Failure {
        code: "disconnected".to_owned(),
        detail: "The connector was disconnected.".to_owned(),
    };
    plan::stop_stream_jobs(transaction, tenant, connector_id, &stopped, clock::now_ms()).await?;
    let change = StateChange {
        from: &[Active, Error, Expired, Paused, Revoked, Disconnected],
        to: Disconnected,
        reason: Some("Disconnected by hand. Its data is kept; connect the account to go on."),
    };
    connectors::set_state(transaction, tenant, connector_id, change, clock::now())
        .await
        .map(drop)
}
