//! How current an answer is that is computed from synced rows.

use serde::{Deserialize, Serialize};

/// Beside the other members of an answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Freshness {
    /// The oldest last success of the streams that the answer rests on, over all connectors that are
    /// connected. Null: one of them has never been synced, or nothing is connected.
    pub synced_at: Option<String>,
    /// One of these streams should have been synced by now and was not.
    pub is_stale: bool,
}
