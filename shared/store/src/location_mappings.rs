//! Which location of a provider is which store of the product.

use domain::access::Tenant;
use domain::place_name::Match;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// All names that mapping by name compares.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Names {
    pub stores: Vec<StoreName>,
    /// Those that the providers still have.
    pub locations: Vec<LocationName>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct StoreName {
    pub id: String,
    pub folded_name: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct LocationName {
    pub connector_id: String,
    pub external_id: String,
    pub name: String,
    /// Something has been decided about it: its store, or none.
    pub is_decided: i64,
    pub store_id: Option<String>,
}

/// Read only where something is left to map.
const NAMES: &str = "
SELECT json_object(
  'stores', (SELECT json_group_array(json_object('id', id, 'folded_name', folded_name))
    FROM stores INDEXED BY stores_organization
    WHERE organization_id = ?1 AND deleted_at IS NULL),
  'locations', (SELECT json_group_array(json_object('connector_id', connector_id,
      'external_id', external_id, 'name', name, 'is_decided', is_decided, 'store_id', store_id))
    FROM (
      SELECT place.connector_id, place.external_id, place.name,
        mapping.connector_id IS NOT NULL AS is_decided, mapping.store_id
      FROM locations AS place INDEXED BY locations_organization
      LEFT JOIN location_mappings AS mapping ON mapping.connector_id = place.connector_id
        AND mapping.external_location_id = place.external_id
      WHERE place.organization_id = ?1 AND place.deleted_at IS NULL
      UNION ALL
      -- What no sync has brought yet, or has taken away, is its store all the same.
      SELECT mapping.connector_id, mapping.external_location_id, '', 1, mapping.store_id
      FROM location_mappings AS mapping INDEXED BY location_mappings_organization
      WHERE mapping.organization_id = ?1 AND mapping.store_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM locations AS place WHERE place.connector_id = mapping.connector_id
          AND place.external_id = mapping.external_location_id AND place.deleted_at IS NULL))))
WHERE EXISTS (SELECT 1 FROM stores WHERE organization_id = ?1 AND deleted_at IS NULL)
  AND EXISTS (
    SELECT 1 FROM locations AS place INDEXED BY locations_organization
    WHERE place.organization_id = ?1 AND place.deleted_at IS NULL AND NOT EXISTS (
      SELECT 1 FROM location_mappings AS mapping WHERE mapping.connector_id = place.connector_id
        AND mapping.external_location_id = place.external_id))";

/// The names of stores and locations, or `None` while there is nothing to map by them.
///
/// # Errors
/// The failure of the statement.
pub async fn names<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Names>, DatabaseError> {
    json::read_optional(
        &database
            .execute(NAMES, parameters![tenant.as_str()])
            .await?,
    )
}

#[derive(Serialize)]
struct Row<'a> {
    connector_id: &'a str,
    external_id: &'a str,
    store_id: &'a str,
}

const BY_NAME: &str = "
INSERT INTO location_mappings (connector_id, external_location_id, organization_id, store_id,
  mapped_by, created_at, updated_at)
SELECT value ->> 'connector_id', value ->> 'external_id', ?1, stores.id, 'name', ?3, ?3
FROM json_each(?2) CROSS JOIN stores ON stores.id = value ->> 'store_id'
  AND stores.organization_id = ?1 AND stores.deleted_at IS NULL
CROSS JOIN connectors ON connectors.id = value ->> 'connector_id' AND connectors.organization_id = ?1
WHERE true
ON CONFLICT (connector_id, external_location_id) DO NOTHING
RETURNING store_id";

/// Maps locations by their names, unless somebody has decided about them meanwhile; returns how
/// many were mapped.
///
/// # Errors
/// The failure of the statement.
pub async fn map_by_name<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    matches: &[Match],
    now: i64,
) -> Result<usize, DatabaseError> {
    if matches.is_empty() {
        return Ok(0);
    }
    let rows: Vec<_> = matches
        .iter()
        .map(|found| Row {
            connector_id: &found.connector_id,
            external_id: &found.external_id,
            store_id: &found.store_id,
        })
        .collect();
    let parameters = parameters![tenant.as_str(), json::write(&rows)?, now];
    transaction
        .execute(BY_NAME, parameters)
        .await
        .map(|rows| rows.len())
}

/// A location of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub connector_id: &'a str,
    pub external_id: &'a str,
}

