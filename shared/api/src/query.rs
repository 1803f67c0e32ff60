//! Query strings, parsed into types; every wrong parameter is named, all at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};

use crate::moment::{self, Edge};
use crate::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::problem::{FieldError, Problem};

/// The last first day of a week: the calendar ends with 9999.
const LAST_WEEK: &str = "9999-12-25";

/// The parameters of a request, each taken at most once; what nobody took is refused in the end.
pub struct Query<'a> {
    values: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    errors: Vec<FieldError>,
    is_lenient: bool,
}

impl<'a> Query<'a> {
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut query = Self {
            values: BTreeMap::new(),
            errors: Vec::new(),
            is_lenient: false,
        };
        let mut doubled = BTreeSet::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if query.values.insert(name.clone(), value).is_some() {
                doubled.insert(name);
            }
        }
        for name in doubled {
            // Neither value counts, so neither is judged.
            query.values.remove(&name);
            query.refuse(&name, "is given twice: send it once");
        }
        query
    }

    /// Reads as the replaced systems did: what a form has left empty counts as left out, truth may be
    /// written `True`, as Python does, and what nobody takes is passed over, as the `_` is that a
    /// script adds against a cache.
    pub fn lenient(&mut self) {
        self.values.retain(|_, value| !value.is_empty());
        self.is_lenient = true;
    }

    /// The parameter as text of at most 1024 characters.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = self.values.remove(name)?;
        if value.is_empty() || value.chars().count() > 1024 {
            self.refuse(name, "must have 1 to 1024 characters");
            return None;
        }
        Some(value.into_owned())
    }

    /// The parameter as `true` or `false`.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let mut value = self.values.remove(name)?;
        if self.is_lenient {
            value = value.to_ascii_lowercase().into();
        }
        match value.as_ref() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => {
                self.refuse(name, "must be true or false");
                None
            }
        }
    }

    /// The parameter as a moment (RFC 3339), in Unix seconds; fractions are cut off.
    pub fn time(&mut self, name: &str) -> Option<i64> {
        let value = self.values.remove(name)?;
        match moment::time(&value) {
            Ok(time) => Some(time),
            Err(expected) => {
                self.refuse(name, expected);
                None
            }
        }
    }

    /// The parameter as a time or as an edge of a day, in Unix seconds.
    pub fn moment(&mut self, name: &str, edge: Edge) -> Option<i64> {
        let value = self.values.remove(name)?;
        let moment = moment::parse(&value, edge);
        if moment.is_none() {
            self.refuse(name, moment::EXPECTED);
        }
        moment
    }

    /// The parameter as a date, `YYYY-MM-DD`.
    pub fn date(&mut self, name: &str) -> Option<String> {
        let value = self.values.remove(name)?;
        match NaiveDate::parse_from_str(&value, "%Y-%m-%d") {
            // Written again, so that dates compare as text.
            Ok(date) if (0..=9999).contains(&date.year()) => Some(date.to_string()),
            _ => {
                self.refuse(name, "must be a date like 2026-03-14");
                None
            }
        }
    }

    /// The parameter as the first day of a week, `YYYY-MM-DD`. All seven days have dates of four digits.
    pub fn week(&mut self, name: &str) -> Option<String> {
        let first = self.date(name)?;
        if first.as_str() > LAST_WEEK {
            self.refuse(
                name,
                format!("must be {LAST_WEEK} or before: the calendar ends six days later"),
            );
            return None;
        }
        Some(first)
    }

    /// The parameter as a whole number.
    pub fn number(&mut self, name: &str, allowed: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let value = self.values.remove(name)?;
        let number = value.parse().ok().filter(|number| allowed.contains(number));
        if number.is_none() {
            let (first, last) = (allowed.start(), allowed.end());
            self.refuse(
                name,
                format!("must be a whole number from {first} to {last}"),
            );
        }
        number
    }

    /// The parameter as one of `allowed`.
    pub fn one_of(&mut self, name: &str, allowed: &[&str]) -> Option<String> {
        let value = self.values.remove(name)?;
        if allowed.contains(&value.as_ref()) {
            return Some(value.into_owned());
        }
        self.refuse(name, format!("must be one of {}", allowed.join(", ")));
        None
    }

    /// The parameter as an id (UUID).
    pub fn id(&mut self, name: &str) -> Option<String> {
        let value = self.values.remove(name)?;
        if is_id(&value) {
            return Some(value.to_ascii_lowercase());
        }
        self.refuse(name, "must be an id (UUID) from an earlier answer");
        None
    }

    /// `limit`, 1 to 500, 100 by default.
    pub fn limit(&mut self) -> u32 {
        let Some(value) = self.values.remove("limit") else {
            return DEFAULT_LIMIT;
        };
        match value.parse() {
            Ok(limit @ 1..=MAX_LIMIT) => limit,
            _ => {
                self.refuse("limit", format!("must be a number from 1 to {MAX_LIMIT}"));
                DEFAULT_LIMIT
            }
        }
    }

    /// Adds an error that the caller found.
    pub fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::new(name, detail));
    }

    /// Ends the parsing.
    ///
    /// # Errors
    /// Every parameter that was wrong, or that this route does not take.
    pub fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<_> = self
            .values
            .keys()
            .filter(|_| !self.is_lenient)
            .map(|name| {
                FieldError::new(
                    domain::redact::excerpt(name, 64, &[]),
                    "is not a parameter of this route",
                )
            })
            .collect();
        self.errors.extend(unknown);
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.errors))
        }
    }
}

