//! One delivery: a deal is given its adviser, or somebody is told of it. The change of a deal may be repeated: it says what a property
//! is, never what is added to it. So whatever may pass is tried again, and only a refusal ends it.

use std::collections::BTreeMap;

use domain::access::Tenant;
use futures::StreamExt as _;
use futures::stream;
use platform::allocating::Leased;
use platform::delivering::{self, Decided, Outcome};
use platform::hubspot::{Account, Failure, Session};
use platform::outbound::CallError;
use platform::run::{LAST_ANSWER_MS, RunCall, RunReport};
use platform::{SpinDatabase, clock, time};
use providers::ProviderError;
use serde::Deserialize;
use serde_json::json;
use store::allocation::records::{self, HUBSPOT_DEAL};
use store::outbox::Effect;

use crate::{FUNCTION, chat};

/// Deals that are changed at the same time. The pace is the portal's budget's to say.
const AT_ONCE: usize = 16;
const LIMIT: &str = "HubSpot takes so many requests of a portal.";
/// When it is looked whether the day's requests are still used up, in seconds, where the end of the day is not known.
const LOOK_AGAIN_SECONDS: i64 = 900;

/// What is to be written to a deal.
#[derive(Deserialize)]
struct Change {
    allocation_id: String,
    deal_id: String,
    properties: BTreeMap<String, String>,
}

/// Sends one delivery of the outbox.
pub async fn run(database: &SpinDatabase, call: &RunCall) -> RunReport {
    let until_ms = call.deadline_ms.saturating_add(LAST_ANSWER_MS);
    delivering::run(database, FUNCTION, call, async |tenant, effect| {
        send(database, tenant, effect, until_ms).await
    })
    .await
}

/// Sends what was just decided, and leased for us; the engine's scheduler takes over what does not come to its end.
pub async fn send_all(database: &SpinDatabase, leased: Vec<Leased>) {
    stream::iter(leased)
        .for_each_concurrent(AT_ONCE, |one| async move {
            let decided = Decided {
                delivery_id: one.delivery_id,
                job_id: one.job_id,
            };
            delivering::send_at_once(
                database,
                FUNCTION,
                &decided,
                async |tenant, effect, deadline_ms| {
                    let until_ms = deadline_ms.saturating_add(LAST_ANSWER_MS);
                    send(database, tenant, effect, until_ms).await
                },
            )
            .await;
        })
        .await;
}

async fn send(database: &SpinDatabase, tenant: &Tenant, effect: &Effect, until_ms: i64) -> Outcome {
    if effect.kind != HUBSPOT_DEAL {
        return chat::send(database, tenant, effect, until_ms).await;
    }
    let Ok(change) = serde_json::from_str::<Change>(&effect.payload) else {
        let report = RunReport::failed("configuration", "The stored change cannot be read.");
        return Outcome::of(report, false);
    };
    match records::held(database, tenant, &change.allocation_id).await {
        Ok(Some(record)) if record.is_live => {}
        // A later record has the say, and its change may be through already.
        Ok(_) => {
            let report = RunReport::failed(
                "superseded",
                "A later record of the deal came before this change was made.",
            );
            return Outcome::of(report, false);
        }
        Err(error) => return Outcome::of(RunReport::database_failed(&error), false),
    }
    let account = match Account::open(database, tenant, &effect.connector_id, &effect.config).await
    {
        Ok(account) => account,
        Err(failure) => return failed(failure, false),
    };
    let session = Session::begin(&account, database, until_ms).await;
    let changes: Vec<(&String, &String)> = change.properties.iter().collect();
    // A token of another account would change somebody else's deal.
    if let Err(failure) = session.verify().await {
        return failed(failure, false);
    }
    let written = session
        .request(|client| client.update_deal(&change.deal_id, &changes))
        .await;
    match written {
        Ok(record) => {
            let answer = json!({"status": 200, "id": record.id, "properties": record.properties});
            Outcome::delivered(200, Some(answer.to_string()))
        }
        Err(failure) => failed(failure, session.calls() > 0),
    }
}

/// What follows from HubSpot's answer, or from there being none.
fn failed(failure: Failure, is_attempt: bool) -> Outcome {
    let now = clock::now();
    let (code, detail) = (failure.code(), failure.detail());
    let again_at =
        |at: i64| RunReport::retry_at(at, code, &format!("{detail} It is tried again by itself."));
    match failure {
        Failure::HubSpot(error) => {
            let status = status(&error);
            let (report, may_have_happened) = match &error {
                ProviderError::RateLimited { retry_after, .. } => {
                    let wait = retry_after.map_or(0, |wait| wait.as_secs());
                    let at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
                    let mut report = again_at(at);
                    // The wait is nobody's failure.
                    report.progressed = true;
                    (report, false)
                }
                ProviderError::Server { retry_after, .. } => {
                    let wait = retry_after.map_or(0, |wait| wait.as_secs());
                    let at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
                    (again_at(at), true)
                }
                ProviderError::Malformed { .. } | ProviderError::TooLarge { .. } => {
                    (again_at(now), true)
                }
                // Providers answer so on bad days too.
                ProviderError::Unauthorized { .. } => (again_at(now), false),
                _ => (RunReport::failed(code, &detail), false),
            };
            Outcome {
                status,
                may_have_happened,
                ..Outcome::of(report, is_attempt)
            }
        }
        Failure::DayUsedUp { until } => {
            let look_at = now.saturating_add(LOOK_AGAIN_SECONDS);
            let at = until.map_or(look_at, |until| until.min(look_at));
            let mut report = RunReport::retry_at(
                at,
                code,
                &format!("{detail} It is looked at again at {}.", time::rfc3339(at)),
            );
            report.progressed = true;
            Outcome {
                status: is_attempt.then_some(429),
                ..Outcome::of(report, is_attempt)
            }
        }
        Failure::Call(error) => match Outcome::of_call(error, is_attempt, LIMIT) {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                may_have_happened: !matches!(error, CallError::Connect(_)),
                ..Outcome::of(again_at(now), is_attempt)
            },
        },
        Failure::Token(_) => Outcome::of(again_at(now), is_attempt),
        Failure::Unusable(_) => Outcome::of(RunReport::failed(code, &detail), is_attempt),
    }
}

/// The status of an answer, as far as an error tells it.
fn status(error: &ProviderError) -> Option<u16> {
    Some(match error {
        ProviderError::Invalid { .. } => 400,
        ProviderError::Unauthorized { .. } => 401,
        ProviderError::Forbidden { .. } => 403,
        ProviderError::NotFound { .. } => 404,
        ProviderError::Conflict { .. } => 409,
        ProviderError::Gone { .. } => 410,
        ProviderError::RateLimited { .. } => 429,
        ProviderError::Server { status, .. } | ProviderError::Unexpected { status, .. } => *status,
        _ => return None,
    })
}
