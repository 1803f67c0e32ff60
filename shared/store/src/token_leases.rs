//! Who renews the access token of a connector: one holder at a time, over all instances. A server
//! that gives a new refresh token with each renewal withdraws everything when it sees one twice.

use domain::access::Tenant;

use crate::credentials::{self, Sealed};
use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// A lease that ends later than this from now, in milliseconds, was taken by a clock that jumped.
pub const MAX_LEASE_MS: i64 = 120_000;

/// The right to renew, until it ends or the credential is replaced.
#[derive(Clone, Copy, Debug)]
pub struct TokenLease<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    pub version: i64,
}

const TAKE: &str = "
UPDATE connectors SET token_lease_version = token_lease_version + 1, token_lease_until_ms = ?4
WHERE id = ?2 AND organization_id = ?1
  AND (token_lease_until_ms <= ?3 OR token_lease_until_ms > ?3 + ?5)
RETURNING token_lease_version";

/// Takes the lease until `until_ms`; nothing while another holds it.
///
/// # Errors
/// The failure of the statement.
pub async fn take<'a, E: Execute>(
    database: &E,
    tenant: &'a Tenant,
    connector_id: &'a str,
    now_ms: i64,
    until_ms: i64,
) -> Result<Option<TokenLease<'a>>, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        now_ms,
        until_ms,
        MAX_LEASE_MS
    ];
    let rows = database.execute(TAKE, parameters).await?;
    rows.first()
        .map(|row| {
            Ok(TokenLease {
                tenant,
                connector_id,
                version: row.integer(0)?,
            })
        })
        .transpose()
}

const END: &str = "
UPDATE connectors SET token_lease_until_ms = 0
WHERE id = ?2 AND organization_id = ?1 AND token_lease_version = ?3
RETURNING id";

/// Ends the lease; false when it is not the holder's any more.
///
/// # Errors
/// The failure of the statement.
pub async fn end<E: Execute>(database: &E, lease: TokenLease<'_>) -> Result<bool, DatabaseError> {
    let parameters = parameters![lease.tenant.as_str(), lease.connector_id, lease.version];
    database
        .execute(END, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// Keeps what the server gave and ends the lease; false when it is not the holder's any more, and
/// nothing is kept then.
///
/// # Errors
/// The failure of a statement.
pub async fn keep<E: Execute>(
    transaction: &E,
    lease: TokenLease<'_>,
    fields: &[Sealed<'_>],
    now: i64,
) -> Result<bool, DatabaseError> {
    if !end(transaction, lease).await? {
        return Ok(false);
    }
    credentials::put(transaction, lease.tenant, lease.connector_id, fields, now).await
}

const BREAK: &str = "
UPDATE connectors SET token_lease_version = token_lease_version + 1, token_lease_until_ms = 0
WHERE id = ?2 AND organization_id = ?1";

/// Takes the lease from whoever holds it: what it brings was got with a credential or settings that
/// do not count any more.
///
/// # Errors
/// The failure of the statement.
pub async fn break_off<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    transaction
        .execute(BREAK, parameters![tenant.as_str(), connector_id])
        .await
        .map(drop)
}
