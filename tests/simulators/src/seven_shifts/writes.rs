//! What a caller may change: shifts, punches, wages and webhooks.
//!
//! Words on read are numbers on write (`attendance_status` / `status`,
//! `open_offer_type`); a wage that is sent is ignored, because it is worked out
//! from the user's wages.

mod wages;
mod webhooks;

use bytes::Bytes;
use chrono::DateTime;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::accounts::Accounts;
use super::model::{Company, Resource};
use super::mutation::{Mutation, NewBreak, NewPunch, NewShift, PunchChanges, ShiftChanges};
use super::problem::Problem;
use super::routes::{Reply, no_route, require_plan};
use super::shift::{AttendanceStatus, OpenOfferType, PlannedBreak};
use super::wire::{self, PunchWire, ShiftWire};
use crate::Error;

/// Answers a write to `/v2/company/{id}/` followed by `rest`.
pub fn answer(
    accounts: &mut Accounts,
    company_id: i64,
    method: &Method,
    rest: &[&str],
    body: &[u8],
    now: i64,
) -> Result<Reply, Problem> {
    let mut write = Write {
        accounts,
        company_id,
        now,
    };
    if let ["users", user_id, "wages"] = rest {
        return wages::answer(&mut write, method, user_id, body);
    }
    let resource = match rest.first() {
        Some(&"shifts") => Resource::Shifts,
        Some(&"time_punches") => Resource::TimePunches,
        Some(&"webhooks") => Resource::Webhooks,
        _ => return Err(no_route(method, &rest.join("/"))),
    };
    require_plan(write.company()?, resource)?;
    let id = rest
        .get(1)
        .map(|id| {
            id.parse::<i64>()
                .map_err(|_| Problem::not_found("Record", id))
        })
        .transpose()?;
    if resource == Resource::Webhooks {
        return webhooks::answer(&mut write, method, id, body);
    }
    match (method, resource, id) {
        (&Method::POST, Resource::Shifts, None) => write.create_shift(read(body)?),
        (&Method::PUT, Resource::Shifts, Some(id)) => write.update_shift(id, read(body)?),
        (&Method::DELETE, Resource::Shifts, Some(id)) => {
            write.delete(Mutation::DeleteShift { id, publish: true })
        }
        (&Method::POST, Resource::TimePunches, None) => write.create_punch(read_punch(body)?),
        (&Method::PUT, Resource::TimePunches, Some(id)) => {
            write.update_punch(id, read_punch(body)?)
        }
        (&Method::DELETE, Resource::TimePunches, Some(id)) => {
            write.delete(Mutation::DeletePunch { id })
        }
        _ => Err(method_not_allowed()),
    }
}

fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "The method is not allowed here.",
    )
}

struct Write<'a> {
    accounts: &'a mut Accounts,
    company_id: i64,
    now: i64,
}

#[derive(Deserialize)]
struct ShiftBody {
    location_id: Option<i64>,
    department_id: Option<i64>,
    role_id: Option<i64>,
    user_id: Option<i64>,
    start: Option<String>,
    end: Option<String>,
    notes: Option<String>,
    /// Absent counts as true on create: a schedule is published as a whole.
    draft: Option<bool>,
    open: Option<bool>,
    open_offer_type: Option<i64>,
    status: Option<i64>,
    late_minutes: Option<i64>,
    close: Option<bool>,
    business_decline: Option<bool>,
    breaks: Option<Vec<PlannedBreakBody>>,
}

