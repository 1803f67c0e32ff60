//! The keys of webhooks, sealed: those by which what we receive is proven, and those by which what we
//! send is signed.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::credentials;
use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Keys of one webhook that are in force at a time: the current one, and those before it that are not
/// over yet.
pub const MAX_LIVE: i64 = 5;

/// Whose key it is, by its id.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// A webhook that is received.
    Received(&'a str),
    /// An endpoint that webhooks are sent to.
    Outgoing(&'a str),
}

impl<'a> Owner<'a> {
    #[must_use]
    pub const fn id(self) -> &'a str {
        match self {
            Self::Received(id) | Self::Outgoing(id) => id,
        }
    }
}

/// One to keep.
#[derive(Clone, Copy)]
pub struct NewSecret<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub owner: Owner<'a>,
    pub sealed: &'a str,
    /// Fingerprint of the vault key.
    pub sealed_by: &'a str,
}

/// A key that is, or was until lately, in force.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
pub struct LiveSecret {
    pub id: String,
    pub sealed: String,
    /// Unix seconds.
    pub expires_at: Option<i64>,
}

/// The [`LiveSecret`]s of a webhook as one JSON array; `$now` is the parameter of the present.
macro_rules! live_secrets {
    ($webhook_id:literal, $now:literal) => {
        concat!(
            "json((
    SELECT json_group_array(json_object('id', secret.id, 'sealed', credentials.sealed,
      'expires_at', secret.expires_at))
    FROM webhook_secrets AS secret CROSS JOIN credentials
      ON credentials.connector_id = secret.webhook_id AND credentials.field = secret.id
    WHERE secret.webhook_id = ",
            $webhook_id,
            " AND (secret.expires_at IS NULL OR secret.expires_at > ",
            $now,
            ")))"
        )
    };
}
pub(crate) use live_secrets;

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

macro_rules! add {
    ($owners:literal) => {
        concat!(
            "
INSERT INTO webhook_secrets (id, webhook_id, organization_id, created_at)
SELECT ?3, owner.id, ?1, ?4 FROM ",
            $owners,
            " AS owner
WHERE owner.id = ?2 AND owner.organization_id = ?1
  AND (SELECT count(*) FROM webhook_secrets AS live
       WHERE live.webhook_id = ?2 AND live.organization_id = ?1) < ?5
RETURNING id"
        )
    };
}

const SEAL: &str = "
INSERT INTO credentials (connector_id, field, organization_id, sealed, sealed_by, updated_at)
VALUES (?2, ?3, ?1, ?4, ?5, ?6)";

/// What the receiver has copied of a webhook does not count any more.
const RENEW_RECEIVED: &str = "
UPDATE webhooks SET version = version + 1, updated_at = ?3 WHERE id = ?2 AND organization_id = ?1";

const RENEW_OUTGOING: &str =
    "UPDATE outgoing_webhooks SET updated_at = ?3 WHERE id = ?2 AND organization_id = ?1";

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
    let webhook = new.owner.id();
    let (add, renew) = match new.owner {
        Owner::Received(_) => (add!("webhooks"), RENEW_RECEIVED),
        Owner::Outgoing(_) => (add!("outgoing_webhooks"), RENEW_OUTGOING),
    };
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
    if transaction.execute(add, parameters).await?.is_empty() {
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
        .execute(renew, parameters![tenant.as_str(), webhook, now])
        .await?;
    Ok(true)
}

const FORGET_ALL: &str =
    "DELETE FROM webhook_secrets WHERE webhook_id = ?2 AND organization_id = ?1";

/// Removes every key of a webhook, of either sort.
///
/// # Errors
/// The failure of a statement.
pub async fn forget_all<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    webhook_id: &str,
) -> Result<(), DatabaseError> {
    credentials::purge(transaction, tenant, webhook_id).await?;
    transaction
        .execute(FORGET_ALL, parameters![tenant.as_str(), webhook_id])
        .await
        .map(drop)
}

impl std::fmt::Debug for LiveSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "LiveSecret({})", self.id)
    }
}
