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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::attendance::policy::MonthDay;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn taken(first: &str, last: &str, part: Option<u32>) -> SickTime {
        SickTime {
            first: date(first),
            last: date(last),
            part,
        }
    }

    /// Entitled, used, booked, remaining, over; in hundredths.
    fn numbers(
        policy: &SickLeavePolicy,
        hired: Option<&str>,
        times: &[SickTime],
        today: &str,
    ) -> [i64; 5] {
        let year = year(policy, 2026).unwrap();
        let ledger = ledger(policy, year, hired.map(date), times, date(today));
        [
            ledger.entitled,
            ledger.used,
            ledger.booked,
            ledger.remaining,
            ledger.over,
        ]
    }

    #[test]
    fn ontario_gives_three_days_after_two_weeks() {
        let policy = SickLeavePolicy::default();
        let of = |hired, times: &[SickTime], today| numbers(&policy, hired, times, today);
        assert_eq!(of(None, &[], "2026-06-01"), [300, 0, 0, 300, 0]);
        assert_eq!(of(Some("2026-05-01"), &[], "2026-05-14"), [0, 0, 0, 0, 0]);
        assert_eq!(
            of(Some("2026-05-01"), &[], "2026-05-15"),
            [300, 0, 0, 300, 0]
        );
        // Nothing is cut for who begins late in the year, and nothing is there in a year before.
        assert_eq!(
            of(Some("2026-12-10"), &[], "2026-12-24"),
            [300, 0, 0, 300, 0]
        );
        assert_eq!(of(Some("2027-02-01"), &[], "2027-03-01"), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn days_count_once_within_the_year_and_parts_as_the_policy_has_it() {
        let whole = SickLeavePolicy::default();
        let shares = SickLeavePolicy {
            partial_day_is_whole: false,
            ..SickLeavePolicy::default()
        };
        let times = [
            taken("2025-12-30", "2026-01-01", None),
            taken("2026-01-01", "2026-01-01", None),
            taken("2026-03-02", "2026-03-02", Some(50)),
            taken("2026-09-01", "2026-09-02", None),
        ];
        assert_eq!(
            numbers(&whole, None, &times, "2026-06-01"),
            [300, 200, 200, 0, 100]
        );
        assert_eq!(
            numbers(&shares, None, &times, "2026-06-01"),
            [300, 150, 200, 0, 50]
        );
        assert_eq!(
            numbers(&shares, None, &times[..3], "2026-06-01"),
            [300, 150, 0, 150, 0]
        );
    }

    #[test]
    fn a_year_begins_when_the_policy_says() {
        let fiscal = SickLeavePolicy {
            year_starts: MonthDay { month: 4, day: 1 },
            ..SickLeavePolicy::default()
        };
        let year = year(&fiscal, 2026).unwrap();
        assert_eq!(
            (year.first, year.last),
            (date("2026-04-01"), date("2027-03-31"))
        );
        assert_eq!(year_of(&fiscal, date("2026-03-31")), 2025);
        assert_eq!(year_of(&fiscal, date("2026-04-01")), 2026);
    }

    proptest! {
        #[test]
        fn what_is_left_and_what_was_taken_are_what_there_is(
            times in proptest::collection::vec((0u64..400, 0u64..10, proptest::option::of(0u32..150)), 0..12), today in 0u64..400
        ) {
            let policy = SickLeavePolicy { partial_day_is_whole: false, ..SickLeavePolicy::default() };
            let day = |ahead: u64| date("2025-12-15") + Days::new(ahead);
            let times: Vec<_> = times.into_iter().map(|(first, length, part)| SickTime { first: day(first), last: day(first + length), part }).collect();
            let ledger = ledger(&policy, year(&policy, 2026).unwrap(), None, &times, day(today));
            prop_assert_eq!(ledger.entitled, ledger.used + ledger.booked + ledger.remaining - ledger.over);
            prop_assert!(ledger.remaining == 0 || ledger.over == 0);
            // Day by day, the obvious way.
            let share = |at: NaiveDate| times.iter().filter(|one| one.first <= at && at <= one.last).map(|one| i64::from(one.part.unwrap_or(100).min(100))).max().unwrap_or(0);
            let days = date("2026-01-01").iter_days().take(365);
            prop_assert_eq!(ledger.used + ledger.booked, days.map(share).sum::<i64>());
        }
    }
}
