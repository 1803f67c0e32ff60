//! What follows from an attempt at a job.

use serde::{Deserialize, Serialize};

use crate::{
    redact,
    retry::{BASE_RETRY_SECS, MAX_ATTEMPTS, MAX_RETRY_SECS, backoff},
    text_enum::text_enum,
};

text_enum! {
    pub enum JobState, "job state" {
        /// Waits for its time; without one, to be asked.
        Pending = "pending",
        /// Leased.
        Running = "running",
        Done = "done",
        /// Given up, with a reason. A person can have it run again.
        Failed = "failed",
    }
}

/// What a function answers when it has worked on a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// Progress is saved and there is more to do: call again.
    More,
    /// Something that passes: a limit, a time-out, a provider's bad minute.
    RetryAt {
        /// Not before: the provider's word, or the present when it gave none.
        at: i64,
        reason: String,
    },
    /// By a schedule of the function's own, which counts its tries and gives up by itself: neither the
    /// engine's pauses nor its count of failures apply.
    WaitUntil {
        at: i64,
        reason: String,
    },
    /// Something that another try would not mend.
    Failed {
        reason: String,
    },
}

/// The state of a job after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub state: JobState,
    /// `None` when nothing further is due: a stream's row is then planned by its schedule.
    pub next_due_at: Option<i64>,
    /// Failures in a row.
    pub attempts: u32,
    /// Why it is not done.
    pub reason: Option<String>,
}

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 500;

/// The transition. `attempts` are the failures in a row so far, `random` any
/// 64 random bits. A lease that ran out is a [`Outcome::RetryAt`] at `now`: so a
/// job that kills its function is given up like any other.
///
/// `progressed`: the attempt saved something before it failed. Then its failure is the first in a
/// row, or a long job with a hitch now and then would be given up half-way.
#[must_use]
pub fn after(outcome: &Outcome, attempts: u32, progressed: bool, now: i64, random: u64) -> Next {
    let attempts = if progressed { 0 } else { attempts };
    match outcome {
        Outcome::Done => Next {
            state: JobState::Done,
            next_due_at: None,
            attempts: 0,
            reason: None,
        },
        Outcome::More => Next {
            state: JobState::Pending,
            next_due_at: Some(now),
            attempts: 0,
            reason: None,
        },
        Outcome::RetryAt { at, reason } => {
            retry(*at, reason, attempts.saturating_add(1), now, random)
        }
        // Failures that are counted from here on are those of a function that does not answer.
        Outcome::WaitUntil { at, reason } => waits((*at).max(now.saturating_add(1)), 0, reason),
        Outcome::Failed { reason } => given_up(reason, attempts.saturating_add(1)),
    }
}

fn retry(at: i64, reason: &str, attempts: u32, now: i64, random: u64) -> Next {
    if attempts >= MAX_ATTEMPTS {
        return given_up(
            &format!("gave up after {attempts} attempts: {reason}"),
            attempts,
        );
    }
    let earliest = now.saturating_add(backoff(attempts, random, BASE_RETRY_SECS, MAX_RETRY_SECS));
    let latest = now.saturating_add(MAX_RETRY_SECS);
    waits(at.max(earliest).min(latest), attempts, reason)
}

fn waits(at: i64, attempts: u32, reason: &str) -> Next {
    Next {
        state: JobState::Pending,
        next_due_at: Some(at),
        attempts,
        reason: Some(redact::excerpt(reason, MAX_REASON_CHARS, &[])),
    }
}

