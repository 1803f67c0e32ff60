//! The keys of callers. Only hashes are stored.

use std::collections::BTreeSet;

use domain::access::{Scope, Tenant};
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Keys that are listed at once.
pub const MAX_LISTED: i64 = 500;
/// `last_used_at` is that exact.
pub const TOUCH_SECS: i64 = 60;

/// A key to store.
#[derive(Clone, Copy)]
pub struct NewApiKey<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub name: &'a str,
    /// SHA-256 of the whole key, hex.
    pub key_hash: &'a str,
    pub display_prefix: &'a str,
    pub last_four: &'a str,
    pub scopes: &'a BTreeSet<Scope>,
    /// JSON array of CIDR; `None`: from anywhere.
    pub networks: Option<&'a str>,
    pub created_by: &'a str,
    pub expires_at: Option<i64>,
    /// `None`: what the installation gives every caller.
    pub requests_per_minute: Option<u32>,
}

/// What is known of a key. Never the key, nor its hash.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct ApiKey {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    pub display_prefix: String,
    pub last_four: String,
    /// Names; one that this version does not know gives nothing.
    pub scopes: Vec<String>,
    /// CIDR; `None`: from anywhere.
    pub networks: Option<Vec<String>>,
    pub created_by: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub requests_per_minute: Option<u32>,
}

const CREATE: &str = "
INSERT INTO api_keys (id, organization_id, name, key_hash, display_prefix, last_four, scopes, networks,
  created_by, created_at, expires_at, requests_per_minute)
SELECT ?2, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
FROM organizations WHERE id = ?1 AND state = 'active'
RETURNING id";

/// Stores a key; false when there is no such organization, or it is being purged.
///
/// # Errors
/// The failure of the statement.
pub async fn create<E: Execute>(
    database: &E,
    tenant: &Tenant,
    new: NewApiKey<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.name,
        new.key_hash,
        new.display_prefix,
        new.last_four,
        json::write(new.scopes)?,
        new.networks,
        new.created_by,
        now,
        new.expires_at,
        new.requests_per_minute.map(i64::from),
    ];
    database
        .execute(CREATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

macro_rules! api_key_json {
    () => {
        "json_object('id', api_keys.id, 'organization_id', organization_id, 'name', api_keys.name,
           'display_prefix', display_prefix, 'last_four', last_four, 'scopes', json(scopes),
           'networks', json(networks), 'created_by', created_by,
           'created_at', api_keys.created_at, 'expires_at', expires_at, 'revoked_at', revoked_at,
           'last_used_at', last_used_at, 'requests_per_minute', requests_per_minute)"
    };
}

/// What a request that shows a key asks about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey {
    pub id: String,
    pub organization_id: String,
    /// What this version knows of the key's scopes.
    pub scopes: BTreeSet<Scope>,
    /// CIDR; `None`: from anywhere.
    pub networks: Option<Vec<String>>,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub last_used_at: Option<i64>,
    /// `None`: what the installation gives every caller.
    pub requests_per_minute: Option<u32>,
}

/// Columns, not JSON, and no more than is asked: every request runs it.
const FIND: &str = "
SELECT api_keys.id, organization_id, scopes, networks, expires_at, revoked_at, last_used_at,
  requests_per_minute
FROM api_keys JOIN organizations ON organizations.id = api_keys.organization_id
WHERE key_hash = ?1 AND organizations.state = 'active'";

/// The key of this hash, revoked and expired ones included: the caller says so to who shows one.
/// Takes no tenant, because it is how a caller gets one. A key of an organization that is being
/// purged is not found.
///
/// # Errors
/// The failure of the statement.
pub async fn find_by_hash<E: Execute>(
    database: &E,
    key_hash: &str,
) -> Result<Option<ShownKey>, DatabaseError> {
    let Some(row) = database.read_row(FIND, parameters![key_hash]).await? else {
        return Ok(None);
    };
    let scopes: Vec<&str> = json::parse(row.text(2)?)?;
    Ok(Some(ShownKey {
        id: row.text(0)?.to_owned(),
        organization_id: row.text(1)?.to_owned(),
        scopes: scopes.iter().filter_map(|name| name.parse().ok()).collect(),
        networks: row.optional_text(3)?.map(json::parse).transpose()?,
        expires_at: row.optional_integer(4)?,
        revoked_at: row.optional_integer(5)?,
        last_used_at: row.optional_integer(6)?,
        requests_per_minute: row
            .optional_integer(7)?
            .and_then(|requests| u32::try_from(requests).ok()),
    }))
}

