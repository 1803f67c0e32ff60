//! When people are away.

use chrono::NaiveDate;
use serde::Deserialize;

use super::RequestStatus;
use crate::field::{ClockTime, Date, Fault, Field, Flag, Hours, Integer, Items, Text, Time};
use crate::record::Row;

/// Time off that someone asked for. It carries no stamp of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOff {
    pub id: i64,
    pub user_id: i64,
    pub company_id: Option<i64>,
    pub from_date: NaiveDate,
    /// The last day, itself away.
    pub to_date: NaiveDate,
    /// A part of a day only.
    pub partial: bool,
    /// `HH:MM:SS` on the local clock, as is `partial_to`.
    pub partial_from: Option<String>,
    pub partial_to: Option<String>,
    pub comments: Option<String>,
    pub status: RequestStatus,
    /// Who approved or declined it.
    pub status_action_user_id: Option<i64>,
    pub status_action_message: Option<String>,
    /// `paid`, `unpaid`, `paid_sick`, or a category of the company's own.
    pub category: Option<String>,
    /// Hours on the wire.
    pub amount_minutes: Option<i64>,
    pub hours: Vec<TimeOffDay>,
    pub created: Option<i64>,
}

/// How much of a day of [`TimeOff`] counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOffDay {
    pub date: NaiveDate,
    /// Hours on the wire.
    pub minutes: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct TimeOffWire {
    id: Field<Integer>,
    user_id: Field<Integer>,
    company_id: Field<Integer>,
    from_date: Field<Date>,
    to_date: Field<Date>,
    partial: Field<Flag>,
    partial_from: Field<ClockTime>,
    partial_to: Field<ClockTime>,
    comments: Field<Text>,
    status: Field<Integer>,
    status_action_user_id: Field<Integer>,
    status_action_message: Field<Text>,
    category: Field<Text>,
    amount_of_hours: Field<Hours>,
    hours: Items<TimeOffDayWire>,
    created: Field<Time>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TimeOffDayWire {
    date: Field<Date>,
    hours: Field<Hours>,
    /// What it is called on write.
    num_hours: Field<Hours>,
}

impl Row for TimeOff {
    type Wire = TimeOffWire;
    type Id = i64;

    fn wire_id(wire: &TimeOffWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: TimeOffWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            user_id: wire.user_id.id("user_id")?,
            company_id: wire.company_id.link("company_id")?,
            from_date: wire.from_date.required("from_date")?,
            to_date: wire.to_date.required("to_date")?,
            partial: wire.partial.or_default("partial")?,
            partial_from: wire.partial_from.optional("partial_from")?,
            partial_to: wire.partial_to.optional("partial_to")?,
            comments: wire.comments.optional("comments")?,
            // Guessing would approve what nobody looked at.
            status: wire.status.required("status")?.into(),
            status_action_user_id: wire.status_action_user_id.link("status_action_user_id")?,
            status_action_message: wire
                .status_action_message
                .optional("status_action_message")?,
            category: wire.category.optional("category")?,
            amount_minutes: wire.amount_of_hours.optional("amount_of_hours")?,
            hours: wire.hours.convert("hours", day)?,
            created: wire.created.optional("created")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        self.company_id
    }
}

fn day(wire: TimeOffDayWire) -> Result<Option<TimeOffDay>, Fault> {
    let minutes = match wire.hours.optional("hours")? {
        Some(minutes) => minutes,
        None => wire.num_hours.or_default("num_hours")?,
    };
    Ok(Some(TimeOffDay {
        date: wire.date.required("date")?,
        minutes,
    }))
}
