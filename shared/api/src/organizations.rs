//! Organizations and their API keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateOrganization {
    /// 1 to 200 characters.
    pub name: String,
    /// IANA name, such as `America/Toronto`; nightly work runs at 02:00 there.
    pub time_zone: String,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateOrganization {
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub time_zone: Option<String>,
    /// What categories of time off are called at the provider, each with what it is here:
    /// `vacation`, `sick`, `personal` or `other`. Replaces the whole map; at most 100.
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "BTreeMap<String, String>"))]
    pub time_off_categories: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Organization {
    pub id: String,
    pub name: String,
    pub time_zone: String,
    /// `active`, or `purging` while everything is being removed.
    pub state: String,
    /// As in `UpdateOrganization`; what is not in it goes by its words.
    pub time_off_categories: BTreeMap<String, String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What the key is for, 1 to 200 characters.
    pub name: String,
    /// `owner`, `admin` or `member`: gives the key all scopes of the role.
    pub role: Option<String>,
    /// Scope names, instead of a role.
    pub scopes: Option<Vec<String>>,
    /// Networks (CIDR) that the key works from; any when left out.
    pub networks: Option<Vec<String>>,
    /// RFC 3339; never when left out.
    pub expires_at: Option<String>,
    /// 1 to 1,000,000; what the installation gives every caller when left out. Only the operator may
    /// give more than that.
    pub requests_per_minute: Option<i64>,
}

/// Another key with the same name, scopes, networks and quota.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RotateApiKey {
    /// How long the key of before works beside it, in seconds, 0 to 2,592,000; a day when left out.
    pub keep_previous_seconds: Option<i64>,
    /// RFC 3339. When left out, the new key works as long as the one before was made for.
    pub expires_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    pub display_prefix: String,
    pub last_four: String,
    pub scopes: Vec<String>,
    pub networks: Option<Vec<String>>,
    pub created_by: String,
    pub created_at: String,
    pub expires_at: Option<String>,
    pub revoked_at: Option<String>,
    pub last_used_at: Option<String>,
    /// Null: what the installation gives every caller.
    pub requests_per_minute: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CreatedApiKey {
    /// The key. It is not stored and cannot be shown again: null where an `Idempotency-Key` is
    /// repeated.
    pub key: Option<String>,
    #[serde(flatten)]
    pub api_key: ApiKey,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExportPage {
    /// The table that these rows are from.
    pub resource: String,
    pub data: Vec<serde_json::Value>,
    /// The next page, of this table or of the next; null at the end of everything.
    pub next_cursor: Option<String>,
}
