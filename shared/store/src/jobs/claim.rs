use domain::access::Tenant;

use crate::database::{DatabaseError, Execute, Row};
use crate::{json, parameters};

/// Due jobs that one claim looks at. Those whose concurrency key is taken cost two index probes
/// each; with more of them than this, the rest waits until a key is free again.
const MAX_CANDIDATES: i64 = 20_000;

/// What to claim, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who claims: names the tick in logs.
    pub holder: &'a str,
    pub now_ms: i64,
    /// How long the jobs are held at the most.
    pub lease_secs: i64,
    /// One UUIDv7 for each job that may be claimed; their number is the limit. A job uses its
    /// own when a new run starts that was promised no other.
    pub fresh_run_ids: &'a [String],
    /// Only jobs of one subject, for those who wait for it.
    pub only: Option<Only<'a>>,
    /// No jobs of these organizations: they have their share.
    pub except: &'a [&'a str],
}

/// The jobs of one kind, and of one subject where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Only<'a> {
    pub tenant: &'a Tenant,
    pub kind: &'a str,
    pub subject: Option<&'a str>,
}

/// A job that is now leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub job_id: String,
    pub kind: String,
    /// Of a sync: the stream.
    pub name: String,
    pub organization_id: String,
    /// Of a sync: the connector.
    pub subject: String,
    /// The component that runs it.
    pub function: String,
    pub lease_version: i64,
    /// When the lease ends.
    pub lease_expires_at: i64,
    pub run_id: String,
    pub trigger: String,
    /// Tries of this run that failed, leases that ran out included.
    pub attempts: u32,
}

/// The claim, around the search for candidates, which is due first and first in its key.
///
/// Every right-hand side sees the row as it was: a run in progress is continued, and only a new
/// one takes what was asked for.
macro_rules! claim_sql {
    ($candidates:literal) => {
        concat!(
            "UPDATE jobs SET
               state = 'running',
               lease_holder = ?1,
               lease_version = lease_version + 1,
               lease_expires_at = ?3,
               next_due_at = ?3,
               attempts = iif(run_id IS NULL, 0, attempts + (lease_holder IS NOT NULL)),
               trigger = iif(run_id IS NULL, planned_trigger, trigger),
               params = iif(run_id IS NULL, requested_params, params),
               requested_params = iif(run_id IS NULL, NULL, requested_params),
               run_started_ms = iif(run_id IS NULL, ?4, run_started_ms),
               last_started_at = iif(run_id IS NULL, ?2, last_started_at),
               next_run_id = iif(run_id IS NULL, NULL, next_run_id),
               run_id = coalesce(run_id, next_run_id, picked.fresh_run_id),
               updated_at = ?2
             FROM (
               SELECT id, json_extract(?5, '$[' || (row_number() OVER () - 1) || ']') AS fresh_run_id
               FROM (
                 SELECT due.id FROM (",
            $candidates,
            "    ) AS due
                 WHERE NOT EXISTS (
                   SELECT 1 FROM jobs AS leased
                   WHERE leased.concurrency_key = due.concurrency_key
                     AND leased.lease_holder IS NOT NULL
                     AND leased.lease_expires_at > ?2)
                 AND NOT EXISTS (
                   SELECT 1 FROM jobs AS earlier
                   WHERE earlier.concurrency_key = due.concurrency_key
                     AND earlier.next_due_at <= ?2
                     AND (earlier.rank, earlier.next_due_at, earlier.id)
                         < (due.rank, due.next_due_at, due.id))
                 LIMIT ?6)
             ) AS picked
             WHERE jobs.id = picked.id
             RETURNING id, kind, name, organization_id, subject, function, lease_version,
                       lease_expires_at, run_id, trigger, attempts"
        )
    };
}

const CLAIM: &str = claim_sql!(
    "SELECT id, concurrency_key, rank, next_due_at FROM jobs
     WHERE next_due_at <= ?2 ORDER BY next_due_at LIMIT ?7"
);

const CLAIM_EXCEPT: &str = claim_sql!(
    "SELECT id, concurrency_key, rank, next_due_at FROM jobs
     WHERE next_due_at <= ?2 AND organization_id NOT IN (SELECT value FROM json_each(?8))
     ORDER BY next_due_at LIMIT ?7"
);

const CLAIM_ONLY: &str = claim_sql!(
    "SELECT id, concurrency_key, rank, next_due_at FROM jobs
     WHERE organization_id = ?8 AND kind = ?9 AND subject = ?10 AND next_due_at <= ?2
     ORDER BY rank LIMIT ?7"
);

const CLAIM_OF_ORGANIZATION: &str = claim_sql!(
    "SELECT id, concurrency_key, rank, next_due_at FROM jobs
     WHERE organization_id = ?8 AND kind = ?9 AND next_due_at <= ?2 LIMIT ?7"
);

/// Leases what is due, the longest due first: of each concurrency key the job of the lowest rank
/// and nothing while another job of the key is leased. With nothing due it reads one index entry.
///
/// # Errors
/// The failure of the statement. After [`DatabaseError::Io`] jobs may be leased that nobody runs;
/// they become due when the lease ends.
pub async fn claim<E: Execute>(
    database: &E,
    claim: Claim<'_>,
) -> Result<Vec<Claimed>, DatabaseError> {
    let now = claim.now_ms.div_euclid(1_000);
    let limit = i64::try_from(claim.fresh_run_ids.len()).unwrap_or(i64::MAX);
    let ids = json::write(claim.fresh_run_ids)?;
    let lease_end = now.saturating_add(claim.lease_secs);
    let rows = match claim.only {
        None => {
            let mut parameters = parameters![
                claim.holder,
                now,
                lease_end,
                claim.now_ms,
                ids,
                limit,
                MAX_CANDIDATES
            ]
            .to_vec();
            if claim.except.is_empty() {
                database.execute(CLAIM, &parameters).await?
            } else {
                parameters.push(json::write(claim.except)?.into());
                database.execute(CLAIM_EXCEPT, &parameters).await?
            }
        }
        Some(only) => {
            let mut parameters = parameters![
                claim.holder,
                now,
                lease_end,
                claim.now_ms,
                ids,
                limit,
                MAX_CANDIDATES,
                only.tenant.as_str(),
                only.kind,
            ]
            .to_vec();
            match only.subject {
                Some(subject) => {
                    parameters.push(subject.into());
                    database.execute(CLAIM_ONLY, &parameters).await?
                }
                None => database.execute(CLAIM_OF_ORGANIZATION, &parameters).await?,
            }
        }
    };
    rows.iter().map(Claimed::read).collect()
}

impl Claimed {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        let text = |index| row.text(index).map(str::to_owned);
        Ok(Self {
            job_id: text(0)?,
            kind: text(1)?,
            name: text(2)?,
            organization_id: text(3)?,
            subject: text(4)?,
            function: text(5)?,
            lease_version: row.integer(6)?,
            lease_expires_at: row.integer(7)?,
            run_id: text(8)?,
            trigger: text(9)?,
            attempts: u32::try_from(row.integer(10)?).unwrap_or(u32::MAX),
        })
    }
}
