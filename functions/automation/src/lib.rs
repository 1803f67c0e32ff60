//! Automation: an organization's rules and notices, and what follows from events.

mod decide;
mod dry_run;
mod notices;
mod rules;
mod run;
mod told;

use api::Operation;
use http::StatusCode;
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("automation"),
        request,
        async |context: Context| match context.operation {
            Operation::RunAutomation => {
                let report = run::run(&context.database, &context.json()?).await;
                Reply::json(StatusCode::OK, &report)
            }
            Operation::CreateAutomationRule => rules::create(&context).await,
            Operation::ListAutomationRules => rules::list(&context).await,
            Operation::UpdateAutomationRule => rules::update(&context).await,
            Operation::DeleteAutomationRule => rules::delete(&context).await,
            Operation::DryRunAutomationRules => dry_run::dry_run(&context).await,
            Operation::ListNotices => notices::list(&context).await,
            Operation::ReadNotice => notices::read(&context).await,
            Operation::MarkNoticeRead => notices::mark_read(&context).await,
            Operation::DismissNotice => notices::dismiss(&context).await,
            _ => rules::read(&context).await,
        },
    )
    .await
}
