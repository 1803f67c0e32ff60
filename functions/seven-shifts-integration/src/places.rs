//! Locations and roles as 7shifts has them now, and which location is which store.

use std::collections::HashMap;

use api::Problem;
use api::seven_shifts_integration::{
    Done, MapLocationToStore, MappableLocation, MappedLocation, NamedRole,
};
use domain::redact;
use http::StatusCode;
use platform::seven_shifts::{Account, Answered, Failure, call, connecting, explained};
use platform::{Context, Reply, SpinDatabase, clock, problems};
use providers::seven_shifts::{LocationsQuery, MAX_LIMIT, Paging, RolesQuery};
use providers::{Call, Page, ProviderError};
use store::DatabaseError;
use store::location_mappings::{self, Mapped, Place};

use crate::{account, lists, refusal};

/// Pages of one list: ten thousand places or roles.
const MAX_PAGES: u32 = 20;
const MAX_NAME: usize = 200;

pub async fn locations(context: &Context) -> Result<Reply, Problem> {
    let tenant = account::tenant(context)?;
    let integration = account::set_up(context, &tenant).await?;
    let account = account::opened(context, &tenant, &integration).await?;
    let rows = all(&account, "locations", |paging| {
        account.client.locations(&LocationsQuery {
            paging,
            ..LocationsQuery::default()
        })
    })
    .await?;
    let mapped =
        location_mappings::of_connector(&context.database, &tenant, &integration.connector.id)
            .await
            .map_err(|error| problems::database(&error))?;
    let mapped: HashMap<_, _> = mapped
        .into_iter()
        .map(|of| (of.external_id, (of.store, of.store_name)))
        .collect();
    let own = integration.config.location_id;
    let answer: Vec<_> = rows
        .into_iter()
        .filter(|location| own.is_none_or(|own| own == location.id))
        .map(|location| {
            let id = location.id.to_string();
            let (store, name) = mapped.get(&id).cloned().unzip();
            MappableLocation {
                id,
                name: location.name,
                is_mapped: store.is_some(),
                mapped_store_id: store,
                mapped_store_name: name,
            }
        })
        .collect();
    Reply::json(StatusCode::OK, &answer)
}

pub async fn roles(context: &Context) -> Result<Reply, Problem> {
    let tenant = account::tenant(context)?;
    let integration = account::set_up(context, &tenant).await?;
    let account = account::opened(context, &tenant, &integration).await?;
    let rows = all(&account, "roles", |paging| {
        account.client.roles(&RolesQuery {
            location_id: integration.config.location_id,
            paging,
            ..RolesQuery::default()
        })
    })
    .await?;
    let answer: Vec<_> = rows
        .into_iter()
        .map(|role| NamedRole {
            id: role.id.to_string(),
            name: role.name,
        })
        .collect();
    Reply::json(StatusCode::OK, &answer)
}

/// All pages of a list; what cannot be read of it is left out.
async fn all<T>(
    account: &Account<'_, SpinDatabase>,
    wanted: &str,
    page: impl Fn(Paging) -> Result<Call<Page<T>>, ProviderError>,
) -> Result<Vec<T>, Problem> {
    let mut rows = Vec::new();
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let paging = Paging {
            cursor: cursor.take(),
            limit: Some(MAX_LIMIT),
        };
        let answer: Result<Answered<Page<T>>, Failure> = call(&account.line, page(paging)).await;
        match answer {
            Ok(answer) => {
                rows.extend(answer.value.rows);
                cursor = answer.value.next;
            }
            Err(failure) => {
                let failure = explained(account, wanted, failure).await;
                return Err(refusal::failed(
                    &failure,
                    Some(StatusCode::INTERNAL_SERVER_ERROR),
                ));
            }
        }
        if cursor.is_none() {
            break;
        }
    }
    Ok(rows)
}

