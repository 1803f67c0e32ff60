//! The errors of the replaced system, beside ours.

use std::collections::BTreeMap;

use api::{Problem, ProblemKind};
use domain::redact;
use http::StatusCode;
use platform::seven_shifts::Failure;

/// What that system's `code` would have been: it had none.
const CODE: &str = "UNKNOWN";

/// The members of a problem document.
const TAKEN: [&str; 10] = [
    "",
    "type",
    "title",
    "status",
    "detail",
    "request_id",
    "errors",
    "error",
    "code",
    "success",
];

/// Adds what its callers read: `error`, and a list of texts for each member that is wrong.
pub fn in_old_words(problem: Problem) -> Problem {
    let mut problem = if problem.legacy.is_some() {
        problem
    } else {
        let status = problem.status();
        problem.with_legacy(status, CODE)
    };
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for error in &problem.errors {
        let name = error.field.trim_start_matches('/');
        let member = name.split('/').next().unwrap_or_default();
        // Members of the problem document keep their meaning.
        if !TAKEN.contains(&member) {
            texts
                .entry(member.to_owned())
                .or_default()
                .push(error.detail.clone());
        }
    }
    for (member, texts) in texts {
        problem = problem.with_legacy_member(&member, texts);
    }
    problem
}

/// A problem with exactly this `error`.
fn with_error(mut problem: Problem, status: StatusCode, error: &str) -> Problem {
    problem = problem.with_legacy(status, CODE);
    if let Some(legacy) = &mut problem.legacy {
        error.clone_into(&mut legacy.error);
    }
    problem
}

/// Whoever belongs to no organization has to name one.
pub fn no_account(problem: Problem) -> Problem {
    let is_ours = problem.kind == ProblemKind::InvalidRequest;
    if is_ours {
        with_error(
            problem,
            StatusCode::BAD_REQUEST,
            "User not associated with an account",
        )
    } else {
        problem
    }
}

pub fn not_configured() -> Problem {
    bad_request("7shifts integration is not configured: set it up with `configure/` first.")
}

/// It is set up, and has no token.
pub fn disconnected() -> Problem {
    bad_request("7shifts integration is disconnected: send an access token to `configure/`.")
}

pub fn bad_request(why: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::InvalidRequest, why).with_legacy(StatusCode::BAD_REQUEST, CODE)
}

/// Something else came first.
pub fn conflict(why: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Conflict, why)
}

/// A member that is missing or wrong.
pub fn field(name: &str, why: impl Into<String>) -> Problem {
    Problem::field(format!("/{name}"), why)
}

/// A list that is longer than one request may have.
pub fn too_many(name: &str, most: usize) -> Problem {
    field(
        name,
        format!("must have at most {most} entries: send more in several requests"),
    )
}

/// What 7shifts, or the way to it, answered; `status` where that system had one of its own.
pub fn failed(failure: &Failure, status: Option<StatusCode>) -> Problem {
    let problem = failure.problem();
    let status = status.unwrap_or_else(|| problem.status());
    problem.with_legacy(status, CODE)
}

/// A sync that failed.
pub fn sync_failed(why: &str) -> Problem {
    Problem::new(
        ProblemKind::ProviderFailed,
        format!("Sync failed: {}", redact::excerpt(why, 1_000, &[])),
    )
    .with_legacy(StatusCode::INTERNAL_SERVER_ERROR, CODE)
}
