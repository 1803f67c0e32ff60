//! Which function has the client of a type of connectors: it checks what one is made of, and tests whether one works.

use std::collections::BTreeMap;

use api::FieldError;
use api::connectors::TestedConnector;
use domain::access::Tenant;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::internal::{self, TestCall};
use crate::{health, rest_api, slack};

/// Accounts of Employment Hero's HR API.
pub const EMPLOYMENT_HERO: &str = "employment_hero";
/// Portals of HubSpot.
pub const HUBSPOT: &str = "hubspot";
/// Enterprises of Box.
pub const BOX: &str = "box";

/// Spaces of Google Chat, for notices.
pub const GOOGLE_CHAT: &str = "google_chat";

/// How long a check, and a test, are waited for, in milliseconds.
const CHECK_TIMEOUT_MS: i64 = 5_000;
const TEST_TIMEOUT_MS: i64 = 10_000;

/// The function that asks the provider of connectors of this type, which keeps what comes of a test as the connector's
/// state.
#[must_use]
pub fn function_of(connector_type: &str) -> Option<&'static str> {
    Some(match connector_type {
        slack::SLACK => slack::FUNCTION,
        rest_api::API | rest_api::CUSTOM => rest_api::FUNCTION,
        health::WEBHOOK => health::FUNCTION,
        EMPLOYMENT_HERO => "employment-hero",
        HUBSPOT => "advisers",
        BOX => "box-folder",
        GOOGLE_CHAT => "allocate-deal",
        _ => return None,
    })
}

/// What a check takes: what is to be kept of a connector, and what it has.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckCall {
    pub r#type: String,
    pub config: Map<String, Value>,
    /// `None`: those that are stored stay.
    pub credentials: Option<BTreeMap<String, String>>,
    /// The configuration with which the stored credentials are used.
    pub before: Option<Value>,
}

/// What a check answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// The configuration as it is to be stored.
    Config(Value),
    /// Pointers into the body of the caller.
    Errors(Vec<CheckedField>),
}

/// A [`FieldError`] on its way.
#[derive(Serialize, Deserialize)]
pub struct CheckedField {
    pub field: String,
    pub detail: String,
}

impl From<CheckedField> for FieldError {
    fn from(checked: CheckedField) -> Self {
        Self::new(checked.field, checked.detail)
    }
}

impl From<FieldError> for CheckedField {
    fn from(error: FieldError) -> Self {
        Self {
            field: error.field,
            detail: error.detail,
        }
    }
}

/// Has what a connector is to be made of checked by this function.
///
/// # Errors
/// Why the check did not come to its end.
pub async fn check(function: &str, call: &CheckCall) -> Result<Checked, String> {
    let path = format!("/internal/{function}/check");
    let answer = internal::post(function, &path, call, CHECK_TIMEOUT_MS)
        .await
        .map_err(|error| error.to_string())?;
    if answer.status() != StatusCode::OK {
        return Err(format!("the check answered {}", answer.status().as_u16()));
    }
    serde_json::from_slice(answer.body())
        .map_err(|_| "the check gave an answer that cannot be read".to_owned())
}

/// Has a connector tested. `None`: there is no client for its type.
///
/// # Errors
/// Why the test did not come to its end, which says nothing of the connector.
pub async fn test(
    connector_type: &str,
    tenant: &Tenant,
    connector_id: &str,
) -> Option<Result<TestedConnector, String>> {
    let function = function_of(connector_type)?;
    let path = format!("/internal/{function}/test");
    let call = TestCall {
        organization_id: tenant.as_str().to_owned(),
        connector_id: connector_id.to_owned(),
    };
    let tested = match internal::post(function, &path, &call, TEST_TIMEOUT_MS).await {
        Ok(answer) if answer.status() == StatusCode::OK => serde_json::from_slice(answer.body())
            .map_err(|_| "the test gave an answer that cannot be read".to_owned()),
        Ok(answer) => Err(format!("the test answered {}", answer.status().as_u16())),
        Err(error) => Err(error.to_string()),
    };
    Some(tested)
}
