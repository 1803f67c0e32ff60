//! What webhooks have brought.

use api::Problem;
use api::webhooks::{WebhookEvent, WebhookEventWithBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use platform::{Context, Reply, lists, problems};
use store::inbox::events;
use store::lists::{self as rows, Kind, WebhookEventFilter};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.id("webhook_id"),
            query.text("event"),
            query.time("received_from"),
            query.time("received_to"),
            query.boolean("oldest_first"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (webhook_id, event, received_from, received_to, oldest_first) = &asked.filter;
            let filter = WebhookEventFilter {
                webhook_id: webhook_id.as_deref(),
                event: event.as_deref(),
                received_from: *received_from,
                received_to: *received_to,
                is_oldest_first: oldest_first.unwrap_or(false),
            };
            rows::webhook_events(&asked.tenant, &filter, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("event")?;
    let row = lists::row(&context.database, &tenant, Kind::WebhookEvent, &id, "event").await?;
    let event: WebhookEvent =
        serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
    let bytes = events::body(&context.database, &tenant, &id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("event"))?;
    let (body, body_base64) = match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    };
    let answer = WebhookEventWithBody {
        event,
        body,
        body_base64,
    };
    Reply::json(StatusCode::OK, &answer)
}
