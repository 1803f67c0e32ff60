//! Calls of the outbox: sent by the engine, each attempt noted, repeated only where that is safe.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};
use whole_system::{App, Organization};

use super::{EPOCH, TOKEN, api, connect, oauth, open, pass, start};

/// Has calls decided as an automation does, while the application is down.
async fn decide(
    app: &mut App,
    organization: &Organization,
    connector_id: &str,
    payloads: &[Value],
) {
    app.runtime.kill().await;
    let database = app.database();
    for (index, payload) in payloads.iter().enumerate() {
        let count: i64 = database
            .query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0))
            .unwrap();
        let id = format!("0190a5c0-0000-7000-8000-{:012}", count + 1);
        let job_id = format!("0190a5c0-0000-7000-9000-{:012}", count + 1);
        let created_at = EPOCH + i64::try_from(index).unwrap();
        database
            .execute(
                "INSERT INTO deliveries (id, organization_id, kind, connector_id, requested_by, payload, state, created_at)
                 VALUES (?1, ?2, 'api', ?3, 'automation', ?4, 'pending', ?5)",
                (&id, &organization.id, connector_id, payload.to_string(), created_at),
            )
            .unwrap();
        database
            .execute(
                "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state,
                   next_due_at, planned_trigger, created_at, updated_at)
                 VALUES (?1, 'outbox', ?2, ?3, ?4, 'rest-api', ?5, 'pending', ?6, 'manual', ?6, ?6)",
                (&job_id, &id, &organization.id, connector_id, format!("api:{connector_id}"), EPOCH),
            )
            .unwrap();
    }
    drop(database);
    app.crash().await;
}

/// Ticks until nothing waits.
async fn settle(app: &App, organization: &Organization) -> Vec<Value> {
    for _ in 0..400 {
        app.tick().await.expect(StatusCode::OK);
        let mut all = app.all("/api/deliveries", &organization.key).await;
        if all.iter().all(|one| one["state"] != "pending") {
            all.sort_by_key(|one| one["id"].as_str().unwrap_or_default().to_owned());
            return all;
        }
        pass(20).await;
    }
    panic!("it never ends");
}

fn post(name: &str) -> Value {
    json!({"method": "POST", "path": "/items", "query": [], "body": {"name": name}})
}

fn names(app: &App) -> Vec<String> {
    let items = app.rest.provider().items();
    let names = items.list().into_iter().map(|item| item["name"].clone());
    names
        .map(|name| name.as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn calls_go_out_in_the_order_in_which_they_were_decided() {
    let (mut app, organization) = start(741).await;
    let id = connect(&app, &organization, oauth("oauth2_refresh_token", "basic")).await;
    decide(
        &mut app,
        &organization,
        &id,
        &[post("a"), post("b"), post("c")],
    )
    .await;
    let all = settle(&app, &organization).await;
    assert_eq!(names(&app), ["a", "b", "c"]);
    for one in &all {
        assert_eq!(
            (&one["state"], &one["kind"]),
            (&json!("delivered"), &json!("api")),
            "{one:#}"
        );
        assert_eq!(one["result"]["status"], 201);
        assert_eq!(one["attempts"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(app.rest.provider().authority().issued(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_safe_to_repeat_is_sent_until_it_is_taken() {
    let (mut app, organization) = start(742).await;
    let id = connect(&app, &organization, open()).await;
    let faults = [
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::too_many_requests(Some(90)),
    ];
    for fault in faults {
        app.rest.add_fault(FaultRule::next(3, "/open/items", fault));
    }
    decide(&mut app, &organization, &id, &[post("a")]).await;
    let all = settle(&app, &organization).await;
    assert_eq!(all[0]["state"], "delivered", "{all:#?}");
    assert!(all[0]["attempts"].as_array().unwrap().len() > 1, "{all:#?}");
    assert_eq!(names(&app), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_happened_is_not_sent_again_and_says_so() {
    let (mut app, organization) = start(743).await;
    let id = connect(&app, &organization, open()).await;
    app.rest.add_fault(FaultRule::once(
        "/open/items",
        Fault::Reset {
            after_handling: true,
        },
    ));
    app.rest.add_fault(FaultRule::once(
        "/open/items",
        Fault::status(StatusCode::UNPROCESSABLE_ENTITY),
    ));
    decide(&mut app, &organization, &id, &[post("a"), post("b")]).await;
    let all = settle(&app, &organization).await;
    assert_eq!(all[0]["error_code"], "may_have_happened", "{all:#?}");
    assert_eq!(all[0]["attempts"][0]["may_have_happened"], true);
    assert_eq!(all[1]["error_code"], "invalid_request", "{all:#?}");
    assert_eq!(all[1]["attempts"][0]["status"], 422);
    assert_eq!(names(&app), ["a"]);
    // By hand it is.
    let path = format!("/api/deliveries/{}/retry", all[1]["id"].as_str().unwrap());
    app.post(&path, &organization.key, json!({}))
        .await
        .expect(StatusCode::ACCEPTED);
    let all = settle(&app, &organization).await;
    assert_eq!(all[1]["state"], "delivered", "{all:#?}");
    assert_eq!(names(&app), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_in_no_delivery_and_a_removed_connector_sends_none() {
    let (mut app, organization) = start(744).await;
    let body = api("bearer", json!({"type": "bearer"}), json!({"token": TOKEN}));
    let id = connect(&app, &organization, body).await;
    let echo = json!({"method": "PUT", "path": "/echo", "query": [], "body": {}});
    decide(&mut app, &organization, &id, &[echo]).await;
    let all = settle(&app, &organization).await;
    assert_eq!(all[0]["state"], "delivered", "{all:#?}");
    assert!(!json!(all).to_string().contains(TOKEN), "{all:#?}");
    let path = format!("/api/connectors/{id}");
    app.post(&format!("{path}/pause"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    decide(&mut app, &organization, &id, &[post("a")]).await;
    app.tick().await.expect(StatusCode::OK);
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    let all = settle(&app, &organization).await;
    assert_eq!(all[1]["error_code"], "disconnected", "{all:#?}");
    let path = format!("/api/deliveries/{}/retry", all[1]["id"].as_str().unwrap());
    let answer = app.post(&path, &organization.key, json!({})).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(names(&app).is_empty());
}