/// By hand: whatever their names, and whatever was decided before.
pub async fn map(context: &Context) -> Result<Reply, Problem> {
    let tenant = account::tenant(context)?;
    let body: MapLocationToStore = context.json()?;
    let mut errors = Vec::new();
    let mut need = |name: &str, why: &str| {
        errors.push(api::FieldError::new(format!("/{name}"), why));
    };
    let location = body.seven_shifts_location_id.as_ref();
    let location_id = location.and_then(api::seven_shifts_integration::TextOrNumber::number);
    if location_id.is_none() {
        need(
            "seven_shifts_location_id",
            "is missing, or no number that 7shifts shows",
        );
    }
    let name = body
        .seven_shifts_location_name
        .as_deref()
        .unwrap_or_default()
        .trim();
    if name.is_empty() {
        need("seven_shifts_location_name", "is missing");
    }
    let store = body.store_id.as_deref().unwrap_or_default().trim();
    if store.is_empty() {
        need("store_id", "is missing: send the product's id of a store");
    }
    let Some(location_id) = location_id.filter(|_| errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let integration = account::set_up(context, &tenant).await?;
    if integration
        .config
        .location_id
        .is_some_and(|own| own != location_id)
    {
        return Err(refusal::field(
            "seven_shifts_location_id",
            "is outside of this connector, which is kept to one location: send the id that locations/ shows",
        ));
    }
    let no_store = || {
        refusal::field(
            "store_id",
            "is no store: create it first, with PUT /api/stores",
        )
    };
    let store_id = lists::store_id(context, &tenant, store)
        .await?
        .ok_or_else(no_store)?;
    let external_id = location_id.to_string();
    let place = Place {
        connector_id: &integration.connector.id,
        external_id: &external_id,
    };
    let is_known = location_mappings::is_known(&context.database, &tenant, place)
        .await
        .map_err(|error| problems::database(&error))?;
    if !is_known {
        // One that was opened since the last sync.
        let account = account::opened(context, &tenant, &integration).await?;
        let is_there = connecting::has_location(&account, location_id)
            .await
            .map_err(|failure| refusal::failed(&failure, None))?;
        if !is_there {
            return Err(refusal::field(
                "seven_shifts_location_id",
                "is no location of this company: send an id that locations/ shows",
            ));
        }
    }
    let mapped = context
        .transaction(async |transaction| {
            location_mappings::map_by_hand(transaction, &tenant, place, &store_id, clock::now())
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?;
    let status = match mapped {
        Mapped::Created => StatusCode::CREATED,
        Mapped::Updated => StatusCode::OK,
        Mapped::NoStore => return Err(no_store()),
    };
    let of_connector =
        location_mappings::of_connector(&context.database, &tenant, &integration.connector.id)
            .await
            .map_err(|error| problems::database(&error))?;
    let now = of_connector
        .into_iter()
        .find(|of| of.external_id == external_id)
        .ok_or_else(no_store)?;
    let name = redact::excerpt(name, MAX_NAME, &[]);
    Reply::json(
        status,
        &MappedLocation {
            success: true,
            message: format!("{name} is mapped to {}", now.store_name),
            seven_shifts_location_id: external_id,
            seven_shifts_location_name: name,
            store: now.store,
            store_name: now.store_name,
        },
    )
}

/// The location's name does not put it back.
pub async fn unmap(context: &Context) -> Result<Reply, Problem> {
    let tenant = account::tenant(context)?;
    let integration = account::set_up(context, &tenant).await?;
    let place = Place {
        connector_id: &integration.connector.id,
        external_id: context.path_parameter("external_id"),
    };
    let was_mapped = context
        .change(async |transaction| {
            location_mappings::take_off(transaction, &tenant, place, clock::now()).await
        })
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    if !was_mapped {
        return Err(Problem::new(
            api::ProblemKind::NotFound,
            "Location mapping not found: this location is no store's.",
        ));
    }
    Reply::json(
        StatusCode::OK,
        &Done {
            success: true,
            message: "Location mapping removed".to_owned(),
        },
    )
}
