//! Who changed what is set up. The entries are written by triggers (migration 0015), which have to be
//! told whose change it is.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// How long an entry is kept, in seconds: 400 days.
pub const KEEP_SECONDS: i64 = 400 * 86_400;

/// Whose change it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Actor {
    /// `api_key`, `jwt`, `session` or `operator`.
    pub kind: Cow<'static, str>,
    /// The id of the key, or the subject of the token.
    pub name: String,
    pub request_id: String,
}

const BEGIN: &str = "
INSERT INTO audit_actors (id, kind, actor, request_id, changed_at) VALUES (1, ?1, ?2, ?3, ?4)
ON CONFLICT (id) DO UPDATE SET
  kind = excluded.kind, actor = excluded.actor, request_id = excluded.request_id, changed_at = excluded.changed_at";

const END: &str = "DELETE FROM audit_actors WHERE id = 1";

/// What the transaction changes from here on is the actor's. It must not be committed before [`end`].
///
/// # Errors
/// The failure of the statement.
pub async fn begin<E: Execute>(
    transaction: &E,
    actor: &Actor,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        actor.kind.as_ref(),
        actor.name.as_str(),
        actor.request_id.as_str(),
        now
    ];
    transaction.execute(BEGIN, parameters).await.map(drop)
}

/// What is changed from here on is nobody's.
///
/// # Errors
/// The failure of the statement.
pub async fn end<E: Execute>(transaction: &E) -> Result<(), DatabaseError> {
    transaction.execute(END, &[]).await.map(drop)
}

const PRUNE: &str = "
DELETE FROM audit_entries WHERE seq IN (
  SELECT seq FROM (SELECT seq, occurred_at FROM audit_entries WHERE seq > 0 ORDER BY seq LIMIT ?2)
  WHERE occurred_at < ?1)
RETURNING seq";

/// For maintenance, over all organizations: removes up to `limit` entries of before `before`; returns
/// how many.
///
/// # Errors
/// The failure of the statement.
pub async fn prune<E: Execute>(
    database: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    let rows = database.execute(PRUNE, parameters![before, limit]).await?;
    Ok(rows.len())
}
