//! An organization's attendance policy: one document, and how often it was changed; and the zone whose day counts.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::organizations::OrganizationState;
use crate::{json, parameters};

#[derive(Clone, Debug, Deserialize)]
pub struct StoredPolicy {
    /// JSON, as [`domain::attendance::policy::Policy`] reads it.
    pub document: String,
    pub version: i64,
    pub updated_by: String,
    pub updated_at: i64,
}

/// By what an organization's attendance goes.
#[derive(Clone, Debug, Deserialize)]
pub struct Ruling {
    /// IANA name; the organization's.
    pub time_zone: String,
    pub state: OrganizationState,
    /// `None` where none was set: the default holds.
    pub policy: Option<StoredPolicy>,
}

const GET: &str = "
SELECT json_object('time_zone', organizations.time_zone, 'state', organizations.state, 'policy', json(
  CASE WHEN policy.organization_id IS NOT NULL THEN json_object('document', policy.document, 'version', policy.version,
    'updated_by', policy.updated_by, 'updated_at', policy.updated_at) END))
FROM organizations LEFT JOIN attendance_policies AS policy ON policy.organization_id = organizations.id
WHERE organizations.id = ?1";

/// `None` where there is no such organization.
///
/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Ruling>, DatabaseError> {
    database
        .read_row(GET, parameters![tenant.as_str()])
        .await?
        .map(|row| json::parse(row.text(0)?))
        .transpose()
}

/// The same document again is no change.
const PUT: &str = "
INSERT INTO attendance_policies (organization_id, document, version, updated_by, created_at, updated_at)
SELECT id, ?2, 1, ?3, ?4, ?4 FROM organizations WHERE id = ?1
ON CONFLICT (organization_id) DO UPDATE SET
  document = excluded.document,
  version = version + 1,
  updated_by = excluded.updated_by,
  updated_at = excluded.updated_at
WHERE document IS NOT excluded.document";

/// Sets the policy; everything is decided again by it, soon.
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
