//! People, their shifts, and how syncs went: plain arrays, each by one statement.

use api::{FieldError, Problem};
use chrono::{DateTime, NaiveDate, NaiveTime};
use domain::access::Tenant;
use http::StatusCode;
use platform::{Context, Reply, clock, problems};
use store::staff::{self, EmployeeFilter, MAX_LOG, ShiftFilter};
use store::stores;

use crate::account;

const NOTHING: &[u8] = b"[]";

pub async fn employees(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (store, active_only)) = account::tenant_and(context, |query| {
        (query.text("store_id"), query.boolean("active_only"))
    })?;
    let Some(integration) = account::find(context, &tenant).await? else {
        return Ok(nothing());
    };
    let store_id = match store {
        Some(store) => match store_id(context, &tenant, &store).await? {
            Some(id) => Some(id),
            None => return Ok(nothing()),
        },
        None => None,
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
            query.text("start_date"),
            query.text("end_date"),
        )
    })?;
    let mut errors = Vec::new();
    let from = from.and_then(|text| moment("start_date", &text, NaiveTime::MIN, &mut errors));
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN);
    let to = to.and_then(|text| moment("end_date", &text, end_of_day, &mut errors));
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let Some(integration) = account::find(context, &tenant).await? else {
        return Ok(nothing());
    };
    let store_id = match store {
        Some(store) => match store_id(context, &tenant, &store).await? {
            Some(id) => Some(id),
            None => return Ok(nothing()),
        },
        None => None,
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

fn nothing() -> Reply {
    Reply::json_bytes(StatusCode::OK, NOTHING.to_vec())
}

/// Our id of the store that the product calls so; `None` where there is none.
pub async fn store_id(
    context: &Context,
    tenant: &Tenant,
    named: &str,
) -> Result<Option<String>, Problem> {
    // Our own ids have no case.
    let lower = named.to_ascii_lowercase();
    let named = if api::query::is_id(named) {
        &lower
    } else {
        named
    };
    stores::by_any_id(&context.database, tenant, named)
        .await
        .map_err(|error| problems::database(&error))
}

/// A time, or a date, which begins and ends in UTC as that system had it.
fn moment(name: &str, text: &str, of_day: NaiveTime, errors: &mut Vec<FieldError>) -> Option<i64> {
    // A `+` of an offset that was not encoded arrives as a blank.
    let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map(|time| time.timestamp());
    let date = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(|date| date.and_time(of_day).and_utc().timestamp())
    };
    let moment = time.or_else(|_| date()).ok();
    if moment.is_none() {
        errors.push(FieldError::new(
            name,
            "must be a date like 2026-03-14 or a time like 2026-03-14T22:00:00Z",
        ));
    }
    moment
}
