//! How long to wait before the next attempt.

/// Seconds that a retry lies ahead at the most.
pub const MAX_RETRY_SECS: i64 = 3_600;
/// The first wait is at most this long.
pub const BASE_RETRY_SECS: i64 = 15;
/// Attempts of one piece of work before it is given up: about half an hour at the most, between attempts.
pub const MAX_ATTEMPTS: u32 = 8;

/// Exponential backoff with full jitter: after the `attempt`-th failure (from 1)
/// a wait of 1 to `min(cap_secs, base_secs · 2^(attempt-1))` seconds, evenly
/// spread by `random`, so that what failed together does not come back together.
///
/// Never 0: a failure is no reason to try again in the same second.
#[must_use]
pub fn backoff(attempt: u32, random: u64, base_secs: i64, cap_secs: i64) -> i64 {
    let doublings = attempt.saturating_sub(1).min(62);
    let ceiling = base_secs
        .max(1)
        .saturating_mul(1_i64 << doublings)
        .min(cap_secs.max(1));
    // random / 2^64 · ceiling: no modulo bias.
    let share = (u128::from(random) * u128::from(ceiling.unsigned_abs())) >> 64;
    1 + i64::try_from(share).unwrap_or(ceiling - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let longest: Vec<i64> = (0..=8)
            .map(|attempt| backoff(attempt, u64::MAX, 15, 600))
            .collect();
        assert_eq!(longest, [15, 15, 30, 60, 120, 240, 480, 600, 600]);
    }

    #[test]
    fn the_whole_range_is_used() {
        assert_eq!(backoff(3, 0, 15, 600), 1);
        assert_eq!(backoff(3, u64::MAX / 2, 15, 600), 30);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_zero_and_never_beyond_the_cap(
            attempt: u32, random: u64, base: i64, cap: i64
        ) {
            let wait = backoff(attempt, random, base, cap);
            prop_assert!(wait >= 1 && wait <= cap.max(1));
        }
    }
}
