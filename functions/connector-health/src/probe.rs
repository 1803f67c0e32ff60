//! One probe of one connector.

use domain::access::{Caller, Tenant};
use domain::connector_health::{is_failing, next_probe_at};
use domain::connector_state::ConnectorState::{Active, Error};
use domain::redact;
use platform::run::{RunCall, RunReport};
use platform::{SpinDatabase, clients, clock, random};
use store::DatabaseError;
use store::connectors::{self, StateChange};
use store::health::{self as kept, Probes, Probing};

const MAX_REASON_CHARS: usize = 500;

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    match probe(database, call).await {
        Ok(report) => report,
        Err(error) => RunReport::database_failed(&error),
    }
}

async fn probe(database: &SpinDatabase, call: &RunCall) -> Result<RunReport, DatabaseError> {
    let Some(probing) = kept::load(database, &call.job_id, call.lease_version).await? else {
        return Ok(RunReport::lease_lost());
    };
    let caller = Caller::internal("connector-health");
    let Ok(tenant) = caller.tenant_named(&probing.organization_id) else {
        return Ok(RunReport::lease_lost());
    };
    // The test itself makes a connector active that works, and revoked one whose credential is not taken.
    let failure = match clients::test(&probing.provider, &tenant, &probing.connector_id).await {
        None => None,
        Some(Ok(tested)) => (!tested.success).then_some(tested.detail),
        // That is of this installation, and the connector is none the worse for it.
        Some(Err(why)) => {
            let at = next_probe_at(1, clock::now(), random::number());
            return Ok(RunReport::wait_until(at, "not_probed", &why));
        }
    };
    let failures_in_row = match &failure {
        Some(_) => probing.probes.failures_in_row.saturating_add(1),
        None => 0,
    };
    let probes = Probes { failures_in_row };
    kept::note(database, &call.job_id, call.lease_version, probes).await?;
    if let Some(reason) = &failure
        && is_failing(failures_in_row)
    {
        fail(database, &tenant, &probing, reason).await?;
    }
    let at = next_probe_at(failures_in_row, clock::now(), random::number());
    let report = match failure {
        Some(reason) => RunReport::wait_until(at, "probe_failed", &reason),
        None => RunReport {
            failure: None,
            ..RunReport::wait_until(at, "probed", "works")
        },
    };
    Ok(report)
}

async fn fail(
    database: &SpinDatabase,
    tenant: &Tenant,
    probing: &Probing,
    reason: &str,
) -> Result<(), DatabaseError> {
    let reason = redact::excerpt(reason, MAX_REASON_CHARS, &[]);
    // Set once: the reason of the day on which it began stays.
    let change = StateChange {
        from: &[Active],
        to: Error,
        reason: Some(&reason),
    };
    connectors::set_state(
        database,
        tenant,
        &probing.connector_id,
        change,
        clock::now(),
    )
    .await
    .map(drop)
}