#[derive(Deserialize)]
struct PlannedBreakBody {
    #[serde(default)]
    name: String,
    length: i64,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct PunchBody {
    location_id: Option<i64>,
    user_id: Option<i64>,
    department_id: Option<i64>,
    role_id: Option<i64>,
    shift_id: Option<i64>,
    clocked_in: Option<String>,
    clocked_out: Option<String>,
    tips: Option<i64>,
    notes: Option<String>,
    breaks: Option<Vec<BreakBody>>,
}

#[derive(Deserialize)]
struct BreakBody {
    paid: bool,
    r#in: String,
    #[serde(default)]
    out: Option<String>,
}

impl Write<'_> {
    fn create_shift(&mut self, body: ShiftBody) -> Result<Reply, Problem> {
        let settled = Attendance::read(&body)?;
        let id = self.apply(Mutation::AddShift(NewShift {
            location_id: required(body.location_id, "location_id")?,
            department_id: body.department_id,
            role_id: body.role_id,
            user_id: body.user_id.filter(|_| body.open != Some(true)),
            start: required(moment(body.start.as_deref(), "start")?, "start")?,
            end: required(moment(body.end.as_deref(), "end")?, "end")?,
            notes: body.notes.unwrap_or_default(),
            breaks: planned(body.breaks.unwrap_or_default()),
            open_offer_type: offer_type(body.open_offer_type)?,
            publish: body.draft == Some(false),
        }))?;
        self.settle(id, settled)?;
        Ok(Reply::created(self.shift(id)?))
    }

    fn update_shift(&mut self, id: i64, body: ShiftBody) -> Result<Reply, Problem> {
        let settled = Attendance::read(&body)?;
        self.apply(Mutation::EditShift {
            id,
            publish: body.draft != Some(true),
            changes: ShiftChanges {
                location_id: body.location_id,
                department_id: body.department_id,
                role_id: body.role_id,
                start: moment(body.start.as_deref(), "start")?,
                end: moment(body.end.as_deref(), "end")?,
                notes: body.notes,
                close: body.close,
                business_decline: body.business_decline,
                breaks: body.breaks.map(planned),
                user_id: body.user_id,
                open: body.open,
            },
        })?;
        self.settle(id, settled)?;
        Ok(Reply::ok(self.shift(id)?))
    }

    fn settle(&mut self, id: i64, attendance: Option<Attendance>) -> Result<(), Problem> {
        if let Some(attendance) = attendance {
            self.apply(Mutation::SetAttendance {
                id,
                status: attendance.status,
                late_minutes: attendance.late_minutes,
            })?;
        }
        Ok(())
    }

    fn create_punch(&mut self, body: PunchBody) -> Result<Reply, Problem> {
        let id = self.apply(Mutation::AddPunch(NewPunch {
            user_id: required(body.user_id, "user_id")?,
            location_id: required(body.location_id, "location_id")?,
            department_id: body.department_id,
            role_id: body.role_id,
            shift_id: body.shift_id,
            clocked_in: required(
                moment(body.clocked_in.as_deref(), "clocked_in")?,
                "clocked_in",
            )?,
            clocked_out: moment(body.clocked_out.as_deref(), "clocked_out")?,
            breaks: taken(body.breaks.unwrap_or_default())?,
            tips: body.tips.unwrap_or(0),
            notes: body.notes.unwrap_or_default(),
        }))?;
        Ok(Reply::created(self.punch(id)?))
    }

    fn update_punch(&mut self, id: i64, body: PunchBody) -> Result<Reply, Problem> {
        self.apply(Mutation::EditPunch {
            id,
            changes: PunchChanges {
                location_id: body.location_id,
                department_id: body.department_id,
                role_id: body.role_id,
                shift_id: body.shift_id,
                clocked_in: moment(body.clocked_in.as_deref(), "clocked_in")?,
                clocked_out: moment(body.clocked_out.as_deref(), "clocked_out")?,
                tips: body.tips,
                notes: body.notes,
                // Absent from the write schemas.
                approved: None,
                breaks: body.breaks.map(taken).transpose()?,
            },
        })?;
        Ok(Reply::ok(self.punch(id)?))
    }

    fn delete(&mut self, mutation: Mutation) -> Result<Reply, Problem> {
        self.apply(mutation)?;
        Ok(Reply::no_content())
    }

