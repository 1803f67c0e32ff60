//! One delivery of the outbox, under its lease: what is decided is sent, and what came of it is noted.
//! A function that sends brings the sending, and says what followed.

use domain::access::{Caller, Tenant};
use domain::connector_state::ConnectorState;
use domain::run::Trigger;
use store::client_folders::CLIENT_FOLDER;
use store::connectors::StateChange;
use store::jobs::{self, Lease};
use store::outbox::{self, Attempt, DeliveryJob, Effect, NewLease};
use store::outgoing_webhooks::WEBHOOK;
use store::{Database, DatabaseError, Execute};

use crate::database::SpinDatabase;
use crate::outbound::CallError;
use crate::run::{self, LEASE_SECONDS, Ran, RunCall, RunReport, WORK_BUDGET_MS};
use crate::{access_tokens, box_folders, clock, log, outgoing_webhooks, rest_api, slack};

/// How long what a paused connector has to send waits until it is looked at again, in seconds.
const PAUSED_SECONDS: i64 = 300;
/// The version of a lease that a job is born with.
pub const FIRST_LEASE: i64 = 1;

/// What followed from sending.
pub struct Outcome {
    pub report: RunReport,
    /// A request went out.
    pub is_attempt: bool,
    /// HTTP; `None` without an answer.
    pub status: Option<u16>,
    /// It failed, and the provider may have done it all the same.
    pub may_have_happened: bool,
    /// Of the connector, where it is another now.
    pub state: Option<ConnectorState>,
    /// JSON: what the provider says of what it took.
    pub result: Option<String>,
}

impl Outcome {
    /// The provider has taken it.
    #[must_use]
    pub fn delivered(status: u16, result: Option<String>) -> Self {
        Self {
            status: Some(status),
            result,
            ..Self::of(RunReport::done(), true)
        }
    }

    /// Without an answer.
    #[must_use]
    pub fn of(report: RunReport, is_attempt: bool) -> Self {
        Self {
            report,
            is_attempt,
            status: None,
            may_have_happened: false,
            state: None,
            result: None,
        }
    }

    /// What follows from an error that is the same whoever the provider is; the others come back.
    /// `limit` says in words what the provider takes.
    ///
    /// # Errors
    /// What only the provider's own rules can judge.
    pub fn of_call(error: CallError, is_attempt: bool, limit: &str) -> Result<Self, CallError> {
        Ok(match error {
            CallError::RateLimited { at_ms } => {
                let at = at_ms.saturating_add(999).div_euclid(1_000);
                let reason = format!("{limit} It is sent by itself.");
                let mut report = RunReport::retry_at(at, "rate_limited", &reason);
                // The wait is nobody's failure.
                report.progressed = true;
                Self {
                    status: is_attempt.then_some(429),
                    ..Self::of(report, is_attempt)
                }
            }
            CallError::OutOfTime => Self::of(RunReport::more(), is_attempt),
            CallError::NotAllowed(_) => Self::of(
                RunReport::failed("not_allowed", &error.to_string()),
                is_attempt,
            ),
            CallError::Database(error) => Self::of(RunReport::database_failed(&error), is_attempt),
            error => return Err(error),
        })
    }
}

/// Runs one delivery of `function`: looks whether it may go out, has it sent, and notes what came of
/// it.
pub async fn run<F>(
    database: &SpinDatabase,
    function: &'static str,
    call: &RunCall,
    send: F,
) -> RunReport
where
    F: AsyncFnOnce(&Tenant, &Effect) -> Outcome,
{
    let (job_id, version) = (&call.job_id, call.lease_version);
    let (tenant, effect) = match ready(database, function, job_id, version).await {
        Ok(ready) => ready,
        Err(report) => return report,
    };
    let started_ms = clock::now_ms();
    let outcome = send(&tenant, &effect).await;
    let lease = Lease {
        tenant: &tenant,
        job_id,
        version,
    };
    if outcome.is_attempt {
        let noted: Result<bool, DatabaseError> = database
            .transaction(async |transaction| note(transaction, lease, started_ms, &outcome).await)
            .await;
        match noted {
            Ok(true) => {}
            Ok(false) => return RunReport::lease_lost(),
            // What is done is done: the outcome says so, even where the attempt does not show.
            Err(error) => log::error("database", &error.to_string()),
        }
    }
    set_state(database, lease, &effect, &outcome).await;
    outcome.report
}

/// What is to be sent, if it may go out; otherwise what became of it.
async fn ready(
    database: &SpinDatabase,
    function: &'static str,
    job_id: &str,
    lease_version: i64,
) -> Result<(Tenant, Effect), RunReport> {
    let effect = outbox::load(database, job_id, lease_version, clock::now())
        .await
        .map_err(|error| RunReport::database_failed(&error))?
        .ok_or_else(RunReport::lease_lost)?;
    let tenant = Caller::internal(function)
        .tenant_named(&effect.organization_id)
        .map_err(|_| RunReport::failed("configuration", "The organization cannot be read."))?;
    may_send(&effect)?;
    Ok((tenant, effect))
}

/// A delivery that was decided here and leased with that.
pub struct Decided {
    pub delivery_id: String,
    pub job_id: String,
}

/// The lease of a delivery that is decided and sent by one request: as the engine's, with nobody to
/// hand it to.
#[must_use]
pub fn lease<'a>(run_id: &'a str, function: &'static str) -> NewLease<'a> {
    NewLease {
        holder: function,
        run_id,
        lease_secs: LEASE_SECONDS,
        now_ms: clock::now_ms(),
    }
}

