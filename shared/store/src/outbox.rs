//! The outbox: effects that were decided. A *delivery* is one of them, what is sent and what became
//! of it; while it is not done, a job of the kind [`OUTBOX`] stands for it, and the engine claims,
//! retries and gives up that job as any other ([`crate::jobs`]).
//!
//! A delivery is decided in the transaction of what it follows from, and is not forgotten then. What
//! a provider takes twice is sent at least once.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::jobs::{Failure, Lease, SealedCredential};
use crate::{json, parameters};

/// The kind of a job that sends one delivery: name = delivery, subject = by what it is sent.
pub const OUTBOX: &str = "outbox";

/// Deliveries of one connector, or to one endpoint, that may wait at a time.
pub const MAX_PENDING: i64 = 1_000;

/// How long a delivery that has an end is kept, in seconds: 90 days.
pub const KEEP_SECONDS: i64 = 90 * 86_400;

/// An effect to be done.
#[derive(Clone, Copy, Debug)]
pub struct NewDelivery<'a> {
    /// UUIDv7.
    pub id: &'a str,
    /// UUIDv7, of its job.
    pub job_id: &'a str,
    pub kind: &'a str,
    pub sender: Sender<'a>,
    pub requested_by: &'a str,
    /// JSON; never a credential.
    pub payload: &'a str,
    /// How many rules are behind it.
    pub depth: u32,
    pub job: DeliveryJob<'a>,
    /// For whoever decides it and sends it at once, if nothing of its key goes before it.
    pub lease: Option<NewLease<'a>>,
}

/// A lease that a job is born with.
#[derive(Clone, Copy, Debug)]
pub struct NewLease<'a> {
    /// Names the holder in logs.
    pub holder: &'a str,
    /// UUIDv7.
    pub run_id: &'a str,
    /// How long it is held at the most.
    pub lease_secs: i64,
    pub now_ms: i64,
}

/// By what a delivery is sent, by its id; kept as `connector_id`.
#[derive(Clone, Copy, Debug)]
pub enum Sender<'a> {
    Connector(&'a str),
    /// An endpoint of outgoing webhooks.
    Endpoint(&'a str),
}

/// What deciding a delivery came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// The engine sends it.
    Done,
    /// Whoever decided it has the lease, of version 1, and sends it.
    Leased,
    /// The tenant has no such connector or endpoint, or the endpoint is disabled.
    NoSender,
    /// [`MAX_PENDING`] wait already.
    Full,
}

/// By whom and beside what it is done.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryJob<'a> {
    /// The component that sends it.
    pub function: &'a str,
    /// Deliveries with the same one are sent one after the other, in the order of their ids.
    pub concurrency_key: &'a str,
}

/// What a delivery can be sent by.
macro_rules! senders {
    ($start:literal, connectors, $rest:literal) => {
        concat!($start, " FROM connectors WHERE id = ?1 AND organization_id = ?2 ", $rest)
    };
    ($start:literal, endpoints, $rest:literal) => {
        concat!(
            $start,
            " FROM outgoing_webhooks WHERE id = ?1 AND organization_id = ?2 AND state <> 'disabled' ",
            $rest
        )
    };
}

macro_rules! enqueue {
    ($senders:ident) => {
        senders!(
            "
INSERT INTO deliveries (id, organization_id, kind, connector_id, requested_by, payload, state, created_at, depth)
SELECT ?3, ?2, ?4, id, ?5, ?6, 'pending', ?7, ?9",
            $senders,
            "
  AND (SELECT count(*) FROM (
    SELECT 1 FROM deliveries WHERE organization_id = ?2 AND connector_id = ?1 AND state = 'pending'
    LIMIT ?8)) < ?8
RETURNING id"
        )
    };
}

/// Due at once. Of the same second, the engine takes the lower rank and then the lower id first: the
/// id of a job is given out in the order of the deliveries.
const ENQUEUE_JOB: &str = "
INSERT INTO jobs (id, kind, name, organization_id, subject, function, payload, concurrency_key, state,
  next_due_at, planned_trigger, created_at, updated_at)
SELECT ?3, 'outbox', id, organization_id, connector_id, ?4,
  json_object('attempts_before', attempts), ?5, 'pending', ?6, 'manual', ?6, ?6
FROM deliveries WHERE id = ?2 AND organization_id = ?1 AND state = 'pending'";

/// The same, claimed already. The engine takes it over when the lease has ended.
const ENQUEUE_LEASED_JOB: &str = "
INSERT INTO jobs (id, kind, name, organization_id, subject, function, payload, concurrency_key, state,
  next_due_at, planned_trigger, trigger, run_id, lease_holder, lease_version, lease_expires_at,
  run_started_ms, last_started_at, created_at, updated_at)
SELECT ?3, 'outbox', id, organization_id, connector_id, ?4,
  json_object('attempts_before', attempts), ?5, 'running', ?6 + ?9, 'manual', 'manual', ?8, ?7, 1, ?6 + ?9,
  ?10, ?6, ?6, ?6
