//! Time zones: their names, and, with the feature `zones`, local time.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, redact};

/// The longest IANA name has 32 characters.
const MAX_NAME_CHARS: usize = 64;

/// The name of an IANA time zone.
///
/// The shape is always checked. That the zone exists is checked where the
/// feature `zones` links the database: at the edge, where settings come in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName(String);

impl ZoneName {
    /// # Errors
    /// [`Error::UnknownZone`].
    pub fn parse(text: &str) -> Result<Self> {
        let shaped = !text.is_empty()
            && text.len() <= MAX_NAME_CHARS
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'));
        #[cfg(feature = "zones")]
        let exists = shaped && local::exists(text);
        #[cfg(not(feature = "zones"))]
        let exists = shaped;
        if exists {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::UnknownZone(redact::excerpt(text, 60, &[])))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ZoneName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ZoneName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<ZoneName> for String {
    fn from(name: ZoneName) -> Self {
        name.0
    }
}

#[cfg(feature = "zones")]
mod local;
#[cfg(feature = "zones")]
pub use local::Zone;

#[cfg(feature = "zones")]
#[cfg(test)]
mod agreement;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_zone_is_refused_without_the_database() {
        for text in [
            "",
            "America/Tor onto",
            "../etc/passwd",
            "+05:00",
            "\u{0}",
            &"A".repeat(65),
        ] {
            let error = ZoneName::parse(text).unwrap_err();
            assert!(matches!(error, Error::UnknownZone(_)), "{text:?}");
        }
        assert_eq!(ZoneName::parse("Etc/GMT+5").unwrap().as_str(), "Etc/GMT+5");
        assert_eq!(
            ZoneName::parse("America/Argentina/ComodRivadavia")
                .unwrap()
                .to_string(),
            "America/Argentina/ComodRivadavia"
        );
    }

    #[cfg(feature = "zones")]
    mod with_database {
        use chrono::{NaiveDate, NaiveTime};

        use super::super::{Zone, ZoneName};

        fn instants(zone: &str, date: &str, time: &str) -> (i64, i64) {
            let date: NaiveDate = date.parse().unwrap();
            let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
            Zone::parse(zone).unwrap().instants(date, time)
        }

        fn utc(text: &str) -> i64 {
            chrono::DateTime::parse_from_rfc3339(text)
                .unwrap()
                .timestamp()
        }

        #[test]
        fn a_zone_that_does_not_exist_is_refused() {
            assert!(ZoneName::parse("America/Torontoo").is_err());
            assert!(Zone::parse("Mars/Olympus").is_err());
        }

        #[test]
        fn the_skipped_hour_ends_at_the_first_instant_after_it() {
            let end = utc("2026-03-08T07:00:00Z");
            assert_eq!(
                instants("America/Toronto", "2026-03-08", "02:00"),
                (end, end)
            );
            assert_eq!(
                instants("America/Toronto", "2026-03-08", "02:59"),
                (end, end)
            );
            assert_eq!(
                instants("America/Toronto", "2026-03-08", "03:00"),
                (end, end)
            );
        }

        #[test]
        fn a_gap_of_half_an_hour_is_a_gap() {
            // Lord Howe: 02:00 +10:30 becomes 02:30 +11.
            let end = utc("2026-10-03T15:30:00Z");
            assert_eq!(
                instants("Australia/Lord_Howe", "2026-10-04", "02:00"),
                (end, end)
            );
        }

        #[test]
        fn the_repeated_hour_has_two_instants() {
            assert_eq!(
                instants("Australia/Sydney", "2026-04-05", "02:00"),
                (utc("2026-04-04T15:00:00Z"), utc("2026-04-04T16:00:00Z"))
            );
        }

        #[test]
        fn a_clock_change_is_found_to_the_second() {
            let toronto = Zone::parse("America/Toronto").unwrap();
            let change = utc("2026-11-01T06:00:00Z");
            assert_eq!(
                toronto.clock_change(change - 40_000, change + 50_000),
                Some(change)
            );
            assert_eq!(toronto.clock_change(change, change + 50_000), None);
            assert_eq!(toronto.clock_change(i64::MAX, i64::MIN), None);
        }

        #[test]
        fn the_time_at_which_the_repeated_hour_ends_has_one() {
            // London: 02:00 BST becomes 01:00 GMT, so 02:00 itself comes once.
            let at = utc("2026-10-25T02:00:00Z");
            assert_eq!(instants("Europe/London", "2026-10-25", "02:00"), (at, at));
        }
    }
}
