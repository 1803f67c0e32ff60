//! What the account is asked to call.

use http::{Method, StatusCode};
use serde_json::json;
use simulators::seven_shifts::{Mutation, Resource};

use crate::support::{LAKESHORE, NOW, World, ids, zulu};

#[tokio::test]
async fn a_webhook_is_made_once_changed_in_its_url_and_deleted() {
    let world = World::demo();
    let body = json!({
        "url": "https://hooks.example.test/7s", "method": "post", "event": "time_punch.created",
    });
    let made = world.write(Method::POST, "webhooks", &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    let stamp = zulu(NOW).replace('Z', "+00:00");
    assert_eq!(made["object"], "webhook");
    let id = made["data"]["id"].as_i64().unwrap();
    assert_eq!(
        made["data"],
        json!({
            "id": id, "company_id": LAKESHORE, "url": "https://hooks.example.test/7s",
            "method": "post", "event": "time_punch.created", "created": stamp, "modified": stamp,
        })
    );
    let again = world.write(Method::POST, "webhooks", &body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    world.clock.advance_seconds(60);
    let changed = world
        .write(
            Method::PUT,
            &format!("webhooks/{id}"),
            &json!({"url": "https://hooks.example.test/new", "event": "user.modified"}),
        )
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["data"]["event"], "time_punch.created");
    assert_eq!(
        changed.json()["data"]["url"],
        "https://hooks.example.test/new"
    );
    let listed = world.walk("webhooks").await;
    assert_eq!(ids(&listed), [id]);
    assert_eq!(world.own("webhooks").await["object"], "webhooks");
    assert!(
        world
            .walk("webhooks?modified_since=2100-01-01")
            .await
            .is_empty()
    );
    let deleted = world
        .write(Method::DELETE, &format!("webhooks/{id}"), &json!({}))
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let gone = world
        .write(Method::DELETE, &format!("webhooks/{id}"), &json!({}))
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(world.truth().webhooks.is_empty());
}

#[tokio::test]
async fn what_no_webhook_can_be_is_refused() {
    let world = World::demo();
    for (body, param) in [
        (json!({"method": "post", "event": "user.modified"}), "url"),
        (json!({"url": "https://a.test", "method": "post"}), "event"),
        (
            json!({"url": "https://a.test", "event": "user.modified"}),
            "method",
        ),
        (
            json!({"url": "https://a.test", "event": "user.modified", "method": "get"}),
            "method",
        ),
    ] {
        let answer = world.write(Method::POST, "webhooks", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.json()["param"], param);
    }
    world.change(Mutation::SetPlan {
        resource: Resource::Webhooks,
        included: false,
    });
    assert_eq!(world.refused("webhooks").await.0, StatusCode::FORBIDDEN);
    let body = json!({"url": "https://a.test", "event": "user.modified", "method": "post"});
    let answer = world.write(Method::POST, "webhooks", &body).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
