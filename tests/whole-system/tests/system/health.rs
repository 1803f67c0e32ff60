//! Whether connectors still work: each that is in use is asked every quarter of an hour, a change of its
//! state is logged once and told once, and who is cut off is asked no more.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::slack::Change;
use simulators::{Fault, FaultRule};
use whole_system::{App, Organization, SIMULATED_REST_ORIGIN};

use crate::api::problem;
use crate::inbox;
use crate::notify::{TOKEN, bot, change, connect, connector};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;
const MINUTE: u64 = 60;

async fn start(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Kitchen", "America/Toronto").await;
    (app, organization)
}

/// Lets time pass as an installation sees it: with a tick every 20 seconds.
async fn pass(app: &App, seconds: u64) {
    for _ in 0..seconds.div_ceil(20) {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        app.tick().await.expect(StatusCode::OK);
    }
}

fn rest(path: &str) -> Value {
    json!({"type": "api", "name": "Menu", "config": {
        "base_url": format!("{SIMULATED_REST_ORIGIN}/open"), "auth": {"type": "none"}, "test_path": path}})
}

async fn state(app: &App, organization: &Organization, id: &str) -> String {
    let shown = connector(app, organization, id).await;
    shown["state"].as_str().expect("a state").to_owned()
}

/// The states that the log tells of, the oldest first.
async fn logged(app: &App, organization: &Organization, id: &str) -> Vec<String> {
    let path = format!("/api/logs?event_type=connector&connector_id={id}&after=0");
    let rows = app.all(&path, &organization.key).await;
    rows.iter()
        .map(|row| row["code"].as_str().expect("a state").to_owned())
        .collect()
}

/// What people were told, and how often.
async fn told(app: &App, organization: &Organization) -> Vec<(String, i64)> {
    let notices = app.all("/api/notices", &organization.key).await;
    notices
        .iter()
        .map(|notice| {
            assert!(!notice["remedy"].as_str().unwrap().is_empty());
            let kind = notice["kind"].as_str().unwrap().to_owned();
            (kind, notice["count"].as_i64().unwrap())
        })
        .collect()
}