/// Whether a text is an id of ours: a hyphenated UUID.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let mut query = Query::parse(
            "limit=0&open=maybe&starts_from=yesterday&status=odd&connector_id=7&nonsense=1",
        );
        query.limit();
        query.boolean("open");
        query.time("starts_from");
        query.one_of("status", &["success"]);
        query.id("connector_id");
        let fields: Vec<_> = query
            .finish()
            .unwrap_err()
            .errors
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            [
                "limit",
                "open",
                "starts_from",
                "status",
                "connector_id",
                "nonsense"
            ]
        );
    }

    #[test]
    fn a_week_ends_within_the_calendar() {
        let week = |text: &str| {
            let mut query = Query::parse(text);
            let week = query.week("week");
            query
                .finish()
                .map(|()| week)
                .map_err(|problem| problem.errors)
        };
        for (text, first) in [
            ("", None),
            ("week=2027-02-08", Some("2027-02-08")),
            ("week=9999-12-25", Some("9999-12-25")),
        ] {
            assert_eq!(week(text).unwrap().as_deref(), first, "{text}");
        }
        for text in ["week=9999-12-26", "week=9999-12-31"] {
            let errors = week(text).unwrap_err();
            assert_eq!(errors.len(), 1, "{text}");
            assert_eq!(errors[0].field, "week");
            assert!(errors[0].detail.contains("9999-12-25"), "{text}");
        }
        // Named once, for what is wrong with it.
        assert_eq!(week("week=soon").unwrap_err().len(), 1);
    }

    #[test]
    fn a_parameter_that_is_given_twice_is_named_once_whatever_its_values() {
        for text in [
            "open=true&open=false",
            "open=maybe&open=true",
            "open=maybe&open=odd",
        ] {
            let mut query = Query::parse(text);
            assert_eq!(query.boolean("open"), None, "{text}");
            let errors = query.finish().unwrap_err().errors;
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            assert_eq!(errors[0].field, "open");
            assert!(errors[0].detail.contains("given twice"), "{errors:?}");
        }
    }

    #[test]
    fn what_a_form_leaves_empty_and_what_nobody_takes_is_left_out() {
        let text = "store_id=&active_only=True&from=2026-03-14&to=2026-03-14&_=1790000000";
        let mut query = Query::parse(text);
        query.lenient();
        assert_eq!(query.text("store_id"), None);
        assert_eq!(query.boolean("active_only"), Some(true));
        let (from, to) = (
            query.moment("from", Edge::First),
            query.moment("to", Edge::Last),
        );
        assert_eq!(from.zip(to).map(|(from, to)| to - from), Some(86_399));
        query.finish().unwrap();

        let mut query = Query::parse("store_id=&active_only=True&from=noon");
        query.text("store_id");
        query.boolean("active_only");
        query.moment("from", Edge::First);
        assert_eq!(query.finish().unwrap_err().errors.len(), 3);
    }

    #[test]
    fn good_parameters() {
        let mut query = Query::parse(
            "starts_from=2026-03-14T22:00:00+01:00&starts_to=2026-03-14T22%3A00%3A00Z&limit=500",
        );
        assert_eq!(query.time("starts_from"), Some(1_773_522_000));
        assert_eq!(query.time("starts_to"), Some(1_773_525_600));
        assert_eq!(query.limit(), 500);
        assert_eq!(query.finish(), Ok(()));
    }
}
