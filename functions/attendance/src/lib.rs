//! Attendance: what the Delta Engine has found, and what people say of it.

mod lists;
mod own;
mod people;
mod policy;
mod resolve;
mod runs;
mod sick_leave;
mod summary;
mod table;
mod week;

use api::Operation;
use domain::stream::Stream;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// What deltas and records rest on.
const STREAMS: &[Stream] = &[Stream::Shifts, Stream::TimePunches];

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
            Operation::ListAttendanceSummary => summary::list(&context).await,
            Operation::ListSickLeave => sick_leave::list(&context).await,
            Operation::ListAvailabilityWeek => week::list(&context).await,
            _ => lists::records(&context).await,
        },
    )
    .await
}
