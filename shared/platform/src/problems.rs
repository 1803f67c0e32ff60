//! Our own failures as problem documents: the caller learns what to do, the log learns why.

use api::{Problem, ProblemKind};
use store::DatabaseError;

use crate::log;

/// A failure of the database.
#[must_use]
pub fn database(error: &DatabaseError) -> Problem {
    log::error("database", &error.to_string());
    match error {
        DatabaseError::Busy(_) => Problem::new(
            ProblemKind::Unavailable,
            "The database is busy. Try again in a moment.",
        )
        .retry_after(1),
        DatabaseError::Newer { .. } => Problem::new(ProblemKind::Unavailable, error.to_string()),
        DatabaseError::Io(_) => Problem::new(
            ProblemKind::Unavailable,
            "The database cannot be reached. Try again in a moment.",
        )
        .retry_after(2),
        DatabaseError::Constraint(_) | DatabaseError::Shape(_) => {
            internal("the database refused a statement")
        }
    }
}

/// A failure that the caller can do nothing about.
#[must_use]
pub fn internal(why: &str) -> Problem {
    log::error("internal", why);
    Problem::new(
        ProblemKind::Internal,
        "The request failed on our side and changed nothing that is not shown. Report the request id if it happens again.",
    )
}

/// What was asked for may be done or not, and can be asked for again.
#[must_use]
pub fn unavailable(why: &str) -> Problem {
    log::error("unavailable", why);
    Problem::new(
        ProblemKind::Unavailable,
        "The request was interrupted. Try again in a moment.",
    )
    .retry_after(1)
}
