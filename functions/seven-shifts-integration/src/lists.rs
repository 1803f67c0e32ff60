//! People, their shifts, and how syncs went: plain arrays, each by one statement.

use std::borrow::Cow;

use api::Problem;
use api::moment::Edge;
use domain::access::Tenant;
use http::StatusCode;
use platform::{Context, Reply, clock, problems};
use store::staff::{self, EmployeeFilter, MAX_LOG, ShiftFilter};
use store::stores;

use crate::account::{self, Integration};

const NOTHING: &[u8] = b"[]";

pub async fn employees(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (store, active_only)) = account::tenant_and(context, |query| {
        (query.text("store_id"), query.boolean("active_only"))
    })?;
    let Some((integration, store_id)) = scope(context, &tenant, store.as_deref()).await? else {
        return Ok(nothing());
    };
    let placeholder = integration.placeholder(&tenant);
    let filter = EmployeeFilter {
        store_id: store_id.as_deref(),
        active_only: active_only.unwrap_or(true),
        placeholder: placeholder
            .as_ref()
            .map(|(before, after)| (*before, after.as_str())),
    };
    let rows = staff::employees(&context.database, integration.staff(&tenant), filter)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(Reply::json_bytes(StatusCode::OK, rows.into_bytes()))
}

pub async fn shifts(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (store, from, to)) = account::tenant_and(context, |query| {
        (
            query.text("store_id"),
            query.moment("start_date", Edge::First),
            query.moment("end_date", Edge::Last),
        )
    })?;
    let Some((integration, store_id)) = scope(context, &tenant, store.as_deref()).await? else {
        return Ok(nothing());
    };
    let placeholder = integration.placeholder(&tenant);
    let filter = ShiftFilter {
        store_id: store_id.as_deref(),
        from: from.unwrap_or_else(clock::now),
        to,
        placeholder: placeholder
            .as_ref()
            .map(|(before, after)| (*before, after.as_str())),
    };
    let rows = staff::shifts(&context.database, integration.staff(&tenant), filter)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(Reply::json_bytes(StatusCode::OK, rows.into_bytes()))
}

pub async fn sync_logs(context: &Context) -> Result<Reply, Problem> {
    let tenant = account::tenant(context)?;
    let Some(integration) = account::find(context, &tenant).await? else {
        return Ok(nothing());
    };
    let rows = staff::log(
        &context.database,
        &tenant,
        &integration.connector.id,
        MAX_LOG,
    )
    .await
    .map_err(|error| problems::database(&error))?;
    Ok(Reply::json_bytes(StatusCode::OK, rows.into_bytes()))
}

/// The account of a list, and our id of the store that it is kept to; `None` where nothing can be
/// in the list.
async fn scope(
    context: &Context,
    tenant: &Tenant,
    store: Option<&str>,
) -> Result<Option<(Integration, Option<String>)>, Problem> {
    let Some(integration) = account::find(context, tenant).await? else {
        return Ok(None);
    };
    let Some(named) = store else {
        return Ok(Some((integration, None)));
    };
    let store_id = store_id(context, tenant, named).await?;
    Ok(store_id.map(|id| (integration, Some(id))))
}

fn nothing() -> Reply {
    Reply::json_bytes(StatusCode::OK, NOTHING.to_vec())
}

/// Our id of the store that the product calls so; `None` where there is none.
pub async fn store_id(
    context: &Context,
    tenant: &Tenant,
    named: &str,
) -> Result<Option<String>, Problem> {
    stores::by_any_id(&context.database, tenant, &without_case(named))
        .await
        .map_err(|error| problems::database(&error))
}

/// Our own ids have no case.
pub fn without_case(named: &str) -> Cow<'_, str> {
    if api::query::is_id(named) {
        named.to_ascii_lowercase().into()
    } else {
        named.into()
    }
}
