//! Why a run stops before its end, and what follows for the connector.

use domain::connector_state::ConnectorState;
use platform::clock;
use platform::outbound::CallError;
use platform::rest_api::account::Failure;
use platform::rest_api::call::{Answered, in_words};
use platform::run::RunReport;
use providers::rest::listing::ListFailure;
use providers::rest::{Reason, TokenFailureClass, Verdict};
use store::DatabaseError;

const MAX_EXCERPT_CHARS: usize = 300;

pub enum Stop {
    /// The time for this call is over.
    OutOfTime,
    /// Somebody else has the lease: what was read is not ours to write.
    LeaseLost,
    Database(DatabaseError),
    Reported(Box<Reported>),
}

/// A failure as it is reported.
pub struct Reported {
    pub report: RunReport,
    /// What becomes of the connector, with the reason in the manager's words.
    pub state: Option<(ConnectorState, String)>,
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl Stop {
    /// Not before a person has changed something.
    pub fn failed(code: &str, reason: &str, state: Option<ConnectorState>) -> Self {
        Self::Reported(Box::new(Reported {
            report: RunReport::failed(code, reason),
            state: state.map(|state| (state, reason.to_owned())),
        }))
    }

    fn later(after_seconds: u64, code: &str, reason: &str) -> Self {
        let after = i64::try_from(after_seconds).unwrap_or(i64::MAX);
        let at = clock::now().saturating_add(after);
        Self::Reported(Box::new(Reported {
            report: RunReport::retry_at(
                at,
                code,
                &format!("{reason} It is tried again by itself."),
            ),
            state: None,
        }))
    }

    /// What follows from an answer that is no page.
    pub fn of_answer(answered: &Answered) -> Self {
        let status = answered.answer.status().as_u16();
        let excerpt = answered.redactor.body(&answered.answer, MAX_EXCERPT_CHARS);
        let said = if excerpt.is_empty() {
            format!("The API answered {status}.")
        } else {
            format!("The API answered {status} ({excerpt}).")
        };
        let why = match answered.verdict {
            Verdict::Retry { after } => {
                let wait = after.map_or(0, |after| after.as_secs());
                return Self::later(wait, &format!("http_{status}"), &said);
            }
            Verdict::GiveUp(why) => why,
            // A second 401, with a fresh token.
            Verdict::Renew => Reason::Credential,
            Verdict::Success => Reason::Unexpected,
        };
        let state = matches!(why, Reason::Credential | Reason::Forbidden)
            .then_some(ConnectorState::Expired);
        Self::failed(why.code(), &format!("{said} {}", why.remedy()), state)
    }

    /// What follows from there being no answer.
    pub fn of_failure(failure: Failure) -> Self {
        match failure {
            Failure::Request(why) => {
                Self::failed("invalid_request", &why, Some(ConnectorState::Error))
            }
            Failure::Unusable(why) => {
                Self::failed("configuration", &why, Some(ConnectorState::Error))
            }
            Failure::TokenBusy => {
                Self::later(0, "token_busy", "The access token is being renewed.")
            }
            Failure::Token(failure) => {
                let reason = format!("There is no access token: {failure}.");
                match failure.class {
                    TokenFailureClass::Transient => {
                        let wait = failure.retry_after.map_or(0, |wait| wait.as_secs());
                        Self::later(wait, &failure.code, &reason)
                    }
                    // The connector has been set by whoever has asked for the token.
                    TokenFailureClass::Reconnect => Self::failed(&failure.code, &reason, None),
                    TokenFailureClass::Configuration => {
                        Self::failed(&failure.code, &reason, Some(ConnectorState::Error))
                    }
                }
            }
            Failure::Call(error, verdict) => Self::of_call(error, verdict),
        }
    }

    fn of_call(error: CallError, verdict: Verdict) -> Self {
        let said = in_words(&error);
        let code = match error {
            CallError::OutOfTime => return Self::OutOfTime,
            CallError::Database(error) => return Self::Database(error),
            CallError::RateLimited { at_ms } => {
                let wait_ms = at_ms.saturating_sub(clock::now_ms()).max(0);
                let wait = u64::try_from(wait_ms.saturating_add(999).div_euclid(1_000));
                return Self::later(wait.unwrap_or_default(), "rate_limited", &said);
            }
            CallError::Connect(_) | CallError::NotAllowed(_) => "unreachable",
            CallError::Timeout => "timeout",
            CallError::Broken(_) => "broken",
            CallError::TooLarge { .. } => "answer_too_large",
        };
        match verdict {
            Verdict::GiveUp(why) => Self::failed(code, &format!("{said} {}", why.remedy()), None),
            _ => Self::later(0, code, &said),
        }
    }

    /// What follows from a page that cannot be read, or that leads nowhere.
    pub fn of_list(failure: &ListFailure) -> Self {
        let said = format!("The list cannot be read to its end: {failure}.");
        if failure.is_retryable() {
            return Self::later(0, "malformed", &said);
        }
        let code = match failure {
            ListFailure::Circle | ListFailure::SamePage => "pages_in_a_circle",
            ListFailure::TooManyPages(_) | ListFailure::EmptyPages(_) => "too_many_pages",
            _ => "unreadable_list",
        };
        let reason = format!("{said} {} Nothing was deleted.", failure.remedy());
        Self::failed(code, &reason, None)
    }
}
