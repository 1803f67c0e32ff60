//! Where providers reach connectors, and what they were asked to call.
//!
//! An *endpoint* is one secret path of a connector, known by its hash. A connector has one that is
//! live; those of before are retired and kept, so that a webhook which still calls one is known as
//! ours. A *registration* is one topic of one endpoint.

use domain::access::Tenant;
use domain::webhook_plan::RegistrationState;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// The live endpoint of a connector.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    pub path_hash: String,
    /// The account at the provider.
    pub account: String,
}

/// An endpoint to make.
#[derive(Clone, Copy, Debug)]
pub struct NewEndpoint<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub connector_id: &'a str,
    pub path_hash: &'a str,
    pub account: &'a str,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Registration {
    pub id: String,
    pub endpoint_id: String,
    pub connector_id: String,
    pub topic: String,
    /// `None`: the provider has none.
    pub external_id: Option<String>,
    /// The URL without its secret path.
    pub base_url: String,
    pub state: RegistrationState,
    pub reason: Option<String>,
    pub created_at: i64,
    pub last_checked_at: i64,
}

/// What became of one topic.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Finding {
    /// UUIDv7, used when the topic has no row yet.
    pub id: String,
    pub topic: String,
    pub external_id: Option<String>,
    /// The URL without its secret path.
    pub base_url: String,
    pub state: RegistrationState,
    pub reason: Option<String>,
}

/// The connector behind a secret path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub organization_id: String,
    pub connector_id: String,
}

const ENDPOINT: &str = "
SELECT json_object('id', id, 'path_hash', path_hash, 'account', account) FROM webhook_endpoints
WHERE connector_id = ?2 AND organization_id = ?1 AND retired_at IS NULL";

/// The live endpoint of a connector, if it has one.
///
/// # Errors
/// The failure of the statement.
pub async fn endpoint<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Option<Endpoint>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id];
    json::read_optional(&database.execute(ENDPOINT, parameters).await?)
}

const OPEN: &str = "
INSERT INTO webhook_endpoints (id, connector_id, organization_id, path_hash, account, created_at)
SELECT ?3, id, ?1, ?4, ?5, ?6 FROM connectors
WHERE id = ?2 AND organization_id = ?1 AND state <> 'disconnected'
RETURNING id";

/// Makes an endpoint; false when the tenant has no such connector, or it is disconnected. The one of
/// before has to be retired first.
///
/// # Errors
/// The failure of the statement.
pub async fn open<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewEndpoint<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        new.connector_id,
        new.id,
        new.path_hash,
        new.account,
        now
    ];
    transaction
        .execute(OPEN, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const RETIRE: &str = "
UPDATE webhook_endpoints SET retired_at = ?3
WHERE connector_id = ?2 AND organization_id = ?1 AND retired_at IS NULL
RETURNING id";

const FORGET_UNREGISTERED: &str = "
DELETE FROM webhook_registrations
WHERE endpoint_id = ?2 AND organization_id = ?1 AND external_id IS NULL";

const ORPHAN: &str = "
UPDATE webhook_registrations SET state = 'orphaned', reason = ?3
WHERE endpoint_id = ?2 AND organization_id = ?1
RETURNING topic";

/// Gives up the live endpoint of a connector, if it has one. What the provider may still have of it
/// is orphaned, with this reason; returns how many that are.
///
/// # Errors
/// The failure of a statement.
pub async fn retire<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    reason: &str,
    now: i64,
) -> Result<usize, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id, now];
    let retired = transaction.execute(RETIRE, parameters).await?;
    let Some(retired) = retired.first() else {
        return Ok(0);
    };
    let endpoint_id = retired.text(0)?;
    transaction
        .execute(
            FORGET_UNREGISTERED,
            parameters![tenant.as_str(), endpoint_id],
        )
        .await?;
    transaction
        .execute(ORPHAN, parameters![tenant.as_str(), endpoint_id, reason])
        .await
        .map(|rows| rows.len())
}

const RETIRED: &str = "
SELECT json_group_array(path_hash) FROM json_each(?2) CROSS JOIN webhook_endpoints
  ON webhook_endpoints.path_hash = json_each.value
WHERE webhook_endpoints.organization_id = ?1 AND webhook_endpoints.retired_at IS NOT NULL";

/// Which of these hashes are of paths that the organization has given up.
///
/// # Errors
/// The failure of the statement.
pub async fn retired<E: Execute>(
    database: &E,
    tenant: &Tenant,
    path_hashes: &[String],
) -> Result<Vec<String>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(path_hashes)?];
    json::read(&database.execute(RETIRED, parameters).await?)
}

