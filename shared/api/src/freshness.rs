//! How current an answer is that is computed from synced rows.

use serde::{Deserialize, Serialize};

/// Beside the other members of an answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Freshness {
    /// The oldest last success of the streams that the answer rests on, over all connectors whose rows may be
    /// in it, disconnected ones too. Null: one of them has never been synced, or there is no connector.
    pub synced_at: Option<String>,
    /// One of these streams has never been synced, or should have been by now and was not. False where there is
    /// no connector: nothing is old then.
    pub is_stale: bool,
}
