//! The control plane, for tests in another process.

use http::Method;
use serde_json::{Value, json};
use simulators::employment_hero::HARBOUR;

use crate::support::{Answer, World, request};

async fn control(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let path = format!("/_sim{path}");
    world
        .ask(request(method, &path, &[], body.to_string()))
        .await
}

#[tokio::test]
async fn what_there_is_can_be_looked_at() {
    let world = World::demo();
    let answer = control(&world, Method::GET, "/organisations", &Value::Null).await;
    let organisations = answer.json();
    assert_eq!(organisations[0]["id"], HARBOUR);
    assert_eq!(organisations[0]["employees"].as_array().unwrap().len(), 16);
    assert_eq!(organisations[0]["leave_requests"][0]["status"], "Approved");
    assert_eq!(organisations.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn grants_are_made_without_a_browser_and_withdrawn() {
    let world = World::demo();
    let tokens = control(&world, Method::POST, "/grants", &json!({})).await;
    assert_eq!(tokens.status, 201);
    let tokens = tokens.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.get(access, "organisations").await.status, 200);
    control(&world, Method::DELETE, "/tokens/access", &Value::Null).await;
    assert_eq!(world.get(access, "organisations").await.status, 401);
    control(&world, Method::DELETE, "/grants", &Value::Null).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(world.refresh(refresh).await.status, 400);
    let counts = control(&world, Method::GET, "/tokens", &Value::Null).await;
    assert_eq!(
        counts.json(),
        json!({"codes": 0, "issued": 1, "refreshed": 0, "asked": 1, "replayed_codes": 0,
            "reused": 0, "burnt_grants": 0, "live_grants": 0})
    );
    let other = json!({"login": "owner@other.example.test"});
    let tokens = control(&world, Method::POST, "/grants", &other)
        .await
        .json();
    let access = tokens["access_token"].as_str().unwrap();
    let seen = world.get(access, "organisations").await.json();
    assert_eq!(seen["data"]["items"][0]["name"], "Other Firm");
}

#[tokio::test]
async fn answers_are_scripted() {
    let world = World::demo();
    let token = world
        .provider()
        .grant("consultant@example.test")
        .refresh_token
        .unwrap();
    let script =
        json!([400, {"status": 400, "message": "odd"}, {"status": 429, "error": "slow_down"}, 200]);
    let answer = control(&world, Method::POST, "/tokens/script", &script).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(
        world.refresh(&token).await.word(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(
        world.refresh(&token).await.json(),
        json!({"message": "odd"})
    );
    assert_eq!(
        world.refresh(&token).await.word(),
        (429, "slow_down".to_owned())
    );
    assert_eq!(world.refresh(&token).await.status, 200);
    let wrong = control(&world, Method::POST, "/tokens/script", &json!(["no"])).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn changes_are_applied_in_order_and_refused_when_they_name_nothing() {
    let world = World::demo();
    let organisations = world.provider().organisations();
    let mia = organisations.get(HARBOUR).unwrap().employees[0].id.clone();
    let leave = json!({"id": "new", "employee_id": mia, "start_date": "2026-10-05",
        "end_date": "2026-10-06", "status": "Pending", "category": "Annual Leave"});
    let changes = json!([
        {"op": "add_leave", "organisation": HARBOUR, "leave": leave},
        {"op": "set_leave_status", "id": "new", "status": "APPROVED"},
        {"op": "set_mails", "id": mia, "account_email": "new@example.test"},
        {"op": "set_employee_status", "id": mia, "status": "former"},
        {"op": "swap_after_pages", "list": "leave_requests", "times": 2},
    ]);
    let answer = control(&world, Method::POST, "/changes", &changes).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let token = world.access_token();
    let path = format!("organisations/{HARBOUR}/employees/{mia}");
    let person = world.get(&token, &path).await.json();
    assert_eq!(person["data"]["company_email"], Value::Null);
    assert_eq!(person["data"]["status"], "former");
    let path = format!("organisations/{HARBOUR}/leave_requests/new");
    let leave = world.get(&token, &path).await.json();
    assert_eq!(leave["data"]["total_hours"], 15.2);
    let removed = json!({"op": "remove_employee", "id": mia});
    control(&world, Method::POST, "/changes", &removed).await;
    assert_eq!(world.get(&token, &path).await.status, 404);
    for (wrong, status, names) in [
        (
            json!({"op": "withdraw_leave", "id": "x"}),
            422,
            "leave request x",
        ),
        (
            json!({"op": "remove_employee", "id": "x"}),
            422,
            "employee x",
        ),
        (json!({"op": "explode"}), 400, "explode"),
        (
            json!({"op": "withdraw_leave", "id": "x", "why": 1}),
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
    let changed = patch(
        &json!({"rotation": "off", "per_second": null, "consent": "refuse",
        "redirect_uris": ["http://127.0.0.1:1/back"], "withheld_scopes": ["employees"]}),
    )
    .await
    .json();
    assert_eq!(changed["rotation"], "off");
    assert_eq!(changed["per_minute"], 100);
    let settings = control(&world, Method::GET, "/settings", &Value::Null).await;
    assert_eq!(settings.json(), changed);
    let graced = patch(&json!({"rotation": {"grace": {"seconds": 9}}})).await;
    assert_eq!(graced.status, 200, "{graced:?}");
    assert_eq!(patch(&json!({"per_hour": 1})).await.status, 400);
    let health = control(&world, Method::GET, "/health", &Value::Null).await;
    assert_eq!(health.json()["status"], "ok");
}
