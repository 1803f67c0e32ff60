//! A webhook of 7shifts that a company has made for us: not signed, so nothing in it is believed. It
//! makes streams due, which read at 7shifts what is true.

use api::Problem;
use api::webhooks::Received;
use domain::access::Caller;
use domain::api_key::sha256_hex;
use domain::inbound_webhook::EVENTS_PER_MINUTE;
use domain::redact;
use domain::stream::Stream;
use domain::webhook_topic::Hint;
use http::{Method, StatusCode};
use platform::{Context, Reply, clock, inbound_limits, log, problems, random};
use store::jobs::{self, HintedRun};
use store::webhooks;

const TOPIC: &str = "x-webhook-topic";

/// # Errors
/// 404 for a path that no connector has, or that was given up; 429 for too many; the database's,
/// whereupon 7shifts calls again.
pub async fn receive(context: &Context) -> Result<Reply, Problem> {
    if context.method != Method::POST {
        return Err(Problem::not_found("webhook"));
    }
    let path_hash = sha256_hex(context.path_parameter("path").as_bytes());
    let reached = webhooks::reached(&context.database, &path_hash)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("webhook"))?;
    let tenant = Caller::internal("webhook-receiver")
        .tenant_named(&reached.organization_id)
        .map_err(|_| Problem::not_found("webhook"))?;
    inbound_limits::webhook(&context.database, &reached.connector_id, EVENTS_PER_MINUTE).await?;
    let topic = context
        .headers
        .get(TOPIC)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let streams = match Hint::of(topic) {
        Hint::Streams(streams) => streams,
        // Whether we may still read is what the next call tells; this stream has one at the least.
        Hint::Connector => &[Stream::Locations],
        Hint::Unknown => {
            let topic = redact::excerpt(topic, 60, &[]);
            let connector_id = &reached.connector_id;
            log::error(
                "webhook_topic",
                &format!("{topic:?}, sent to connector {connector_id}, is not known"),
            );
            &[]
        }
    };
    let hinted: Vec<_> = streams
        .iter()
        .map(|stream| HintedRun {
            stream: stream.as_str(),
            run_id: random::id(),
        })
        .collect();
    jobs::hint_runs(
        &context.database,
        &tenant,
        &reached.connector_id,
        &hinted,
        clock::now(),
    )
    .await
    .map_err(|error| problems::database(&error))?;
    Reply::json(
        StatusCode::ACCEPTED,
        &Received {
            received: true,
            streams: Some(
                streams
                    .iter()
                    .map(|stream| stream.as_str().to_owned())
                    .collect(),
            ),
            event_id: None,
        },
    )
}
