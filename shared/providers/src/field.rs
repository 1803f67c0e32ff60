//! One field of a foreign record.
//!
//! A field of the wrong type does not fail the record while it is parsed; it becomes
//! [`Field::Unreadable`], and the conversion that knows the field's name says so.

use std::fmt;
use std::marker::PhantomData;

use chrono::NaiveDate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::timestamp;

/// The most entries of a list inside a record (breaks of a punch, stations of a role).
const MAX_ITEMS: usize = 1_000;

/// More hours than any absence has; beyond, a number is a mistake.
const MAX_HOURS: u32 = 1_000_000;

/// The largest whole number that a float holds exactly (2^53).
const MAX_EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// Why a record cannot become a row. It names the field and never repeats its value,
/// which may be personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn missing(field: &str) -> Self {
        Self(format!("{field} is missing"))
    }

    pub(crate) fn not(field: &str, wanted: &str) -> Self {
        Self(format!("{field} is not {wanted}"))
    }

    /// The same fault of an entry of a list.
    pub(crate) fn within(self, list: &str, position: usize) -> Self {
        Self(format!("{list}[{position}].{}", self.0))
    }

    pub(crate) fn into_reason(self) -> String {
        self.0
    }
}

/// What a record holds for one field. Missing, null and empty text are one and the same.
#[derive(Default)]
pub(crate) enum Field<S: Scalar> {
    #[default]
    Absent,
    Value(S::Value),
    Unreadable,
}

impl<S: Scalar> Field<S> {
    pub(crate) fn optional(self, name: &str) -> Result<Option<S::Value>, Fault> {
        match self {
            Self::Absent => Ok(None),
            Self::Value(value) => Ok(Some(value)),
            Self::Unreadable => Err(Fault::not(name, S::WANTED)),
        }
    }

    pub(crate) fn required(self, name: &str) -> Result<S::Value, Fault> {
        self.optional(name)?.ok_or_else(|| Fault::missing(name))
    }

    pub(crate) fn or_default(self, name: &str) -> Result<S::Value, Fault>
    where
        S::Value: Default,
    {
        Ok(self.optional(name)?.unwrap_or_default())
    }
}

impl Field<Integer> {
    /// The record's own id, before the record is taken apart.
    pub(crate) fn as_id(&self) -> Option<i64> {
        match self {
            Self::Value(id) if *id > 0 => Some(*id),
            _ => None,
        }
    }

    pub(crate) fn id(self, name: &str) -> Result<i64, Fault> {
        match self.required(name)? {
            id if id > 0 => Ok(id),
            _ => Err(Fault::not(name, "an id")),
        }
    }

    /// A reference to another record, where zero means none.
    pub(crate) fn link(self, name: &str) -> Result<Option<i64>, Fault> {
        match self.optional(name)? {
            None | Some(0) => Ok(None),
            Some(id) if id > 0 => Ok(Some(id)),
            Some(_) => Err(Fault::not(name, "an id")),
        }
    }
}

/// How one kind of value is read from each JSON type. What is not overridden is unreadable.
pub(crate) trait Scalar: Sized {
    type Value;
    /// Completes the sentence "`field` is not …".
    const WANTED: &'static str;

    fn from_text(_: &str) -> Field<Self> {
        Field::Unreadable
    }
    fn from_integer(_: i64) -> Field<Self> {
        Field::Unreadable
    }
    fn from_float(_: f64) -> Field<Self> {
        Field::Unreadable
    }
    fn from_bool(_: bool) -> Field<Self> {
        Field::Unreadable
    }
}

/// A whole number within `i64`; also when sent as text or as `18.0`.
pub(crate) struct Integer;

impl Scalar for Integer {
    type Value = i64;
    const WANTED: &'static str = "a whole number of 64 bits";

    fn from_text(text: &str) -> Field<Self> {
        match text.trim() {
            "" => Field::Absent,
            digits => digits.parse().map_or(Field::Unreadable, Field::Value),
        }
    }

    fn from_integer(number: i64) -> Field<Self> {
        Field::Value(number)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within 2^53, so the cast is exact"
    )]
    fn from_float(number: f64) -> Field<Self> {
        if number.fract() == 0.0 && number.abs() <= MAX_EXACT_FLOAT {
            Field::Value(number as i64)
        } else {
            Field::Unreadable
        }
    }
}

/// Text, or a whole number where a code such as `punch_id` was sent as one. NUL is left
/// out: SQLite's text functions stop at it.
pub(crate) struct Text;

