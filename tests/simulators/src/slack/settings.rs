//! What a test may choose about the simulated provider.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::WEBHOOK_STATUSES;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Messages that a channel takes at once; no limit when absent.
    pub burst: Option<u32>,
    /// How many more it takes each second. Documented: 1.
    pub drain_per_second: u32,
    /// Seconds in `Retry-After`; no header when absent.
    pub retry_after: Option<u64>,
    /// The status of a webhook's words. Slack documents those of a few only.
    pub statuses: BTreeMap<String, u16>,
    /// Characters of all blocks together. Not documented.
    pub max_blocks_chars: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            burst: Some(30),
            drain_per_second: 1,
            retry_after: Some(1),
            statuses: WEBHOOK_STATUSES
                .iter()
                .map(|(word, status)| ((*word).to_owned(), *status))
                .collect(),
            max_blocks_chars: 13_200,
        }
    }
}
