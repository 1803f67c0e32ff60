//! Labour cost: what an hour of a role costs, what work costs by it, and what was planned and worked.
//! Who may not read wages sees no rate that is somebody's.

mod daily;
mod labor;
mod rates;
mod unknown;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("labor-cost"),
        request,
        async |context: Context| match context.operation {
            Operation::PriceLabor => labor::price(&context).await,
            Operation::ListDailyLaborCosts => daily::list(&context).await,
            _ => rates::list(&context).await,
        },
    )
    .await
}
