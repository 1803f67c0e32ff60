//! Webhooks that we send: when one is tried again, what an answer means, and when an endpoint is
//! disabled. As Standard Webhooks 1.0.0 advises.

use crate::retry::MAX_RETRY_SECS;
use crate::text_enum::text_enum;

/// The pauses after the first try, in seconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. Somewhat more
/// than a day altogether, so that whoever is told in the morning has the rest of it to mend things.
pub const DELAYS_SECONDS: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// Tries of one delivery, the first included.
pub const MAX_TRIES: usize = DELAYS_SECONDS.len() + 1;

/// How long one try may take, in milliseconds.
pub const TIMEOUT_MS: i64 = 20_000;

/// An endpoint of which every attempt has failed for so long is disabled, in seconds: 5 days.
pub const DISABLED_AFTER_SECONDS: i64 = 5 * 86_400;

/// No longer than the first pause of what is tried again.
pub const MIN_HOLD_SECONDS: i64 = 4;
pub const MAX_HOLD_SECONDS: i64 = 300;

/// A pause is longer or shorter by up to one part in so many.
const JITTER_PART: i64 = 10;

text_enum! {
    /// Whether an endpoint is sent anything.
    pub enum EndpointState, "state of an outgoing webhook" {
        Active = "active",
        /// By a person: what is sent to it waits.
        Paused = "paused",
        /// By what it answered: nothing is sent to it until a person says so.
        Disabled = "disabled",
    }
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Delivered,
    /// 410: it wants nothing more. The endpoint is disabled.
    Gone,
    /// It leads elsewhere, where nobody has said that the delivery may go. Tried again.
    Redirected,
    /// Tried again: whatever else it is, the endpoint's owner can mend it meanwhile.
    Refused,
}

impl Meaning {
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            300..=399 => Self::Redirected,
            _ => Self::Refused,
        }
    }
}

/// When a delivery is tried again after `tries` that have failed; `None` after the last. `random` is
/// any 64 random bits, `retry_after` what the endpoint asked for, in seconds: the longer wait counts,
/// an hour of the endpoint's at the most.
///
/// The jitter is a tenth to either side. Its purpose is that what failed together does not come back
/// together, and a receiver can still read the published schedule from the attempts.
#[must_use]
pub fn next_try(tries: usize, retry_after: Option<i64>, now: i64, random: u64) -> Option<i64> {
    let delay = *DELAYS_SECONDS.get(tries.saturating_sub(1))?;
    let asked = retry_after.unwrap_or_default().clamp(0, MAX_RETRY_SECS);
    Some(now.saturating_add(with_jitter(delay, random).max(asked)))
}

fn with_jitter(delay: i64, random: u64) -> i64 {
    let reach = (delay / JITTER_PART).max(1);
    // Evenly from -reach to reach, both included: random / 2^64 of that many numbers.
    let numbers = u128::from(reach.unsigned_abs()) * 2 + 1;
    let share = (u128::from(random) * numbers) >> 64;
    let offset = i64::try_from(share).unwrap_or(reach).saturating_sub(reach);
    delay.saturating_add(offset)
}

/// Until when an endpoint that gives no answer at all is left alone, `failing_since` being the first
/// failure after its last success: for as long as it fails already, [`MIN_HOLD_SECONDS`] at least and
/// [`MAX_HOLD_SECONDS`] at most. Each try takes [`TIMEOUT_MS`] of a place that others wait for.
#[must_use]
pub fn held_until(failing_since: i64, now: i64) -> i64 {
    let fails_for = now.saturating_sub(failing_since);
    now.saturating_add(fails_for.clamp(MIN_HOLD_SECONDS, MAX_HOLD_SECONDS))
}

/// Whether an endpoint that fails now is disabled, `failing_since` being the first failure after its
/// last success.
#[must_use]
pub const fn is_given_up(failing_since: i64, now: i64) -> bool {
    now.saturating_sub(failing_since) >= DISABLED_AFTER_SECONDS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn the_published_schedule_is_kept_within_a_tenth() {
        for (tries, delay) in (1..).zip([5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]) {
            let waits = [0, u64::MAX / 2, u64::MAX]
                .map(|random| next_try(tries, None, NOW, random).unwrap() - NOW);
            let reach = (delay / 10).max(1);
            assert_eq!(waits, [delay - reach, delay, delay + reach], "{tries}");
        }
        assert_eq!(next_try(8, None, NOW, 0), None);
        assert_eq!(MAX_TRIES, 8);
    }

    #[test]
    fn a_longer_wait_is_the_endpoints_to_ask_for_up_to_an_hour() {
        let after = |tries, asked| next_try(tries, Some(asked), NOW, u64::MAX / 2).unwrap() - NOW;
        assert_eq!(after(1, 60), 60);
        assert_eq!(after(1, 3), 5);
        assert_eq!(after(1, 86_400), 3_600);
        assert_eq!(after(2, 60), 300);
        assert_eq!(after(4, 3_600), 7_200);
        assert_eq!(next_try(8, Some(60), NOW, 0), None);
    }

    #[test]
    fn a_silent_endpoint_is_left_alone_for_as_long_as_it_is_silent_within_bounds() {
        for (failing_since, seconds) in [
            (NOW, 4),
            (NOW - 4, 4),
            (NOW - 30, 30),
            (NOW - 300, 300),
            (NOW - 400_000, 300),
            (NOW + 60, 4),
            (i64::MIN, 300),
        ] {
            assert_eq!(held_until(failing_since, NOW), NOW + seconds);
        }
    }

    #[test]
    fn every_status_means_one_thing() {
        for status in 0..=u16::MAX {
            let expected = match status {
                200 | 201 | 202 | 204 | 299 => Meaning::Delivered,
                410 => Meaning::Gone,
                301 | 302 | 303 | 304 | 307 | 308 => Meaning::Redirected,
                0 | 100 | 199 | 400 | 401 | 404 | 409 | 411 | 429 | 500 | 503 | 599 | 600 => {
                    Meaning::Refused
                }
                _ => continue,
            };
            assert_eq!(Meaning::of(status), expected, "{status}");
        }
    }

    #[test]
    fn five_days_of_failure_are_enough() {
        assert!(!is_given_up(NOW, NOW + 5 * 86_400 - 1));
        assert!(is_given_up(NOW, NOW + 5 * 86_400));
        // A clock that was set back, or none at all.
        assert!(!is_given_up(NOW, NOW - 86_400));
        assert!(!is_given_up(i64::MAX, i64::MIN));
    }

    proptest! {
        #[test]
        fn a_try_is_never_now_nor_past_what_the_schedule_allows(
            tries in 0usize..20, asked: Option<i64>, now in 0..i64::MAX / 2, random: u64
        ) {
            match next_try(tries, asked, now, random) {
                Some(at) => {
                    prop_assert!(tries < MAX_TRIES);
                    prop_assert!(at > now && at - now <= 39_600);
                    if let Some(asked) = asked {
                        prop_assert!(at - now >= asked.min(3_600));
                    }
                }
                None => prop_assert!(tries >= MAX_TRIES),
            }
        }

        #[test]
        fn pauses_grow_whatever_the_jitter(first: u64, second: u64) {
            for tries in 1..6 {
                let (one, next) = (next_try(tries, None, NOW, first), next_try(tries + 1, None, NOW, second));
                prop_assert!(one < next);
            }
        }
    }
}
