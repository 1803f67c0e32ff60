//! Who a person of a provider is in the product.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::records::next_change;
use crate::{json, parameters};

/// How a request names a person; the first that is given counts.
#[derive(Clone, Debug, Serialize)]
pub struct Named<'a> {
    pub team_member_id: Option<&'a str>,
    pub external_id: Option<&'a str>,
    pub email: Option<&'a str>,
}

/// The people that a name leads to, two at the most, and who else has the reference.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Found {
    pub team_member_ids: Vec<String>,
}

const FIND: &str = "
SELECT json_group_array(json_object('team_member_ids', json(CASE
  WHEN value ->> 'team_member_id' IS NOT NULL THEN (
    SELECT json_group_array(id) FROM team_members
    WHERE id = lower(value ->> 'team_member_id') AND organization_id = ?1 AND deleted_at IS NULL)
  WHEN value ->> 'external_id' IS NOT NULL THEN (
    SELECT json_group_array(id) FROM (
      SELECT person.id FROM connectors CROSS JOIN team_members AS person
        ON person.connector_id = connectors.id AND person.external_id = value ->> 'external_id'
      WHERE connectors.organization_id = ?1 AND person.organization_id = ?1
        AND person.deleted_at IS NULL LIMIT 2))
  ELSE (
    SELECT json_group_array(id) FROM (
      SELECT id FROM team_members INDEXED BY team_members_email
      WHERE organization_id = ?1 AND email = value ->> 'email' COLLATE NOCASE
        AND email IS NOT NULL AND deleted_at IS NULL LIMIT 2))
  END)))
FROM json_each(?2)";

/// Whom each name leads to, in the order of the names.
///
/// # Errors
/// The failure of the statement.
pub async fn find<E: Execute>(
    database: &E,
    tenant: &Tenant,
    names: &[Named<'_>],
) -> Result<Vec<Found>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(names)?];
    json::read(&database.execute(FIND, parameters).await?)
}

/// What a person is to be called.
#[derive(Clone, Debug, Serialize)]
pub struct ProductRef<'a> {
    pub team_member_id: &'a str,
    /// `None` takes it away.
    pub product_ref: Option<&'a str>,
}

const SET: &str = "
UPDATE team_members SET product_ref = wanted.product_ref, changed_seq = ?3
FROM (SELECT value ->> 'team_member_id' AS id, value ->> 'product_ref' AS product_ref
  FROM json_each(?2)) AS wanted
WHERE team_members.id = wanted.id AND +team_members.organization_id = ?1
  AND team_members.product_ref IS NOT wanted.product_ref
RETURNING id";

/// Who is gone at the provider gives up what somebody else gets, or both would have it should they
/// come back.
const RELEASE: &str = "
UPDATE team_members SET product_ref = NULL, changed_seq = ?3
WHERE id IN (
  SELECT person.id
  FROM json_each(?2) AS wanted CROSS JOIN team_members AS person
    ON person.organization_id = ?1 AND person.product_ref = wanted.value ->> 'product_ref'
  WHERE person.product_ref IS NOT NULL AND person.id <> wanted.value ->> 'team_member_id'
    AND person.deleted_at IS NOT NULL)";

const DOUBLED: &str = "
SELECT json_group_array(DISTINCT wanted.value ->> 'product_ref')
FROM json_each(?2) AS wanted
WHERE wanted.value ->> 'product_ref' IS NOT NULL AND (
  SELECT count(*) FROM team_members AS person INDEXED BY team_members_product_ref
  WHERE person.organization_id = ?1 AND person.product_ref = wanted.value ->> 'product_ref'
    AND person.product_ref IS NOT NULL AND person.deleted_at IS NULL) > 1";

/// What setting did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    pub updated: usize,
    /// References that more than one person has now: the caller rolls back.
    pub doubled: Vec<String>,
}

/// Sets the references, in the caller's transaction.
///
/// # Errors
/// The failure of a statement.
pub async fn set<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    refs: &[ProductRef<'_>],
    now_micros: i64,
) -> Result<Set, DatabaseError> {
    let seq = next_change(transaction, now_micros).await?;
    let refs = json::write(refs)?;
    transaction
        .execute(RELEASE, parameters![tenant.as_str(), refs.as_str(), seq])
        .await?;
    let updated = transaction
        .execute(SET, parameters![tenant.as_str(), refs.as_str(), seq])
        .await?
        .len();
    let doubled = transaction
        .execute(DOUBLED, parameters![tenant.as_str(), refs.as_str()])
        .await?;
    Ok(Set {
        updated,
        doubled: json::read(&doubled)?,
    })
}
