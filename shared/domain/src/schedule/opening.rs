//! Operating hours: when hot and warm streams may start.

use chrono::{Days, NaiveTime, Timelike};

use super::{PlanInput, SPREAD_SECS, phase_within};
use crate::{
    sync_settings::{LocalTime, OperatingHours},
    zone::Zone,
};

const MINUTES_PER_DAY: u32 = 1_440;

/// The hours of a place, by the wall clock there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    zone: Zone,
    start: LocalTime,
    end: LocalTime,
    phase_seed: u64,
}

impl Opening {
    /// The hours that gate this stream; `None` when nothing does.
    pub(super) fn of(input: &PlanInput<'_>) -> Option<Self> {
        let hours = input.settings.operating_hours.as_ref()?;
        input
            .settings
            .active_hours_only
            .then(|| Self::new(hours, input.zone, input.phase_seed))
    }

    pub(super) fn new(hours: &OperatingHours, organization: Zone, phase_seed: u64) -> Self {
        let zone = hours
            .timezone
            .as_ref()
            .and_then(|name| Zone::from_name(name).ok())
            .unwrap_or(organization);
        Self {
            zone,
            start: hours.start,
            end: hours.end,
            phase_seed,
        }
    }

    /// `at` when it is open then, else a moment soon after the next opening.
    pub(super) fn at_or_after(&self, at: i64) -> i64 {
        if self.is_open(at) {
            return at;
        }
        let opening = self.next_opening(at);
        let spread = SPREAD_SECS.min(i64::from(self.open_minutes()) * 60);
        let spread_out = opening.saturating_add(phase_within(self.phase_seed, spread));
        // Where the hours are cut short by a clock change, the opening itself is safe.
        if self.is_open(spread_out) {
            spread_out
        } else {
            opening
        }
    }

    /// By the wall: the start belongs to the hours, the end does not.
    pub(super) fn is_open(&self, at: i64) -> bool {
        let time = self.zone.local(at).time();
        let minute = time.hour() * 60 + time.minute();
        let (start, end) = (self.start_minute(), self.end_minute());
        if start < end {
            (start..end).contains(&minute)
        } else {
            // Over midnight; the whole day when both are the same.
            minute >= start || minute < end
        }
    }

    /// The first instant after `at`, when it is closed, at which it is open: the
    /// wall shows the start of hours, or the clocks change to a time within them.
    fn next_opening(&self, at: i64) -> i64 {
        let today = self.zone.date(at);
        let start = NaiveTime::from_num_seconds_from_midnight_opt(self.start_minute() * 60, 0)
            .unwrap_or_default();
        let opening = (0..4)
            .filter_map(|days| today.checked_add_days(Days::new(days)))
            .flat_map(|date| {
                let (first, last) = self.zone.instants(date, start);
                [first, last]
            })
            .find(|&opening| opening > at && self.is_open(opening))
            .unwrap_or_else(|| at.saturating_add(24 * 3_600));
        self.zone
            .clock_change(at, opening)
            .filter(|&change| self.is_open(change))
            .unwrap_or(opening)
    }

    fn open_minutes(&self) -> u32 {
        match (self.end_minute() + MINUTES_PER_DAY - self.start_minute()) % MINUTES_PER_DAY {
            0 => MINUTES_PER_DAY,
            minutes => minutes,
        }
    }

    fn start_minute(&self) -> u32 {
        self.start.minute_of_day().into()
    }

