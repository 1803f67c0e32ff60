//! When a delivery was signed, and whether that is near enough to now.

use super::Rejection;

/// Milliseconds since 1970 have 13 digits until the year 2286.
const MAX_DIGITS: usize = 15;

/// A timestamp: ASCII digits and nothing else, no sign, blank, or fraction.
#[must_use]
pub fn digits(text: &str) -> Option<i64> {
    let is_number =
        (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// The timestamp in a header.
///
/// # Errors
/// What is not digits alone is malformed.
pub fn timestamp(header: &str, text: &str) -> Result<i64, Rejection> {
    digits(text).ok_or_else(|| Rejection::malformed(header, "is not a timestamp of digits alone"))
}

/// Whether a delivery that was signed at `sent_at_ms` may still be taken, or already.
///
/// # Errors
/// [`Rejection::TooOld`] and [`Rejection::FromTheFuture`].
pub fn check(sent_at_ms: i64, tolerance_seconds: u32, now: i64) -> Result<(), Rejection> {
    let age_ms = now.saturating_mul(1_000).saturating_sub(sent_at_ms);
    let tolerance_ms = i64::from(tolerance_seconds) * 1_000;
    if age_ms > tolerance_ms {
        return Err(Rejection::TooOld {
            age_seconds: age_ms / 1_000,
            tolerance_seconds,
        });
    }
    let ahead_ms = age_ms.saturating_neg();
    if ahead_ms > tolerance_ms {
        return Err(Rejection::FromTheFuture {
            ahead_seconds: ahead_ms / 1_000,
            tolerance_seconds,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_is_digits_alone() {
        for text in [
            "",
            " ",
            "-1",
            "+1760000000",
            "1760000000.0",
            " 1760000000",
            "1760000000 ",
            "1760000000abc",
            "1e9",
            "0x10",
            "1_000",
            "１７６００００００",
            "1234567890123456",
        ] {
            assert_eq!(digits(text), None, "{text:?}");
        }
        assert_eq!(digits("0"), Some(0));
        assert_eq!(digits("1760000000"), Some(1_760_000_000));
        assert_eq!(digits("123456789012345"), Some(123_456_789_012_345));
    }

    #[test]
    fn the_clock_is_checked_on_both_sides() {
        let now = 1_760_000_000;
        for (age, code) in [
            (-302, "from_the_future"),
            (-301, "from_the_future"),
            (-300, "ok"),
            (-299, "ok"),
            (0, "ok"),
            (299, "ok"),
            (300, "ok"),
            (301, "too_old"),
            (302, "too_old"),
        ] {
            let checked = check((now - age) * 1_000, 300, now);
            assert_eq!(
                checked.as_ref().map_or_else(Rejection::code, |()| "ok"),
                code,
                "{age}"
            );
        }
        assert_eq!(
            check(now * 1_000 - 412_000, 300, now),
            Err(Rejection::TooOld {
                age_seconds: 412,
                tolerance_seconds: 300
            })
        );
        assert!(check(now * 1_000 - 300_001, 300, now).is_err());
        assert!(check(now * 1_000 + 300_001, 300, now).is_err());
    }

    proptest! {
        #[test]
        fn no_time_overflows(sent_at_ms: i64, tolerance: u32, now: i64) {
            let _ = check(sent_at_ms, tolerance, now);
        }
    }
}
