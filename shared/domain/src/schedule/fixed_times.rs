//! Fixed times of day, in UTC: no clock change moves them.

use super::{SPREAD_SECS, phase_within};
use crate::stream::Tier;

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// The starts of one connector's streams of one tier, in seconds of the UTC day.
#[derive(Clone, Copy, Debug)]
pub(super) struct FixedTimes {
    times: &'static [i64],
    offset_secs: i64,
}

impl FixedTimes {
    pub(super) const fn times(tier: Tier) -> &'static [i64] {
        match tier {
            Tier::Cool => &[3 * HOUR_SECS],
            Tier::Warm | Tier::Hot | Tier::HalfDaily => &[6 * HOUR_SECS, 18 * HOUR_SECS],
        }
    }

    pub(super) fn of(tier: Tier, phase_seed: u64) -> Self {
        Self {
            times: Self::times(tier),
            offset_secs: phase_within(phase_seed, SPREAD_SECS),
        }
    }

    /// The first start later than `at`.
    pub(super) fn after(&self, at: i64) -> i64 {
        let time = at.saturating_sub(self.offset_secs).rem_euclid(DAY_SECS);
        let tomorrow = self.times.iter().map(|start| start + DAY_SECS);
        let ahead = self
            .times
            .iter()
            .copied()
            .chain(tomorrow)
            .find(|&start| start > time)
            .map_or(DAY_SECS, |start| start - time);
        at.saturating_add(ahead)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    }

    #[test]
    fn the_times_are_those_of_the_replaced_schedule() {
        let after = |tier, at| FixedTimes::of(tier, 0).after(utc(at));
        for (tier, at, next) in [
            (Tier::Cool, "2026-03-08T02:59:59Z", "2026-03-08T03:00:00Z"),
            (Tier::Cool, "2026-03-08T03:00:00Z", "2026-03-09T03:00:00Z"),
            (Tier::Warm, "2026-03-08T05:59:59Z", "2026-03-08T06:00:00Z"),
            (Tier::Warm, "2026-03-08T06:00:00Z", "2026-03-08T18:00:00Z"),
            (Tier::Hot, "2026-03-08T18:00:00Z", "2026-03-09T06:00:00Z"),
        ] {
            assert_eq!(after(tier, at), utc(next), "{tier:?} after {at}");
        }
    }

    proptest! {
        #[test]
        fn the_next_start_is_a_time_of_the_tier_and_none_lies_between(seed: u64, at in -4_000_000_000_i64..8_000_000_000) {
            for tier in [Tier::Cool, Tier::Warm, Tier::Hot] {
                let times = FixedTimes::of(tier, seed);
                let next = times.after(at);
                let offset = phase_within(seed, SPREAD_SECS);
                prop_assert!((0..SPREAD_SECS).contains(&offset));
                prop_assert!(FixedTimes::times(tier).contains(&(next - offset).rem_euclid(DAY_SECS)));
                prop_assert!(next > at && next - at <= DAY_SECS);
                for between in [at + 1, at + (next - at) / 2, next - 1] {
                    prop_assert!(between < at || between >= next || times.after(between) == next);
                }
            }
        }

        #[test]
        fn no_time_panics(seed: u64, at: i64) {
            for tier in [Tier::Cool, Tier::Hot] {
                prop_assert!(FixedTimes::of(tier, seed).after(at) >= at);
            }
        }
    }
}
