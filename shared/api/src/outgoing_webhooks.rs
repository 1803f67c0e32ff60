//! Webhooks that are sent: how an organization sets the endpoints up that take them.

use serde::{Deserialize, Serialize};

use crate::webhooks::WebhookSecret;

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateOutgoingWebhook {
    /// 1 to 200 characters.
    pub name: String,
    /// Where it is sent: https, of a public host.
    pub url: String,
    /// The types of events that it is sent, by name or as `prefix.*`; all when left out.
    pub events: Option<Vec<String>>,
    /// A key of Standard Webhooks to sign with (`whsec_` or `whsk_`); one is made when left out.
    pub secret: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateOutgoingWebhook {
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub url: Option<String>,
    /// Replaces the whole filter; null sends every event.
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
pub struct OutgoingWebhook {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    /// As it is connected to.
    pub url: String,
    pub events: Option<Vec<String>>,
    /// `active`; `paused`: what is sent to it waits; or `disabled`: it answered 410, or every attempt
    /// has failed for five days.
    pub state: String,
    /// Why it is disabled.
    pub state_reason: Option<String>,
    /// The first attempt that failed after the last that was taken.
    pub failing_since: Option<String>,
    /// Events that were not sent to it, because 1,000 deliveries waited already.
    pub missed_count: i64,
    /// The keys that it is signed with, never what they are.
    pub secrets: Vec<WebhookSecret>,
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
}

/// An endpoint with its new secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OutgoingWebhookWithSecret {
    /// The secret, where it was made here. It cannot be shown again: null where it was given, and where
    /// an `Idempotency-Key` is repeated.
    pub secret: Option<String>,
    #[serde(flatten)]
    pub endpoint: OutgoingWebhook,
}
