//! Stores. Whatever changes their names maps locations by name, in the same transaction.

use std::collections::BTreeMap;

use api::body::checked_name;
use api::stores::{CreateStore, Store, UpdateStore, UpsertStores, Upserted};
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::place_name::folded;
use http::StatusCode;
use platform::{Context, Reply, clock, idempotent, lists, place_names, problems, random};
use store::lists::{self as rows, Kind, StoreFilter};
use store::stores::{self, Change, MAX_STORES, StoreRecord};
use store::{DatabaseError, Execute};

use crate::checked_count;

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.text("product_ref"),
            query.time("updated_since"),
            query.boolean("include_deleted"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (product_ref, updated_since, include_deleted) = &asked.filter;
            let filter = StoreFilter {
                updated_since: *updated_since,
                include_deleted: include_deleted.unwrap_or(false),
                product_ref: product_ref.as_deref(),
            };
            rows::stores(&asked.tenant, &filter, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("store")?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::Store, id, "store").await
}

/// An `Idempotency-Key` makes it safe to repeat.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: CreateStore = context.json()?;
    let mut errors = Vec::new();
    let name = checked_name("/name", &body.name, &mut errors);
    let product_ref = body
        .product_ref
        .as_deref()
        .map(|text| checked_name("/product_ref", text, &mut errors));
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    idempotent::once(context, &tenant, async |transaction| {
        if let Some(product_ref) = product_ref
            && held(transaction, &tenant, product_ref).await?.is_some()
        {
            return Err(is_taken());
        }
        let id = random::id();
        let new = StoreRecord {
            id: id.clone(),
            name,
            folded_name: folded(name),
            product_ref,
        };
        write(transaction, &tenant, &[new]).await?;
        let row = row(transaction, &tenant, &id).await?;
        let store: Store =
            serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
        Ok((StatusCode::CREATED, store.clone(), store))
    })
    .await
}

/// Repeating it changes nothing.
pub async fn upsert(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: UpsertStores = context.json()?;
    let mut errors = Vec::new();
    checked_count("/stores", body.stores.len(), &mut errors);
    let mut first_of = BTreeMap::new();
    let mut records = Vec::new();
    for (index, store) in body.stores.iter().enumerate() {
        let at = |member: &str| format!("/stores/{index}/{member}");
        let name = checked_name(&at("name"), &store.name, &mut errors);
        let product_ref = checked_name(&at("product_ref"), &store.product_ref, &mut errors);
        let first = *first_of.entry(product_ref).or_insert(index);
        if first != index {
            errors.push(FieldError::new(
                at("product_ref"),
                format!("is that of /stores/{first} too: send each store once"),
            ));
        }
        records.push(StoreRecord {
            id: random::id(),
            name,
            folded_name: folded(name),
            product_ref: Some(product_ref),
        });
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let done = context
        .transaction(async |transaction| write(transaction, &tenant, &records).await)
        .await?;
    let all = u64::try_from(records.len()).unwrap_or(u64::MAX);
    Reply::json(
        StatusCode::OK,
        &Upserted {
            created: done.created,
            updated: done.updated,
            unchanged: all.saturating_sub(done.created.saturating_add(done.updated)),
        },
    )
}

async fn write<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    records: &[StoreRecord<'_>],
) -> Result<stores::Upserted, Problem> {
    let active = store::organizations::get(transaction, tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .is_some_and(|organization| {
            organization.state == store::organizations::OrganizationState::Active
        });
    if !active {
        return Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is being removed.",
        ));
    }
    let written = async {
        let done = stores::upsert(transaction, tenant, records, clock::now_micros()).await?;
        if done.created > 0 && stores::count(transaction, tenant).await? >= MAX_STORES {
            return Ok(None);
        }
        place_names::map_by_name(transaction, tenant).await?;
        Ok(Some(done))
    };
    written
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::Conflict,
                format!("An organization has fewer than {MAX_STORES} stores: delete some first."),
            )
        })
}

pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("store")?;
    let body: UpdateStore = context.json()?;
    let mut errors = Vec::new();
    let name = body
        .name
        .as_deref()
        .map(|name| checked_name("/name", name, &mut errors));
    let product_ref = body.product_ref.as_ref().map(|given| {
        given
            .as_deref()
            .map(|text| checked_name("/product_ref", text, &mut errors))
    });
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let folded_name = name.map(folded);
    let row = context
        .transaction(async |transaction| {
            if let Some(Some(product_ref)) = product_ref
                && held(transaction, &tenant, product_ref)
                    .await?
                    .is_some_and(|holder| holder != id)
            {
                return Err(is_taken());
            }
            let change = Change {
                name: name.zip(folded_name.as_deref()),
                product_ref,
            };
            let written = async {
                stores::update(transaction, &tenant, &id, change, clock::now_micros()).await?;
                place_names::map_by_name(transaction, &tenant).await
            };
            written
                .await
                .map_err(|error: DatabaseError| problems::database(&error))?;
            let row = row(transaction, &tenant, &id).await?;
            let store: Store = serde_json::from_str(&row)
                .map_err(|error| problems::internal(&error.to_string()))?;
            if store.deleted_at.is_some() {
                return Err(Problem::new(
                    ProblemKind::Conflict,
                    "The store was deleted and cannot be changed: create it again.",
                ));
            }
            Ok(row)
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// Repeating it is harmless.
pub async fn delete(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("store")?;
    let row = context
        .transaction(async |transaction| {
            let written = async {
                stores::delete(transaction, &tenant, &id, clock::now_micros()).await?;
                place_names::map_by_name(transaction, &tenant).await
            };
            written
                .await
                .map_err(|error: DatabaseError| problems::database(&error))?;
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

async fn held<E: Execute>(
    database: &E,
    tenant: &Tenant,
    product_ref: &str,
) -> Result<Option<String>, Problem> {
    stores::by_product_ref(database, tenant, product_ref)
        .await
        .map_err(|error| problems::database(&error))
}

fn is_taken() -> Problem {
    let why = "is that of another store: no two stores have the same";
    Problem {
        errors: vec![FieldError::new("/product_ref", why)],
        ..Problem::new(ProblemKind::Conflict, format!("/product_ref: {why}"))
    }
}
