//! Moments as callers write them: a time, and in the replaced systems also a day, in UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

/// What a text has to be.
pub const EXPECTED: &str = "must be a date like 2026-03-14 or a time like 2026-03-14T22:00:00Z";

/// The latest time that is taken: in microseconds it is still a change sequence.
const LAST_TIME: i64 = 41_024_448_000;

/// Unix seconds of a time (RFC 3339); fractions are cut off.
///
/// # Errors
/// What the text has to be.
pub fn time(text: &str) -> Result<i64, &'static str> {
    // A `+` of an offset that was not encoded arrives as a blank.
    let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
        .map_err(|_| "must be a time like 2026-03-14T22:00:00Z")?
        .timestamp();
    if (0..=LAST_TIME).contains(&time) {
        Ok(time)
    } else {
        Err("must be a time from 1970 to 3269")
    }
}

/// Which second of it a day stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    First,
    Last,
}

/// Unix seconds of a time (RFC 3339; without an offset it is UTC's), or of an edge of a day.
#[must_use]
pub fn parse(text: &str, edge: Edge) -> Option<i64> {
    // A `+` of an offset that was not encoded arrives as a blank.
    let with_offset = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    if let Ok(time) = with_offset {
        return Some(time.timestamp());
    }
    let text_with_t = text.replacen(' ', "T", 1);
    // What a field for date and time sends has no seconds.
    let without = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text_with_t, form).ok());
    let day = || {
        let time = match edge {
            Edge::First => NaiveTime::MIN,
            Edge::Last => NaiveTime::from_hms_opt(23, 59, 59)?,
        };
        Some(text.parse::<NaiveDate>().ok()?.and_time(time))
    };
    Some(without.or_else(day)?.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_both_edges_of_a_day() {
        // 2026-03-14T22:00:00Z
        const TIME: i64 = 1_773_525_600;
        for text in [
            "2026-03-14T22:00:00Z",
            "2026-03-14T22:00:00.9Z",
            "2026-03-14T23:00:00 01:00",
            "2026-03-14T17:00:00-05:00",
            "2026-03-14T22:00:00",
            "2026-03-14T22:00:00.123",
            "2026-03-14 22:00:00",
            "2026-03-14T22:00",
        ] {
            for edge in [Edge::First, Edge::Last] {
                assert_eq!(parse(text, edge), Some(TIME), "{text}");
            }
        }
        assert_eq!(parse("2026-03-14", Edge::First), Some(TIME - 22 * 3_600));
        assert_eq!(parse("2026-03-14", Edge::Last), Some(TIME + 2 * 3_600 - 1));
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-03-14T25:00:00Z",
            "2026-03-14T",
            "14/03/2026",
            "1773525600",
        ] {
            assert_eq!(parse(text, Edge::First), None, "{text}");
        }
    }
}
