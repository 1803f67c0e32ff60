//! Time off, its settings and its sums. No stamp of a change anywhere.

use chrono::{NaiveDate, NaiveTime};
use serde::{Serialize, Serializer};

use super::Offset;
use crate::seven_shifts::time_off::{TimeOff, TimeOffSettings};

#[derive(Serialize)]
pub struct TimeOffWire<'a> {
    id: i64,
    user_id: i64,
    company_id: i64,
    from_date: NaiveDate,
    to_date: NaiveDate,
    partial: bool,
    partial_from: Option<NaiveTime>,
    partial_to: Option<NaiveTime>,
    comments: &'a str,
    status: i64,
    status_action_user_id: Option<i64>,
    status_action_message: &'a str,
    category: &'a str,
    created: Offset,
    amount_of_hours: Hours,
    hours: Vec<DayWire>,
}

#[derive(Serialize)]
struct DayWire {
    date: NaiveDate,
    hours: Hours,
}

/// Minutes, written as hours: a whole number where it is one.
struct Hours(i64);

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 60 == 0 {
            return serializer.serialize_i64(self.0 / 60);
        }
        // Exact: minutes are far below 2^53. Two digits, as people write them.
        let hundredths = i32::try_from(self.0 * 100 / 60).unwrap_or(i32::MAX);
        serializer.serialize_f64(f64::from(hundredths) / 100.0)
    }
}

impl<'a> TimeOffWire<'a> {
    pub fn new(company_id: i64, off: &'a TimeOff) -> Self {
        Self {
            id: off.id,
            user_id: off.user_id,
            company_id,
            from_date: off.from_date,
            to_date: off.to_date,
            partial: off.partial.is_some(),
            partial_from: off.partial.map(|part| part.from),
            partial_to: off.partial.map(|part| part.to),
            comments: &off.comments,
            status: off.status.code(),
            status_action_user_id: off.status_action_user_id,
            status_action_message: &off.status_action_message,
            category: &off.category,
            created: Offset(off.created),
            amount_of_hours: Hours(off.minutes()),
            hours: off
                .hours
                .iter()
                .map(|day| DayWire {
                    date: day.date,
                    hours: Hours(day.minutes),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
pub struct TimeOffSettingsWire<'a> {
    company_id: i64,
    #[serde(flatten)]
    settings: &'a TimeOffSettings,
}

impl<'a> TimeOffSettingsWire<'a> {
    pub fn new(company_id: i64, settings: &'a TimeOffSettings) -> Self {
        Self {
            company_id,
            settings,
        }
    }
}

/// What someone was away for one reason.
#[derive(Serialize)]
pub struct TotalHoursWire<'a> {
    user_id: i64,
    category: &'a str,
    hours: Hours,
}

impl<'a> TotalHoursWire<'a> {
    pub fn new(user_id: i64, category: &'a str, minutes: i64) -> Self {
        Self {
            user_id,
            category,
            hours: Hours(minutes),
        }
    }
}
