//! What becomes of a job that has run. Outcomes that come in while others are being written are
//! written together.

use std::rc::Rc;

use domain::access::Caller;
use domain::job::{JobState, Outcome};
use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;
use platform::coalesce::{self, Coalescer};
use platform::planning::{self, Ended as EndedRun};
use platform::run::{Ran, RunReport};
use platform::{SpinDatabase, clock, log, random};
use store::DatabaseError;
use store::jobs::plan::{self, PlanningInput};
use store::jobs::{self, Claimed, Conclusion, MAINTENANCE, SYNC, WantedRun};
use store::outbox::OUTBOX;

use crate::tick::Ended;
use crate::{dispatch, maintenance};

/// A stream that another one wants is not asked for more often than this, in seconds: what it
/// lacks may not exist at all.
const WANTED_AFTER_SECONDS: i64 = 1_800;

/// When a job that is not given up is tried again where another would be, in seconds.
const RETRY_PERMANENT_SECONDS: i64 = 300;

type Written = Result<bool, DatabaseError>;

thread_local! {
    static OUTCOMES: Rc<Coalescer<(Claimed, RunReport), Written>> = Rc::default();
}

/// Records an outcome and returns how the dispatch ended.
pub async fn record(database: &SpinDatabase, claimed: Claimed, report: RunReport) -> Ended {
    let ended = match &report.outcome {
        Outcome::Done => Ended::Done,
        Outcome::More => Ended::More,
        Outcome::RetryAt { .. } | Outcome::WaitUntil { .. } => Ended::Retried,
        Outcome::Failed { .. } => Ended::Failed,
    };
    let (job_id, organization_id, connector_id) = (
        claimed.job_id.clone(),
        claimed.organization_id.clone(),
        claimed.subject.clone(),
    );
    let wanted = report.wanted.clone();
    let outcomes = OUTCOMES.with(Rc::clone);
    let accepted = match outcomes
        .submit((claimed, report), async |batch| {
            write(database, batch).await
        })
        .await
    {
        Ok(Ok(accepted)) => accepted,
        // The lease ends by itself and the job is due again.
        Ok(Err(error)) => {
            log::error("outcome", &format!("job {job_id}: {error}"));
            false
        }
        Err(interrupted) => {
            log::error("outcome", &format!("job {job_id}: {interrupted}"));
            false
        }
    };
    if !accepted {
        return Ended::Refused;
    }
    if !wanted.is_empty()
        && let Err(error) = ask_for(database, &organization_id, &connector_id, &wanted).await
    {
        log::error("wanted", &error.to_string());
    }
    ended
}

/// One outcome that cannot be recorded does not keep the others from it.
async fn write(database: &SpinDatabase, batch: Vec<(Claimed, RunReport)>) -> Vec<Written> {
    coalesce::each_on_its_own(
        &batch,
        async |part: &[(Claimed, RunReport)]| write_all(database, part).await,
        // Smaller writes would wait just as long for another writer's end.
        |error| matches!(error, DatabaseError::Busy(_) | DatabaseError::Newer { .. }),
    )
    .await
}

/// Whether each outcome was accepted, in order; after an error none is recorded.
async fn write_all(
    database: &SpinDatabase,
    batch: &[(Claimed, RunReport)],
) -> Result<Vec<bool>, DatabaseError> {
    let ids: Vec<_> = batch
        .iter()
        .map(|(claimed, _)| claimed.job_id.as_str())
        .collect();
    let inputs = plan::planning_inputs(database, &ids).await?;
    let now = clock::now();
    let conclusions: Vec<_> = batch
        .iter()
        .map(|(claimed, report)| {
            let input = inputs.iter().find(|input| input.job_id == claimed.job_id);
            conclusion(claimed, report, input, now)
        })
        .collect();
    let accepted = jobs::record(database, &conclusions, clock::now_ms()).await?;
    for ((claimed, _), conclusion) in batch.iter().zip(&conclusions) {
        if accepted.contains(&claimed.job_id) {
            note(claimed, conclusion);
        }
    }
    Ok(batch
        .iter()
        .map(|(claimed, _)| accepted.contains(&claimed.job_id))
        .collect())
}

