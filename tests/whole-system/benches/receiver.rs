//! Webhooks that are received: proven, looked up, and on the disk before they are acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::webhook_signature::standard::{SigningKey, sign};
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::json;
use simulators::seven_shifts::demo_data;
use whole_system::{App, now};

use crate::load::{self, Make};
use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "receiver",
        what: "webhooks of 600 bytes: verify, dedupe, store with an fsync a batch; 64 connections",
        unit: "req/s",
        mark: Mark::AtLeast(5_000.0),
    },
    Row {
        id: "receiver_p99",
        what: "the same, 99 % of the answers within",
        unit: "ms",
        mark: Mark::Below(25.0),
    },
    Row {
        id: "receiver_kept",
        what: "acknowledged events that are in the inbox once",
        unit: "",
        mark: Mark::AtLeast(1.0),
    },
];

const ROUND: Duration = Duration::from_secs(4);
const BODY_BYTES: usize = 600;

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let app = App::start_with(load::unlimited(), demo_data(1, now())).await;
    let organization = app.organization("Inbox", "America/Toronto").await;
    let webhook = app
        .post(
            "/api/webhooks",
            &organization.key,
            json!({"name": "Load", "scheme": "standard", "events_per_minute": 1_000_000}),
        )
        .await
        .expect(StatusCode::CREATED);
    let text = |name: &str| webhook[name].as_str().unwrap_or_default().to_owned();
    let make = make(&text("path"), &text("secret"))?;
    let server = app
        .runtime
        .serve(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await?;
    let load = load::run_with(server.address(), make, ROUND).await?;
    let (stored, once): (i64, i64) = app.database().query_row(
        "SELECT count(*), count(DISTINCT delivery_id) FROM webhook_events",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    // Those of the warm-up are there, too.
    let is_kept = stored == once && stored as usize >= load.count();
    let mut measured = vec![
        Measured::new("receiver", load.per_second()),
        Measured::new("receiver_kept", if is_kept { 1.0 } else { 0.0 }),
    ];
    measured.extend(load.p99_ms().map(|p99| Measured::new("receiver_p99", p99)));
    Ok(measured)
}

/// Each request is another message, signed at this moment.
fn make(path: &str, secret: &str) -> anyhow::Result<Make> {
    let key = SigningKey::parse(secret)?;
    let padding = "x".repeat(BODY_BYTES - r#"{"type":"order.paid","data":""}"#.len());
    let body = Bytes::from(format!(r#"{{"type":"order.paid","data":"{padding}"}}"#));
    anyhow::ensure!(body.len() == BODY_BYTES, "{} bytes", body.len());
    let path = path.to_owned();
    Ok(Arc::new(move |number| {
        let (id, at) = (format!("msg_{number}"), now());
        let signature = sign(std::slice::from_ref(&key), &id, at, &body).unwrap_or_default();
        let request = Request::post(&path)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.to_string())
            .header("webhook-signature", signature)
            .body(Full::new(body.clone()));
        request.unwrap_or_default()
    }))
}
