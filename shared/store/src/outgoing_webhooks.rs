//! Endpoints that an organization has webhooks sent to, and how they fare. What is sent is a delivery
//! of the [outbox](crate::outbox).

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
pub use crate::inbox::webhooks::Created;
use crate::jobs::Failure;
use crate::webhook_secrets::{self, LiveSecret, live_secrets};
use crate::{json, outbox, parameters};

/// The kind of a delivery to an endpoint.
pub const WEBHOOK: &str = "webhook";

/// Endpoints of one organization.
pub const MAX_ENDPOINTS: i64 = 100;

/// An endpoint to make.
#[derive(Clone, Copy, Debug)]
pub struct NewEndpoint<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub name: &'a str,
    /// As it is connected to.
    pub url: &'a str,
    /// JSON array; `None` takes every event.
    pub events: Option<&'a str>,
    pub created_by: &'a str,
}

/// What is to be set; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub name: Option<&'a str>,
    pub url: Option<&'a str>,
    /// JSON array; `Some(None)` takes every event.
    pub events: Option<Option<&'a str>>,
    /// `active` or `paused`; `disabled` is [`disable`]'s.
    pub state: Option<&'a str>,
}

const COUNT: &str = "
SELECT count(*) FROM (SELECT 1 FROM outgoing_webhooks INDEXED BY outgoing_webhooks_organization
  WHERE organization_id = ?1 LIMIT ?2)";

const CREATE: &str = "
INSERT INTO outgoing_webhooks (id, organization_id, name, url, events, state, created_by, created_at,
  updated_at)
SELECT ?2, id, ?3, ?4, ?5, 'active', ?6, ?7, ?7 FROM organizations
WHERE id = ?1 AND state = 'active'
RETURNING id";

/// # Errors
/// The failure of a statement.
pub async fn create<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewEndpoint<'_>,
    now: i64,
) -> Result<Created, DatabaseError> {
    let counted = transaction
        .execute(COUNT, parameters![tenant.as_str(), MAX_ENDPOINTS])
        .await?;
    let count = counted
        .first()
        .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
        .integer(0)?;
    if count >= MAX_ENDPOINTS {
        return Ok(Created::TooMany);
    }
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.name,
        new.url,
        new.events,
        new.created_by,
        now
    ];
    let created = transaction.execute(CREATE, parameters).await?;
    Ok(if created.is_empty() {
        Created::NoOrganization
    } else {
        Created::Done
    })
}

/// Another URL, or a person who says that it is well, begins the days of failure anew.
const UPDATE: &str = "
UPDATE outgoing_webhooks SET
  name = coalesce(?3, name), url = coalesce(?4, url), events = iif(?5, ?6, events),
  state = coalesce(?7, state), state_reason = iif(?7 IS NULL, state_reason, NULL),
  failing_since = iif(?7 IS 'active' OR coalesce(?4, url) <> url, NULL, failing_since),
  held_until = iif(?7 IS 'active' OR coalesce(?4, url) <> url, NULL, held_until),
  updated_at = ?8
WHERE id = ?2 AND organization_id = ?1
RETURNING id";

/// Sets what is given; false when the tenant has no such endpoint.
///
/// # Errors
/// The failure of the statement.
pub async fn update<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    change: Change<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        change.name,
        change.url,
        change.events.is_some(),
        change.events.flatten(),
        change.state,
        now
    ];
    database
        .execute(UPDATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const DELETE: &str =
    "DELETE FROM outgoing_webhooks WHERE id = ?2 AND organization_id = ?1 RETURNING id";

/// Removes the endpoint and its secrets, and gives up for `reason` what it was still to be sent. False
/// when there is none.
///
/// # Errors
/// The failure of a statement.
pub async fn delete<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    reason: &Failure,
    now: i64,
) -> Result<bool, DatabaseError> {
    outbox::cancel(transaction, tenant, id, None, reason, now).await?;
    webhook_secrets::forget_all(transaction, tenant, id).await?;
    transaction
        .execute(DELETE, parameters![tenant.as_str(), id])
        .await
        .map(|rows| !rows.is_empty())
}

const STATE: &str = "SELECT state FROM outgoing_webhooks WHERE id = ?2 AND organization_id = ?1";

/// The state of an endpoint, where the tenant has it.
///
/// # Errors
/// The failure of the statement.
pub async fn state<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<String>, DatabaseError> {
    let rows = database
        .execute(STATE, parameters![tenant.as_str(), id])
        .await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// An endpoint that is sent events.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Active {
    pub id: String,
    /// Names and `prefix.*`; `None` takes every event.
    pub events: Option<Vec<String>>,
}

const ACTIVE: &str = "
SELECT json_group_array(json_object('id', id, 'events', json(events)))
FROM outgoing_webhooks INDEXED BY outgoing_webhooks_organization
WHERE organization_id = ?1 AND state = 'active'";

/// The endpoints that are neither paused nor disabled.
///
/// # Errors
/// The failure of the statement.
pub async fn active<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Vec<Active>, DatabaseError> {
    json::read(
        &database
            .execute(ACTIVE, parameters![tenant.as_str()])
            .await?,
    )
}

const MISS: &str = "
UPDATE outgoing_webhooks SET missed_count = missed_count + 1
WHERE id = ?2 AND organization_id = ?1";

/// Counts an event that was not taken, because too many deliveries wait.
///
/// # Errors
/// The failure of the statement.
pub async fn count_missed<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<(), DatabaseError> {
    transaction
        .execute(MISS, parameters![tenant.as_str(), id])
        .await
        .map(drop)
}

