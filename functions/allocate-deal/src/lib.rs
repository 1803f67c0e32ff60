//! Deals that are to be given to advisers: asked for by a workflow or with a key, and answered with what is decided; the records,
//! which explain themselves; changes of deals, and Google Chat, which is told of them.

mod asking;
mod chat;
mod manual;
mod notices;
mod records;
mod waiting;
mod writing;

use api::Operation;
use api::allocation::deals::AllocateHint;
use http::StatusCode;
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// The component, as jobs name it.
const FUNCTION: &str = "allocate-deal";

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("allocate-deal"),
        request,
        async |context: Context| match context.operation {
            Operation::AllocateDeal => asking::allocate(&context).await,
            Operation::ListAllocations => records::list(&context).await,
            Operation::ReadAllocation => records::read(&context).await,
            Operation::ListAllocationHistory => records::history(&context).await,
            Operation::OverrideAllocation => manual::choose(&context).await,
            Operation::RerunAllocation => manual::rerun(&context).await,
            Operation::ReadAllocationNotices => notices::read(&context).await,
            Operation::ReplaceAllocationNotices => notices::replace(&context).await,
            Operation::RunAllocateDeal => {
                let report = writing::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            Operation::CheckGoogleChat => chat::check(&context),
            Operation::TestGoogleChat => chat::test(&context).await,
            _ => Reply::json(
                StatusCode::OK,
                &AllocateHint {
                    message: "Deals are allocated by POST: send the body of a HubSpot workflow, signed, or with an API key."
                        .to_owned(),
                },
            ),
        },
    )
    .await
}
