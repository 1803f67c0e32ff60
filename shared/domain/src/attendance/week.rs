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
    /// The week that a recurring one begins with.
    pub valid_from: Option<NaiveDate>,
    /// The last week of one that recurs; `None`: for good.
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
    // A week is named by its first day; it holds the day if that is at most six days later.
    let begins = said.valid_from.is_none_or(|first| first <= date);
    let ends = said
        .valid_to
        .and_then(|last| last.checked_add_days(Days::new(6)));
    begins && ends.is_none_or(|last| date <= last)
}
