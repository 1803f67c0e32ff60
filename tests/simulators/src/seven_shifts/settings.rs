//! What a test may choose about the simulated provider: its limits, and the
//! behaviours that are undocumented or differ between sources.

use serde::{Deserialize, Serialize};

use crate::RateLimit;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Documented: 10 a second per token, then a block of one minute. That
    /// `Retry-After` comes with it is not.
    pub rate_limit: RateLimit,
    /// Rows of a page of punches when no `limit` is sent: 20.
    pub default_limit_time_punches: usize,
    /// The same for everything else: 100.
    pub default_limit: usize,
    /// 500 is known to be accepted everywhere.
    pub max_limit: usize,
    /// Not known.
    pub over_limit: OverLimit,
    /// What `status` means when it is absent: not documented.
    pub users_default_status: DefaultStatus,
    /// The official texts differ on more than one of `location_id`,
    /// `department_id` and `role_id`.
    pub several_user_filters: SeveralFilters,
    /// A discussion reports rows that start after `start[lte]`.
    pub leaky_start_bound: bool,
    /// Both forms have been seen: `{"id":1}` and `{"id":"1"}`.
    pub text_ids_in_cursors: bool,
    /// Errors in the older `{"status":"error","message":…}` form.
    pub legacy_errors: bool,
    /// The version answered when the caller sends none: the recorded one.
    pub default_api_version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    Refuse,
    Clamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultStatus {
    Active,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeveralFilters {
    Refuse,
    /// The first of location, department, role counts.
    Ignore,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limit: RateLimit {
                requests_per_second: Some(10),
                block_ms: Some(60_000),
                retry_after: false,
            },
            default_limit_time_punches: 20,
            default_limit: 100,
            max_limit: 500,
            over_limit: OverLimit::Refuse,
            users_default_status: DefaultStatus::Active,
            several_user_filters: SeveralFilters::Refuse,
            leaky_start_bound: false,
            text_ids_in_cursors: false,
            legacy_errors: false,
            default_api_version: "2026-02-01".to_owned(),
        }
    }
}
