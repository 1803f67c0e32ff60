//! Brings employees or leave of one connector of the type `employment_hero` up to date, as far as its time reaches.

mod checkpoint;
mod failure;
mod records;
mod sync;

use api::routes::RUN_EMPLOYMENT_HERO_SYNC;
use http::StatusCode;
use platform::run::RunCall;
use platform::{Answer, Context, Reply, serve_internal};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve_internal(
        &RUN_EMPLOYMENT_HERO_SYNC,
        request,
        async |context: Context| {
            let call: RunCall = context.json()?;
            let report = sync::run(&context.database, &call).await;
            Reply::json(StatusCode::OK, &report)
        },
    )
    .await
}
