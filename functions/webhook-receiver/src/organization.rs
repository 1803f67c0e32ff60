//! A webhook that an organization has set up: proven, kept once, acknowledged when it is kept.

use std::rc::Rc;

use api::webhooks::Received;
use api::{Problem, ProblemKind};
use domain::inbound_webhook::{State, dedupe_key};
use domain::webhook_signature::{self as signature, Delivery, Outcome, Verified};
use http::{HeaderMap, StatusCode, header};
use platform::public_url::PublicUrl;
use platform::{Context, Reply, clock, inbound_limits, log, random};
use serde::Deserialize;
use serde_json::Value;
use store::inbox::events::{Arrival, Stored};

use crate::at_once;
use crate::inbox;
use crate::known::{self, Known};
use crate::refusals;

/// A webhook that changes while it is called is looked at so often.
const TRIES: usize = 3;
/// Senders come again after this, in seconds, while the webhook is paused.
const PAUSED_SECONDS: i64 = 300;

/// `POST /functions/v1/webhook-receiver`: the webhook is named in the body.
///
/// # Errors
/// Those of [`receive`]; 400 where no webhook is named.
pub async fn receive_call(context: &Context) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    struct Named {
        webhook_id: String,
        event: Option<Value>,
    }
    let named: Named = serde_json::from_slice(&context.body)
        .map_err(|_| no_webhook("is missing: send a JSON object that names the webhook as text"))?;
    let event = match named.event {
        Some(Value::String(event)) => Some(event),
        None | Some(Value::Null) => None,
        Some(_) => return Err(Problem::field("/event", "must be a text")),
    };
    if !api::query::is_id(&named.webhook_id) {
        return Err(no_webhook("must be the id (UUID) of a webhook"));
    }
    let id = named.webhook_id.to_ascii_lowercase();
    receive(context, &id, "/functions/v1/webhook-receiver", event).await
}

fn no_webhook(detail: &str) -> Problem {
    Problem::field("/webhook_id", detail)
}

/// Proves a delivery, and answers 2xx when nothing can be lost any more.
///
/// # Errors
/// 404 for no webhook, 401 for a delivery that is not proven, 429 for one more than the webhook takes
/// in a minute, 503 while it is paused or the database does not take it.
pub async fn receive(
    context: &Context,
    id: &str,
    path: &str,
    event: Option<String>,
) -> Result<Reply, Problem> {
    let _in_hand = at_once::InHand::begin();
    let mut known = known::find(context, id).await?;
    let mut is_spent = false;
    for _ in 0..TRIES {
        let event = event.as_deref();
        if let Some(reply) = received(context, id, path, event, &known, &mut is_spent).await? {
            return Ok(reply);
        }
        known = known::read(context, id).await?;
    }
    Err(Problem::new(
        ProblemKind::Unavailable,
        "The webhook changes too often at the moment.",
    )
    .retry_after(1))
}

/// `None`: the webhook may be another one by now.
async fn received(
    context: &Context,
    id: &str,
    path: &str,
    event: Option<&str>,
    known: &Rc<Known>,
    is_spent: &mut bool,
) -> Result<Option<Reply>, Problem> {
    if known.state == State::Paused {
        if known.may_be_old() {
            return Ok(None);
        }
        return Err(
            Problem::new(ProblemKind::Unavailable, "The webhook is paused.")
                .retry_after(PAUSED_SECONDS),
        );
    }
    let now = clock::now();
    let url = called(context, path).await;
    let headers = headers(&context.headers);
    let delivery = Delivery {
        method: context.method.as_str(),
        url: &url,
        headers: &headers,
        body: &context.body,
    };
    let outcome = signature::verify(
        known.scheme,
        &known.options,
        &delivery,
        &known.keys(now),
        now,
    );
    let mut verified = match outcome {
        Ok(Outcome::Event(verified)) => verified,
        Ok(Outcome::Handshake { content_type, body }) => {
            return Ok(Some(Reply::text(StatusCode::OK, content_type, body)));
        }
        Ok(Outcome::Acknowledge) => return acknowledged(None).map(Some),
        // It may have another key by now.
        Err(_) if known.may_be_old() => return Ok(None),
        Err(rejection) => {
            log::info(
                "webhook_rejected",
                &format!("webhook {id}: {}", rejection.code()),
            );
            let (code, detail) = (rejection.code(), rejection.to_string());
            refusals::note(context, &known.organization_id, id, code, &detail).await;
            return Err(Problem::new(
                ProblemKind::Unauthenticated,
                format!("The delivery is not proven: {rejection}."),
            ));
        }
    };
    if !*is_spent {
        let spent = inbound_limits::webhook(&context.database, id, known.events_per_minute).await;
        match spent {
            Ok(()) => *is_spent = true,
            // It may take more by now.
            Err(_) if known.may_be_old() => return Ok(None),
            Err(problem) => {
                let (code, detail) = ("rate_limited", &problem.detail);
                refusals::note(context, &known.organization_id, id, code, detail).await;
                return Err(problem);
            }
        }
    }
    if let Some(event) = event {
        verified.event = Some(domain::redact::excerpt(event, signature::MAX_ID_BYTES, &[]));
    }
    if !known.filter.keeps(verified.event.as_deref()) {
        let is_counted = inbox::count(context, id, known.version).await?;
        return is_counted.then(|| acknowledged(None)).transpose();
    }
    let event_id = random::id();
    let arrival = arrival(context, id, known, verified, event_id.clone(), now);
    match inbox::store(context, arrival).await? {
        Stored::New { is_worked_on } => {
            if !is_worked_on {
                at_once::work_on(&known.organization_id, id);
            }
            acknowledged(Some(event_id)).map(Some)
        }
        Stored::Repeat(first) => acknowledged(Some(first)).map(Some),
        Stored::Changed => Ok(None),
    }
}

fn arrival(
    context: &Context,
    id: &str,
    known: &Known,
    verified: Verified,
    event_id: String,
    now: i64,
) -> Arrival {
    let content_type = context.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    Arrival {
        webhook_id: id.to_owned(),
        organization_id: known.organization_id.clone(),
        version: known.version,
        dedupe_key: dedupe_key(known.scheme, &verified, &context.body)
            .unwrap_or_else(|| format!("hint:{event_id}")),
        id: event_id,
        delivery_id: verified.delivery_id,
        event: verified.event,
        ordering_key: verified.ordering_key,
        key_id: verified.key_id,
        is_hint: verified.is_hint,
        items: verified
            .items
            .and_then(|items| serde_json::to_string(&items).ok()),
        content_type: content_type
            .map(|value| domain::redact::excerpt(value, signature::MAX_ID_BYTES, &[])),
        body: context.body.to_vec(),
        sent_at: verified.sent_at,
        received_at: now,
    }
}

fn acknowledged(event_id: Option<String>) -> Result<Reply, Problem> {
    Reply::json(
        StatusCode::OK,
        &Received {
            received: true,
            streams: None,
            event_id,
        },
    )
}

/// The URL that the sender has called. `Host` and `X-Forwarded-*` are the sender's to choose, so it is
/// the one that this installation is known by.
async fn called(context: &Context, path: &str) -> String {
    let base = PublicUrl::configured().await;
    let base = base.as_ref().map_or("", PublicUrl::as_str);
    if context.query.is_empty() {
        format!("{base}{path}")
    } else {
        format!("{base}{path}?{}", context.query)
    }
}

fn headers(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}
