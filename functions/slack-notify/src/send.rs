//! One delivery, under its lease: the message goes out once, and what came of it is noted. Slack has
//! no keys by which it would know a message again: one whose answer was lost is sent again, and may
//! be there twice.

use domain::access::{Caller, Tenant};
use domain::connector_state::ConnectorState;
use domain::slack_message::Message;
use platform::outbound::CallError;
use platform::run::{LAST_ANSWER_MS, RunCall, RunReport};
use platform::slack::{self, Config, Failure, Taken};
use platform::{SpinDatabase, clock, log};
use providers::slack::Class;
use store::Database;
use store::connectors::{self, StateChange};
use store::jobs::{self, Lease};
use store::outbox::{self, Attempt, Effect};

/// How long what a paused connector has to send waits until it is looked at again, in seconds.
const PAUSED_SECONDS: i64 = 300;

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let effect = match outbox::load(database, &call.job_id, call.lease_version, clock::now()).await
    {
        Ok(Some(effect)) => effect,
        Ok(None) => {
            return RunReport::lease_lost();
        }
        Err(error) => return RunReport::database_failed(&error),
    };
    let Ok(tenant) = Caller::internal("slack-notify").tenant_named(&effect.organization_id) else {
        return RunReport::failed("configuration", "The organization cannot be read.");
    };
    let state: Result<ConnectorState, _> = effect.connector_state.parse();
    match state {
        Ok(ConnectorState::Active | ConnectorState::Error) => {}
        Ok(ConnectorState::Paused) => {
            let mut report = RunReport::retry_at(
                clock::now().saturating_add(PAUSED_SECONDS),
                "paused",
                "The connector is paused: resume it to have this sent.",
            );
            // A pause may last as long as it likes.
            report.progressed = true;
            return report;
        }
        _ => {
            let remedy = state.ok().and_then(ConnectorState::remedy);
            let reason = format!(
                "The connector is {}. {}",
                effect.connector_state,
                remedy.unwrap_or_default()
            );
            return RunReport::failed("not_connected", &reason);
        }
    }
    let (Ok(config), Ok(message)) = (
        serde_json::from_str::<Config>(&effect.config),
        serde_json::from_str::<Message>(&effect.payload),
    ) else {
        return RunReport::failed("configuration", "The stored message cannot be read.");
    };
    let lease = Lease {
        tenant: &tenant,
        job_id: &call.job_id,
        version: call.lease_version,
    };
    send(
        database,
        lease,
        &effect,
        &config,
        &message,
        call.deadline_ms,
    )
    .await
}

async fn send(
    database: &SpinDatabase,
    lease: Lease<'_>,
    effect: &Effect,
    config: &Config,
    message: &Message,
    deadline_ms: i64,
) -> RunReport {
    let tenant: &Tenant = lease.tenant;
    let account =
        match slack::account(tenant, &effect.connector_id, config, &effect.credentials).await {
            Ok(account) => account,
            Err(failure) => return Outcome::of(failure, 0).report,
        };
    let key = slack::concurrency_key(&effect.connector_id, message);
    let line = slack::line(database, key, deadline_ms.saturating_add(LAST_ANSWER_MS));
    let started_ms = clock::now_ms();
    let answer = account.post(&line, message).await;
    let duration_ms = clock::now_ms().saturating_sub(started_ms);
    let (outcome, result) = match answer {
        Ok(taken) => (Outcome::delivered(), result(&taken)),
        Err(failure) => (Outcome::of(failure, line.calls()), None),
    };
    if outcome.is_attempt {
        let failure = outcome.report.failure.clone().map(jobs::Failure::from);
        let attempt = Attempt {
            started_ms,
            duration_ms,
            status: outcome.status,
            failure: failure.as_ref(),
            may_have_happened: outcome.may_have_happened,
            result: result.as_deref(),
        };
        let noted = database
            .transaction(async |transaction| {
                outbox::note_attempt(transaction, lease, attempt, clock::now()).await
            })
            .await;
        match noted {
            Ok(true) => {}
            Ok(false) => {
                return RunReport::lease_lost();
            }
            // What is done is done: the outcome says so, even where the attempt does not show.
            Err(error) => log::error("database", &error.to_string()),
        }
    }
    if let Some(to) = outcome.state {
        let reason = outcome.report.failure.as_ref();
        let change = StateChange {
            from: &[ConnectorState::Active, ConnectorState::Error],
            to,
            reason: reason.map(|failure| failure.detail.as_str()),
        };
        let written = connectors::set_state_by_run(
            database,
            lease,
            &effect.connector_id,
            &effect.credentials,
            change,
            clock::now(),
        );
        if let Err(error) = written.await {
            log::error("connector_state", &error.to_string());
        }
    }
    outcome.report
}

