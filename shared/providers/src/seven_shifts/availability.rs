//! When people can work.

use chrono::NaiveDate;
use serde::Deserialize;

use super::RequestStatus;
use crate::field::{ClockTime, Date, Fault, Field, Flag, Integer, Text, Time};
use crate::record::Row;

/// When someone can work in one week, or in every week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    pub id: i64,
    pub user_id: i64,
    pub company_id: Option<i64>,
    /// The first day of the first week it is about.
    pub week: Option<NaiveDate>,
    /// The end of a repetition; `None`: none is set.
    pub week_to: Option<NaiveDate>,
    /// Every week from `week` on; else that week alone.
    pub repeat: bool,
    pub status: RequestStatus,
    /// Who approved or declined it.
    pub status_action_user_id: Option<i64>,
    pub status_action_message: Option<String>,
    /// Monday first.
    pub days: [AvailabilityDay; 7],
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

/// One weekday of an [`Availability`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityDay {
    /// As on the wire: what the numbers mean is not documented.
    pub code: Option<i64>,
    /// `HH:MM:SS` on the local clock, as is `to`.
    pub from: Option<String>,
    pub to: Option<String>,
    pub comments: Option<String>,
    /// The [`AvailabilityReason`]; text on the wire.
    pub reason_id: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct AvailabilityWire {
    id: Field<Integer>,
    user_id: Field<Integer>,
    company_id: Field<Integer>,
    week: Field<Date>,
    week_to: Field<Date>,
    repeat: Field<Flag>,
    status: Field<Integer>,
    status_action_user_id: Field<Integer>,
    status_action_message: Field<Text>,
    mon: Field<Integer>,
    mon_from: Field<ClockTime>,
    mon_to: Field<ClockTime>,
    mon_comments: Field<Text>,
    mon_reason: Field<Integer>,
    tue: Field<Integer>,
    tue_from: Field<ClockTime>,
    tue_to: Field<ClockTime>,
    tue_comments: Field<Text>,
    tue_reason: Field<Integer>,
    wed: Field<Integer>,
    wed_from: Field<ClockTime>,
    wed_to: Field<ClockTime>,
    wed_comments: Field<Text>,
    wed_reason: Field<Integer>,
    thu: Field<Integer>,
    thu_from: Field<ClockTime>,
    thu_to: Field<ClockTime>,
    thu_comments: Field<Text>,
    thu_reason: Field<Integer>,
    fri: Field<Integer>,
    fri_from: Field<ClockTime>,
    fri_to: Field<ClockTime>,
    fri_comments: Field<Text>,
    fri_reason: Field<Integer>,
    sat: Field<Integer>,
    sat_from: Field<ClockTime>,
    sat_to: Field<ClockTime>,
    sat_comments: Field<Text>,
    sat_reason: Field<Integer>,
    sun: Field<Integer>,
    sun_from: Field<ClockTime>,
    sun_to: Field<ClockTime>,
    sun_comments: Field<Text>,
    sun_reason: Field<Integer>,
    created: Field<Time>,
    modified: Field<Time>,
}

macro_rules! day {
    ($wire:ident, $code:ident $from:ident $to:ident $comments:ident $reason:ident) => {
        AvailabilityDay {
            code: $wire.$code.optional(stringify!($code))?,
            from: $wire.$from.optional(stringify!($from))?,
            to: $wire.$to.optional(stringify!($to))?,
            comments: $wire.$comments.optional(stringify!($comments))?,
            reason_id: $wire.$reason.link(stringify!($reason))?,
        }
    };
}

impl Row for Availability {
    type Wire = AvailabilityWire;
    type Id = i64;

    fn wire_id(wire: &AvailabilityWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: AvailabilityWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            user_id: wire.user_id.id("user_id")?,
            company_id: wire.company_id.link("company_id")?,
            week: wire.week.optional("week")?,
            week_to: wire.week_to.optional("week_to")?,
            repeat: wire.repeat.or_default("repeat")?,
            // Guessing would approve what nobody looked at.
            status: wire.status.required("status")?.into(),
            status_action_user_id: wire.status_action_user_id.link("status_action_user_id")?,
            status_action_message: wire
                .status_action_message
                .optional("status_action_message")?,
            days: [
                day!(wire, mon mon_from mon_to mon_comments mon_reason),
                day!(wire, tue tue_from tue_to tue_comments tue_reason),
                day!(wire, wed wed_from wed_to wed_comments wed_reason),
                day!(wire, thu thu_from thu_to thu_comments thu_reason),
                day!(wire, fri fri_from fri_to fri_comments fri_reason),
                day!(wire, sat sat_from sat_to sat_comments sat_reason),
                day!(wire, sun sun_from sun_to sun_comments sun_reason),
            ],
            created: wire.created.optional("created")?,
            modified: wire.modified.optional("modified")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        self.company_id
    }
}

/// Why someone cannot work, as the company words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityReason {
    pub id: i64,
    pub company_id: Option<i64>,
    pub reason: String,
    pub comments_required: Option<bool>,
    pub sort: Option<i64>,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct AvailabilityReasonWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    reason: Field<Text>,
    comments_required: Field<Flag>,
    sort: Field<Integer>,
    created: Field<Time>,
    modified: Field<Time>,
}

impl Row for AvailabilityReason {
    type Wire = AvailabilityReasonWire;
    type Id = i64;

    fn wire_id(wire: &AvailabilityReasonWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: AvailabilityReasonWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            reason: wire.reason.required("reason")?,
            comments_required: wire.comments_required.optional("comments_required")?,
            sort: wire.sort.optional("sort")?,
            created: wire.created.optional("created")?,
            modified: wire.modified.optional("modified")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        self.company_id
    }
}
