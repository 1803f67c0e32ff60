//! Accounts of Employment Hero: their employees and their leave.

use api::Problem;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("employment-hero"),
        request,
        async |_context: Context| Err(Problem::not_found("route")),
    )
    .await
}
