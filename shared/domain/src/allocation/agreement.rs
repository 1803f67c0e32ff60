//! The date that a deal's agreement starts, as a workflow sends it.

use chrono::{DateTime, Datelike as _, NaiveDate};

use super::dates;
use super::reason::Failure;
use super::settings::Fixes;
use crate::redact;

const DAY_MS: i64 = 86_400_000;

/// Reads milliseconds since 1970 (what a workflow sends), a date, or a time. Nothing, or blanks, is no date.
///
/// `local_date` says which local date a time, in Unix seconds, is on where the organization is: with a zone at
/// hand it is `|at| zone.date(at)`. A date without a time is that date, wherever it was written; a time
/// without an offset is a local time.
///
/// # Errors
/// [`Failure::MalformedAgreementDate`]; also for years that nobody means, such as those that seconds make when
/// they are taken for milliseconds.
pub fn parse(
    text: &str,
    fixes: &Fixes,
    local_date: impl Fn(i64) -> NaiveDate,
) -> Result<Option<NaiveDate>, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let date = milliseconds(text, fixes, &local_date).or_else(|| date_or_time(text, &local_date));
    date.filter(|date| (MEANT_FROM..=*dates::YEARS.end()).contains(&date.year()))
        .map(Some)
        .ok_or_else(|| Failure::MalformedAgreementDate {
            given: redact::excerpt(text, 60, &[]),
        })
}

/// Seconds of this century, taken for milliseconds, are in 1970.
const MEANT_FROM: i32 = 1990;

fn milliseconds(
    text: &str,
    fixes: &Fixes,
    local_date: impl Fn(i64) -> NaiveDate,
) -> Option<NaiveDate> {
    let ms: i64 = text.parse().ok()?;
    let at = ms.div_euclid(1_000);
    // A date property is midnight UTC of its date, which is the evening before west of Greenwich.
    if fixes.midnight_utc_is_a_date && ms.rem_euclid(DAY_MS) == 0 {
        return DateTime::from_timestamp(at, 0).map(|at| at.date_naive());
    }
    Some(local_date(at))
}

fn date_or_time(text: &str, local_date: impl Fn(i64) -> NaiveDate) -> Option<NaiveDate> {
    let written = dates::day(text)?;
    if text.len() == 10 {
        return Some(written);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(local_date(time.timestamp()));
    }
    // A time without an offset: what the wall shows.
    [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|form| chrono::NaiveDateTime::parse_from_str(text, form).ok())
    .map(|time| time.date())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hours ahead of UTC.
    fn at(offset: i64) -> impl Fn(i64) -> NaiveDate {
        move |at| {
            let at = at.saturating_add(offset * 3_600).clamp(0, 253_402_300_799);
            DateTime::from_timestamp(at, 0).unwrap().date_naive()
        }
    }

    fn read(text: &str, offset: i64) -> Option<String> {
        parse(text, &Fixes::corrected(), at(offset))
            .unwrap()
            .map(|date| date.to_string())
    }

    #[test]
    fn a_date_comes_in_several_forms() {
        for (text, offset, expected) in [
            // Midnight UTC is a date, in Sydney and in Toronto.
            ("1776643200000", 10, "2026-04-20"),
            ("1776643200000", -4, "2026-04-20"),
            // Midnight in Sydney is the evening before in UTC.
            ("1776607200000", 10, "2026-04-20"),
            ("2026-04-20", -4, "2026-04-20"),
            ("2026-04-20T23:00:00Z", 10, "2026-04-21"),
            ("2026-04-20T23:00:00+10:00", 10, "2026-04-20"),
            // What the wall shows.
            ("2026-04-20T23:00:00", 10, "2026-04-20"),
            ("2026-04-20 23:00", 10, "2026-04-20"),
            (" 2026-04-20 ", 10, "2026-04-20"),
        ] {
            assert_eq!(read(text, offset).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read(" ", 10), None);
    }

    #[test]
    fn without_the_correction_a_time_is_a_local_time() {
        let date = parse("1776643200000", &Fixes::compatible(), at(-4)).unwrap();
        assert_eq!(date.unwrap().to_string(), "2026-04-19");
    }

    #[test]
    fn what_is_no_date_is_told() {
        for text in [
            "soon",
            "20/04/2026",
            "2026-04-31",
            // Seconds.
            "1776643200",
            "-1",
            "99999999999999999999",
            "9223372036854775807",
            "2026-04-20T25:00:00",
            "2026-04-20Tomorrow",
            "12026-04-20",
        ] {
            let failure = parse(text, &Fixes::corrected(), at(10)).unwrap_err();
            assert_eq!(failure.reason(), "malformed_agreement_date", "{text}");
            assert!(failure.detail().contains(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}", ms in any::<i64>(), offset in -12..14i64) {
            for fixes in [Fixes::corrected(), Fixes::compatible()] {
                let _ = parse(&text, &fixes, at(offset));
                let _ = parse(&ms.to_string(), &fixes, at(offset));
            }
        }
    }
}
