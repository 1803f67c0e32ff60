//! How often one rule fires.

use std::ops::RangeInclusive;

use crate::gcra;

/// How often one rule fires in a minute that says nothing else, after a pause also all at once. Right
/// after such a burst the sliding minute can hold nearly twice as many.
pub const FIRINGS_PER_MINUTE: u32 = 60;
/// What a rule may say.
pub const FIRINGS_PER_MINUTE_RANGE: RangeInclusive<u32> = 1..=6_000;

const MINUTE_MS: i64 = 60_000;

/// The rule has fired too often. It does not fire on this event, and is not asked again by itself: a
/// rule that is late by more and more events is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule has fired {per_minute} times in a minute, and fires again at {again_at_ms}")]
pub struct TooOften {
    pub per_minute: u32,
    /// Unix milliseconds.
    pub again_at_ms: i64,
}

/// Lets a rule fire, by a token bucket. `tat_ms` is the rule's state, 0 at first; what is returned is the
/// new one, to be stored with the firing.
///
/// # Errors
/// [`TooOften`]; the state stays.
pub fn admit_firing(tat_ms: i64, now_ms: i64, per_minute: u32) -> Result<i64, TooOften> {
    let interval_ms = MINUTE_MS / i64::from(per_minute.max(1));
    let slot = gcra::admit(tat_ms, now_ms, interval_ms, per_minute);
    if slot.send_at_ms > now_ms {
        return Err(TooOften {
            per_minute,
            again_at_ms: slot.send_at_ms,
        });
    }
    Ok(slot.new_tat_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_770_737_400_000;

    #[test]
    fn as_many_fire_at_once_and_then_one_at_a_time() {
        for (per_minute, interval_ms) in [(60, 1_000), (1, 60_000), (6_000, 10)] {
            let admit = |tat_ms, now_ms| admit_firing(tat_ms, now_ms, per_minute);
            let mut tat = 0;
            for _ in 0..per_minute {
                tat = admit(tat, START).unwrap();
            }
            let again_at_ms = START + interval_ms;
            let too_often = TooOften {
                per_minute,
                again_at_ms,
            };
            assert_eq!(admit(tat, START), Err(too_often));
            assert_eq!(admit(tat, again_at_ms - 1), Err(too_often));
            tat = admit(tat, again_at_ms).unwrap();
            assert!(admit(tat, again_at_ms).is_err());
            assert!(admit(tat, again_at_ms + interval_ms).is_ok());
        }
    }

    proptest! {
        #[test]
        fn no_span_holds_more_than_the_burst_and_the_pace(
            pauses in prop::collection::vec(prop_oneof![Just(0i64), 0i64..3_000], 1..300)
        ) {
            let (mut tat, mut now) = (0, START);
            let mut fired = Vec::new();
            for pause in pauses {
                now += pause;
                if let Ok(new) = admit_firing(tat, now, FIRINGS_PER_MINUTE) {
                    tat = new;
                    fired.push(now);
                }
            }
            for (first, from) in fired.iter().enumerate() {
                for (last, to) in fired.iter().enumerate().skip(first) {
                    let count = i64::try_from(last - first + 1).unwrap();
                    prop_assert!(count <= 60 + (to - from) / 1_000);
                }
            }
        }

        #[test]
        fn no_state_panics(tat: i64, now: i64, per_minute: u32) {
            if let Err(TooOften { again_at_ms, .. }) = admit_firing(tat, now, per_minute) {
                prop_assert!(again_at_ms > now);
            }
        }
    }
}
