//! Work that was done.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, Items, Text, Time};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimePunch {
    pub id: i64,
    pub company_id: Option<i64>,
    pub user_id: Option<i64>,
    /// `None`: a loose punch, linked to no shift.
    pub shift_id: Option<i64>,
    pub role_id: Option<i64>,
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub clocked_in: i64,
    /// `None`: still on the clock.
    pub clocked_out: Option<i64>,
    /// Cents, worked out by 7shifts; 0 when unknown.
    pub hourly_wage: i64,
    /// Cents; may be negative.
    pub tips: i64,
    pub approved: bool,
    pub auto_clocked_out: bool,
    pub clocked_in_offline: bool,
    pub clocked_out_offline: bool,
    /// False: a point-of-sale system owns the punch.
    pub editable_punch: Option<bool>,
    pub notes: Option<String>,
    /// `web`, `toast`, …
    pub pos_type: Option<String>,
    pub deleted: bool,
    pub breaks: Vec<Break>,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

/// A break that was taken. Worked time is `clocked_out - clocked_in` less the unpaid
/// breaks that are not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub id: Option<i64>,
    pub custom_break_id: Option<i64>,
    pub paid: bool,
    pub r#in: i64,
    /// `None`: still on break.
    pub out: Option<i64>,
    pub deleted: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct TimePunchWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    user_id: Field<Integer>,
    shift_id: Field<Integer>,
    role_id: Field<Integer>,
    location_id: Field<Integer>,
    department_id: Field<Integer>,
    clocked_in: Field<Time>,
    clocked_out: Field<Time>,
    hourly_wage: Field<Integer>,
    tips: Field<Integer>,
    approved: Field<Flag>,
    auto_clocked_out: Field<Flag>,
    clocked_in_offline: Field<Flag>,
    clocked_out_offline: Field<Flag>,
    editable_punch: Field<Flag>,
    notes: Field<Text>,
    pos_type: Field<Text>,
    deleted: Field<Flag>,
    breaks: Items<BreakWire>,
    created: Field<Time>,
    modified: Field<Time>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct BreakWire {
    id: Field<Integer>,
    custom_break_id: Field<Integer>,
    paid: Field<Flag>,
    r#in: Field<Time>,
    out: Field<Time>,
    deleted: Field<Flag>,
}

impl Row for TimePunch {
    type Wire = TimePunchWire;
    type Id = i64;

    fn wire_id(wire: &TimePunchWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: TimePunchWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            user_id: wire.user_id.link("user_id")?,
            shift_id: wire.shift_id.link("shift_id")?,
            role_id: wire.role_id.link("role_id")?,
            location_id: wire.location_id.link("location_id")?,
            department_id: wire.department_id.link("department_id")?,
            clocked_in: wire.clocked_in.required("clocked_in")?,
            clocked_out: wire.clocked_out.optional("clocked_out")?,
            hourly_wage: wire.hourly_wage.or_default("hourly_wage")?,
            tips: wire.tips.or_default("tips")?,
            approved: wire.approved.or_default("approved")?,
            auto_clocked_out: wire.auto_clocked_out.or_default("auto_clocked_out")?,
            clocked_in_offline: wire.clocked_in_offline.or_default("clocked_in_offline")?,
            clocked_out_offline: wire.clocked_out_offline.or_default("clocked_out_offline")?,
            editable_punch: wire.editable_punch.optional("editable_punch")?,
            notes: wire.notes.optional("notes")?,
            pos_type: wire.pos_type.optional("pos_type")?,
            deleted: wire.deleted.or_default("deleted")?,
            breaks: wire.breaks.convert("breaks", taken_break)?,
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

/// Pay depends on when an undeleted break began and on whether it is paid, so neither is
/// guessed. A deleted break counts for nothing; without its beginning it is left out.
fn taken_break(wire: BreakWire) -> Result<Option<Break>, Fault> {
    let deleted = wire.deleted.or_default("deleted")?;
    let (paid, start) = if deleted {
        let Some(start) = wire.r#in.optional("in")? else {
            return Ok(None);
        };
        (wire.paid.or_default("paid")?, start)
    } else {
        (wire.paid.required("paid")?, wire.r#in.required("in")?)
    };
    Ok(Some(Break {
        id: wire.id.link("id")?,
        custom_break_id: wire.custom_break_id.link("custom_break_id")?,
        paid,
        r#in: start,
        out: wire.out.optional("out")?,
        deleted,
    }))
}
