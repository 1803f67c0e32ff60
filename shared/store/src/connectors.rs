//! An organization's links to provider accounts.

use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::jobs::{Lease, SealedCredential};
use crate::{json, parameters};

/// Connectors that an organization can list at once.
pub const MAX_LISTED: i64 = 500;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Connector {
    pub id: String,
    pub organization_id: String,
    pub provider: String,
    /// The organization's own name for it, unique within the organization.
    pub integration_key: String,
    pub name: String,
    pub state: ConnectorState,
    pub state_reason: Option<String>,
    pub state_changed_at: i64,
    /// JSON; never a secret.
    pub config: String,
    /// JSON.
    pub sync_settings: String,
    pub connected_at: Option<i64>,
    pub connected_by: Option<String>,
    /// End of the last run of any stream that was a success or partial.
    pub last_sync_at: Option<i64>,
    /// End of the last such run that saw everything.
    pub last_full_sync_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A link to make, or to make again.
#[derive(Clone, Copy, Debug)]
pub struct NewConnector<'a> {
    /// UUIDv7, used when there is none of this key.
    pub id: &'a str,
    pub provider: &'a str,
    pub integration_key: &'a str,
    pub name: &'a str,
    /// JSON.
    pub config: &'a str,
    /// JSON; a connector that is connected again keeps its own.
    pub sync_settings: &'a str,
    pub connected_by: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connect {
    Created {
        id: String,
    },
    Reconnected {
        id: String,
    },
    /// The organization uses this key for another provider.
    KeyTaken,
    /// There is no such organization, or it is being purged.
    NoOrganization,
}

const CONNECT: &str = "
INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at,
  config, sync_settings, connected_at, connected_by, created_at, updated_at)
SELECT ?2, id, ?3, ?4, ?5, 'active', ?9, ?6, ?7, ?9, ?8, ?9, ?9
FROM organizations WHERE id = ?1 AND state = 'active'
ON CONFLICT (organization_id, integration_key) DO UPDATE SET
  name = excluded.name,
  state_changed_at = iif(state = 'active', state_changed_at, excluded.state_changed_at),
  state = 'active',
  state_reason = NULL,
  config = excluded.config,
  connected_at = excluded.connected_at,
  connected_by = excluded.connected_by,
  updated_at = excluded.updated_at
WHERE provider = excluded.provider
RETURNING id";

/// Creates the connector, or makes the one of the same key active again: it keeps its id, so its
/// data and checkpoints go on.
///
/// # Errors
/// The failure of a statement.
pub async fn connect<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewConnector<'_>,
    now: i64,
) -> Result<Connect, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.provider,
        new.integration_key,
        new.name,
        new.config,
        new.sync_settings,
        new.connected_by,
        now,
    ];
    if let Some(row) = transaction.execute(CONNECT, parameters).await?.first() {
        let id = row.text(0)?.to_owned();
        return Ok(if id == new.id {
            Connect::Created { id }
        } else {
            Connect::Reconnected { id }
        });
    }
    let holder = get_by_key(transaction, tenant, new.integration_key).await?;
    Ok(match holder {
        Some(holder) if holder.provider != new.provider => Connect::KeyTaken,
        _ => Connect::NoOrganization,
    })
}

const SET_CONNECTED: &str = "UPDATE connectors SET connected_at = ?3, connected_by = ?4 WHERE id = ?2 AND organization_id = ?1";

/// Notes since when its account is connected, and who has connected it; neither while its owner is asked for consent.
///
/// # Errors
/// The failure of the statement.
pub async fn set_connected<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    connected_at: Option<i64>,
    connected_by: Option<&str>,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), id, connected_at, connected_by];
    transaction
        .execute(SET_CONNECTED, parameters)
        .await
        .map(drop)
}