    fn apply(&mut self, mutation: Mutation) -> Result<i64, Problem> {
        let changed = self
            .accounts
            .apply(self.company_id, mutation, self.now)
            .map_err(|error| match error {
                Error::Unknown { what: "shift", id } => Problem::not_found("Shift", id),
                Error::Unknown {
                    what: "time punch",
                    id,
                } => Problem::not_found("Time punch", id),
                Error::Unknown {
                    what: "webhook",
                    id,
                } => Problem::not_found("Webhook", id),
                Error::Clash(what) => Problem::new(StatusCode::CONFLICT, what),
                Error::Unknown { what, .. } => {
                    Problem::bad_field(&format!("{what}_id"), error.to_string())
                }
                other => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, other.to_string()),
            })?;
        Ok(changed.id.unwrap_or_default())
    }

    fn shift(&self, id: i64) -> Result<Bytes, Problem> {
        let company = self.company()?;
        company
            .shifts
            .get(id)
            .map(|shift| wire::single("shift", ShiftWire::new(company, shift.newest())))
            .ok_or_else(|| Problem::not_found("Shift", id))
    }

    fn punch(&self, id: i64) -> Result<Bytes, Problem> {
        let company = self.company()?;
        company
            .time_punches
            .get(id)
            .map(|punch| wire::single("time_punch", PunchWire::new(company.id, punch)))
            .ok_or_else(|| Problem::not_found("Time punch", id))
    }

    fn company(&self) -> Result<&Company, Problem> {
        self.accounts
            .companies
            .get(&self.company_id)
            .ok_or_else(|| Problem::not_found("Company", self.company_id))
    }
}

struct Attendance {
    status: AttendanceStatus,
    late_minutes: i64,
}

impl Attendance {
    fn read(body: &ShiftBody) -> Result<Option<Self>, Problem> {
        let Some(number) = body.status else {
            return Ok(None);
        };
        let status = AttendanceStatus::from_write(number)
            .ok_or_else(|| Problem::bad_field("status", "status must be -1 to 5."))?;
        Ok(Some(Self {
            status,
            late_minutes: body.late_minutes.unwrap_or(0),
        }))
    }
}

fn offer_type(number: Option<i64>) -> Result<Option<OpenOfferType>, Problem> {
    number
        .map(|number| {
            OpenOfferType::from_write(number).ok_or_else(|| {
                Problem::bad_field("open_offer_type", "open_offer_type must be 0 to 3.")
            })
        })
        .transpose()
}

fn planned(breaks: Vec<PlannedBreakBody>) -> Vec<PlannedBreak> {
    breaks
        .into_iter()
        .map(|planned| PlannedBreak {
            name: planned.name,
            length: planned.length,
            paid: planned.kind == "paid",
        })
        .collect()
}

fn taken(breaks: Vec<BreakBody>) -> Result<Vec<NewBreak>, Problem> {
    breaks
        .into_iter()
        .map(|taken| {
            Ok(NewBreak {
                started: required(moment(Some(&taken.r#in), "in")?, "in")?,
                ended: moment(taken.out.as_deref(), "out")?,
                paid: taken.paid,
            })
        })
        .collect()
}

fn moment(text: Option<&str>, field: &str) -> Result<Option<i64>, Problem> {
    text.map(|text| {
        DateTime::parse_from_rfc3339(text)
            .map(|moment| moment.timestamp())
            .map_err(|_| Problem::bad_field(field, format!("{field} must be a date-time")))
    })
    .transpose()
}

fn required<T>(value: Option<T>, field: &str) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::bad_field(field, format!("{field} is required")))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
}

/// Flat as the reference says, or wrapped as one of the guides does.
fn read_punch(body: &[u8]) -> Result<PunchBody, Problem> {
    #[derive(Deserialize)]
    struct Wrapped {
        time_punch: PunchBody,
    }
    match serde_json::from_slice::<Wrapped>(body) {
        Ok(wrapped) => Ok(wrapped.time_punch),
        Err(_) => read(body),
    }
}
