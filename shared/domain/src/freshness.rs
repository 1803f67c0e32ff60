//! How old the data of a stream may be before nothing is decided by it, whatever the time zone.
//!
//! `schedule::is_stale` says to the second when a stream has missed its schedule, and needs the zone of
//! its nights and hours for that. Who decides about people by the data asks here: the longest time for
//! which the schedule leaves the stream alone in any zone, and by how much it may be late then. What is
//! too old by this is stale by the schedule as well; where hours are closed, it is so by some hours later.

use crate::{
    frequency::{Cadence, cadence},
    stream::{Stream, Tier},
    sync_settings::{OperatingHours, Schedule, SyncSettings},
};

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// Organizations whose night or opening is the same moment start within so many seconds of it.
pub const SPREAD_SECS: i64 = 600;
/// The clocks of two machines may differ by so much without either being wrong.
pub(crate) const SKEW_SECS: i64 = 60;

/// A stream may be late by one interval, within these bounds …
const TOLERANCE_SECS: std::ops::RangeInclusive<i64> = 1_800..=4 * HOUR_SECS;
/// … and one that runs once or twice a day by so long.
const DAILY_TOLERANCE_SECS: i64 = 6 * HOUR_SECS;

/// From one night to the next, with an hour that the clocks are set back by.
const NIGHT_TO_NIGHT_SECS: i64 = DAY_SECS + HOUR_SECS;

/// What nobody has promised to sync (switched off, or only when somebody asks) counts for so long: who
/// works when is made days ahead and changed until the last one; who works there changes rarely.
const UNPROMISED_SECS: i64 = 36 * HOUR_SECS;
const UNPROMISED_COOL_SECS: i64 = 7 * DAY_SECS;

/// Whether the stream's last success is recent enough to decide by. What never came is not, and a
/// success in the future was dated by a wrong clock.
#[must_use]
pub fn is_trusted(
    stream: Stream,
    settings: &SyncSettings,
    last_success_at: Option<i64>,
    now: i64,
) -> bool {
    last_success_at.is_some_and(|success| {
        let age = now.saturating_sub(success);
        (-SKEW_SECS..=trusted_for(stream, settings)).contains(&age)
    })
}

/// For how long after a success the stream's data is trusted, in seconds.
#[must_use]
pub fn trusted_for(stream: Stream, settings: &SyncSettings) -> i64 {
    match tolerance(stream, settings) {
        Some(tolerance) => longest_gap(stream, settings) + tolerance,
        None if matches!(stream.tier(), Tier::Cool | Tier::HalfDaily) => UNPROMISED_COOL_SECS,
        None => UNPROMISED_SECS,
    }
}

/// How late a stream may be, in seconds; `None` where it is not promised to run.
pub(crate) fn tolerance(stream: Stream, settings: &SyncSettings) -> Option<i64> {
    if !settings.enabled || !settings.streams.is_enabled(stream) {
        return None;
    }
    match cadence(settings.frequency, stream.tier()) {
        Cadence::Never => None,
        Cadence::Every(secs) if settings.schedule == Schedule::Frequency => {
            Some(secs.clamp(*TOLERANCE_SECS.start(), *TOLERANCE_SECS.end()))
        }
        Cadence::Every(_) | Cadence::Nightly => Some(DAILY_TOLERANCE_SECS),
    }
}

/// The longest time from a success to the next start that the schedule may plan.
fn longest_gap(stream: Stream, settings: &SyncSettings) -> i64 {
    let tier = stream.tier();
    if settings.schedule == Schedule::FixedTimes {
        return match tier {
            Tier::Cool => DAY_SECS,
            Tier::Warm | Tier::Hot | Tier::HalfDaily => DAY_SECS / 2,
        };
    }
    let Cadence::Every(secs) = cadence(settings.frequency, tier) else {
        return NIGHT_TO_NIGHT_SECS;
    };
    let hours = settings.operating_hours.as_ref();
    let Some(hours) = hours.filter(|_| settings.active_hours_only) else {
        return secs;
    };
    let by_hours = secs + closed_secs(hours) + HOUR_SECS + SPREAD_SECS;
    match tier {
        // The night takes along what the hours have kept waiting, if it is due by then.
        Tier::Warm => by_hours.min(NIGHT_TO_NIGHT_SECS + secs),
        // A clock change may leave the hours of one day out.
        Tier::Hot | Tier::HalfDaily | Tier::Cool => by_hours + DAY_SECS,
    }
}

