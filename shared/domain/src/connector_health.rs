//! When a connector is probed, and when it counts as failing.

/// Between two probes, in seconds.
pub const PROBE_SECONDS: i64 = 900;
/// So many failures in a row put a connector into the state `error`: one is a bad minute.
pub const FAILURES: u32 = 3;

/// Pauses after the failures before that, in seconds.
const AFTER_FAILURE_SECONDS: [i64; 2] = [60, 300];
/// How far a probe may be off its time, one part in so many.
const JITTER_PART: i64 = 10;

/// Whether as many failures in a row make a connector one that fails.
#[must_use]
pub const fn is_failing(failures_in_row: u32) -> bool {
    failures_in_row >= FAILURES
}

/// When the next probe is due, Unix seconds. `random` are any 64 random bits: connectors that were made
/// together are not asked together for ever.
#[must_use]
pub fn next_probe_at(failures_in_row: u32, now: i64, random: u64) -> i64 {
    let pause = usize::try_from(failures_in_row)
        .ok()
        .and_then(|failures| failures.checked_sub(1))
        .and_then(|index| AFTER_FAILURE_SECONDS.get(index))
        .copied()
        .unwrap_or(PROBE_SECONDS);
    let spread = u64::try_from(pause / JITTER_PART).unwrap_or(0).max(1);
    let jitter = i64::try_from(random % spread).unwrap_or(0);
    now.saturating_add(pause).saturating_add(jitter)
}

/// The shortest and the longest silence of a webhook that can be watched for, in minutes: an hour's
/// twelfth, and as long as events are kept.
pub const SILENT_MINUTES: std::ops::RangeInclusive<i64> = 5..=43_200;

/// For how long nothing has come, in minutes, where that is too long.
#[must_use]
pub fn silent_minutes(
    silent_after_minutes: Option<i64>,
    last_received_at: Option<i64>,
    watched_since: i64,
    now: i64,
) -> Option<i64> {
    let limit = silent_after_minutes?;
    let since = last_received_at.unwrap_or(watched_since).max(watched_since);
    let silent = now.saturating_sub(since).div_euclid(60);
    (silent >= limit).then_some(silent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_failure_is_looked_at_again_soon_and_the_third_one_counts() {
        let pauses = [0, 1, 2, 3, 9].map(|failures| next_probe_at(failures, NOW, 0) - NOW);
        assert_eq!(pauses, [900, 60, 300, 900, 900]);
        assert_eq!(
            [0, 1, 2, 3, 4].map(is_failing),
            [false, false, false, true, true]
        );
    }

    #[test]
    fn silence_counts_from_the_last_event_or_from_when_it_is_watched() {
        let silent = |after, last, since| silent_minutes(after, last, since, NOW);
        assert_eq!(silent(None, None, 0), None);
        assert_eq!(silent(Some(60), Some(NOW - 3_599), 0), None);
        assert_eq!(silent(Some(60), Some(NOW - 3_600), 0), Some(60));
        assert_eq!(silent(Some(60), Some(0), NOW - 60), None);
        assert_eq!(silent(Some(60), None, NOW - 7_200), Some(120));
        assert_eq!(silent(Some(60), Some(NOW + 50), NOW), None);
    }

    proptest! {
        #[test]
        fn a_probe_is_never_now_and_never_much_later(failures: u32, random: u64) {
            let next = next_probe_at(failures, NOW, random) - NOW;
            prop_assert!((60..=990).contains(&next), "{next}");
        }
    }
}
