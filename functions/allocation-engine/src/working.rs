//! Who decides: whoever has the lease of the connector's one job. Should the holder die, the scheduler goes on when the lease has
//! ended.

use domain::access::{Caller, Tenant};
use domain::job::JobState;
use domain::run::Trigger;
use platform::allocating::Worked;
use platform::run::{LEASE_SECONDS, Ran, RunCall, RunReport, WORK_BUDGET_MS};
use platform::{SpinDatabase, clock, log, random};
use store::DatabaseError;
use store::allocation::records::{self, ALLOCATION};
use store::jobs::{self, Claim, Claimed, Lease, Only};

use crate::FUNCTION;
use crate::deciding;

/// When what the database did not let be done is tried again, in seconds, where another job would be given up.
const RETRY_SECONDS: i64 = 300;

/// Runs what the scheduler asks for: a connector's decisions.
///
pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let now = clock::now();
    let job = match records::job_of(database, &call.job_id, call.lease_version, now).await {
        Ok(Some(job)) => job,
        Ok(None) => return RunReport::lease_lost(),
        Err(error) => return RunReport::database_failed(&error),
    };
    let Ok(tenant) = Caller::internal(FUNCTION).tenant_named(&job.organization_id) else {
        return RunReport::failed("configuration", "The organization cannot be read.");
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &call.job_id,
        version: call.lease_version,
    };
    let turn = deciding::decide(database, lease, &job.connector_id, call.deadline_ms, false).await;
    turn.report
}

/// Decides what waits of a connector, unless another is at it.
pub async fn work(database: &SpinDatabase, tenant: &Tenant, connector_id: &str) -> Worked {
    let claimed = match claim(database, tenant, connector_id).await {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return Worked::default(),
        Err(error) => {
            log::error("allocation", &error.to_string());
            return Worked::default();
        }
    };
    let lease = Lease {
        tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    let deadline_ms = clock::now_ms().saturating_add(WORK_BUDGET_MS);
    let turn = deciding::decide(database, lease, connector_id, deadline_ms, true).await;
    conclude(database, &claimed, &turn.report).await;
    turn.worked
}

async fn claim(
    database: &SpinDatabase,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Option<Claimed>, DatabaseError> {
    let run_ids = random::ids(1);
    let claim = Claim {
        holder: FUNCTION,
        now_ms: clock::now_ms(),
        lease_secs: LEASE_SECONDS,
        fresh_run_ids: &run_ids,
        only: Some(Only {
            tenant,
            kind: ALLOCATION,
            subject: Some(connector_id),
        }),
        except: &[],
    };
    jobs::claim(database, claim).await.map(|mut all| all.pop())
}

/// Puts the job back, as a tick would: it is never given up.
async fn conclude(database: &SpinDatabase, claimed: &Claimed, report: &RunReport) {
    let ran = Ran {
        job_id: &claimed.job_id,
        lease_version: claimed.lease_version,
        trigger: claimed.trigger.parse().unwrap_or(Trigger::Webhook),
        attempts: claimed.attempts,
        delivery_id: None,
    };
    let now = clock::now();
    let (mut conclusion, _) = ran.concluded(report, now);
    if conclusion.state == JobState::Failed {
        conclusion.state = JobState::Pending;
        conclusion.next_due_at = Some(now.saturating_add(RETRY_SECONDS));
    }
    if let Err(error) = jobs::record(database, &[conclusion], clock::now_ms()).await {
        log::error("outcome", &error.to_string());
    }
}
