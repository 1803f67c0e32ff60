//! What an organization sets up for allocations: closures, other limits of single advisers, and the settings; and what comes of them.

pub mod deals;
#[cfg(feature = "openapi")]
pub mod settings_schema;
#[cfg(feature = "openapi")]
pub mod written;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Days on which the office is closed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Closure {
    pub id: String,
    pub organization_id: String,
    pub start_date: String,
    /// Included.
    pub end_date: String,
    /// May be empty.
    pub description: String,
    pub tags: Vec<String>,
    /// Its Mondays to Fridays.
    pub workdays: i64,
    /// The id of the key, or the subject of the token.
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
}

/// How many clients an adviser takes in a month from some week on, until the next override of theirs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityOverride {
    pub id: String,
    pub organization_id: String,
    /// In lower case.
    pub adviser_email: String,
    pub effective_date: String,
    /// The Monday on or after that day: it holds from this week on. Of two of one week the one with the later day
    /// counts, and of one day the one that was made last.
    pub effective_week: String,
    pub client_limit_monthly: u32,
    /// To show; it does not change the limit.
    pub pod_type: Option<String>,
    pub notes: Option<String>,
    /// The id of the key, or the subject of the token.
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
}

/// What was asked to be deleted is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    pub ok: bool,
}

/// By what an organization's deals are allocated.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AllocationSettings {
    /// The whole document, also where only a part of it was sent; it may be sent back.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "settings_schema::AllocationSettingsDocument")
    )]
    pub settings: Value,
    /// The preset that all `fixes` are of, or `custom`.
    pub mode: String,
    /// Counts the changes; 0: nothing was set, and the default holds.
    pub version: i64,
    pub updated_by: Option<String>,
    pub updated_at: Option<String>,
}
