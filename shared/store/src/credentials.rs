//! Sealed secrets. What they say is known to the vault alone.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::jobs::SealedCredential;
use crate::{json, parameters, token_leases};

/// Credentials on a page of [`sealed_by_other_keys`] at the most.
pub const MAX_PAGE: i64 = 500;

/// One secret to keep.
#[derive(Clone, Copy, Serialize)]
pub struct Sealed<'a> {
    pub field: &'a str,
    pub sealed: &'a str,
    /// Fingerprint of the vault key.
    pub sealed_by: &'a str,
}

/// One secret that another key than the current one has sealed.
#[derive(Clone, Deserialize, PartialEq, Eq)]
pub struct Stale {
    pub organization_id: String,
    pub connector_id: String,
    pub field: String,
    pub sealed: String,
    pub sealed_by: String,
}

const PUT: &str = "
INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
SELECT connectors.id, value ->> 'field', ?1, value ->> 'sealed', value ->> 'sealed_by', ?4
FROM json_each(?3) CROSS JOIN connectors ON connectors.id = ?2 AND connectors.organization_id = ?1
WHERE true
ON CONFLICT (connector_id, field) DO UPDATE SET
  sealed = excluded.sealed, sealed_by = excluded.sealed_by, updated_at = excluded.updated_at
RETURNING field";

/// Stores or replaces these fields of a connector; false when the tenant has no such connector.
///
/// # Errors
/// The failure of the statement.
pub async fn put<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    fields: &[Sealed<'_>],
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, json::write(fields)?, now];
    transaction
        .execute(PUT, parameters)
        .await
        .map(|rows| rows.len() == fields.len())
}

const PURGE: &str =
    "DELETE FROM credentials WHERE connector_id = ?2 AND organization_id = ?1 RETURNING field";

/// Removes every secret of a connector; returns how many. Whoever renews its access token meanwhile
/// brings nothing back.
///
/// # Errors
/// The failure of the statement.
pub async fn purge<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<usize, DatabaseError> {
    token_leases::break_off(transaction, tenant, connector_id).await?;
    transaction
        .execute(PURGE, parameters![tenant.as_str(), connector_id])
        .await
        .map(|rows| rows.len())
}

const REMOVE: &str =
    "DELETE FROM credentials WHERE connector_id = ?2 AND field = ?3 AND organization_id = ?1";

/// Removes one secret of a connector, and lets nobody bring it back who renews it meanwhile.
///
/// # Errors
/// The failure of a statement.
pub async fn remove<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    field: &str,
) -> Result<(), DatabaseError> {
    token_leases::break_off(transaction, tenant, connector_id).await?;
    transaction
        .execute(REMOVE, parameters![tenant.as_str(), connector_id, field])
        .await
        .map(drop)
}

const FORGET: &str = "DELETE FROM credentials WHERE connector_id = ?2 AND field = ?3 AND organization_id = ?1 AND sealed = ?4";

/// Removes one secret that is not needed any more, if it is still this one. Whoever renews an access token goes on.
///
/// # Errors
/// The failure of the statement.
pub async fn forget<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    secret: &SealedCredential,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        secret.field.as_str(),
        secret.sealed.as_str()
    ];
    database.execute(FORGET, parameters).await.map(drop)
}

const LIST: &str = "
SELECT json_group_array(json_object('field', field, 'sealed', sealed)) FROM credentials
WHERE connector_id = ?2 AND organization_id = ?1";

/// Every secret of a connector, sealed.
///
/// # Errors
/// The failure of the statement.
pub async fn list<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Vec<SealedCredential>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id];
    json::read(&database.execute(LIST, parameters).await?)
}

/// Both sides of the current key in the index, so that what is sealed by it costs nothing.
const STALE: &str = "
SELECT json_group_array(json_object('organization_id', organization_id,
  'connector_id', connector_id, 'field', field, 'sealed', sealed, 'sealed_by', sealed_by))
FROM (
  SELECT * FROM (
    SELECT * FROM credentials
    WHERE (sealed_by, connector_id, field) > (?2, ?3, ?4) AND sealed_by < ?1
    ORDER BY sealed_by, connector_id, field LIMIT ?5)
  UNION ALL
  SELECT * FROM (
    SELECT * FROM credentials
    WHERE (sealed_by, connector_id, field) > (?2, ?3, ?4) AND sealed_by > ?1
    ORDER BY sealed_by, connector_id, field LIMIT ?5)
  LIMIT ?5)";

/// For the re-seal sweep, over all organizations: up to [`MAX_PAGE`] credentials that another key
/// than `current` has sealed. `after` is the last one of the page before: one that cannot be
/// opened stays, and must not be met for ever.
///
/// # Errors
/// The failure of the statement.
pub async fn sealed_by_other_keys<E: Execute>(
    database: &E,
    current: &str,
    after: Option<&Stale>,
    limit: i64,
) -> Result<Vec<Stale>, DatabaseError> {
    let (key, connector, field) = after.map_or(("", "", ""), |last| {
        (
            last.sealed_by.as_str(),
            last.connector_id.as_str(),
            last.field.as_str(),
        )
    });
    let limit = limit.clamp(0, MAX_PAGE);
    let rows = database
        .execute(STALE, parameters![current, key, connector, field, limit])
        .await?;
    let mut page: Vec<Stale> = json::read(&rows)?;
    page.sort_by(|a, b| a.place().cmp(&b.place()));
    Ok(page)
}

const REPLACE: &str = "
UPDATE credentials SET sealed = ?5, sealed_by = ?6, updated_at = ?7
WHERE connector_id = ?2 AND field = ?3 AND organization_id = ?1 AND sealed = ?4
RETURNING field";

/// Replaces `stale` by the same secret under the current key, unless it has changed meanwhile;
/// returns whether it did.
///
/// # Errors
/// The failure of the statement.
pub async fn replace<E: Execute>(
    database: &E,
    stale: &Stale,
    sealed: &str,
    sealed_by: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        stale.organization_id.as_str(),
        stale.connector_id.as_str(),
        stale.field.as_str(),
        stale.sealed.as_str(),
        sealed,
        sealed_by,
        now,
    ];
    database
        .execute(REPLACE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

impl Stale {
    fn place(&self) -> (&str, &str, &str) {
        (&self.sealed_by, &self.connector_id, &self.field)
    }
}

impl std::fmt::Debug for Stale {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Stale({} {})", self.connector_id, self.field)
    }
}

impl std::fmt::Debug for Sealed<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Sealed({})", self.field)
    }
}
