//! The stores of the product, which the locations of providers are mapped to.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::records::next_change;
use crate::{json, parameters};

/// Most stores of one organization: names are compared with all of them.
pub const MAX_STORES: i64 = 10_000;

/// A store to create, or to bring up to date.
#[derive(Clone, Debug, Serialize)]
pub struct StoreRecord<'a> {
    /// UUIDv7, used when it is new.
    pub id: String,
    pub name: &'a str,
    /// As [`domain::place_name::folded`].
    pub folded_name: String,
    pub product_ref: Option<&'a str>,
}

/// What is to be set; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    /// The name, and the same folded.
    pub name: Option<(&'a str, &'a str)>,
    /// `Some(None)` takes it away.
    pub product_ref: Option<Option<&'a str>>,
}

/// What an upsert of many did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    pub created: u64,
    pub updated: u64,
}

const COUNT: &str = "
SELECT count(*) FROM (SELECT 1 FROM stores INDEXED BY stores_organization
  WHERE organization_id = ?1 AND deleted_at IS NULL LIMIT ?2)";

/// How many stores the organization has, [`MAX_STORES`] at the most.
///
/// # Errors
/// The failure of the statement.
pub async fn count<E: Execute>(database: &E, tenant: &Tenant) -> Result<i64, DatabaseError> {
    let rows = database
        .execute(COUNT, parameters![tenant.as_str(), MAX_STORES])
        .await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
        .integer(0)
}

const UPSERT: &str = "
INSERT INTO stores (id, organization_id, name, folded_name, product_ref, created_seq, changed_seq)
SELECT value ->> 'id', organizations.id, value ->> 'name', value ->> 'folded_name',
  value ->> 'product_ref', ?3, ?3
FROM json_each(?2) CROSS JOIN organizations
WHERE organizations.id = ?1 AND organizations.state = 'active'
ON CONFLICT (organization_id, product_ref) WHERE product_ref IS NOT NULL AND deleted_at IS NULL
DO UPDATE SET name = excluded.name, folded_name = excluded.folded_name, changed_seq = excluded.changed_seq
WHERE name <> excluded.name
RETURNING created_seq = ?3";

/// Creates stores, and gives those whose `product_ref` is there already their new name; a
/// transaction of the caller's. `now_micros` is Unix microseconds.
///
/// # Errors
/// The failure of a statement.
pub async fn upsert<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    stores: &[StoreRecord<'_>],
    now_micros: i64,
) -> Result<Upserted, DatabaseError> {
    let seq = next_change(transaction, now_micros).await?;
    let parameters = parameters![tenant.as_str(), json::write(stores)?, seq];
    let mut done = Upserted::default();
    for row in transaction.execute(UPSERT, parameters).await? {
        if row.integer(0)? == 1 {
            done.created += 1;
        } else {
            done.updated += 1;
        }
    }
    Ok(done)
}

const HOLDER: &str = "
SELECT id FROM stores
WHERE organization_id = ?1 AND product_ref = ?2 AND product_ref IS NOT NULL AND deleted_at IS NULL";

/// The store that has this id in the product.
///
/// # Errors
/// The failure of the statement.
pub async fn by_product_ref<E: Execute>(
    database: &E,
    tenant: &Tenant,
    product_ref: &str,
) -> Result<Option<String>, DatabaseError> {
    database
        .execute(HOLDER, parameters![tenant.as_str(), product_ref])
        .await?
        .first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

const BY_ANY_ID: &str = "
SELECT coalesce(
  (SELECT id FROM stores WHERE organization_id = ?1 AND product_ref = ?2
     AND product_ref IS NOT NULL AND deleted_at IS NULL),
  (SELECT id FROM stores WHERE id = ?2 AND organization_id = ?1 AND deleted_at IS NULL))";

/// The store that the product calls so, or that we do.
///
/// # Errors
/// The failure of the statement.
pub async fn by_any_id<E: Execute>(
    database: &E,
    tenant: &Tenant,
    named: &str,
) -> Result<Option<String>, DatabaseError> {
    let rows = database
        .execute(BY_ANY_ID, parameters![tenant.as_str(), named])
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no row".to_owned()))?;
    Ok(row.optional_text(0)?.map(str::to_owned))
}

const UPDATE: &str = "
UPDATE stores SET name = coalesce(?3, name), folded_name = coalesce(?4, folded_name),
  product_ref = iif(?5, ?6, product_ref), changed_seq = ?7
WHERE id = ?2 AND organization_id = ?1 AND deleted_at IS NULL
  AND (coalesce(?3, name), iif(?5, ?6, product_ref)) IS NOT (name, product_ref)";

/// Sets what is given; a store that has it already, and one that is not there, stays as it is.
///
/// # Errors
/// The failure of a statement; [`DatabaseError::Constraint`] when another store has the
/// `product_ref`.
pub async fn update<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    change: Change<'_>,
    now_micros: i64,
) -> Result<(), DatabaseError> {
    let seq = next_change(transaction, now_micros).await?;
    let parameters = parameters![
        tenant.as_str(),
        id,
        change.name.map(|(name, _)| name),
        change.name.map(|(_, folded)| folded),
        change.product_ref.is_some(),
        change.product_ref.flatten(),
        seq,
    ];
    transaction.execute(UPDATE, parameters).await.map(drop)
}

const DELETE: &str = "
UPDATE stores SET deleted_at = ?3, changed_seq = ?4
WHERE id = ?2 AND organization_id = ?1 AND deleted_at IS NULL RETURNING id";

const FREE: &str = "DELETE FROM location_mappings WHERE organization_id = ?1 AND store_id = ?2";

/// Deletes a store and frees the locations that were mapped to it: they may match another one by
/// name. False when there is none.
///
/// # Errors
/// The failure of a statement.
pub async fn delete<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    now_micros: i64,
) -> Result<bool, DatabaseError> {
    let seq = next_change(transaction, now_micros).await?;
    let now = now_micros.div_euclid(1_000_000);
    let deleted = transaction
        .execute(DELETE, parameters![tenant.as_str(), id, now, seq])
        .await?;
    if deleted.is_empty() {
        return Ok(false);
    }
    transaction
        .execute(FREE, parameters![tenant.as_str(), id])
        .await?;
    Ok(true)
}

/// A store as a name leads to it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
    pub folded_name: String,
}

const NAMED: &str = "
SELECT json_group_array(json_object('id', stores.id, 'name', stores.name,
  'folded_name', stores.folded_name))
FROM json_each(?2) AS wanted CROSS JOIN stores INDEXED BY stores_folded_name
  ON stores.organization_id = ?1 AND stores.folded_name = wanted.value AND stores.deleted_at IS NULL";

/// The stores that have one of these folded names.
///
/// # Errors
/// The failure of the statement.
pub async fn named<E: Execute>(
    database: &E,
    tenant: &Tenant,
    folded_names: &[String],
) -> Result<Vec<Named>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), json::write(folded_names)?];
    json::read(&database.execute(NAMED, parameters).await?)
}