/// Sends what was just decided by `function`, which has the lease, and records what came of it, as a
/// tick would but in one transaction. Should it not come to its end, the engine takes the delivery over
/// when the lease has ended.
pub async fn send_at_once<F>(
    database: &SpinDatabase,
    function: &'static str,
    decided: &Decided,
    send: F,
) where
    F: AsyncFnOnce(&Tenant, &Effect, i64) -> Outcome,
{
    let deadline_ms = clock::now_ms().saturating_add(WORK_BUDGET_MS);
    let job_id = &decided.job_id;
    let ran = Ran {
        job_id,
        lease_version: FIRST_LEASE,
        trigger: Trigger::Manual,
        attempts: 0,
        delivery_id: Some(&decided.delivery_id),
    };
    let recorded = match ready(database, function, job_id, FIRST_LEASE).await {
        Err(report) => {
            let (conclusion, _) = ran.concluded(&report, clock::now());
            jobs::record(database, &[conclusion], clock::now_ms())
                .await
                .map(drop)
        }
        Ok((tenant, effect)) => {
            let started_ms = clock::now_ms();
            let outcome = send(&tenant, &effect, deadline_ms).await;
            let lease = Lease {
                tenant: &tenant,
                job_id,
                version: FIRST_LEASE,
            };
            set_state(database, lease, &effect, &outcome).await;
            let (conclusion, _) = ran.concluded(&outcome.report, clock::now());
            database
                .transaction(async |transaction| {
                    if outcome.is_attempt {
                        note(transaction, lease, started_ms, &outcome).await?;
                    }
                    jobs::record_in(transaction, &[conclusion], clock::now_ms()).await
                })
                .await
                .map(drop)
        }
    };
    if let Err(error) = recorded {
        log::error("outcome", &error.to_string());
    }
}

/// Whether the connector's state lets anything out.
fn may_send(effect: &Effect) -> Result<(), RunReport> {
    let state: Result<ConnectorState, _> = effect.connector_state.parse();
    match state {
        Ok(ConnectorState::Active | ConnectorState::Error) => Ok(()),
        Ok(ConnectorState::Paused) => {
            let mut report = RunReport::retry_at(
                clock::now().saturating_add(PAUSED_SECONDS),
                "paused",
                "The connector is paused: resume it to have this sent.",
            );
            // A pause may last as long as it likes.
            report.progressed = true;
            Err(report)
        }
        _ => {
            let remedy = state.ok().and_then(ConnectorState::remedy);
            let reason = format!(
                "The connector is {}. {}",
                effect.connector_state,
                remedy.unwrap_or_default()
            );
            Err(RunReport::failed("not_connected", &reason))
        }
    }
}

/// Notes an attempt; false when the lease has ended.
async fn note<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    started_ms: i64,
    outcome: &Outcome,
) -> Result<bool, DatabaseError> {
    let failure = outcome.report.failure.clone().map(jobs::Failure::from);
    let attempt = Attempt {
        started_ms,
        duration_ms: clock::now_ms().saturating_sub(started_ms),
        status: outcome.status,
        failure: failure.as_ref(),
        may_have_happened: outcome.may_have_happened,
        result: outcome.result.as_deref(),
    };
    outbox::note_attempt(transaction, lease, attempt, clock::now()).await
}

/// Of the connector, where sending has shown it to be another.
async fn set_state(database: &SpinDatabase, lease: Lease<'_>, effect: &Effect, outcome: &Outcome) {
    let Some(to) = outcome.state else {
        return;
    };
    let reason = outcome.report.failure.as_ref();
    let change = StateChange {
        from: &[ConnectorState::Active, ConnectorState::Error],
        to,
        reason: reason.map(|failure| failure.detail.as_str()),
    };
    let used = access_tokens::lasting(&effect.credentials);
    run::set_state(database, lease, &effect.connector_id, &used, change).await;
}

/// The function and the concurrency key of a delivery that is sent again; nothing for a kind that
/// this code does not know, or a payload that it cannot read.
#[must_use]
pub fn job_of(kind: &str, sender_id: &str, payload: &serde_json::Value) -> Option<Job> {
    match kind {
        slack::SLACK => {
            let message = serde_json::from_value(payload.clone()).ok()?;
            Some(Job {
                function: slack::FUNCTION,
                concurrency_key: slack::concurrency_key(sender_id, &message),
            })
        }
        rest_api::API => Some(Job {
            function: rest_api::FUNCTION,
            concurrency_key: rest_api::concurrency_key(sender_id),
        }),
        CLIENT_FOLDER => Some(Job {
            function: box_folders::FUNCTION,
            concurrency_key: box_folders::concurrency_key(sender_id),
        }),
        box_folders::HUBSPOT_LINK => Some(Job {
            function: box_folders::FUNCTION,
            concurrency_key: box_folders::link_concurrency_key(sender_id),
        }),
        WEBHOOK => Some(Job {
            function: outgoing_webhooks::FUNCTION,
            concurrency_key: outgoing_webhooks::concurrency_key(sender_id),
        }),
        _ => None,
    }
}

/// By whom and beside what a delivery is sent.
pub struct Job {
    pub function: &'static str,
    pub concurrency_key: String,
}

impl Job {
    #[must_use]
    pub fn as_row(&self) -> DeliveryJob<'_> {
        DeliveryJob {
            function: self.function,
            concurrency_key: &self.concurrency_key,
        }
    }
}
