//! What follows from a failure: whether it is tried again, and what a person is told.

use domain::connector_state::ConnectorState;
use platform::box_folders::Failure;
use platform::clock;
use platform::delivering::Outcome;
use platform::hubspot;
use platform::outbound::CallError;
use platform::run::RunReport;
use providers::ProviderError;
use providers::box_folders::{Class, TokenFailureClass};

const LIMIT: &str = "Box takes about a thousand calls a minute.";
const HUBSPOT_LIMIT: &str = "HubSpot takes a number of requests in ten seconds.";
/// After how long a folder that is locked is looked at again, in seconds.
const LOCKED_SECONDS: i64 = 10;
/// How long a lock, or the wait for one's turn, is waited for, in seconds.
pub const MAX_WAIT_SECONDS: i64 = 6 * 3_600;

/// `requested_at` is when somebody asked for the folder; `is_attempt` whether anything went out.
pub fn of_box(failure: Failure, requested_at: i64, is_attempt: bool) -> Outcome {
    let now = clock::now();
    let detail = failure.to_string();
    let is_of_the_connector = failure.is_of_the_connector();
    let may_have_happened = failure.may_have_happened();
    let mut status = None;
    let report = match failure {
        Failure::Box(failure) => {
            status = Some(failure.status);
            let wait = failure.retry_after.map_or(0, |wait| wait.as_secs());
            let at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
            match failure.class {
                Class::WaitAndLook => locked(now, requested_at, &failure.code, &detail),
                Class::Later | Class::NewToken | Class::NameInUse | Class::Changed => {
                    RunReport::retry_at(at, &failure.code, &detail)
                }
                Class::Unexpected if failure.is_retryable() => {
                    RunReport::retry_at(at, &failure.code, &detail)
                }
                Class::Refused
                | Class::MissingOrNoAccess
                | Class::AlreadyThere
                | Class::BadRequest
                | Class::Unexpected => RunReport::failed(&failure.code, &detail),
            }
        }
        Failure::Token(failure) => {
            status = Some(failure.status);
            match failure.class {
                TokenFailureClass::Configuration => RunReport::failed(&failure.code, &detail),
                TokenFailureClass::SignAnew { .. } | TokenFailureClass::Retry => {
                    let wait = failure.retry_after.map_or(0, |wait| wait.as_secs());
                    let at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
                    RunReport::retry_at(at, &failure.code, &detail)
                }
            }
        }
        Failure::TokenBusy => RunReport::retry_at(now, "token_busy", &detail),
        Failure::Unusable(why) => RunReport::failed("configuration", &why),
        Failure::Call(error, _) => {
            return Outcome {
                may_have_happened,
                ..of_call(error, is_attempt, LIMIT, "Box")
            };
        }
    };
    Outcome {
        status,
        may_have_happened,
        state: is_of_the_connector.then_some(ConnectorState::Error),
        ..Outcome::of(report, is_attempt)
    }
}

/// The lock of another copy is nobody's failure, as long as it has an end.
fn locked(now: i64, requested_at: i64, code: &str, detail: &str) -> RunReport {
    if now.saturating_sub(requested_at) > MAX_WAIT_SECONDS {
        return RunReport::failed(
            code,
            &format!("{detail} It has been so for hours: see in Box what works on the template."),
        );
    }
    let mut report = RunReport::retry_at(now.saturating_add(LOCKED_SECONDS), code, detail);
    report.progressed = true;
    report
}

/// What is asked of HubSpot may be asked again.
pub fn of_hubspot(failure: hubspot::Failure, is_attempt: bool) -> Outcome {
    use hubspot::Failure as F;
    let now = clock::now();
    let detail = failure.detail();
    let (report, status) = match failure {
        F::HubSpot(error) => {
            let status = match &error {
                ProviderError::Server { status, .. } | ProviderError::Unexpected { status, .. } => {
                    Some(*status)
                }
                _ => None,
            };
            let wait = error.retry_after().map_or(0, |wait| wait.as_secs());
            let at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
            let code = error.code();
            let report = if error.is_retryable() {
                RunReport::retry_at(at, code, &detail)
            } else {
                RunReport::failed(&format!("hubspot_{code}"), &detail)
            };
            (report, status)
        }
        F::DayUsedUp { until } => {
            let at = until.unwrap_or_else(|| now.saturating_add(3_600));
            let mut report = RunReport::retry_at(at, "daily_limit", &detail);
            report.progressed = true;
            (report, Some(429))
        }
        F::Token(_) => (RunReport::retry_at(now, "no_token", &detail), None),
        F::Unusable(_) => (RunReport::failed("configuration", &detail), None),
        F::Call(error) => return of_call(error, is_attempt, HUBSPOT_LIMIT, "HubSpot"),
    };
    Outcome {
        status,
        ..Outcome::of(report, is_attempt)
    }
}

fn of_call(error: CallError, is_attempt: bool, limit: &str, who: &str) -> Outcome {
    let error = match Outcome::of_call(error, is_attempt, limit) {
        Ok(outcome) => return outcome,
        Err(error) => error,
    };
    let code = match error {
        CallError::Timeout => "timeout",
        CallError::Connect(_) => "unreachable",
        _ => "broken",
    };
    let reason = format!("{who}: {error}. It is tried again by itself.");
    Outcome::of(RunReport::retry_at(clock::now(), code, &reason), is_attempt)
}