const REACHED: &str = "
SELECT organization_id, connector_id FROM webhook_endpoints WHERE path_hash = ?1 AND retired_at IS NULL";

/// The connector that a delivery is for, over all organizations: the path is all that it shows.
///
/// # Errors
/// The failure of the statement.
pub async fn reached<E: Execute>(
    database: &E,
    path_hash: &str,
) -> Result<Option<Reached>, DatabaseError> {
    let Some(row) = database.read_row(REACHED, parameters![path_hash]).await? else {
        return Ok(None);
    };
    Ok(Some(Reached {
        organization_id: row.text(0)?.to_owned(),
        connector_id: row.text(1)?.to_owned(),
    }))
}

const RECORD: &str = "
INSERT INTO webhook_registrations (id, endpoint_id, topic, connector_id, organization_id, external_id,
  base_url, state, reason, created_at, last_checked_at)
SELECT value ->> 'id', endpoint.id, value ->> 'topic', endpoint.connector_id, ?1, value ->> 'external_id', value ->> 'base_url',
  iif(endpoint.retired_at IS NULL, value ->> 'state', 'orphaned'),
  iif(endpoint.retired_at IS NULL, value ->> 'reason', ?5), ?4, ?4
FROM json_each(?3) CROSS JOIN webhook_endpoints AS endpoint
  ON endpoint.id = ?2 AND endpoint.organization_id = ?1
WHERE endpoint.retired_at IS NULL OR value ->> 'external_id' IS NOT NULL
ON CONFLICT (endpoint_id, topic) DO UPDATE SET
  external_id = excluded.external_id, base_url = excluded.base_url, state = excluded.state,
  reason = excluded.reason, last_checked_at = excluded.last_checked_at";

/// Notes what was found out of an endpoint's topics. Should the endpoint have been given up
/// meanwhile, what the provider has of it is orphaned, with this reason.
///
/// # Errors
/// The failure of the statement.
pub async fn record<E: Execute>(
    database: &E,
    tenant: &Tenant,
    endpoint_id: &str,
    findings: &[Finding],
    orphaned: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    let findings = json::write(findings)?;
    let parameters = parameters![tenant.as_str(), endpoint_id, findings, now, orphaned];
    database.execute(RECORD, parameters).await.map(drop)
}

macro_rules! registration_json {
    () => {
        "json_object('id', registration.id, 'endpoint_id', registration.endpoint_id,
           'connector_id', registration.connector_id, 'topic', registration.topic, 'external_id', registration.external_id,
           'base_url', registration.base_url, 'state', registration.state,
           'reason', registration.reason, 'created_at', registration.created_at,
           'last_checked_at', registration.last_checked_at)"
    };
}

const LIST: &str = concat!(
    "SELECT json_group_array(",
    registration_json!(),
    ") FROM (SELECT * FROM webhook_registrations
      WHERE connector_id = ?2 AND organization_id = ?1 ORDER BY topic) AS registration"
);

/// Every registration of a connector by topic, orphaned ones included.
///
/// # Errors
/// The failure of the statement.
pub async fn list<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Vec<Registration>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id];
    json::read(&database.execute(LIST, parameters).await?)
}

const ORPHANED: &str = concat!(
    "SELECT json_group_array(",
    registration_json!(),
    ") FROM webhook_registrations AS registration
     CROSS JOIN webhook_endpoints AS endpoint ON endpoint.id = registration.endpoint_id
     WHERE registration.organization_id = ?1 AND registration.state = 'orphaned' AND endpoint.account = ?2"
);

/// What an account at the provider may still have of connectors that the organization has given up.
///
/// # Errors
/// The failure of the statement.
pub async fn orphaned<E: Execute>(
    database: &E,
    tenant: &Tenant,
    account: &str,
) -> Result<Vec<Registration>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), account];
    json::read(&database.execute(ORPHANED, parameters).await?)
}

const REMOVE: &str = "
DELETE FROM webhook_registrations
WHERE id IN (SELECT value FROM json_each(?2)) AND organization_id = ?1";

/// Forgets registrations that the provider no longer has.
///
/// # Errors
/// The failure of the statement.
pub async fn remove<E: Execute>(
    database: &E,
    tenant: &Tenant,
    ids: &[&str],
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(ids)?];
    database.execute(REMOVE, parameters).await.map(drop)
}
