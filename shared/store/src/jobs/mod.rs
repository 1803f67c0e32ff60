//! One engine for every sync, event and effect: rows with a due time, taken by lease.
//!
//! A job's `next_due_at` is the whole schedule. Of a running job it is the end of its lease, so
//! the job of a holder that died becomes due by itself. A *run* is one piece of work seen from
//! outside; it lasts across continuations, retries and lost leases, and keeps its id.
//!
//! - [`claim`] takes what is due, one job per concurrency key, in one statement.
//! - [`record`] puts back what was claimed, with the outcome; a late outcome is refused.
//! - [`load_work`] and [`checkpoint`] are the function's side of a lease.
//! - [`request_run`] asks for a run and learns its id before it starts; [`want_runs`] asks for runs
//!   by a later time; [`hint_runs`] passes on what a provider says has changed.
//! - [`plan`](mod@plan) keeps the rows of a connector's streams and moves their due times.

mod checkpoint;
mod claim;
mod hint;
mod maintenance;
pub mod plan;
mod record;
mod request;
mod work;

pub use checkpoint::{Lease, Progress, checkpoint};
pub use claim::{Claim, Claimed, Only, claim};
pub use hint::{HINT_GAP_SECONDS, HintedRun, hint_runs};
pub use maintenance::{
    MAINTENANCE, PURGE_ORGANIZATION, ensure_maintenance_job, ensure_organization_job,
};
pub use record::{Conclusion, Failure, record, record_in};
pub use request::{PromisedRun, RunRequest, WantedRun, request_run, want_runs};
pub use work::{SealedCredential, Work, load_work};

/// The kind of a job that brings one stream of one connector up to date: name = stream, subject =
/// connector.
pub const SYNC: &str = "sync";
