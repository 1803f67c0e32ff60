//! Companies.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, Text, Time};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub id: i64,
    pub name: String,
    /// The GUID that OAuth requests name in `x-company-guid`.
    pub uuid: Option<String>,
    pub country: Option<String>,
    pub plan_id: Option<String>,
    /// `active`, `trial`, `cancelled`, `delinquent`, `expired`, `unknown`.
    pub status: Option<String>,
    pub active: Option<bool>,
    /// Index of a weekday; which day is zero is not documented.
    pub start_week_on: Option<i64>,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct CompanyWire {
    id: Field<Integer>,
    name: Field<Text>,
    uuid: Field<Text>,
    country: Field<Text>,
    plan_id: Field<Text>,
    status: Field<Text>,
    active: Field<Flag>,
    start_week_on: Field<Integer>,
    created: Field<Time>,
    modified: Field<Time>,
}

impl Row for Company {
    type Wire = CompanyWire;
    type Id = i64;

    fn wire_id(wire: &CompanyWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: CompanyWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            name: wire.name.required("name")?,
            uuid: wire.uuid.optional("uuid")?,
            country: wire.country.optional("country")?,
            plan_id: wire.plan_id.optional("plan_id")?,
            status: wire.status.optional("status")?,
            active: wire.active.optional("active")?,
            start_week_on: wire.start_week_on.optional("start_week_on")?,
            created: wire.created.optional("created")?,
            modified: wire.modified.optional("modified")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        Some(self.id)
    }
}
