//! Connecting an account by its owner's consent (OAuth 2.0 authorization code, RFC 6749 §4.1), from the call that begins
//! it until the provider sends the browser back. Every step can be made once.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// How long a flow may take, in seconds: from its beginning until the browser is back.
pub const FLOW_SECONDS: i64 = 600;
/// Of one connector at the same time.
pub const MAX_FLOWS: i64 = 20;
/// Flows that are over and that [`prune`] removes at the most.
pub const MAX_PRUNED: i64 = 1_000;

/// A flow that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewFlow<'a> {
    pub id: &'a str,
    pub connector_id: &'a str,
    /// The caller, as the audit names one.
    pub begun_by: &'a str,
    /// SHA-256 of what is in the link, in hex.
    pub ticket_hash: &'a str,
    pub return_url: Option<&'a str>,
}

const BEGIN: &str = "
INSERT INTO oauth_flows (id, organization_id, connector_id, begun_by, ticket_hash, return_url, expires_at)
SELECT ?3, ?1, connectors.id, ?4, ?5, ?6, ?7 + ?8
FROM connectors
WHERE connectors.id = ?2 AND connectors.organization_id = ?1
  AND (SELECT count(*) FROM oauth_flows AS other INDEXED BY oauth_flows_connector
       WHERE other.organization_id = ?1 AND other.connector_id = ?2 AND other.expires_at > ?7) < ?9
RETURNING expires_at";

/// Begins a flow; returns until when it may take, or nothing where the tenant has no such connector, or too many flows of
/// it are open.
///
/// # Errors
/// The failure of the statement.
pub async fn begin<E: Execute>(
    database: &E,
    tenant: &Tenant,
    new: NewFlow<'_>,
    now: i64,
) -> Result<Option<i64>, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        new.connector_id,
        new.id,
        new.begun_by,
        new.ticket_hash,
        new.return_url,
        now,
        FLOW_SECONDS,
        MAX_FLOWS,
    ];
    let rows = database.execute(BEGIN, parameters).await?;
    rows.first().map(|row| row.integer(0)).transpose()
}

/// What a link is for, as whoever opens it is told.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Offered {
    pub organization: String,
    pub connector_id: String,
    pub connector: String,
    pub provider: String,
    /// The connector's own, as JSON.
    pub config: String,
    pub expires_at: i64,
}

/// No tenant: the ticket alone says whose flow it is.
const OFFERED: &str = "
SELECT json_object('organization', organizations.name, 'connector_id', connectors.id, 'connector', connectors.name,
  'provider', connectors.provider, 'config', connectors.config, 'expires_at', oauth_flows.expires_at)
FROM oauth_flows
JOIN organizations ON organizations.id = oauth_flows.organization_id
JOIN connectors ON connectors.id = oauth_flows.connector_id AND connectors.organization_id = oauth_flows.organization_id
WHERE oauth_flows.ticket_hash = ?1 AND oauth_flows.expires_at > ?2";

/// Looks at a link without spending it: whoever previews links does that, too.
///
/// # Errors
/// The failure of the statement.
pub async fn offered<E: Execute>(
    database: &E,
    ticket_hash: &str,
    now: i64,
) -> Result<Option<Offered>, DatabaseError> {
    json::read_optional(
        &database
            .execute(OFFERED, parameters![ticket_hash, now])
            .await?,
    )
}

/// What a browser has opened: whose account of which connector is to be connected.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Opened {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
}

/// No tenant: the ticket alone says whose flow it is.
const OPEN: &str = "
UPDATE oauth_flows SET ticket_hash = NULL
WHERE ticket_hash = ?1 AND expires_at > ?2
RETURNING json_object('id', id, 'organization_id', organization_id, 'connector_id', connector_id)";

/// Takes the ticket of a link: a second browser finds nothing.
///
/// # Errors
/// The failure of the statement.
pub async fn open<E: Execute>(
    database: &E,
    ticket_hash: &str,
    now: i64,
) -> Result<Option<Opened>, DatabaseError> {
    json::read_optional(
        &database
            .execute(OPEN, parameters![ticket_hash, now])
            .await?,
    )
}

/// What is sent to the provider with a browser.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    pub state_hash: &'a str,
    pub browser_hash: &'a str,
    pub sealed_verifier: &'a str,
    pub redirect_uri: &'a str,
}

const SEND: &str = "
UPDATE oauth_flows SET state_hash = ?3, browser_hash = ?4, sealed_verifier = ?5, redirect_uri = ?6
WHERE id = ?2 AND organization_id = ?1 AND ticket_hash IS NULL AND state_hash IS NULL
RETURNING id";

/// Notes what the browser that has opened the flow takes along; false when that was done before.
///
/// # Errors
/// The failure of the statement.
pub async fn send<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    sent: Sent<'_>,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        sent.state_hash,
        sent.browser_hash,
        sent.sealed_verifier,
        sent.redirect_uri,
    ];
    let rows = database.execute(SEND, parameters).await?;
    Ok(!rows.is_empty())
}

/// A flow whose browser is back.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Returned {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub begun_by: String,
    pub browser_hash: String,
    pub sealed_verifier: String,
    pub redirect_uri: String,
    pub return_url: Option<String>,
    pub expires_at: i64,
}

/// No tenant, as with the ticket. Whatever comes of it, the state is spent.
const TAKE: &str = "
DELETE FROM oauth_flows WHERE state_hash = ?1
RETURNING json_object('id', id, 'organization_id', organization_id, 'connector_id', connector_id, 'begun_by', begun_by,
  'browser_hash', browser_hash, 'sealed_verifier', sealed_verifier, 'redirect_uri', redirect_uri,
  'return_url', return_url, 'expires_at', expires_at)";

/// Takes the flow of a state out of the table: nobody finds it again. Whether it is too late is for the caller to say.
///
/// # Errors
/// The failure of the statement.
pub async fn take<E: Execute>(
    database: &E,
    state_hash: &str,
) -> Result<Option<Returned>, DatabaseError> {
    json::read_optional(&database.execute(TAKE, parameters![state_hash]).await?)
}

const END_OF: &str = "DELETE FROM oauth_flows WHERE organization_id = ?1 AND connector_id = ?2";

/// Ends the flows of a connector, whose links and browsers find nothing any more: it was disconnected, or is another
/// account's.
///
/// # Errors
/// The failure of the statement.
pub async fn end_of<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    database
        .execute(END_OF, parameters![tenant.as_str(), connector_id])
        .await
        .map(drop)
}

const PRUNE: &str = "
DELETE FROM oauth_flows WHERE id IN (
  SELECT id FROM oauth_flows INDEXED BY oauth_flows_expiry WHERE expires_at <= ?1 ORDER BY expires_at, id LIMIT ?2)
RETURNING id";

/// Removes flows that are over; returns how many.
///
/// # Errors
/// The failure of the statement.
pub async fn prune<E: Execute>(database: &E, now: i64) -> Result<usize, DatabaseError> {
    let rows = database
        .execute(PRUNE, parameters![now, MAX_PRUNED])
        .await?;
    Ok(rows.len())
}
