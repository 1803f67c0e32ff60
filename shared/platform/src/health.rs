//! Connectors that watch a webhook which is received.

use api::FieldError;
use domain::connector_health::SILENT_MINUTES;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The type of a connector that watches a webhook which is received.
pub const WEBHOOK: &str = "webhook";
/// The component that probes.
pub const FUNCTION: &str = "connector-health";

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