fn result(taken: &Taken) -> Option<String> {
    serde_json::to_string(taken).ok()
}

/// What follows from Slack's answer, or from there being none.
struct Outcome {
    report: RunReport,
    /// A request went out.
    is_attempt: bool,
    status: Option<u16>,
    may_have_happened: bool,
    /// Of the connector.
    state: Option<ConnectorState>,
}

impl Outcome {
    fn delivered() -> Self {
        Self {
            report: RunReport::done(),
            is_attempt: true,
            status: Some(200),
            may_have_happened: false,
            state: None,
        }
    }

    fn of(failure: Failure, calls: u32) -> Self {
        let now = clock::now();
        let is_attempt = calls > 0;
        let without_answer = |report, may_have_happened| Self {
            report,
            is_attempt,
            status: None,
            may_have_happened,
            state: None,
        };
        match failure {
            Failure::Slack(failure) => {
                let reason = failure.to_string();
                let (report, state) = match failure.class {
                    Class::Later { retry_after_s } => {
                        let wait = i64::try_from(retry_after_s.unwrap_or(0)).unwrap_or(i64::MAX);
                        let at = now.saturating_add(wait);
                        (RunReport::retry_at(at, &failure.word, &reason), None)
                    }
                    Class::Broken => (
                        RunReport::failed(&failure.word, &reason),
                        Some(ConnectorState::Revoked),
                    ),
                    Class::BadTarget | Class::BadMessage | Class::Ours | Class::Unknown => {
                        (RunReport::failed(&failure.word, &reason), None)
                    }
                };
                Self {
                    report,
                    is_attempt: true,
                    status: Some(failure.status),
                    may_have_happened: failure.may_have_happened,
                    state,
                }
            }
            Failure::Call(CallError::RateLimited { at_ms }) => {
                let at = at_ms.saturating_add(999).div_euclid(1_000);
                let mut report = RunReport::retry_at(
                    at,
                    "rate_limited",
                    "Slack takes about one message a second of a channel. It is sent by itself.",
                );
                // The wait is nobody's failure.
                report.progressed = true;
                Self {
                    status: is_attempt.then_some(429),
                    ..without_answer(report, false)
                }
            }
            Failure::Call(CallError::OutOfTime) => without_answer(RunReport::more(), false),
            Failure::Call(error @ CallError::NotAllowed(_)) => {
                without_answer(RunReport::failed("not_allowed", &error.to_string()), false)
            }
            Failure::Call(CallError::Database(error)) => {
                without_answer(RunReport::database_failed(&error), false)
            }
            Failure::Call(error) => {
                let code = match error {
                    CallError::Timeout => "timeout",
                    CallError::Connect(_) => "unreachable",
                    _ => "broken",
                };
                let may_have_happened = code != "unreachable";
                let reason = format!("Slack: {error}. It is tried again by itself.");
                without_answer(RunReport::retry_at(now, code, &reason), may_have_happened)
            }
            Failure::Ours(reason) => {
                without_answer(RunReport::failed("configuration", &reason), false)
            }
        }
    }
}
