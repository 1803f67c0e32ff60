//! The outbox: what was sent, and the request that sends a message.

use domain::slack_message::Message;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::body::Object;

/// A message for Slack.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SlackNotify {
    /// A connector of the type `slack`.
    pub connector_id: String,
    /// By Slack's own names: `text`, `blocks`, `attachments`, and with a bot token `channel`,
    /// `username`, `icon_emoji`, `icon_url` (or `icon`, either of the two), `thread_ts`,
    /// `reply_broadcast`, `unfurl_links`, `unfurl_media`, `mrkdwn`.
    #[serde(deserialize_with = "message")]
    #[cfg_attr(feature = "openapi", schemars(with = "serde_json::Map<String, Value>"))]
    pub message: Message,
}

fn message<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Message, D::Error> {
    Object::deserialize(deserializer).map(|Object(message)| message)
}

/// A message that is decided. Slack has taken it when the delivery is `delivered`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SlackNotified {
    pub success: bool,
    pub delivery: Delivery,
}

/// An effect, and what became of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    pub id: String,
    pub organization_id: String,
    /// `slack`, `api`, `webhook`, `client_folder` (makes a folder in Box) or `hubspot_link` (passes its link on),
    /// `hubspot_deal` (gives a deal its adviser) or `google_chat` (tells of it); others come with what else is sent.
    pub kind: String,
    /// With which it is sent; null for a webhook.
    pub connector_id: Option<String>,
    /// The outgoing webhook that it is sent to.
    pub endpoint_id: Option<String>,
    pub requested_by: String,
    /// What is sent.
    pub payload: Value,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// Every request that went out for it.
    pub attempts: Vec<DeliveryAttempt>,
    /// What the provider says of what it took.
    pub result: Option<Value>,
    /// Of the last attempt.
    pub error_code: Option<String>,
    /// What to do about it.
    pub error_detail: Option<String>,
    /// While it is pending; of one that is on its way, when it is taken for lost.
    pub next_attempt_at: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DeliveryAttempt {
    /// From 1.
    pub number: i64,
    pub started_at: String,
    pub duration_ms: i64,
    /// HTTP; null without an answer.
    pub status: Option<u16>,
    /// Null: it was taken.
    pub code: Option<String>,
    pub detail: Option<String>,
    /// It failed, and the provider may have done it all the same.
    pub may_have_happened: bool,
}
