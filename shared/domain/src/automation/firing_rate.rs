//! How often one rule fires.

use crate::gcra;

/// How often one rule fires in a minute, after a pause also all at once. Right after such a burst
/// the sliding minute can hold nearly twice as many.
pub const FIRINGS_PER_MINUTE: u32 = 60;

const MINUTE_MS: i64 = 60_000;

/// The rule has fired too often. It does not fire on this event, and is not asked again: a rule that
/// is late by more and more events is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the rule has fired {FIRINGS_PER_MINUTE} times in a minute, and fires again at {again_at_ms}"
)]
pub struct TooOften {
    /// Unix milliseconds.
    pub again_at_ms: i64,
}

/// Lets a rule fire, by a token bucket. `tat_ms` is the rule's state, 0 at first; what is returned is the
/// new one, to be stored with the firing.
///
/// # Errors
/// [`TooOften`]; the state stays.
pub fn admit_firing(tat_ms: i64, now_ms: i64) -> Result<i64, TooOften> {
    let interval_ms = MINUTE_MS / i64::from(FIRINGS_PER_MINUTE);
    let slot = gcra::admit(tat_ms, now_ms, interval_ms, FIRINGS_PER_MINUTE);
    if slot.send_at_ms > now_ms {
        return Err(TooOften {
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
    fn sixty_fire_at_once_and_then_one_a_second() {
        let mut tat = 0;
        for _ in 0..60 {
            tat = admit_firing(tat, START).unwrap();
        }
        let again_at_ms = START + 1_000;
        assert_eq!(admit_firing(tat, START), Err(TooOften { again_at_ms }));
        assert_eq!(
            admit_firing(tat, again_at_ms - 1),
            Err(TooOften { again_at_ms })
        );
        tat = admit_firing(tat, again_at_ms).unwrap();
        assert!(admit_firing(tat, again_at_ms).is_err());
        assert!(admit_firing(tat, again_at_ms + 1_000).is_ok());
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
                if let Ok(new) = admit_firing(tat, now) {
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
        fn no_state_panics(tat: i64, now: i64) {
            if let Err(TooOften { again_at_ms }) = admit_firing(tat, now) {
                prop_assert!(again_at_ms > now);
            }
        }
    }
}
