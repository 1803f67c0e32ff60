//! One delivery: the message goes out once. Slack has no keys by which it would know a message again:
//! one whose answer was lost is sent again, and may be there twice.

use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::slack_message::Message;
use platform::delivering::{self, Outcome};
use platform::outbound::CallError;
use platform::run::{LAST_ANSWER_MS, RunCall, RunReport};
use platform::slack::{self, Config, Failure};
use platform::{SpinDatabase, clock};
use providers::slack::Class;
use store::outbox::Effect;

const LIMIT: &str = "Slack takes about one message a second of a channel.";

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let until_ms = call.deadline_ms.saturating_add(LAST_ANSWER_MS);
    delivering::run(database, slack::FUNCTION, call, async |tenant, effect| {
        send(database, tenant, effect, until_ms).await
    })
    .await
}

pub async fn send(
    database: &SpinDatabase,
    tenant: &Tenant,
    effect: &Effect,
    until_ms: i64,
) -> Outcome {
    let (Ok(config), Ok(message)) = (
        serde_json::from_str::<Config>(&effect.config),
        serde_json::from_str::<Message>(&effect.payload),
    ) else {
        let report = RunReport::failed("configuration", "The stored message cannot be read.");
        return Outcome::of(report, false);
    };
    let account =
        match slack::account(tenant, &effect.connector_id, &config, &effect.credentials).await {
            Ok(account) => account,
            Err(failure) => return failed(failure, false),
        };
    let key = slack::concurrency_key(&effect.connector_id, &message);
    let line = slack::line(database, key, until_ms);
    match account.post(&line, &message).await {
        Ok(taken) => Outcome::delivered(200, serde_json::to_string(&taken).ok()),
        Err(failure) => failed(failure, line.calls() > 0),
    }
}

/// What follows from Slack's answer, or from there being none.
fn failed(failure: Failure, is_attempt: bool) -> Outcome {
    let now = clock::now();
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
            Outcome {
                status: Some(failure.status),
                may_have_happened: failure.may_have_happened,
                state,
                ..Outcome::of(report, true)
            }
        }
        Failure::Call(error) => {
            let error = match Outcome::of_call(error, is_attempt, LIMIT) {
                Ok(outcome) => return outcome,
                Err(error) => error,
            };
            let code = match error {
                CallError::Timeout => "timeout",
                CallError::Connect(_) => "unreachable",
                _ => "broken",
            };
            let reason = format!("Slack: {error}. It is tried again by itself.");
            Outcome {
                may_have_happened: code != "unreachable",
                ..Outcome::of(RunReport::retry_at(now, code, &reason), is_attempt)
            }
        }
        Failure::Ours(reason) => {
            Outcome::of(RunReport::failed("configuration", &reason), is_attempt)
        }
    }
}
