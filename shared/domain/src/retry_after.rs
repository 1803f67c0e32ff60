//! The `Retry-After` header (RFC 9110 section 10.2.3).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::retry::MAX_RETRY_SECS;

/// How long to wait, at most [`MAX_RETRY_SECS`].
///
/// A whole number is seconds. A date (any of the three forms of RFC 9110 section
/// 5.6.7) is taken against the answer's own `Date` header where that is readable,
/// so that a provider's wrong clock does not matter, else against `now` (Unix
/// seconds); one that has passed is no wait. Anything else, two values included,
/// says nothing: `None`, and the caller backs off by itself.
#[must_use]
pub fn parse(header: &str, date_header: Option<&str>, now: i64) -> Option<Duration> {
    let header = header.trim_matches([' ', '\t']);
    let secs = if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are more than the limit.
        header.parse().unwrap_or(i64::MAX)
    } else {
        let base = date_header.and_then(unix_secs).unwrap_or(now);
        unix_secs(header)?.saturating_sub(base)
    };
    Some(Duration::from_secs(
        secs.clamp(0, MAX_RETRY_SECS).unsigned_abs(),
    ))
}

fn unix_secs(date: &str) -> Option<i64> {
    let at: SystemTime = httpdate::parse_http_date(date.trim()).ok()?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 784_111_777;

    fn secs(header: &str, date: Option<&str>, now: i64) -> Option<u64> {
        parse(header, date, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_unreadable_says_nothing() {
        for header in [
            "",
            "1.5",
            "-3",
            "+5",
            "soon",
            "5, 10",
            "5 10",
            "0x10",
            "Sun, 06 Nov",
        ] {
            assert_eq!(secs(header, None, NOW), None, "{header}");
        }
    }

    #[test]
    fn seconds_are_clamped_to_an_hour() {
        assert_eq!(secs("0", None, NOW), Some(0));
        assert_eq!(secs(" 60\t", None, NOW), Some(60));
        assert_eq!(secs("86400", None, NOW), Some(3_600));
        assert_eq!(secs("99999999999999999999999", None, NOW), Some(3_600));
    }

    #[test]
    fn all_three_forms_of_a_date_mean_the_same() {
        for header in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(secs(header, None, NOW - 90), Some(90), "{header}");
            assert_eq!(secs(header, None, NOW + 90), Some(0), "{header}");
        }
    }

    #[test]
    fn a_date_is_taken_against_the_answers_own_clock() {
        let header = "Sun, 06 Nov 1994 08:49:37 GMT";
        let date = Some("Sun, 06 Nov 1994 08:49:07 GMT");
        assert_eq!(secs(header, date, NOW + 5_000), Some(30));
        assert_eq!(secs(header, Some("yesterday"), NOW - 7), Some(7));
    }

    proptest! {
        #[test]
        fn no_header_panics_or_waits_longer_than_an_hour(header in "\\PC{0,60}", date in "\\PC{0,60}", now: i64) {
            if let Some(wait) = parse(&header, Some(&date), now) {
                prop_assert!(wait <= Duration::from_secs(3_600));
            }
        }
    }
}
