//! What functions share that have to do with connectors of the type `api`: what the function that
//! calls them takes and answers, and how one is opened and called. Those of the type `custom` are opened
//! and called the same way.

pub mod account;
pub mod call;
pub mod token;

use api::connectors::ApiRequest;
use serde::{Deserialize, Serialize};

use crate::clients::CheckedField;

/// The provider of connectors to any REST API, and the kind of what is sent to one.
pub const API: &str = "api";
/// The provider of connectors to any REST API whose list is synced.
pub const CUSTOM: &str = "custom";
/// The component that syncs those.
pub const SYNC_FUNCTION: &str = "custom-sync";
/// The component that calls them.
pub const FUNCTION: &str = "rest-api";
/// Where it sends a request ([`RequestCall`]).
pub const REQUEST_PATH: &str = "/internal/rest-api/request";

/// What [`REQUEST_PATH`] takes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCall {
    pub organization_id: String,
    pub connector_id: String,
    pub request: ApiRequest,
    /// Passed on where the configuration names a header for it.
    pub idempotency_key: Option<String>,
}

/// What [`REQUEST_PATH`] answers with the status 422, where the API's answer, which comes with 200 as
/// it is passed on, is not there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The request cannot be sent as it is.
    Invalid(CheckedField),
    /// The connector, or its credential, is not in order.
    Unusable(String),
    /// No answer came, or none that could be kept.
    Failed(String),
    /// Not before so many seconds.
    Limited(i64),
}

/// Requests of one connector go one after the other.
#[must_use]
pub fn concurrency_key(connector_id: &str) -> String {
    format!("{API}:{connector_id}")
}
