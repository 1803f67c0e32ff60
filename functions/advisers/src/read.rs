//! Reads lists and deals.

use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{Active, Error};
use http::StatusCode;
use platform::advisers::reading::{DealsCall, DealsNow, ReadCall, Told};
use platform::advisers::{self, reading};
use platform::hubspot::{Account, Failure, Session};
use platform::{Context, Reply, clock, problems};
use store::allocation::settings;
use store::connectors::{self, Connector, StateChange};

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
    keep_state(context, &tenant, &connector, &read).await?;
    Reply::json(StatusCode::OK, &read)
}

/// A credential that is not taken is told by the connector's state, and so is one that is taken again. It is tried on
/// meanwhile: HubSpot answers 401 on bad days too.
async fn keep_state(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
    read: &reading::Read,
) -> Result<(), Problem> {
    let lists = [
        read.owners.as_ref(),
        read.meetings.as_ref(),
        read.deals.as_ref(),
    ];
    let lists = lists.into_iter().flatten().chain([&read.users]);
    let mut failures = lists.clone().filter_map(|list| list.failure.as_ref());
    let refused = failures.find(|told| told.code == "unauthorized");
    let is_taken = lists
        .clone()
        .any(|list| !list.is_copy && list.copied.is_some() && list.failure.is_none());
    let (to, reason) = match refused {
        Some(told) if connector.state == Active => (Error, Some(told.detail.as_str())),
        None if connector.state == Error && is_taken => (Active, None),
        _ => return Ok(()),
    };
    let change = StateChange {
        from: &[Active, Error],
        to,
        reason,
    };
    connectors::set_state(
        &context.database,
        tenant,
        &connector.id,
        change,
        clock::now(),
    )
    .await
    .map_err(|error| problems::database(&error))?;
    Ok(())
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