    fn end_minute(&self) -> u32 {
        self.end.minute_of_day().into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opening(zone: &str, start: &str, end: &str, phase_seed: u64) -> Opening {
        let hours = OperatingHours {
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
            timezone: Some(zone.parse().unwrap()),
        };
        Opening::new(&hours, Zone::UTC, phase_seed)
    }

    fn utc(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    }

    #[test]
    fn hours_may_cross_midnight() {
        let bar = opening("America/Toronto", "17:00", "03:00", 0);
        for (at, open) in [
            ("2026-07-02T16:59:59-04:00", false),
            ("2026-07-02T17:00:00-04:00", true),
            ("2026-07-03T00:00:00-04:00", true),
            ("2026-07-03T02:59:59-04:00", true),
            ("2026-07-03T03:00:00-04:00", false),
        ] {
            assert_eq!(bar.is_open(utc(at)), open, "{at}");
        }
        assert_eq!(
            bar.at_or_after(utc("2026-07-03T03:00:00-04:00")),
            utc("2026-07-03T17:00:00-04:00")
        );
    }

    #[test]
    fn the_same_start_and_end_is_the_whole_day() {
        let diner = opening("America/Toronto", "06:00", "06:00", 5);
        assert!((0..48).all(|half_hour| diner.is_open(half_hour * 1_800)));
    }

    #[test]
    fn an_opening_is_spread_but_stays_within_hours() {
        let closed = utc("2026-07-03T03:00:00-04:00");
        let at = |end, seed| {
            opening("America/Toronto", "17:00", end, seed).at_or_after(closed)
                - utc("2026-07-03T17:00:00-04:00")
        };
        assert_eq!(at("23:00", 1_199), 599);
        assert_eq!(at("17:02", 1_199), 119);
    }

    #[test]
    fn an_opening_that_the_clocks_skip_is_made_after_the_jump() {
        let night = opening("America/Toronto", "02:15", "04:00", 0);
        assert_eq!(
            night.at_or_after(utc("2026-03-08T01:00:00-05:00")),
            utc("2026-03-08T03:00:00-04:00")
        );
        let swallowed = opening("America/Toronto", "02:15", "02:45", 0);
        assert_eq!(
            swallowed.at_or_after(utc("2026-03-08T01:00:00-05:00")),
            utc("2026-03-09T02:15:00-04:00")
        );
    }

    #[test]
    fn an_opening_in_the_repeated_hour_is_made_the_second_time_too() {
        // Sydney: 03:00 becomes 02:00, so at the second 02:10 the wall shows *closed* again.
        let early = opening("Australia/Sydney", "02:30", "22:00", 0);
        assert_eq!(
            early.at_or_after(utc("2026-04-05T02:10:00+10:00")),
            utc("2026-04-05T02:30:00+10:00")
        );
    }

    #[test]
    fn hours_without_a_zone_are_the_organizations() {
        let hours = OperatingHours {
            start: "06:00".parse().unwrap(),
            end: "23:00".parse().unwrap(),
            timezone: None,
        };
        let kolkata = Opening::new(&hours, Zone::parse("Asia/Kolkata").unwrap(), 0);
        assert!(kolkata.is_open(utc("2026-07-02T06:00:00+05:30")));
        assert!(!kolkata.is_open(utc("2026-07-02T05:59:00+05:30")));
    }

    #[test]
    fn hours_that_end_in_the_repeated_hour_open_again_with_it() {
        // Sydney: at the second 02:00 the bar's wall shows a time within its hours again.
        let bar = opening("Australia/Sydney", "16:30", "02:15", 0);
        assert_eq!(
            bar.at_or_after(utc("2026-04-05T02:40:00+11:00")),
            utc("2026-04-05T02:00:00+10:00")
        );
    }

    /// The middle of a change of clocks in 2026, and the zone.
    const CHANGES: [(&str, &str); 8] = [
        ("America/Toronto", "2026-03-08T07:00:00Z"),
        ("America/Toronto", "2026-11-01T06:00:00Z"),
        ("Australia/Sydney", "2026-04-04T16:00:00Z"),
        ("Australia/Sydney", "2026-10-03T16:00:00Z"),
        ("Europe/London", "2026-03-29T01:00:00Z"),
        ("Europe/London", "2026-10-25T01:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ];

    proptest! {
        /// Looking at the wall minute by minute finds the same opening.
        #[test]
        fn the_next_opening_is_the_first_open_minute(
            change in proptest::sample::select(CHANGES.to_vec()),
            start in 0u16..300, hours in 1u16..1_380, minutes_before in 0i64..600,
        ) {
            let opening = Opening {
                zone: Zone::parse(change.0).unwrap(),
                start: LocalTime::from_minute_of_day(start).unwrap(),
                end: LocalTime::from_minute_of_day((start + hours) % 1_440).unwrap(),
                phase_seed: 0,
            };
            let at = utc(change.1) + (60 - minutes_before) * 60;
            let first = (0..3_000).map(|minute| at + minute * 60).find(|&at| opening.is_open(at)).unwrap();
            prop_assert_eq!(opening.at_or_after(at), first);
        }

        #[test]
        fn what_is_planned_is_open_and_within_two_days(
            start in 0u16..1_440, end in 0u16..1_440, seed: u64, at in 1_767_225_600i64..1_830_297_600,
            zone in proptest::sample::select(vec!["America/Toronto", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata"]),
        ) {
            let opening = Opening {
                zone: Zone::parse(zone).unwrap(),
                start: LocalTime::from_minute_of_day(start).unwrap(),
                end: LocalTime::from_minute_of_day(end).unwrap(),
                phase_seed: seed,
            };
            let due = opening.at_or_after(at);
            prop_assert!(opening.is_open(due), "closed at {due}");
            prop_assert!(due >= at && due <= at + 50 * 3_600);
        }
    }
}
