//! The scheduler: one tick runs what is due. A missed or doubled tick is harmless.

mod clock_jump;
mod dispatch;
mod maintenance;
mod outcomes;
mod tick;

use api::Problem;
use http::StatusCode;
use platform::{Answer, Context, Reply, serve};
use serde::Deserialize;
use spin_sdk::http::Request;
use spin_sdk::http_service;
use store::attendance::ATTENDANCE;
use store::automation::INBOX;
use store::jobs::SYNC;
use store::outbox::OUTBOX;

/// Without a body a tick runs everything that is due; with one, only one connector's streams, what it
/// has to send, what one webhook has brought and follows from it, or the attendance of one organization.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    kind: String,
    organization_id: String,
    connector_id: String,
}

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("scheduled-sync"),
        request,
        async |context: Context| {
            let only = if context.body.is_empty() {
                None
            } else {
                let only: Only = context.json()?;
                let tenant = context.tenant(Some(&only.organization_id))?;
                if !api::query::is_id(&only.connector_id) {
                    return Err(Problem::field("/connector_id", "must be an id (UUID)"));
                }
                let kind = [SYNC, OUTBOX, INBOX, ATTENDANCE]
                    .into_iter()
                    .find(|kind| *kind == only.kind);
                let kind = kind.ok_or_else(|| {
                    Problem::field("/kind", "must be sync, outbox, inbox or attendance")
                })?;
                Some(tick::OnlyConnector {
                    kind,
                    tenant,
                    connector_id: Some(only.connector_id),
                })
            };
            let summary = tick::tick(&context.database, &context.request_id, only.as_ref())
                .await
                .map_err(|error| platform::problems::database(&error))?;
            Reply::json(StatusCode::OK, &summary)
        },
    )
    .await
}