macro_rules! connector_json {
    () => {
        "json_object('id', id, 'organization_id', organization_id, 'provider', provider,
           'integration_key', integration_key, 'name', name, 'state', state,
           'state_reason', state_reason, 'state_changed_at', state_changed_at, 'config', config,
           'sync_settings', sync_settings, 'connected_at', connected_at, 'connected_by', connected_by,
           'last_sync_at', (SELECT max(last_success_at) FROM jobs
             WHERE jobs.kind = 'sync' AND jobs.subject = connectors.id),
           'last_full_sync_at', (
             SELECT iif(count(*) = count(last_complete_at), min(last_complete_at), NULL) FROM jobs
             WHERE jobs.kind = 'sync' AND jobs.subject = connectors.id
               AND coalesce(sync_settings ->> ('$.streams.' || jobs.name || '.enabled'), 1)),
           'created_at', created_at, 'updated_at', updated_at)"
    };
}

const GET: &str = concat!(
    "SELECT ",
    connector_json!(),
    " FROM connectors WHERE id = ?2 AND organization_id = ?1"
);

/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Connector>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), id];
    json::read_optional(&database.execute(GET, parameters).await?)
}

const GET_BY_KEY: &str = concat!(
    "SELECT ",
    connector_json!(),
    " FROM connectors WHERE organization_id = ?1 AND integration_key = ?2"
);

/// # Errors
/// The failure of the statement.
pub async fn get_by_key<E: Execute>(
    database: &E,
    tenant: &Tenant,
    integration_key: &str,
) -> Result<Option<Connector>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), integration_key];
    json::read_optional(&database.execute(GET_BY_KEY, parameters).await?)
}

const LIST: &str = concat!(
    "SELECT json_group_array(",
    connector_json!(),
    ") FROM (SELECT * FROM connectors
      WHERE organization_id = ?1 AND integration_key > ?2
        AND (?3 = '[]' OR provider IN (SELECT value FROM json_each(?3)))
      ORDER BY integration_key LIMIT ?4) AS connectors"
);

/// Up to [`MAX_LISTED`] connectors, of certain providers if asked, in the order of their integration
/// keys, after the key `after`; all of them from `""`.
///
/// # Errors
/// The failure of the statement.
pub async fn list<E: Execute>(
    database: &E,
    tenant: &Tenant,
    providers: &[&str],
    after: &str,
    limit: i64,
) -> Result<Vec<Connector>, DatabaseError> {
    let limit = limit.clamp(0, MAX_LISTED);
    let parameters = parameters![tenant.as_str(), after, json::write(providers)?, limit];
    json::read(&database.execute(LIST, parameters).await?)
}

macro_rules! set_state {
    () => {
        "
UPDATE connectors SET
  state_changed_at = iif(state = ?4, state_changed_at, ?6),
  state = ?4,
  state_reason = ?5,
  updated_at = ?6
WHERE id = ?2 AND organization_id = ?1
  AND state IN (SELECT value FROM json_each(?3))
  AND (state, state_reason) IS NOT (?4, ?5)"
    };
}

/// Every one of the sealed credentials of a parameter is still the connector's.
macro_rules! are_held {
    ($sealed:literal) => {
        concat!(
            "
  AND NOT EXISTS (
    SELECT 1 FROM json_each(",
            $sealed,
            ") AS used WHERE NOT EXISTS (
      SELECT 1 FROM credentials WHERE credentials.connector_id = ?2
        AND credentials.organization_id = ?1 AND credentials.sealed = used.value))"
        )
    };
}

const SET_STATE: &str = concat!(set_state!(), are_held!("?7"), "\nRETURNING id");

/// Another state and the reason for it, in the manager's words.
#[derive(Clone, Copy, Debug)]
pub struct StateChange<'a> {
    /// The states that the step may start from. Those it may not by the rules are left out, so
    /// that a late outcome cannot undo what a person decided meanwhile.
    pub from: &'a [ConnectorState],
    pub to: ConnectorState,
    pub reason: Option<&'a str>,
}