FROM deliveries WHERE id = ?2 AND organization_id = ?1 AND state = 'pending'
  AND NOT EXISTS (
    SELECT 1 FROM jobs AS other WHERE other.concurrency_key = ?5 AND other.next_due_at IS NOT NULL)
RETURNING id";

/// Decides a delivery.
///
/// # Errors
/// The failure of a statement.
pub async fn enqueue<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewDelivery<'_>,
    now: i64,
) -> Result<Enqueued, DatabaseError> {
    let (id, enqueue, find) = match new.sender {
        Sender::Connector(id) => (
            id,
            enqueue!(connectors),
            senders!("SELECT 1", connectors, ""),
        ),
        Sender::Endpoint(id) => (id, enqueue!(endpoints), senders!("SELECT 1", endpoints, "")),
    };
    let parameters = parameters![
        id,
        tenant.as_str(),
        new.id,
        new.kind,
        new.requested_by,
        new.payload,
        now,
        MAX_PENDING,
        i64::from(new.depth),
    ];
    let rows = transaction.execute(enqueue, parameters).await?;
    if rows.is_empty() {
        let found = transaction
            .execute(find, parameters![id, tenant.as_str()])
            .await?;
        return Ok(if found.is_empty() {
            Enqueued::NoSender
        } else {
            Enqueued::Full
        });
    }
    if let Some(lease) = new.lease {
        let parameters = parameters![
            tenant.as_str(),
            new.id,
            new.job_id,
            new.job.function,
            new.job.concurrency_key,
            now,
            lease.holder,
            lease.run_id,
            lease.lease_secs,
            lease.now_ms,
        ];
        let rows = transaction.execute(ENQUEUE_LEASED_JOB, parameters).await?;
        if !rows.is_empty() {
            return Ok(Enqueued::Leased);
        }
    }
    make_job(transaction, tenant, new.id, new.job_id, new.job, now).await?;
    Ok(Enqueued::Done)
}

async fn make_job<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    job_id: &str,
    job: DeliveryJob<'_>,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        job_id,
        job.function,
        job.concurrency_key,
        now
    ];
    transaction.execute(ENQUEUE_JOB, parameters).await.map(drop)
}

const REOPEN: &str = "
UPDATE deliveries SET state = 'pending', finished_at = NULL
WHERE id = ?2 AND organization_id = ?1 AND state = 'failed'
  AND (EXISTS (SELECT 1 FROM connectors
      WHERE connectors.id = deliveries.connector_id AND connectors.organization_id = ?1)
    OR EXISTS (SELECT 1 FROM outgoing_webhooks AS endpoint
      WHERE endpoint.id = deliveries.connector_id AND endpoint.organization_id = ?1))
RETURNING id";

/// Has a delivery that was given up sent again; false when it was not, or what it was sent by is gone.
///
/// # Errors
/// The failure of a statement.
pub async fn retry<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    job_id: &str,
    job: DeliveryJob<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let rows = transaction
        .execute(REOPEN, parameters![tenant.as_str(), id])
        .await?;
    if rows.is_empty() {
        return Ok(false);
    }
    make_job(transaction, tenant, id, job_id, job, now).await?;
    Ok(true)
}

/// A delivery of a connector as its function needs it.
#[derive(Clone, Debug, Deserialize)]
pub struct Effect {
    pub delivery_id: String,
    pub organization_id: String,
    pub kind: String,
    /// JSON.
    pub payload: String,
    pub connector_id: String,
    pub connector_state: String,
    /// JSON.
    pub config: String,
    pub credentials: Vec<SealedCredential>,
}

const LOAD: &str = "
SELECT json_object(
  'delivery_id', deliveries.id, 'organization_id', deliveries.organization_id,
  'kind', deliveries.kind, 'payload', deliveries.payload,
  'connector_id', connectors.id, 'connector_state', connectors.state, 'config', connectors.config,
  'credentials', json((
    SELECT json_group_array(json_object('field', field, 'sealed', sealed)) FROM credentials
    WHERE credentials.connector_id = connectors.id
      AND credentials.organization_id = jobs.organization_id)))
FROM jobs
JOIN deliveries ON deliveries.id = jobs.name AND deliveries.organization_id = jobs.organization_id
JOIN connectors ON connectors.id = jobs.subject AND connectors.organization_id = jobs.organization_id
WHERE jobs.id = ?1 AND jobs.lease_version = ?2 AND jobs.kind = 'outbox'
  AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?3
  AND deliveries.state = 'pending'";

/// What the holder of a lease sends; nothing when the lease has ended or belongs to somebody else.
///
/// Takes no tenant: a lease names the job, and the job names the organization.
///
/// # Errors
/// The failure of the statement.
pub async fn load<E: Execute>(
    database: &E,
    job_id: &str,
    lease_version: i64,
    now: i64,
) -> Result<Option<Effect>, DatabaseError> {
    let rows = database
        .execute(LOAD, parameters![job_id, lease_version, now])
        .await?;
    json::read_optional(&rows)
}

