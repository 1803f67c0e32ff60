//! When people can work.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::request_status::RequestStatus;

/// The codes of a day. 7shifts documents that there is a number, not what it
/// means: these three are inferred.
pub const UNAVAILABLE_ALL_DAY: i64 = 0;
/// Between `from` and `to`.
pub const AVAILABLE_BETWEEN: i64 = 1;
pub const AVAILABLE_ALL_DAY: i64 = 2;

/// The prefixes of the fields of a day, in the order of
/// [`Availability::days`].
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Availability {
    pub id: i64,
    pub user_id: i64,
    /// The Monday of the first week it is about.
    pub week: Option<NaiveDate>,
    /// The last day it is about; None goes on without end.
    pub week_to: Option<NaiveDate>,
    /// Every week from `week` on, else that week alone.
    pub repeat: bool,
    pub status: RequestStatus,
    pub status_action_user_id: Option<i64>,
    pub status_action_message: Option<String>,
    /// Monday first.
    pub days: [AvailabilityDay; 7],
    pub created: i64,
    pub modified: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AvailabilityDay {
    /// One of the constants above.
    pub code: i64,
    pub from: NaiveTime,
    pub to: NaiveTime,
    pub comments: Option<String>,
    pub reason_id: Option<i64>,
}

impl Default for AvailabilityDay {
    fn default() -> Self {
        Self {
            code: AVAILABLE_ALL_DAY,
            from: NaiveTime::MIN,
            to: END_OF_DAY,
            comments: None,
            reason_id: None,
        }
    }
}

const END_OF_DAY: NaiveTime = match NaiveTime::from_hms_opt(23, 59, 59) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// Why someone cannot work, as the company words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AvailabilityReason {
    pub id: i64,
    pub reason: String,
    pub comments_required: bool,
    pub sort: i64,
    pub created: i64,
    pub modified: i64,
}
