//! What a test may choose about the simulated provider.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CONSULTANT, REDIRECT_URI};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Requests allowed in any sliding second; no limit when absent.
    pub per_second: Option<u32>,
    /// The same in any sliding minute.
    pub per_minute: Option<u32>,
    /// Whether a refusal says when to come back. Not documented.
    pub retry_after: bool,
    /// What the person says who is asked.
    pub consent: Consent,
    /// Who that person is.
    pub login: String,
    /// Exactly these are registered.
    pub redirect_uris: BTreeSet<String>,
    /// Whether a request for a code needs a challenge. Documented since September 2026.
    pub pkce_required: bool,
    /// Seconds that an access token lives. Documented: 900.
    pub access_seconds: i64,
    /// Seconds that a code lives. Not documented.
    pub code_seconds: i64,
    pub rotation: Rotation,
    /// What the registration has not asked for.
    pub withheld_scopes: BTreeSet<Scope>,
    pub date_filter: DateFilter,
    pub date_form: DateForm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            per_second: Some(20),
            per_minute: Some(100),
            retry_after: false,
            consent: Consent::Approve,
            login: CONSULTANT.to_owned(),
            redirect_uris: BTreeSet::from([REDIRECT_URI.to_owned()]),
            pkce_required: true,
            access_seconds: 900,
            code_seconds: 600,
            rotation: Rotation::DiesAtOnce,
            withheld_scopes: BTreeSet::new(),
            date_filter: DateFilter::Overlap,
            date_form: DateForm::DateTime,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    Approve,
    Refuse,
}

/// What becomes of a refresh token that was used. Not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It stays good, and no other is given.
    Off,
    /// Seen again, it takes the grant with it.
    DiesAtOnce,
    /// It is good for so many seconds more, for an answer that was lost; then as above.
    Grace { seconds: i64 },
}

/// What a grant lets see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Organisations,
    Employees,
    LeaveRequests,
}

/// What `start_date` and `end_date` select. Not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFilter {
    /// Leave of which any day is within.
    Overlap,
    /// Leave that begins within.
    Start,
}

/// How the first and the last day of leave are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// Midnight, labelled as UTC.
    DateTime,
    /// Local midnight in Sydney, which is the day before in UTC.
    Local,
    Date,
}
