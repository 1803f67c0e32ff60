//! Webhooks that organizations receive: how they are set up, what proves a delivery, and that what was
//! acknowledged is there once.

mod keeping;
mod managing;
mod proving;
pub mod signing;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use runtime::Clock as _;
use serde_json::{Value, json};
use simulators::seven_shifts::demo_data;
use whole_system::{Answer, App, Organization, Settings, send_raw};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
pub const EPOCH: i64 = 1_790_000_000;
pub const PUBLIC_URL: &str = "https://patchbay.example.com";

pub fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        ..Settings::default()
    }
    .variable("public_url", PUBLIC_URL)
}

pub async fn with(seed: u64, settings: Settings) -> (App, Organization) {
    let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
    let organization = app.organization("Inbox", "America/Toronto").await;
    (app, organization)
}

pub async fn start(seed: u64) -> (App, Organization) {
    with(seed, settings(seed)).await
}

/// Seconds of the application's clock.
pub fn now(app: &App) -> i64 {
    let clock = app.clock.as_ref().expect("virtual time");
    i64::try_from(clock.wall().as_secs()).expect("a time within the calendar")
}

/// A webhook as it is set up, with its secret.
pub async fn create(app: &App, organization: &Organization, body: Value) -> Value {
    app.post("/api/webhooks", &organization.key, body)
        .await
        .expect(StatusCode::CREATED)
}

pub async fn standard(app: &App, organization: &Organization) -> Value {
    create(
        app,
        organization,
        json!({"name": "Orders", "scheme": "standard"}),
    )
    .await
}

pub fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

pub fn secret(webhook: &Value) -> &str {
    webhook["secret"].as_str().expect("a secret")
}

pub type Headers = Vec<(&'static str, String)>;

/// A delivery as it is sent to a path.
pub async fn deliver(app: &App, path: &str, headers: &Headers, body: impl Into<Bytes>) -> Answer {
    let mut request = Request::builder().method(Method::POST).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    send_raw(&app.runtime, request.body(body.into()).expect("a request")).await
}

/// The headers of Standard Webhooks, at this moment.
pub fn signed(app: &App, secret: &str, message: &str, body: &[u8]) -> Headers {
    signing::standard(secret, message, now(app), body)
}

/// Sends an event of Standard Webhooks.
pub async fn send(app: &App, webhook: &Value, message: &str, body: &str) -> Answer {
    let headers = signed(app, secret(webhook), message, body.as_bytes());
    let path = format!("/hooks/{}", id(webhook));
    deliver(app, &path, &headers, body.to_owned()).await
}

/// What came, in the order in which it was stored.
pub async fn events(app: &App, organization: &Organization) -> Vec<Value> {
    app.all("/api/webhook-events?oldest_first=true", &organization.key)
        .await
}
