//! What the scheduler and a function that runs jobs say to each other.

use domain::connector_state::ConnectorState;
use domain::job::{self, JobState, Outcome};
use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;
use serde::{Deserialize, Serialize};
use store::DatabaseError;
use store::connectors::{self, StateChange};
use store::jobs::{Conclusion, Failure, Lease, SealedCredential};

use crate::{SpinDatabase, clock, log, random};

/// How long a lease lasts, in seconds. Longer than a call may take, so that a function that still
/// works keeps it; short enough that a crash costs a minute.
pub const LEASE_SECONDS: i64 = 60;
/// How long a function works before it saves its place and answers `more`, in milliseconds.
pub const WORK_BUDGET_MS: i64 = 20_000;
/// How long the scheduler waits for an answer, in milliseconds.
pub const CALL_TIMEOUT_MS: i64 = 30_000;
/// How long after a call's deadline a provider may still be answering, in milliseconds: what is left
/// until the scheduler stops waiting is for saving and for the report.
pub const LAST_ANSWER_MS: i64 = CALL_TIMEOUT_MS - WORK_BUDGET_MS - 3_000;

/// Whether streams of a connector in this state run. An expired one is tried on, on its schedule:
/// a provider's bad hour answers 401 too, and the next good answer mends the state.
#[must_use]
pub fn may_run(state: ConnectorState) -> bool {
    state.syncs() || state == ConnectorState::Expired
}

/// Sets the state of the connector by what a run has found out. It counts only for the secrets that the
/// run has used, if it needed any; a failure is logged, for the next run finds out again.
pub async fn set_state(
    database: &SpinDatabase,
    lease: Lease<'_>,
    connector_id: &str,
    used: &[SealedCredential],
    change: StateChange<'_>,
) {
    let now = clock::now();
    let written = connectors::set_state_by_run(database, lease, connector_id, used, change, now);
    if let Err(error) = written.await {
        log::error("connector_state", &error.to_string());
    }
}

/// Run a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunCall {
    pub job_id: String,
    pub lease_version: i64,
    /// No page is begun after this, Unix milliseconds.
    pub deadline_ms: i64,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Of an outcome `done`.
    pub status: RunStatus,
    /// Why it failed, is partial, or is tried again.
    pub failure: Option<ReportedFailure>,
    /// The run saw everything there is.
    pub complete: bool,
    /// Streams that ought to run soon, because this one refers to rows that are not known yet.
    pub wanted: Vec<Stream>,
    /// Something was saved in this call: what fails afterwards is the first failure in a row.
    #[serde(default)]
    pub progressed: bool,
    /// Provider calls of this call that its checkpoints have not added to the run's count.
    #[serde(default)]
    pub uncounted_calls: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedFailure {
    pub code: String,
    pub detail: String,
}

impl RunReport {
    #[must_use]
    pub fn more() -> Self {
        Self {
            outcome: Outcome::More,
            status: RunStatus::Running,
            failure: None,
            complete: false,
            wanted: Vec::new(),
            progressed: false,
            uncounted_calls: 0,
        }
    }

    #[must_use]
    pub fn done() -> Self {
        Self {
            outcome: Outcome::Done,
            status: RunStatus::Success,
            failure: None,
            complete: false,
            wanted: Vec::new(),
            progressed: false,
            uncounted_calls: 0,
        }
    }

    /// A pass over a list came to its end: with what kept it from deleting, or records that it could not store, the run is
    /// partial.
    #[must_use]
    pub fn closed(is_complete: bool, held_back: Option<ReportedFailure>, errors: u64) -> Self {
        let mut report = Self::done();
        report.complete = is_complete;
        match held_back.or_else(|| ReportedFailure::quarantined(errors)) {
            Some(failure) => report.partial(failure),
            None => report,
        }
    }

    /// The same, of which not everything came to be.
    #[must_use]
    pub fn partial(self, failure: ReportedFailure) -> Self {
        Self {
            status: RunStatus::Partial,
            failure: Some(failure),
            ..self
        }
    }

