//! Which location is which store: what names have decided, what people have, and what is open.

use api::Problem;
use api::query;
use api::stores::{LocationMapping, MapLocation, SuggestedStore};
use domain::access::Tenant;
use domain::place_name::folded;
use http::StatusCode;
use platform::{Context, Reply, clock, lists, problems};
use store::lists::{self as rows, Kind, LocationMappingFilter};
use store::location_mappings::{self, Mapped, Place};
use store::stores::{self, Named};
use store::{DatabaseError, Execute};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.id("connector_id"),
            query.id("store_id"),
            query.boolean("is_mapped"),
        )
    })?;
    let page = asked
        .page(context, |asked, paging| {
            let (connector_id, store_id, is_mapped) = &asked.filter;
            let filter = LocationMappingFilter {
                connector_id: connector_id.as_deref(),
                store_id: store_id.as_deref(),
                is_mapped: *is_mapped,
            };
            rows::location_mappings(&asked.tenant, &filter, paging)
        })
        .await?;
    let mappings = with_suggestions(&context.database, &asked.tenant, &page.data_json).await?;
    asked.paging.reply(&mappings, page.next.as_ref())
}

/// The rows, with the store that bears each location's name.
async fn with_suggestions<E: Execute>(
    database: &E,
    tenant: &Tenant,
    rows_json: &str,
) -> Result<Vec<LocationMapping>, Problem> {
    let mut mappings: Vec<LocationMapping> =
        serde_json::from_str(rows_json).map_err(|error| problems::internal(&error.to_string()))?;
    let names: Vec<_> = mappings
        .iter()
        .map(|mapping| folded(&mapping.location_name))
        .collect();
    let stores = stores::named(database, tenant, &names)
        .await
        .map_err(|error| problems::database(&error))?;
    for (mapping, name) in mappings.iter_mut().zip(&names) {
        mapping.suggestion = only_bearer(&stores, name)
            .filter(|store| mapping.store_id.as_ref() != Some(&store.id))
            .map(|store| SuggestedStore {
                store_id: store.id.clone(),
                store_name: store.name.clone(),
            });
    }
    Ok(mappings)
}

fn only_bearer<'a>(stores: &'a [Named], folded_name: &str) -> Option<&'a Named> {
    let mut bearers = stores
        .iter()
        .filter(|store| store.folded_name == folded_name);
    // Names of two locations may lead to the same store.
    let first = bearers.next()?;
    bearers.all(|other| other.id == first.id).then_some(first)
}

pub async fn map(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let location_id = context.id("location")?;
    place(&context.database, &tenant, &location_id).await?;
    let body: MapLocation = context.json()?;
    let no_store = || {
        Problem::field(
            "/store_id",
            "is no store: send an id that /api/stores shows",
        )
    };
    if !query::is_id(&body.store_id) {
        return Err(no_store());
    }
    let store_id = body.store_id.to_ascii_lowercase();
    let row = context
        .transaction(async |transaction| {
            let place = place(transaction, &tenant, &location_id).await?;
            let place = Place {
                connector_id: &place.connector_id,
                external_id: &place.external_id,
            };
            let mapped = location_mappings::map_by_hand(
                transaction,
                &tenant,
                place,
                &store_id,
                clock::now(),
            )
            .await
            .map_err(|error| problems::database(&error))?;
            if mapped == Mapped::NoStore {
                return Err(no_store());
            }
            row(transaction, &tenant, &location_id).await
        })
        .await?;
    Reply::json(StatusCode::OK, &row)
}

/// Repeating it is harmless.
pub async fn take_off(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let location_id = context.id("location")?;
    let row = context
        .transaction(async |transaction| {
            let place = place(transaction, &tenant, &location_id).await?;
            let place = Place {
                connector_id: &place.connector_id,
                external_id: &place.external_id,
            };
            location_mappings::take_off(transaction, &tenant, place, clock::now())
                .await
                .map_err(|error: DatabaseError| problems::database(&error))?;
            row(transaction, &tenant, &location_id).await
        })
        .await?;
    Reply::json(StatusCode::OK, &row)
}

async fn place<E: Execute>(
    database: &E,
    tenant: &Tenant,
    location_id: &str,
) -> Result<location_mappings::Found, Problem> {
    location_mappings::find(database, tenant, location_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("location"))
}

async fn row<E: Execute>(
    database: &E,
    tenant: &Tenant,
    location_id: &str,
) -> Result<LocationMapping, Problem> {
    let row = lists::row(
        database,
        tenant,
        Kind::LocationMapping,
        location_id,
        "location",
    )
    .await?;
    with_suggestions(database, tenant, &format!("[{row}]"))
        .await?
        .into_iter()
        .next()
        .ok_or_else(|| Problem::not_found("location"))
}
