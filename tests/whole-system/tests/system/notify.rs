//! Messages to Slack: how it is connected, that what was decided is posted, and what a manager reads
//! where it is not.

mod connecting;
mod delivering;

use http::StatusCode;
use serde_json::{Value, json};
use simulators::slack::{Change, PostedMessage};
use whole_system::{Answer, App, Organization};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
pub const EPOCH: i64 = 1_790_000_000;
pub const TOKEN: &str = "xoxb-sim-lakeshore-1";
pub const SECRET: &str = "simslackLakeshoreOps0001";
pub const SERVICE: &str = "B0OPSHOOK";
pub const OPS: &str = "C0OPERATN";
pub const SHIFTS: &str = "C0SHIFTSS";

pub async fn start(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Kitchen", "America/Toronto").await;
    (app, organization)
}

pub fn bot() -> Value {
    json!({"type": "slack", "name": "Kitchen bot", "credentials": {"bot_token": TOKEN},
        "config": {"default_channel": OPS}})
}

pub fn webhook() -> Value {
    let url = format!("https://hooks.slack.com/services/T0LAKESHR/{SERVICE}/{SECRET}");
    json!({"type": "slack", "name": "Ops", "integration_key": "ops", "credentials": {"webhook_url": url}})
}

pub async fn connect(app: &App, organization: &Organization, body: Value) -> String {
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    made["id"].as_str().expect("an id").to_owned()
}

pub async fn notify(
    app: &App,
    organization: &Organization,
    connector_id: &str,
    message: Value,
) -> Answer {
    let body = json!({"connector_id": connector_id, "message": message});
    app.post("/functions/v1/slack-notify", &organization.key, body)
        .await
}

pub async fn deliveries(app: &App, organization: &Organization) -> Vec<Value> {
    app.all("/api/deliveries", &organization.key).await
}

pub async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}

pub fn posted(app: &App, channel: &str) -> Vec<PostedMessage> {
    app.slack.provider().messages(channel)
}

pub fn texts(app: &App, channel: &str) -> Vec<String> {
    posted(app, channel)
        .iter()
        .map(|post| post.message["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

pub fn change(app: &App, change: Change) {
    app.slack
        .provider()
        .change(change)
        .expect("the change is possible");
}

pub async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

/// Ticks, as a scheduler would, until nothing waits to be sent.
pub async fn settle(app: &App, organization: &Organization) -> Vec<Value> {
    for _ in 0..200 {
        app.tick().await.expect(StatusCode::OK);
        let all = deliveries(app, organization).await;
        if all.iter().all(|one| one["state"] != "pending") {
            let left: i64 = app
                .database()
                .query_row(
                    "SELECT count(*) FROM jobs WHERE kind = 'outbox'",
                    [],
                    |row| row.get(0),
                )
                .expect("jobs can be counted");
            assert_eq!(left, 0, "a job is left of what is done");
            return all;
        }
        pass(20).await;
    }
    panic!("it never ends: {:#?}", deliveries(app, organization).await);
}
