//! What `params` ask for.

use api::Problem;
use api::seven_shifts_proxy::{SevenShiftsCall, SevenShiftsParams};
use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::{account, refusal};

/// Rows when the call does not say.
const DEFAULT_LIMIT: u16 = 250;
const MAX_LIMIT: u16 = 500;

/// A range of time, Unix seconds; both bounds are in it.
pub struct Window {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Window {
    pub fn of(params: &SevenShiftsParams) -> Result<Self, Problem> {
        Ok(Self {
            from: moment(
                "/params/startDate",
                params.start_date.as_deref(),
                NaiveTime::MIN,
            )?,
            to: moment(
                "/params/endDate",
                params.end_date.as_deref(),
                NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN),
            )?,
        })
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

/// A time, or a date, which begins and ends in UTC as the replaced system had it.
fn moment(field: &str, text: Option<&str>, of_day: NaiveTime) -> Result<Option<i64>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.timestamp());
    let date = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(|date| date.and_time(of_day).and_utc().timestamp())
    };
    let moment = time.or_else(|_| date()).map_err(|_| {
        refusal::bad_request(Problem::field(
            field,
            "must be a date like 2026-03-14 or a time like 2026-03-14T22:00:00Z",
        ))
    })?;
    Ok(Some(moment))
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
