//! The checkpoints of a connector's streams, for those who change what it brings. What is in them is
//! its function's own; a run writes them under its lease only, so end the leases first.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCheckpoint {
    pub job_id: String,
    /// JSON.
    pub checkpoint: String,
}

const LIST: &str = "
SELECT json_group_array(json_object('job_id', id, 'checkpoint', checkpoint)) FROM jobs
WHERE organization_id = ?1 AND kind = 'sync' AND subject = ?2";

/// # Errors
/// The failure of the statement.
pub async fn list<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Vec<StreamCheckpoint>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id];
    json::read(&transaction.execute(LIST, parameters).await?)
}

const REPLACE: &str = "
WITH replaced AS MATERIALIZED (
  SELECT value ->> 'job_id' AS job_id, value ->> 'checkpoint' AS checkpoint FROM json_each(?3))
UPDATE jobs SET checkpoint = replaced.checkpoint, updated_at = ?4
FROM replaced
WHERE jobs.id = replaced.job_id AND jobs.organization_id = ?1 AND jobs.kind = 'sync'
  AND jobs.subject = ?2";

/// # Errors
/// The failure of the statement.
pub async fn replace<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    checkpoints: &[StreamCheckpoint],
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        json::write(checkpoints)?,
        now
    ];
    transaction.execute(REPLACE, parameters).await.map(drop)
}
