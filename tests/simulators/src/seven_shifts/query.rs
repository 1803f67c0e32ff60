//! A query string, read as 7shifts reads it.
//!
//! A `+` in a query is a space, so a date-time with an offset must encode it as
//! `%2B`; unknown parameters are ignored.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use super::problem::Problem;

pub struct Query(Vec<(String, String)>);

/// A moment as a bound gave it: the instant, and the wall clock it was written
/// with (for `localize_search_time`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Unix seconds.
    pub instant: i64,
    pub wall_clock: NaiveDateTime,
}

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The last value of a parameter; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// RFC 3339; a date alone is refused.
    pub fn date_time(&self, name: &str) -> Result<Option<Bound>, Problem> {
        self.parsed(name, "must be an RFC 3339 date-time", |text| {
            let moment = DateTime::parse_from_rfc3339(text).ok()?;
            Some(Bound {
                instant: moment.timestamp(),
                wall_clock: moment.naive_local(),
            })
        })
    }

    /// `YYYY-MM-DD` and nothing else, as the start of that day in UTC.
    pub fn date(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.parsed(name, r"must match ^\d{4}-\d{2}-\d{2}$", |text| {
            Some(
                plain_date(text)?
                    .and_time(NaiveTime::MIN)
                    .and_utc()
                    .timestamp(),
            )
        })
    }

    /// `YYYY-MM-DD` and nothing else, as a day on the local calendar.
    pub fn day(&self, name: &str) -> Result<Option<NaiveDate>, Problem> {
        self.parsed(name, r"must match ^\d{4}-\d{2}-\d{2}$", plain_date)
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.parsed(name, "must be true or false", |text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    pub fn id(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.parsed(name, "must be an integer", |text| text.parse().ok())
    }

    /// A parameter that is sent once for each value.
    pub fn repeated_ids(&self, name: &str) -> Result<Vec<i64>, Problem> {
        self.0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| {
                value
                    .parse()
                    .map_err(|_| Problem::bad_parameter(name, format!("{name} must be integers.")))
            })
            .collect()
    }

    /// Comma separated.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<i64>>, Problem> {
        self.parsed(name, "must be integers separated by commas", |text| {
            text.split(',').map(|id| id.trim().parse().ok()).collect()
        })
    }

    /// One of the values given, or a refusal that lists them.
    pub fn one_of<T: Copy>(&self, name: &str, values: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let names: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
        let requirement = format!("must be one of {}", names.join(", "));
        self.parsed(name, &requirement, |text| {
            values
                .iter()
                .find(|(value, _)| *value == text)
                .map(|(_, meaning)| *meaning)
        })
    }

    fn parsed<T>(
        &self,
        name: &str,
        requirement: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        self.text(name)
            .map(|text| {
                parse(text)
                    .ok_or_else(|| Problem::bad_parameter(name, format!("{name} {requirement}.")))
            })
            .transpose()
    }
}

fn plain_date(text: &str) -> Option<NaiveDate> {
    (text.len() == 10)
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_that_is_not_encoded_is_a_space_and_so_not_a_date_time() {
        let instant = |text: &str| {
            Query::parse(text)
                .date_time("modified_since")
                .map(|bound| bound.unwrap().instant)
        };
        assert_eq!(
            instant("modified_since=2026-03-14T22:00:00Z"),
            Ok(1_773_525_600)
        );
        assert_eq!(
            instant("modified_since=2026-03-14T22:00:00%2B00:00"),
            Ok(1_773_525_600)
        );
        assert!(instant("modified_since=2026-03-14T22:00:00+00:00").is_err());
        assert!(instant("modified_since=2026-03-14").is_err());
    }

    #[test]
    fn a_date_is_ten_characters() {
        let date = |text: &str| Query::parse(text).date("d");
        assert_eq!(date("d=1970-01-02"), Ok(Some(86_400)));
        for wrong in ["d=1970-1-2", "d=1970-01-02T00:00:00Z", "d=1970-02-30"] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
        assert_eq!(date("d="), Ok(None));
        assert_eq!(date(""), Ok(None));
    }

    #[test]
    fn brackets_in_names_are_read_encoded_or_not() {
        for text in [
            "start[gte]=1970-01-01T00:00:01Z",
            "start%5Bgte%5D=1970-01-01T00:00:01Z",
        ] {
            let bound = Query::parse(text).date_time("start[gte]").unwrap().unwrap();
            assert_eq!(bound.instant, 1);
        }
    }
}
