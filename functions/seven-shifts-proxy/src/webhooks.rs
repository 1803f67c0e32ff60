//! The actions about webhooks, and their removal when a connector is disconnected.

use api::Problem;
use api::seven_shifts_proxy::SevenShiftsCall;
use domain::access::Tenant;
use http::StatusCode;
use platform::public_url::PublicUrl;
use platform::seven_shifts::Failure;
use platform::seven_shifts::webhooks::{self, Changed, RemoveCall, RemoveReport, answer};
use platform::{Context, Reply, clock, problems};
use store::connectors::{self, Connector};

use crate::{DEADLINE_MS, account, refusal};

/// How long the removal may take, in milliseconds: nobody is kept from disconnecting.
const REMOVAL_MS: i64 = 4_500;

/// What is registered, as we know it and as 7shifts lists it.
pub async fn list(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let (tenant, connector) = connector(context, call).await?;
    let answer = answer::list(&context.database, &tenant, &connector, deadline_ms())
        .await
        .map_err(|error| problems::database(&error))?;
    Reply::json(StatusCode::OK, &answer)
}

/// Registers what is missing, deletes what is outdated or doubled. Without a URL of this
/// installation nothing is done, and the answer says so.
pub async fn repair(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let (tenant, connector) = connector(context, call).await?;
    let changed = match PublicUrl::configured().await {
        Ok(base) => {
            let database = &context.database;
            webhooks::repair(database, &tenant, &connector, &base, deadline_ms()).await
        }
        Err(_) => Ok(Changed::default()),
    };
    after(context, &tenant, &connector, changed).await
}

/// Deletes ours at 7shifts.
pub async fn delete(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let (tenant, connector) = connector(context, call).await?;
    let changed = webhooks::remove(&context.database, &tenant, &connector, deadline_ms()).await;
    after(context, &tenant, &connector, changed).await
}

/// For the function that disconnects: deletes ours at 7shifts while there is a token.
pub async fn remove(context: &Context) -> Result<Reply, Problem> {
    let call: RemoveCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let connector = connectors::get(&context.database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let deadline_ms = clock::now_ms().saturating_add(REMOVAL_MS);
    let changed = webhooks::remove(&context.database, &tenant, &connector, deadline_ms)
        .await
        .map_err(|failure| refusal::failed(&failure))?;
    Reply::json(
        StatusCode::OK,
        &RemoveReport {
            deleted: changed.deleted,
        },
    )
}

async fn connector(
    context: &Context,
    call: &SevenShiftsCall,
) -> Result<(Tenant, Connector), Problem> {
    let tenant = account::tenant(context, call)?;
    let connector = account::connector(context, &tenant, call).await?;
    Ok((tenant, connector))
}

async fn after(
    context: &Context,
    tenant: &Tenant,
    connector: &Connector,
    changed: Result<Changed, Failure>,
) -> Result<Reply, Problem> {
    let changed = changed.map_err(|failure| refusal::failed(&failure))?;
    let answer = answer::after(&context.database, tenant, connector, changed)
        .await
        .map_err(|error| problems::database(&error))?;
    Reply::json(StatusCode::OK, &answer)
}

fn deadline_ms() -> i64 {
    clock::now_ms().saturating_add(DEADLINE_MS)
}
