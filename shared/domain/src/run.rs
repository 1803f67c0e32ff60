//! What one sync run leaves behind.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    /// Why a run started.
    pub enum Trigger, "trigger" {
        /// The schedule, the first sync of a stream included.
        Cron = "cron",
        /// The night's batch.
        Nightly = "nightly",
        /// A person or a caller asked.
        Manual = "manual",
        /// The provider said that something changed.
        Webhook = "webhook",
        /// A run was given up and this is the next try. (An attempt within a run
        /// belongs to the run and keeps its trigger.)
        Retry = "retry",
    }
}

text_enum! {
    pub enum RunStatus, "run status" {
        Running = "running",
        Success = "success",
        /// Everything landed but the records that were quarantined.
        Partial = "partial",
        Failed = "failed",
    }
}

impl RunStatus {
    /// Whether the stream counts as brought up to date: a quarantined record does
    /// not hold up the rest.
    #[must_use]
    pub const fn is_current(self) -> bool {
        matches!(self, Self::Success | Self::Partial)
    }
}

/// Rows of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Records that the provider sent, the bad ones included.
    pub fetched: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub deleted: u64,
    /// Records in quarantine.
    pub errors: u64,
}

impl AddAssign for RunCounts {
    fn add_assign(&mut self, page: Self) {
        let Self {
            fetched,
            created,
            updated,
            unchanged,
            deleted,
            errors,
        } = page;
        for (sum, more) in [
            (&mut self.fetched, fetched),
            (&mut self.created, created),
            (&mut self.updated, updated),
            (&mut self.unchanged, unchanged),
            (&mut self.deleted, deleted),
            (&mut self.errors, errors),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_pages_add_up_and_a_partial_run_is_current() {
        let mut counts = RunCounts {
            fetched: 250,
            created: 250,
            ..RunCounts::default()
        };
        counts += RunCounts {
            fetched: 250,
            updated: 3,
            unchanged: 245,
            deleted: 1,
            errors: 1,
            ..counts
        };
        assert_eq!(
            counts,
            RunCounts {
                fetched: 500,
                created: 500,
                updated: 3,
                unchanged: 245,
                deleted: 1,
                errors: 1
            }
        );
        assert!(RunStatus::Partial.is_current() && !RunStatus::Failed.is_current());
    }

    #[test]
    fn counts_of_an_older_version_are_read() {
        let counts: RunCounts = serde_json::from_str(r#"{"fetched":7}"#).unwrap();
        assert_eq!(
            counts,
            RunCounts {
                fetched: 7,
                ..RunCounts::default()
            }
        );
    }
}
