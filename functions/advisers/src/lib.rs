//! When advisers have room for another client, and what they have to do; and connectors to HubSpot, checked and tested.

mod asked;
mod earliest;
mod matrix;
mod meetings;
mod schedule;
mod test;
mod told;

use api::{Operation, Problem};
use http::StatusCode;
use platform::clients::CheckCall;
use platform::{Answer, Context, Reply, hubspot, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("advisers"),
        request,
        async |context: Context| match context.operation {
            Operation::ReadAdviserSchedule => schedule::read(&context).await,
            Operation::ListAdviserMeetings => meetings::list(&context).await,
            Operation::ReadAdviserMatrix => matrix::read(&context).await,
            Operation::CheckHubspot => check(&context),
            Operation::TestHubspot => test::test(&context).await,
            _ => earliest::list(&context).await,
        },
    )
    .await
}

fn check(context: &Context) -> Result<Reply, Problem> {
    let call: CheckCall = context.json()?;
    Reply::json(StatusCode::OK, &hubspot::check(&call))
}
