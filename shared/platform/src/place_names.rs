//! Locations become stores by their names, whenever either side has changed.

use domain::access::Tenant;
use domain::place_name::{self, LocationName, Mapping, StoreName};
use store::{DatabaseError, Execute, location_mappings};

use crate::clock;

/// Maps what the names alone decide; returns how many locations were mapped.
///
/// # Errors
/// The failure of a statement.
pub async fn map_by_name<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
) -> Result<usize, DatabaseError> {
    let Some(names) = location_mappings::names(transaction, tenant).await? else {
        return Ok(0);
    };
    let stores: Vec<_> = names
        .stores
        .iter()
        .map(|store| StoreName {
            id: &store.id,
            folded_name: &store.folded_name,
        })
        .collect();
    let locations: Vec<_> = names
        .locations
        .iter()
        .map(|location| LocationName {
            connector_id: &location.connector_id,
            external_id: &location.external_id,
            name: &location.name,
            mapping: match (&location.store_id, location.is_decided) {
                (Some(store_id), _) => Mapping::Store(store_id),
                (None, 0) => Mapping::None,
                (None, _) => Mapping::TakenOff,
            },
        })
        .collect();
    let matches = place_name::matches(&stores, &locations);
    location_mappings::map_by_name(transaction, tenant, &matches, clock::now()).await
}