impl Scalar for Text {
    type Value = String;
    const WANTED: &'static str = "text";

    fn from_text(text: &str) -> Field<Self> {
        let text = if text.contains('\0') {
            text.replace('\0', "")
        } else {
            text.to_owned()
        };
        if text.is_empty() {
            Field::Absent
        } else {
            Field::Value(text)
        }
    }

    fn from_integer(number: i64) -> Field<Self> {
        Field::Value(number.to_string())
    }
}

pub(crate) struct Flag;

impl Scalar for Flag {
    type Value = bool;
    const WANTED: &'static str = "true or false";

    fn from_text(text: &str) -> Field<Self> {
        match text {
            "" => Field::Absent,
            "true" | "1" => Field::Value(true),
            "false" | "0" => Field::Value(false),
            _ => Field::Unreadable,
        }
    }

    fn from_integer(number: i64) -> Field<Self> {
        match number {
            0 => Field::Value(false),
            1 => Field::Value(true),
            _ => Field::Unreadable,
        }
    }

    fn from_bool(flag: bool) -> Field<Self> {
        Field::Value(flag)
    }
}

/// A mark of deletion: a flag, or any text (the time of deletion) beside null.
pub(crate) struct DeletionMark;

impl Scalar for DeletionMark {
    type Value = bool;
    const WANTED: &'static str = "a mark of deletion";

    fn from_text(text: &str) -> Field<Self> {
        match Flag::from_text(text) {
            Field::Absent => Field::Absent,
            Field::Value(flag) => Field::Value(flag),
            Field::Unreadable => Field::Value(true),
        }
    }

    fn from_integer(number: i64) -> Field<Self> {
        Field::Value(number != 0)
    }

    fn from_bool(flag: bool) -> Field<Self> {
        Field::Value(flag)
    }
}

/// A date-time as Unix seconds.
pub(crate) struct Time;

impl Scalar for Time {
    type Value = i64;
    const WANTED: &'static str = "a date-time";

    fn from_text(text: &str) -> Field<Self> {
        if text.is_empty() {
            return Field::Absent;
        }
        timestamp::parse(text).map_or(Field::Unreadable, Field::Value)
    }
}

/// A calendar date, `YYYY-MM-DD` and nothing else.
pub(crate) struct Date;

impl Scalar for Date {
    type Value = NaiveDate;
    const WANTED: &'static str = "a date";

    fn from_text(text: &str) -> Field<Self> {
        if text.is_empty() {
            return Field::Absent;
        }
        // chrono alone would also take `2026-3-1`, signs, and years of five digits.
        let is_plain = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_plain {
            return Field::Unreadable;
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or(Field::Unreadable, Field::Value)
    }
}

/// A time of day on a local clock, `HH:MM` or `HH:MM:SS`, as `HH:MM:SS`. `24:00:00` is the
/// end of a day.
pub(crate) struct ClockTime;

impl Scalar for ClockTime {
    type Value = String;
    const WANTED: &'static str = "a time of day";

    fn from_text(text: &str) -> Field<Self> {
        if text.is_empty() {
            return Field::Absent;
        }
        read_clock_time(text).map_or(Field::Unreadable, Field::Value)
    }
}

fn read_clock_time(text: &str) -> Option<String> {
    let mut parts = text.split(':').map(|part| {
        let is_plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse::<u8>().ok()).flatten()
    });
    let hours = parts.next()??;
    let minutes = parts.next()??;
    let seconds = parts.next().unwrap_or(Some(0))?;
    let is_time = match hours {
        0..24 => minutes < 60 && seconds < 60,
        24 => minutes == 0 && seconds == 0,
        _ => false,
    };
    (is_time && parts.next().is_none()).then(|| format!("{hours:02}:{minutes:02}:{seconds:02}"))
}

/// A number of hours, whole or not, as minutes: `7.5` is 450. Rounded to the minute.
pub(crate) struct Hours;

impl Scalar for Hours {
    type Value = i64;
    const WANTED: &'static str = "a number of hours";

    fn from_text(text: &str) -> Field<Self> {
        match text.trim() {
            "" => Field::Absent,
            number => number.parse().map_or(Field::Unreadable, Self::from_float),
        }
    }

    fn from_integer(number: i64) -> Field<Self> {
        match number.checked_mul(60) {
            Some(minutes) if number.unsigned_abs() <= u64::from(MAX_HOURS) => Field::Value(minutes),
            _ => Field::Unreadable,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within the bound, so the cast is exact"
    )]
    fn from_float(number: f64) -> Field<Self> {
        if number.is_finite() && number.abs() <= f64::from(MAX_HOURS) {
            Field::Value((number * 60.0).round() as i64)
        } else {
            Field::Unreadable
        }
    }
}

