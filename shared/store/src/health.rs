//! The jobs that ask whether connectors still work. Triggers make them and take them away (migration
//! 0016).

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// The kind of these jobs.
pub const PROBE: &str = "probe";

/// What is known from the probes before, kept in the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Probes {
    pub failures_in_row: u32,
}

/// A connector that is to be probed.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Probing {
    pub organization_id: String,
    pub connector_id: String,
    pub provider: String,
    pub probes: Probes,
}

const LOAD: &str = "
SELECT json_group_array(json_object('organization_id', connectors.organization_id,
  'connector_id', connectors.id, 'provider', connectors.provider, 'probes', json(jobs.checkpoint)))
FROM jobs CROSS JOIN connectors ON connectors.id = jobs.subject
WHERE jobs.id = ?1 AND jobs.kind = 'probe' AND jobs.lease_version = ?2";

/// Reads what is to be probed; nothing when the job is not this holder's any more. For the scheduler,
/// which claimed it.
///
/// # Errors
/// The failure of the statement.
pub async fn load<E: Execute>(
    database: &E,
    job_id: &str,
    lease_version: i64,
) -> Result<Option<Probing>, DatabaseError> {
    let rows = database
        .execute(LOAD, parameters![job_id, lease_version])
        .await?;
    let found: Vec<Probing> = json::read(&rows)?;
    Ok(found.into_iter().next())
}

const NOTE: &str = "
UPDATE jobs SET checkpoint = ?3 WHERE id = ?1 AND kind = 'probe' AND lease_version = ?2";

/// Keeps what is known by now, under the lease.
///
/// # Errors
/// The failure of the statement.
pub async fn note<E: Execute>(
    database: &E,
    job_id: &str,
    lease_version: i64,
    probes: Probes,
) -> Result<(), DatabaseError> {
    let parameters = parameters![job_id, lease_version, json::write(&probes)?];
    database.execute(NOTE, parameters).await.map(drop)
}

/// How a webhook that is received fares.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Watched {
    pub name: String,
    /// `active` or `paused`.
    pub state: String,
    pub state_reason: Option<String>,
    /// When its last event was kept, Unix seconds.
    pub last_received_at: Option<i64>,
}

const WATCHED: &str = "
SELECT json_group_array(json_object('name', name, 'state', state, 'state_reason', state_reason,
  'last_received_at', (SELECT received_at FROM webhook_events WHERE webhook_id = webhooks.id
    ORDER BY seq DESC LIMIT 1)))
FROM webhooks WHERE id = ?2 AND organization_id = ?1";

/// How a webhook fares; nothing when the tenant has no such webhook.
///
/// # Errors
/// The failure of the statement.
pub async fn watched<E: Execute>(
    database: &E,
    tenant: &Tenant,
    webhook_id: &str,
) -> Result<Option<Watched>, DatabaseError> {
    let rows = database
        .execute(WATCHED, parameters![tenant.as_str(), webhook_id])
        .await?;
    let found: Vec<Watched> = json::read(&rows)?;
    Ok(found.into_iter().next())
}
