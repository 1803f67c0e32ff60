//! Where providers call: each connector of 7shifts at a path that only the two know, and the webhooks
//! that organizations set up at their ids.

mod at_once;
mod inbox;
mod known;
mod organization;
mod refusals;
mod seven_shifts;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("webhook-receiver"),
        request,
        async |context: Context| {
            if context.operation == Operation::ReceiveWebhookCall {
                return organization::receive_call(&context).await;
            }
            let path = context.path_parameter("path");
            if api::query::is_id(path) {
                let id = path.to_ascii_lowercase();
                return organization::receive(&context, &id, &format!("/hooks/{path}"), None).await;
            }
            seven_shifts::receive(&context).await
        },
    )
    .await
}
