//! Who decides: whoever has the lease of the connector's one job. A caller takes it where it is free, so that nobody waits for the
//! next tick; the others wait for their records. Should the holder die, the engine goes on when the lease has ended.

use std::pin::pin;

use api::Problem;
use api::allocation::deals::{Allocated, ChosenAdviser};
use domain::access::{Caller, Tenant};
use domain::job::JobState;
use domain::run::Trigger;
use futures::StreamExt as _;
use futures::future::{Either, select};
use futures::stream;
use http::StatusCode;
use platform::delivering::{self, Decided};
use platform::run::{LAST_ANSWER_MS, LEASE_SECONDS, Ran, RunCall, RunReport, WORK_BUDGET_MS};
use platform::{
    Context, Reply, SpinDatabase, clock, lists, log, on_demand, outbound, problems, random,
};
use serde_json::{Map, Value};
use store::DatabaseError;
use store::allocation::records::{self, ALLOCATION, Standing};
use store::jobs::{self, Claim, Claimed, Lease, Only};
use store::lists::Kind;
use store::outbox::OUTBOX;

use crate::deciding::{self, Turn};
use crate::{FUNCTION, writing};

/// How long a caller waits for what is decided and written, in milliseconds.
pub const WAIT_MS: i64 = 10_000;
/// How often a caller looks, in milliseconds: seldom once it has waited for long.
const LOOK_FIRST_MS: i64 = 20;
const LOOK_LAST_MS: i64 = 250;
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

/// The answer about a record: when it has its end, when it waits for a source, or at `until_ms`. Meanwhile what waits is decided and
/// written, if nobody else is at it.
///
/// # Errors
/// The database's.
pub async fn answer(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
    id: &str,
    is_repeat: bool,
    until_ms: i64,
) -> Result<Reply, Problem> {
    let mut pause_ms = LOOK_FIRST_MS;
    loop {
        let standing = standing(&context.database, tenant, id).await?;
        if is_over(&standing) || clock::now_ms() >= until_ms {
            break;
        }
        if standing.is_free && !standing.is_decided {
            let work = Box::pin(work(
                context.database,
                tenant.clone(),
                connector_id.to_owned(),
            ));
            let look = pin!(look(&context.database, tenant, id, until_ms));
            match select(work, look).await {
                // Another claim was faster where nothing was done: look before the next.
                Either::Left((true, _)) => continue,
                Either::Left((false, _)) => {}
                Either::Right((looked, work)) => {
                    spin_sdk::wasip3::spawn(async move {
                        work.await;
                    });
                    looked?;
                    break;
                }
            }
        }
        let left_ms = until_ms.saturating_sub(clock::now_ms());
        outbound::sleep_ms(pause_ms.min(left_ms.max(1))).await;
        pause_ms = pause_ms.saturating_mul(2).min(LOOK_LAST_MS);
    }
    shown(context, tenant, id, is_repeat).await
}

/// Until the record has its end.
async fn look(
    database: &SpinDatabase,
    tenant: &Tenant,
    id: &str,
    until_ms: i64,
) -> Result<(), Problem> {
    let mut pause_ms = LOOK_FIRST_MS;
    loop {
        outbound::sleep_ms(pause_ms).await;
        pause_ms = pause_ms.saturating_mul(2).min(LOOK_LAST_MS);
        if clock::now_ms() >= until_ms || is_over(&standing(database, tenant, id).await?) {
            return Ok(());
        }
    }
}

async fn standing(database: &SpinDatabase, tenant: &Tenant, id: &str) -> Result<Standing, Problem> {
    records::standing(database, tenant, id, clock::now())
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("allocation"))
}

/// Whether there is nothing to wait for.
fn is_over(standing: &Standing) -> bool {
    standing.status != "received" || (!standing.is_decided && standing.tries > 0)
}

/// Decides and writes what waits of a connector; false when another is at it.
async fn work(database: SpinDatabase, tenant: Tenant, connector_id: String) -> bool {
    let claimed = match claim(&database, &tenant, &connector_id).await {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return false,
        Err(error) => {
            log::error("allocation", &error.to_string());
            return false;
        }
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &claimed.job_id,
        version: claimed.lease_version,
    };
    let deadline_ms = clock::now_ms().saturating_add(WORK_BUDGET_MS);
    let turn = deciding::decide(&database, lease, &connector_id, deadline_ms, true).await;
    conclude(&database, &claimed, &turn.report).await;
    write(&database, &tenant, turn).await;
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

/// A record, as who asked is told of it.
///
/// # Errors
/// The database's.
async fn shown(
    context: &Context,
    tenant: &Tenant,
    id: &str,
    is_repeat: bool,
) -> Result<Reply, Problem> {
    let row = lists::row(
        &context.database,
        tenant,
        Kind::Allocation,
        id,
        "allocation",
    )
    .await?;
    let row: Map<String, Value> =
        serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let failure = |name: &str| {
        let failure = row.get("failure").and_then(Value::as_object)?;
        failure.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let status = text("status").unwrap_or_default();
    let adviser = match (
        text("adviser_email"),
        text("adviser_name"),
        text("adviser_hubspot_id"),
    ) {
        (Some(email), Some(name), Some(owner_id)) => Some(ChosenAdviser {
            email,
            name,
            owner_id,
        }),
        _ => None,
    };
    let is_decided = text("decided_at").is_some() || status != "received";
    let message = match (status.as_str(), &adviser) {
        ("completed", _) => text("allocation_result").unwrap_or_default(),
        ("failed", _) => format!(
            "The deal is not allocated. {}",
            failure("detail").unwrap_or_default()
        ),
        (_, Some(adviser)) => format!(
            "{} gets the deal, which is changed as soon as HubSpot takes it.",
            adviser.name
        ),
        _ => match failure("detail") {
            Some(why) => format!("It is decided later, by itself. {why}"),
            None => "It is decided shortly.".to_owned(),
        },
    };
    let answer = Allocated {
        message,
        allocation_id: Some(id.to_owned()),
        deal_id: text("deal_id"),
        status: Some(status),
        is_repeat,
        adviser,
        earliest_week: text("earliest_week"),
        reason: failure("reason"),
        detail: failure("detail"),
        remedy: failure("remedy"),
        decision: None,
        sources: None,
    };
    let status = if is_decided {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Reply::json(status, &answer)
}
