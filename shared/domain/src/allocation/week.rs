//! Weeks, by their Mondays.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use serde::{Serialize, Serializer};

/// A week from Monday to Sunday. Arithmetic stops at the ends of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week(
    /// Weeks since Monday, 1 January of the year 1.
    i32,
);

impl Week {
    /// The week that a day is in.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self((day.num_days_from_ce() - 1).div_euclid(7))
    }

    /// The first week whose Monday is not before the day.
    #[must_use]
    pub fn on_or_after(day: NaiveDate) -> Self {
        Self((day.num_days_from_ce() + 5).div_euclid(7))
    }

    #[must_use]
    pub fn monday(self) -> NaiveDate {
        let day = self.0.saturating_mul(7).saturating_add(1);
        let end = if self.0 < 0 {
            NaiveDate::MIN
        } else {
            NaiveDate::MAX
        };
        NaiveDate::from_num_days_from_ce_opt(day).unwrap_or(end)
    }

    #[must_use]
    pub const fn plus(self, weeks: i32) -> Self {
        Self(self.0.saturating_add(weeks))
    }

    /// Below zero where `other` is later.
    #[must_use]
    pub const fn weeks_since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }

    /// `2026-W13`, as ISO 8601 numbers the week.
    #[must_use]
    pub fn label(self) -> String {
        let week = self.monday().iso_week();
        format!("{:04}-W{:02}", week.year(), week.week())
    }
}

/// Its Monday, `2026-03-23`.
impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.monday().fmt(f)
    }
}

/// As its Monday.
impl Serialize for Week {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.monday().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_is_its_monday() {
        for day in ["2026-03-09", "2026-03-11", "2026-03-15"] {
            assert_eq!(Week::of(date(day)).to_string(), "2026-03-09");
        }
        assert_eq!(Week::of(date("2026-03-08")).to_string(), "2026-03-02");
        assert_eq!(
            Week::on_or_after(date("2026-04-06")).to_string(),
            "2026-04-06"
        );
        assert_eq!(
            Week::on_or_after(date("2026-04-07")).to_string(),
            "2026-04-13"
        );
    }

    #[test]
    fn a_label_is_of_the_iso_year() {
        assert_eq!(Week::of(date("2026-03-23")).label(), "2026-W13");
        assert_eq!(Week::of(date("2027-01-02")).label(), "2026-W53");
        assert_eq!(Week::of(date("2024-12-30")).label(), "2025-W01");
    }

    #[test]
    fn the_calendar_ends() {
        for day in [NaiveDate::MIN, NaiveDate::MAX] {
            for weeks in [i32::MIN, -1, 0, 1, i32::MAX] {
                let week = Week::of(day).plus(weeks);
                assert!(!week.to_string().is_empty());
                assert!(!week.label().is_empty());
                assert_eq!(week.weeks_since(week), 0);
            }
            assert!(Week::on_or_after(day) >= Week::of(day));
        }
    }

    proptest! {
        #[test]
        fn every_day_is_in_its_week(days in -100_000..1_000_000i32) {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let monday = Week::of(day).monday();
            prop_assert_eq!(monday.weekday(), chrono::Weekday::Mon);
            prop_assert!((0..7).contains(&day.signed_duration_since(monday).num_days()));
            prop_assert_eq!(Week::of(day).plus(1).monday(), monday + chrono::Days::new(7));
            let next = Week::on_or_after(day).monday();
            prop_assert!((0..7).contains(&next.signed_duration_since(day).num_days()));
        }
    }
}
