//! Leave and closures, as working days of a week that somebody is away. Weekends do not count.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use serde::{Serialize, Serializer};

use super::Week;
use super::input::{Closed, Leave};
use super::settings::{Absences, Settings};

const FULL_HALVES: u8 = 10;
const WHOLE_DAY: u8 = 2;

/// How long somebody is away in one week, in half days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Absence(u8);

impl Absence {
    /// More than five days are five.
    #[must_use]
    pub const fn of_halves(halves: u8) -> Self {
        Self(if halves > FULL_HALVES {
            FULL_HALVES
        } else {
            halves
        })
    }

    /// All five days.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.0 >= FULL_HALVES
    }

    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// Three days or more.
    #[must_use]
    pub const fn is_most_of_the_week(self) -> bool {
        self.0 >= 3 * WHOLE_DAY
    }
}

/// `No`, `Partial: 3`, `Partial: 2.5`, `Full`.
impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.0 / WHOLE_DAY, self.0 % WHOLE_DAY) {
            (0, _, _) => f.write_str("No"),
            (FULL_HALVES.., _, _) => f.write_str("Full"),
            (_, days, 0) => write!(f, "Partial: {days}"),
            (_, days, _) => write!(f, "Partial: {days}.5"),
        }
    }
}

impl Serialize for Absence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What several entries say of one week, by all three ways to put them together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct WeekOfAbsences {
    largest: u8,
    sum: u8,
    /// Halves of Monday to Friday.
    days: [u8; 5],
}

impl WeekOfAbsences {
    fn of(days: [u8; 5]) -> Self {
        let halves = days.iter().sum();
        Self {
            largest: halves,
            sum: halves,
            days,
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.largest = self.largest.max(other.largest);
        self.sum = self.sum.saturating_add(other.sum).min(FULL_HALVES);
        for (mine, theirs) in self.days.iter_mut().zip(other.days) {
            *mine = mine.saturating_add(theirs).min(WHOLE_DAY);
        }
    }

    pub(super) fn absence(&self, way: Absences) -> Absence {
        Absence::of_halves(match way {
            Absences::Largest => self.largest,
            Absences::Sum => self.sum,
            Absences::Union => self.days.iter().sum(),
        })
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.largest == 0
    }
}

/// The working days of a closure, week by week from `from` to `to`, both included.
pub(super) fn of_closure(
    closed: &Closed,
    from: Week,
    to: Week,
    mut found: impl FnMut(Week, WeekOfAbsences),
) {
    each_week(closed.first, closed.last, from, to, |week, days| {
        found(week, WeekOfAbsences::of(days));
    });
}

/// The same of leave, where what the hours say of a day counts instead of the whole day.
pub(super) fn of_leave(
    leave: &Leave<'_>,
    settings: &Settings,
    from: Week,
    to: Week,
    mut found: impl FnMut(Week, WeekOfAbsences),
) {
    let hours = if settings.fixes.half_days_by_hours {
        hours_by_day(leave)
    } else {
        Vec::new()
    };
    each_week(leave.first, leave.last, from, to, |week, mut days| {
        if !hours.is_empty() {
            for (day, halves) in week.monday().iter_days().zip(&mut days) {
                if let Ok(at) = hours.binary_search_by_key(&day, |(day, _)| *day) {
                    let minutes = hours.get(at).map_or(i64::MAX, |(_, minutes)| *minutes);
                    *halves = (*halves).min(halves_of(minutes, settings));
                }
            }
        }
        found(week, WeekOfAbsences::of(days));
    });
}

/// The minutes of each day; several entries of one day are added up.
fn hours_by_day(leave: &Leave<'_>) -> Vec<(NaiveDate, i64)> {
    let mut hours: Vec<_> = leave
        .hours
        .iter()
        .map(|one| (one.day, one.minutes))
        .collect();
    hours.sort_unstable();
    hours.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            kept.1 = kept.1.saturating_add(later.1);
        }
        is_same
    });
    hours
}

/// Below nothing is nonsense, and nonsense is a whole day.
fn halves_of(minutes: i64, settings: &Settings) -> u8 {
    match minutes {
        0 => 0,
        1.. if minutes <= i64::from(settings.half_day_up_to_minutes) => 1,
        _ => WHOLE_DAY,
    }
}

fn each_week(
    first: NaiveDate,
    last: NaiveDate,
    from: Week,
    to: Week,
    mut found: impl FnMut(Week, [u8; 5]),
) {
    if last < first {
        return;
    }
    let (first_week, last_week) = (Week::of(first), Week::of(last));
    let (mut week, end) = (first_week.max(from), last_week.min(to));
    while week <= end {
        let monday_is_0 = |day: NaiveDate| day.weekday().num_days_from_monday();
        let begin = if week == first_week {
            monday_is_0(first)
        } else {
            0
        };
        let stop = if week == last_week {
            monday_is_0(last)
        } else {
            4
        };
        let mut days = [0; 5];
        for (at, halves) in (0..).zip(&mut days) {
            if begin <= at && at <= stop {
                *halves = WHOLE_DAY;
            }
        }
        if days != [0; 5] {
            found(week, days);
        }
        week = week.plus(1);
    }
}

