//! Rules: what can be said in them, what is refused, and what they would do.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{rule, start, tells};
use crate::api::problem;

#[tokio::test(start_paused = true)]
async fn a_rule_is_made_read_changed_and_deleted() {
    let (app, organization, slack) = start(701).await;
    let key = &organization.key;
    let body = json!({"name": "Large orders", "event": "webhook.received",
        "conditions": {"all": [{"pointer": "/type", "op": "equals", "value": "order.paid"},
            {"pointer": "/body/total", "op": "greater", "value": 100}]},
        "actions": [{"type": "slack_message", "connector_id": slack, "text": "Order {{ body.id }}"}]});
    let made = rule(&app, &organization, body.clone()).await;
    assert_eq!(made["conditions"], body["conditions"]);
    assert_eq!(made["actions"], body["actions"]);
    assert_eq!(
        (
            &made["is_enabled"],
            &made["position"],
            &made["default_rule"]
        ),
        (&json!(true), &json!(100), &Value::Null)
    );
    let path = format!("/api/automation-rules/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&path, key).await.expect(StatusCode::OK), made);
    let change =
        json!({"name": "Big orders", "is_enabled": false, "position": 5, "conditions": null});
    let changed = app
        .request(Method::PATCH, &path, key, Some(change))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (
            &changed["name"],
            &changed["is_enabled"],
            &changed["position"],
            &changed["conditions"]
        ),
        (&json!("Big orders"), &json!(false), &json!(5), &Value::Null)
    );
    assert_eq!(changed["actions"], made["actions"]);
    let names: Vec<_> = app
        .all("/api/automation-rules", key)
        .await
        .iter()
        .map(|rule| rule["name"].clone())
        .collect();
    // Those that every organization has come first.
    assert_eq!(names.len(), 5);
    assert_eq!(names[4], "Big orders");
    let gone = app.request(Method::DELETE, &path, key, None).await;
    assert_eq!(gone.expect(StatusCode::OK), changed);
    problem(&app.get(&path, key).await, 404, "not-found");
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_every_organization_has_is_switched_off_and_not_changed() {
    let (app, organization, _) = start(702).await;
    let key = &organization.key;
    let rules = app.all("/api/automation-rules", key).await;
    let defaults: Vec<_> = rules
        .iter()
        .map(|rule| rule["default_rule"].as_str().unwrap())
        .collect();
    assert_eq!(
        defaults,
        [
            "default-sync-completed",
            "default-sync-failed",
            "default-webhook-received",
            "default-api-key-expiring"
        ]
    );
    let path = format!("/api/automation-rules/{}", rules[0]["id"].as_str().unwrap());
    let off = json!({"is_enabled": false});
    let changed = app.request(Method::PATCH, &path, key, Some(off)).await;
    assert_eq!(changed.expect(StatusCode::OK)["is_enabled"], false);
    let renamed = app
        .request(Method::PATCH, &path, key, Some(json!({"name": "Mine"})))
        .await;
    let said = problem(&renamed, 400, "invalid-request");
    assert_eq!(said["errors"][0]["field"], "/name");
    let deleted = app.request(Method::DELETE, &path, key, None).await;
    problem(&deleted, 409, "conflict");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_rule_is_named() {
    let (app, organization, slack) = start(703).await;
    let other = app.organization("Other", "America/Toronto").await;
    let theirs = crate::notify::connect(&app, &other, crate::notify::bot()).await;
    let log = json!([{"type": "log", "text": "a"}]);
    let slack_of = |id: &str| json!([{"type": "slack_message", "connector_id": id, "text": "a"}]);
    for (body, fields) in [
        (json!({}), vec!["/name", "/event", "/actions"]),
        (
            json!({"name": "a", "event": "order.paid", "actions": log, "nmae": 1}),
            vec!["/nmae"],
        ),
        (
            json!({"name": "a", "event": "order", "actions": log}),
            vec!["/event"],
        ),
        (
            json!({"name": "a", "event": "sync.done", "actions": log}),
            vec!["/event"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": log, "position": -1}),
            vec!["/position"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": log, "position": "1"}),
            vec!["/position"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": []}),
            vec!["/actions"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": [{"type": "eval"}]}),
            vec!["/actions/0/type"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": [{"type": "log", "text": "{{ a"}]}),
            vec!["/actions/0/text"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": log, "conditions": {"pointer": "a", "op": "is", "value": 1}}),
            vec!["/conditions/pointer", "/conditions/op"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": slack_of(&theirs)}),
            vec!["/actions/0/connector_id"],
        ),
        (
            json!({"name": "a", "event": "a.b", "actions": [{"type": "run_sync", "connector_id": slack}]}),
            vec!["/actions/0/connector_id"],
        ),
    ] {
        let answer = app
            .post("/api/automation-rules", &organization.key, body.clone())
            .await;
        let said = problem(&answer, 400, "invalid-request");
        let mut found: Vec<_> = said["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        let mut fields = fields;
        fields.sort_unstable();
        assert_eq!(found, fields, "{body}");
    }
    assert_eq!(
        app.all("/api/automation-rules", &organization.key)
            .await
            .len(),
        4
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let (app, organization, _) = start(704).await;
    let key = &organization.key;
    let made = tells(
        &app,
        &organization,
        "Tell",
        "{{ body.who | \"somebody\" }} <ok>",
    )
    .await;
    let payload =
        json!({"webhook": {"name": "Orders"}, "type": "order.paid", "body": {"who": "Zoë & co"}});
    let asked = json!({"event": "webhook.received", "payload": payload});
    let said = app
        .post("/api/automation-rules/dry-run", key, asked)
        .await
        .expect(StatusCode::OK);
    assert_eq!(said["others"], 3);
    let fires = said["fires"].as_array().unwrap();
    assert_eq!(fires.len(), 2);
    assert_eq!(
        fires[0]["effects"][0]["effect"]["text"],
        "Webhook Orders received order.paid"
    );
    assert_eq!(fires[1]["rule_id"], made["id"]);
    assert_eq!(
        fires[1]["effects"][0]["effect"]["message"]["text"],
        "Zoë &amp; co <ok>"
    );
    // A rule that is not stored, and one that could do nothing.
    let action = json!({"type": "slack_message", "text": "{{ gone }}"});
    let given = json!({"name": "Try", "event": "a.*", "actions": [action], "is_enabled": false});
    let asked = json!({"event": "a.b", "payload": {}, "rule": given});
    let said = app
        .post("/api/automation-rules/dry-run", key, asked)
        .await
        .expect(StatusCode::OK);
    let effect = &said["fires"][0]["effects"][0];
    assert_eq!(said["fires"][0]["rule_id"], Value::Null);
    assert_eq!(
        (&effect["effect"], &effect["has_gap"]),
        (&Value::Null, &json!(true))
    );
    assert!(effect["error"].as_str().unwrap().contains("default"));
    for (asked, field) in [
        (json!({"event": "order", "payload": {}}), "/event"),
        (json!({"event": "a.b", "payload": []}), "/payload"),
        (json!({"event": "a.b"}), "/payload"),
        (
            json!({"event": "a.b", "payload": {}, "rule": {"name": "a"}}),
            "/rule/event",
        ),
    ] {
        let answer = app.post("/api/automation-rules/dry-run", key, asked).await;
        let said = problem(&answer, 400, "invalid-request");
        assert_eq!(said["errors"][0]["field"], field);
    }
    super::settle(&app, &organization).await;
    assert!(
        crate::notify::deliveries(&app, &organization)
            .await
            .is_empty()
    );
}
