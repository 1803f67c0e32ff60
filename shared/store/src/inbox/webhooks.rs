//! What an organization receives, and how it is proven.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::webhook_secrets::{self, LiveSecret, live_secrets};
use crate::{json, parameters};

/// Webhooks of one organization.
pub const MAX_WEBHOOKS: i64 = 500;

/// A webhook to make.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhook<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub name: &'a str,
    pub scheme: &'a str,
    /// JSON object.
    pub options: &'a str,
    /// JSON array; `None` keeps every event.
    pub events: Option<&'a str>,
    /// Dead events in a row that pause it; `None`: it is never paused.
    pub failure_limit: Option<i64>,
    /// Deliveries that are taken in a minute.
    pub events_per_minute: u32,
    pub created_by: &'a str,
}

/// What is to be set; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub name: Option<&'a str>,
    /// JSON object.
    pub options: Option<&'a str>,
    /// JSON array; `Some(None)` keeps every event.
    pub events: Option<Option<&'a str>>,
    pub state: Option<&'a str>,
    /// As in [`NewWebhook`].
    pub failure_limit: Option<Option<i64>>,
    pub events_per_minute: Option<u32>,
}

/// What making one came to, of either sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    Done,
    /// The organization has as many as it may.
    TooMany,
    /// There is no such organization, or it is being purged.
    NoOrganization,
}

const CREATE: &str = "
INSERT INTO webhooks (id, organization_id, name, scheme, options, events, state, version, created_by,
  created_at, updated_at, failure_limit, events_per_minute)
SELECT ?2, id, ?3, ?4, ?5, ?6, 'active', 1, ?7, ?8, ?8, ?9, ?10 FROM organizations
WHERE id = ?1 AND state = 'active'
RETURNING id";

const COUNT: &str = "
SELECT count(*) FROM (SELECT 1 FROM webhooks INDEXED BY webhooks_organization
  WHERE organization_id = ?1 LIMIT ?2)";

/// # Errors
/// The failure of a statement.
pub async fn create<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewWebhook<'_>,
    now: i64,
) -> Result<Created, DatabaseError> {
    let counted = transaction
        .execute(COUNT, parameters![tenant.as_str(), MAX_WEBHOOKS])
        .await?;
    let count = counted
        .first()
        .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
        .integer(0)?;
    if count >= MAX_WEBHOOKS {
        return Ok(Created::TooMany);
    }
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.name,
        new.scheme,
        new.options,
        new.events,
        new.created_by,
        now,
        new.failure_limit,
        i64::from(new.events_per_minute)
    ];
    let created = transaction.execute(CREATE, parameters).await?;
    Ok(if created.is_empty() {
        Created::NoOrganization
    } else {
        Created::Done
    })
}

const UPDATE: &str = "
UPDATE webhooks SET
  name = coalesce(?3, name), options = coalesce(?4, options), events = iif(?5, ?6, events),
  state = coalesce(?7, state), version = version + 1, updated_at = ?8,
  failure_limit = iif(?9, ?10, failure_limit), events_per_minute = coalesce(?11, events_per_minute),
  state_reason = iif(?7 IS NULL, state_reason, NULL),
  failures_in_row = iif(?7 = 'active', 0, failures_in_row)
WHERE id = ?2 AND organization_id = ?1
RETURNING id";

/// Sets what is given; false when the tenant has no such webhook.
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
        change.options,
        change.events.is_some(),
        change.events.flatten(),
        change.state,
        now,
        change.failure_limit.is_some(),
        change.failure_limit.flatten(),
        change.events_per_minute.map(i64::from)
    ];
    database
        .execute(UPDATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const DELETE: &str = "DELETE FROM webhooks WHERE id = ?2 AND organization_id = ?1 RETURNING id";

/// Removes the webhook and its secrets; what it has received stays. False when there is none.
///
/// # Errors
/// The failure of a statement.
pub async fn delete<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<bool, DatabaseError> {
    webhook_secrets::forget_all(transaction, tenant, id).await?;
    transaction
        .execute(DELETE, parameters![tenant.as_str(), id])
        .await
        .map(|rows| !rows.is_empty())
}

/// What the receiver goes by. It reaches it by the id alone: who calls is known only when the proof
/// is right.
#[derive(Clone, Debug, Deserialize, serde::Serialize, PartialEq, Eq)]
pub struct Receiving {
    pub organization_id: String,
    pub scheme: String,
    pub options: serde_json::Value,
    pub events: Option<Vec<String>>,
    pub state: String,
    pub version: i64,
    /// Deliveries that are taken in a minute.
    pub events_per_minute: u32,
    pub secrets: Vec<LiveSecret>,
}

const RECEIVING: &str = concat!(
    "
SELECT json_object('organization_id', organization_id, 'scheme', scheme, 'options', json(options),
  'events', json(events), 'state', state, 'version', version,
  'events_per_minute', events_per_minute, 'secrets', ",
    live_secrets!("webhooks.id", "?2"),
    ")
FROM webhooks WHERE id = ?1"
);

/// The webhook behind a URL; for the receiver, over all organizations.
///
/// # Errors
/// The failure of the statement.
pub async fn receiving<E: Execute>(
    database: &E,
    id: &str,
    now: i64,
) -> Result<Option<Receiving>, DatabaseError> {
    database
        .read_row(RECEIVING, parameters![id, now])
        .await?
        .map(|row| json::parse(row.text(0)?))
        .transpose()
}

const IGNORE: &str = "
UPDATE webhooks SET ignored_count = ignored_count + ignored.value ->> 'count'
FROM json_each(?1) AS ignored
WHERE webhooks.id = ignored.value ->> 'id' AND webhooks.version = ignored.value ->> 'version'
RETURNING webhooks.id, webhooks.version";

/// Deliveries that were proven and are not wanted.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Ignored {
    /// Each webhook and version once.
    pub id: String,
    pub version: i64,
    pub count: i64,
}

/// Counts what was acknowledged and not stored; returns the ids and versions for which it did. Of the
/// others the webhook has changed, and may keep such events by now.
///
/// # Errors
/// The failure of the statement.
pub async fn count_ignored<E: Execute>(
    database: &E,
    ignored: &[Ignored],
) -> Result<Vec<(String, i64)>, DatabaseError> {
    database
        .execute(IGNORE, parameters![json::write(ignored)?])
        .await?
        .iter()
        .map(|row| Ok((row.text(0)?.to_owned(), row.integer(1)?)))
        .collect()
}
