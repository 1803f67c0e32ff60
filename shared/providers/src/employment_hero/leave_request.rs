//! When people are away.

use chrono::NaiveDate;
use serde::Deserialize;

use super::field::{Day, Id};
use crate::field::{Fault, Field, Hours, Items, Text};
use crate::record::Row;

/// Leave that someone asked for. It carries no stamp of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveRequest {
    pub id: String,
    pub employee_id: String,
    pub start_date: NaiveDate,
    /// The last day, itself away.
    pub end_date: NaiveDate,
    /// `Approved`, `Pending`, `Declined`, and others that the reference does not list.
    pub status: String,
    /// For example `Annual Leave`.
    pub leave_category_name: Option<String>,
    /// Hours on the wire.
    pub total_minutes: Option<i64>,
    /// Without an entry for a day, nothing is known of how much of it counts.
    pub hours_per_day: Vec<LeaveDay>,
}

/// How much of a day of [`LeaveRequest`] counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveDay {
    pub date: NaiveDate,
    /// Hours on the wire.
    pub minutes: i64,
}

impl LeaveRequest {
    /// Whether the status is this word, in whatever case.
    #[must_use]
    pub fn has_status(&self, word: &str) -> bool {
        self.status.trim().eq_ignore_ascii_case(word)
    }

    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.has_status("approved")
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct LeaveRequestWire {
    id: Field<Id>,
    employee_id: Field<Id>,
    start_date: Field<Day>,
    end_date: Field<Day>,
    status: Field<Text>,
    leave_category_name: Field<Text>,
    total_hours: Field<Hours>,
    hours_per_day: Items<LeaveDayWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LeaveDayWire {
    date: Field<Day>,
    hours: Field<Hours>,
}

impl Row for LeaveRequest {
    type Wire = LeaveRequestWire;
    type Id = String;

    fn wire_id(wire: &LeaveRequestWire) -> Option<String> {
        wire.id.as_text_id()
    }

    fn from_wire(wire: LeaveRequestWire) -> Result<Self, Fault> {
        let id = wire.id.required("id")?;
        let start_date = wire.start_date.required("start_date")?;
        let end_date = wire.end_date.required("end_date")?;
        if end_date < start_date {
            return Err(Fault::not("end_date", "on or after start_date"));
        }
        Ok(Self {
            id,
            employee_id: wire.employee_id.required("employee_id")?,
            start_date,
            end_date,
            // Guessing would approve what nobody looked at.
            status: wire.status.required("status")?,
            leave_category_name: wire.leave_category_name.optional("leave_category_name")?,
            total_minutes: wire.total_hours.optional("total_hours")?,
            hours_per_day: wire.hours_per_day.convert("hours_per_day", day)?,
        })
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}

fn day(wire: LeaveDayWire) -> Result<Option<LeaveDay>, Fault> {
    let day = LeaveDay {
        date: wire.date.required("date")?,
        minutes: wire.hours.required("hours")?,
    };
    if day.minutes < 0 {
        return Err(Fault::not("hours", "zero or more"));
    }
    Ok(Some(day))
}
