//! Halves and ratios: exact, and shown as decimal numbers.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};

/// A count of halves: 3 is 1.5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Halves(pub i64);

impl Halves {
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(2))
    }
}

impl Serialize for Halves {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Whole ones without a fraction, as a person would write them.
        if self.0 % 2 == 0 {
            (self.0 / 2).serialize(serializer)
        } else {
            decimal(self.0, 2).serialize(serializer)
        }
    }
}

/// Meetings booked against meetings aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    clarifies: i64,
    /// In halves; 2 at least.
    aimed_at: i64,
}

/// Ratios this near to each other are equal.
const SAME_BY_ONE_IN: i128 = 1_000_000;

impl Ratio {
    /// Of the meetings and the sum of the targets up to a week: a target is of two weeks, so half of their sum
    /// was aimed at, and one meeting at least.
    #[must_use]
    pub fn new(clarifies: i64, targets: i64) -> Self {
        Self {
            clarifies,
            aimed_at: targets.max(2),
        }
    }

    /// Exactly.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        self.times(other).cmp(&other.times(self))
    }

    /// Whether it is larger by so little that it counts as equal, or not larger at all.
    #[must_use]
    pub fn is_at_most(self, other: Self) -> bool {
        let apart = self.times(other).saturating_sub(other.times(self));
        let both = i128::from(self.aimed_at) * i128::from(other.aimed_at);
        // In halves: a meeting is two of them.
        apart.saturating_mul(2 * SAME_BY_ONE_IN) <= both
    }

    fn times(self, other: Self) -> i128 {
        i128::from(self.clarifies) * i128::from(other.aimed_at)
    }

    /// To four decimals.
    #[must_use]
    pub fn value(self) -> f64 {
        decimal(
            self.clarifies
                .saturating_mul(20_000)
                .saturating_add(self.aimed_at / 2)
                / self.aimed_at,
            10_000,
        )
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// What a number of parts is; numbers that large are far beyond what is counted here.
fn decimal(parts: i64, of: i32) -> f64 {
    i32::try_from(parts).map_or(f64::MAX, f64::from) / f64::from(of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_are_written_as_people_write_them() {
        let shown = |halves| serde_json::to_string(&Halves(halves)).unwrap();
        assert_eq!(
            [shown(3), shown(4), shown(-1), shown(0)],
            ["1.5", "2", "-0.5", "0"]
        );
    }

    #[test]
    fn a_ratio_has_one_meeting_below_it_at_least() {
        assert_eq!(Ratio::new(8, 21).value(), 0.7619);
        assert_eq!(Ratio::new(3, 1).value(), 3.0);
        assert_eq!(Ratio::new(0, 0).value(), 0.0);
    }

    #[test]
    fn ratios_a_millionth_apart_are_equal() {
        let (one, other) = (Ratio::new(1, 2_000_000), Ratio::new(2, 2_000_000));
        assert!(other.is_at_most(one));
        assert_eq!(one.compare(other), Ordering::Less);
        assert!(!Ratio::new(3, 2_000_000).is_at_most(one));
    }

    proptest! {
        #[test]
        fn no_number_is_too_large(a in any::<i64>(), b in any::<i64>(), c in any::<i64>(), d in any::<i64>()) {
            let (one, other) = (Ratio::new(a, b), Ratio::new(c, d));
            prop_assert_eq!(one.compare(other), other.compare(one).reverse());
            prop_assert!(one.value().is_finite());
            prop_assert!(one.is_at_most(other) || other.is_at_most(one));
            prop_assert!(serde_json::to_string(&Halves(a)).is_ok());
        }
    }
}
