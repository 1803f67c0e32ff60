//! Folders of clients in Box: asked for here, and made from the outbox.

mod ask;
mod failing;
mod link;
mod make;
mod people;
mod run;
mod show;
mod test;

use api::Operation;
use http::StatusCode;
use platform::{Answer, Context, Reply, box_folders, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("box-folder"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateClientFolder => ask::create(&context).await,
            Operation::ReadClientFolder => show::read(&context).await,
            Operation::RetryClientFolder => ask::retry(&context).await,
            Operation::RunBoxFolder => {
                let report = run::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            Operation::TestBox => test::test(&context).await,
            Operation::CheckBox => {
                Reply::json(StatusCode::OK, &box_folders::check(&context.json()?))
            }
            _ => show::list(&context).await,
        },
    )
    .await
}
