//! Makes folders of clients in Box, from the outbox, and passes on their links; checks and tests connectors to Box.

mod failing;
mod link;
mod make;
mod people;
mod run;
mod test;

use api::Operation;
use http::StatusCode;
use platform::{Answer, Context, Reply, box_folders, serve_functions};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve_functions(
        api::served!("box-folder"),
        request,
        async |context: Context| match context.operation {
            Operation::TestBox => test::test(&context).await,
            Operation::CheckBox => {
                Reply::json(StatusCode::OK, &box_folders::check(&context.json()?))
            }
            _ => {
                let report = run::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
        },
    )
    .await
}
