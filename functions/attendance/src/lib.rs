//! Attendance: what the Delta Engine has found, what people say of it, and by which policy.

mod lists;
mod policy;
mod resolve;
mod runs;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("attendance"),
        request,
        async |context: Context| match context.operation {
            Operation::RunAttendanceNow => runs::now(&context).await,
            Operation::ReplaceAttendancePolicy => policy::replace(&context).await,
            Operation::ReadAttendancePolicy => policy::read(&context).await,
            Operation::ListAttendanceDeltas => lists::deltas(&context).await,
            Operation::ReadAttendanceRecord => lists::record(&context).await,
            Operation::UpdateAttendanceRecord => resolve::update(&context).await,
            _ => lists::records(&context).await,
        },
    )
    .await
}
