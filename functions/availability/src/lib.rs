//! When advisers have room for another client, and what they have to do.

mod asked;
mod earliest;
mod matrix;
mod meetings;
mod schedule;
mod told;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("availability"),
        request,
        async |context: Context| match context.operation {
            Operation::ReadAdviserSchedule => schedule::read(&context).await,
            Operation::ListAdviserMeetings => meetings::list(&context).await,
            Operation::ReadAdviserMatrix => matrix::read(&context).await,
            _ => earliest::list(&context).await,
        },
    )
    .await
}