fn one(kind: &str) -> Vec<(String, i64)> {
    vec![(kind.to_owned(), 1)]
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_withdrawn_is_found_out_told_once_and_asked_about_no_more() {
    let (app, organization) = start(1_401).await;
    let id = connect(&app, &organization, bot()).await;
    pass(&app, 20 * MINUTE).await;
    let asked = app.slack.requests().len();
    assert!(asked >= 1, "nobody asked");
    assert_eq!(state(&app, &organization, &id).await, "active");
    assert!(logged(&app, &organization, &id).await.is_empty());
    change(
        &app,
        Change::RevokeToken {
            token: TOKEN.to_owned(),
        },
    );
    pass(&app, 17 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "revoked");
    assert_eq!(logged(&app, &organization, &id).await, ["revoked"]);
    assert_eq!(told(&app, &organization).await, one("connector.expired"));
    let asked = app.slack.requests().len();
    pass(&app, 40 * MINUTE).await;
    assert_eq!(app.slack.requests().len(), asked, "it is asked for ever");
    assert_eq!(told(&app, &organization).await, one("connector.expired"));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_down_is_told_once_and_mends_itself() {
    let (app, organization) = start(1_402).await;
    let id = connect(&app, &organization, rest("/items")).await;
    let down = Fault::status(StatusCode::INTERNAL_SERVER_ERROR);
    app.rest
        .add_fault(FaultRule::next(1_000, "/open/items", down));
    pass(&app, 45 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "error");
    let shown = connector(&app, &organization, &id).await;
    let reason = shown["state_reason"].as_str().unwrap();
    assert!(reason.contains("500"), "{reason}");
    assert_eq!(logged(&app, &organization, &id).await, ["error"]);
    assert_eq!(told(&app, &organization).await, one("connector.failing"));
    app.rest.clear_faults();
    pass(&app, 20 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "active");
    assert_eq!(logged(&app, &organization, &id).await, ["error", "active"]);
    assert_eq!(told(&app, &organization).await, one("connector.failing"));
}

#[tokio::test(start_paused = true)]
async fn one_bad_minute_is_no_change_of_state() {
    let (app, organization) = start(1_403).await;
    let id = connect(&app, &organization, rest("/items")).await;
    pass(&app, 10 * MINUTE).await;
    // One probe is three tries.
    app.rest
        .add_fault(FaultRule::next(3, "/open/items", Fault::reset()));
    pass(&app, 60 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "active");
    assert!(logged(&app, &organization, &id).await.is_empty());
    assert!(told(&app, &organization).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_is_paused_or_gone_is_not_asked() {
    let (app, organization) = start(1_404).await;
    let paused = connect(&app, &organization, rest("/items")).await;
    let slack = connect(&app, &organization, bot()).await;
    app.post(
        &format!("/api/connectors/{paused}/pause"),
        &organization.key,
        json!({}),
    )
    .await
    .expect(StatusCode::OK);
    app.request(
        Method::DELETE,
        &format!("/api/connectors/{slack}"),
        &organization.key,
        None,
    )
    .await
    .expect(StatusCode::OK);
    let before = (app.rest.requests().len(), app.slack.requests().len());
    pass(&app, 40 * MINUTE).await;
    assert_eq!(
        (app.rest.requests().len(), app.slack.requests().len()),
        before
    );
    app.post(
        &format!("/api/connectors/{paused}/resume"),
        &organization.key,
        json!({}),
    )
    .await
    .expect(StatusCode::OK);
    pass(&app, 20 * MINUTE).await;
    assert!(app.rest.requests().len() > before.0);
}

fn watching(webhook: &Value, silent_after_minutes: Value) -> Value {
    json!({"type": "webhook", "name": "Till", "config": {
        "webhook_id": webhook["id"], "silent_after_minutes": silent_after_minutes}})
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_falls_silent_is_told_and_one_that_speaks_again_works() {
    let (app, organization) = start(1_405).await;
    let webhook = inbox::standard(&app, &organization).await;
    let id = connect(&app, &organization, watching(&webhook, json!(60))).await;
    let test = async || {
        let path = format!("/api/connectors/{id}/test");
        app.post(&path, &organization.key, json!({}))
            .await
            .expect(StatusCode::OK)
    };
    let tested = test().await;
    assert_eq!(tested["success"], true, "{tested}");
    pass(&app, 50 * MINUTE).await;
    inbox::send(&app, &webhook, "msg_1", r#"{"type":"order.paid"}"#)
        .await
        .expect(StatusCode::OK);
    pass(&app, 45 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "active");
    pass(&app, 45 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "error");
    assert_eq!(told(&app, &organization).await, one("connector.failing"));
    let tested = test().await;
    assert_eq!(tested["success"], false);
    let detail = tested["detail"].as_str().unwrap();
    assert!(detail.contains("has brought nothing for"), "{detail}");
    inbox::send(&app, &webhook, "msg_2", r#"{"type":"order.paid"}"#)
        .await
        .expect(StatusCode::OK);
    pass(&app, 17 * MINUTE).await;
    assert_eq!(state(&app, &organization, &id).await, "active");
    // Paused and gone are other reasons.
    let path = format!("/api/webhooks/{}", inbox::id(&webhook));
    app.request(
        Method::PATCH,
        &path,
        &organization.key,
        Some(json!({"state": "paused"})),
    )
    .await
    .expect(StatusCode::OK);
    let tested = test().await;
    assert!(
        tested["detail"].as_str().unwrap().contains("is paused"),
        "{tested}"
    );
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    let tested = test().await;
    assert!(
        tested["detail"].as_str().unwrap().contains("is gone"),
        "{tested}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_connector_to_a_webhook_is_named() {
    let (app, organization) = start(1_406).await;
    let other = app.organization("Other", "America/Toronto").await;
    let theirs = inbox::standard(&app, &other).await;
    let ours = inbox::standard(&app, &organization).await;
    for (config, credentials, field) in [
        (json!({}), json!({}), "/config/webhook_id"),
        (
            json!({"webhook_id": "till"}),
            json!({}),
            "/config/webhook_id",
        ),
        // Another organization's is none.
        (
            json!({"webhook_id": theirs["id"]}),
            json!({}),
            "/config/webhook_id",
        ),
        (
            json!({"webhook_id": ours["id"], "silent_after_minutes": 4}),
            json!({}),
            "/config/silent_after_minutes",
        ),
        (
            json!({"webhook_id": ours["id"], "silent": 5}),
            json!({}),
            "/config/silent",
        ),
        (
            json!({"webhook_id": ours["id"]}),
            json!({"token": "t"}),
            "/credentials",
        ),
    ] {
        let body =
            json!({"type": "webhook", "name": "T", "config": config, "credentials": credentials});
        let answer = app
            .post("/api/connectors", &organization.key, body.clone())
            .await;
        let refused = problem(&answer, 400, "invalid-request");
        assert_eq!(refused["errors"][0]["field"], field, "{body}: {refused}");
    }
    assert!(
        app.all("/api/connectors", &organization.key)
            .await
            .is_empty()
    );
    let id = connect(&app, &organization, watching(&ours, Value::Null)).await;
    let path = format!("/api/connectors/{id}");
    let config = json!({"config": {"webhook_id": ours["id"], "silent_after_minutes": 1_440}});
    let changed = app
        .request(Method::PATCH, &path, &organization.key, Some(config))
        .await
        .expect(StatusCode::OK);
    assert_eq!(changed["config"]["silent_after_minutes"], 1_440);
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
}