impl StateChange<'_> {
    fn reachable(&self) -> Vec<ConnectorState> {
        self.from
            .iter()
            .copied()
            .filter(|from| from.may_become(self.to))
            .collect()
    }
}

/// Returns whether anything changed.
///
/// # Errors
/// The failure of the statement.
pub async fn set_state<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    change: StateChange<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    set_state_by_use(database, tenant, id, &[], change, now).await
}

/// [`set_state`] by what a provider said of these credentials, which says nothing of others that the
/// connector has been given meanwhile.
///
/// # Errors
/// The failure of the statement.
pub async fn set_state_by_use<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    credentials: &[SealedCredential],
    change: StateChange<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        json::write(&change.reachable())?,
        change.to.as_str(),
        change.reason,
        now,
        json::write(&sealed_of(credentials))?,
    ];
    database
        .execute(SET_STATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

fn sealed_of(credentials: &[SealedCredential]) -> Vec<&str> {
    credentials
        .iter()
        .map(|used| used.sealed.as_str())
        .collect()
}

const SET_STATE_BY_RUN: &str = concat!(
    set_state!(),
    "
  AND EXISTS (
    SELECT 1 FROM jobs
    WHERE jobs.id = ?7 AND jobs.organization_id = ?1 AND jobs.subject = connectors.id
      AND jobs.lease_version = ?8 AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?6)",
    are_held!("?9"),
    "
  AND (?9 = '[]' OR EXISTS (
    SELECT 1 FROM credentials
    WHERE credentials.connector_id = ?2 AND credentials.organization_id = ?1))
RETURNING id"
);

/// [`set_state`] by what a run has found out. It counts only while the run holds its lease and the
/// connector still has the credentials that the run used: what a provider says late of the old
/// token says nothing of a connector that has been connected again meanwhile. One that came in
/// addition is in nobody's way, and a run that needs none goes by its lease.
///
/// # Errors
/// The failure of the statement.
pub async fn set_state_by_run<E: Execute>(
    database: &E,
    lease: Lease<'_>,
    id: &str,
    credentials: &[SealedCredential],
    change: StateChange<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        lease.tenant.as_str(),
        id,
        json::write(&change.reachable())?,
        change.to.as_str(),
        change.reason,
        now,
        lease.job_id,
        lease.version,
        json::write(&sealed_of(credentials))?,
    ];
    database
        .execute(SET_STATE_BY_RUN, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// What is to be different; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub name: Option<&'a str>,
    /// JSON.
    pub config: Option<&'a str>,
}

const UPDATE: &str = "
UPDATE connectors SET name = coalesce(?3, name), config = coalesce(?4, config), updated_at = ?5
WHERE id = ?2 AND organization_id = ?1
  AND (name, config) IS NOT (coalesce(?3, name), coalesce(?4, config))";

/// Changes what a connector is called and how it is used; nothing where there is no such connector.
///
/// # Errors
/// The failure of the statement.
pub async fn update<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    change: Change<'_>,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), id, change.name, change.config, now];
    database.execute(UPDATE, parameters).await.map(drop)
}

const SET_SYNC_SETTINGS: &str = "
UPDATE connectors SET sync_settings = ?3, updated_at = ?4 WHERE id = ?2 AND organization_id = ?1 RETURNING id";

/// Replaces the sync settings, which are JSON; false when there is no such connector. Its streams
/// are to be planned again.
///
/// # Errors
/// The failure of the statement.
pub async fn set_sync_settings<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    settings: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), id, settings, now];
    database
        .execute(SET_SYNC_SETTINGS, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const REMOVE: &str = "DELETE FROM connectors WHERE id = ?2 AND organization_id = ?1";

/// Removes the row of a connector that has no synced data. Its secrets and its jobs go before.
///
/// # Errors
/// The failure of the statement.
pub async fn remove<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<(), DatabaseError> {
    transaction
        .execute(REMOVE, parameters![tenant.as_str(), id])
        .await
        .map(drop)
}
