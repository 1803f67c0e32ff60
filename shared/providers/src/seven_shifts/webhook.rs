//! What 7shifts calls back.

use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::field::{Fault, Field, Integer, Text, Time};
use crate::record::Row;

/// A registration of a URL for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: i64,
    pub company_id: Option<i64>,
    /// May hold a secret: a company's own webhooks are not signed, so the URL is all that
    /// tells a true call from a false one.
    pub url: Secret,
    /// `post`.
    pub method: Option<String>,
    /// `schedule.published`, `time_punch.created`, `user.modified`, …
    pub event: String,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

/// A registration to be made. 7shifts refuses the same one twice with
/// [`Conflict`](crate::ProviderError::Conflict).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    pub url: Secret,
    pub event: String,
}

#[derive(Serialize)]
struct NewWebhookWire<'a> {
    url: &'a str,
    method: &'static str,
    event: &'a str,
}

impl NewWebhook {
    /// The body of the request; 7shifts calls with POST and nothing else.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&NewWebhookWire {
            url: self.url.expose(),
            method: "post",
            event: &self.event,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct WebhookWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    url: Field<Text>,
    method: Field<Text>,
    event: Field<Text>,
    created: Field<Time>,
    modified: Field<Time>,
}

impl Row for Webhook {
    type Wire = WebhookWire;
    type Id = i64;

    fn wire_id(wire: &WebhookWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: WebhookWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            url: Secret::new(wire.url.required("url")?),
            method: wire.method.optional("method")?,
            event: wire.event.required("event")?,
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
