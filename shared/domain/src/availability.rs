//! When people can work: the days of a week, and what a day says.

use chrono::{Datelike as _, Days, NaiveDate};

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weekday(chrono::Weekday);

impl Weekday {
    /// Monday first.
    pub const ALL: [Self; 7] = [
        Self(chrono::Weekday::Mon),
        Self(chrono::Weekday::Tue),
        Self(chrono::Weekday::Wed),
        Self(chrono::Weekday::Thu),
        Self(chrono::Weekday::Fri),
        Self(chrono::Weekday::Sat),
        Self(chrono::Weekday::Sun),
    ];

    /// `mon` … `sun`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            chrono::Weekday::Mon => "mon",
            chrono::Weekday::Tue => "tue",
            chrono::Weekday::Wed => "wed",
            chrono::Weekday::Thu => "thu",
            chrono::Weekday::Fri => "fri",
            chrono::Weekday::Sat => "sat",
            chrono::Weekday::Sun => "sun",
        }
    }

    /// 0 is Sunday, 6 is Saturday (seed).
    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.0.num_days_from_sunday())
    }

    /// The day of this name within the seven days from `first`, whichever day a company's week
    /// begins with; `None` at the end of the calendar.
    #[must_use]
    pub fn in_week_from(self, first: NaiveDate) -> Option<NaiveDate> {
        let ahead = self.0.days_since(first.weekday());
        first.checked_add_days(Days::new(u64::from(ahead)))
    }
}

/// When somebody can work on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours<'a> {
    pub is_available: bool,
    /// `HH:MM:SS`; `None` on both ends: the whole day, or not at all.
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

/// The day code of somebody who cannot work. 7shifts documents no codes; that 0 is "not available"
/// is inferred, and any other code goes by the times beside it.
const NOT_AVAILABLE: i64 = 0;
const MIDNIGHT: &str = "00:00:00";

impl<'a> Hours<'a> {
    /// What a day of an availability says, by its code and its times.
    #[must_use]
    pub fn of(code: Option<i64>, from: Option<&'a str>, to: Option<&'a str>) -> Self {
        let is_available = code != Some(NOT_AVAILABLE);
        let is_whole_day = from == to || (from == Some(MIDNIGHT) && to.is_none());
        if !is_available || is_whole_day {
            return Self {
                is_available,
                from: None,
                to: None,
            };
        }
        Self {
            is_available,
            from,
            to,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_replaced_system() {
        let numbers = Weekday::ALL.map(|day| (day.name(), day.number()));
        assert_eq!(numbers[0], ("mon", 1));
        assert_eq!(numbers[5], ("sat", 6));
        assert_eq!(numbers[6], ("sun", 0));
    }

    #[test]
    fn a_day_goes_by_its_code_and_its_times() {
        let hours = |code, from, to| {
            let hours = Hours::of(code, from, to);
            (hours.is_available, hours.from, hours.to)
        };
        assert_eq!(
            hours(Some(1), Some("09:00:00"), Some("17:00:00")),
            (true, Some("09:00:00"), Some("17:00:00"))
        );
        assert_eq!(
            hours(Some(0), Some("09:00:00"), Some("17:00:00")),
            (false, None, None)
        );
        for whole in [
            (None, None),
            (Some(MIDNIGHT), Some(MIDNIGHT)),
            (Some(MIDNIGHT), None),
        ] {
            assert_eq!(hours(Some(2), whole.0, whole.1), (true, None, None));
        }
        assert_eq!(
            hours(Some(9), None, Some("12:00:00")),
            (true, None, Some("12:00:00"))
        );
    }

    proptest! {
        /// Whatever day a week begins with, each of its seven days is there once.
        #[test]
        fn a_week_has_every_day_once(offset in 0u64..100_000) {
            let first = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(offset);
            let mut days: Vec<_> = Weekday::ALL.iter().map(|day| day.in_week_from(first).unwrap()).collect();
            days.sort();
            let expected: Vec<_> = (0..7).map(|ahead| first + Days::new(ahead)).collect();
            prop_assert_eq!(days, expected);
        }
    }
}
