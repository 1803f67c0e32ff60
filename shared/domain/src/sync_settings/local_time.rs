//! A time of day on the wall, to the minute.

use std::{fmt, str::FromStr};

const MINUTES_PER_DAY: u16 = 1_440;

/// `00:00` to `23:59`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    minute_of_day: u16,
}

impl LocalTime {
    /// Minutes since local midnight, 0 to 1439.
    #[must_use]
    pub const fn minute_of_day(self) -> u16 {
        self.minute_of_day
    }

    /// `None` from 24 hours on.
    #[must_use]
    pub const fn from_minute_of_day(minute_of_day: u16) -> Option<Self> {
        if minute_of_day < MINUTES_PER_DAY {
            Some(Self { minute_of_day })
        } else {
            None
        }
    }
}

/// The text is not `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALocalTime;

impl FromStr for LocalTime {
    type Err = NotALocalTime;

    fn from_str(text: &str) -> Result<Self, NotALocalTime> {
        let [h1, h2, b':', m1, m2] = *text.as_bytes() else {
            return Err(NotALocalTime);
        };
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(u16::from(byte - b'0')),
            _ => Err(NotALocalTime),
        };
        let hour = digit(h1)? * 10 + digit(h2)?;
        let minute = digit(m1)? * 10 + digit(m2)?;
        if minute > 59 {
            return Err(NotALocalTime);
        }
        Self::from_minute_of_day(hour * 60 + minute).ok_or(NotALocalTime)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02}:{:02}",
            self.minute_of_day / 60,
            self.minute_of_day % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_hh_mm_is_a_time() {
        for text in [
            "", "6:00", "06:0", "24:00", "12:60", "ab:cd", "06-00", "06:00:00", "０6:00", "-1:00",
        ] {
            assert_eq!(text.parse::<LocalTime>(), Err(NotALocalTime), "{text}");
        }
        assert_eq!("23:59".parse::<LocalTime>().unwrap().minute_of_day(), 1_439);
    }

    proptest! {
        #[test]
        fn every_minute_prints_what_it_parses(minute in 0u16..1_440) {
            let time = LocalTime::from_minute_of_day(minute).unwrap();
            prop_assert_eq!(time.to_string().parse::<LocalTime>().unwrap(), time);
        }
    }
}
