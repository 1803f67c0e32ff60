//! Who says whether a connector works: by its type, the function that has a client for it.

use api::FieldError;
use api::connectors::TestedConnector;
use domain::access::Tenant;
use domain::connector_health::SILENT_MINUTES;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::internal::{self, TestCall};
use crate::{rest_api, slack};

/// The type of a connector that watches a webhook which is received.
pub const WEBHOOK: &str = "webhook";
/// The component that probes.
pub const FUNCTION: &str = "connector-health";

const TEST_PATH: &str = "/internal/connector-health/test";
/// How long a test is waited for, in milliseconds.
const TIMEOUT_MS: i64 = 10_000;

/// Has a connector tested, which keeps what comes of it as the connector's state. `None`: there is no
/// client for its type.
///
/// # Errors
/// Why the test did not come to its end, which says nothing of the connector.
pub async fn test(
    provider: &str,
    tenant: &Tenant,
    connector_id: &str,
) -> Option<Result<TestedConnector, String>> {
    let (function, path) = match provider {
        slack::SLACK => (slack::FUNCTION, slack::TEST_PATH),
        rest_api::API | rest_api::CUSTOM => (rest_api::FUNCTION, rest_api::TEST_PATH),
        WEBHOOK => (FUNCTION, TEST_PATH),
        _ => return None,
    };
    let call = TestCall {
        organization_id: tenant.as_str().to_owned(),
        connector_id: connector_id.to_owned(),
    };
    let tested = match internal::post(function, path, &call, TIMEOUT_MS).await {
        Ok(answer) if answer.status() == StatusCode::OK => serde_json::from_slice(answer.body())
            .map_err(|_| "the test gave an answer that cannot be read".to_owned()),
        Ok(answer) => Err(format!("the test answered {}", answer.status().as_u16())),
        Err(error) => Err(error.to_string()),
    };
    Some(tested)
}

/// The configuration of a connector of the type [`WEBHOOK`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// The webhook that is watched.
    pub webhook_id: String,
    /// It counts as failing when it brings nothing for so long; `None`: it may be silent.
    pub silent_after_minutes: Option<i64>,
}

impl WebhookConfig {
    /// Reads what a caller gives; what is wrong with it is added to `errors`.
    pub fn checked(given: &Map<String, Value>, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut wrong = |member: &str, detail: String| {
            errors.push(FieldError::new(format!("/config/{member}"), detail));
        };
        for member in given.keys() {
            if !matches!(member.as_str(), "webhook_id" | "silent_after_minutes") {
                wrong(
                    &api::body::segment(member),
                    "is not known: a connector of the type webhook has webhook_id and silent_after_minutes"
                        .to_owned(),
                );
            }
        }
        let webhook_id = given.get("webhook_id").and_then(Value::as_str);
        let webhook_id = webhook_id.filter(|id| api::query::is_id(id));
        if webhook_id.is_none() {
            wrong(
                "webhook_id",
                "must be the id of a webhook of yours: make one at /api/webhooks".to_owned(),
            );
        }
        let silent_after_minutes = match given.get("silent_after_minutes") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let minutes = value
                    .as_i64()
                    .filter(|given| SILENT_MINUTES.contains(given));
                if minutes.is_none() {
                    wrong(
                        "silent_after_minutes",
                        format!(
                            "must be a whole number from {} to {}",
                            SILENT_MINUTES.start(),
                            SILENT_MINUTES.end()
                        ),
                    );
                }
                minutes
            }
        };
        Some(Self {
            webhook_id: webhook_id?.to_ascii_lowercase(),
            silent_after_minutes,
        })
    }
}
