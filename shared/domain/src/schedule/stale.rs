//! Whether a stream has fallen behind its schedule.
//!
//! The schedule says by itself what it promises: a stream is planned from its last success, as if
//! nothing had happened since. Closed hours and nights are in it; a pause or an expired credential is
//! not, because the data grows old all the same.

use super::{PlanInput, SKEW_SECS, Zone, plan};
use crate::{freshness, job::Outcome, stream::Stream, sync_settings::SyncSettings};

/// What decides whether a stream is stale.
#[derive(Clone, Copy, Debug)]
pub struct StaleInput<'a> {
    pub stream: Stream,
    pub settings: &'a SyncSettings,
    /// The organization's.
    pub zone: Zone,
    /// [`super::phase_seed`] of the connector's id.
    pub phase_seed: u64,
    /// The end of the last run that was a success or partial.
    pub last_success_at: Option<i64>,
    /// When the connector was connected, or connected again.
    pub connected_at: Option<i64>,
    pub now: i64,
}

/// Whether the stream should have succeeded by now and has not. What runs only when somebody asks is
/// never stale: nobody has promised anything.
#[must_use]
pub fn is_stale(input: &StaleInput<'_>) -> bool {
    let Some(tolerance) = freshness::tolerance(input.stream, input.settings) else {
        return false;
    };
    // As the plan has it, a time in the future says nothing.
    let in_the_past = |at: &i64| *at <= input.now.saturating_add(SKEW_SECS);
    let due = match input.last_success_at.filter(in_the_past) {
        Some(success) => due_after(input, success),
        None => input.connected_at,
    };
    due.is_some_and(|due| input.now > due.saturating_add(tolerance))
}

