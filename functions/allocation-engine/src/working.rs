//! Who decides: whoever has the lease of the connector's one job. Should the holder die, the scheduler goes on when the lease has
//! ended.

use api::Problem;
use domain::access::{Caller, Tenant};
use domain::job::JobState;
use domain::run::Trigger;
use futures::StreamExt as _;
use futures::stream;
use platform::delivering::{self, Decided};
use platform::run::{LAST_ANSWER_MS, LEASE_SECONDS, Ran, RunCall, RunReport, WORK_BUDGET_MS};
use platform::{SpinDatabase, clock, log, on_demand, problems, random};
use store::DatabaseError;
use store::allocation::records::{self, ALLOCATION};
use store::jobs::{self, Claim, Claimed, Lease, Only};
use store::outbox::OUTBOX;

use crate::deciding::{self, Turn};
use crate::{FUNCTION, writing};

/// Deals that are changed at the same time. The pace is the portal's budget's to say.
const WRITES_AT_ONCE: usize = 16;
/// How long the scheduler is given to tell of what was allocated, in milliseconds.
const TELL_MS: i64 = 5_000;
/// When what the database did not let be done is tried again, in seconds, where another job would be given up.
const RETRY_SECONDS: i64 = 300;

/// Runs what the engine asks for: a connector's decisions, or one delivery.
///
/// # Errors
/// The database's.
pub async fn run(database: &SpinDatabase, call: &RunCall) -> Result<RunReport, Problem> {
    let now = clock::now();
    let job = records::job_of(database, &call.job_id, call.lease_version, now)
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(job) = job else {
        let until_ms = call.deadline_ms.saturating_add(LAST_ANSWER_MS);
        return Ok(
            delivering::run(database, FUNCTION, call, async |tenant, effect| {
                writing::send(database, tenant, effect, until_ms).await
            })
            .await,
        );
    };
    let Ok(tenant) = Caller::internal(FUNCTION).tenant_named(&job.organization_id) else {
        return Ok(RunReport::failed(
            "configuration",
            "The organization cannot be read.",
        ));
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &call.job_id,
        version: call.lease_version,
    };
    let turn = deciding::decide(database, lease, &job.connector_id, call.deadline_ms, false).await;
    Ok(turn.report)
}

/// Decides and writes what waits of a connector; false when another is at it.
pub async fn work(database: &SpinDatabase, tenant: &Tenant, connector_id: &str) -> bool {
    let claimed = match claim(database, tenant, connector_id).await {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return false,
        Err(error) => {
            log::error("allocation", &error.to_string());
            return false;
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
    write(database, tenant, turn).await;
    true
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

/// Changes the deals that were decided, and has those told of it who are to be.
async fn write(database: &SpinDatabase, tenant: &Tenant, turn: Turn) {
    let Turn {
        leased, tellers, ..
    } = turn;
    if leased.is_empty() {
        return;
    }
    stream::iter(leased)
        .for_each_concurrent(WRITES_AT_ONCE, |decided| write_one(database, decided))
        .await;
    for teller in tellers {
        let tenant = tenant.clone();
        spin_sdk::wasip3::spawn(async move {
            on_demand::nudge(OUTBOX, &tenant, &teller, TELL_MS).await;
        });
    }
}

async fn write_one(database: &SpinDatabase, decided: Decided) {
    delivering::send_at_once(
        database,
        FUNCTION,
        &decided,
        async |tenant, effect, deadline_ms| {
            let until_ms = deadline_ms.saturating_add(LAST_ANSWER_MS);
            writing::send(database, tenant, effect, until_ms).await
        },
    )
    .await;
}
