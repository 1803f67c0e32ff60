//! The control plane, for tests in another process.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, OPS, SERVICE, TOKEN, World, request};

async fn control(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let path = format!("/_sim{path}");
    world
        .ask(request(method, &path, &[], body.to_string()))
        .await
        .unwrap()
}

#[tokio::test]
async fn workspaces_are_listed_with_what_opens_them() {
    let world = World::demo();
    let teams = control(&world, Method::GET, "/workspaces", &Value::Null)
        .await
        .json();
    assert_eq!(teams[0]["id"], "T0LAKESHR");
    let webhook = &teams[0]["webhooks"][SERVICE];
    assert_eq!(webhook["channel_id"], OPS);
    assert_eq!(webhook["state"], "active");
    assert_eq!(
        teams[0]["bots"][TOKEN]["scopes"],
        json!(["chat:write", "chat:write.customize"])
    );
    let names: Vec<_> = teams[0]["channels"]
        .as_object()
        .unwrap()
        .values()
        .map(|channel| channel["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["general", "ops", "shifts"]);
    let workspaces = world.simulator.provider().workspaces();
    assert_eq!(
        workspaces.list()[0].webhook_urls(),
        [(
            "https://hooks.slack.com/services/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"
                .to_owned(),
            "ops".to_owned()
        )]
    );
}

#[tokio::test]
async fn messages_are_read_and_cleared() {
    let world = World::demo();
    world.say(&json!({"text": "Zoë"})).await;
    let path = format!("/channels/{OPS}/messages");
    let messages = control(&world, Method::GET, &path, &Value::Null)
        .await
        .json();
    assert_eq!(
        messages,
        json!([{
            "ts": "1790000000.000000", "at_ms": 1_790_000_000_000_i64,
            "sender": {"webhook": SERVICE}, "raw": "{\"text\":\"Zoë\"}",
            "message": {"text": "Zoë"},
        }])
    );
    control(&world, Method::DELETE, "/messages", &Value::Null).await;
    let messages = control(&world, Method::GET, &path, &Value::Null)
        .await
        .json();
    assert_eq!(messages, json!([]));
    let unknown = control(&world, Method::GET, "/channels/C1/messages", &Value::Null).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn changes_are_applied_in_order_and_refused_when_they_name_nothing() {
    let world = World::demo();
    let changes = json!([
        {"op": "archive_channel", "channel": OPS},
        {"op": "open_channel", "channel": OPS},
        {"op": "fail_next", "credential": SERVICE, "failure": {"word": "no_team", "status": 500}},
    ]);
    let answer = control(&world, Method::POST, "/changes", &changes).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(
        world.say(&json!({"text": "a"})).await,
        (500, "no_team".to_owned())
    );
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    for (wrong, status, names) in [
        (
            json!({"op": "archive_channel", "channel": "C1"}),
            422,
            "channel C1 does not exist",
        ),
        (
            json!({"op": "remove_webhook", "service": "B1"}),
            422,
            "webhook B1",
        ),
        (json!({"op": "revoke_token", "token": "x"}), 422, "token x"),
        (json!({"op": "disable_team", "team": "T1"}), 422, "team T1"),
        (
            json!({"op": "fail_next", "credential": "x", "failure": {"word": "a"}}),
            422,
            "token x",
        ),
        (json!({"op": "explode"}), 400, "explode"),
        (
            json!({"op": "open_channel", "channel": OPS, "why": 1}),
            400,
            "why",
        ),
    ] {
        let answer = control(&world, Method::POST, "/changes", &wrong).await;
        assert_eq!(answer.status, status, "{wrong}");
        let error = answer.json()["error"].to_string();
        assert!(error.contains(names), "{error}");
    }
}

#[tokio::test]
async fn settings_are_changed_in_part() {
    let world = World::demo();
    let patch = async |body: &Value| control(&world, Method::PATCH, "/settings", body).await;
    let changed = patch(&json!({"burst": 1, "statuses": {"no_text": 422}}))
        .await
        .json();
    assert_eq!(changed["burst"], 1);
    assert_eq!(changed["statuses"]["no_text"], 422);
    assert_eq!(changed["statuses"]["no_team"], 404);
    assert_eq!(world.say(&json!({})).await, (422, "no_text".to_owned()));
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 429);
    patch(&json!({"burst": null})).await;
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    assert_eq!(patch(&json!({"bursts": 1})).await.status, 400);
}

#[tokio::test]
async fn what_is_common_to_simulators_is_there_too() {
    let world = World::demo();
    let health = control(&world, Method::GET, "/health", &Value::Null).await;
    assert_eq!(health.json()["status"], "ok");
    world.say(&json!({"text": "a"})).await;
    let log = control(&world, Method::GET, "/requests", &Value::Null)
        .await
        .json();
    assert_eq!(
        (&log[0]["method"], &log[0]["status"]),
        (&json!("POST"), &json!(200))
    );
}
