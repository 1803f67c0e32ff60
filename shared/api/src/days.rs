//! The days that a list is asked for: `from` and `to`, both included.

use chrono::{Days, NaiveDate};

use crate::problem::Problem;
use crate::query::Query;

/// Days that are read when nobody says which.
const DEFAULT_DAYS: u64 = 30;
/// Days that are read at once.
const MAX_DAYS: i64 = 366;

/// As they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaysAsked {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// The first and the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl DaysAsked {
    /// Takes `from` and `to` from a query.
    pub fn parse(query: &mut Query<'_>) -> Self {
        let mut day = |name: &str| query.date(name).and_then(|text| text.parse().ok());
        let (from, to): (Option<NaiveDate>, Option<NaiveDate>) = (day("from"), day("to"));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            query.refuse(
                "from",
                "is behind `to`: it must be the same day or one before",
            );
        }
        Self { from, to }
    }

    /// Both days, of up to a year: the last 30 when nobody says. `today` counts where `to` is left out.
    ///
    /// # Errors
    /// More days than are read at once.
    pub fn span(self, today: NaiveDate) -> Result<Span, Problem> {
        let to = self
            .to
            .unwrap_or_else(|| self.from.map_or(today, |from| from.max(today)));
        let first = || to.checked_sub_days(Days::new(DEFAULT_DAYS.saturating_sub(1)));
        let from = self.from.or_else(first).unwrap_or(to);
        if to.signed_duration_since(from).num_days() >= MAX_DAYS {
            let detail = format!(
                "is more than {} days before {to}: ask for fewer days, or give `to`",
                MAX_DAYS.saturating_sub(1)
            );
            return Err(Problem::field("from", detail));
        }
        Ok(Span { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// On the tenth of March.
    fn asked(text: &str) -> Result<(String, String), Vec<String>> {
        let mut query = Query::parse(text);
        let asked = DaysAsked::parse(&mut query);
        let span = query.finish().and_then(|()| asked.span(day("2026-03-10")));
        span.map(|span| (span.from.to_string(), span.to.to_string()))
            .map_err(|problem| {
                problem
                    .errors
                    .into_iter()
                    .map(|error| error.field)
                    .collect()
            })
    }

    #[test]
    fn what_is_left_out_goes_by_today() {
        for (text, from, to) in [
            ("", "2026-02-09", "2026-03-10"),
            ("from=2026-03-01", "2026-03-01", "2026-03-10"),
            ("from=2026-04-01", "2026-04-01", "2026-04-01"),
            ("to=2025-03-01", "2025-01-31", "2025-03-01"),
            ("from=2025-03-10", "2025-03-10", "2026-03-10"),
            ("from=2020-01-01&to=2020-12-31", "2020-01-01", "2020-12-31"),
            ("to=0000-01-01", "-0001-12-03", "0000-01-01"),
        ] {
            assert_eq!(asked(text), Ok((from.to_owned(), to.to_owned())), "{text}");
        }
    }

    #[test]
    fn days_that_are_none_or_too_many_are_refused_by_name() {
        for text in [
            "from=2026-11-10&to=2026-11-01",
            "from=2025-03-09",
            "from=2019-12-31&to=2020-12-31",
        ] {
            assert_eq!(asked(text), Err(vec!["from".to_owned()]), "{text}");
        }
        assert_eq!(asked("to=tomorrow"), Err(vec!["to".to_owned()]));
    }
}
