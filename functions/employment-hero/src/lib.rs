//! Accounts of Employment Hero: what a connector to one is made of, syncs of their employees and their leave that somebody
//! asks for, and what was synced, by the paths of a replaced system.

mod asking;
mod check;
mod connector;
mod reading;
mod syncing;
mod test;

use api::Operation;
use domain::stream::Stream;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("employment-hero"),
        request,
        async |context: Context| match context.operation {
            Operation::CheckEmploymentHero => check::check(&context),
            Operation::TestEmploymentHero => test::test(&context).await,
            Operation::ListOrganisations => asking::organisations(&context).await,
            Operation::SyncEmployees | Operation::SyncEmployeesByGet => {
                syncing::ask(&context, Stream::Employees).await
            }
            Operation::SyncLeaveRequests | Operation::SyncLeaveRequestsByGet => {
                syncing::ask(&context, Stream::LeaveRequests).await
            }
            Operation::GetEmployees => reading::employees(&context).await,
            Operation::GetEmployeeId => reading::employee_id(&context).await,
            Operation::GetEmployeeLeaveRequests => reading::employee_leave_requests(&context).await,
            Operation::GetLeaveRequestsByEmail => reading::leave_requests_by_email(&context).await,
            Operation::GetLeaveRequestsList => asking::leave_requests_list(&context).await,
            _ => reading::leave_requests(&context).await,
        },
    )
    .await
}
