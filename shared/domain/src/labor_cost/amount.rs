//! Exact amounts: minutes and batches in hundredths, money in cents, shares in hundredths of a percent.

/// A number with at most two decimals, not below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hundredths(i64);

impl Hundredths {
    pub const ONE: Self = Self(100);

    /// `None`: below zero, more than two decimals, or no number that anybody works by.
    #[must_use]
    pub fn parse(number: f64) -> Option<Self> {
        // The shortest text that is this number: 0.1 is one decimal, whatever binary makes of it.
        // Adding nothing makes -0 a 0.
        let text = (number + 0.0).to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let decimals: i64 = match decimals.len() {
            0 => 0,
            1 => decimals.parse::<i64>().ok()? * 10,
            2 => decimals.parse().ok()?,
            _ => return None,
        };
        let whole: u32 = whole.parse().ok()?;
        Some(Self(i64::from(whole) * 100 + decimals))
    }

    /// So many whole ones.
    #[must_use]
    pub fn whole(number: u32) -> Self {
        Self(i64::from(number) * 100)
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// What so much work costs at a rate an hour; `None`: more than can be said.
#[must_use]
pub fn cents_of_work(rate_cents: i64, minutes: Hundredths, batches: Hundredths) -> Option<i64> {
    let work = i128::from(minutes.0) * i128::from(batches.0);
    let cost = i128::from(rate_cents).checked_mul(work)?;
    i64::try_from(half_up(cost, 60 * 100 * 100)).ok()
}

/// What so many seconds cost at a rate an hour; `None`: more than can be said.
#[must_use]
pub fn cents_of_seconds(rate_cents: i64, seconds: i64) -> Option<i64> {
    let cost = i128::from(rate_cents) * i128::from(seconds);
    i64::try_from(half_up(cost, 3_600)).ok()
}

/// What so many minutes of overtime cost, at `percent` of a rate an hour; `None`: more than can be said.
#[must_use]
pub fn overtime_cents(rate_cents: i64, minutes: i64, percent: u32) -> Option<i64> {
    let hours = i128::from(rate_cents) * i128::from(minutes);
    let cost = hours.checked_mul(i128::from(percent))?;
    i64::try_from(half_up(cost, 60 * 100)).ok()
}

/// `part` of `whole` in percent, to two decimals; `None` where there is no whole.
#[must_use]
pub fn percent(part: i64, whole: i64) -> Option<f64> {
    if whole <= 0 || part < 0 {
        return None;
    }
    let hundredths = half_up(i128::from(part) * 10_000, i128::from(whole));
    // Read as text, so that no bit is lost unseen.
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
        .parse()
        .ok()
}

/// `sum / count`, halves upwards; `count` is above zero.
pub(super) const fn half_up(sum: i128, count: i128) -> i128 {
    let (whole, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    if rest >= count - rest {
        whole + 1
    } else {
        whole
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn overtime_is_rounded_once() {
        // An hour and a half at 18.00, half as much again.
        assert_eq!(overtime_cents(1_800, 90, 150), Some(4_050));
        assert_eq!(overtime_cents(1_801, 1, 150), Some(45));
        assert_eq!(overtime_cents(1_780, 1, 150), Some(45), "44.5 is 45");
        assert_eq!(overtime_cents(1_800, 90, 0), Some(0));
        assert_eq!(overtime_cents(i64::MAX, i64::MAX, 1_000), None);
    }

    #[test]
    fn two_decimals_are_exact_and_more_are_refused() {
        for (number, hundredths) in [
            (0.0, 0),
            (-0.0, 0),
            (0.1, 10),
            (0.29, 29),
            (1.15, 115),
            (7.5, 750),
            (1e5, 10_000_000),
            (4_294_967_295.99, 429_496_729_599),
        ] {
            assert_eq!(Hundredths::parse(number), Some(Hundredths(hundredths)));
        }
        for number in [
            -1.0,
            -0.5,
            0.001,
            1.005,
            1e-300,
            4_294_967_296.0,
            1e300,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert_eq!(Hundredths::parse(number), None, "{number}");
        }
    }

    #[test]
    fn halves_of_a_cent_go_up() {
        let minutes = |number| Hundredths::parse(number).unwrap();
        for (rate, time, batches, cost) in [
            // The replaced system's own example: 45 minutes at 18.00.
            (1_800, 45.0, 1.0, 1_350),
            (1_801, 1.0, 1.0, 30),
            (1_830, 1.0, 1.0, 31),
            (1_830, 0.5, 2.0, 31),
            (1_829, 1.0, 1.0, 30),
            (0, 60.0, 1.0, 0),
            (1_800, 0.0, 9.0, 0),
            (1_999, 0.01, 0.01, 0),
        ] {
            assert_eq!(
                cents_of_work(rate, minutes(time), minutes(batches)),
                Some(cost)
            );
        }
        assert_eq!(cents_of_seconds(1_800, 1), Some(1));
        assert_eq!(cents_of_seconds(1_799, 1), Some(0));
        assert_eq!(
            cents_of_work(i64::MAX, minutes(90.0), Hundredths::ONE),
            None
        );
        assert_eq!(cents_of_seconds(i64::MAX, i64::MAX), None);
    }

    #[test]
    fn shares_have_two_decimals_or_are_not_said() {
        assert_eq!(percent(1, 3), Some(33.33));
        assert_eq!(percent(2, 3), Some(66.67));
        assert_eq!(percent(1, 8), Some(12.5));
        assert_eq!(percent(12_345, 100_000), Some(12.35));
        assert_eq!(percent(0, 5), Some(0.0));
        assert_eq!(percent(7, 1), Some(700.0));
        assert_eq!(percent(5, 0), None);
        assert_eq!(percent(i64::MAX, 1), Some(922_337_203_685_477_580_700.0));
    }

    proptest! {
        #[test]
        fn rounding_is_off_by_half_at_most(sum in -1_000_000_i128..1_000_000, count in 1_i128..1_000) {
            let twice = 2 * (half_up(sum, count) * count - sum);
            prop_assert!(-count < twice && twice <= count);
        }

        #[test]
        fn what_is_written_with_two_decimals_is_read_as_such(hundredths in 0_i64..100_000_000_000) {
            let number: f64 = format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap();
            prop_assert_eq!(Hundredths::parse(number), Some(Hundredths(hundredths)));
        }

        #[test]
        fn no_number_panics(number: f64, rate: i64, seconds: i64) {
            let parsed = Hundredths::parse(number).unwrap_or(Hundredths::ONE);
            let _ = cents_of_work(rate, parsed, parsed);
            let _ = (cents_of_seconds(rate, seconds), percent(rate, seconds));
        }
    }
}