/// Mondays to Fridays from `first` to `last`, both included; none where `last` is before `first`.
#[must_use]
pub fn workdays(first: NaiveDate, last: NaiveDate) -> i64 {
    let days = last
        .signed_duration_since(first)
        .num_days()
        .saturating_add(1);
    if days <= 0 {
        return 0;
    }
    let rest = days % 7;
    let weekday = i64::from(first.weekday().num_days_from_monday());
    let of_rest = (0..rest).filter(|ahead| (weekday + ahead) % 7 < 5);
    days / 7 * 5 + of_rest.map(|_| 1).sum::<i64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::input::HoursOfDay;
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn leave_of(first: &str, last: &str, hours: &[(&str, i64)]) -> Vec<(String, String)> {
        let hours: Vec<_> = hours
            .iter()
            .map(|(day, minutes)| HoursOfDay {
                day: date(day),
                minutes: *minutes,
            })
            .collect();
        let leave = Leave {
            id: "1",
            email: "a@b.c",
            first: date(first),
            last: date(last),
            hours: &hours,
        };
        let mut weeks = Vec::new();
        of_leave(
            &leave,
            &Settings::default(),
            Week::of(date("2026-03-02")),
            Week::of(date("2026-12-28")),
            |week, absences| {
                weeks.push((
                    week.to_string(),
                    absences.absence(Absences::Union).to_string(),
                ));
            },
        );
        weeks
    }

    fn expected(weeks: &[(&str, &str)]) -> Vec<(String, String)> {
        weeks
            .iter()
            .map(|(week, absence)| ((*week).to_owned(), (*absence).to_owned()))
            .collect()
    }

    #[test]
    fn days_are_counted_by_week() {
        assert_eq!(
            leave_of("2026-04-03", "2026-04-13", &[]),
            expected(&[
                ("2026-03-30", "Partial: 1"),
                ("2026-04-06", "Full"),
                ("2026-04-13", "Partial: 1")
            ])
        );
        assert_eq!(leave_of("2026-04-04", "2026-04-05", &[]), [], "a weekend");
        assert_eq!(leave_of("2026-04-05", "2026-04-03", &[]), []);
    }

    #[test]
    fn hours_make_half_days() {
        let hours = [
            ("2026-03-23", 228),
            ("2026-03-24", 456),
            ("2026-03-25", 0),
            ("2026-03-26", -5),
        ];
        // Half, whole, nothing, nonsense, and one that nothing is said of.
        assert_eq!(
            leave_of("2026-03-23", "2026-03-27", &hours),
            expected(&[("2026-03-23", "Partial: 3.5")])
        );
        // Two halves of one day.
        assert_eq!(
            leave_of(
                "2026-03-23",
                "2026-03-23",
                &[("2026-03-23", 200), ("2026-03-23", 200)]
            ),
            expected(&[("2026-03-23", "Partial: 1")])
        );
        // A day of another week says nothing.
        assert_eq!(
            leave_of("2026-03-23", "2026-03-23", &[("2026-04-23", 200)]),
            expected(&[("2026-03-23", "Partial: 1")])
        );
    }

    #[test]
    fn several_entries_of_a_week_are_put_together_in_three_ways() {
        let mut week = WeekOfAbsences::of([2, 2, 0, 0, 0]);
        week.join(&WeekOfAbsences::of([0, 2, 2, 2, 0]));
        let shown = |way| week.absence(way).to_string();
        assert_eq!(shown(Absences::Largest), "Partial: 3");
        assert_eq!(shown(Absences::Sum), "Full");
        assert_eq!(shown(Absences::Union), "Partial: 4");
    }

    #[test]
    fn workdays_are_mondays_to_fridays() {
        assert_eq!(workdays(date("2026-12-24"), date("2027-01-03")), 7);
        assert_eq!(workdays(date("2026-04-04"), date("2026-04-05")), 0);
        assert_eq!(workdays(date("2026-04-05"), date("2026-04-04")), 0);
        assert!(workdays(NaiveDate::MIN, NaiveDate::MAX) > 0);
    }

    proptest! {
        /// Both ways to count days agree.
        #[test]
        fn weeks_hold_all_workdays(first in 0..3_000i32, length in -3..400i32) {
            let day = |at: i32| NaiveDate::from_num_days_from_ce_opt(739_000 + at).unwrap();
            let closed = Closed { first: day(first), last: day(first + length) };
            let mut halves = 0;
            of_closure(&closed, Week::of(NaiveDate::MIN), Week::of(NaiveDate::MAX), |_, week| {
                halves += i64::from(week.sum);
            });
            prop_assert_eq!(halves, 2 * workdays(closed.first, closed.last));
            let one_by_one = closed.first.iter_days().take_while(|day| *day <= closed.last);
            let count = one_by_one.filter(|day| day.weekday().num_days_from_monday() < 5).count();
            prop_assert_eq!(workdays(closed.first, closed.last), i64::try_from(count).unwrap());
        }
    }
}
