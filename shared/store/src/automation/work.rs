//! What a run of automation works on, and how an event ends.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::jobs::Lease;
use crate::{json, parameters};

/// What the holder of a lease needs beside the events themselves.
#[derive(Clone, Debug, Deserialize)]
pub struct Work {
    pub kind: String,
    pub organization_id: String,
    pub subject: String,
    /// Of the job: failures in a row.
    pub attempts: u32,
    /// Of an inbox, while there is the webhook.
    pub webhook: Option<Webhook>,
    pub means: Means,
}

/// What an organization decides by, and what it can do something with.
#[derive(Clone, Debug, Deserialize)]
pub struct Means {
    /// Those that are enabled.
    pub rules: Vec<StoredRule>,
    pub connectors: Vec<Connector>,
    pub endpoints: Vec<Endpoint>,
}

/// To which webhooks are sent.
#[derive(Clone, Debug, Deserialize)]
pub struct Endpoint {
    pub id: String,
    pub state: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Webhook {
    pub name: String,
    pub scheme: String,
    pub failure_limit: Option<i64>,
    pub failures_in_row: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct StoredRule {
    pub id: String,
    pub position: i64,
    pub tat_ms: i64,
    /// Every organization has it.
    pub is_default: bool,
    /// JSON.
    pub document: serde_json::Value,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Connector {
    pub id: String,
    pub provider: String,
    pub state: String,
    /// JSON.
    pub config: String,
}

macro_rules! means {
    ($organization:literal) => {
        concat!(
            "json_object('rules', json((
               SELECT json_group_array(json_object('id', id, 'position', position, 'tat_ms', tat_ms,
                 'is_default', json(iif(default_rule IS NULL, 'false', 'true')), 'document', json(document)))
               FROM automation_rules WHERE automation_rules.organization_id = ",
            $organization,
            " AND is_enabled)),
             'connectors', json((
               SELECT json_group_array(json_object('id', id, 'provider', provider, 'state', state,
                 'config', config))
               FROM (SELECT * FROM connectors WHERE connectors.organization_id = ",
            $organization,
            " ORDER BY integration_key))),
             'endpoints', json((
               SELECT json_group_array(json_object('id', id, 'state', state)) FROM outgoing_webhooks
               WHERE outgoing_webhooks.organization_id = ",
            $organization,
            ")))"
        )
    };
}

const LOAD: &str = concat!(
    "
SELECT json_object('kind', jobs.kind, 'organization_id', jobs.organization_id,
  'subject', jobs.subject, 'attempts', jobs.attempts,
  'webhook', json((
    SELECT json_object('name', name, 'scheme', scheme, 'failure_limit', failure_limit,
      'failures_in_row', failures_in_row)
    FROM webhooks WHERE jobs.kind = 'inbox' AND webhooks.id = jobs.subject
      AND webhooks.organization_id = jobs.organization_id)),
  'means', ",
    means!("jobs.organization_id"),
    ")
FROM jobs
WHERE jobs.id = ?1 AND jobs.lease_version = ?2 AND jobs.kind IN ('inbox', 'automation')
  AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?3"
);

const MEANS: &str = concat!("SELECT ", means!("?1"));

/// What an organization decides by, for a dry run.
///
/// # Errors
/// The failure of the statement.
pub async fn means<E: Execute>(database: &E, tenant: &Tenant) -> Result<Means, DatabaseError> {
    json::read(
        &database
            .execute(MEANS, parameters![tenant.as_str()])
            .await?,
    )
}

/// What the holder of a lease works with; nothing when the lease has ended or belongs to somebody
/// else.
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
) -> Result<Option<Work>, DatabaseError> {
    let rows = database
        .execute(LOAD, parameters![job_id, lease_version, now])
        .await?;
    json::read_optional(&rows)
}

/// Something that happened here.
#[derive(Clone, Debug, Deserialize)]
pub struct Happened {
    pub seq: i64,
    pub name: String,
    pub connector_id: Option<String>,
    pub depth: u32,
    pub payload: serde_json::Value,
    pub attempts: u32,
    pub occurred_at: i64,
}

const HAPPENED: &str = "
SELECT json_group_array(json_object('seq', seq, 'name', name, 'connector_id', connector_id,
  'depth', depth, 'payload', json(payload), 'attempts', attempts, 'occurred_at', occurred_at))
FROM (SELECT * FROM events WHERE organization_id = ?1 AND state = 'pending' ORDER BY seq LIMIT ?2)";

/// The next events of an organization that nobody has worked on.
///
/// # Errors
/// The failure of the statement.
pub async fn happened<E: Execute>(
    database: &E,
    tenant: &Tenant,
    limit: i64,
) -> Result<Vec<Happened>, DatabaseError> {
    json::read(
        &database
            .execute(HAPPENED, parameters![tenant.as_str(), limit])
            .await?,
    )
}

/// Something that a webhook has brought.
#[derive(Clone, Debug)]
pub struct Brought {
    pub seq: i64,
    pub id: String,
    pub event: Option<String>,
    pub delivery_id: Option<String>,
    pub is_hint: bool,
    /// JSON array of indices.
    pub items: Option<String>,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    pub attempts: i64,
    pub received_at: i64,
}

const BROUGHT: &str = "
SELECT seq, id, event, delivery_id, is_hint, items, content_type, body, attempts, received_at
FROM webhook_events INDEXED BY webhook_events_pending
WHERE webhook_id = ?2 AND state = 'pending' AND organization_id = ?1 ORDER BY seq LIMIT ?3";

/// The next events of a webhook that nobody has worked on, in the order in which they were stored.
///
/// # Errors
/// The failure of the statement.
pub async fn brought<E: Execute>(
    database: &E,
    tenant: &Tenant,
    webhook_id: &str,
    limit: i64,
) -> Result<Vec<Brought>, DatabaseError> {
    database
        .execute(BROUGHT, parameters![tenant.as_str(), webhook_id, limit])
        .await?
        .iter()
        .map(|row| {
            let optional = |index| row.optional_text(index).map(|text| text.map(str::to_owned));
            Ok(Brought {
                seq: row.integer(0)?,
                id: row.text(1)?.to_owned(),
                event: optional(2)?,
                delivery_id: optional(3)?,
                is_hint: row.integer(4)? != 0,
                items: optional(5)?,
                content_type: optional(6)?,
                body: row.blob(7)?.to_vec(),
                attempts: row.integer(8)?,
                received_at: row.integer(9)?,
            })
        })
        .collect()
}

/// Which of the two tables an event is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Happened,
    Brought,
}

macro_rules! attempt {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET attempts = attempts + 1
              WHERE seq = ?2 AND organization_id = ?1 AND state = 'pending' RETURNING attempts"
        )
    };
}

/// Counts that an event is begun alone, before it is: one that ends its function every time is known
/// by it. Returns how often it was.
///
/// # Errors
/// The failure of the statement.
pub async fn attempt<E: Execute>(
    database: &E,
    tenant: &Tenant,
    source: Source,
    seq: i64,
) -> Result<i64, DatabaseError> {
    let statement = match source {
        Source::Happened => attempt!("events"),
        Source::Brought => attempt!("webhook_events"),
    };
    let rows = database
        .execute(statement, parameters![tenant.as_str(), seq])
        .await?;
    rows.first().map_or(Ok(0), |row| row.integer(0))
}

const FIRED: &str = "
SELECT json_group_array(json_object('event_id', firing.event_id, 'rule_id', firing.rule_id))
FROM json_each(?2) AS wanted CROSS JOIN rule_firings AS firing ON firing.event_id = wanted.value
WHERE firing.organization_id = ?1 AND firing.outcome = 'fired'";

/// What these events have fired already, as event and rule.
///
/// # Errors
/// The failure of the statement.
pub async fn fired<E: Execute>(
    database: &E,
    tenant: &Tenant,
    event_ids: &[&str],
) -> Result<Vec<(String, String)>, DatabaseError> {
    #[derive(Deserialize)]
    struct Fired {
        event_id: String,
        rule_id: String,
    }
    let parameters = parameters![tenant.as_str(), json::write(event_ids)?];
    let fired: Vec<Fired> = json::read(&database.execute(FIRED, parameters).await?)?;
    Ok(fired
        .into_iter()
        .map(|one| (one.event_id, one.rule_id))
        .collect())
}

/// What a rule did on an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Firing {
    pub event_id: String,
    pub rule_id: String,
    /// `fired`, `failed`, `too_often` or `cut_off`.
    pub outcome: &'static str,
    pub detail: Option<String>,
    /// Of the rule, afterwards.
    pub tat_ms: i64,
}

/// How an event ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    pub seq: i64,
    /// Why it is dead; `None`: it is processed.
    pub code: Option<&'static str>,
    pub detail: Option<String>,
}

/// How a number of events ended.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    pub source: Source,
    pub events: &'a [Ended],
    pub firings: &'a [Firing],
}

const NOTE_FIRINGS: &str = "
INSERT INTO rule_firings (event_id, rule_id, organization_id, outcome, detail, fired_at)
SELECT value ->> 'event_id', value ->> 'rule_id', ?1, value ->> 'outcome', value ->> 'detail', ?3
FROM json_each(?2) WHERE true
ON CONFLICT (event_id, rule_id) DO UPDATE SET
  outcome = excluded.outcome, detail = excluded.detail, fired_at = excluded.fired_at";

const COUNT_FIRINGS: &str = "
UPDATE automation_rules SET
  fired_count = fired_count + firing.fired, failed_count = failed_count + firing.failed,
  tat_ms = max(automation_rules.tat_ms, firing.tat_ms),
  last_fired_at = iif(firing.fired > 0, ?3, last_fired_at)
FROM (
  SELECT value ->> 'rule_id' AS rule_id, sum(value ->> 'outcome' = 'fired') AS fired,
    sum(value ->> 'outcome' = 'failed') AS failed, max(value ->> 'tat_ms') AS tat_ms
  FROM json_each(?2) GROUP BY 1
) AS firing
WHERE automation_rules.id = firing.rule_id AND automation_rules.organization_id = ?1";

macro_rules! end {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET state = iif(ended.code IS NULL, 'processed', 'dead'), processed_at = ?3,
                error_code = ended.code, error_detail = ended.detail
              FROM (
                SELECT value ->> 'seq' AS seq, value ->> 'code' AS code, value ->> 'detail' AS detail
                FROM json_each(?2)
              ) AS ended
              WHERE ",
            $table,
            // By nothing but the number: each of the list is looked up.
            ".seq = ended.seq AND +organization_id = ?1
              AND EXISTS (
                SELECT 1 FROM jobs WHERE jobs.id = ?4 AND jobs.organization_id = ?1
                  AND jobs.lease_version = ?5 AND jobs.lease_holder IS NOT NULL
                  AND jobs.lease_expires_at > ?3)
              RETURNING seq"
        )
    };
}

