//! Deals that were given to advisers, or not, and why.
//!
//! Of each deal of a connector one record is live: what a repeated call is answered. A re-run, and what a person decides, are further
//! records; one that comes to nothing gives the deal back (the trigger `allocations_give_back`). What is to be decided waits in
//! `next_try_at` and is decided under the lease of the connector's one job ([`ALLOCATION`]), in the transaction that also decides the
//! change of the deal ([`crate::outbox`]); the trigger on that delivery ends the record.

use domain::NaiveDate;
use domain::access::Tenant;
use domain::allocation::OwnAllocation;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::jobs::Lease;
use crate::{json, parameters};

/// The kind of the job that decides: name = `deals`, subject = the CRM's connector.
pub const ALLOCATION: &str = "allocation";

/// The source of a record that goes by the deal as it is now.
pub const RERUN: &str = "rerun";

/// The source of a record that a person has chosen the adviser of.
pub const MANUAL: &str = "manual";

/// The kind of the delivery that changes a deal.
pub const HUBSPOT_DEAL: &str = "hubspot_deal";

/// How long a record is kept, in seconds: two years.
pub const KEEP_SECONDS: i64 = 730 * 86_400;

/// How long the tables that a decision rested on are kept, in seconds: 180 days.
pub const KEEP_EXPLANATIONS_SECONDS: i64 = 180 * 86_400;

/// Begins the `call_id` of a call that has no id of its own; a digest of its body follows.
pub const SAME_BODY: &str = "body:";

/// For so long a call without an id is the same call as one with the same body that came to nothing, in seconds. HubSpot repeats a
/// call whose answer it did not get after a minute.
pub const SAME_BODY_SECONDS: i64 = 300;

/// Records of one connector that may wait to be decided.
pub const MAX_WAITING: i64 = 5_000;

/// A record to make, whose decision is to come.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub connector_id: &'a str,
    pub deal_id: &'a str,
    /// `hubspot_webhook`, `api`, [`MANUAL`] or [`RERUN`].
    pub source: &'a str,
    pub requested_by: &'a str,
    /// Names the call.
    pub call_id: &'a str,
    /// JSON.
    pub request: &'a str,
    pub client_email: Option<&'a str>,
}

/// What asking for an allocation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is to be decided.
    New,
    /// The deal has this record, which stands.
    Stored(String),
    /// Too many wait.
    Full,
    /// The tenant has no such connector.
    NoConnector,
}

/// The live record of a deal.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Live {
    pub id: String,
    pub status: String,
    pub call_id: String,
    pub is_decided: bool,
    pub finished_at: Option<i64>,
}

const LIVE: &str = "
SELECT json_object('id', id, 'status', status, 'call_id', call_id,
  'is_decided', json(iif(next_try_at IS NULL, 'true', 'false')), 'finished_at', finished_at)
FROM allocations WHERE connector_id = ?2 AND deal_id = ?3 AND superseded_at IS NULL AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn live<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    deal_id: &str,
) -> Result<Option<Live>, DatabaseError> {
    database
        .read_row(LIVE, parameters![tenant.as_str(), connector_id, deal_id])
        .await?
        .map(|row| json::parse(row.text(0)?))
        .transpose()
}

impl Live {
    /// Whether it is the answer to this call: always, except that a deal that nobody got may be asked for again. A call that has no
    /// id of its own is the same one for [`SAME_BODY_SECONDS`]: afterwards the deal was enrolled again as it was.
    #[must_use]
    pub fn answers(&self, call_id: &str, now: i64) -> bool {
        if self.status != "failed" {
            return true;
        }
        let is_recent = || {
            self.finished_at
                .is_none_or(|at| now < at.saturating_add(SAME_BODY_SECONDS))
        };
        self.call_id == call_id && (!call_id.starts_with(SAME_BODY) || is_recent())
    }
}

const OF_CALL: &str = "
SELECT id FROM allocations INDEXED BY allocations_deal
WHERE organization_id = ?1 AND deal_id = ?3 AND connector_id = ?2 AND call_id = ?4
  AND (?5 IS NULL OR finished_at IS NULL OR finished_at > ?5) ORDER BY received_at DESC, id DESC LIMIT 1";

