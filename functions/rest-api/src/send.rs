//! One request from the outbox. What the API lets be repeated is sent until it has an answer; the rest
//! goes out once, and is given up where it may have been done.

use api::connectors::ApiRequest;
use domain::access::Tenant;
use platform::delivering::{self, Outcome};
use platform::outbound::CallError;
use platform::rest_api::FUNCTION;
use platform::run::{LAST_ANSWER_MS, RunCall, RunReport};
use platform::{SpinDatabase, clock};
use providers::rest::{Reason, TokenFailureClass, Verdict};
use serde_json::json;
use store::outbox::Effect;

use crate::request::new_request;
use platform::rest_api::account::{Account, Failure};
use platform::rest_api::call::{Answered, in_words};

const MAX_EXCERPT_CHARS: usize = 300;
const LIMIT: &str = "The connector's rate limit is reached.";

pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let until_ms = call.deadline_ms.saturating_add(LAST_ANSWER_MS);
    delivering::run(database, FUNCTION, call, async |tenant, effect| {
        send(database, tenant, effect, until_ms).await
    })
    .await
}

async fn send(database: &SpinDatabase, tenant: &Tenant, effect: &Effect, until_ms: i64) -> Outcome {
    let unsent = |code: &str, reason: &str| Outcome::of(RunReport::failed(code, reason), false);
    let Ok(request) = serde_json::from_str::<ApiRequest>(&effect.payload) else {
        return unsent("configuration", "The stored request cannot be read.");
    };
    let account = match Account::open(tenant, &effect.connector_id, &effect.config).await {
        Ok(account) => account,
        Err(failure) => return failed(failure, false),
    };
    // The same in every try, so that an API that knows such keys does it once.
    let new = match new_request(&account, &request, Some(&effect.delivery_id)) {
        Ok(new) => new,
        Err(wrong) => {
            let reason = format!("{}: {}", wrong.field, wrong.detail);
            return unsent("invalid_request", &reason);
        }
    };
    let (result, calls) = account.call(database, &new, until_ms).await;
    match result {
        Ok(answered) => judged(&answered),
        Err(failure) => failed(failure, calls > 0),
    }
}

fn judged(answered: &Answered) -> Outcome {
    let answer = &answered.answer;
    let status = answer.status().as_u16();
    let excerpt = answered.redactor.body(answer, MAX_EXCERPT_CHARS);
    let reason = |remedy: &str| {
        let said = if excerpt.is_empty() {
            String::new()
        } else {
            format!(" ({excerpt})")
        };
        format!("The API answered {status}{said}. {remedy}")
    };
    let report = match answered.verdict {
        Verdict::Success => {
            let result = json!({"status": status, "body": excerpt}).to_string();
            return Outcome::delivered(status, Some(result));
        }
        Verdict::Retry { after } => {
            let after = after.map_or(0, |after| {
                i64::try_from(after.as_secs()).unwrap_or(i64::MAX)
            });
            let at = clock::now().saturating_add(after);
            let code = format!("http_{status}");
            RunReport::retry_at(at, &code, &reason("It is tried again by itself."))
        }
        // Only a request with a fresh token is left with this.
        Verdict::Renew => RunReport::failed(
            Reason::Credential.code(),
            &reason(Reason::Credential.remedy()),
        ),
        Verdict::GiveUp(why) => RunReport::failed(why.code(), &reason(why.remedy())),
    };
    Outcome {
        status: Some(status),
        may_have_happened: answered.verdict == Verdict::GiveUp(Reason::MayHaveHappened),
        ..Outcome::of(report, true)
    }
}

/// What follows from there being no answer.
fn failed(failure: Failure, is_attempt: bool) -> Outcome {
    let now = clock::now();
    let outcome = |report| Outcome::of(report, is_attempt);
    match failure {
        Failure::Request(why) => outcome(RunReport::failed("invalid_request", &why)),
        Failure::Unusable(why) => outcome(RunReport::failed("configuration", &why)),
        Failure::TokenBusy => outcome(RunReport::retry_at(
            now,
            "token_busy",
            "The access token is being renewed. It is tried again by itself.",
        )),
        Failure::Token(failure) => {
            let reason = format!("There is no access token: {failure}");
            outcome(if failure.class == TokenFailureClass::Transient {
                let wait = failure.retry_after.map_or(0, |wait| wait.as_secs());
                let at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
                RunReport::retry_at(at, &failure.code, &reason)
            } else {
                RunReport::failed(&failure.code, &reason)
            })
        }
        Failure::Call(error, verdict) => {
            let said = in_words(&error);
            if let Verdict::GiveUp(why) = verdict {
                let report = RunReport::failed(why.code(), &format!("{said} {}", why.remedy()));
                return Outcome {
                    may_have_happened: why == Reason::MayHaveHappened,
                    ..outcome(report)
                };
            }
            let code = match error {
                CallError::Connect(_) | CallError::NotAllowed(_) => "unreachable",
                CallError::Timeout => "timeout",
                CallError::Broken(_) => "broken",
                other => {
                    return Outcome::of_call(other, is_attempt, LIMIT).unwrap_or_else(|error| {
                        outcome(RunReport::failed("failed", &in_words(&error)))
                    });
                }
            };
            let reason = format!("{said} It is tried again by itself.");
            Outcome {
                may_have_happened: code != "unreachable",
                ..outcome(RunReport::retry_at(now, code, &reason))
            }
        }
    }
}
