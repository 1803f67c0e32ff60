//! API keys: who may call, what for, from where and how long.

mod keys;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("api-keys"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateApiKey => keys::create(&context).await,
            Operation::RevokeApiKey => keys::revoke(&context).await,
            Operation::RotateApiKey => keys::rotate(&context).await,
            _ => keys::list(&context).await,
        },
    )
    .await
}