/// The record that answers a call of this connector about this deal, by the call's id: the live one, or that of the same call before,
/// which a person may have had decided again since.
///
/// # Errors
/// The failure of a statement.
pub async fn answer<E: Execute>(
    database: &E,
    tenant: &Tenant,
    (connector_id, deal_id, call_id): (&str, &str, &str),
    now: i64,
) -> Result<Option<String>, DatabaseError> {
    let Some(live) = live(database, tenant, connector_id, deal_id).await? else {
        return Ok(None);
    };
    if live.answers(call_id, now) {
        return Ok(Some(live.id));
    }
    let ended_after = call_id
        .starts_with(SAME_BODY)
        .then(|| now.saturating_sub(SAME_BODY_SECONDS));
    let parameters = parameters![tenant.as_str(), connector_id, deal_id, call_id, ended_after];
    let rows = database.execute(OF_CALL, parameters).await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// Asks for a deal to be allocated, or says which record it has.
///
/// # Errors
/// The failure of a statement.
pub async fn receive<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewRecord<'_>,
    now: i64,
) -> Result<Received, DatabaseError> {
    if let Some(id) = answer(
        transaction,
        tenant,
        (new.connector_id, new.deal_id, new.call_id),
        now,
    )
    .await?
    {
        return Ok(Received::Stored(id));
    }
    replace(transaction, tenant, new, now).await
}

const SUPERSEDE: &str = "
UPDATE allocations SET superseded_at = ?4, next_try_at = NULL,
  status = iif(next_try_at IS NULL, status, 'failed'),
  finished_at = iif(next_try_at IS NULL, finished_at, ?4),
  failure = iif(next_try_at IS NULL, failure, json_object('reason', 'superseded',
    'detail', 'A later record of the deal came before this one was decided.',
    'remedy', 'Nothing: the later record counts.'))
WHERE connector_id = ?2 AND deal_id = ?3 AND superseded_at IS NULL AND organization_id = ?1
RETURNING id";

const INSERT: &str = "
INSERT INTO allocations (id, organization_id, connector_id, deal_id, replaces_id, source, requested_by, call_id, request, status,
  next_try_at, client_email, received_at)
SELECT ?3, ?1, id, ?4, ?5, ?6, ?7, ?8, ?9, 'received', ?11, ?10, ?11 FROM connectors WHERE id = ?2 AND organization_id = ?1
  AND (SELECT count(*) FROM (
    SELECT 1 FROM allocations WHERE connector_id = ?2 AND next_try_at IS NOT NULL LIMIT ?12)) < ?12
RETURNING id";

const HAS_CONNECTOR: &str = "SELECT 1 FROM connectors WHERE id = ?2 AND organization_id = ?1";

/// Has a deal decided again, whatever was decided before: the record before is history.
///
/// # Errors
/// The failure of a statement.
pub async fn replace<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewRecord<'_>,
    now: i64,
) -> Result<Received, DatabaseError> {
    let superseded = transaction
        .execute(
            SUPERSEDE,
            parameters![tenant.as_str(), new.connector_id, new.deal_id, now],
        )
        .await?;
    let replaces_id = match superseded.first() {
        Some(row) => Some(row.text(0)?.to_owned()),
        None => None,
    };
    let parameters = parameters![
        tenant.as_str(),
        new.connector_id,
        new.id,
        new.deal_id,
        replaces_id.as_deref(),
        new.source,
        new.requested_by,
        new.call_id,
        new.request,
        new.client_email,
        now,
        MAX_WAITING,
    ];
    if !transaction.execute(INSERT, parameters).await?.is_empty() {
        return Ok(Received::New);
    }
    let found = transaction
        .execute(
            HAS_CONNECTOR,
            parameters![tenant.as_str(), new.connector_id],
        )
        .await?;
    Ok(if found.is_empty() {
        Received::NoConnector
    } else {
        Received::Full
    })
}

/// What is to be decided.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Waiting {
    pub id: String,
    pub deal_id: String,
    pub source: String,
    pub requested_by: String,
    /// JSON.
    pub request: String,
    pub tries: u32,
    /// Once already: a later record came before the deal was changed, and came to nothing.
    pub was_decided: bool,
    pub received_at: i64,
}

impl Waiting {
    /// Whether a person waits, who has just put something right.
    #[must_use]
    pub fn is_asked_by_a_person(&self) -> bool {
        matches!(self.source.as_str(), MANUAL | RERUN)
    }
}

const WAITING: &str = "
SELECT json_group_array(json_object('id', id, 'deal_id', deal_id, 'source', source, 'requested_by', requested_by,
  'request', request, 'tries', tries, 'was_decided', json(iif(delivery_id IS NULL, 'false', 'true')),
  'received_at', received_at))
