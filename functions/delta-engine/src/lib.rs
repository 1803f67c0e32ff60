//! The Delta Engine: what was scheduled against what was worked, for one organization at a time.

mod evaluate;
mod run;

use http::StatusCode;
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("delta-engine"),
        request,
        async |context: Context| {
            let report = run::run(&context.database, &context.json()?).await;
            Reply::json(StatusCode::OK, &report)
        },
    )
    .await
}
