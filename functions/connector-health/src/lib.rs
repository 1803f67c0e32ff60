//! Whether connectors still work: asked now and then of each that is in use, and at once of one that
//! watches a webhook.

mod probe;
mod webhook;

use api::Operation;
use http::StatusCode;
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("connector-health"),
        request,
        async |context: Context| match context.operation {
            Operation::RunConnectorHealth => {
                let report = probe::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            _ => webhook::test(&context).await,
        },
    )
    .await
}
