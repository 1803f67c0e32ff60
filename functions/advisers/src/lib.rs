//! The one function that reads HubSpot's lists of advisers and what they have to do, for all others; and connectors to HubSpot,
//! checked and tested.

mod read;
mod test;

use api::{Operation, Problem};
use http::StatusCode;
use platform::clients::CheckCall;
use platform::{Answer, Context, Reply, hubspot, serve_functions};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve_functions(
        api::served!("advisers"),
        request,
        async |context: Context| match context.operation {
            Operation::CheckHubspot => check(&context),
            Operation::TestHubspot => test::test(&context).await,
            Operation::ReadHubspotDeals => read::deals(&context).await,
            _ => read::lists(&context).await,
        },
    )
    .await
}

fn check(context: &Context) -> Result<Reply, Problem> {
    let call: CheckCall = context.json()?;
    Reply::json(StatusCode::OK, &hubspot::check(&call))
}
