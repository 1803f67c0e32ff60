//! `/hooks/{path}`: what providers send.

use serde::{Deserialize, Serialize};

/// What was taken from a provider, and cannot be lost any more.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// True.
    pub received: bool,
    /// The streams that the topic is about, and that are synced soon where they are switched on.
    pub streams: Vec<String>,
}
