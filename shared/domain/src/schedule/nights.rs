//! The nights of an organization.

use chrono::{Days, NaiveDate, NaiveTime};

use super::{SPREAD_SECS, phase_within};
use crate::zone::Zone;

/// When the night's batch runs, on the wall.
const NIGHT: NaiveTime = match NaiveTime::from_hms_opt(2, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// A zone has left out a whole date (Samoa, 2011); never two in a row.
const DATES_TO_TRY: u64 = 4;

/// The starts of one connector's nightly runs: one per local date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nights {
    zone: Zone,
    offset_secs: i64,
}

impl Nights {
    pub(super) fn new(zone: Zone, phase_seed: u64) -> Self {
        Self {
            zone,
            offset_secs: phase_within(phase_seed, SPREAD_SECS),
        }
    }

    /// When the next nightly run is due: `now` when tonight's start has passed and
    /// tonight was not run, else the start of the next night that was not.
    ///
    /// `last` is the last start or success of any run. It stands in where no night
    /// was ever run: what was connected this afternoon has no night to make up for.
    pub(super) fn next_due(
        &self,
        last_date: Option<NaiveDate>,
        last: Option<i64>,
        now: i64,
    ) -> i64 {
        let today = self.zone.date(now);
        // The same moment lies on up to three local dates of the world's zones, so an
        // organization that moved may be two ahead. Beyond, the clock has jumped back.
        let last_date = last_date.filter(|&date| date <= days_after(today, 2));
        if let Some(start) = self.start(today).filter(|&start| start <= now) {
            let done = match last_date {
                Some(date) => date >= today,
                None => last.is_some_and(|last| last >= start),
            };
            if !done {
                return now;
            }
        }
        let first = match last_date {
            Some(date) if date >= today => days_after(date, 1),
            _ => today,
        };
        (0..DATES_TO_TRY)
            .filter_map(|days| self.start(days_after(first, days)))
            .find(|&start| start > now)
            .unwrap_or_else(|| now.saturating_add(24 * 3_600))
    }

    /// The start of the night that a run at `due` is for.
    pub(super) fn start_of(&self, due: i64) -> i64 {
        self.start(self.zone.date(due))
            .filter(|&start| start <= due)
            .unwrap_or(due)
    }

    /// `None` for a date that the zone leaves out.
    fn start(&self, date: NaiveDate) -> Option<i64> {
        let start = self.zone.first_instant(date, NIGHT);
        (self.zone.date(start) == date).then(|| start.saturating_add(self.offset_secs))
    }
}

fn days_after(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn nights(zone: &str, offset_secs: i64) -> Nights {
        Nights {
            zone: Zone::parse(zone).unwrap(),
            offset_secs,
        }
    }

    fn start(zone: &str, on: &str) -> Option<i64> {
        nights(zone, 0).start(date(on))
    }

    #[test]
    fn a_night_that_the_clocks_skip_starts_when_they_have_jumped() {
        assert_eq!(
            start("America/Toronto", "2026-03-08"),
            Some(utc("2026-03-08T03:00:00-04:00"))
        );
        assert_eq!(
            start("Australia/Lord_Howe", "2026-10-04"),
            Some(utc("2026-10-04T02:30:00+11:00"))
        );
        assert_eq!(
            start("Australia/Sydney", "2026-10-04"),
            Some(utc("2026-10-04T03:00:00+11:00"))
        );
    }

    #[test]
    fn a_night_that_comes_twice_starts_the_first_time() {
        assert_eq!(
            start("Australia/Sydney", "2026-04-05"),
            Some(utc("2026-04-05T02:00:00+11:00"))
        );
        assert_eq!(
            start("Europe/London", "2026-10-25"),
            Some(utc("2026-10-25T02:00:00+00:00"))
        );
    }

    #[test]
    fn a_date_that_a_zone_left_out_has_no_night() {
        assert_eq!(start("Pacific/Apia", "2011-12-30"), None);
        let due = nights("Pacific/Apia", 0).next_due(
            Some(date("2011-12-29")),
            None,
            utc("2011-12-30T05:00:00Z"),
        );
        assert_eq!(due, utc("2011-12-31T02:00:00+14:00"));
    }

    #[test]
    fn a_missed_night_is_due_while_its_date_lasts() {
        let nights = nights("America/Toronto", 120);
        let yesterday = Some(date("2026-07-01"));
        let at = |text| nights.next_due(yesterday, None, utc(text));
        assert_eq!(
            at("2026-07-02T01:59:00-04:00"),
            utc("2026-07-02T02:02:00-04:00")
        );
        assert_eq!(
            at("2026-07-02T02:01:00-04:00"),
            utc("2026-07-02T02:02:00-04:00")
        );
        assert_eq!(
            at("2026-07-02T23:59:59-04:00"),
            utc("2026-07-02T23:59:59-04:00")
        );
        assert_eq!(
            at("2026-07-03T00:00:00-04:00"),
            utc("2026-07-03T02:02:00-04:00")
        );
    }

    #[test]
    fn what_was_connected_after_the_night_waits_for_the_next() {
        let nights = nights("America/Toronto", 0);
        let connected = utc("2026-07-02T15:00:00-04:00");
        assert_eq!(
            nights.next_due(None, Some(connected), connected),
            utc("2026-07-03T02:00:00-04:00")
        );
        let before = utc("2026-07-02T01:00:00-04:00");
        assert_eq!(
            nights.next_due(None, Some(before), before),
            utc("2026-07-02T02:00:00-04:00")
        );
    }

    #[test]
    fn a_date_that_only_a_jumped_clock_can_have_written_is_ignored() {
        let nights = nights("Asia/Kolkata", 0);
        let now = utc("2026-07-02T12:00:00+05:30");
        assert_eq!(
            nights.next_due(Some(date("2031-01-01")), Some(now), now),
            utc("2026-07-03T02:00:00+05:30")
        );
    }

    #[test]
    fn an_organization_that_moves_west_has_its_date_once() {
        let ran_in_sydney = Some(date("2026-07-03"));
        let now = utc("2026-07-02T18:00:00Z");
        let due = nights("America/Toronto", 0).next_due(ran_in_sydney, None, now);
        assert_eq!(due, utc("2026-07-04T02:00:00-04:00"));
    }
}
