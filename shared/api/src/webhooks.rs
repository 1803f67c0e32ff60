//! Webhooks that are received: `/hooks/{path}`, and how an organization sets its own up.

use domain::webhook_signature::Options;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What was taken from a provider, and cannot be lost any more.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// True.
    pub received: bool,
    /// At a path of 7shifts: the streams that the topic is about, and that are synced soon where they
    /// are switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<String>>,
    /// Of a webhook of the organization: the event, the same when it comes again; left out where the
    /// webhook does not keep such events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// The call of a replaced system, signed like any other. More members are kept with it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhookCall {
    /// The webhook that it is for.
    pub webhook_id: String,
    /// What happened.
    pub event: Option<String>,
    /// More of it.
    pub data: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// 1 to 200 characters.
    pub name: String,
    /// How the sender proves itself: `standard`, `github`, `slack`, `stripe`, `hubspot`, `shopify`,
    /// `square`, `twilio`, `seven_shifts`, `google_channel`, `microsoft_graph` or `generic`.
    pub scheme: String,
    /// By scheme; see the README.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Map<String, Value>>"))]
    pub options: Option<Options>,
    /// The events that are kept, by name or as `prefix.*`; all when left out. Others are acknowledged
    /// and counted.
    pub events: Option<Vec<String>>,
    /// The secret that the provider shows. Where the secret is ours to choose (`standard`, `github`,
    /// `google_channel`, `microsoft_graph`, `generic`) it may be left out, and one is made.
    pub secret: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhook {
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub name: Option<String>,
    /// Replaces all options.
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "Map<String, Value>"))]
    pub options: Option<Options>,
    /// Replaces the whole filter; null keeps every event.
    #[serde(default, deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>"))]
    pub events: Option<Option<Vec<String>>>,
    /// `active` or `paused`.
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub state: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Webhook {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    /// What the provider calls, behind the URL of this installation.
    pub path: String,
    pub scheme: String,
    pub options: Map<String, Value>,
    pub events: Option<Vec<String>>,
    /// `active`, or `paused`: senders are told to come again.
    pub state: String,
    /// Deliveries that were proven and whose event is not kept.
    pub ignored_count: i64,
    /// The keys in force, never what they are.
    pub secrets: Vec<WebhookSecret>,
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookSecret {
    pub id: String,
    pub created_at: String,
    /// Of one that another has taken the place of: it counts until then.
    pub expires_at: Option<String>,
}

/// A webhook with its new secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhookWithSecret {
    /// The secret, where it was made here. It cannot be shown again: null where the provider has shown
    /// it, and where an `Idempotency-Key` is repeated.
    pub secret: Option<String>,
    /// What the provider is to call; null while the installation has no `public_url`.
    pub url: Option<String>,
    #[serde(flatten)]
    pub webhook: Webhook,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// As in `CreateWebhook`.
    pub secret: Option<String>,
    /// How long the keys of before count, in seconds, 0 to 2,592,000; a day when left out.
    pub keep_previous_seconds: Option<i64>,
}

/// Something that was proven and stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhookEvent {
    pub id: String,
    pub organization_id: String,
    pub webhook_id: String,
    /// The sender's name of it.
    pub event: Option<String>,
    /// The sender's id of the delivery.
    pub delivery_id: Option<String>,
    /// Events with the same one come in order.
    pub ordering_key: Option<String>,
    /// The key that has proven it; null where nothing was signed.
    pub secret_id: Option<String>,
    /// Not signed: a reason to ask the sender, never data.
    pub is_hint: bool,
    /// Only these items of the body, from 0 on, were proven; null means all of it.
    pub items: Option<Vec<u32>>,
    pub content_type: Option<String>,
    pub size_bytes: i64,
    /// By the sender's clock.
    pub sent_at: Option<String>,
    pub received_at: String,
}

/// The same with its body.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhookEventWithBody {
    #[serde(flatten)]
    pub event: WebhookEvent,
    /// As it came; null where it is no UTF-8.
    pub body: Option<String>,
    /// As it came, where it is no UTF-8.
    pub body_base64: Option<String>,
}
