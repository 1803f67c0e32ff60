//! What an organization has set beside an account: who counts as staff, and what their shifts decide.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::connectors::Connector;
use crate::database::{DatabaseError, Execute};
use crate::{connectors, json, parameters};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffPolicy {
    /// The product asks its people only while they are on shift.
    pub enforce_shift_schedule: bool,
    /// Who works as none of these is no staff; empty: everybody is.
    pub sync_role_names: Vec<String>,
    /// The product makes accounts also for people without an address.
    pub create_users_without_email: bool,
}

impl Default for StaffPolicy {
    fn default() -> Self {
        Self {
            enforce_shift_schedule: true,
            sync_role_names: Vec::new(),
            create_users_without_email: true,
        }
    }
}

#[derive(Deserialize)]
struct Stored {
    enforce_shift_schedule: i64,
    sync_role_names: Vec<String>,
    create_users_without_email: i64,
}

const GET: &str = "
SELECT json_object('enforce_shift_schedule', enforce_shift_schedule,
  'sync_role_names', json(sync_role_names),
  'create_users_without_email', create_users_without_email)
FROM staff_policies WHERE connector_id = ?2 AND organization_id = ?1";

/// The connector of this key with its policy, or what holds where none was set.
///
/// # Errors
/// The failure of a statement.
pub async fn connector_with_policy<E: Execute>(
    database: &E,
    tenant: &Tenant,
    integration_key: &str,
) -> Result<Option<(Connector, StaffPolicy)>, DatabaseError> {
    let Some(connector) = connectors::get_by_key(database, tenant, integration_key).await? else {
        return Ok(None);
    };
    let row = database
        .read_row(GET, parameters![tenant.as_str(), connector.id.as_str()])
        .await?;
    let policy = match row {
        Some(row) => {
            let stored: Stored = json::parse(row.text(0)?)?;
            StaffPolicy {
                enforce_shift_schedule: stored.enforce_shift_schedule != 0,
                sync_role_names: stored.sync_role_names,
                create_users_without_email: stored.create_users_without_email != 0,
            }
        }
        None => StaffPolicy::default(),
    };
    Ok(Some((connector, policy)))
}

const PUT: &str = "
INSERT INTO staff_policies (connector_id, organization_id, enforce_shift_schedule, sync_role_names,
  create_users_without_email, created_at, updated_at)
SELECT id, organization_id, ?3, ?4, ?5, ?6, ?6 FROM connectors WHERE id = ?2 AND organization_id = ?1
ON CONFLICT (connector_id) DO UPDATE SET
  enforce_shift_schedule = excluded.enforce_shift_schedule,
  sync_role_names = excluded.sync_role_names,
  create_users_without_email = excluded.create_users_without_email,
  updated_at = excluded.updated_at";

/// # Errors
/// The failure of the statement.
pub async fn put<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    policy: &StaffPolicy,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        policy.enforce_shift_schedule,
        json::write(&policy.sync_role_names)?,
        policy.create_users_without_email,
        now,
    ];
    transaction.execute(PUT, parameters).await.map(drop)
}