impl<'de, S: Scalar> Deserialize<'de> for Field<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<S>(PhantomData<S>);

impl<'de, S: Scalar> Visitor<'de> for FieldVisitor<S> {
    type Value = Field<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Field<S>, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Field<S>, E> {
        Ok(S::from_bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Field<S>, E> {
        Ok(S::from_integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field<S>, E> {
        Ok(i64::try_from(number).map_or(Field::Unreadable, S::from_integer))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Field<S>, E> {
        Ok(S::from_float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field<S>, E> {
        Ok(S::from_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<S>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Unreadable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<S>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Unreadable)
    }
}

/// A JSON object. Derived structs alone would also take an array, field by position.
pub(crate) struct Object<W>(pub(crate) W);

impl<'de, W: Deserialize<'de>> Deserialize<'de> for Object<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<W>(PhantomData<W>);

impl<'de, W: Deserialize<'de>> Visitor<'de> for ObjectVisitor<W> {
    type Value = Object<W>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<W>, A::Error> {
        W::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// An object that may be null, or the empty array that PHP writes for an empty object.
pub(crate) struct OptionalObject<W>(pub(crate) W);

impl<W: Default> Default for OptionalObject<W> {
    fn default() -> Self {
        Self(W::default())
    }
}

impl<'de, W: Deserialize<'de> + Default> Deserialize<'de> for OptionalObject<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OptionalObjectVisitor(PhantomData))
    }
}

struct OptionalObjectVisitor<W>(PhantomData<W>);

impl<'de, W: Deserialize<'de> + Default> Visitor<'de> for OptionalObjectVisitor<W> {
    type Value = OptionalObject<W>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or nothing")
    }

    fn visit_unit<E: Error>(self) -> Result<OptionalObject<W>, E> {
        Ok(OptionalObject::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OptionalObject<W>, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(OptionalObject::default()),
            Some(_) => Err(Error::custom("a list in place of an object")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OptionalObject<W>, A::Error> {
        W::deserialize(MapAccessDeserializer::new(map)).map(OptionalObject)
    }
}

/// A list of objects inside a record; null is the empty list.
pub(crate) struct Items<W>(Vec<W>);

impl<W> Default for Items<W> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<W> Items<W> {
    /// Converts each entry; `None` leaves it out. A fault says which entry of `list` it was.
    pub(crate) fn convert<T>(
        self,
        list: &str,
        convert: impl Fn(W) -> Result<Option<T>, Fault>,
    ) -> Result<Vec<T>, Fault> {
        self.0
            .into_iter()
            .enumerate()
            .filter_map(|(position, item)| {
                convert(item)
                    .map_err(|fault| fault.within(list, position))
                    .transpose()
            })
            .collect()
    }
}

impl<'de, W: Deserialize<'de>> Deserialize<'de> for Items<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemsVisitor(PhantomData))
    }
}

struct ItemsVisitor<W>(PhantomData<W>);

impl<'de, W: Deserialize<'de>> Visitor<'de> for ItemsVisitor<W> {
    type Value = Items<W>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Items<W>, E> {
        Ok(Items::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<W>, A::Error> {
        let mut items = Vec::new();
        while let Some(Object(item)) = seq.next_element()? {
            if items.len() == MAX_ITEMS {
                return Err(Error::custom("too many entries in a list"));
            }
            items.push(item);
        }
        Ok(Items(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<S: Scalar>(json: &str) -> Result<Option<S::Value>, Fault> {
        serde_json::from_str::<Field<S>>(json)
            .unwrap()
            .optional("f")
    }

    #[test]
    fn whole_numbers_are_read_from_every_spelling_and_nothing_else() {
        for (json, value) in [
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("\"7\"", Some(7)),
            ("\" 7 \"", Some(7)),
            ("18.0", Some(18)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("null", None),
            ("\"\"", None),
        ] {
            assert_eq!(read::<Integer>(json), Ok(value), "{json}");
        }
        for json in [
            "1.5",
            "9223372036854775808",
            "1180591620717411303424",
            "1e300",
            "\"1.5\"",
            "\"seven\"",
            "true",
            "[]",
            "{\"a\":[1]}",
        ] {
            let fault = read::<Integer>(json).unwrap_err();
            assert_eq!(
                fault.into_reason(),
                "f is not a whole number of 64 bits",
                "{json}"
            );
        }
    }

    #[test]
    fn codes_sent_as_numbers_are_text_and_nul_is_left_out() {
        assert_eq!(read::<Text>("\"0625\""), Ok(Some("0625".into())));
        assert_eq!(read::<Text>("625"), Ok(Some("625".into())));
        assert_eq!(read::<Text>("\"a\\u0000b\""), Ok(Some("ab".into())));
        assert_eq!(read::<Text>("\"\\u0000\""), Ok(None));
        assert!(read::<Text>("1.5").is_err());
        assert!(read::<Text>("true").is_err());
        assert!(read::<Text>("[\"a\"]").is_err());
    }

    #[test]
    fn flags_are_read_from_every_spelling_and_nothing_else() {
        for json in ["true", "1", "\"true\"", "\"1\""] {
            assert_eq!(read::<Flag>(json), Ok(Some(true)), "{json}");
        }
        for json in ["false", "0", "\"false\"", "\"0\""] {
            assert_eq!(read::<Flag>(json), Ok(Some(false)), "{json}");
        }
        for json in ["2", "\"yes\"", "1.0", "{}"] {
            assert!(read::<Flag>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn any_text_marks_a_deletion_but_a_spelt_out_no() {
        for json in ["true", "1", "\"2026-03-14 22:00:00\"", "\"yes\""] {
            assert_eq!(read::<DeletionMark>(json), Ok(Some(true)), "{json}");
        }
        for json in ["false", "0", "\"0\"", "\"false\""] {
            assert_eq!(read::<DeletionMark>(json), Ok(Some(false)), "{json}");
        }
        for json in ["null", "\"\""] {
            assert_eq!(read::<DeletionMark>(json), Ok(None), "{json}");
        }
        assert!(read::<DeletionMark>("[]").is_err());
    }

    #[test]
    fn a_date_is_ten_characters_of_the_calendar() {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(read::<Date>("\"2026-03-14\""), Ok(Some(date(2026, 3, 14))));
        for json in ["null", "\"\""] {
            assert_eq!(read::<Date>(json), Ok(None), "{json}");
        }
        for json in [
            "\"2026-02-30\"",
            "\"2026-3-14\"",
            "\"0000-00-00\"",
            "\"2026-03-14T00:00:00Z\"",
            "\"14.03.2026\"",
            "20260314",
            "\"-026-03-14\"",
        ] {
            assert!(read::<Date>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_time_of_day_is_read_with_and_without_seconds() {
        for (json, time) in [
            ("\"09:00\"", Some("09:00:00")),
            ("\"23:59:59\"", Some("23:59:59")),
            ("\"24:00:00\"", Some("24:00:00")),
            ("\"\"", None),
            ("null", None),
        ] {
            assert_eq!(
                read::<ClockTime>(json),
                Ok(time.map(str::to_owned)),
                "{json}"
            );
        }
        for json in [
            "\"9:00\"",
            "\"24:00:01\"",
            "\"12:60\"",
            "\"12\"",
            "\"12:00:00:00\"",
            "\"+1:00\"",
            "\"noon\"",
            "540",
        ] {
            assert!(read::<ClockTime>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn hours_are_minutes_however_they_are_spelt() {
        for (json, minutes) in [
            ("8", 480),
            ("7.5", 450),
            ("\"7.50\"", 450),
            ("0.33", 20),
            ("-4", -240),
        ] {
            assert_eq!(read::<Hours>(json), Ok(Some(minutes)), "{json}");
        }
        for json in [
            "1e300",
            "9223372036854775807",
            "\"NaN\"",
            "\"all day\"",
            "true",
        ] {
            assert!(read::<Hours>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn zero_and_null_link_to_nothing() {
        let link = |json| {
            serde_json::from_str::<Field<Integer>>(json)
                .unwrap()
                .link("f")
        };
        assert_eq!(link("0"), Ok(None));
        assert_eq!(link("null"), Ok(None));
        assert_eq!(link("12"), Ok(Some(12)));
        assert_eq!(link("-1"), Err(Fault::not("f", "an id")));
    }

    #[test]
    fn a_list_inside_a_record_is_bounded() {
        #[derive(serde::Deserialize)]
        struct Empty {}
        let list = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert!(serde_json::from_str::<Items<Empty>>(&list(MAX_ITEMS)).is_ok());
        assert!(serde_json::from_str::<Items<Empty>>(&list(MAX_ITEMS + 1)).is_err());
    }
}
