//! Days as they begin and end somewhere.

use chrono::{Days, NaiveDate, NaiveTime};

use crate::zone::Zone;

/// A local day in Unix seconds; 23 to 25 hours, where clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workday {
    pub date: NaiveDate,
    pub from: i64,
    /// Not included.
    pub to: i64,
}

/// The days `from..=to` of a zone, in order; none where `to` is before `from`.
pub fn workdays(zone: Zone, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = Workday> {
    let start = move |date: NaiveDate| zone.first_instant(date, NaiveTime::MIN);
    from.iter_days()
        .take_while(move |date| *date <= to)
        .map(move |date| Workday {
            date,
            from: start(date),
            to: date.checked_add_days(Days::new(1)).map_or(i64::MAX, start),
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_on_which_clocks_change_is_shorter_or_longer() {
        let hours = |zone: &str, day: &str| {
            let zone = Zone::parse(zone).unwrap();
            let days: Vec<_> = workdays(zone, date(day), date(day)).collect();
            assert_eq!(days.len(), 1);
            (days[0].to - days[0].from) as f64 / 3_600.0
        };
        assert_eq!(hours("America/Toronto", "2026-03-08"), 23.0);
        assert_eq!(hours("America/Toronto", "2026-03-09"), 24.0);
        assert_eq!(hours("America/Toronto", "2026-11-01"), 25.0);
        assert_eq!(hours("Australia/Lord_Howe", "2026-04-05"), 24.5);
        // The clocks go forward at midnight.
        assert_eq!(hours("America/Havana", "2026-03-08"), 23.0);
    }

    #[test]
    fn an_end_before_the_beginning_has_no_days() {
        let days = workdays(Zone::UTC, date("2026-03-02"), date("2026-03-01"));
        assert_eq!(days.count(), 0);
    }

    proptest! {
        #[test]
        fn every_moment_is_in_the_day_that_the_wall_shows(
            zone in prop::sample::select(vec!["UTC", "America/Toronto", "America/St_Johns", "Asia/Kolkata",
                "Australia/Lord_Howe", "America/Santiago", "Pacific/Kiritimati"]),
            at in 1_600_000_000_i64..2_000_000_000,
        ) {
            let zone = Zone::parse(zone).unwrap();
            let day = zone.date(at);
            let week: Vec<_> = workdays(zone, day - Days::new(3), day + Days::new(3)).collect();
            prop_assert_eq!(week.len(), 7);
            prop_assert!(week.windows(2).all(|pair| pair[0].to == pair[1].from));
            let found = week.iter().find(|day| (day.from..day.to).contains(&at));
            prop_assert_eq!(found.map(|found| found.date), Some(day));
        }
    }
}
