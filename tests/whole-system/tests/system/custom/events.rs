//! What happens to records, as rules are told of it.

use http::StatusCode;
use serde_json::{Value, json};
use whole_system::{App, Organization};

use super::{assert_true, connect, custom, pass, put, remove, start, sync};
use crate::notify::{OPS, bot, texts};

fn named() -> Value {
    let mut body = custom("cursor");
    body["config"]["events"] = json!({"created": "invoice.created", "updated": "invoice.updated"});
    body
}

/// What the rule has posted; that a sync is over is told as well.
fn told(app: &App) -> Vec<String> {
    let mut told = texts(app, OPS);
    told.retain(|text| text.starts_with("Billing "));
    told
}

/// Ticks until nothing waits.
async fn settle(app: &App, organization: &Organization) {
    for _ in 0..100 {
        app.tick().await.expect(StatusCode::OK);
        let waiting: i64 = app
            .database()
            .query_row(
                "SELECT count(*) FROM events WHERE state = 'pending'",
                [],
                |row| row.get(0),
            )
            .expect("a count");
        if waiting == 0 {
            crate::notify::settle(app, organization).await;
            return;
        }
        pass(20).await;
    }
    panic!("there are events that are never worked on");
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_told_of_each_change_once_and_of_nothing_in_the_first_pass() {
    let (app, organization) = start(791).await;
    let slack = connect(&app, &organization, bot()).await;
    let rule = json!({"name": "Invoices", "event": "invoice.updated", "actions": [{"type": "slack_message",
        "connector_id": slack, "text": "{{ connector.name }} {{ external_id }} {{ change }} {{ record.total }}"}]});
    app.post("/api/automation-rules", &organization.key, rule)
        .await
        .expect(StatusCode::CREATED);
    put(&app, 1..=25, &json!({"total": 1}));
    let id = connect(&app, &organization, named()).await;
    sync(&app, &organization, &id, json!({})).await;
    settle(&app, &organization).await;
    assert_eq!(told(&app), [""; 0]);
    put(&app, [7], &json!({"total": 12}));
    put(&app, [26], &json!({"total": 3}));
    remove(&app, [1]);
    sync(&app, &organization, &id, json!({})).await;
    settle(&app, &organization).await;
    assert_eq!(told(&app), ["Billing 0007 updated 12"]);
    // The same list again tells of nothing.
    sync(&app, &organization, &id, json!({})).await;
    settle(&app, &organization).await;
    assert_eq!(told(&app).len(), 1);
    let raised: i64 = app
        .database()
        .query_row(
            "SELECT count(*) FROM events WHERE name IN ('invoice.created', 'invoice.updated')",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(raised, 2);
}

#[tokio::test(start_paused = true)]
async fn a_rule_has_the_list_synced() {
    let (app, organization) = start(792).await;
    let id = connect(&app, &organization, custom("cursor")).await;
    sync(&app, &organization, &id, json!({})).await;
    let webhook = crate::inbox::standard(&app, &organization).await;
    let rule = |streams: Value| {
        json!({"name": "Sync", "event": "webhook.received",
            "actions": [{"type": "run_sync", "connector_id": id, "streams": streams}]})
    };
    let wrong = app
        .post(
            "/api/automation-rules",
            &organization.key,
            rule(json!(["records", "shifts"])),
        )
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(wrong["errors"][0]["field"], "/actions/0/streams/1");
    app.post(
        "/api/automation-rules",
        &organization.key,
        rule(Value::Null),
    )
    .await
    .expect(StatusCode::CREATED);
    put(&app, [31], &json!({"total": 5}));
    let sent = crate::inbox::send(&app, &webhook, "msg_1", "{}").await;
    sent.expect(StatusCode::OK);
    for _ in 0..5 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    assert_true(&app, &organization, "after the rule").await;
}
