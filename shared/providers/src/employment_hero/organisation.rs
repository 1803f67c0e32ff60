//! Organisations: a consultant's login sees several.

use serde::Deserialize;

use super::field::Id;
use crate::field::{Fault, Field, Text};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub id: String,
    pub name: String,
    /// For example `AU`.
    pub country: Option<String>,
    /// Only where one organisation is asked for.
    pub time_zone: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct OrganisationWire {
    id: Field<Id>,
    name: Field<Text>,
    country: Field<Text>,
    time_zone: Field<Text>,
}

impl Row for Organisation {
    type Wire = OrganisationWire;
    type Id = String;

    fn wire_id(wire: &OrganisationWire) -> Option<String> {
        wire.id.as_text_id()
    }

    fn from_wire(wire: OrganisationWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.required("id")?,
            name: wire.name.required("name")?,
            country: wire.country.optional("country")?,
            time_zone: wire.time_zone.optional("time_zone")?,
        })
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}
