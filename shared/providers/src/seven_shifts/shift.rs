//! Planned work.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, Items, Text, Time};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub id: i64,
    /// `None`: an open or unassigned shift.
    pub user_id: Option<i64>,
    pub company_id: Option<i64>,
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    pub station: Option<i64>,
    pub station_name: Option<String>,
    pub station_id: Option<i64>,
    pub start: i64,
    pub end: i64,
    /// Ends at closing time; `end` is then not meaningful.
    pub close: bool,
    /// Ends when business slows down.
    pub business_decline: bool,
    /// Cents, worked out by 7shifts; 0 when unknown.
    pub hourly_wage: i64,
    pub notes: Option<String>,
    /// Holds work that is not published yet, also on a shift that was published before.
    pub draft: bool,
    pub notified: bool,
    pub open: bool,
    /// A template's shift that nobody could take.
    pub unassigned: bool,
    pub open_offer_type: Option<String>,
    /// `draft`, `published`, `draft_deleted`, `published_deleted`.
    pub publish_status: Option<String>,
    /// `none`, `sick`, `no_show`, `late`, `called_off`, `called_in`, `custom`.
    pub attendance_status: Option<String>,
    pub late_minutes: i64,
    pub deleted: bool,
    /// The time of deletion, as sent.
    pub soft_deleted: Option<String>,
    pub breaks: Vec<ShiftBreak>,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

impl Shift {
    /// Whether 7shifts marks the shift as deleted, in either of its two ways.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted || self.soft_deleted.is_some()
    }
}

/// A planned break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftBreak {
    pub id: Option<i64>,
    pub name: Option<String>,
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// Minutes.
    pub length: Option<i64>,
    /// `paid`, `unpaid`.
    pub r#type: Option<String>,
    pub break_type_id: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ShiftWire {
    id: Field<Integer>,
    user_id: Field<Integer>,
    company_id: Field<Integer>,
    location_id: Field<Integer>,
    department_id: Field<Integer>,
    role_id: Field<Integer>,
    station: Field<Integer>,
    station_name: Field<Text>,
    station_id: Field<Integer>,
    start: Field<Time>,
    end: Field<Time>,
    close: Field<Flag>,
    business_decline: Field<Flag>,
    hourly_wage: Field<Integer>,
    notes: Field<Text>,
    draft: Field<Flag>,
    notified: Field<Flag>,
    open: Field<Flag>,
    unassigned: Field<Flag>,
    open_offer_type: Field<Text>,
    publish_status: Field<Text>,
    attendance_status: Field<Text>,
    late_minutes: Field<Integer>,
    /// The published schemas misspell it; the wire has not been seen to.
    late_minuets: Field<Integer>,
    deleted: Field<Flag>,
    soft_deleted: Field<Text>,
    breaks: Items<ShiftBreakWire>,
    created: Field<Time>,
    modified: Field<Time>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ShiftBreakWire {
    id: Field<Integer>,
    name: Field<Text>,
    start: Field<Time>,
    end: Field<Time>,
    length: Field<Integer>,
    r#type: Field<Text>,
    break_type_id: Field<Integer>,
}

impl Row for Shift {
    type Wire = ShiftWire;
    type Id = i64;

    fn wire_id(wire: &ShiftWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: ShiftWire) -> Result<Self, Fault> {
        let late_minutes = match wire.late_minutes.optional("late_minutes")? {
            Some(minutes) => minutes,
            None => wire.late_minuets.or_default("late_minuets")?,
        };
        Ok(Self {
            id: wire.id.id("id")?,
            user_id: wire.user_id.link("user_id")?,
            company_id: wire.company_id.link("company_id")?,
            location_id: wire.location_id.link("location_id")?,
            department_id: wire.department_id.link("department_id")?,
            role_id: wire.role_id.link("role_id")?,
            station: wire.station.optional("station")?,
            station_name: wire.station_name.optional("station_name")?,
            station_id: wire.station_id.link("station_id")?,
            start: wire.start.required("start")?,
            end: wire.end.required("end")?,
            close: wire.close.or_default("close")?,
            business_decline: wire.business_decline.or_default("business_decline")?,
            hourly_wage: wire.hourly_wage.or_default("hourly_wage")?,
            notes: wire.notes.optional("notes")?,
            draft: wire.draft.or_default("draft")?,
            notified: wire.notified.or_default("notified")?,
            open: wire.open.or_default("open")?,
            unassigned: wire.unassigned.or_default("unassigned")?,
            open_offer_type: wire.open_offer_type.optional("open_offer_type")?,
            publish_status: wire.publish_status.optional("publish_status")?,
            attendance_status: wire.attendance_status.optional("attendance_status")?,
            late_minutes,
            deleted: wire.deleted.or_default("deleted")?,
            soft_deleted: wire.soft_deleted.optional("soft_deleted")?,
            breaks: wire.breaks.convert("breaks", shift_break)?,
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

fn shift_break(wire: ShiftBreakWire) -> Result<Option<ShiftBreak>, Fault> {
    Ok(Some(ShiftBreak {
        id: wire.id.link("id")?,
        name: wire.name.optional("name")?,
        start: wire.start.optional("start")?,
        end: wire.end.optional("end")?,
        length: wire.length.optional("length")?,
        r#type: wire.r#type.optional("type")?,
        break_type_id: wire.break_type_id.link("break_type_id")?,
    }))
}
