//! The rules of an organization.

use domain::access::Tenant;
use domain::automation::MAX_RULES;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// A rule to make.
#[derive(Clone, Copy, Debug)]
pub struct NewRule<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub position: i64,
    pub is_enabled: bool,
    /// JSON.
    pub document: &'a str,
    pub created_by: &'a str,
}

const CREATE: &str = "
INSERT INTO automation_rules (id, organization_id, position, is_enabled, document, created_by,
  created_at, updated_at)
SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?7
WHERE EXISTS (SELECT 1 FROM organizations WHERE id = ?1 AND state = 'active')
  AND (SELECT count(*) FROM (
    SELECT 1 FROM automation_rules WHERE organization_id = ?1 LIMIT ?8)) < ?8
RETURNING id";

/// Makes a rule; false when the organization has as many as it may, or is being removed.
///
/// # Errors
/// The failure of the statement.
pub async fn create<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewRule<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.position,
        new.is_enabled,
        new.document,
        new.created_by,
        now,
        i64::try_from(MAX_RULES).unwrap_or(i64::MAX)
    ];
    transaction
        .execute(CREATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// A rule that every organization has.
#[derive(Clone, Debug, Serialize)]
pub struct NewDefault<'a> {
    /// UUIDv7.
    pub id: String,
    pub default_rule: &'a str,
    pub document: serde_json::Value,
    pub is_enabled: bool,
}

/// Only those that are not there.
const PUT_DEFAULTS: &str = "
INSERT INTO automation_rules (id, organization_id, position, is_enabled, default_rule, document,
  created_by, created_at, updated_at)
SELECT value ->> 'id', organizations.id, key, value ->> 'is_enabled', value ->> 'default_rule',
  value ->> 'document', 'patchbay', ?3, ?3
FROM json_each(?2) CROSS JOIN organizations ON organizations.id = ?1 WHERE true
ON CONFLICT (organization_id, default_rule) WHERE default_rule IS NOT NULL DO NOTHING";

/// Gives an organization the rules that every one has.
///
/// # Errors
/// The failure of the statement.
pub async fn put_defaults<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    defaults: &[NewDefault<'_>],
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(defaults)?, now];
    transaction
        .execute(PUT_DEFAULTS, parameters)
        .await
        .map(drop)
}

/// What is stored of a rule, for whoever changes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Held {
    pub document: serde_json::Value,
    pub is_enabled: bool,
    pub default_rule: Option<String>,
}

const HELD: &str = "
SELECT json_object('document', json(document), 'is_enabled', json(iif(is_enabled, 'true', 'false')),
  'default_rule', default_rule)
FROM automation_rules WHERE id = ?2 AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn held<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Held>, DatabaseError> {
    let rows = database
        .execute(HELD, parameters![tenant.as_str(), id])
        .await?;
    json::read_optional(&rows)
}

/// What is to be set; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub position: Option<i64>,
    pub is_enabled: Option<bool>,
    /// JSON.
    pub document: Option<&'a str>,
}

const UPDATE: &str = "
UPDATE automation_rules SET position = coalesce(?3, position), is_enabled = coalesce(?4, is_enabled),
  document = coalesce(?5, document), updated_at = ?6,
  -- What it has used up was measured by its old pace.
  tat_ms = iif(coalesce(?5, document) ->> 'firings_per_minute' IS document ->> 'firings_per_minute', tat_ms, 0)
WHERE id = ?2 AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn update<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    change: Change<'_>,
    now: i64,
) -> Result<(), DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        id,
        change.position,
        change.is_enabled.map(i64::from),
        change.document,
        now
    ];
    transaction.execute(UPDATE, parameters).await.map(drop)
}

const DELETE: &str = "
DELETE FROM automation_rules WHERE id = ?2 AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn delete<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<(), DatabaseError> {
    transaction
        .execute(DELETE, parameters![tenant.as_str(), id])
        .await
        .map(drop)
}

const WITHOUT_DEFAULTS: &str = "
SELECT json_group_array(json_object('organization_id', id, 'is_without', json(iif((
    SELECT count(*) FROM automation_rules
    WHERE automation_rules.organization_id = organizations.id AND default_rule IS NOT NULL) < ?3,
  'true', 'false'))))
FROM (SELECT id FROM organizations WHERE id > ?1 ORDER BY id LIMIT ?2) AS organizations";

/// Whether an organization lacks a rule that every one has.
#[derive(Clone, Debug, Deserialize)]
pub struct WithoutDefaults {
    pub organization_id: String,
    pub is_without: bool,
}

/// For maintenance, over all organizations: up to `limit` of them after the id `after`.
///
/// # Errors
/// The failure of the statement.
pub async fn without_defaults<E: Execute>(
    database: &E,
    after: &str,
    limit: i64,
    defaults: i64,
) -> Result<Vec<WithoutDefaults>, DatabaseError> {
    let parameters = parameters![after, limit, defaults];
    json::read(&database.execute(WITHOUT_DEFAULTS, parameters).await?)
}
