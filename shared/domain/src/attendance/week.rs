//! When one person can work in one week: what they said, and the time off that was approved.

use chrono::{Datelike as _, Days, NaiveDate};

/// One row of an availability: one day of the week, or one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// 0 is Sunday, 6 is Saturday.
    pub day_of_week: i64,
    pub is_available: bool,
    /// `HH:MM:SS` local; `None` on both ends: the whole day, or not at all.
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub is_recurring: bool,
    /// The first day of the week that it begins with.
    pub valid_from: Option<NaiveDate>,
    /// The last day of the last week of one that recurs; `None`: for good.
    pub valid_to: Option<NaiveDate>,
    /// The day of one that does not recur.
    pub specific_date: Option<NaiveDate>,
    /// What was decided last counts among equals.
    pub changed_seq: i64,
}

/// Approved time off, local dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away<'a> {
    pub id: &'a str,
    pub first: NaiveDate,
    /// Included.
    pub last: NaiveDate,
    /// `HH:MM:SS`, of a part of a day.
    pub part: Option<(&'a str, &'a str)>,
}

/// One day of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day<'a> {
    pub date: NaiveDate,
    pub availability: Availability<'a>,
    /// Approved time off that touches the day; a whole day's before a part's.
    pub away: Option<Away<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability<'a> {
    /// They have said nothing of that day.
    NotSaid,
    WholeDay,
    Between(Option<&'a str>, Option<&'a str>),
    Unavailable,
    /// On approved time off for the whole day.
    Away,
}

impl Availability<'_> {
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotSaid => "not_said",
            Self::WholeDay => "whole_day",
            Self::Between(..) => "between",
            Self::Unavailable => "unavailable",
            Self::Away => "time_off",
        }
    }
}

