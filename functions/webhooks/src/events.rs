//! What webhooks have brought.

use api::moment::{self, Edge};
use api::routes::{REPLAYABLE_STATES, WEBHOOK_EVENT_STATES};
use api::webhooks::{
    ReplayWebhookEvent, ReplayWebhookEvents, Replayed, WebhookEvent, WebhookEventWithBody,
};
use api::{FieldError, Problem, ProblemKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Tenant;
use http::StatusCode;
use platform::{Context, Reply, lists, problems};
use store::inbox::events::{self, MAX_REPLAYED, Replay};
use store::lists::{self as rows, Kind, WebhookEventFilter};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.id("webhook_id"),
            query.text("event"),
            query.one_of("state", WEBHOOK_EVENT_STATES),
            query.time("received_from"),
            query.time("received_to"),
            query.boolean("oldest_first"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (webhook_id, event, state, received_from, received_to, oldest_first) =
                &asked.filter;
            let filter = WebhookEventFilter {
                webhook_id: webhook_id.as_deref(),
                event: event.as_deref(),
                state: state.as_deref(),
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

/// The next tick works on it.
pub async fn replay(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("event")?;
    let row = lists::row(&context.database, &tenant, Kind::WebhookEvent, &id, "event").await?;
    let asked: ReplayWebhookEvent = context.json_or_default()?;
    let replayed = replayed(
        context,
        &tenant,
        Replay {
            id: Some(&id),
            fires_again: asked.fires_again.unwrap_or(false),
            ..Replay::default()
        },
    )
    .await?;
    if replayed.events == 0 {
        let event: WebhookEvent =
            serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("The event is {}: it is worked on anyway.", event.state),
        ));
    }
    Reply::json(StatusCode::ACCEPTED, &replayed)
}

/// The next tick works on them, the oldest first.
pub async fn replay_all(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let asked: ReplayWebhookEvents = context.json()?;
    let mut errors = Vec::new();
    if asked
        .webhook_id
        .as_deref()
        .is_some_and(|id| !api::query::is_id(id))
    {
        errors.push(FieldError::new("/webhook_id", "must be an id (UUID)"));
    }
    if asked
        .state
        .as_deref()
        .is_some_and(|state| !REPLAYABLE_STATES.contains(&state))
    {
        errors.push(FieldError::new("/state", "must be processed or dead"));
    }
    let mut time = |field: &str, text: Option<&str>, edge: Edge| {
        let time = moment::parse(text?, edge);
        if time.is_none() {
            errors.push(FieldError::new(field, moment::EXPECTED));
        }
        time
    };
    let received_from = time(
        "/received_from",
        asked.received_from.as_deref(),
        Edge::First,
    );
    let received_to = time("/received_to", asked.received_to.as_deref(), Edge::Last);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let webhook_id = asked.webhook_id.map(|id| id.to_ascii_lowercase());
    let replay = Replay {
        id: None,
        webhook_id: webhook_id.as_deref(),
        event: asked.event.as_deref(),
        state: asked.state.as_deref(),
        received_from,
        received_to,
        fires_again: asked.fires_again.unwrap_or(false),
    };
    let replayed = replayed(context, &tenant, replay).await?;
    Reply::json(StatusCode::ACCEPTED, &replayed)
}

async fn replayed(
    context: &Context,
    tenant: &Tenant,
    replay: Replay<'_>,
) -> Result<Replayed, Problem> {
    let events = context
        .transaction(async |transaction| {
            events::replay(transaction, tenant, replay)
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?
        .len();
    Ok(Replayed {
        events,
        may_be_more: i64::try_from(events).is_ok_and(|events| events >= MAX_REPLAYED),
    })
}
