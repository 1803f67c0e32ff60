//! Runs one claimed job: by calling its function, or here when it is the installation's own.

use domain::retry::MAX_ATTEMPTS;
use http::StatusCode;
use platform::run::{CALL_TIMEOUT_MS, RunCall, RunReport, WORK_BUDGET_MS};
use platform::{SpinDatabase, clock, internal};
use store::allocation::records::ALLOCATION;
use store::attendance::ATTENDANCE;
use store::automation::{AUTOMATION, INBOX};
use store::health::PROBE;
use store::jobs::{Claimed, MAINTENANCE};

use crate::maintenance;

/// Whether a job of this kind is there for as long as what it is for: it is never given up.
pub fn is_permanent(kind: &str) -> bool {
    matches!(kind, INBOX | AUTOMATION | PROBE | ATTENDANCE | ALLOCATION)
}

pub async fn run(database: &SpinDatabase, claimed: &Claimed) -> RunReport {
    if claimed.kind == MAINTENANCE {
        return maintenance::run(database, claimed).await;
    }
    // Automation tells by itself which event ends its function.
    if claimed.attempts >= MAX_ATTEMPTS && !is_permanent(&claimed.kind) {
        // A job that ends its holder every time must not be met for ever.
        return RunReport::failed(
            "gave_up",
            &format!(
                "The run was started {} times and never came to an end.",
                claimed.attempts
            ),
        );
    }
    let call = RunCall {
        job_id: claimed.job_id.clone(),
        lease_version: claimed.lease_version,
        deadline_ms: clock::now_ms().saturating_add(WORK_BUDGET_MS),
    };
    let path = format!("/internal/{}/run", claimed.function);
    let answer = match internal::post(&claimed.function, &path, &call, CALL_TIMEOUT_MS).await {
        Ok(answer) => answer,
        Err(error) => {
            return RunReport::retry_at(
                clock::now(),
                "function_unreachable",
                &format!("{} did not answer: {error}.", claimed.function),
            );
        }
    };
    let unusable = |what: &str| {
        RunReport::retry_at(
            clock::now(),
            "function_failed",
            &format!("{} {what}.", claimed.function),
        )
    };
    if answer.status() != StatusCode::OK {
        // A trap of a neighbour, or no free instance: both pass.
        return unusable(&format!(
            "answered with status {}",
            answer.status().as_u16()
        ));
    }
    serde_json::from_slice(answer.body())
        .unwrap_or_else(|_| unusable("gave an answer that cannot be read"))
}