/// A delivery as its function needs it.
#[derive(Clone, Debug, Deserialize)]
pub struct Sending {
    pub delivery_id: String,
    pub organization_id: String,
    /// The body, as it is sent.
    pub payload: String,
    /// Requests that went out for it before, since it was decided or sent again by hand.
    pub tries: usize,
    pub endpoint_id: String,
    pub url: String,
    pub state: String,
    pub state_reason: Option<String>,
    /// Until when it is left alone, because it gave no answer.
    pub held_until: Option<i64>,
    /// The one in force, and those before it that still count.
    pub secrets: Vec<LiveSecret>,
}

const LOAD: &str = concat!(
    "
SELECT json_object('delivery_id', deliveries.id, 'organization_id', deliveries.organization_id,
  'payload', deliveries.payload,
  'tries', max(0, deliveries.attempts - coalesce(jobs.payload ->> 'attempts_before', 0)),
  'endpoint_id', endpoint.id, 'url', endpoint.url, 'state', endpoint.state,
  'state_reason', endpoint.state_reason, 'held_until', endpoint.held_until, 'secrets', ",
    live_secrets!("endpoint.id", "?3"),
    ")
FROM jobs
JOIN deliveries ON deliveries.id = jobs.name AND deliveries.organization_id = jobs.organization_id
JOIN outgoing_webhooks AS endpoint
  ON endpoint.id = jobs.subject AND endpoint.organization_id = jobs.organization_id
WHERE jobs.id = ?1 AND jobs.lease_version = ?2 AND jobs.kind = 'outbox'
  AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?3
  AND deliveries.state = 'pending' AND deliveries.kind = 'webhook'"
);

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
) -> Result<Option<Sending>, DatabaseError> {
    let rows = database
        .execute(LOAD, parameters![job_id, lease_version, now])
        .await?;
    json::read_optional(&rows)
}

/// An endpoint as it was called. What is said of another URL than it has now counts for nothing.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    pub id: &'a str,
    pub url: &'a str,
}

const SUCCEED: &str = "
UPDATE outgoing_webhooks SET failing_since = NULL, held_until = NULL
WHERE id = ?2 AND organization_id = ?1 AND url = ?3 AND failing_since IS NOT NULL";

/// Notes that an endpoint has taken something.
///
/// # Errors
/// The failure of the statement.
pub async fn succeed<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    called: Called<'_>,
) -> Result<(), DatabaseError> {
    transaction
        .execute(SUCCEED, parameters![tenant.as_str(), called.id, called.url])
        .await
        .map(drop)
}

const FAIL: &str = "
UPDATE outgoing_webhooks SET failing_since = coalesce(failing_since, ?4)
WHERE id = ?2 AND organization_id = ?1 AND url = ?3
RETURNING failing_since";

/// Notes that an endpoint has failed; returns since when it does, where it is still called so.
///
/// # Errors
/// The failure of the statement.
pub async fn fail<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    called: Called<'_>,
    now: i64,
) -> Result<Option<i64>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), called.id, called.url, now];
    let rows = transaction.execute(FAIL, parameters).await?;
    rows.first().map(|row| row.integer(0)).transpose()
}

const HOLD: &str = "
UPDATE outgoing_webhooks SET held_until = ?4
WHERE id = ?2 AND organization_id = ?1 AND url = ?3";

const HOLD_JOBS: &str = "
UPDATE jobs SET next_due_at = ?3
WHERE organization_id = ?1 AND kind = 'outbox' AND subject = ?2
  AND state = 'pending' AND next_due_at < ?3";

/// Leaves an endpoint alone until then: what is to be sent to it waits.
///
/// # Errors
/// The failure of a statement.
pub async fn hold<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    called: Called<'_>,
    until: i64,
) -> Result<(), DatabaseError> {
    let endpoint = parameters![tenant.as_str(), called.id, called.url, until];
    transaction.execute(HOLD, endpoint).await?;
    let jobs = parameters![tenant.as_str(), called.id, until];
    transaction.execute(HOLD_JOBS, jobs).await.map(drop)
}

const RELEASE: &str = "
UPDATE outgoing_webhooks SET held_until = NULL
WHERE id = ?2 AND organization_id = ?1 AND held_until IS NOT NULL";

/// Has an endpoint called again, because a person asks for it.
///
/// # Errors
/// The failure of the statement.
pub async fn release<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<(), DatabaseError> {
    transaction
        .execute(RELEASE, parameters![tenant.as_str(), id])
        .await
        .map(drop)
}

const DISABLE: &str = "
UPDATE outgoing_webhooks SET state = 'disabled', state_reason = ?4, updated_at = ?5
WHERE id = ?2 AND organization_id = ?1 AND url = ?3 AND state <> 'disabled'
RETURNING id";

/// Disables an endpoint for `reason`, and gives up for it what it was still to be sent, except the
/// delivery that has found it out. False where it is not there any more, is called otherwise by now,
/// or is disabled already.
///
/// # Errors
/// The failure of a statement.
pub async fn disable<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    called: Called<'_>,
    found_by: &str,
    reason: &Failure,
    now: i64,
) -> Result<bool, DatabaseError> {
    let detail = reason.detail.as_str();
    let parameters = parameters![tenant.as_str(), called.id, called.url, detail, now];
    let disabled = transaction.execute(DISABLE, parameters).await?;
    if disabled.is_empty() {
        return Ok(false);
    }
    outbox::cancel(transaction, tenant, called.id, Some(found_by), reason, now).await?;
    Ok(true)
}
