//! Connectors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Connector {
    pub id: String,
    pub organization_id: String,
    pub provider: String,
    /// The organization's own name for it, `7shifts` by default.
    pub integration_key: String,
    pub name: String,
    /// `disconnected`, `active`, `paused`, `expired`, `revoked` or `error`.
    pub state: String,
    /// What a manager can do about the state.
    pub state_reason: Option<String>,
    pub state_changed_at: String,
    /// Never a secret.
    pub config: serde_json::Value,
    pub connected_at: Option<String>,
    pub connected_by: Option<String>,
    pub last_sync_at: Option<String>,
    /// Since when nothing is older in any stream that is switched on: the earliest of their last
    /// complete passes; null until each had one.
    pub last_full_sync_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// A connector to make. 7shifts accounts are connected by the action `connect` of the 7shifts proxy,
/// webhooks that are received are made at `/api/webhooks`.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateConnector {
    /// `slack`, `api`, `custom`, `webhook`, `employment_hero`, `hubspot`, `box`, `google_chat` (told of allocations),
    /// `google_workspace` or `odoo`.
    pub r#type: String,
    /// For people, 1 to 200 characters.
    pub name: String,
    /// The organization's own name for it, unique; the type when left out.
    pub integration_key: Option<String>,
    /// By type; see the README. Of Slack with a bot token: `default_channel`. Of a webhook: `webhook_id`
    /// and `silent_after_minutes`.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Write-only. Of Slack: `webhook_url`, the address of an incoming webhook, or `bot_token`. Of an
    /// API: what its `auth` needs of `api_key`, `token`, `password`, `client_secret` and
    /// `refresh_token`.
    #[serde(default, deserialize_with = "crate::body::texts")]
    pub credentials: BTreeMap<String, String>,
}

/// A browser that is to ask the owner of the account.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AskForConsent {
    /// Where the browser goes in the end, with `connector` and `connected` (`true` or `false`, then `error`) added to the
    /// query: an absolute URL, of this installation or of one of the origins in the variable `allowed_origins`. Without it a
    /// page says what came of it.
    pub return_url: Option<String>,
}

/// A link for the owner of the account, who is told which organization asks and connects the account by going on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentAsked {
    /// To be opened in a browser; good for going on once.
    pub url: String,
    /// What has to be registered with the provider as the redirect URI of the client.
    pub redirect_uri: String,
    pub expires_at: String,
}

/// What a link is for. A browser is shown the same as a page, and goes on by `POST` to the same address.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentOffered {
    /// The organization that asks, by name.
    pub organization: String,
    pub connector_id: String,
    /// The name of the connector.
    pub connector: String,
    /// Whose account is connected, such as `Employment Hero`.
    pub provider: String,
    pub expires_at: String,
}

/// An account was connected.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    pub ok: bool,
    pub connector_id: String,
    /// What the provider said when the connector was tested right away; null where it did not answer in time.
    pub test: Option<TestedConnector>,
}

/// What is left out stays as it is.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UpdateConnector {
    #[serde(deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub name: Option<String>,
    /// Replaces the whole configuration.
    #[serde(deserialize_with = "crate::body::not_null")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "serde_json::Map<String, serde_json::Value>")
    )]
    pub config: Option<serde_json::Map<String, serde_json::Value>>,
    /// Write-only; replaces all of them. Another credential makes the connector active again.
    #[serde(deserialize_with = "crate::body::given_texts")]
    #[cfg_attr(feature = "openapi", schemars(with = "BTreeMap<String, String>"))]
    pub credentials: Option<BTreeMap<String, String>>,
}

/// Whether the provider takes the credential.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TestedConnector {
    pub success: bool,
    /// What the provider says of it, or what to do.
    pub detail: String,
}

/// A request to the API of a connector, below its base URL.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiRequest {
    /// `GET`, `HEAD`, `OPTIONS`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// From behind the base URL, percent-encoded where it must be, without a query.
    #[serde(default)]
    pub path: String,
    /// Pairs of a name and a value, as they are meant.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// Sent as JSON.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
}

/// What the API answered, whatever its status. Secrets of the connector are hidden in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiAnswer {
    /// HTTP.
    pub status: u16,
    /// In lower case, without those of the connection and without cookies.
    pub headers: BTreeMap<String, String>,
    /// JSON as it is, other text as a text; null where there is no body.
    pub body: Option<serde_json::Value>,
    /// A body that is no text, in Base64.
    pub body_base64: Option<String>,
    /// From the first try to the end of the answer, waits included.
    pub duration_ms: i64,
}

/// What a sync is asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SyncConnector {
    /// Read the whole list, also where the API can be asked for what has changed.
    pub full: bool,
    /// Delete what is gone even if it is much.
    pub force_deletions: bool,
}

/// A sync that was asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SyncAsked {
    /// To be read at `/api/sync-runs/{id}`.
    pub run_id: String,
    /// `queued`, `running`, `success`, `partial` or `failed`: after five seconds at the latest.
    pub status: String,
    pub error: Option<String>,
}

/// How a connector is kept current. `last_sync_at`, `last_full_sync_at` and `is_stale` are
/// read-only: what is sent for them is ignored, so that a document that was read can be sent back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    pub enabled: bool,
    /// `frequency`, or `fixed_times`: people and places at 03:00 UTC, schedules and punches at 06:00
    /// and 18:00 UTC, shifts for 14 days ahead and kept for 30 days. Under `fixed_times` the
    /// frequency and the hours do not apply, except that `manual` stops both.
    pub schedule: String,
    /// `every_15_min`, `every_30_min`, `hourly`, `every_4_hours`, `daily` or `manual`.
    pub frequency: String,
    pub active_hours_only: bool,
    pub operating_hours: Option<OperatingHours>,
    pub streams: BTreeMap<String, StreamSettings>,
    /// Since when nothing is older in any stream that is switched on: the earliest of their last
    /// complete passes; null until each had one.
    pub last_full_sync_at: Option<String>,
    /// A stream should have succeeded by now and has not.
    pub is_stale: bool,
    /// How far back the first sync and the weekly reconciliation look, 1 to 3650.
    pub backfill_days: u16,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OperatingHours {
    /// `HH:MM`, local.
    pub start: String,
    /// `HH:MM`, local; before `start` when the hours cross midnight.
    pub end: String,
    /// IANA name; the organization's zone when left out.
    pub timezone: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StreamSettings {
    pub enabled: bool,
    pub last_sync_at: Option<String>,
    pub is_stale: bool,
}

/// How current a connector's data is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SyncStatus {
    pub connector_id: String,
    pub provider: String,
    /// The organization's own name for it, `7shifts` by default.
    pub integration_key: String,
    pub name: String,
    /// `disconnected`, `active`, `paused`, `expired`, `revoked` or `error`.
    pub state: String,
    /// What an admin can do about the state.
    pub state_reason: Option<String>,
    pub last_sync_at: Option<String>,
    /// Since when nothing is older in any stream that is switched on: the earliest of their last
    /// complete passes; null until each had one.
    pub last_full_sync_at: Option<String>,
    /// A stream should have succeeded by now and has not.
    pub is_stale: bool,
    /// By the stream's name.
    pub streams: BTreeMap<String, StreamStatus>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StreamStatus {
    /// The end of the last run that was a success or partial.
    pub last_sync_at: Option<String>,
    /// How the last run came out: `success`, `partial` or `failed`; `running` while it is not over,
    /// null before the first.
    pub last_status: Option<String>,
    /// Why it was no success.
    pub reason: Option<String>,
    /// The stream should have succeeded by now and has not.
    pub is_stale: bool,
}
