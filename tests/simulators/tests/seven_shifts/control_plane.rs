//! The control plane: everything the library does, over HTTP.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, LAKESHORE, TOKEN, World};

async fn control(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        Bytes::new()
    } else {
        Bytes::from(body.to_string())
    };
    let request = Request::builder()
        .method(method)
        .uri(format!("/_sim{path}"))
        .body(body)
        .unwrap();
    world.ask(request).await.unwrap()
}

#[tokio::test]
async fn accounts_and_truth_are_told_without_a_credential() {
    let world = World::demo();
    let health = control(&world, Method::GET, "/health", &Value::Null).await;
    assert_eq!(health.status, StatusCode::OK);
    let accounts = control(&world, Method::GET, "/accounts", &Value::Null)
        .await
        .json();
    assert_eq!(accounts[0]["company_id"], LAKESHORE);
    assert_eq!(accounts[0]["timezone"], "America/Toronto");
    assert_eq!(
        accounts[0]["tokens"][0],
        json!({"value": TOKEN, "kind": "access"})
    );
    assert_eq!(accounts[1]["tokens"][1]["kind"], "oauth");
    let truth = control(&world, Method::GET, "/companies/4410/truth", &Value::Null)
        .await
        .json();
    assert_eq!(
        truth["time_punches"].as_array().unwrap().len(),
        world.truth().time_punches.len()
    );
    assert!(truth["shifts"][0]["start"].is_i64());
    assert!(truth["time_punches"][0]["breaks"].is_array());
    let unknown = control(&world, Method::GET, "/companies/1/truth", &Value::Null).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(world.simulator.requests().is_empty(), "no trace in the log");
}

#[tokio::test]
async fn changes_are_made_one_or_many_and_what_is_wrong_is_told() {
    let world = World::demo();
    let truth = world.truth();
    let post =
        async |body: &Value| control(&world, Method::POST, "/companies/4410/mutations", body).await;
    let one = post(&json!({"op": "rename_location", "id": truth.locations[0].id, "name": "Pier"}))
        .await
        .json();
    assert_eq!(one, json!({"ids": [truth.locations[0].id]}));
    assert_eq!(world.truth().locations[0].name, "Pier");
    let many = post(&json!([
        {"op": "delete_punch", "id": truth.time_punches[0].id},
        {"op": "add_shift", "location_id": truth.locations[0].id, "start": 10, "end": 20},
        {"op": "edit_punch", "id": truth.time_punches[1].id, "changes": {"tips": 5}},
        {"op": "set_plan", "resource": "shifts", "included": false},
    ]))
    .await;
    assert_eq!(many.status, StatusCode::OK, "{:?}", many.body);
    assert_eq!(many.json()["ids"].as_array().unwrap().len(), 4);
    let impossible = post(&json!({"op": "delete_punch", "id": 1})).await;
    assert_eq!(impossible.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        impossible.json()["error"],
        "time punch 1 does not exist in the simulator"
    );
    for (wrong, names) in [
        (json!({"op": "fire_everyone"}), "fire_everyone"),
        (json!({"op": "delete_punch", "id": 1, "why": 2}), "why"),
        (
            json!({"op": "edit_punch", "id": 1, "changes": {"tip": 5}}),
            "tip",
        ),
    ] {
        let answer = post(&wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        let error = answer.json()["error"].to_string();
        assert!(error.contains(names), "{error}");
    }
}

#[tokio::test]
async fn faults_are_added_listed_and_cleared() {
    let world = World::demo();
    let rule = json!({
        "method": "GET", "path_prefix": "/v2/whoami", "when": {"next": {"requests": 2}},
        "fault": {"kind": "status", "status": 429, "retry_after": {"seconds": 3}},
    });
    let added = control(&world, Method::POST, "/faults", &rule).await;
    assert_eq!(added.status, StatusCode::CREATED);
    let answer = world.get("/v2/whoami").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), Some("3"));
    let listed = control(&world, Method::GET, "/faults", &Value::Null).await;
    assert_eq!(listed.json().as_array().unwrap().len(), 1);
    control(&world, Method::DELETE, "/faults", &Value::Null).await;
    assert_eq!(world.get("/v2/whoami").await.status, StatusCode::OK);
    let wrong = json!({"when": "always", "fault": {"kind": "explode"}});
    let refused = control(&world, Method::POST, "/faults", &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_log_is_read_and_cleared() {
    let world = World::demo();
    world.get("/v2/whoami").await;
    world.get("/v2/companies").await;
    let log = control(&world, Method::GET, "/requests", &Value::Null)
        .await
        .json();
    assert_eq!(log[1]["path"], "/v2/companies");
    assert_eq!(log[1]["status"], 200);
    let peak = control(&world, Method::GET, "/requests/peak", &Value::Null)
        .await
        .json();
    assert_eq!(peak, json!({"peak": 2, "by_token": {TOKEN: 2}}));
    control(&world, Method::DELETE, "/requests", &Value::Null).await;
    assert!(world.simulator.requests().is_empty());
}

#[tokio::test]
async fn settings_are_changed_in_part_and_null_switches_a_limit_off() {
    let world = World::demo();
    let patch = async |body: &Value| control(&world, Method::PATCH, "/settings", body).await;
    let changed = patch(&json!({"rate_limit": {"requests_per_second": 1}, "max_limit": 50}))
        .await
        .json();
    assert_eq!(changed["max_limit"], 50);
    assert_eq!(changed["rate_limit"]["requests_per_second"], 1);
    assert_eq!(world.get("/v2/whoami").await.status, StatusCode::OK);
    assert_eq!(
        world.get("/v2/whoami").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    patch(&json!({"rate_limit": {"requests_per_second": null}})).await;
    assert_eq!(world.get("/v2/whoami").await.status, StatusCode::OK);
    let misspelt = patch(&json!({"maximum": 5})).await;
    assert_eq!(misspelt.status, StatusCode::BAD_REQUEST);
    let unknown = control(&world, Method::GET, "/nothing", &Value::Null).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
