//! Days on which the office is closed.

use api::Problem;
use domain::access::Tenant;
use domain::allocation::closure::Closure;
use http::StatusCode;
use platform::{Context, Reply, clock, idempotent, lists, problems, random};
use store::Execute;
use store::allocation::closures;
use store::lists::{self as rows, ClosureFilter, Kind};

use crate::{deleted, given, not_made, refused};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let (from, to) = (query.date("from"), query.date("to"));
        if from
            .as_ref()
            .zip(to.as_ref())
            .is_some_and(|(from, to)| from > to)
        {
            query.refuse(
                "from",
                "is behind `to`: it must be the same day or one before",
            );
        }
        (from, to)
    })?;
    asked
        .reply(context, |asked, paging| {
            let (from, to) = &asked.filter;
            let filter = ClosureFilter {
                from: from.as_deref(),
                to: to.as_deref(),
            };
            rows::closures(&asked.tenant, &filter, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("closure")?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// An `Idempotency-Key` makes it safe to repeat.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let closure = Closure::from_json(&given(context)?).map_err(refused)?;
    idempotent::once(context, &tenant, async |transaction| {
        let id = random::id();
        let by = context.caller()?.subject();
        let is_made = closures::create(transaction, &tenant, &id, &closure, by, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        if !is_made {
            return Err(not_made(transaction, &tenant, "closures").await);
        }
        let row = row(transaction, &tenant, &id).await?;
        let made: api::allocation::Closure =
            serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
        Ok((StatusCode::CREATED, made.clone(), made))
    })
    .await
}

/// Repeating it changes nothing.
pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("closure")?;
    let given = given(context)?;
    let row = context
        .transaction(async |transaction| {
            let closure = closures::held(transaction, &tenant, &id)
                .await
                .map_err(|error| problems::database(&error))?
                .ok_or_else(|| Problem::not_found("closure"))?
                .changed_by(&given)
                .map_err(refused)?;
            closures::update(transaction, &tenant, &id, &closure, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

pub async fn delete(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("closure")?;
    let was_there = context
        .transaction(async |transaction| {
            closures::delete(transaction, &tenant, &id)
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?;
    deleted(was_there, "closure")
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::Closure, id, "closure").await
}
