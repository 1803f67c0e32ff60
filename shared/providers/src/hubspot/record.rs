//! A user, a deal or a contact, as far as it was asked for.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, OptionalObject, Text};
use crate::record::Row;

/// A record of the CRM with the properties that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Digits.
    pub id: String,
    /// By internal name; only those with a value.
    pub properties: BTreeMap<String, String>,
    pub archived: bool,
}

impl Record {
    /// The value of a property, if it has one.
    #[must_use]
    pub fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct RecordWire {
    id: Field<Integer>,
    properties: OptionalObject<BTreeMap<String, Field<Text>>>,
    archived: Field<Flag>,
}

impl Row for Record {
    type Wire = RecordWire;
    type Id = String;

    fn wire_id(wire: &RecordWire) -> Option<String> {
        wire.id.as_id().map(|id| id.to_string())
    }

    fn from_wire(wire: RecordWire) -> Result<Self, Fault> {
        let OptionalObject(properties) = wire.properties;
        let mut kept = BTreeMap::new();
        for (name, value) in properties {
            if let Some(value) = value.optional(&name)? {
                kept.insert(name, value);
            }
        }
        Ok(Self {
            id: wire.id.id("id")?.to_string(),
            properties: kept,
            archived: wire.archived.or_default("archived")?,
        })
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}