/// The seven days from `first` on. `said` is what was approved.
///
/// What was said of one day counts before what recurs; of several that recur the one that began last, then
/// the one that was decided last.
#[must_use]
pub fn week<'a>(first: NaiveDate, said: &[Said<'a>], away: &[Away<'a>]) -> Vec<Day<'a>> {
    (0..7)
        .filter_map(|ahead| first.checked_add_days(Days::new(ahead)))
        .map(|date| day(date, said, away))
        .collect()
}

fn day<'a>(date: NaiveDate, said: &[Said<'a>], away: &[Away<'a>]) -> Day<'a> {
    let counts = said
        .iter()
        .filter(|said| is_of(said, date))
        .max_by_key(|said| (!said.is_recurring, said.valid_from, said.changed_seq));
    let away = away
        .iter()
        .filter(|away| away.first <= date && date <= away.last)
        .min_by_key(|away| away.part.is_some())
        .cloned();
    let availability = match (&away, counts) {
        (Some(Away { part: None, .. }), _) => Availability::Away,
        (_, None) => Availability::NotSaid,
        (_, Some(said)) if !said.is_available => Availability::Unavailable,
        (_, Some(said)) if said.from.is_none() && said.to.is_none() => Availability::WholeDay,
        (_, Some(said)) => Availability::Between(said.from, said.to),
    };
    Day {
        date,
        availability,
        away,
    }
}

fn is_of(said: &Said<'_>, date: NaiveDate) -> bool {
    if !said.is_recurring {
        return said.specific_date == Some(date);
    }
    if said.day_of_week != i64::from(date.weekday().num_days_from_sunday()) {
        return false;
    }
    said.valid_from.is_none_or(|first| first <= date)
        && said.valid_to.is_none_or(|last| date <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn every(day_of_week: i64, changed_seq: i64) -> Said<'static> {
        Said {
            day_of_week,
            is_available: true,
            from: Some("09:00:00"),
            to: Some("17:00:00"),
            is_recurring: true,
            valid_from: Some(date("2026-03-02")),
            valid_to: None,
            specific_date: None,
            changed_seq,
        }
    }

    /// The week of Monday 9 March 2026.
    fn shown(said: &[Said<'_>], away: &[Away<'_>]) -> Vec<&'static str> {
        week(date("2026-03-09"), said, away)
            .iter()
            .map(|day| day.availability.as_str())
            .collect()
    }

    #[test]
    fn what_was_said_last_of_a_day_counts() {
        let monday = every(1, 1);
        assert_eq!(
            shown(std::slice::from_ref(&monday), &[])[..2],
            ["between", "not_said"]
        );
        // Another one that began later.
        let later = Said {
            is_available: false,
            valid_from: Some(date("2026-03-09")),
            ..every(1, 0)
        };
        assert_eq!(
            shown(&[monday.clone(), later.clone()], &[])[0],
            "unavailable"
        );
        assert_eq!(shown(&[later, monday.clone()], &[])[0], "unavailable");
        // One that begins next week, or ended last week.
        let next = Said {
            is_available: false,
            valid_from: Some(date("2026-03-16")),
            ..every(1, 9)
        };
        let ended = Said {
            is_available: false,
            valid_to: Some(date("2026-03-08")),
            ..every(1, 9)
        };
        assert_eq!(shown(&[monday.clone(), next, ended], &[])[0], "between");
        // Its last day is still of it.
        let last = Said {
            valid_to: Some(date("2026-03-15")),
            ..every(0, 1)
        };
        assert_eq!(shown(&[last], &[])[6], "between");
        // What was said of one day.
        let once = Said {
            is_recurring: false,
            specific_date: Some(date("2026-03-09")),
            from: None,
            to: None,
            ..every(1, 0)
        };
        assert_eq!(shown(&[once, monday], &[])[0], "whole_day");
    }

    /// Of each of these weeks, by its Monday, how many days somebody said something of who can work from `valid_from`
    /// to `valid_to` on every day of the week.
    fn days_said(valid_from: &str, valid_to: Option<&str>, mondays: &[&str]) -> Vec<usize> {
        let said: Vec<_> = (0..7)
            .map(|day_of_week| Said {
                valid_from: Some(date(valid_from)),
                valid_to: valid_to.map(date),
                ..every(day_of_week, 1)
            })
            .collect();
        let is_said = |day: &Day<'_>| day.availability != Availability::NotSaid;
        mondays
            .iter()
            .map(|monday| {
                let days = week(date(monday), &said, &[]);
                days.iter().filter(|day| is_said(day)).count()
            })
            .collect()
    }

    #[test]
    fn it_ends_with_its_last_day() {
        // A Sunday: nothing is said of the week behind it.
        let weeks = [
            "2026-09-21",
            "2026-09-28",
            "2027-02-01",
            "2027-02-08",
            "2027-02-15",
        ];
        assert_eq!(
            days_said("2026-09-28", Some("2027-02-07"), &weeks),
            [0, 7, 7, 0, 0]
        );
        // In the middle of a week.
        assert_eq!(
            days_said("2026-09-28", Some("2027-02-10"), &weeks),
            [0, 7, 7, 3, 0]
        );
        // One week only.
        let weeks = ["2026-11-16", "2026-11-23", "2026-11-30"];
        assert_eq!(
            days_said("2026-11-23", Some("2026-11-29"), &weeks),
            [0, 7, 0]
        );
        // For good, to the end of the calendar.
        let weeks = ["2026-11-16", "2026-11-23", "2027-02-08", "9999-12-20"];
        assert_eq!(days_said("2026-11-23", None, &weeks), [0, 7, 7, 7]);
    }

    #[test]
    fn time_off_is_above_it() {
        let whole = Away {
            id: "w",
            first: date("2026-03-08"),
            last: date("2026-03-09"),
            part: None,
        };
        let part = Away {
            id: "p",
            first: date("2026-03-10"),
            last: date("2026-03-10"),
            part: Some(("09:00:00", "12:00:00")),
        };
        let days = week(
            date("2026-03-09"),
            &[every(1, 1), every(2, 1)],
            &[part, whole],
        );
        assert_eq!(days[0].availability, Availability::Away);
        assert_eq!(
            days[1].availability,
            Availability::Between(Some("09:00:00"), Some("17:00:00"))
        );
        assert_eq!(days[1].away.as_ref().map(|away| away.id), Some("p"));
        assert!(days[2].away.is_none());
    }
}
