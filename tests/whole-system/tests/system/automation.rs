//! Automation: what follows from an event, once, whatever happens in between.

mod logging;
mod making;
mod telling;
mod working;

use http::StatusCode;
use serde_json::{Value, json};
use whole_system::{App, Organization, Settings};

use crate::inbox::{settings, with};
use crate::notify::{bot, connect};

/// An organization with a connector to Slack.
async fn start(seed: u64) -> (App, Organization, String) {
    start_with(seed, settings(seed)).await
}

async fn start_with(seed: u64, settings: Settings) -> (App, Organization, String) {
    let (app, organization) = with(seed, settings).await;
    let slack = connect(&app, &organization, bot()).await;
    (app, organization, slack)
}

async fn rule(app: &App, organization: &Organization, body: Value) -> Value {
    app.post("/api/automation-rules", &organization.key, body)
        .await
        .expect(StatusCode::CREATED)
}

/// A rule that posts a text when a webhook has brought something.
async fn tells(app: &App, organization: &Organization, name: &str, text: &str) -> Value {
    let action = json!({"type": "slack_message", "text": text});
    rule(
        app,
        organization,
        json!({"name": name, "event": "webhook.received", "actions": [action]}),
    )
    .await
}

async fn notices(app: &App, organization: &Organization) -> Vec<Value> {
    app.all("/api/notices?state=open", &organization.key).await
}

/// Of notices, the kinds in the order of the alphabet.
async fn kinds(app: &App, organization: &Organization) -> Vec<String> {
    let mut kinds: Vec<_> = notices(app, organization)
        .await
        .iter()
        .map(|notice| notice["kind"].as_str().expect("a kind").to_owned())
        .collect();
    kinds.sort();
    kinds
}

/// Ticks until no event waits and nothing is left to be sent.
async fn settle(app: &App, organization: &Organization) {
    for _ in 0..200 {
        app.tick().await.expect(StatusCode::OK);
        let waiting: i64 = app
            .database()
            .query_row(
                "SELECT (SELECT count(*) FROM webhook_events WHERE state = 'pending')
                      + (SELECT count(*) FROM events WHERE state = 'pending')",
                [],
                |row| row.get(0),
            )
            .expect("events can be counted");
        if waiting == 0 {
            crate::notify::settle(app, organization).await;
            return;
        }
        crate::notify::pass(20).await;
    }
    panic!("there are events that are never worked on");
}
