//! The pace of calls to a provider: the generic cell rate algorithm (ITU-T I.371),
//! one number of state per credential: the theoretical arrival time, `tat_ms`.

use std::num::NonZeroU32;

/// Share of the allowed pace that is left unused, in percent: calls that leave in
/// step may arrive closer together.
const MARGIN_PERCENT: u64 = 4;
/// At least this share of the allowed pace is used, in percent, up to 50 requests a second.
const MIN_USED_PERCENT: u64 = 95;
const SECOND_MS: u64 = 1_000;

/// A wait further ahead than this was written by a clock that has since jumped
/// back: longer than any `Retry-After` that is obeyed.
pub const MAX_AHEAD_MS: i64 = 2 * 3_600 * 1_000;

/// Milliseconds from one call to the next so that no sliding second holds more
/// than `requests_per_second`, with 4 % to spare where whole
/// milliseconds allow it. Above 50 a second the rounding may use less than 95 %; never more than is allowed.
#[must_use]
pub fn interval_ms(requests_per_second: NonZeroU32) -> i64 {
    let rate = u64::from(requests_per_second.get());
    let with_margin = (SECOND_MS * (100 + MARGIN_PERCENT)).div_ceil(rate * 100);
    let longest = SECOND_MS * 100 / (rate * MIN_USED_PERCENT);
    let shortest = SECOND_MS.div_ceil(rate);
    i64::try_from(with_margin.min(longest).max(shortest)).unwrap_or(i64::MAX)
}

/// What [`admit`] grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When the call may leave: `now_ms` or later.
    pub send_at_ms: i64,
    /// The state to store; only then the slot is taken.
    pub new_tat_ms: i64,
}

/// Takes the next slot. `tat_ms` is the stored state (0 at first).
///
/// Nobody is let through by this function: a slot is taken by one statement of `store`, which all
/// instances share. It is the rule that the statement is tested against.
///
/// `burst` calls may leave at once after a pause; 1 (or 0) keeps every sliding
/// second within the limit, each further one lets one more call into it.
#[must_use]
pub fn admit(tat_ms: i64, now_ms: i64, interval_ms: i64, burst: u32) -> Slot {
    let interval = interval_ms.max(1);
    let tat = if tat_ms > now_ms.saturating_add(MAX_AHEAD_MS) {
        now_ms
    } else {
        tat_ms
    };
    let tolerance = interval.saturating_mul(i64::from(burst.max(1) - 1));
    let send_at_ms = tat.saturating_sub(tolerance).max(now_ms);
    Slot {
        send_at_ms,
        new_tat_ms: tat.max(send_at_ms).saturating_add(interval),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(rate: u32) -> i64 {
        interval_ms(NonZeroU32::new(rate).unwrap())
    }

    #[test]
    fn ten_a_second_leave_every_104_ms() {
        assert_eq!(interval(10), 104);
    }

    #[test]
    fn a_pause_is_not_saved_up() {
        let first = admit(0, 1_000_000, 104, 1);
        assert_eq!(
            first,
            Slot {
                send_at_ms: 1_000_000,
                new_tat_ms: 1_000_104
            }
        );
        let second = admit(first.new_tat_ms, 1_000_001, 104, 1);
        assert_eq!(
            second,
            Slot {
                send_at_ms: 1_000_104,
                new_tat_ms: 1_000_208
            }
        );
        assert_eq!(
            admit(second.new_tat_ms, 9_000_000, 104, 1).send_at_ms,
            9_000_000
        );
    }

    #[test]
    fn a_burst_leaves_at_once_and_then_paces() {
        let mut tat = 0;
        let sent: Vec<i64> = (0..5)
            .map(|_| {
                let slot = admit(tat, 1_000_000, 104, 3);
                tat = slot.new_tat_ms;
                slot.send_at_ms - 1_000_000
            })
            .collect();
        assert_eq!(sent, [0, 0, 0, 104, 208]);
    }

    #[test]
    fn a_state_from_the_future_is_a_jumped_clock() {
        let slot = admit(1_000_000 + MAX_AHEAD_MS + 1, 1_000_000, 104, 1);
        assert_eq!(slot.send_at_ms, 1_000_000);
    }

    proptest! {
        /// Callers that ask at any moments and send when they may.
        #[test]
        fn no_sliding_second_holds_more_than_the_limit(
            rate in 1u32..=1_000, pauses in proptest::collection::vec(0i64..400, 2..400)
        ) {
            let (interval, mut tat, mut now) = (interval(rate), 0, 1_000_000);
            let mut sent = Vec::new();
            for pause in pauses {
                now += pause;
                let slot = admit(tat, now, interval, 1);
                prop_assert!(slot.send_at_ms >= now);
                tat = slot.new_tat_ms;
                sent.push(slot.send_at_ms);
            }
            for (i, &from) in sent.iter().enumerate() {
                let within = sent.iter().skip(i).take_while(|&&at| at < from + 1_000).count();
                prop_assert!(within <= usize::try_from(rate).unwrap());
            }
        }

        #[test]
        fn nearly_all_of_the_limit_can_be_used(rate in 1u32..=50) {
            let (mut tat, mut sent) = (0, 0u32);
            loop {
                let slot = admit(tat, 0, interval(rate), 1);
                if slot.send_at_ms >= 100_000 { break }
                tat = slot.new_tat_ms;
                sent += 1;
            }
            prop_assert!(sent * 100 >= rate * 100 * 95, "{sent} of {}", rate * 100);
        }

        #[test]
        fn no_state_overflows(tat: i64, now: i64, interval: i64, burst: u32) {
            let slot = admit(tat, now, interval, burst);
            prop_assert!(slot.send_at_ms >= now);
        }
    }
}