/// A request that went out, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub started_ms: i64,
    pub duration_ms: i64,
    /// HTTP; `None` without an answer.
    pub status: Option<u16>,
    /// `None`: it was taken.
    pub failure: Option<&'a Failure>,
    /// It failed, and the provider may have done it all the same.
    pub may_have_happened: bool,
    /// JSON: what the provider says of what it took.
    pub result: Option<&'a str>,
}

const COUNT_ATTEMPT: &str = "
UPDATE deliveries SET attempts = attempts + 1, result = coalesce(?5, result)
WHERE organization_id = ?1 AND state = 'pending' AND id = (
  SELECT name FROM jobs WHERE id = ?2 AND organization_id = ?1 AND kind = 'outbox'
    AND lease_version = ?3 AND lease_holder IS NOT NULL AND lease_expires_at > ?4)
RETURNING id, attempts";

const NOTE_ATTEMPT: &str = "
INSERT INTO delivery_attempts (delivery_id, number, organization_id, started_ms, duration_ms, status,
  code, detail, may_have_happened)
VALUES (?2, ?3, ?1, ?4, ?5, ?6, ?7, ?8, ?9)";

/// Notes an attempt, under the lease; false when the lease has ended, and nothing is noted then.
///
/// # Errors
/// The failure of a statement.
pub async fn note_attempt<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    attempt: Attempt<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let tenant = lease.tenant.as_str();
    let parameters = parameters![tenant, lease.job_id, lease.version, now, attempt.result];
    let rows = transaction.execute(COUNT_ATTEMPT, parameters).await?;
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let parameters = parameters![
        tenant,
        row.text(0)?,
        row.integer(1)?,
        attempt.started_ms,
        attempt.duration_ms,
        attempt.status.map(i64::from),
        attempt.failure.map(|failure| failure.code.as_str()),
        attempt.failure.map(|failure| failure.detail.as_str()),
        attempt.may_have_happened,
    ];
    transaction.execute(NOTE_ATTEMPT, parameters).await?;
    Ok(true)
}

const WAKE: &str = "
UPDATE jobs SET next_due_at = ?3, updated_at = ?3
WHERE organization_id = ?1 AND kind = 'outbox' AND subject = ?2
  AND state = 'pending' AND next_due_at > ?3";

/// Has what a connector has to send, or an endpoint is to be sent, tried now, because what kept it has
/// passed.
///
/// # Errors
/// The failure of the statement.
pub async fn wake<E: Execute>(
    database: &E,
    tenant: &Tenant,
    sender_id: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    database
        .execute(WAKE, parameters![tenant.as_str(), sender_id, now])
        .await
        .map(drop)
}

const CANCEL: &str = "
UPDATE deliveries SET state = 'failed', error_code = ?4, error_detail = ?5, finished_at = ?6
WHERE organization_id = ?1 AND connector_id = ?2 AND state = 'pending' AND id IS NOT ?3";

const CANCEL_JOBS: &str = "
DELETE FROM jobs
WHERE organization_id = ?1 AND kind = 'outbox' AND subject = ?2 AND name IS NOT ?3";

/// Gives up what a connector still has to send, or an endpoint is still to be sent, except one
/// delivery: with its credential gone, or nobody there to take it, nothing can be. What is on its way
/// is not known to have arrived.
///
/// # Errors
/// The failure of a statement.
pub async fn cancel<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    sender_id: &str,
    except: Option<&str>,
    reason: &Failure,
    now: i64,
) -> Result<(), DatabaseError> {
    let (code, detail) = (reason.code.as_str(), reason.detail.as_str());
    let parameters = parameters![tenant.as_str(), sender_id, except, code, detail, now];
    transaction.execute(CANCEL, parameters).await?;
    transaction
        .execute(CANCEL_JOBS, parameters![tenant.as_str(), sender_id, except])
        .await
        .map(drop)
}

const PRUNE_ATTEMPTS: &str = "
DELETE FROM delivery_attempts WHERE delivery_id IN (
  SELECT id FROM deliveries WHERE finished_at < ?1 ORDER BY finished_at LIMIT ?2)";

const PRUNE: &str = "
DELETE FROM deliveries WHERE id IN (
  SELECT id FROM deliveries WHERE finished_at < ?1 ORDER BY finished_at LIMIT ?2)
RETURNING id";

/// For maintenance, over all organizations: removes up to `limit` deliveries that had their end
/// before `before`, with their attempts; returns how many. Call it inside a transaction.
///
/// # Errors
/// The failure of a statement.
pub async fn prune<E: Execute>(
    transaction: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    transaction
        .execute(PRUNE_ATTEMPTS, parameters![before, limit])
        .await?;
    transaction
        .execute(PRUNE, parameters![before, limit])
        .await
        .map(|rows| rows.len())
}
