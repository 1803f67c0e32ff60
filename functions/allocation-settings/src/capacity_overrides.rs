//! Other limits of single advisers, each from some day on.

use api::Problem;
use api::body::checked_email;
use api::query::Query;
use domain::access::Tenant;
use domain::allocation::capacity_override::CapacityOverride;
use http::StatusCode;
use platform::{Context, Reply, clock, idempotent, lists, problems, random};
use store::Execute;
use store::allocation::capacity_overrides;
use store::lists::{self as rows, CapacityOverrideFilter, Kind};

use crate::{deleted, given, not_made, refused};

const WHAT: &str = "capacity override";

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    lists::Asked::parse(context, adviser_email)?
        .reply(context, |asked, paging| {
            let filter = CapacityOverrideFilter {
                adviser_email: asked.filter.as_deref(),
            };
            rows::capacity_overrides(&asked.tenant, &filter, paging)
        })
        .await
}

/// As addresses are stored: trimmed, in lower case.
fn adviser_email(query: &mut Query<'_>) -> Option<String> {
    const NAME: &str = "adviser_email";
    let text = query.text(NAME)?;
    let mut errors = Vec::new();
    let email = checked_email(NAME, &text, &mut errors).to_lowercase();
    for error in errors {
        query.refuse(NAME, error.detail);
    }
    Some(email)
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// An `Idempotency-Key` makes it safe to repeat.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let new = CapacityOverride::from_json(&given(context)?).map_err(refused)?;
    idempotent::once(context, &tenant, async |transaction| {
        let id = random::id();
        let by = context.caller()?.subject();
        let is_made = capacity_overrides::create(transaction, &tenant, &id, &new, by, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        if !is_made {
            return Err(not_made(transaction, &tenant, "capacity overrides").await);
        }
        let row = row(transaction, &tenant, &id).await?;
        let made: api::allocation::CapacityOverride =
            serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
        Ok((StatusCode::CREATED, made.clone(), made))
    })
    .await
}

/// Repeating it changes nothing.
pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    let given = given(context)?;
    let row = context
        .transaction(async |transaction| {
            let changed = capacity_overrides::held(transaction, &tenant, &id)
                .await
                .map_err(|error| problems::database(&error))?
                .ok_or_else(|| Problem::not_found(WHAT))?
                .changed_by(&given)
                .map_err(refused)?;
            capacity_overrides::update(transaction, &tenant, &id, &changed, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

pub async fn delete(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    let was_there = context
        .transaction(async |transaction| {
            capacity_overrides::delete(transaction, &tenant, &id)
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?;
    deleted(was_there, WHAT)
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::CapacityOverride, id, WHAT).await
}