/// When the stream was due after its last success; no failure and no wish of anybody moves it.
fn due_after(input: &StaleInput<'_>, success: i64) -> Option<i64> {
    plan(&PlanInput {
        stream: input.stream,
        settings: input.settings,
        zone: input.zone,
        connector_active: true,
        phase_seed: input.phase_seed,
        requested: None,
        last_started_at: Some(success),
        last_success_at: Some(success),
        last_outcome: Some(&Outcome::Done),
        last_nightly_date: None,
        now: success,
    })
    .next_due_at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        frequency::Frequency,
        schedule::Schedule,
        sync_settings::{LocalTime, OperatingHours},
    };

    const MINUTE: i64 = 60;
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;

    fn utc(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    }

    fn input(stream: Stream, settings: &SyncSettings) -> StaleInput<'_> {
        StaleInput {
            stream,
            settings,
            zone: Zone::parse("America/Toronto").unwrap(),
            phase_seed: 0,
            last_success_at: None,
            connected_at: None,
            now: 0,
        }
    }

    /// Seconds after this success from which the stream is stale.
    fn stale_after(stream: Stream, settings: &SyncSettings, success: i64) -> i64 {
        let is_stale = |now| {
            is_stale(&StaleInput {
                last_success_at: Some(success),
                now,
                ..input(stream, settings)
            })
        };
        let (mut fresh, mut stale) = (success, success + 4 * DAY);
        assert!(!is_stale(fresh) && is_stale(stale));
        while stale - fresh > 1 {
            let between = i64::midpoint(fresh, stale);
            if is_stale(between) {
                stale = between;
            } else {
                fresh = between;
            }
        }
        stale - success
    }

    fn hours(frequency: Frequency, start: u16, end: u16) -> SyncSettings {
        SyncSettings {
            frequency,
            active_hours_only: true,
            operating_hours: Some(OperatingHours {
                start: LocalTime::from_minute_of_day(start * 60).unwrap(),
                end: LocalTime::from_minute_of_day(end * 60).unwrap(),
                timezone: None,
            }),
            ..SyncSettings::default()
        }
    }

    #[test]
    fn a_stream_may_be_late_by_an_interval_and_a_night_by_six_hours() {
        let every = |frequency| SyncSettings {
            frequency,
            ..SyncSettings::default()
        };
        // In phase, so that the interval is whole.
        let success = utc("2026-06-10T12:00:00Z");
        for (frequency, stream, interval, tolerance) in [
            (Frequency::Every15Min, Stream::TimePunches, 15, 30),
            (Frequency::Every30Min, Stream::TimePunches, 30, 30),
            (Frequency::Hourly, Stream::TimePunches, 60, 60),
            (Frequency::Every15Min, Stream::Shifts, 60, 60),
            (Frequency::Every4Hours, Stream::Shifts, 240, 240),
        ] {
            let settings = every(frequency);
            let after = stale_after(stream, &settings, success);
            assert_eq!(
                after,
                (interval + tolerance) * MINUTE + 1,
                "{frequency} {stream}"
            );
        }
        // 02:00 in Toronto is 06:00 UTC.
        let night = utc("2026-06-11T06:00:00Z") - success;
        let daily = every(Frequency::Daily);
        for stream in [Stream::Users, Stream::Shifts] {
            let after = stale_after(stream, &daily, success);
            assert_eq!(after, night + 6 * HOUR + 1, "{stream}");
        }
        let fixed = SyncSettings {
            schedule: Schedule::FixedTimes,
            ..every(Frequency::Every15Min)
        };
        for (stream, next) in [
            (Stream::Shifts, "2026-06-10T18:00:00Z"),
            (Stream::Users, "2026-06-11T03:00:00Z"),
        ] {
            let after = stale_after(stream, &fixed, success);
            assert_eq!(after, utc(next) - success + 6 * HOUR + 1, "{stream}");
        }
    }

    #[test]
    fn closed_hours_are_no_delay() {
        // Toronto is UTC-4: open from 10:00 to 22:00 UTC.
        let settings = hours(Frequency::Every30Min, 6, 18);
        let last = utc("2026-06-10T21:50:00Z");
        let opens = utc("2026-06-11T10:00:00Z");
        let after = stale_after(Stream::TimePunches, &settings, last);
        assert_eq!(last + after, opens + 30 * MINUTE + 1);
    }

    #[test]
    fn what_never_came_is_stale_once_it_had_its_time() {
        let settings = SyncSettings::default();
        let at = |stream, connected_at, now| {
            is_stale(&StaleInput {
                connected_at,
                now,
                ..input(stream, &settings)
            })
        };
        assert!(!at(Stream::TimePunches, Some(0), 30 * MINUTE));
        assert!(at(Stream::TimePunches, Some(0), 30 * MINUTE + 1));
        assert!(!at(Stream::Users, Some(0), 6 * HOUR));
        assert!(at(Stream::Users, Some(0), 6 * HOUR + 1));
        assert!(!at(Stream::Users, None, 100 * DAY), "nobody connected it");
    }

    #[test]
    fn what_nobody_has_promised_is_never_stale() {
        let mut off = SyncSettings::default();
        off.streams.set(Stream::Shifts, false);
        let disabled = SyncSettings {
            enabled: false,
            ..SyncSettings::default()
        };
        let manual = SyncSettings {
            frequency: Frequency::Manual,
            ..SyncSettings::default()
        };
        for settings in [&off, &disabled, &manual] {
            for last_success_at in [None, Some(0)] {
                assert!(!is_stale(&StaleInput {
                    last_success_at,
                    connected_at: Some(0),
                    now: 1_000 * DAY,
                    ..input(Stream::Shifts, settings)
                }));
            }
        }
    }

    #[test]
    fn a_success_that_a_wrong_clock_has_dated_proves_nothing() {
        let settings = SyncSettings::default();
        let at = |last_success_at| {
            is_stale(&StaleInput {
                last_success_at: Some(last_success_at),
                connected_at: Some(0),
                now: 10 * DAY,
                ..input(Stream::Shifts, &settings)
            })
        };
        assert!(!at(10 * DAY));
        assert!(!at(10 * DAY + SKEW_SECS));
        assert!(at(11 * DAY));
    }

    fn any_settings() -> impl Strategy<Value = SyncSettings> {
        let promising: Vec<_> = Frequency::ALL
            .iter()
            .copied()
            .filter(|frequency| *frequency != Frequency::Manual)
            .collect();
        let schedule = proptest::sample::select(Schedule::ALL);
        let frequency = proptest::sample::select(promising);
        (schedule, frequency, any::<bool>(), 0_u16..24, 0_u16..24).prop_map(
            |(schedule, frequency, gated, start, end)| SyncSettings {
                schedule,
                active_hours_only: gated,
                ..hours(frequency, start, end)
            },
        )
    }

    proptest! {
        #[test]
        fn a_success_is_fresh_at_first_and_stale_for_ever_in_the_end(
            settings in any_settings(), stream in proptest::sample::select(Stream::ALL), phase_seed: u64,
            zone in proptest::sample::select(vec!["America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe"]),
            success in 1_700_000_000_i64..1_900_000_000, mut later in proptest::collection::vec(0..3 * DAY, 8),
        ) {
            let is_stale = |after: i64| is_stale(&StaleInput {
                zone: Zone::parse(zone).unwrap(),
                phase_seed,
                last_success_at: Some(success),
                connected_at: Some(success - DAY),
                now: success + after,
                ..input(stream, &settings)
            });
            prop_assert!(!is_stale(0) && !is_stale(30 * MINUTE));
            later.sort_unstable();
            // Once stale, stale: nothing but a success mends it.
            prop_assert!(later.iter().map(|&after| is_stale(after)).is_sorted());
            prop_assert!(is_stale(3 * DAY) && is_stale(1_000 * DAY));
        }

        #[test]
        fn no_input_panics(
            stream in proptest::sample::select(Stream::ALL), settings in any_settings(), phase_seed: u64,
            last_success_at: Option<i64>, connected_at: Option<i64>, now: i64,
        ) {
            let _ = is_stale(&StaleInput { phase_seed, last_success_at, connected_at, now, ..input(stream, &settings) });
        }
    }
}