const GET: &str = concat!(
    "SELECT ",
    api_key_json!(),
    " FROM api_keys WHERE id = ?2 AND organization_id = ?1"
);

/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<ApiKey>, DatabaseError> {
    json::read_optional(
        &database
            .execute(GET, parameters![tenant.as_str(), id])
            .await?,
    )
}

const LIST: &str = concat!(
    "SELECT json_group_array(",
    api_key_json!(),
    ") FROM (SELECT * FROM api_keys WHERE organization_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3) AS api_keys"
);

/// Up to [`MAX_LISTED`] keys in the order of their ids, after the id `after`; all of them from `""`.
///
/// # Errors
/// The failure of the statement.
pub async fn list<E: Execute>(
    database: &E,
    tenant: &Tenant,
    after: &str,
    limit: i64,
) -> Result<Vec<ApiKey>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), after, limit.clamp(0, MAX_LISTED)];
    json::read(&database.execute(LIST, parameters).await?)
}

const EXPIRE: &str = "
UPDATE api_keys SET expires_at = min(coalesce(expires_at, ?3), ?3)
WHERE id = ?2 AND organization_id = ?1 AND revoked_at IS NULL";

/// Has a key work until then at the longest.
///
/// # Errors
/// The failure of the statement.
pub async fn expire_by<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    at: i64,
) -> Result<(), DatabaseError> {
    database
        .execute(EXPIRE, parameters![tenant.as_str(), id, at])
        .await
        .map(drop)
}

const REVOKE: &str = "
UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?3)
WHERE id = ?2 AND organization_id = ?1 RETURNING revoked_at";

/// Revokes a key and returns since when it is revoked; nothing when the tenant has no such key.
///
/// # Errors
/// The failure of the statement.
pub async fn revoke<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    now: i64,
) -> Result<Option<i64>, DatabaseError> {
    let rows = database
        .execute(REVOKE, parameters![tenant.as_str(), id, now])
        .await?;
    rows.first().map(|row| row.integer(0)).transpose()
}

const TOUCH: &str = "
UPDATE api_keys SET last_used_at = ?3
WHERE id = ?2 AND organization_id = ?1
  AND (last_used_at IS NULL OR last_used_at NOT BETWEEN ?3 - ?4 + 1 AND ?3)";

/// Notes that a key was used, at most once a minute; a key that was noted lately, as read, costs
/// no statement.
///
/// # Errors
/// The failure of the statement.
pub async fn touch<E: Execute>(
    database: &E,
    tenant: &Tenant,
    key: &ShownKey,
    now: i64,
) -> Result<(), DatabaseError> {
    if key
        .last_used_at
        .is_some_and(|used| used <= now && used > now.saturating_sub(TOUCH_SECS))
    {
        return Ok(());
    }
    let parameters = parameters![tenant.as_str(), key.id.as_str(), now, TOUCH_SECS];
    database.execute(TOUCH, parameters).await.map(drop)
}

const REMIND: &str = "
INSERT INTO api_key_reminders (key_id, days, organization_id, reminded_at)
SELECT id, CASE WHEN expires_at - ?1 <= 86400 THEN 1 WHEN expires_at - ?1 <= 3 * 86400 THEN 3 ELSE 14 END,
  organization_id, ?1
FROM api_keys
WHERE revoked_at IS NULL AND expires_at > ?1 AND expires_at <= ?1 + 14 * 86400
ON CONFLICT (key_id, days) DO NOTHING
RETURNING key_id";

/// For maintenance, over all organizations: notes which keys expire within 14, 3 and 1 days, each
/// once, and so raises an event for each; returns how many.
///
/// # Errors
/// The failure of the statement.
pub async fn remind<E: Execute>(database: &E, now: i64) -> Result<usize, DatabaseError> {
    database
        .execute(REMIND, parameters![now])
        .await
        .map(|rows| rows.len())
}
