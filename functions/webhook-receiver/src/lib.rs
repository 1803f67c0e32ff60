//! Where providers call: each connector of 7shifts at a path that only the two know, and the webhooks
//! that organizations set up at their ids.

mod at_once;
mod inbox;
mod known;
mod organization;
mod refusals;
mod seven_shifts;

use api::{Operation, Problem, ProblemKind};
use platform::{Answer, Context, Reply, inbound_limits, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("webhook-receiver"),
        request,
        async |context: Context| match receive(&context).await {
            // Of nobody that is known.
            Err(problem)
                if matches!(
                    problem.kind,
                    ProblemKind::Unauthenticated | ProblemKind::NotFound
                ) =>
            {
                let (headers, database) = (&context.headers, &context.database);
                Err(inbound_limits::refused(headers, database, problem).await)
            }
            received => received,
        },
    )
    .await
}

async fn receive(context: &Context) -> Result<Reply, Problem> {
    if context.operation == Operation::ReceiveWebhookCall {
        return organization::receive_call(context).await;
    }
    let path = context.path_parameter("path");
    if api::query::is_id(path) {
        let id = path.to_ascii_lowercase();
        return organization::receive(context, &id, &format!("/hooks/{path}"), None).await;
    }
    seven_shifts::receive(context).await
}
