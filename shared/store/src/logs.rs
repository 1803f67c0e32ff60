//! What the integrations did, row by row, and counted.
//!
//! Most rows are written by triggers (migration 0013); [`append`] is for what leaves no other trace.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// How long a row is kept, in seconds: 90 days.
pub const KEEP_SECONDS: i64 = 90 * 86_400;

/// A row that is to be written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewLog<'a> {
    pub connector_id: Option<&'a str>,
    pub event_type: &'a str,
    /// `success`, `failed` or `info`.
    pub status: &'a str,
    pub subject_id: Option<&'a str>,
    pub duration_ms: Option<i64>,
    pub code: Option<&'a str>,
    pub detail: Option<&'a str>,
    pub request_id: Option<&'a str>,
}

const APPEND: &str = "
INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id,
  duration_ms, code, detail, request_id, occurred_at)
SELECT organizations.id, value ->> 'connector_id', value ->> 'event_type', value ->> 'status',
  value ->> 'subject_id', value ->> 'duration_ms', value ->> 'code', value ->> 'detail',
  value ->> 'request_id', ?3
FROM json_each(?2) CROSS JOIN organizations ON organizations.id = ?1";

/// Writes rows. Nothing in them is a secret, nor a body.
///
/// # Errors
/// The failure of the statement.
pub async fn append<E: Execute>(
    database: &E,
    tenant: &Tenant,
    rows: &[NewLog<'_>],
    now: i64,
) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let parameters = parameters![tenant.as_str(), json::write(rows)?, now];
    database.execute(APPEND, parameters).await.map(drop)
}

/// A row of refused deliveries counts those of so many seconds.
pub const REFUSED_SECONDS: i64 = 10;
pub const REFUSED: &str = "webhook_refused";

/// Deliveries of one webhook that were refused for one reason.
pub struct Refused<'a> {
    pub webhook_id: &'a str,
    pub code: &'a str,
    pub detail: &'a str,
    /// Of the first one, which the row keeps.
    pub request_id: &'a str,
    pub count: i64,
}

/// The row that these are counted in, if there is one. Looks at the last hundred rows at the most.
macro_rules! recent {
    () => {
        "SELECT seq FROM (
           SELECT seq, subject_id, code, occurred_at FROM integration_logs
           WHERE organization_id = ?1 AND event_type = 'webhook_refused' ORDER BY seq DESC LIMIT 100)
         WHERE subject_id = ?2 AND code = ?3 AND occurred_at > ?4 LIMIT 1"
    };
}

const COUNT_REFUSED: &str = concat!(
    "
UPDATE integration_logs SET counts = json_object('refused', (counts ->> 'refused') + ?5)
WHERE seq = (",
    recent!(),
    ") RETURNING seq"
);

const APPEND_REFUSED: &str = concat!(
    "
INSERT INTO integration_logs (organization_id, event_type, status, subject_id, counts, code, detail,
  request_id, occurred_at)
SELECT id, 'webhook_refused', 'failed', ?2, json_object('refused', ?5), ?3, ?6, ?7, ?8
FROM organizations WHERE id = ?1 AND NOT EXISTS (",
    recent!(),
    ") RETURNING seq"
);

/// Notes deliveries that were refused: one row for each webhook and reason in [`REFUSED_SECONDS`],
/// which counts them. Whoever sends rubbish does not fill the log.
///
/// # Errors
/// The failure of a statement.
pub async fn note_refused<E: Execute>(
    database: &E,
    tenant: &Tenant,
    refused: Refused<'_>,
    now: i64,
) -> Result<(), DatabaseError> {
    let Refused {
        webhook_id,
        code,
        detail,
        request_id,
        count,
    } = refused;
    let since = now.saturating_sub(REFUSED_SECONDS);
    let counting = parameters![tenant.as_str(), webhook_id, code, since, count];
    if !database.execute(COUNT_REFUSED, counting).await?.is_empty() {
        return Ok(());
    }
    let appending = parameters![
        tenant.as_str(),
        webhook_id,
        code,
        since,
        count,
        detail,
        request_id,
        now
    ];
    if database
        .execute(APPEND_REFUSED, appending)
        .await?
        .is_empty()
    {
        // Somebody else was first, or the organization is gone.
        database.execute(COUNT_REFUSED, counting).await?;
    }
    Ok(())
}

/// What happened on some days, counted by day and by type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// `of` is `YYYY-MM-DD`, UTC.
    pub by_day: Vec<Counted>,
    pub by_type: Vec<Counted>,
}

/// So many rows of one day or type that took the same time. Those of the status `info` count nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Counted {
    pub of: String,
    /// The duration, rounded up; 0 where there is none.
    pub up_to_ms: i64,
    pub total: i64,
    pub failed: i64,
}

/// Which days, and of what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span<'a> {
    /// Days since 1970-01-01; both are in it.
    pub from_day: i64,
    pub to_day: i64,
    pub connector_id: Option<&'a str>,
}

/// Added up here rather than by the caller, for whom that would be a row for each combination.
macro_rules! counted {
    ($of:literal, $key:literal) => {
        concat!(
            "(SELECT json_group_array(json_array(",
            $of,
            ", up_to_ms, total, failed)) FROM (SELECT ",
            $key,
            ", up_to_ms, sum(iif(status = 'info', 0, count)) AS total,
               sum(iif(status = 'failed', count, 0)) AS failed
             FROM log_statistics
             WHERE organization_id = ?1 AND day BETWEEN ?2 AND ?3 AND (?4 IS NULL OR connector_id = ?4)
             GROUP BY ",
            $key,
            ", up_to_ms ORDER BY 1, 2))"
        )
    };
}

const COUNTED: &str = concat!(
    "SELECT json_object('by_day', json(",
    counted!("date(day * 86400, 'unixepoch')", "day"),
    "), 'by_type', json(",
    counted!("event_type", "event_type"),
    "))"
);

/// What happened on these days, counted.
///
/// # Errors
/// The failure of the statement.
pub async fn counted<E: Execute>(
    database: &E,
    tenant: &Tenant,
    span: Span<'_>,
) -> Result<Counts, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        span.from_day,
        span.to_day,
        span.connector_id
    ];
    json::read(&database.execute(COUNTED, parameters).await?)
}

const PRUNE: &str = "
DELETE FROM integration_logs WHERE seq IN (
  SELECT seq FROM (SELECT seq, occurred_at FROM integration_logs WHERE seq > 0 ORDER BY seq LIMIT ?2)
  WHERE occurred_at < ?1)
RETURNING seq";

const PRUNE_STATISTICS: &str = "
DELETE FROM log_statistics
WHERE (organization_id, day, connector_id, event_type, status, up_to_ms) IN (
  SELECT organization_id, day, connector_id, event_type, status, up_to_ms
  FROM log_statistics WHERE day < ?1 / 86400 ORDER BY day LIMIT ?2)
RETURNING day";

/// For maintenance, over all organizations: removes up to `limit` rows of before `before`, and as many
/// counts; returns how many.
///
/// # Errors
/// The failure of a statement.
pub async fn prune<E: Execute>(
    database: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    let rows = database.execute(PRUNE, parameters![before, limit]).await?;
    let counts = database
        .execute(PRUNE_STATISTICS, parameters![before, limit])
        .await?;
    Ok(rows.len().max(counts.len()))
}