/// For how long the hours are closed each day.
fn closed_secs(hours: &OperatingHours) -> i64 {
    let minute = |time: crate::sync_settings::LocalTime| i64::from(time.minute_of_day()) * 60;
    let open = (minute(hours.end) - minute(hours.start)).rem_euclid(DAY_SECS);
    if open == 0 { 0 } else { DAY_SECS - open }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        frequency::Frequency,
        schedule::{StaleInput, is_stale},
        sync_settings::LocalTime,
        zone::Zone,
    };

    fn every(frequency: Frequency) -> SyncSettings {
        SyncSettings {
            frequency,
            ..SyncSettings::default()
        }
    }

    fn fixed() -> SyncSettings {
        SyncSettings {
            schedule: Schedule::FixedTimes,
            ..SyncSettings::default()
        }
    }

    fn hours(frequency: Frequency, start: u16, end: u16) -> SyncSettings {
        SyncSettings {
            active_hours_only: true,
            operating_hours: Some(OperatingHours {
                start: LocalTime::from_minute_of_day(start).unwrap(),
                end: LocalTime::from_minute_of_day(end).unwrap(),
                timezone: None,
            }),
            ..every(frequency)
        }
    }

    #[test]
    fn the_limit_is_what_the_schedule_leaves_out_and_its_delay() {
        let mut off = fixed();
        off.streams.set(Stream::Shifts, false);
        off.streams.set(Stream::Users, false);
        let table = [
            (fixed(), 12 + 6, 24 + 6),
            (every(Frequency::Every15Min), 1 + 1, 25 + 6),
            (every(Frequency::Every30Min), 4 + 4, 25 + 6),
            (every(Frequency::Daily), 25 + 6, 25 + 6),
            (every(Frequency::Manual), 36, 7 * 24),
            (off, 36, 7 * 24),
        ];
        for (settings, shifts, users) in table {
            let hours = |stream| trusted_for(stream, &settings) / HOUR_SECS;
            let both = (hours(Stream::Shifts), hours(Stream::Users));
            assert_eq!(both, (shifts, users), "{settings:?}");
        }
        // Open from six to eleven: closed for seven hours.
        let settings = hours(Frequency::Every15Min, 6 * 60, 23 * 60);
        let closed = 7 + 1;
        assert_eq!(
            trusted_for(Stream::Shifts, &settings),
            (2 + closed) * HOUR_SECS + SPREAD_SECS
        );
    }

    #[test]
    fn the_limit_is_exact_to_the_second_and_no_wrong_clock_is_believed() {
        let settings = fixed();
        let at = |last| is_trusted(Stream::Shifts, &settings, last, 1_800_000_000);
        let limit = 18 * HOUR_SECS;
        assert!(at(Some(1_800_000_000)) && at(Some(1_800_000_000 - limit)));
        assert!(!at(Some(1_800_000_000 - limit - 1)));
        assert!(at(Some(1_800_000_000 + SKEW_SECS)));
        assert!(!at(Some(1_800_000_000 + SKEW_SECS + 1)));
        assert!(!at(None), "what never came");
    }

    #[test]
    fn who_comes_before_the_night_waits_for_the_next_one() {
        // Due at 02:07, after the night's start and the hours' end: what is next is the opening of the day after.
        let settings = hours(Frequency::Every30Min, 84, 94);
        let success = 1_773_022_023;
        let is_stale_after = |after: i64| {
            is_stale(&StaleInput {
                stream: Stream::Shifts,
                settings: &settings,
                zone: Zone::parse("America/Toronto").unwrap(),
                phase_seed: 5_134_722_107_208_395_223,
                last_success_at: Some(success),
                connected_at: Some(success),
                now: success + after,
            })
        };
        let trusted = trusted_for(Stream::Shifts, &settings);
        assert!(!is_stale_after(29 * HOUR_SECS + 1));
        assert!(is_stale_after(trusted + 1), "{trusted}");
    }

    fn any_settings() -> impl Strategy<Value = SyncSettings> {
        let schedule = proptest::sample::select(Schedule::ALL);
        let frequency = proptest::sample::select(Frequency::ALL);
        (
            schedule,
            frequency,
            any::<bool>(),
            0_u16..1_440,
            0_u16..1_440,
        )
            .prop_map(|(schedule, frequency, gated, start, end)| SyncSettings {
                schedule,
                active_hours_only: gated,
                ..hours(frequency, start, end)
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// In every zone, on every day: nothing that the schedule calls current is distrusted.
        #[test]
        fn what_is_too_old_is_stale_by_the_schedule(
            settings in any_settings(), phase_seed: u64,
            stream in proptest::sample::select(vec![Stream::Users, Stream::Shifts, Stream::TimePunches]),
            zone in proptest::sample::select(vec![
                "America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Etc/UTC",
            ]),
            // Beside the clock changes of a year, and anywhere.
            success in prop_oneof![
                1_772_900_000_i64..1_773_100_000, 1_793_400_000_i64..1_793_700_000,
                1_700_000_000_i64..1_900_000_000,
            ],
        ) {
            let trusted = trusted_for(stream, &settings);
            let stale_after = |after: i64| is_stale(&StaleInput {
                stream,
                settings: &settings,
                zone: Zone::parse(zone).unwrap(),
                phase_seed,
                last_success_at: Some(success),
                connected_at: Some(success),
                now: success + after,
            });
            if tolerance(stream, &settings).is_some() {
                prop_assert!(stale_after(trusted + 1), "trusted for {trusted} s");
            } else {
                prop_assert!(!stale_after(trusted + 1), "nobody has promised it");
            }
        }
    }
}