/// Tells whoever runs this of a run that ended with less than everything.
fn note(claimed: &Claimed, conclusion: &Conclusion) {
    let (Some(status @ (RunStatus::Failed | RunStatus::Partial)), Some(failure)) =
        (conclusion.ended, &conclusion.failure)
    else {
        return;
    };
    log::run(&log::Run {
        at_ms: clock::now_ms(),
        level: if status == RunStatus::Failed {
            "error"
        } else {
            "warn"
        },
        event: if claimed.kind == OUTBOX {
            "delivery"
        } else {
            "run"
        },
        organization_id: &claimed.organization_id,
        connector_id: &claimed.subject,
        stream: &claimed.name,
        run_id: &claimed.run_id,
        status: status.as_str(),
        code: &failure.code,
        detail: &failure.detail,
    });
}

fn conclusion(
    claimed: &Claimed,
    report: &RunReport,
    input: Option<&PlanningInput>,
    now: i64,
) -> Conclusion {
    let trigger: Trigger = claimed.trigger.parse().unwrap_or(Trigger::Cron);
    let ran = Ran {
        job_id: &claimed.job_id,
        lease_version: claimed.lease_version,
        trigger,
        attempts: claimed.attempts,
        delivery_id: (claimed.kind == OUTBOX).then_some(claimed.name.as_str()),
    };
    let (mut conclusion, reason) = ran.concluded(report, now);
    conclusion.is_sync = claimed.kind == SYNC;
    let Some(status) = conclusion.ended else {
        return conclusion;
    };
    let has_failed = conclusion.state == JobState::Failed;
    if dispatch::is_permanent(&claimed.kind) {
        // Until the next event. What could not be done now is tried on: neither events nor connectors go
        // away by that.
        if has_failed {
            conclusion.state = JobState::Pending;
            conclusion.next_due_at = Some(now.saturating_add(RETRY_PERMANENT_SECONDS));
            conclusion.attempts = claimed.attempts.saturating_add(1);
        }
        return conclusion;
    }
    if claimed.kind == MAINTENANCE {
        conclusion.next_due_at = maintenance::next_due_at(&claimed.name, now);
        if conclusion.next_due_at.is_some() {
            conclusion.state = JobState::Pending;
        }
        return conclusion;
    }
    // A stream's row is permanent: what ended is planned again.
    if let Some(input) = input {
        let outcome = match reason {
            Some(reason) => Outcome::Failed { reason },
            None => Outcome::Done,
        };
        let was_nightly = trigger == Trigger::Nightly;
        let ended = EndedRun {
            outcome: &outcome,
            is_current: status.is_current(),
            was_nightly,
        };
        let plan = planning::plan(input, Some(ended), now);
        conclusion.state = JobState::Pending;
        conclusion.next_due_at = plan.next_due_at;
        conclusion.planned_trigger = plan.trigger;
        conclusion.nightly_date = planning::night_of(input).filter(|_| was_nightly);
    }
    conclusion
}

/// Has streams run that another one refers to: at once, or as soon as they may be asked again.
async fn ask_for(
    database: &SpinDatabase,
    organization_id: &str,
    connector_id: &str,
    wanted: &[Stream],
) -> Result<(), DatabaseError> {
    let Ok(tenant) = Caller::internal("scheduled-sync").tenant_named(organization_id) else {
        return Ok(());
    };
    let now = clock::now();
    let inputs = plan::planning_inputs_of(database, &tenant, connector_id).await?;
    let due: Vec<_> = inputs
        .iter()
        .filter(|input| wanted.iter().any(|stream| stream.as_str() == input.stream))
        .filter(|input| input.run_id.is_none() && input.next_run_id.is_none())
        .filter_map(|input| {
            let due_at = input.last_started_at.map_or(now, |started| {
                started
                    .saturating_add(WANTED_AFTER_SECONDS)
                    .clamp(now, now.saturating_add(WANTED_AFTER_SECONDS))
            });
            // Without a due time the stream is switched off, and stays so.
            let is_sooner = input.next_due_at.is_some_and(|planned| due_at < planned);
            is_sooner.then(|| (input.stream.as_str(), random::id(), due_at))
        })
        .collect();
    let runs: Vec<_> = due
        .iter()
        .map(|(stream, run_id, due_at)| WantedRun {
            stream,
            run_id,
            due_at: *due_at,
        })
        .collect();
    jobs::want_runs(database, &tenant, connector_id, &runs, now).await
}
