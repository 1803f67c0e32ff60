//! Connectors of the type `api`: checked, tested, and called at once or from the outbox. Those of the type
//! `custom` are checked and tested here as well.

mod answer;
mod check;
mod clientless;
mod request;
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
        api::served!("rest-api"),
        request,
        async |context: Context| match context.operation {
            Operation::RunRestApi => {
                let report = send::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            Operation::TestRestApi => test::test(&context).await,
            Operation::CheckRestApi => check::check(&context).await,
            _ => request::request(&context).await,
        },
    )
    .await
}
