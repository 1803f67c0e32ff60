//! Management of connectors, their sync settings, and what they were to send.

mod asking;
mod consenting;
mod deliveries;
mod making;
mod settings;
mod states;
mod sync_status;
mod syncing;

use api::connectors::Connector as Answered;
use api::{Operation, Problem};
use domain::access::Tenant;
use http::StatusCode;
use platform::{Answer, Context, Reply, lists, problems, serve, time};
use serde::Serialize;
use spin_sdk::http::Request;
use spin_sdk::http_service;
use store::Execute;
use store::connectors::{self, Connector};
use store::lists::Key;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("connectors"),
        request,
        async |context: Context| match context.operation {
            Operation::ListConnectors => list(&context).await,
            Operation::CreateConnector => making::create(&context).await,
            Operation::UpdateConnector => making::update(&context).await,
            Operation::TestConnector => asking::test(&context).await,
            Operation::CallApi => asking::request(&context).await,
            Operation::AskForConsent => consenting::ask(&context).await,
            Operation::SyncConnector => syncing::ask(&context).await,
            Operation::DeleteConnector => states::remove(&context).await,
            Operation::ListDeliveries => deliveries::list(&context).await,
            Operation::ReadDelivery => deliveries::read(&context).await,
            Operation::RetryDelivery => deliveries::retry(&context).await,
            Operation::PauseConnector => states::pause(&context).await,
            Operation::ResumeConnector => states::resume(&context).await,
            Operation::DisconnectConnector => states::disconnect(&context).await,
            Operation::ReadSyncSettings => settings::read(&context).await,
            Operation::ReplaceSyncSettings => settings::replace(&context).await,
            Operation::ListSyncStatus => sync_status::list(&context).await,
            _ => read(&context).await,
        },
    )
    .await
}

/// The connector of the path and its tenant; 404 for anybody else's.
async fn found(context: &Context) -> Result<(Tenant, Connector), Problem> {
    found_in(&context.database, context).await
}

/// [`found`], as a transaction sees it.
async fn found_in<E: Execute>(
    database: &E,
    context: &Context,
) -> Result<(Tenant, Connector), Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("connector")?;
    let connector = connectors::get(database, &tenant, &id)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok((
        tenant,
        connector.ok_or_else(|| Problem::not_found("connector"))?,
    ))
}

async fn read(context: &Context) -> Result<Reply, Problem> {
    let (_, connector) = found(context).await?;
    Reply::json(StatusCode::OK, &answered(&connector))
}

async fn list(context: &Context) -> Result<Reply, Problem> {
    let page = page(context, &[]).await?;
    let rows: Vec<_> = page.connectors.iter().map(answered).collect();
    page.reply(&rows)
}

/// A page of the connectors of the tenant that the query means, of certain providers if asked.
struct Page {
    tenant: Tenant,
    connectors: Vec<Connector>,
    paging: lists::Paging,
    next: Option<Key>,
}

async fn page(context: &Context, providers: &[&str]) -> Result<Page, Problem> {
    let lists::Asked { tenant, paging, .. } = lists::Asked::parse(context, |_| ())?;
    let after = paging.after()?.map(|key| key.id).unwrap_or_default();
    // `store` lists 500 at the most, so the full page asks again for nothing.
    let limit = i64::from(paging.limit());
    let connectors = connectors::list(&context.database, &tenant, providers, &after, limit)
        .await
        .map_err(|error| problems::database(&error))?;
    let is_full = i64::try_from(connectors.len()).unwrap_or(i64::MAX) == limit;
    let next = connectors.last().filter(|_| is_full).map(|last| Key {
        order: 0,
        id: last.integration_key.clone(),
    });
    Ok(Page {
        tenant,
        connectors,
        paging,
        next,
    })
}

impl Page {
    /// The page with a row for each connector.
    fn reply<T: Serialize>(&self, rows: &[T]) -> Result<Reply, Problem> {
        self.paging.reply(rows, self.next.as_ref())
    }
}

fn answered(connector: &Connector) -> Answered {
    Answered {
        id: connector.id.clone(),
        organization_id: connector.organization_id.clone(),
        provider: connector.provider.clone(),
        integration_key: connector.integration_key.clone(),
        name: connector.name.clone(),
        state: connector.state.as_str().to_owned(),
        state_reason: connector.state_reason.clone(),
        state_changed_at: time::rfc3339(connector.state_changed_at),
        config: serde_json::from_str(&connector.config).unwrap_or_default(),
        connected_at: connector.connected_at.map(time::rfc3339),
        connected_by: connector.connected_by.clone(),
        last_sync_at: connector.last_sync_at.map(time::rfc3339),
        last_full_sync_at: connector.last_full_sync_at.map(time::rfc3339),
        created_at: time::rfc3339(connector.created_at),
        updated_at: time::rfc3339(connector.updated_at),
    }
}
