//! Why a run stops before its end, and what follows for the connector.

use domain::connector_state::ConnectorState;
use platform::clock;
use platform::employment_hero::Failure;
use platform::outbound::CallError;
use platform::run::RunReport;
use providers::ProviderError;
use providers::oauth::TokenFailureClass;
use store::DatabaseError;

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

    fn later(at: i64, code: &str, reason: &str) -> Self {
        let reason = format!("{reason} It is tried again by itself.");
        Self::Reported(Box::new(Reported {
            report: RunReport::retry_at(at, code, &reason),
            state: None,
        }))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        let said = failure.detail();
        let now = clock::now();
        let after = |seconds: u64| now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
        match failure {
            Failure::Unusable(_) => {
                Self::failed("configuration", &said, Some(ConnectorState::Error))
            }
            Failure::Organisation(_) => {
                Self::failed("organisation", &said, Some(ConnectorState::Error))
            }
            Failure::TokenBusy => Self::later(now, "token_busy", &said),
            Failure::Token(failure) => match failure.class {
                TokenFailureClass::Transient => {
                    let wait = failure.retry_after.map_or(0, |wait| wait.as_secs());
                    Self::later(after(wait), &failure.code, &said)
                }
                // The connector has been set by whoever has asked for the token.
                TokenFailureClass::Reconnect => Self::failed(&failure.code, &said, None),
                TokenFailureClass::Configuration => {
                    Self::failed(&failure.code, &said, Some(ConnectorState::Error))
                }
            },
            Failure::Provider(error) if error.is_retryable() => {
                let wait = error.retry_after().map_or(0, |wait| wait.as_secs());
                Self::later(after(wait), error.code(), &said)
            }
            Failure::Provider(error) => {
                let (said, state) = match &error {
                    // A second 401, with a fresh token.
                    ProviderError::Unauthorized { .. } => (said, Some(ConnectorState::Expired)),
                    ProviderError::Forbidden { .. } => (said, Some(ConnectorState::Error)),
                    ProviderError::NotFound { .. } => (
                        "Employment Hero does not know the connector's organisation, or its login does not see it any more: GET /test/organisations lists those that it sees.".to_owned(),
                        Some(ConnectorState::Error),
                    ),
                    _ => (said, None),
                };
                Self::failed(error.code(), &said, state)
            }
            Failure::Call(error) => match error {
                CallError::OutOfTime => Self::OutOfTime,
                CallError::Database(error) => Self::Database(error),
                CallError::RateLimited { at_ms } => {
                    let at = at_ms.saturating_add(999).div_euclid(1_000);
                    Self::later(at, "rate_limited", &said)
                }
                CallError::Timeout => Self::later(now, "timeout", &said),
                CallError::Connect(_) => Self::later(now, "unreachable", &said),
                CallError::Broken(_) => Self::later(now, "broken", &said),
                CallError::TooLarge { .. } => Self::failed("answer_too_large", &said, None),
                CallError::NotAllowed(_) => {
                    Self::failed("not_allowed", &said, Some(ConnectorState::Error))
                }
            },
        }
    }
}
