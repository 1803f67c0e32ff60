//! `/api/integrations/7shifts/…`: the API of a replaced system, so that its front end can be
//! pointed here. Paths, shapes and status codes are that system's; what is behind them is the
//! engine, the tables and the rights of every other route.

mod account;
mod configure;
mod connection;
mod lists;
mod places;
mod refusal;
mod shift_checks;
mod sync;

use api::{Operation, Problem};
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// A call to a provider from an interactive request ends after this, in milliseconds.
const DEADLINE_MS: i64 = 25_000;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("seven-shifts-integration"),
        request,
        async |context: Context| act(&context).await.map_err(refusal::in_old_words),
    )
    .await
}

async fn act(context: &Context) -> Result<Reply, Problem> {
    match context.operation {
        Operation::ConfigureIntegration => configure::configure(context).await,
        Operation::TestIntegration => connection::test(context).await,
        Operation::DisconnectIntegration => connection::disconnect(context).await,
        Operation::SyncIntegration => sync::sync(context).await,
        Operation::ListEmployees => lists::employees(context).await,
        Operation::ListEmployeeShifts => lists::shifts(context).await,
        Operation::CheckShift => shift_checks::check(context).await,
        Operation::CheckShifts => shift_checks::check_all(context).await,
        Operation::ListOnShift => shift_checks::on_shift(context).await,
        Operation::ListSyncLogs => lists::sync_logs(context).await,
        Operation::ListMappableLocations => places::locations(context).await,
        Operation::ListNamedRoles => places::roles(context).await,
        Operation::MapIntegrationLocation => places::map(context).await,
        Operation::UnmapIntegrationLocation => places::unmap(context).await,
        _ => account::status(context).await,
    }
}
