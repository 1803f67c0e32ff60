//! By what an organization allocates: one document, and how often it was changed.

use domain::access::Tenant;
use domain::allocation::Settings;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::organizations::OrganizationState;
use crate::{json, parameters};

#[derive(Clone, Debug, Deserialize)]
pub struct StoredSettings {
    /// As [`domain::allocation::Settings`] reads it.
    pub document: serde_json::Value,
    pub version: i64,
    pub updated_by: String,
    pub updated_at: i64,
}

/// An organization, and what it has set.
#[derive(Clone, Debug, Deserialize)]
pub struct Found {
    pub state: OrganizationState,
    /// `None` where nothing was set: the default holds.
    pub settings: Option<StoredSettings>,
}

impl Found {
    /// Those that hold: the default where nothing was set.
    ///
    /// # Errors
    /// [`DatabaseError::Shape`] for a stored document that cannot be read, which is a bug of ours.
    pub fn in_force(&self) -> Result<Settings, DatabaseError> {
        let Some(stored) = &self.settings else {
            return Ok(Settings::default());
        };
        Settings::from_json(&stored.document).map_err(|_| {
            DatabaseError::Shape("stored allocation settings cannot be read".to_owned())
        })
    }
}

const GET: &str = "
SELECT json_object('state', organizations.state, 'settings', json(
  CASE WHEN settings.organization_id IS NOT NULL THEN json_object('document', json(settings.document),
    'version', settings.version, 'updated_by', settings.updated_by, 'updated_at', settings.updated_at) END))
FROM organizations LEFT JOIN allocation_settings AS settings ON settings.organization_id = organizations.id
WHERE organizations.id = ?1";

/// `None` where there is no such organization.
///
/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Found>, DatabaseError> {
    database
        .read_row(GET, parameters![tenant.as_str()])
        .await?
        .map(|row| json::parse(row.text(0)?))
        .transpose()
}

/// The same document again is no change.
const PUT: &str = "
INSERT INTO allocation_settings (organization_id, document, version, updated_by, created_at, updated_at)
SELECT id, ?2, 1, ?3, ?4, ?4 FROM organizations WHERE id = ?1 AND state = 'active'
ON CONFLICT (organization_id) DO UPDATE SET
  document = excluded.document,
  version = version + 1,
  updated_by = excluded.updated_by,
  updated_at = excluded.updated_at
WHERE document IS NOT excluded.document";

/// Sets all of it; what was allocated stays.
///
/// # Errors
/// The failure of the statement.
pub async fn put<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    document: &str,
    updated_by: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), document, updated_by, now];
    transaction.execute(PUT, parameters).await.map(drop)
}
