//! Where people work: locations and their departments.

use serde::Deserialize;

use crate::field::{DeletionMark, Fault, Field, Flag, Integer, Text, Time};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub id: i64,
    pub company_id: Option<i64>,
    pub name: String,
    /// IANA name. Shifts and punches carry no zone: theirs is their location's.
    pub timezone: Option<String>,
    pub country: Option<String>,
    pub state: Option<String>,
    pub city: Option<String>,
    pub formatted_address: Option<String>,
    pub mapping_id: Option<String>,
    pub deleted: bool,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct LocationWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    name: Field<Text>,
    timezone: Field<Text>,
    country: Field<Text>,
    state: Field<Text>,
    city: Field<Text>,
    formatted_address: Field<Text>,
    mapping_id: Field<Text>,
    deleted: Field<DeletionMark>,
    created: Field<Time>,
    modified: Field<Time>,
}

impl Row for Location {
    type Wire = LocationWire;
    type Id = i64;

    fn wire_id(wire: &LocationWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: LocationWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            name: wire.name.required("name")?,
            timezone: wire.timezone.optional("timezone")?,
            country: wire.country.optional("country")?,
            state: wire.state.optional("state")?,
            city: wire.city.optional("city")?,
            formatted_address: wire.formatted_address.optional("formatted_address")?,
            mapping_id: wire.mapping_id.optional("mapping_id")?,
            deleted: wire.deleted.or_default("deleted")?,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    pub id: i64,
    pub company_id: Option<i64>,
    pub location_id: Option<i64>,
    pub name: String,
    pub default: bool,
    /// On the wire the time of deletion, or null.
    pub deleted: bool,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct DepartmentWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    location_id: Field<Integer>,
    name: Field<Text>,
    default: Field<Flag>,
    deleted: Field<DeletionMark>,
    created: Field<Time>,
    modified: Field<Time>,
}

impl Row for Department {
    type Wire = DepartmentWire;
    type Id = i64;

    fn wire_id(wire: &DepartmentWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: DepartmentWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            location_id: wire.location_id.link("location_id")?,
            name: wire.name.required("name")?,
            default: wire.default.or_default("default")?,
            deleted: wire.deleted.or_default("deleted")?,
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
