//! What a test may choose about the simulated provider.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Seconds that a token can be used.
    pub token_life_s: u32,
    /// Calls of one user in any sliding minute; no limit when absent. Documented: about 1,000.
    pub calls_per_minute: Option<u32>,
    /// Milliseconds that a copy of up to 500 items keeps its lock. It is answered at once all the
    /// same: who should wait for it gets a delay by a fault rule.
    pub copy_ms: u32,
    /// Milliseconds that a larger copy goes on after its answer.
    pub large_copy_ms: u32,
    /// What a name that is taken is answered with.
    pub conflicts: Conflicts,
}

/// The form of `context_info.conflicts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflicts {
    /// As seen for folders.
    List,
    /// As seen for files.
    Object,
    Empty,
    /// No `context_info` at all.
    Missing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_life_s: 4_123,
            calls_per_minute: Some(1_000),
            copy_ms: 0,
            large_copy_ms: 30_000,
            conflicts: Conflicts::List,
        }
    }
}
