//! Who is told of an allocation.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// Somebody who is told: a connector, and where it has several places, which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub connector_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StoredNotices {
    pub targets: Vec<Target>,
    pub updated_by: String,
    pub updated_at: i64,
}

const GET: &str = "
SELECT json_object('targets', json(targets), 'updated_by', updated_by, 'updated_at', updated_at)
FROM allocation_notices WHERE organization_id = ?1";

/// `None` where nobody has said.
///
/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<StoredNotices>, DatabaseError> {
    database
        .read_row(GET, parameters![tenant.as_str()])
        .await?
        .map(|row| json::parse(row.text(0)?))
        .transpose()
}

const PUT: &str = "
INSERT INTO allocation_notices (organization_id, targets, updated_by, created_at, updated_at)
SELECT id, ?2, ?3, ?4, ?4 FROM organizations WHERE id = ?1 AND state = 'active'
ON CONFLICT (organization_id) DO UPDATE SET
  targets = excluded.targets, updated_by = excluded.updated_by, updated_at = excluded.updated_at
WHERE targets IS NOT excluded.targets";

/// Sets all of them.
///
/// # Errors
/// The failure of the statement.
pub async fn put<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    targets: &[Target],
    updated_by: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(targets)?, updated_by, now];
    transaction.execute(PUT, parameters).await.map(drop)
}

/// A connector that can tell.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Teller {
    pub connector_id: String,
    pub provider: String,
    pub state: String,
    /// JSON.
    pub config: String,
    pub channel: Option<String>,
}

const TELLERS: &str = "
SELECT json_group_array(json_object('connector_id', connectors.id, 'provider', connectors.provider, 'state', connectors.state,
  'config', connectors.config, 'channel', target.value ->> 'channel'))
FROM json_each((SELECT targets FROM allocation_notices WHERE organization_id = ?1)) AS target
CROSS JOIN connectors ON connectors.id = target.value ->> 'connector_id' AND connectors.organization_id = ?1";

/// Those that are told, as far as they are there.
///
/// # Errors
/// The failure of the statement.
pub async fn tellers<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Vec<Teller>, DatabaseError> {
    json::read(
        &database
            .execute(TELLERS, parameters![tenant.as_str()])
            .await?,
    )
}