FROM (SELECT * FROM allocations INDEXED BY allocations_waiting
  WHERE connector_id = ?2 AND next_try_at IS NOT NULL AND next_try_at <= ?3 AND organization_id = ?1 ORDER BY id LIMIT ?4)";

/// What a connector has to decide by now, in the order in which it came.
///
/// # Errors
/// The failure of the statement.
pub async fn waiting<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    now: i64,
    limit: u32,
) -> Result<Vec<Waiting>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, now, i64::from(limit)];
    json::read(&database.execute(WAITING, parameters).await?)
}

/// Whose records a job decides.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct JobOf {
    pub organization_id: String,
    pub connector_id: String,
}

const JOB_OF: &str = "
SELECT json_object('organization_id', organization_id, 'connector_id', subject) FROM jobs
WHERE id = ?1 AND lease_version = ?2 AND kind = 'allocation' AND lease_holder IS NOT NULL AND lease_expires_at > ?3";

/// What the holder of a lease has to decide; nothing where the job is another one, or the lease has ended.
///
/// Takes no tenant: a lease names the job, and the job names the organization.
///
/// # Errors
/// The failure of the statement.
pub async fn job_of<E: Execute>(
    database: &E,
    job_id: &str,
    lease_version: i64,
    now: i64,
) -> Result<Option<JobOf>, DatabaseError> {
    let rows = database
        .execute(JOB_OF, parameters![job_id, lease_version, now])
        .await?;
    json::read_optional(&rows)
}

/// A connector, as far as decisions go by it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct ConnectorOf {
    pub state: String,
    /// JSON.
    pub config: String,
}

const CONNECTOR: &str = "
SELECT json_object('state', state, 'config', config) FROM connectors WHERE id = ?2 AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn connector<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Option<ConnectorOf>, DatabaseError> {
    let rows = database
        .execute(CONNECTOR, parameters![tenant.as_str(), connector_id])
        .await?;
    json::read_optional(&rows)
}

/// A decision, as its columns are named.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DecidedRow {
    pub id: String,
    /// `received` while the deal is to be changed, or `failed`.
    pub status: &'static str,
    /// JSON.
    pub failure: Option<String>,
    pub adviser_email: Option<String>,
    pub adviser_name: Option<String>,
    pub adviser_owner_id: Option<String>,
    /// JSON array.
    pub adviser_packages: Option<String>,
    /// JSON array.
    pub adviser_households: Option<String>,
    pub service_package: String,
    pub household_type: String,
    pub client_email: Option<String>,
    pub agreement_start: Option<NaiveDate>,
    pub earliest_week: Option<NaiveDate>,
    pub result: String,
    pub mode: Option<String>,
    pub settings_version: Option<i64>,
    pub decided_on: Option<NaiveDate>,
    /// JSON.
    pub sources: Option<String>,
    /// JSON.
    pub timings: Option<String>,
    /// JSON.
    pub written: Option<String>,
    pub delivery_id: Option<String>,
    /// JSON array.
    pub notices: Option<String>,
    /// JSON; in a table of its own.
    pub decision: Option<String>,
}

const IS_HELD: &str = "
SELECT 1 FROM jobs WHERE id = ?2 AND organization_id = ?1 AND lease_version = ?3
  AND lease_holder IS NOT NULL AND lease_expires_at > ?4";