/// Ends events with what they fired, under the lease. Call it in the transaction that decides what
/// follows, or by itself where nothing was fired and nothing follows: then it is one statement. False
/// when the lease has ended or the events are gone: then the caller rolls back.
///
/// # Errors
/// The failure of a statement.
pub async fn settle<E: Execute>(
    database: &E,
    lease: Lease<'_>,
    settled: Settled<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let tenant = lease.tenant.as_str();
    let statement = match settled.source {
        Source::Happened => end!("events"),
        Source::Brought => end!("webhook_events"),
    };
    let ended = json::write(settled.events)?;
    let parameters = parameters![tenant, ended, now, lease.job_id, lease.version];
    if database.execute(statement, parameters).await?.is_empty() {
        return Ok(false);
    }
    if !settled.firings.is_empty() {
        let firings = json::write(settled.firings)?;
        let parameters = parameters![tenant, firings.as_str(), now];
        database.execute(NOTE_FIRINGS, parameters).await?;
        let parameters = parameters![tenant, firings.as_str(), now];
        database.execute(COUNT_FIRINGS, parameters).await?;
    }
    Ok(true)
}

const COUNT_FAILURES: &str = "
UPDATE webhooks SET failures_in_row = ?3
WHERE id = ?2 AND organization_id = ?1 AND failures_in_row <> ?3";

