//! Webhooks that are sent: the endpoints that take them, and the sending of one delivery at a time.

mod attempt;
mod endpoints;
mod send;
mod test;

use api::Operation;
use http::StatusCode;
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("outgoing-webhooks"),
        request,
        async |context: Context| match context.operation {
            Operation::RunOutgoingWebhook => {
                let report = send::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            Operation::CreateOutgoingWebhook => endpoints::create(&context).await,
            Operation::ListOutgoingWebhooks => endpoints::list(&context).await,
            Operation::UpdateOutgoingWebhook => endpoints::update(&context).await,
            Operation::DeleteOutgoingWebhook => endpoints::delete(&context).await,
            Operation::RotateOutgoingWebhookSecret => endpoints::rotate(&context).await,
            Operation::TestOutgoingWebhook => test::test(&context).await,
            _ => endpoints::read(&context).await,
        },
    )
    .await
}
