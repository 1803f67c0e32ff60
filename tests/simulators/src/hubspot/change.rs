//! What the people of the account do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{Account, Association, Kind, Owner, Property, Record, Token};
use crate::Error;

/// One change. As JSON: `{"op":"put_record","kind":"deal","id":501,"properties":{"dealstage":"900012"}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Makes a record or changes it; null clears a property. Values are taken as they are.
    PutRecord {
        kind: Kind,
        id: u64,
        properties: BTreeMap<String, Option<String>>,
    },
    ArchiveRecord {
        kind: Kind,
        id: u64,
    },
    PutOwner {
        owner: Owner,
    },
    /// Nothing can be given to it any more.
    ArchiveOwner {
        id: u64,
    },
    DefineProperty {
        kind: Kind,
        name: String,
        property: Property,
    },
    /// With its values.
    RemoveProperty {
        kind: Kind,
        name: String,
    },
    Associate {
        deal: u64,
        contact: u64,
        #[serde(default)]
        label: Option<String>,
    },
    Dissociate {
        deal: u64,
        contact: u64,
    },
    PutToken {
        token: String,
        grant: Token,
    },
    RevokeToken {
        token: String,
    },
}

impl Account {
    pub(super) fn apply(&mut self, change: Change, now_ms: i64) -> Result<(), Error> {
        match change {
            Change::PutRecord {
                kind,
                id,
                properties,
            } => self.put_record(kind, id, properties, now_ms)?,
            Change::ArchiveRecord { kind, id } => self.known_record(kind, id)?.is_archived = true,
            Change::PutOwner { owner } => {
                self.owners.insert(owner.id, owner);
            }
            Change::ArchiveOwner { id } => {
                let owner = self.owners.get_mut(&id);
                owner
                    .ok_or_else(|| unknown("owner", &id.to_string()))?
                    .is_archived = true;
            }
            Change::DefineProperty {
                kind,
                name,
                property,
            } => {
                self.table_mut(kind).properties.insert(name, property);
            }
            Change::RemoveProperty { kind, name } => self.remove_property(kind, &name, now_ms)?,
            Change::Associate {
                deal,
                contact,
                label,
            } => {
                self.known_record(Kind::Deal, deal)?;
                self.known_record(Kind::Contact, contact)?;
                let contacts = self.associations.entry(deal).or_default();
                contacts.retain(|one| one.contact != contact);
                contacts.push(Association { contact, label });
            }
            Change::Dissociate { deal, contact } => {
                self.known_record(Kind::Deal, deal)?;
                let contacts = self.associations.entry(deal).or_default();
                contacts.retain(|one| one.contact != contact);
            }
            Change::PutToken { token, grant } => {
                self.tokens.insert(token, grant);
            }
            Change::RevokeToken { token } => {
                let known = self.tokens.get_mut(&token);
                known.ok_or_else(|| unknown("token", &token))?.is_revoked = true;
            }
        }
        Ok(())
    }

    fn put_record(
        &mut self,
        kind: Kind,
        id: u64,
        properties: BTreeMap<String, Option<String>>,
        now_ms: i64,
    ) -> Result<(), Error> {
        let table = self.table_mut(kind);
        for name in properties.keys() {
            if !table.properties.contains_key(name) {
                return Err(unknown("property", name));
            }
        }
        let changes = properties
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect();
        match table.records.get_mut(&id) {
            Some(record) => {
                record.is_archived = false;
                record.set(&changes, now_ms);
            }
            None => {
                let filled = changes.into_iter().filter(|(_, value)| !value.is_empty());
                let record = Record::new(id, now_ms, now_ms, filled.collect());
                table.records.insert(id, record);
            }
        }
        Ok(())
    }

    fn remove_property(&mut self, kind: Kind, name: &str, now_ms: i64) -> Result<(), Error> {
        let table = self.table_mut(kind);
        table
            .properties
            .remove(name)
            .ok_or_else(|| unknown("property", name))?;
        let cleared = BTreeMap::from([(name.to_owned(), String::new())]);
        for record in table.records.values_mut() {
            if record.properties().contains_key(name) {
                record.set(&cleared, now_ms);
            }
        }
        Ok(())
    }

    fn known_record(&mut self, kind: Kind, id: u64) -> Result<&mut Record, Error> {
        let record = self.table_mut(kind).records.get_mut(&id);
        record.ok_or_else(|| unknown("record", &id.to_string()))
    }
}

fn unknown(what: &'static str, name: &str) -> Error {
    Error::UnknownName {
        what,
        name: name.to_owned(),
    }
}