fn given_up(reason: &str, attempts: u32) -> Next {
    Next {
        state: JobState::Failed,
        next_due_at: None,
        attempts,
        reason: Some(redact::excerpt(reason, MAX_REASON_CHARS, &[])),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn retry_at(at: i64) -> Outcome {
        Outcome::RetryAt {
            at,
            reason: "429 from the provider".to_owned(),
        }
    }

    #[test]
    fn the_providers_wait_is_obeyed_up_to_an_hour() {
        assert_eq!(
            after(&retry_at(NOW + 60), 0, false, NOW, u64::MAX).next_due_at,
            Some(NOW + 60)
        );
        assert_eq!(
            after(&retry_at(NOW + 90_000), 0, false, NOW, 0).next_due_at,
            Some(NOW + 3_600)
        );
        assert_eq!(
            after(&retry_at(NOW), 0, false, NOW, u64::MAX).next_due_at,
            Some(NOW + 15)
        );
    }

    #[test]
    fn what_keeps_failing_is_given_up_with_its_reason() {
        let (mut attempts, mut tries) = (0, 0);
        let last = loop {
            let next = after(&retry_at(NOW), attempts, false, NOW, 7);
            tries += 1;
            if next.state != JobState::Pending {
                break next;
            }
            assert!(next.reason.is_some() && next.attempts == tries);
            attempts = next.attempts;
        };
        assert_eq!(
            (tries, last.state, last.next_due_at),
            (8, JobState::Failed, None)
        );
        assert_eq!(
            last.reason.unwrap(),
            "gave up after 8 attempts: 429 from the provider"
        );
    }

    #[test]
    fn a_failure_that_no_try_mends_is_given_up_at_once() {
        let outcome = Outcome::Failed {
            reason: "the plan lacks\u{1b} time punches".to_owned(),
        };
        let next = after(&outcome, 2, false, NOW, 0);
        assert_eq!(
            (next.state, next.next_due_at, next.attempts),
            (JobState::Failed, None, 3)
        );
        assert_eq!(next.reason.unwrap(), "the plan lacks time punches");
    }

    #[test]
    fn a_schedule_of_the_functions_own_is_neither_shortened_nor_given_up() {
        for attempts in [0, MAX_ATTEMPTS, u32::MAX] {
            let wait = |at| Outcome::WaitUntil {
                at,
                reason: "500 from the endpoint".to_owned(),
            };
            let next = after(&wait(NOW + 36_000), attempts, false, NOW, 7);
            assert_eq!(
                (next.state, next.next_due_at, next.attempts),
                (JobState::Pending, Some(NOW + 36_000), 0)
            );
            assert_eq!(next.reason.unwrap(), "500 from the endpoint");
            let next = after(&wait(NOW - 5), attempts, false, NOW, 7);
            assert_eq!(next.next_due_at, Some(NOW + 1), "never in the same second");
        }
    }

    #[test]
    fn progress_forgets_earlier_failures() {
        let next = after(&Outcome::More, 7, false, NOW, 0);
        assert_eq!(
            (next.state, next.next_due_at, next.attempts),
            (JobState::Pending, Some(NOW), 0)
        );
        let next = after(&Outcome::Done, 7, false, NOW, 0);
        assert_eq!(
            (next.state, next.next_due_at, next.attempts),
            (JobState::Done, None, 0)
        );
    }

    #[test]
    fn a_failure_after_progress_is_the_first_in_a_row() {
        let next = after(&retry_at(NOW), MAX_ATTEMPTS - 1, true, NOW, u64::MAX);
        assert_eq!(
            (next.state, next.next_due_at, next.attempts),
            (JobState::Pending, Some(NOW + 15), 1)
        );
    }

    #[test]
    fn outcomes_travel_as_json() {
        let table = [
            (Outcome::Done, r#"{"outcome":"done"}"#),
            (Outcome::More, r#"{"outcome":"more"}"#),
            (
                Outcome::RetryAt {
                    at: 5,
                    reason: "r".to_owned(),
                },
                r#"{"outcome":"retry_at","at":5,"reason":"r"}"#,
            ),
            (
                Outcome::WaitUntil {
                    at: 5,
                    reason: "r".to_owned(),
                },
                r#"{"outcome":"wait_until","at":5,"reason":"r"}"#,
            ),
            (
                Outcome::Failed {
                    reason: "r".to_owned(),
                },
                r#"{"outcome":"failed","reason":"r"}"#,
            ),
        ];
        for (outcome, json) in table {
            assert_eq!(serde_json::to_string(&outcome).unwrap(), json);
            assert_eq!(serde_json::from_str::<Outcome>(json).unwrap(), outcome);
        }
    }

    proptest! {
        #[test]
        fn a_retry_is_never_now_and_never_beyond_an_hour(at: i64, attempts: u32, random: u64) {
            let next = after(&retry_at(at), attempts, false, NOW, random);
            if let Some(due) = next.next_due_at {
                prop_assert!(due > NOW && due <= NOW + 3_600);
                prop_assert!(next.attempts < MAX_ATTEMPTS);
            } else {
                prop_assert_eq!(next.state, JobState::Failed);
            }
        }
    }
}