    #[must_use]
    pub fn retry_at(at: i64, code: &str, reason: &str) -> Self {
        let outcome = Outcome::RetryAt {
            at,
            reason: reason.to_owned(),
        };
        Self {
            outcome,
            status: RunStatus::Running,
            failure: Some(ReportedFailure::new(code, reason)),
            complete: false,
            wanted: Vec::new(),
            progressed: false,
            uncounted_calls: 0,
        }
    }

    /// Tried again by the function's own schedule, which gives up by itself.
    #[must_use]
    pub fn wait_until(at: i64, code: &str, reason: &str) -> Self {
        let outcome = Outcome::WaitUntil {
            at,
            reason: reason.to_owned(),
        };
        Self {
            outcome,
            ..Self::retry_at(at, code, reason)
        }
    }

    /// Somebody else has the job by now: what is reported of it does not count.
    #[must_use]
    pub fn lease_lost() -> Self {
        Self::retry_at(
            clock::now(),
            "lease_lost",
            "The lease of this job has ended.",
        )
    }

    /// Our own database failed, which passes.
    #[must_use]
    pub fn database_failed(error: &DatabaseError) -> Self {
        log::error("database", &error.to_string());
        Self::retry_at(
            clock::now(),
            "database",
            "Our database failed; it is tried again by itself.",
        )
    }

    #[must_use]
    pub fn failed(code: &str, reason: &str) -> Self {
        let outcome = Outcome::Failed {
            reason: reason.to_owned(),
        };
        Self {
            outcome,
            status: RunStatus::Failed,
            failure: Some(ReportedFailure::new(code, reason)),
            complete: false,
            wanted: Vec::new(),
            progressed: false,
            uncounted_calls: 0,
        }
    }
}

/// A job that has run.
#[derive(Clone, Copy)]
pub struct Ran<'a> {
    pub job_id: &'a str,
    pub lease_version: i64,
    pub trigger: Trigger,
    /// Tries of this run that failed before.
    pub attempts: u32,
    /// Of a job of the outbox.
    pub delivery_id: Option<&'a str>,
}

impl Ran<'_> {
    /// What becomes of the job, as far as its kind does not matter; and why, where it did not get to
    /// its end.
    #[must_use]
    pub fn concluded(self, report: &RunReport, now: i64) -> (Conclusion, Option<String>) {
        let next = job::after(
            &report.outcome,
            self.attempts,
            report.progressed,
            now,
            random::number(),
        );
        let mut conclusion = Conclusion {
            job_id: self.job_id.to_owned(),
            lease_version: self.lease_version,
            state: next.state,
            next_due_at: next.next_due_at,
            planned_trigger: self.trigger,
            attempts: next.attempts,
            ended: None,
            failure: report.failure.clone().map(Into::into),
            nightly_date: None,
            complete: report.complete,
            uncounted_calls: report.uncounted_calls,
            is_sync: false,
            delivery_id: self.delivery_id.map(str::to_owned),
        };
        if next.state == JobState::Pending {
            return (conclusion, next.reason);
        }
        let status = if next.state == JobState::Done {
            report.status
        } else {
            RunStatus::Failed
        };
        conclusion.ended = Some(status);
        conclusion.attempts = 0;
        if let Some(reason) = &next.reason
            && let Some(failure) = &mut conclusion.failure
        {
            failure.detail.clone_from(reason);
        }
        (conclusion, next.reason)
    }
}

impl ReportedFailure {
    #[must_use]
    pub fn new(code: &str, detail: &str) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// Records that a pass could not store; nothing where there are none.
    fn quarantined(errors: u64) -> Option<Self> {
        let records = match errors {
            0 => return None,
            1 => "1 record".to_owned(),
            many => format!("{many} records"),
        };
        let detail = format!(
            "{records} could not be stored; `/api/quarantined-records` says why. The rest is in."
        );
        Some(Self::new("quarantined", &detail))
    }
}

impl From<ReportedFailure> for Failure {
    fn from(failure: ReportedFailure) -> Self {
        Self {
            code: failure.code,
            detail: failure.detail,
        }
    }
}
