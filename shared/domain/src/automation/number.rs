//! The order of JSON numbers, by exact arithmetic.

use std::cmp::Ordering;

use serde_json::Number;

/// 2 to the power of 64: above every integer that is not held as a double.
const BEYOND_INTEGERS: f64 = 18_446_744_073_709_551_616.0;

/// A total order. Doubles stand for the exact value that they hold, and both zeros are one.
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    // What nearly all numbers are; 128 bits are slow in WebAssembly.
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return a.cmp(&b);
    }
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(a), None) => compare_whole(a, double(b)),
        (None, Some(b)) => compare_whole(b, double(a)).reverse(),
        (None, None) => double(a).total_cmp(&double(b)),
    }
}

/// Never NaN and never infinite: JSON has neither. Adding zero makes a negative zero positive.
fn double(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default() + 0.0
}

/// An integer of 64 bits, of either sign, against a double. Making a double of the integer would
/// round it.
fn compare_whole(whole: i128, double: f64) -> Ordering {
    if double >= BEYOND_INTEGERS {
        return Ordering::Less;
    }
    if double <= -BEYOND_INTEGERS {
        return Ordering::Greater;
    }
    let floor = double.floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and less than 2^64 away from zero"
    )]
    let order = whole.cmp(&(floor as i128));
    order.then(if double > floor {
        Ordering::Less
    } else {
        Ordering::Equal
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn spellings_and_large_integers() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, order) in [
            ("1", "1.0", Equal),
            ("1", "1e0", Equal),
            ("100", "1e2", Equal),
            ("0", "-0.0", Equal),
            ("0.0", "-0.0", Equal),
            ("0.1", "0.10", Equal),
            ("0.5", "0", Greater),
            ("-0.5", "0", Less),
            ("-1", "-1.5", Greater),
            ("-2", "-1.5", Less),
            ("9007199254740993", "9007199254740992", Greater),
            ("9007199254740993", "9007199254740992.0", Greater),
            ("9007199254740991", "9007199254740992.0", Less),
            ("18446744073709551615", "18446744073709551616", Less),
            ("18446744073709551615", "18446744073709551614", Greater),
            ("-9223372036854775808", "-9223372036854775808.0", Equal),
            ("-9223372036854775807", "-9223372036854775808.0", Greater),
            ("9223372036854775807", "9223372036854775808.0", Less),
            ("1", "1e308", Less),
            ("1", "-1e308", Greater),
            ("0", "5e-324", Less),
        ] {
            assert_eq!(compare(&number(a), &number(b)), order, "{a} {b}");
            assert_eq!(compare(&number(b), &number(a)), order.reverse(), "{b} {a}");
        }
    }

    /// The exact value in binary: its sign, and its digits from 2^1100 down to 2^-1100.
    fn digits(number: &Number) -> (bool, Vec<u8>) {
        const LOWEST: i32 = -1_100;
        let (is_negative, mantissa, exponent) = if let Some(whole) = number.as_i128() {
            (whole < 0, whole.unsigned_abs(), 0)
        } else {
            let bits = number.as_f64().unwrap().to_bits();
            let raw = i32::try_from((bits >> 52) & 0x7ff).unwrap();
            let fraction = u128::from(bits & ((1 << 52) - 1));
            // IEEE 754 section 3.4.
            let (mantissa, exponent) = if raw == 0 {
                (fraction, -1_074)
            } else {
                (fraction | (1 << 52), raw - 1_075)
            };
            (bits >> 63 == 1, mantissa, exponent)
        };
        let mut digits = vec![0; 2_201];
        for bit in 0..128 {
            if mantissa >> bit & 1 == 1 {
                let place = usize::try_from(bit + exponent - LOWEST).unwrap();
                digits[2_200 - place] = 1;
            }
        }
        (is_negative && mantissa != 0, digits)
    }

    fn exact(a: &Number, b: &Number) -> Ordering {
        match (digits(a), digits(b)) {
            ((false, a), (false, b)) => a.cmp(&b),
            ((true, a), (true, b)) => b.cmp(&a),
            ((true, _), (false, _)) => Ordering::Less,
            ((false, _), (true, _)) => Ordering::Greater,
        }
    }

    fn any_number() -> impl Strategy<Value = Number> {
        let double = |float: f64| Number::from_f64(float).unwrap_or_else(|| 0.into());
        prop_oneof![
            any::<u64>().prop_map(Number::from),
            any::<i64>().prop_map(Number::from),
            any::<f64>().prop_map(double),
            (-3i64..=3).prop_map(Number::from),
            (-6i32..=6).prop_map(move |halves| double(f64::from(halves) / 2.0)),
            // Around what a double holds to the last digit, and where 64 bits end.
            (
                prop::sample::select(vec![1u64 << 53, 1 << 62, 1 << 63, u64::MAX - 2]),
                0u64..3
            )
                .prop_map(|(base, more)| Number::from(base.saturating_add(more))),
            (
                prop::sample::select(vec![1u64 << 53, 1 << 62, 1 << 63, u64::MAX]),
                -3i64..3
            )
                .prop_map(move |(base, steps)| {
                    #[expect(clippy::cast_precision_loss, reason = "any double will do")]
                    let near = (base as f64).to_bits().saturating_add_signed(steps);
                    double(f64::from_bits(near))
                }),
        ]
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_exact_arithmetic(a in any_number(), b in any_number()) {
            prop_assert_eq!(compare(&a, &b), exact(&a, &b));
        }

        #[test]
        fn the_order_is_total(a in any_number(), b in any_number(), c in any_number()) {
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater);
            }
        }
    }
}
