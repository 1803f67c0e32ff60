//! One tick: plan once more what is due, claim it, run it, record it, and go on while there is
//! time.

use domain::access::{Caller, Tenant};
use domain::job::Outcome;
use domain::running::Running;
use domain::stream::Stream;
use futures::future::{Either, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use platform::run::LEASE_SECONDS;
use platform::{SpinDatabase, clock, log, place_names, planning, random};
use serde::Serialize;
use store::automation::INBOX;
use store::jobs::plan;
use store::jobs::{self, Claim, Claimed, Only};
use store::outbox::OUTBOX;
use store::{Database, DatabaseError, location_mappings, scheduler_ticks};

use crate::{clock_jump, dispatch, maintenance, outcomes};

/// No job is started after this, in milliseconds; the next tick goes on.
const BUDGET_MS: i64 = 30_000;
/// Ticks between two looks at the maintenance jobs: a day of ticks every 20 s.
const MAINTENANCE_EVERY_TICKS: i64 = 4_320;

pub struct OnlyConnector {
    /// Of the jobs.
    pub kind: &'static str,
    pub tenant: Tenant,
    /// The subject of the jobs; `None`: any.
    pub connector_id: Option<String>,
}

/// What a tick did.
#[derive(Default, Serialize)]
pub struct Summary {
    pub claimed: u64,
    pub done: u64,
    pub more: u64,
    pub retried: u64,
    pub failed: u64,
    /// Outcomes that came too late to count.
    pub refused: u64,
    /// Streams that were due and, planned once more, are not.
    pub postponed: u64,
    pub duration_ms: i64,
}

/// Runs what is due.
///
/// # Errors
/// The database's, before anything was claimed; afterwards failures are the jobs' own.
pub async fn tick(
    database: &SpinDatabase,
    holder: &str,
    only: Option<&OnlyConnector>,
) -> Result<Summary, DatabaseError> {
    let started_ms = clock::now_ms();
    let mut summary = Summary::default();
    if only.is_some() {
        // Somebody waits for one connector. It is not noted as a tick, or callers would hide that
        // nothing else makes the scheduler tick.
        run_due(database, holder, only, started_ms, &mut summary).await?;
        if let Some(only) = only.filter(|only| only.kind == INBOX && summary.done > 0) {
            // What followed from the events is sent at once, too.
            let sent = OnlyConnector {
                kind: OUTBOX,
                tenant: only.tenant.clone(),
                connector_id: None,
            };
            run_due(database, holder, Some(&sent), started_ms, &mut summary).await?;
        }
    } else {
        let now = clock::now();
        let begun = scheduler_ticks::begin(
            database,
            now,
            now.saturating_add(clock_jump::HORIZON_SECONDS),
        )
        .await?;
        if clock_jump::is_suspected(&begun) {
            clock_jump::heal(database, now).await?;
        }
        let looks_after_itself = begun.ticks.rem_euclid(MAINTENANCE_EVERY_TICKS) == 1;
        if looks_after_itself {
            maintenance::ensure(database).await?;
        }
        if begun.is_due || looks_after_itself {
            run_due(database, holder, None, started_ms, &mut summary).await?;
        }
        scheduler_ticks::finish(database, now, clock::now()).await?;
    }
    summary.duration_ms = clock::now_ms().saturating_sub(started_ms);
    Ok(summary)
}

/// What a tick waits for.
enum Step {
    Claimed(Result<Due, DatabaseError>),
    /// A job of this organization.
    Ended(String, Ended),
}

/// What one claim came to.
struct Due {
    postponed: u64,
    claimed: Vec<Claimed>,
    /// It had room for no more.
    is_full: bool,
}

/// A claim is one of the futures that are polled together: were the jobs not polled meanwhile, one
/// that writes outcomes would hold the database's writer for which the claim waits.
async fn run_due(
    database: &SpinDatabase,
    holder: &str,
    only: Option<&OnlyConnector>,
    started_ms: i64,
    summary: &mut Summary,
) -> Result<(), DatabaseError> {
    let mut steps = FuturesUnordered::new();
    let mut running = Running::default();
    let mut may_claim = true;
    let mut is_claiming = false;
    // Nothing more can be had before a job has ended, which frees its place and its credential.
    let mut may_be_more = true;
    loop {
        let has_time = clock::now_ms().saturating_sub(started_ms) < BUDGET_MS;
        let (room, except) = running.room();
        if may_claim && may_be_more && !is_claiming && has_time && room > 0 {
            is_claiming = true;
            may_be_more = false;
            steps.push(Either::Left(claim(database, holder, only, room, except)));
        }
        let Some(step) = steps.next().await else {
            return Ok(());
        };
        let mut ready = vec![step];
        // Whatever else has ended meanwhile frees its place before the next claim.
        while let Some(Some(step)) = steps.next().now_or_never() {
            ready.push(step);
        }
        for step in ready {
            match step {
                Step::Ended(organization_id, ended) => {
                    may_be_more = true;
                    running.end(&organization_id);
                    summary.count(ended);
                }
                Step::Claimed(Ok(due)) => {
                    is_claiming = false;
                    summary.postponed = summary.postponed.saturating_add(due.postponed);
                    may_be_more |= due.is_full;
                    for claimed in due.claimed {
                        summary.claimed = summary.claimed.saturating_add(1);
                        running.begin(&claimed.organization_id);
                        steps.push(Either::Right(run(database, claimed)));
                    }
                }
                Step::Claimed(Err(error)) if summary.claimed == 0 => return Err(error),
                Step::Claimed(Err(error)) => {
                    // What runs is brought to its end; the next tick claims again.
                    log::error("claim", &error.to_string());
                    is_claiming = false;
                    may_claim = false;
                }
            }
        }
    }
}

async fn claim(
    database: &SpinDatabase,
    holder: &str,
    only: Option<&OnlyConnector>,
    room: usize,
    except: Vec<String>,
) -> Step {
    Step::Claimed(due(database, holder, only, room, &except).await)
}

async fn due(
    database: &SpinDatabase,
    holder: &str,
    only: Option<&OnlyConnector>,
    room: usize,
    except: &[String],
) -> Result<Due, DatabaseError> {
    let postponed = postpone(database).await?;
    let fresh_run_ids = random::ids(room);
    let except: Vec<_> = except.iter().map(String::as_str).collect();
    let claim = Claim {
        holder,
        now_ms: clock::now_ms(),
        lease_secs: LEASE_SECONDS,
        fresh_run_ids: &fresh_run_ids,
        only: only.map(|only| Only {
            tenant: &only.tenant,
            kind: only.kind,
            subject: only.connector_id.as_deref(),
        }),
        except: &except,
    };
    let claimed = jobs::claim(database, claim).await?;
    Ok(Due {
        postponed,
        is_full: claimed.len() >= room,
        claimed,
    })
}

/// Plans once more what is due: while ticks were missed, hours may have closed or a night's date
/// may have passed. Returns how many are not due any more.
async fn postpone(database: &SpinDatabase) -> Result<u64, DatabaseError> {
    let now = clock::now();
    let due = plan::due(database, now).await?;
    let waiting: Vec<_> = due
        .into_iter()
        .filter(|input| input.run_id.is_none() && input.next_run_id.is_none())
        .collect();
    let mut postponed = 0_u64;
    let mut moved = Vec::new();
    for (input, mut plan) in waiting.iter().zip(planning::replan(&waiting, now)) {
        if plan.next_due_at.is_none_or(|due| due > now) {
            postponed = postponed.saturating_add(1);
        } else if plan.planned_trigger == input.planned_trigger {
            continue;
        } else {
            // Still due, and for another reason: its hours went by and the night takes it along.
            // How long it has waited stays true.
            plan.next_due_at = input.next_due_at;
        }
        moved.push(plan);
    }
    plan::replan(database, &moved, now).await?;
    Ok(postponed)
}

async fn run(database: &SpinDatabase, claimed: Claimed) -> Step {
    let organization_id = claimed.organization_id.clone();
    let report = dispatch::run(database, &claimed).await;
    if report.outcome == Outcome::Done && claimed.name == Stream::Locations.as_str() {
        map_locations(database, &claimed).await;
    }
    Step::Ended(
        organization_id,
        outcomes::record(database, claimed, report).await,
    )
}

/// Locations that are new have a name by which they may be a store. What fails here is made up for
/// with the next sync of locations, or when a store changes.
async fn map_locations(database: &SpinDatabase, claimed: &Claimed) {
    let Ok(tenant) = Caller::internal("scheduled-sync").tenant_named(&claimed.organization_id)
    else {
        return;
    };
    let mapped = async {
        // Most days bring nothing, and need no lock.
        if location_mappings::names(database, &tenant).await?.is_some() {
            database
                .transaction(async |transaction| {
                    place_names::map_by_name(transaction, &tenant).await
                })
                .await?;
        }
        Ok::<_, DatabaseError>(())
    };
    if let Err(error) = mapped.await {
        log::error("place_names", &error.to_string());
    }
}

/// How one dispatch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    More,
    Retried,
    Failed,
    Refused,
}

impl Summary {
    fn count(&mut self, ended: Ended) {
        let counter = match ended {
            Ended::Done => &mut self.done,
            Ended::More => &mut self.more,
            Ended::Retried => &mut self.retried,
            Ended::Failed => &mut self.failed,
            Ended::Refused => &mut self.refused,
        };
        *counter = counter.saturating_add(1);
    }
}