/// The version moves: whoever has a copy of an active one must not store by it any more.
const PAUSE: &str = "
UPDATE webhooks SET state = 'paused', state_reason = ?3, version = version + 1, updated_at = ?4
WHERE id = ?2 AND organization_id = ?1 AND state = 'active'";

/// Keeps how many of a webhook's events died in a row, and pauses it where there is a reason to.
///
/// # Errors
/// The failure of a statement.
pub async fn keep_failures<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    webhook_id: &str,
    failures_in_row: i64,
    pause_for: Option<&str>,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), webhook_id, failures_in_row];
    transaction.execute(COUNT_FAILURES, parameters).await?;
    if let Some(reason) = pause_for {
        let parameters = parameters![tenant.as_str(), webhook_id, reason, now];
        transaction.execute(PAUSE, parameters).await?;
    }
    Ok(())
}

const PRUNE_EVENTS: &str = "
DELETE FROM events WHERE seq IN (
  SELECT seq FROM (SELECT seq, occurred_at, state FROM events WHERE seq > 0 ORDER BY seq LIMIT ?2)
  WHERE occurred_at < ?1 AND state <> 'pending')
RETURNING seq";

const PRUNE_FIRINGS: &str = "
DELETE FROM rule_firings WHERE (event_id, rule_id) IN (
  SELECT event_id, rule_id FROM rule_firings WHERE fired_at < ?1 ORDER BY fired_at LIMIT ?2)
RETURNING event_id";

/// For maintenance, over all organizations: removes up to `limit` events that are over, and as many
/// firings, of before `before`; returns how many.
///
/// # Errors
/// The failure of a statement.
pub async fn prune<E: Execute>(
    database: &E,
    before: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    let events = database
        .execute(PRUNE_EVENTS, parameters![before, limit])
        .await?;
    let firings = database
        .execute(PRUNE_FIRINGS, parameters![before, limit])
        .await?;
    Ok(events.len().max(firings.len()))
}
