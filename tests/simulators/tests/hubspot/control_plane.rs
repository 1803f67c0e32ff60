//! The control plane, for tests in another process.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, DEALS, World, request};

async fn control(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let path = format!("/_sim{path}");
    world
        .ask(request(method, &path, "", &body.to_string()))
        .await
        .unwrap()
}

async fn see(world: &World, path: &str) -> Value {
    let answer = control(world, Method::GET, path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.json()
}

#[tokio::test]
async fn the_account_is_seen_with_what_opens_it() {
    let world = World::demo();
    let account = see(&world, "/account").await;
    assert_eq!(account["portal_id"], 62_515);
    assert_eq!(account["time_zone"], "Australia/Sydney");
    let scopes = &account["tokens"]["pat-sim-harbour-1"]["scopes"];
    assert!(
        scopes
            .as_array()
            .unwrap()
            .contains(&json!("crm.objects.deals.write"))
    );
    assert_eq!(
        account["associations"]["502"][1],
        json!({"contact": 80_021, "label": "Spouse"})
    );
    assert_eq!(
        see(&world, "/owners").await[0]["email"],
        "mia.tan@example.test"
    );
    let users = see(&world, "/objects/users").await;
    assert_eq!(users.as_array().unwrap().len(), 13);
    assert_eq!(users[0]["properties"]["taking_on_clients"], "True");
    let missing = control(&world, Method::GET, "/objects/ships", &Value::Null).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn changes_are_applied_in_order_and_refused_when_they_name_nothing() {
    let world = World::demo();
    let changes = json!([
        {"op": "put_record", "kind": "deal", "id": 777, "properties": {"dealname": "New", "amount": null}},
        {"op": "associate", "deal": 777, "contact": 80_010},
        {"op": "put_record", "kind": "deal", "id": 777, "properties": {"service_package": "Seed"}},
        {"op": "put_owner", "owner": {"id": 7099, "email": "new@example.test", "first_name": "N",
         "last_name": "W", "user_id": 1}},
        {"op": "archive_record", "kind": "deal", "id": 501},
    ]);
    let answer = control(&world, Method::POST, "/changes", &changes).await;
    assert_eq!(answer.status, 204, "{:?}", answer.body);
    let deals = see(&world, "/objects/deals").await;
    let deals = deals.as_array().unwrap();
    let new = deals.iter().find(|deal| deal["id"] == 777).unwrap();
    assert_eq!(
        new["properties"],
        json!({"dealname": "New", "service_package": "Seed"})
    );
    let old = deals.iter().find(|deal| deal["id"] == 501).unwrap();
    assert_eq!(old["is_archived"], true);
    for (change, status, says) in [
        (
            json!({"op": "archive_record", "kind": "deal", "id": 999}),
            422,
            "record 999",
        ),
        (json!({"op": "archive_owner", "id": 999}), 422, "owner 999"),
        (
            json!({"op": "associate", "deal": 777, "contact": 1}),
            422,
            "record 1",
        ),
        (
            json!({"op": "put_record", "kind": "deal", "id": 1, "properties": {"x": "1"}}),
            422,
            "property x",
        ),
        (json!({"op": "revoke_token", "token": "x"}), 422, "token x"),
        (json!({"op": "explode"}), 400, "explode"),
    ] {
        let answer = control(&world, Method::POST, "/changes", &change).await;
        assert_eq!(answer.status, status, "{change}");
        let said = answer.json()["error"].to_string();
        assert!(said.contains(says), "{said}");
    }
}

#[tokio::test]
async fn patches_are_seen_and_forgotten() {
    let world = World::demo();
    world
        .patch(&format!("{DEALS}/501"), &json!({"advisor": "7001"}))
        .await;
    assert_eq!(
        see(&world, "/patches").await,
        json!([{"at_ms": 1_773_187_800_000_i64, "kind": "deal", "id": 501,
                "properties": {"advisor": "7001"}, "before": {"advisor": null}}])
    );
    control(&world, Method::DELETE, "/patches", &Value::Null).await;
    assert_eq!(see(&world, "/patches").await, json!([]));
}

#[tokio::test]
async fn settings_are_changed_in_part() {
    let world = World::demo();
    let patch = async |body: &Value| control(&world, Method::PATCH, "/settings", body).await;
    let changed = patch(&json!({"search_delay_ms": 60_000, "searches_per_second": null}))
        .await
        .json();
    assert_eq!(changed["search_delay_ms"], 60_000);
    assert_eq!(changed["searches_per_second"], Value::Null);
    assert_eq!(changed["requests_per_ten_seconds"], 190);
    assert_eq!(see(&world, "/settings").await, changed);
    assert_eq!(patch(&json!({"search_lag": 1})).await.status, 400);
}

#[tokio::test]
async fn a_delivery_is_built_for_who_posts_it() {
    let world = World::demo();
    let wanted = json!({"deal": 501, "workflow": {"url": "https://a.example.test/post/allocate",
                        "secret": "s", "form": "object"}});
    let answer = control(&world, Method::POST, "/deliveries", &wanted).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    let delivery = answer.json();
    assert_eq!(delivery["headers"]["x-hubspot-signature-version"], "v2");
    assert_eq!(
        delivery["headers"]["x-hubspot-request-timestamp"],
        "1773187800000"
    );
    assert_eq!(delivery["callback_id"], Value::Null);
    let body: Value = serde_json::from_str(delivery["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["id"], "501");
    let missing = json!({"deal": 1, "workflow": {"url": "https://a.example.test"}});
    let answer = control(&world, Method::POST, "/deliveries", &missing).await;
    assert_eq!(answer.status, 422);
}
