//! Folders of clients in Box: asked for here, and made from the outbox.

mod show;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("box-folder"),
        request,
        async |context: Context| match context.operation {
            Operation::ReadClientFolder => show::read(&context).await,
            _ => show::list(&context).await,
        },
    )
    .await
}