/// Whether the lease is the holder's still: the fence of a transaction.
///
/// # Errors
/// The failure of the statement.
pub async fn is_held<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![lease.tenant.as_str(), lease.job_id, lease.version, now];
    transaction
        .execute(IS_HELD, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// `+`: from the decisions to their rows, not from the organization's rows to the decisions.
const SETTLE: &str = "
UPDATE allocations SET
  status = decided.value ->> 'status',
  next_try_at = NULL,
  failure = decided.value ->> 'failure',
  adviser_email = decided.value ->> 'adviser_email',
  adviser_name = decided.value ->> 'adviser_name',
  adviser_owner_id = decided.value ->> 'adviser_owner_id',
  adviser_packages = decided.value ->> 'adviser_packages',
  adviser_households = decided.value ->> 'adviser_households',
  service_package = decided.value ->> 'service_package',
  household_type = decided.value ->> 'household_type',
  client_email = coalesce(decided.value ->> 'client_email', client_email),
  agreement_start = decided.value ->> 'agreement_start',
  earliest_week = decided.value ->> 'earliest_week',
  result = decided.value ->> 'result',
  mode = decided.value ->> 'mode',
  settings_version = decided.value ->> 'settings_version',
  decided_on = decided.value ->> 'decided_on',
  sources = decided.value ->> 'sources',
  timings = decided.value ->> 'timings',
  written = decided.value ->> 'written',
  delivery_id = decided.value ->> 'delivery_id',
  notices = decided.value ->> 'notices',
  decided_at = ?3,
  finished_at = iif(decided.value ->> 'status' = 'failed', ?3, NULL)
FROM (SELECT value FROM json_each(?2)) AS decided
WHERE allocations.id = decided.value ->> 'id' AND +allocations.organization_id = ?1 AND allocations.next_try_at IS NOT NULL
RETURNING id";

const EXPLAIN: &str = "
INSERT INTO allocation_explanations (allocation_id, organization_id, decided_at, decision)
SELECT value ->> 'id', ?1, ?3, value ->> 'decision' FROM json_each(?2)
WHERE value ->> 'decision' IS NOT NULL AND value ->> 'id' IN (SELECT value FROM json_each(?4))
ON CONFLICT (allocation_id) DO NOTHING";

/// Writes decisions; returns the ids of those that were still to be decided and are the deal's live record. To be called behind
/// [`is_held`] in the same transaction.
///
/// # Errors
/// The failure of a statement.
pub async fn settle<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    decided: &[DecidedRow],
    now: i64,
) -> Result<Vec<String>, DatabaseError> {
    let rows = json::write(decided)?;
    let settled: Vec<String> = transaction
        .execute(SETTLE, parameters![tenant.as_str(), rows.as_str(), now])
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect::<Result<_, _>>()?;
    let parameters = parameters![tenant.as_str(), rows, now, json::write(&settled)?];
    transaction.execute(EXPLAIN, parameters).await?;
    Ok(settled)
}

/// A look that came to nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Postponed {
    pub id: String,
    pub next_try_at: i64,
    /// JSON.
    pub failure: String,
    /// JSON.
    pub sources: Option<String>,
}

const POSTPONE: &str = "
UPDATE allocations SET tries = tries + 1, next_try_at = postponed.value ->> 'next_try_at',
  failure = postponed.value ->> 'failure', sources = postponed.value ->> 'sources'
FROM (SELECT value FROM json_each(?2)) AS postponed
WHERE allocations.id = postponed.value ->> 'id' AND +allocations.organization_id = ?1 AND allocations.next_try_at IS NOT NULL";

/// Notes that nothing could be decided yet, and when it is tried again. To be called behind [`is_held`].
///
/// # Errors
/// The failure of the statement.
pub async fn postpone<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    postponed: &[Postponed],
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(postponed)?];
    transaction.execute(POSTPONE, parameters).await.map(drop)
}

/// A deal that was given to somebody and takes up room.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct OwnRow {
    pub deal_id: String,
    pub decided_at: i64,
    pub adviser_email: String,
    pub decided_on: NaiveDate,
    pub written_at: Option<i64>,
    pub agreement_start: Option<NaiveDate>,
    pub earliest_week: Option<NaiveDate>,
}

impl OwnRow {
    #[must_use]
    pub fn own(&self) -> OwnAllocation<'_> {
        OwnAllocation {
            deal_id: &self.deal_id,
            decided_at: self.decided_at,
            adviser_email: &self.adviser_email,
            decided_on: self.decided_on,
            written_at: self.written_at,
            agreement_start: self.agreement_start,
            earliest_week: self.earliest_week,
        }
    }
}

const OWN: &str = "
SELECT json_group_array(json_object('deal_id', deal_id, 'decided_at', decided_at, 'adviser_email', adviser_email,
  'decided_on', decided_on, 'written_at', written_at, 'agreement_start', agreement_start, 'earliest_week', earliest_week))
FROM allocations INDEXED BY allocations_decided
WHERE connector_id = ?2 AND decided_at >= ?3 AND decided_at IS NOT NULL AND status <> 'failed' AND organization_id = ?1
  AND adviser_email IS NOT NULL AND decided_on IS NOT NULL";

/// What this connector's deals were decided to be since then, Unix seconds; what failed is not among it.
///
/// # Errors
/// The failure of the statement.
pub async fn own<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    since: i64,
) -> Result<Vec<OwnRow>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, since];
    json::read(&database.execute(OWN, parameters).await?)
}

/// How a record stands, for whoever waits for it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Standing {
    pub status: String,
    pub is_decided: bool,
    pub tries: u32,
    /// Whether its connector's job is due and nobody has it.
    pub is_free: bool,
}

