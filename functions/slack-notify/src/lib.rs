//! Messages to Slack: decided here, and sent from the outbox.

mod notify;
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
        api::served!("slack-notify"),
        request,
        async |context: Context| match context.operation {
            Operation::RunSlackNotify => {
                let report = send::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            Operation::TestSlack => test::test(&context).await,
            _ => notify::notify(&context).await,
        },
    )
    .await
}
