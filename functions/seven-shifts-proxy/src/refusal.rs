//! The errors of the replaced system, beside ours.

use api::{Problem, ProblemKind};
use http::StatusCode;
use platform::log;
use platform::seven_shifts::{Failure, FailureKind};
use platform::vault::VaultError;

pub const ACTIONS: &str = "connect, test_connection, health_check, scheduled_sync, get_shifts, get_users, get_time_punches, get_locations, get_roles, get_departments, list_webhooks, repair_webhooks, delete_webhooks";

pub fn bad_request(problem: Problem) -> Problem {
    problem.with_legacy(StatusCode::BAD_REQUEST, "UNKNOWN")
}

pub fn missing_action() -> Problem {
    Problem::field("/action", format!("is missing: send one of {ACTIONS}"))
        .with_legacy(StatusCode::BAD_REQUEST, "MISSING_ACTION")
}

pub fn unknown_action(name: &str) -> Problem {
    let name = domain::redact::excerpt(name, 40, &[]);
    Problem::field(
        "/action",
        format!("{name:?} is not known: send one of {ACTIONS}"),
    )
    .with_legacy(StatusCode::BAD_REQUEST, "UNKNOWN_ACTION")
}

pub fn forbidden(problem: Problem) -> Problem {
    problem.with_legacy(StatusCode::FORBIDDEN, "UNKNOWN")
}

pub fn missing_auth(field: &str, detail: &str) -> Problem {
    Problem::field(field, detail).with_legacy(StatusCode::BAD_REQUEST, "MISSING_AUTH")
}

pub fn no_credentials() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "This organization has no connected 7shifts account of this name. Call `connect` first.",
    )
    .with_legacy(StatusCode::NOT_FOUND, "NO_CREDENTIALS")
}

/// A token that cannot be stored because it cannot be sealed: whoever runs this has to configure
/// the vault.
pub fn closed_vault(error: &VaultError) -> Problem {
    log::error("vault", &error.to_string());
    Problem::new(
        ProblemKind::Internal,
        format!("The vault is not configured, so no token can be stored: {error}."),
    )
    .with_legacy(StatusCode::INTERNAL_SERVER_ERROR, "CREDENTIAL_ERROR")
}

/// What 7shifts, or the way to it, answered.
pub fn failed(failure: &Failure) -> Problem {
    let reason = match failure.kind {
        FailureKind::Later(_) => format!("{} Try again in a minute.", failure.reason),
        _ => failure.reason.clone(),
    };
    let problem = Problem::new(ProblemKind::ProviderFailed, reason.clone());
    match failure.kind {
        FailureKind::Unauthorized => problem.with_legacy(StatusCode::BAD_GATEWAY, "AUTH_EXPIRED"),
        FailureKind::Later(at) if failure.code == "rate_limited" => {
            let wait = at.saturating_sub(platform::clock::now());
            Problem::new(ProblemKind::RateLimited, reason)
                .retry_after(wait)
                .with_legacy(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED")
        }
        FailureKind::Ours if matches!(failure.code, "vault" | "no_credentials") => {
            Problem::new(ProblemKind::Internal, failure.reason.clone())
                .with_legacy(StatusCode::INTERNAL_SERVER_ERROR, "CREDENTIAL_ERROR")
        }
        FailureKind::Ours => Problem::new(ProblemKind::Internal, failure.reason.clone())
            .with_legacy(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        _ => problem.with_legacy(StatusCode::BAD_GATEWAY, "UNKNOWN"),
    }
}
