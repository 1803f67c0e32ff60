//! Webhooks that are sent: how endpoints are set up, that what they are sent is signed and tried again
//! on the published schedule, and what becomes of endpoints that fail.

mod failing;
mod managing;
mod sending;
mod targets;

use domain::webhook_signature::{self as signature, Delivery, Key, Options, Outcome, Scheme};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::receiver::{Received, Told};
use whole_system::{Answer, App, Organization, SIMULATED_RECEIVER_ORIGIN};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;

async fn start(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Product", "America/Toronto").await;
    (app, organization)
}

fn url(path: &str) -> String {
    format!("{SIMULATED_RECEIVER_ORIGIN}{path}")
}

async fn create(app: &App, organization: &Organization, path: &str) -> Value {
    let body = json!({"name": "Product", "url": url(path)});
    app.post("/api/outgoing-webhooks", &organization.key, body)
        .await
        .expect(StatusCode::CREATED)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

fn secret(endpoint: &Value) -> &str {
    endpoint["secret"].as_str().expect("a secret")
}

fn path_of(endpoint: &Value) -> String {
    format!("/api/outgoing-webhooks/{}", id(endpoint))
}

async fn read(app: &App, organization: &Organization, endpoint: &Value) -> Value {
    app.get(&path_of(endpoint), &organization.key)
        .await
        .expect(StatusCode::OK)
}

async fn patch(app: &App, organization: &Organization, endpoint: &Value, body: Value) -> Value {
    let path = path_of(endpoint);
    app.request(Method::PATCH, &path, &organization.key, Some(body))
        .await
        .expect(StatusCode::OK)
}

async fn rotate(app: &App, organization: &Organization, endpoint: &Value, body: Value) -> Value {
    let path = format!("{}/rotate-secret", path_of(endpoint));
    app.post(&path, &organization.key, body)
        .await
        .expect(StatusCode::OK)
}

/// Sends the endpoint an event; the answer is its delivery.
async fn test(app: &App, organization: &Organization, endpoint: &Value) -> Answer {
    let path = format!("{}/test", path_of(endpoint));
    app.request(Method::POST, &path, &organization.key, None)
        .await
}

async fn delivery(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/deliveries/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}

async fn retry(app: &App, organization: &Organization, id: &str) -> Answer {
    let path = format!("/api/deliveries/{id}/retry");
    app.post(&path, &organization.key, json!({})).await
}

fn received(app: &App) -> Vec<Received> {
    app.receiver.provider().received()
}

/// Has a path of the receiver answer this from now on.
fn tell(app: &App, path: &str, status: u16) {
    let status = StatusCode::from_u16(status).expect("a status");
    app.receiver.provider().tell(path, Told::status(status));
}

/// Whether what came is signed by this secret, as every receiver of Standard Webhooks checks it.
fn is_signed_by(received: &Received, secret: &str) -> bool {
    let headers: Vec<_> = received
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let delivery = Delivery {
        method: "POST",
        url: "",
        headers: &headers,
        body: &received.body,
    };
    let keys = [Key { id: "k", secret }];
    let now = received.at_ms / 1_000;
    let options = Options::default();
    match signature::verify(Scheme::Standard, &options, &delivery, &keys, now) {
        Ok(Outcome::Event(verified)) => {
            assert_eq!(
                verified.delivery_id.as_deref(),
                Some(received.header("webhook-id"))
            );
            true
        }
        Ok(other) => panic!("{other:?}"),
        Err(_) => false,
    }
}

async fn pass(seconds: i64) {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

/// Unix seconds of a time as answers write it.
fn seconds(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("no time: {time}"));
    chrono::DateTime::parse_from_rfc3339(text)
        .expect("a time")
        .timestamp()
}

/// Waits until the delivery is due, and ticks.
async fn next_attempt(app: &App, organization: &Organization, id: &str) -> Value {
    let waiting = delivery(app, organization, id).await;
    let due = seconds(&waiting["next_attempt_at"]);
    pass(due - now(app)).await;
    app.tick().await.expect(StatusCode::OK);
    delivery(app, organization, id).await
}

fn now(app: &App) -> i64 {
    use simulators::Provider as _;
    app.receiver.provider().clock().now_seconds()
}
