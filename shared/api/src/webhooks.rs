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
    /// So many events in a row that could not be worked on pause it, 1 to 10,000; null: never. 20 when
    /// left out.
    #[serde(default, deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<i64>"))]
    pub failure_limit: Option<Option<i64>>,
    /// Deliveries that are taken in a minute, 1 to 1,000,000; 60,000 when left out. Further ones are
    /// answered 429.
    pub events_per_minute: Option<i64>,
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
    /// `active` or `paused`. Set to active, what has failed so far does not count any more.
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub state: Option<String>,
    /// As in `CreateWebhook`.
    #[serde(default, deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<i64>"))]
    pub failure_limit: Option<Option<i64>>,
    /// As in `CreateWebhook`.
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    pub events_per_minute: Option<i64>,
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
    /// Why it is paused, where nobody has paused it.
    pub state_reason: Option<String>,
    pub failure_limit: Option<i64>,
    /// Deliveries that are taken in a minute.
    pub events_per_minute: i64,
    /// Its last events that could not be worked on.
    pub failures_in_row: i64,
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
    /// `pending`, `processed`, or `dead`: a rule failed on it.
    pub state: String,
    /// Of a dead one.
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
    pub processed_at: Option<String>,
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

/// How an event is worked on again.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhookEvent {
    /// Also the rules that have fired on it already do so again; false when left out.
    pub fires_again: Option<bool>,
}

/// Which events are worked on again.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhookEvents {
    pub webhook_id: Option<String>,
    /// The sender's name of them.
    pub event: Option<String>,
    /// `processed` or `dead`; both when left out.
    pub state: Option<String>,
    /// A day or a time in UTC; both bounds are in it.
    pub received_from: Option<String>,
    pub received_to: Option<String>,
    /// As in `ReplayWebhookEvent`.
    pub fires_again: Option<bool>,
}

/// Events that wait to be worked on again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Replayed {
    pub events: usize,
    /// There may be more: ask again.
    pub may_be_more: bool,
}
