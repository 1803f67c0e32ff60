//! A scheduler that nobody makes tick is seen, however busy the callers are.

use http::StatusCode;
use serde_json::{Value, json};
use whole_system::{App, LAKESHORE, Organization};

use super::{HOUR, MINUTE, connected, let_pass, sleep};

async fn health(app: &App, status: StatusCode) -> Value {
    let health = app.get("/health", "").await.expect(status);
    health["services"]["scheduler"].clone()
}

/// Somebody who wants a sync now gets it without the cron trigger.
async fn sync(app: &App, organization: &Organization) {
    app.proxy(
        &organization.key,
        json!({"action": "scheduled_sync", "streams": ["locations"]}),
    )
    .await
    .expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn an_installation_whose_first_tick_never_comes_becomes_ill_once_something_is_due() {
    let app = App::simulate(73, super::at("2026-06-10T11:00:00-04:00")).await;
    sleep(HOUR).await;
    // Nothing is due, so nothing is missed.
    assert_eq!(health(&app, StatusCode::OK).await["status"], "waiting");
    connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    sleep(MINUTE).await;
    assert_eq!(health(&app, StatusCode::OK).await["status"], "waiting");
    sleep(MINUTE).await;
    let scheduler = health(&app, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(scheduler["status"], "stopped");
    assert_eq!(scheduler["last_tick_seconds_ago"], Value::Null);
    assert!(scheduler["lag_seconds"].as_i64().unwrap() >= 2 * MINUTE);

    app.tick().await.expect(StatusCode::OK);
    assert_eq!(health(&app, StatusCode::OK).await["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn syncs_that_callers_ask_for_do_not_stand_for_ticks() {
    let app = App::simulate(74, super::at("2026-06-10T11:00:00-04:00")).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    // Before the first tick as well as after the last.
    sync(&app, &organization).await;
    let scheduler = health(&app, StatusCode::OK).await;
    assert_eq!(scheduler["last_tick_seconds_ago"], Value::Null);

    let_pass(&app, 5 * MINUTE, 20).await;
    assert_eq!(health(&app, StatusCode::OK).await["status"], "ok");
    for _ in 0..4 {
        sleep(30).await;
        sync(&app, &organization).await;
    }
    let scheduler = health(&app, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(scheduler["status"], "stopped");
    assert!(scheduler["last_tick_seconds_ago"].as_i64().unwrap() >= 2 * MINUTE);
}
