//! What a test may choose about the simulated provider. Limits that are null are switched off.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Of one private app, over ten seconds that roll. The larger plans have 190.
    pub requests_per_ten_seconds: Option<u32>,
    /// Of all OAuth tokens together.
    pub oauth_requests_per_ten_seconds: Option<u32>,
    pub searches_per_second: Option<u32>,
    /// Whether all tokens share the searches of a second, as newer documents say.
    pub searches_are_shared: bool,
    /// Of the account until midnight in its zone; 0 refuses everything.
    pub requests_per_day: Option<u32>,
    /// Seconds in the `Retry-After` of a 429; HubSpot promises none.
    pub retry_after: Option<u64>,
    /// Whether 429s have `requestId` and `groupName` in place of `correlationId`.
    pub older_limit_shape: bool,
    /// How long a new or changed record is not seen by searches.
    pub search_delay_ms: u32,
    pub search_results_max: usize,
    pub search_page_max: usize,
    pub search_body_chars_max: usize,
    pub filter_groups_max: usize,
    pub filters_per_group_max: usize,
    pub filters_max: usize,
    pub list_page_max: usize,
    /// Whether associations give ids as text, as the reference says, or as numbers.
    pub association_ids_are_text: bool,
    /// Exactly these are registered for the application that an owner agrees to.
    pub redirect_uris: BTreeSet<String>,
    /// Whether a workflow of the account's own copies the mail of a deal's `advisor` to
    /// `advisor_email`.
    pub adviser_email_follows: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            requests_per_ten_seconds: Some(190),
            oauth_requests_per_ten_seconds: Some(110),
            searches_per_second: Some(5),
            searches_are_shared: false,
            requests_per_day: Some(625_000),
            retry_after: None,
            older_limit_shape: false,
            search_delay_ms: 0,
            search_results_max: 10_000,
            search_page_max: 200,
            search_body_chars_max: 3_000,
            filter_groups_max: 5,
            filters_per_group_max: 6,
            filters_max: 18,
            list_page_max: 100,
            association_ids_are_text: false,
            redirect_uris: BTreeSet::new(),
            adviser_email_follows: true,
        }
    }
}

impl Settings {
    /// No limit of requests at all, for benchmarks.
    pub fn lift_limits(&mut self) {
        self.requests_per_ten_seconds = None;
        self.oauth_requests_per_ten_seconds = None;
        self.searches_per_second = None;
        self.requests_per_day = None;
    }
}
