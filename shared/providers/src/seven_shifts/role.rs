//! Roles and their stations.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, Items, Text, Time};
use crate::record::Row;

/// A role. 7shifts marks no deletion on it; a deleted role is one that is no longer listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub id: i64,
    pub company_id: Option<i64>,
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub name: String,
    /// Six hexadecimal digits without `#`.
    pub color: Option<String>,
    pub job_code: Option<String>,
    pub sort: Option<i64>,
    pub num_stations: Option<i64>,
    pub stations: Vec<Station>,
    pub is_tipped_role: Option<bool>,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    pub id: i64,
    pub station_number: Option<i64>,
    pub name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct RoleWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    location_id: Field<Integer>,
    department_id: Field<Integer>,
    name: Field<Text>,
    color: Field<Text>,
    job_code: Field<Text>,
    sort: Field<Integer>,
    num_stations: Field<Integer>,
    stations: Items<StationWire>,
    is_tipped_role: Field<Flag>,
    created: Field<Time>,
    modified: Field<Time>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StationWire {
    id: Field<Integer>,
    station_number: Field<Integer>,
    name: Field<Text>,
}

impl Row for Role {
    type Wire = RoleWire;
    type Id = i64;

    fn wire_id(wire: &RoleWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: RoleWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            location_id: wire.location_id.link("location_id")?,
            department_id: wire.department_id.link("department_id")?,
            name: wire.name.required("name")?,
            color: wire.color.optional("color")?,
            job_code: wire.job_code.optional("job_code")?,
            sort: wire.sort.optional("sort")?,
            num_stations: wire.num_stations.optional("num_stations")?,
            stations: wire.stations.convert("stations", station)?,
            is_tipped_role: wire.is_tipped_role.optional("is_tipped_role")?,
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

fn station(wire: StationWire) -> Result<Option<Station>, Fault> {
    Ok(Some(Station {
        id: wire.id.id("id")?,
        station_number: wire.station_number.optional("station_number")?,
        name: wire.name.optional("name")?,
    }))
}
