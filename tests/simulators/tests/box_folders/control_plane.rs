//! The control plane, for tests in another process.

use http::{Method, Request, StatusCode};
use providers::box_folders::AppConfig;
use serde_json::{Value, json};
use simulators::box_folders::{CLIENT_ID, CLIENTS};

use crate::support::{Answer, World};

async fn control(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_sim{path}"))
        .body(body.to_string().into())
        .unwrap();
    world.ask(request).await.unwrap()
}

#[tokio::test]
async fn an_app_can_be_connected_from_elsewhere() {
    let world = World::demo();
    let enterprise = control(&world, Method::GET, "/enterprise", &Value::Null)
        .await
        .json();
    assert_eq!(enterprise["id"], "27335");
    assert_eq!(
        enterprise["users"]["22000001"]["login"],
        "ops@harbour.example"
    );
    assert!(enterprise["apps"][CLIENT_ID].get("key").is_none());
    let path = format!("/apps/{CLIENT_ID}/config");
    let file = control(&world, Method::GET, &path, &Value::Null).await;
    let config = AppConfig::parse(std::str::from_utf8(&file.body).unwrap()).unwrap();
    config.signing_key().unwrap();
    let nobody = control(&world, Method::GET, "/apps/x/config", &Value::Null).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn folders_are_changed_and_shown() {
    let world = World::demo();
    let changes = json!([
        {"op": "add_folder", "name": "Sam Lee", "parent": world.id(CLIENTS), "user": "22000001"},
        {"op": "describe", "item": world.id(CLIENTS), "description": "all"},
        {"op": "expire_tokens"},
    ]);
    let answer = control(&world, Method::POST, "/changes", &changes).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let items = control(&world, Method::GET, "/items", &Value::Null)
        .await
        .json();
    let named = |name: &str| {
        items
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(named("Sam Lee")["parent"], world.id(CLIENTS));
    assert_eq!(named(CLIENTS)["description"], "all");
    let unknown = json!({"op": "trash", "item": 7});
    let answer = control(&world, Method::POST, "/changes", &unknown).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = json!({"op": "explode"});
    let answer = control(&world, Method::POST, "/changes", &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn settings_are_changed_in_part() {
    let world = World::demo();
    let patch = json!({"copy_ms": 5, "conflicts": "missing"});
    let settings = control(&world, Method::PATCH, "/settings", &patch)
        .await
        .json();
    assert_eq!(settings["copy_ms"], 5);
    assert_eq!(settings["calls_per_minute"], 1_000);
    let shown = control(&world, Method::GET, "/settings", &Value::Null)
        .await
        .json();
    assert_eq!(shown, settings);
}
