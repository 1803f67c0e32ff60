//! Reads lists and deals.

use api::{Problem, ProblemKind};
use domain::access::Tenant;
use http::StatusCode;
use platform::advisers::reading::{DealsCall, DealsNow, ReadCall, Told};
use platform::advisers::{self, reading};
use platform::hubspot::{Account, Failure, Session};
use platform::{Context, Reply, problems};
use store::allocation::settings;
use store::connectors::{self, Connector};

/// A connector that cannot be opened is told as what each list fails with.
pub async fn lists(context: &Context) -> Result<Reply, Problem> {
    let call: ReadCall = context.json()?;
    let (tenant, connector) = found(context, &call.organization_id, &call.connector_id).await?;
    let database = &context.database;
    let settings = settings::get(database, &tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("organization"))?
        .in_force()
        .map_err(|error| problems::database(&error))?;
    let read = match open(context, &tenant, &connector).await {
        Ok(account) => {
            let session = Session::begin(&account, database, call.deadline_ms).await;
            advisers::read(database, &session, &settings, &call).await
        }
        Err(failure) => reading::Read::failed(&call.wanted, &(&failure).into()),
    };
    Reply::json(StatusCode::OK, &read)
}

pub async fn deals(context: &Context) -> Result<Reply, Problem> {
    let call: DealsCall = context.json()?;
    let (tenant, connector) = found(context, &call.organization_id, &call.connector_id).await?;
    let read = match open(context, &tenant, &connector).await {
        Ok(account) => {
            let database = &context.database;
            let session = Session::begin(&account, database, call.deadline_ms).await;
            advisers::read_deals(&session, &call).await
        }
        Err(failure) => DealsNow {
            failure: Some(Told::from(&failure)),
            ..DealsNow::default()
        },
    };
    Reply::json(StatusCode::OK, &read)
}

async fn found(
    context: &Context,
    organization_id: &str,
    connector_id: &str,
) -> Result<(Tenant, Connector), Problem> {
    let tenant = context.tenant(Some(organization_id))?;
    let connector = connectors::get(&context.database, &tenant, connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .filter(|connector| connector.provider == platform::hubspot::HUBSPOT)
        .ok_or_else(|| Problem::new(ProblemKind::NotFound, "There is no such connector."))?;
    Ok((tenant, connector))
}

async fn open<'a>(
    context: &'a Context,
    tenant: &'a Tenant,
    connector: &'a Connector,
) -> Result<Account<'a>, Failure> {
    Account::open(&context.database, tenant, &connector.id, &connector.config).await
}
