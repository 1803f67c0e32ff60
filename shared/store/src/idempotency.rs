//! `Idempotency-Key`: the answer to a request is kept for a day and given again.

use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// How long an answer is kept.
pub const KEEP_SECS: i64 = 86_400;
/// A request that has not answered after so long has died; the next one takes its place.
pub const ABANDONED_SECS: i64 = 120;
/// Keys that one [`prune`] removes at the most.
pub const MAX_PRUNED: i64 = 1_000;

/// A request that carries a key.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'a> {
    pub tenant: &'a Tenant,
    /// The key's scope: who asked.
    pub caller: &'a str,
    pub key: &'a str,
    /// Unique to this try of the request.
    pub attempt_id: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nobody has asked this before: do it, then [`finish`] or [`abandon`] it.
    First,
    /// It was asked and answered.
    Answered { status: u16, body: String },
    /// It was asked and is being done.
    Pending,
    /// The key was used for another request.
    Mismatch,
}

const BEGIN: &str = "
INSERT INTO idempotency_keys (organization_id, caller, key, attempt_id, request_hash, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (organization_id, caller, key) DO UPDATE SET
  attempt_id = excluded.attempt_id,
  request_hash = excluded.request_hash,
  status = NULL,
  body = NULL,
  created_at = excluded.created_at
WHERE created_at <= ?6 - ?7
  OR (status IS NULL AND created_at <= ?6 - ?8 AND request_hash = excluded.request_hash)
RETURNING attempt_id";

const FOUND: &str = "
SELECT request_hash, status, body FROM idempotency_keys
WHERE organization_id = ?1 AND caller = ?2 AND key = ?3";

/// Takes the key for this request, or says what became of the request that has it.
///
/// # Errors
/// The failure of a statement.
pub async fn begin<E: Execute>(
    database: &E,
    keyed: Keyed<'_>,
    request_hash: &str,
    now: i64,
) -> Result<Begun, DatabaseError> {
    let tenant = keyed.tenant.as_str();
    let parameters = parameters![
        tenant,
        keyed.caller,
        keyed.key,
        keyed.attempt_id,
        request_hash,
        now,
        KEEP_SECS,
        ABANDONED_SECS,
    ];
    if !database.execute(BEGIN, parameters).await?.is_empty() {
        return Ok(Begun::First);
    }
    let rows = database
        .execute(FOUND, parameters![tenant, keyed.caller, keyed.key])
        .await?;
    let Some(row) = rows.first() else {
        // Abandoned or pruned in between.
        return Ok(Begun::Pending);
    };
    if row.text(0)? != request_hash {
        return Ok(Begun::Mismatch);
    }
    match row.optional_integer(1)? {
        None => Ok(Begun::Pending),
        Some(status) => Ok(Begun::Answered {
            status: u16::try_from(status)
                .map_err(|_| DatabaseError::Shape(format!("status {status}")))?,
            body: row.optional_text(2)?.unwrap_or_default().to_owned(),
        }),
    }
}

const FINISH: &str = "
UPDATE idempotency_keys SET status = ?5, body = ?6
WHERE organization_id = ?1 AND caller = ?2 AND key = ?3 AND attempt_id = ?4 AND status IS NULL
RETURNING key";

/// Keeps the answer; false when another attempt has taken over. An answer with a secret in it
/// must not be kept: pass a body without it.
///
/// # Errors
/// The failure of the statement.
pub async fn finish<E: Execute>(
    database: &E,
    keyed: Keyed<'_>,
    status: u16,
    body: &str,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        keyed.tenant.as_str(),
        keyed.caller,
        keyed.key,
        keyed.attempt_id,
        i64::from(status),
        body,
    ];
    database
        .execute(FINISH, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const ABANDON: &str = "
DELETE FROM idempotency_keys
WHERE organization_id = ?1 AND caller = ?2 AND key = ?3 AND attempt_id = ?4 AND status IS NULL";

/// Gives the key back, because the request failed in a way that another try may mend.
///
/// # Errors
/// The failure of the statement.
pub async fn abandon<E: Execute>(database: &E, keyed: Keyed<'_>) -> Result<(), DatabaseError> {
    let parameters = parameters![
        keyed.tenant.as_str(),
        keyed.caller,
        keyed.key,
        keyed.attempt_id,
    ];
    database.execute(ABANDON, parameters).await.map(drop)
}

const PRUNE: &str = "
DELETE FROM idempotency_keys WHERE (organization_id, caller, key) IN (
  SELECT organization_id, caller, key FROM idempotency_keys
  WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)
RETURNING key";

/// Removes up to [`MAX_PRUNED`] keys, of all organizations, that are older than [`KEEP_SECS`];
/// returns how many.
///
/// # Errors
/// The failure of the statement.
pub async fn prune<E: Execute>(database: &E, now: i64) -> Result<usize, DatabaseError> {
    let before = now.saturating_sub(KEEP_SECS);
    database
        .execute(PRUNE, parameters![before, MAX_PRUNED])
        .await
        .map(|rows| rows.len())
}