const FIND: &str = "
SELECT json_object('connector_id', connector_id, 'external_id', external_id)
FROM locations WHERE id = ?2 AND organization_id = ?1 AND deleted_at IS NULL";

/// A location by our id.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Found {
    pub connector_id: String,
    pub external_id: String,
}

/// # Errors
/// The failure of the statement.
pub async fn find<E: Execute>(
    database: &E,
    tenant: &Tenant,
    location_id: &str,
) -> Result<Option<Found>, DatabaseError> {
    json::read_optional(
        &database
            .execute(FIND, parameters![tenant.as_str(), location_id])
            .await?,
    )
}

const IS_KNOWN: &str = "
SELECT 1 FROM locations
WHERE connector_id = ?2 AND external_id = ?3 AND organization_id = ?1 AND deleted_at IS NULL";

/// Whether a sync has brought the location.
///
/// # Errors
/// The failure of the statement.
pub async fn is_known<E: Execute>(
    database: &E,
    tenant: &Tenant,
    place: Place<'_>,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), place.connector_id, place.external_id];
    database
        .execute(IS_KNOWN, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// What became of a mapping by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapped {
    Created,
    Updated,
    /// The organization has no such store.
    NoStore,
}

const BY_HAND: &str = "
INSERT INTO location_mappings (connector_id, external_location_id, organization_id, store_id,
  mapped_by, created_at, updated_at)
SELECT connectors.id, ?3, ?1, stores.id, 'hand', ?5, ?5
FROM connectors CROSS JOIN stores
WHERE connectors.id = ?2 AND connectors.organization_id = ?1
  AND stores.id = ?4 AND stores.organization_id = ?1 AND stores.deleted_at IS NULL
ON CONFLICT (connector_id, external_location_id) DO UPDATE SET
  store_id = excluded.store_id, mapped_by = 'hand', updated_at = excluded.updated_at
RETURNING store_id";

const IS_MAPPED: &str = "
SELECT 1 FROM location_mappings
WHERE connector_id = ?2 AND external_location_id = ?3 AND organization_id = ?1
  AND store_id IS NOT NULL";

/// Maps a location to a store, whatever their names and whatever was decided before.
///
/// # Errors
/// The failure of a statement.
pub async fn map_by_hand<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    place: Place<'_>,
    store_id: &str,
    now: i64,
) -> Result<Mapped, DatabaseError> {
    let (connector_id, external_id) = (place.connector_id, place.external_id);
    let before = transaction
        .execute(
            IS_MAPPED,
            parameters![tenant.as_str(), connector_id, external_id],
        )
        .await?;
    let parameters = parameters![tenant.as_str(), connector_id, external_id, store_id, now];
    let written = transaction.execute(BY_HAND, parameters).await?;
    Ok(match (written.is_empty(), before.is_empty()) {
        (true, _) => Mapped::NoStore,
        (false, true) => Mapped::Created,
        (false, false) => Mapped::Updated,
    })
}

const TAKE_OFF: &str = "
UPDATE location_mappings SET store_id = NULL, mapped_by = 'hand', updated_at = ?4
WHERE connector_id = ?2 AND external_location_id = ?3 AND organization_id = ?1
  AND store_id IS NOT NULL
RETURNING mapped_by";

/// Takes a location off its store; its name does not put it back. False when it has none.
///
/// # Errors
/// The failure of the statement.
pub async fn take_off<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    place: Place<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), place.connector_id, place.external_id, now];
    transaction
        .execute(TAKE_OFF, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// A location and the store that it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct StoreOfLocation {
    pub external_id: String,
    /// What the product calls the store: its own id where it has given one.
    pub store: String,
    pub store_name: String,
}

const OF_CONNECTOR: &str = "
SELECT json_group_array(json_object('external_id', mapping.external_location_id,
  'store', coalesce(stores.product_ref, stores.id), 'store_name', stores.name))
FROM location_mappings AS mapping CROSS JOIN stores ON stores.id = mapping.store_id
WHERE mapping.connector_id = ?2 AND mapping.organization_id = ?1";

/// The mapped locations of one connector.
///
/// # Errors
/// The failure of the statement.
pub async fn of_connector<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Vec<StoreOfLocation>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), connector_id];
    json::read(&database.execute(OF_CONNECTOR, parameters).await?)
}