const STANDING: &str = "
SELECT json_object('status', allocations.status, 'tries', allocations.tries,
  'is_decided', json(iif(allocations.next_try_at IS NULL, 'true', 'false')),
  'is_free', json(iif(jobs.next_due_at <= ?3 AND (jobs.lease_holder IS NULL OR jobs.lease_expires_at <= ?3), 'true', 'false')))
FROM allocations LEFT JOIN jobs ON jobs.kind = 'allocation' AND jobs.subject = allocations.connector_id AND jobs.name = 'deals'
WHERE allocations.id = ?2 AND allocations.organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn standing<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    now: i64,
) -> Result<Option<Standing>, DatabaseError> {
    database
        .read_row(STANDING, parameters![tenant.as_str(), id, now])
        .await?
        .map(|row| json::parse(row.text(0)?))
        .transpose()
}

const EXPLANATION: &str = "
SELECT decision FROM allocation_explanations WHERE allocation_id = ?2 AND organization_id = ?1";

/// What a decision rested on, as JSON, while it is kept.
///
/// # Errors
/// The failure of the statement.
pub async fn explanation<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<String>, DatabaseError> {
    let rows = database
        .execute(EXPLANATION, parameters![tenant.as_str(), id])
        .await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// A record as a re-run, an override and a delivery need it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Held {
    pub id: String,
    pub connector_id: String,
    pub deal_id: String,
    /// JSON.
    pub request: String,
    pub client_email: Option<String>,
    pub is_live: bool,
    pub is_decided: bool,
    pub status: String,
}

const HELD: &str = "
SELECT json_object('id', id, 'connector_id', connector_id, 'deal_id', deal_id, 'request', request, 'client_email', client_email,
  'is_live', json(iif(superseded_at IS NULL, 'true', 'false')), 'is_decided', json(iif(next_try_at IS NULL, 'true', 'false')),
  'status', status)
FROM allocations WHERE id = ?2 AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn held<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Held>, DatabaseError> {
    let rows = database
        .execute(HELD, parameters![tenant.as_str(), id])
        .await?;
    json::read_optional(&rows)
}

/// How many records there are of each status.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Counts {
    pub received: i64,
    pub completed: i64,
    pub failed: i64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted<'a> {
    /// Unix seconds.
    pub from: i64,
    pub deal_id: Option<&'a str>,
    /// In lower case.
    pub adviser_email: Option<&'a str>,
}

const COUNTS: &str = "
SELECT json_object('received', coalesce(sum(status = 'received'), 0), 'completed', coalesce(sum(status = 'completed'), 0),
  'failed', coalesce(sum(status = 'failed'), 0))
FROM allocations INDEXED BY allocations_organization
WHERE organization_id = ?1 AND received_at >= ?2 AND (?3 IS NULL OR deal_id = ?3) AND (?4 IS NULL OR adviser_email = ?4)";

/// Of the records that came since then.
///
/// # Errors
/// The failure of the statement.
pub async fn counts<E: Execute>(
    database: &E,
    tenant: &Tenant,
    counted: Counted<'_>,
) -> Result<Counts, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        counted.from,
        counted.deal_id,
        counted.adviser_email
    ];
    json::read(&database.execute(COUNTS, parameters).await?)
}

const PRUNE_EXPLANATIONS: &str = "
DELETE FROM allocation_explanations WHERE allocation_id IN (
  SELECT allocation_id FROM allocation_explanations WHERE decided_at < ?1 ORDER BY decided_at LIMIT ?2)
RETURNING allocation_id";

/// `+status`: what waits is never old enough to be searched for by it.
const PRUNE: &str = "
DELETE FROM allocations WHERE id IN (
  SELECT id FROM allocations WHERE received_at < ?1 AND +status <> 'received' ORDER BY received_at LIMIT ?2)
RETURNING id";

/// For maintenance, over all organizations: removes up to `limit` explanations, and records, that are older than they are kept;
/// returns how many.
///
/// # Errors
/// The failure of a statement.
pub async fn prune<E: Execute>(database: &E, now: i64, limit: i64) -> Result<usize, DatabaseError> {
    let before = now.saturating_sub(KEEP_EXPLANATIONS_SECONDS);
    let explanations = database
        .execute(PRUNE_EXPLANATIONS, parameters![before, limit])
        .await?;
    let before = now.saturating_sub(KEEP_SECONDS);
    let records = database.execute(PRUNE, parameters![before, limit]).await?;
    Ok(explanations.len().saturating_add(records.len()))
}
