//! Sick leave of one person in one year: what there is, what was taken, what is left.

use chrono::{Datelike as _, Days, NaiveDate};

use super::policy::SickLeavePolicy;

/// One year of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    pub first: NaiveDate,
    /// Included.
    pub last: NaiveDate,
}

/// The year that begins in the calendar year `year`; `None` beyond the calendar.
#[must_use]
pub fn year(policy: &SickLeavePolicy, year: i32) -> Option<Year> {
    let starts = policy.year_starts;
    let first = NaiveDate::from_ymd_opt(year, starts.month, starts.day)?;
    let next = NaiveDate::from_ymd_opt(year.checked_add(1)?, starts.month, starts.day)?;
    Some(Year {
        first,
        last: next.pred_opt()?,
    })
}

/// The calendar year in which the policy's year of `today` begins.
#[must_use]
pub fn year_of(policy: &SickLeavePolicy, today: NaiveDate) -> i32 {
    let starts = policy.year_starts;
    if (today.month(), today.day()) < (starts.month, starts.day) {
        today.year().saturating_sub(1)
    } else {
        today.year()
    }
}

/// Approved sick time off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SickTime {
    pub first: NaiveDate,
    /// Included.
    pub last: NaiveDate,
    /// Of a part of a day: how much of a day, in hundredths.
    pub part: Option<u32>,
}

/// In hundredths of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub entitled: i64,
    /// Until today.
    pub used: i64,
    /// Approved for later in the year.
    pub booked: i64,
    /// What is left after both; 0 where more was taken.
    pub remaining: i64,
    /// Beyond what there is.
    pub over: i64,
    /// The first day on which anything may be taken, where employment began so late that it matters.
    pub entitled_from: Option<NaiveDate>,
}

const DAY: i64 = 100;

/// The ledger of one person.
///
/// A day counts once however many requests name it, and the longest of them counts. Nothing is carried over,
/// and nothing is cut for who begins within the year (Employment Standards Act, 2000, s. 50).
#[must_use]
pub fn ledger(
    policy: &SickLeavePolicy,
    year: Year,
    hired: Option<NaiveDate>,
    taken: &[SickTime],
    today: NaiveDate,
) -> Ledger {
    let entitled_from = hired
        .and_then(|day| day.checked_add_days(Days::new(u64::from(policy.after_days))))
        .filter(|&day| day > year.first);
    let is_entitled =
        entitled_from.is_none_or(|day| day <= year.last && day <= today.max(year.first));
    let mut days = std::collections::BTreeMap::<NaiveDate, i64>::new();
    for time in taken {
        let part = match time.part {
            Some(part) if !policy.partial_day_is_whole => i64::from(part).clamp(0, DAY),
            _ => DAY,
        };
        let mut day = time.first.max(year.first);
        let last = time.last.min(year.last);
        while day <= last {
            let share = days.entry(day).or_default();
            *share = (*share).max(part);
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
    }
    let sum = |is_used: bool| {
        days.iter()
            .filter(|(day, _)| (**day <= today) == is_used)
            .fold(0_i64, |sum, (_, share)| sum.saturating_add(*share))
    };
    let (used, booked) = (sum(true), sum(false));
    let entitled = if is_entitled {
        i64::from(policy.days_per_year).saturating_mul(DAY)
    } else {
        0
    };
    let left = entitled.saturating_sub(used).saturating_sub(booked);
    Ledger {
        entitled,
        used,
        booked,
        remaining: left.max(0),
        over: left.saturating_neg().max(0),
        entitled_from,
    }
}
