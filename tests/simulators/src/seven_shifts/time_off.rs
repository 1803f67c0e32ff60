//! When people are away.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::request_status::RequestStatus;

/// More days than any request spans; a bound on what is written out per day.
const DAYS_MAX: usize = 400;
const DAY_MINUTES: i64 = 24 * 60;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeOff {
    pub id: i64,
    pub user_id: i64,
    pub from_date: NaiveDate,
    /// The last day, itself away.
    pub to_date: NaiveDate,
    /// From when to when, where only a part of a day is off.
    pub partial: Option<PartOfDay>,
    pub comments: String,
    pub status: RequestStatus,
    pub status_action_user_id: Option<i64>,
    pub status_action_message: String,
    pub category: String,
    /// Every day from the first to the last.
    pub hours: Vec<TimeOffDay>,
    pub created: i64,
    /// The wire has no such stamp.
    #[serde(skip)]
    pub modified: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartOfDay {
    pub from: NaiveTime,
    pub to: NaiveTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeOffDay {
    pub date: NaiveDate,
    /// Hours on the wire.
    pub minutes: i64,
}

impl TimeOff {
    pub fn minutes(&self) -> i64 {
        self.hours.iter().map(|day| day.minutes).sum()
    }
}

/// The same number of minutes on every day.
pub fn spread(from: NaiveDate, to: NaiveDate, minutes_per_day: i64) -> Vec<TimeOffDay> {
    from.iter_days()
        .take_while(|date| *date <= to)
        .take(DAYS_MAX)
        .map(|date| TimeOffDay {
            date,
            minutes: minutes_per_day.clamp(0, DAY_MINUTES),
        })
        .collect()
}

/// What a company has set about time off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimeOffSettings {
    pub time_off_request_comment: bool,
    /// Days.
    pub time_off_request_notice: i64,
    pub categories: Vec<TimeOffCategory>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeOffCategory {
    pub label: String,
    pub value: String,
    pub require_hours: bool,
    pub active: bool,
}
