//! The timestamp forms that providers put on the wire, as Unix seconds.

use chrono::{DateTime, SecondsFormat};

/// The last second that RFC 3339 can write (9999-12-31T23:59:59Z).
const LAST_SECOND: i64 = 253_402_300_799;

/// Reads an RFC 3339 date-time, whose offset may also be written without a colon
/// (`+0000`, as ISO 8601's basic form allows), as Unix seconds. A fraction of a second
/// is cut off. `None`: not a date-time.
///
/// One provider uses several styles at once: 7shifts writes `Z` on shifts, `+00:00` on
/// punches and `+0000` on roles.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let (start, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let sign = start.len().checked_sub(3)?;
    if !matches!(start.as_bytes().get(sign), Some(b'+' | b'-')) {
        return None;
    }
    DateTime::parse_from_rfc3339(&format!("{start}:{minutes}"))
        .ok()
        .map(|time| time.timestamp())
}

/// Writes Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`; a time outside the years 0 to 9999 is
/// moved to 1970 or 9999, which any filter understands.
#[must_use]
pub fn format(unix_seconds: i64) -> String {
    DateTime::from_timestamp(unix_seconds.clamp(0, LAST_SECOND), 0)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The calendar date (`YYYY-MM-DD`) that has begun at `unix_seconds` in every time zone
/// of the world, so that a filter by date asks for nothing too late, whichever zone the
/// provider reads it in: the UTC date twelve hours earlier.
#[must_use]
pub fn date_begun_everywhere(unix_seconds: i64) -> String {
    const WESTERNMOST_OFFSET_SECONDS: i64 = 12 * 3600;
    let seconds = unix_seconds.saturating_sub(WESTERNMOST_OFFSET_SECONDS);
    DateTime::from_timestamp(seconds.clamp(0, LAST_SECOND), 0)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .format("%Y-%m-%d")
        .to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_three_styles_of_one_second_agree() {
        for text in [
            "2026-03-14T22:00:00Z",
            "2026-03-14T22:00:00+00:00",
            "2026-03-14T22:00:00+0000",
            "2026-03-14T18:00:00-04:00",
            "2026-03-14T18:00:00-0400",
            "2026-03-14T22:00:00.750Z",
            "2026-03-14T22:00:00.750+0000",
        ] {
            assert_eq!(parse(text), Some(1_773_525_600), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_time_is_none() {
        for text in [
            "",
            "0",
            "Z",
            "+0000",
            "2026-03-14",
            "2026-03-14T22:00:00",
            "2026-02-30T22:00:00Z",
            "2026-03-14T25:00:00+0000",
            "2026-03-14T22:00:00+000",
            "0000-00-00T00:00:00+00:00",
            "1773525600",
            "2026-03-14T22:00:00+é0",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn filters_are_written_in_utc_and_stay_writable() {
        assert_eq!(format(1_773_525_600), "2026-03-14T22:00:00Z");
        assert_eq!(format(i64::MIN), "1970-01-01T00:00:00Z");
        assert_eq!(format(i64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_date_filter_never_starts_after_the_time_asked_for() {
        // 03:00 UTC on the 15th is still the 14th in Toronto.
        assert_eq!(date_begun_everywhere(1_773_543_600), "2026-03-14");
        assert_eq!(date_begun_everywhere(i64::MIN), "1970-01-01");
        assert_eq!(date_begun_everywhere(i64::MAX), "9999-12-31");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_reads_back(seconds in 0..=LAST_SECOND) {
            prop_assert_eq!(parse(&format(seconds)), Some(seconds));
        }
    }
}
