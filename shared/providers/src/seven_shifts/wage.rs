//! What people are paid.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::field::{Date, Fault, Field, Integer, Text, Time};
use crate::json::{malformed, read_lists};
use crate::record::{Expected, Quarantined, Records, Row};
use crate::{ProviderError, Rejected};

/// The wages of one user. 7shifts lists what is paid now and what is agreed for later;
/// what was paid before is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserWages {
    /// `hourly`, `weekly_salary`, `annual_salary`.
    pub wage_type: Option<String>,
    /// One for each role. Two of one role are possible; 7shifts does not say which counts.
    pub current: Vec<Wage>,
    pub upcoming: Vec<Wage>,
    /// The wages that could not be read, of both lists.
    pub rejected: Vec<Rejected>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wage {
    pub id: i64,
    /// The first day on which it is paid.
    pub effective_date: NaiveDate,
    /// `None`: tied to no role, as a salary is.
    pub role_id: Option<i64>,
    /// `hourly`, `weekly_salary`, `annual_salary`.
    pub wage_type: String,
    pub wage_cents: i64,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct WageWire {
    id: Field<Integer>,
    effective_date: Field<Date>,
    role_id: Field<Integer>,
    wage_type: Field<Text>,
    wage_cents: Field<Integer>,
    created: Field<Time>,
    modified: Field<Time>,
}

impl Row for Wage {
    type Wire = WageWire;
    type Id = i64;

    fn wire_id(wire: &WageWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: WageWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            // Pay depends on these three, so none is guessed.
            effective_date: wire.effective_date.required("effective_date")?,
            wage_type: wire.wage_type.required("wage_type")?,
            wage_cents: wire.wage_cents.required("wage_cents")?,
            role_id: wire.role_id.link("role_id")?,
            created: wire.created.optional("created")?,
            modified: wire.modified.optional("modified")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}

impl UserWages {
    pub(super) fn read(body: &[u8], expected: Expected) -> Result<Self, ProviderError> {
        let lists =
            read_lists::<Lists<Records<Wage>>, Lists<Quarantined<Wage>>, Lists<Records<Wage>>>(
                body,
            )?;
        // Taken for empty lists, missing ones would end every wage of this user.
        let list = |list: Option<Records<Wage>>, name: &str| {
            list.map(|records| records.into_parts(expected))
                .ok_or_else(|| malformed(&format!("it has no `data.{name}`")))
        };
        let (current, mut rejected) = list(lists.current_wages, "current_wages")?;
        let (upcoming, more) = list(lists.upcoming_wages, "upcoming_wages")?;
        rejected.extend(more);
        Ok(Self {
            wage_type: lists
                .wage_type
                .optional("wage_type")
                .map_err(|fault| malformed(&fault.into_reason()))?,
            current,
            upcoming,
            rejected,
        })
    }
}

#[derive(Deserialize)]
struct Lists<L> {
    #[serde(default)]
    wage_type: Field<Text>,
    current_wages: Option<L>,
    upcoming_wages: Option<L>,
}

impl From<Lists<Quarantined<Wage>>> for Lists<Records<Wage>> {
    fn from(lists: Lists<Quarantined<Wage>>) -> Self {
        Self {
            wage_type: lists.wage_type,
            current_wages: lists.current_wages.map(Records::from),
            upcoming_wages: lists.upcoming_wages.map(Records::from),
        }
    }
}
