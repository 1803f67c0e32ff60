//! Deals are given to advisers, one connector at a time. What is decided is written to the CRM from the outbox, by another function.

mod deciding;
mod judging;
mod reading;
mod telling;
mod working;

use api::Problem;
use api::routes::RUN_ALLOCATION_ENGINE;
use domain::access::Tenant;
use http::StatusCode;
use platform::allocating::EngineCall;
use platform::{Answer, Context, Reply, serve_internal};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// The component, as jobs name it.
const FUNCTION: &str = platform::allocating::ENGINE;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve_internal(
        &RUN_ALLOCATION_ENGINE,
        request,
        async |context: Context| match context.json()? {
            EngineCall::Run(call) => {
                let report = working::run(&context.database, &call).await;
                Reply::json(StatusCode::OK, &report)
            }
            EngineCall::Work(work) => {
                let tenant: Tenant = context.tenant(Some(&work.organization_id))?;
                let worked = working::work(&context.database, &tenant, &work.connector_id).await;
                Reply::json(StatusCode::OK, &worked)
            }
            EngineCall::Preview(call) => preview(&context, &call).await,
        },
    )
    .await
}

async fn preview(
    context: &Context,
    call: &platform::allocating::Preview,
) -> Result<Reply, Problem> {
    let tenant = context.tenant(Some(&call.organization_id))?;
    judging::preview(context, &tenant, call).await
}
