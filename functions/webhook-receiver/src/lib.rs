//! Where providers call, each at a path that only it knows.

mod seven_shifts;

use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve("webhook-receiver", request, async |context: Context| {
        seven_shifts::receive(&context).await
    })
    .await
}
