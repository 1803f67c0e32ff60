//! Folders of clients: asked for by a workflow or by a key, and shown. They are made by the function `box-folder`, from the
//! outbox.

mod ask;
mod show;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("client-folders"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateClientFolder => ask::create(&context).await,
            Operation::ReadClientFolder => show::read(&context).await,
            Operation::RetryClientFolder => ask::retry(&context).await,
            _ => show::list(&context).await,
        },
    )
    .await
}
