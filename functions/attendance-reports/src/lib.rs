//! What attendance comes to: sums, sick leave, and when people can work.

mod people;
mod sick_leave;
mod summary;
mod week;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("attendance-reports"),
        request,
        async |context: Context| match context.operation {
            Operation::ListSickLeave => sick_leave::list(&context).await,
            Operation::ListAvailabilityWeek => week::list(&context).await,
            _ => summary::list(&context).await,
        },
    )
    .await
}
