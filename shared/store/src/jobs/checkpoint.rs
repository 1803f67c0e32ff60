use domain::access::Tenant;
use domain::run::RunCounts;

use crate::database::{DatabaseError, Execute, Value};
use crate::parameters;

/// The right to write for one job, until it ends or is given to another.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    pub tenant: &'a Tenant,
    pub job_id: &'a str,
    pub version: i64,
}

/// How far a run has come since the last checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// JSON; what the next attempt starts from.
    pub checkpoint: &'a str,
    /// `backfill`, `incremental`, `reconciliation` …; `None` leaves it as it is.
    pub kind: Option<&'a str>,
    pub pages: u32,
    pub provider_calls: u32,
    /// Added to those of the run.
    pub counts: RunCounts,
}

const SAVE: &str = "
UPDATE jobs SET checkpoint = ?5, updated_at = ?4
WHERE id = ?1 AND organization_id = ?2 AND lease_version = ?3
  AND lease_holder IS NOT NULL AND lease_expires_at > ?4
RETURNING kind";

const COUNT: &str = "
INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status,
  started_at, request_id, kind, pages, provider_calls, fetched, created, updated, unchanged, deleted, errors)
SELECT run_id, organization_id, subject, id, name, trigger, 'running',
  last_started_at, params ->> 'request_id', coalesce(?3, 'incremental'), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
FROM jobs WHERE id = ?1 AND organization_id = ?2 AND run_id IS NOT NULL
ON CONFLICT (id) DO UPDATE SET
  kind = coalesce(?3, kind),
  pages = pages + excluded.pages,
  provider_calls = provider_calls + excluded.provider_calls,
  fetched = fetched + excluded.fetched,
  created = created + excluded.created,
  updated = updated + excluded.updated,
  unchanged = unchanged + excluded.unchanged,
  deleted = deleted + excluded.deleted,
  errors = errors + excluded.errors";

/// Saves how far the run is, and adds to its counts. To be called in the transaction that wrote
/// the page's rows, after them.
///
/// Returns false when the lease has ended or belongs to somebody else: the caller must roll the
/// transaction back, because another holder may be writing the same rows.
///
/// # Errors
/// The failure of a statement.
pub async fn checkpoint<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    progress: Progress<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let tenant = lease.tenant.as_str();
    let saved = transaction
        .execute(
            SAVE,
            parameters![
                lease.job_id,
                tenant,
                lease.version,
                now,
                progress.checkpoint
            ],
        )
        .await?;
    let Some(row) = saved.first() else {
        return Ok(false);
    };
    if row.text(0)? == super::SYNC {
        let counts = progress.counts;
        let parameters = parameters![
            lease.job_id,
            tenant,
            progress.kind,
            i64::from(progress.pages),
            i64::from(progress.provider_calls),
            count(counts.fetched),
            count(counts.created),
            count(counts.updated),
            count(counts.unchanged),
            count(counts.deleted),
            count(counts.errors),
        ];
        transaction.execute(COUNT, parameters).await?;
    }
    Ok(true)
}

fn count(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}
