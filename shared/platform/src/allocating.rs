//! What the function that is asked for allocations and the one that decides them say to each other, and what of a call is
//! kept: enough to decide by it again, and to explain it; bounded.

use std::collections::BTreeMap;

use domain::redact::excerpt;
use providers::hubspot::workflow::WorkflowCall;
use serde::{Deserialize, Serialize};

use crate::clients::GOOGLE_CHAT;
use crate::run::RunCall;

/// The component that decides and writes.
pub const ENGINE: &str = "allocation-engine";
/// Where it takes an [`EngineCall`].
pub const ENGINE_PATH: &str = "/internal/allocation-engine/run";

/// The component that is asked for allocations, changes deals, and tells Google Chat of it.
pub const ASKED: &str = "allocate-deal";

/// Messages to one space go one after the other.
#[must_use]
pub fn chat_key(connector_id: &str) -> String {
    format!("{GOOGLE_CHAT}:{connector_id}")
}

/// What the engine is called for.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum EngineCall {
    /// By the scheduler: a connector's decisions, or one change of a deal.
    Run(RunCall),
    Preview(Box<Preview>),
    Work(Work),
}

/// Decide and write what waits of a connector, if nobody else is at it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    pub organization_id: String,
    pub connector_id: String,
}

/// What was done.
#[derive(Default, Serialize, Deserialize)]
pub struct Worked {
    /// Changes of deals that were decided, and leased for whoever asked.
    pub leased: Vec<Leased>,
    /// Connectors that have somebody to tell when the deals are changed.
    pub tellers: Vec<String>,
}

/// A delivery with its job.
#[derive(Serialize, Deserialize)]
pub struct Leased {
    pub delivery_id: String,
    pub job_id: String,
}

/// Say what would be decided; the answer is an [`Allocated`](api::allocation::deals::Allocated).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    pub organization_id: String,
    pub connector_id: String,
    pub deal_id: String,
    pub request: Request,
}

/// Fields of a call that are kept beside those that count, with their values in all, in bytes.
const MAX_FIELDS: usize = 100;
const MAX_FIELD_BYTES: usize = 6_000;
const MAX_VALUE_CHARS: usize = 200;
const MAX_USED_CHARS: usize = 400;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub service_package: Option<String>,
    pub household_type: Option<String>,
    /// As it came.
    pub agreement_start_date: Option<String>,
    pub client_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// Of all values that came, the first so many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether anybody is told of it.
    pub is_told: bool,
    /// Whom a person has chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adviser_email: Option<String>,
    /// What a person says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Request {
    #[must_use]
    pub fn of(call: WorkflowCall, is_told: bool) -> Self {
        let used = |text: Option<String>| text.map(|text| excerpt(&text, MAX_USED_CHARS, &[]));
        let mut bytes = 0_usize;
        let fields = call
            .fields
            .into_iter()
            .take(MAX_FIELDS)
            .map(|(name, value)| {
                (
                    excerpt(&name, MAX_VALUE_CHARS, &[]),
                    excerpt(&value, MAX_VALUE_CHARS, &[]),
                )
            })
            .take_while(|(name, value)| {
                bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
                bytes <= MAX_FIELD_BYTES
            })
            .collect();
        Self {
            service_package: used(call.service_package),
            household_type: used(call.household_type),
            agreement_start_date: used(call.agreement_start_date),
            client_email: used(call.client_email),
            callback_id: call.callback_id,
            workflow_id: call.workflow_id,
            portal_id: call.portal_id,
            object_type: call.object_type,
            fields,
            ip_address: None,
            user_agent: None,
            is_told,
            adviser_email: None,
            note: None,
        }
    }
}
