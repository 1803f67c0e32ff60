use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Everything a function needs for a job of a connector, its organization and its credentials
/// included.
#[derive(Clone, Debug, Deserialize)]
pub struct Work {
    pub job_id: String,
    pub kind: String,
    /// Of a sync: the stream.
    pub name: String,
    pub organization_id: String,
    /// IANA name; the organization's.
    pub time_zone: String,
    pub connector_id: String,
    pub provider: String,
    pub connector_state: String,
    /// JSON.
    pub config: String,
    /// JSON.
    pub sync_settings: String,
    /// JSON, fixed when the job was made.
    pub payload: String,
    /// JSON, as last saved.
    pub checkpoint: String,
    /// JSON, from who asked for this run.
    pub params: Option<String>,
    pub run_id: String,
    pub trigger: String,
    pub attempts: u32,
    pub lease_expires_at: i64,
    pub last_started_at: Option<i64>,
    pub last_success_at: Option<i64>,
    pub last_complete_at: Option<i64>,
    pub credentials: Vec<SealedCredential>,
}

/// One sealed field, as stored.
#[derive(Clone, Deserialize, PartialEq, Eq)]
pub struct SealedCredential {
    pub field: String,
    pub sealed: String,
}

impl std::fmt::Debug for SealedCredential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SealedCredential({})", self.field)
    }
}

const LOAD: &str = "
SELECT json_object(
  'job_id', jobs.id, 'kind', jobs.kind, 'name', jobs.name,
  'organization_id', jobs.organization_id, 'time_zone', organizations.time_zone,
  'connector_id', connectors.id, 'provider', connectors.provider,
  'connector_state', connectors.state, 'config', connectors.config,
  'sync_settings', connectors.sync_settings,
  'payload', jobs.payload, 'checkpoint', jobs.checkpoint, 'params', jobs.params,
  'run_id', jobs.run_id, 'trigger', jobs.trigger, 'attempts', jobs.attempts,
  'lease_expires_at', jobs.lease_expires_at, 'last_started_at', jobs.last_started_at,
  'last_success_at', jobs.last_success_at, 'last_complete_at', jobs.last_complete_at,
  'credentials', json((
    SELECT json_group_array(json_object('field', field, 'sealed', sealed)) FROM credentials
    WHERE credentials.connector_id = connectors.id
      AND credentials.organization_id = jobs.organization_id)))
FROM jobs
JOIN connectors ON connectors.id = jobs.subject AND connectors.organization_id = jobs.organization_id
JOIN organizations ON organizations.id = jobs.organization_id
WHERE jobs.id = ?1 AND jobs.lease_version = ?2
  AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?3";

/// What the holder of a lease works with; nothing when the lease has ended or belongs to somebody
/// else. For jobs whose subject is a connector.
///
/// Takes no tenant: a lease names the job, and the job names the organization that everything
/// after it is asked for.
///
/// # Errors
/// The failure of the statement.
pub async fn load_work<E: Execute>(
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
