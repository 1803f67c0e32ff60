//! The keys by which deliveries are proven, sealed.

use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Keys of one webhook that are in force at a time: the current one, and those before it that are not
/// over yet.
pub const MAX_LIVE: i64 = 5;

/// One to keep.
#[derive(Clone, Copy)]
pub struct NewSecret<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub webhook_id: &'a str,
    pub sealed: &'a str,
    /// Fingerprint of the vault key.
    pub sealed_by: &'a str,
}

const RETIRE: &str = "
UPDATE webhook_secrets SET expires_at = ?3
WHERE webhook_id = ?2 AND organization_id = ?1 AND (expires_at IS NULL OR expires_at > ?3)";

const FORGET: &str = "
DELETE FROM webhook_secrets
WHERE webhook_id = ?2 AND organization_id = ?1 AND expires_at <= ?3";

/// What is sealed for a key that is forgotten.
const FORGET_SEALED: &str = "
DELETE FROM credentials
WHERE connector_id = ?2 AND organization_id = ?1 AND field NOT IN (
  SELECT id FROM webhook_secrets WHERE webhook_id = ?2 AND organization_id = ?1)";

const ADD: &str = "
INSERT INTO webhook_secrets (id, webhook_id, organization_id, created_at)
SELECT ?3, webhooks.id, ?1, ?4 FROM webhooks
WHERE webhooks.id = ?2 AND webhooks.organization_id = ?1
  AND (SELECT count(*) FROM webhook_secrets AS live
       WHERE live.webhook_id = ?2 AND live.organization_id = ?1) < ?5
RETURNING id";

const SEAL: &str = "
INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
VALUES (?2, ?3, ?1, ?4, ?5, ?6)";

const RENEW: &str = "
UPDATE webhooks SET version = version + 1, updated_at = ?3 WHERE id = ?2 AND organization_id = ?1";

/// Makes this the key in force; those before it are over at `previous_until`, or earlier where they
/// were to be. False when the tenant has no such webhook, or it has [`MAX_LIVE`] keys: then the caller
/// rolls back.
///
/// # Errors
/// The failure of a statement.
pub async fn put<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewSecret<'_>,
    previous_until: i64,
    now: i64,
) -> Result<bool, DatabaseError> {
    let webhook = new.webhook_id;
    let until = previous_until.max(now);
    transaction
        .execute(RETIRE, parameters![tenant.as_str(), webhook, until])
        .await?;
    transaction
        .execute(FORGET, parameters![tenant.as_str(), webhook, now])
        .await?;
    transaction
        .execute(FORGET_SEALED, parameters![tenant.as_str(), webhook])
        .await?;
    let parameters = parameters![tenant.as_str(), webhook, new.id, now, MAX_LIVE];
    if transaction.execute(ADD, parameters).await?.is_empty() {
        return Ok(false);
    }
    let parameters = parameters![
        tenant.as_str(),
        webhook,
        new.id,
        new.sealed,
        new.sealed_by,
        now
    ];
    transaction.execute(SEAL, parameters).await?;
    transaction
        .execute(RENEW, parameters![tenant.as_str(), webhook, now])
        .await?;
    Ok(true)
}
