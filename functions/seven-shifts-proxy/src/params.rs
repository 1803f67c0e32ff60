//! What `params` ask for.

use api::Problem;
use api::moment::{self, Edge};
use api::seven_shifts_proxy::{SevenShiftsCall, SevenShiftsParams};
use chrono::{DateTime, NaiveDate};

use crate::{account, refusal};

/// Rows when the call does not say.
const DEFAULT_LIMIT: u16 = 250;
const MAX_LIMIT: u16 = 500;
/// Bytes; 7shifts' are a hundred or so.
const MAX_CURSOR: usize = 1_024;

/// A range of time, Unix seconds; both bounds are in it.
pub struct Window {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Window {
    pub fn of(params: &SevenShiftsParams) -> Result<Self, Problem> {
        let start = params.start_date.as_deref();
        let from = edge("/params/startDate", start, Edge::First)?;
        let to = edge("/params/endDate", params.end_date.as_deref(), Edge::Last)?;
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(refusal::bad_request(Problem::field(
                "/params/endDate",
                "is before startDate: send a later one, or leave it out",
            )));
        }
        Ok(Self { from, to })
    }

    pub fn first_day(&self) -> Option<NaiveDate> {
        self.from.and_then(day)
    }

    pub fn last_day(&self) -> Option<NaiveDate> {
        self.to.and_then(day)
    }

    pub fn holds(&self, moment: i64) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.to.is_none_or(|to| moment <= to)
    }
}

fn day(seconds: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp(seconds, 0).map(|time| time.date_naive())
}

fn edge(field: &str, text: Option<&str>, edge: Edge) -> Result<Option<i64>, Problem> {
    let refused = || refusal::bad_request(Problem::field(field, moment::EXPECTED));
    text.map(|text| moment::parse(text, edge).ok_or_else(refused))
        .transpose()
}

/// The most rows that the call wants.
pub fn limit(params: &SevenShiftsParams) -> Result<u16, Problem> {
    Ok(asked_limit(params)?.unwrap_or(DEFAULT_LIMIT))
}

/// The same, where a call that does not say wants all.
pub fn asked_limit(params: &SevenShiftsParams) -> Result<Option<u16>, Problem> {
    let Some(limit) = params.limit else {
        return Ok(None);
    };
    match u16::try_from(limit) {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(Some(limit)),
        _ => Err(refusal::bad_request(Problem::field(
            "/params/limit",
            format!("must be a number from 1 to {MAX_LIMIT}"),
        ))),
    }
}

/// Where a list goes on.
pub fn cursor(params: &SevenShiftsParams) -> Result<Option<String>, Problem> {
    match params.cursor.as_deref() {
        Some(cursor) if cursor.is_empty() || cursor.len() > MAX_CURSOR => {
            Err(refusal::bad_request(Problem::field(
                "/params/cursor",
                "is no `next_cursor` of an earlier answer",
            )))
        }
        cursor => Ok(cursor.map(str::to_owned)),
    }
}

/// The user that the call names, in `params` or beside it.
pub fn user_id(call: &SevenShiftsCall) -> Result<Option<i64>, Problem> {
    let within = account::number("/params/userId", call.params.user_id.as_deref())?;
    let beside = account::number("/userId", call.user_id.as_deref())?;
    match (within, beside) {
        (Some(within), Some(beside)) if within != beside => {
            Err(refusal::bad_request(Problem::field(
                "/userId",
                "is another user than /params/userId: send one of the two",
            )))
        }
        (within, beside) => Ok(within.or(beside)),
    }
}

/// The user without whom there is nothing to ask for.
pub fn required_user_id(call: &SevenShiftsCall) -> Result<i64, Problem> {
    user_id(call)?.ok_or_else(|| {
        refusal::bad_request(Problem::field(
            "/params/userId",
            "is missing: send the number of the 7shifts user, which `get_users` shows as `id`",
        ))
    })
}
