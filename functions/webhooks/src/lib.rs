//! Management of webhooks that are received, and what they brought.

mod events;
mod webhooks;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("webhooks"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateWebhook => webhooks::create(&context).await,
            Operation::ListWebhooks => webhooks::list(&context).await,
            Operation::UpdateWebhook => webhooks::update(&context).await,
            Operation::DeleteWebhook => webhooks::delete(&context).await,
            Operation::RotateWebhookSecret => webhooks::rotate(&context).await,
            Operation::ListWebhookEvents => events::list(&context).await,
            Operation::ReadWebhookEvent => events::read(&context).await,
            Operation::ReplayWebhookEvent => events::replay(&context).await,
            Operation::ReplayWebhookEvents => events::replay_all(&context).await,
            _ => webhooks::read(&context).await,
        },
    )
    .await
}
