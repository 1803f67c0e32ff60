//! Kinds of values that only Employment Hero writes so.

use chrono::NaiveDate;

use crate::field::{Date, Field, Scalar, Text};

/// UUIDs are 36 characters long.
const MAX_ID_BYTES: usize = 64;

/// An id. They are UUIDs; anything is taken that can stand in a path.
pub(super) struct Id;

impl Id {
    pub(super) fn is_id(text: &str) -> bool {
        (1..=MAX_ID_BYTES).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    }
}

impl Scalar for Id {
    type Value = String;
    const WANTED: &'static str = "an id";

    fn from_text(text: &str) -> Field<Self> {
        match text {
            "" => Field::Absent,
            id if Self::is_id(id) => Field::Value(id.to_owned()),
            _ => Field::Unreadable,
        }
    }

    fn from_integer(number: i64) -> Field<Self> {
        Self::from_text(&number.to_string())
    }
}

impl Field<Id> {
    /// The record's own id, before the record is taken apart.
    pub(super) fn as_text_id(&self) -> Option<String> {
        match self {
            Self::Value(id) => Some(id.clone()),
            _ => None,
        }
    }
}

/// A day, by the first ten characters of a date or a date-time.
pub(super) struct Day;

impl Scalar for Day {
    type Value = NaiveDate;
    const WANTED: &'static str = "a date";

    fn from_text(text: &str) -> Field<Self> {
        let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
        if !matches!(rest.bytes().next(), None | Some(b'T' | b' ')) {
            return Field::Unreadable;
        }
        match Date::from_text(day) {
            Field::Absent => Field::Absent,
            Field::Value(day) => Field::Value(day),
            Field::Unreadable => Field::Unreadable,
        }
    }
}

/// A mail address as it is compared: without blanks around it, in lower case.
pub(super) struct Mail;

impl Scalar for Mail {
    type Value = String;
    const WANTED: &'static str = Text::WANTED;

    fn from_text(text: &str) -> Field<Self> {
        let mail = text.trim().replace('\0', "").to_lowercase();
        if mail.is_empty() {
            Field::Absent
        } else {
            Field::Value(mail)
        }
    }
}
