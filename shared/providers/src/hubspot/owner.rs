//! Whom records can belong to.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, Text};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// What `hubspot_owner_id` takes. It is no user's id.
    pub id: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// `PERSON` or `QUEUE`.
    pub r#type: Option<String>,
    /// Of the account's settings; none where the owner is archived.
    pub user_id: Option<i64>,
    pub archived: bool,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OwnerWire {
    id: Field<Integer>,
    email: Field<Text>,
    first_name: Field<Text>,
    last_name: Field<Text>,
    r#type: Field<Text>,
    user_id: Field<Integer>,
    archived: Field<Flag>,
}

impl Row for Owner {
    type Wire = OwnerWire;
    type Id = String;

    fn wire_id(wire: &OwnerWire) -> Option<String> {
        wire.id.as_id().map(|id| id.to_string())
    }

    fn from_wire(wire: OwnerWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?.to_string(),
            email: wire.email.optional("email")?,
            first_name: wire.first_name.optional("firstName")?,
            last_name: wire.last_name.optional("lastName")?,
            r#type: wire.r#type.optional("type")?,
            user_id: wire.user_id.link("userId")?,
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
