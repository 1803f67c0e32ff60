//! Dates as people and providers write them.

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};

/// Years that a person or a provider can mean. What is outside was mistyped, or is a time in the wrong unit.
pub(super) const YEARS: RangeInclusive<i32> = 1970..=2199;

/// `YYYY-MM-DD`, or what begins so and goes on with a time, of which nothing is read: the day is taken as it is
/// written, whatever zone the rest names.
#[must_use]
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let rest = text.get(10..)?;
    if !(rest.is_empty() || rest.starts_with(['T', 't', ' '])) {
        return None;
    }
    strict_day(text.get(..10)?)
}

/// `YYYY-MM-DD` and nothing else.
pub(super) fn strict_day(text: &str) -> Option<NaiveDate> {
    let has_shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    text.parse()
        .ok()
        .filter(|day: &NaiveDate| has_shape && YEARS.contains(&day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let read = |text| day(text).map(|day| day.to_string());
        assert_eq!(read(" 2026-03-23 ").as_deref(), Some("2026-03-23"));
        assert_eq!(
            read("2026-03-23T00:00:00+00:00").as_deref(),
            Some("2026-03-23")
        );
        assert_eq!(read("2026-03-23 09:00").as_deref(), Some("2026-03-23"));
        for text in [
            "",
            "2026-3-23",
            "23/03/2026",
            "2026-02-30",
            "2026-03-234",
            "12026-03-23",
            "+2026-03-2",
            "0001-01-01",
            "9999-12-31",
            "2026-03-2é",
            "２０２６-03-23",
        ] {
            assert_eq!(day(text), None, "{text:?}");
        }
    }
}
