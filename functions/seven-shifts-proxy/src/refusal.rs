//! The errors of the replaced system, beside ours.

use api::{Problem, ProblemKind};
use http::StatusCode;
use platform::log;
use platform::seven_shifts::{Failure, FailureKind};
use platform::vault::VaultError;

use crate::action_names;

pub fn bad_request(problem: Problem) -> Problem {
    problem.with_legacy(StatusCode::BAD_REQUEST, "UNKNOWN")
}

pub fn missing_action() -> Problem {
    let known = action_names();
    Problem::field("/action", format!("is missing: send one of {known}"))
        .with_legacy(StatusCode::BAD_REQUEST, "MISSING_ACTION")
}

pub fn unknown_action(name: &str) -> Problem {
    let name = domain::redact::excerpt(name, 40, &[]);
    let known = action_names();
    Problem::field(
        "/action",
        format!("{name:?} is not known: send one of {known}"),
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

/// A user whom 7shifts does not know, or not at the location that the call reaches: whether they
/// work at another one is not said.
pub fn no_such_user(user_id: i64, location_id: Option<i64>) -> Problem {
    let place = location_id.map_or_else(
        || "in this company".to_owned(),
        |location_id| format!("at location {location_id}, to which this call is kept"),
    );
    Problem::new(
        ProblemKind::NotFound,
        format!(
            "7shifts has no user {user_id} {place}. Send a number that `get_users` shows as `id`."
        ),
    )
    .with_legacy(StatusCode::NOT_FOUND, "UNKNOWN")
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
    let code = match failure.kind {
        FailureKind::Unauthorized => "AUTH_EXPIRED",
        FailureKind::Later(_) if failure.code == "rate_limited" => "RATE_LIMITED",
        FailureKind::Ours if matches!(failure.code, "vault" | "no_credentials") => {
            "CREDENTIAL_ERROR"
        }
        FailureKind::Ours => "INTERNAL_ERROR",
        _ => "UNKNOWN",
    };
    let problem = failure.problem();
    let status = problem.status();
    problem.with_legacy(status, code)
}
