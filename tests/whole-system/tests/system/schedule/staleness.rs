//! Who works with the data is told when it is behind, and only then.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};
use whole_system::{App, LAKESHORE, Organization};

use super::{DAY, HOT, HOUR, MINUTE, WARM, connected, connector_of, let_pass, now, set, sleep};

const TICK_SECONDS: i64 = 5 * MINUTE;

async fn status(app: &App, organization: &Organization) -> Value {
    let rows = app.all("/api/sync-status", &organization.key).await;
    assert_eq!(rows.len(), 1);
    rows[0].clone()
}

/// The streams that are behind; what the settings say of them is the same.
async fn stale(app: &App, organization: &Organization) -> BTreeSet<String> {
    let status = status(app, organization).await;
    let id = status["connector_id"].as_str().expect("an id");
    let path = format!("/api/connectors/{id}/sync-settings");
    let settings = app.get(&path, &organization.key).await;
    let settings = settings.expect(StatusCode::OK);
    let stale = |document: &Value| -> BTreeSet<String> {
        let streams = document["streams"].as_object().expect("streams");
        streams
            .iter()
            .filter(|(_, stream)| stream["is_stale"] == true)
            .map(|(name, _)| name.clone())
            .collect()
    };
    let streams = stale(&status);
    assert_eq!(streams, stale(&settings));
    for document in [&status, &settings] {
        assert_eq!(document["is_stale"], !streams.is_empty());
    }
    for (name, stream) in settings["streams"].as_object().expect("streams") {
        assert_eq!(
            status["streams"][name]["last_sync_at"],
            stream["last_sync_at"]
        );
    }
    streams
}

fn names(streams: &[&str]) -> BTreeSet<String> {
    streams.iter().map(|&stream| stream.to_owned()).collect()
}

/// 11:00 in Toronto.
const EPOCH: &str = "2026-06-10T15:00:00Z";

#[tokio::test(start_paused = true)]
async fn days_of_operation_are_never_stale_and_an_outage_is_stream_by_stream() {
    let app = App::simulate(66, super::at(EPOCH)).await;
    let hours = json!({
        "active_hours_only": true,
        "operating_hours": {"start": "06:00", "end": "23:00"},
    });
    let organization = connected(&app, "Open", LAKESHORE, hours).await;
    let fixed = json!({"schedule": "fixed_times"});
    let fixed = connected(&app, "Fixed", LAKESHORE, fixed).await;
    // Closed hours and nights are no delay.
    for _ in 0..16 {
        let_pass(&app, 2 * HOUR + MINUTE, TICK_SECONDS).await;
        for organization in [&organization, &fixed] {
            assert_eq!(stale(&app, organization).await, names(&[]));
        }
    }
    // 19:16 in Toronto, and no tick any more. Punches are due within 30 minutes, and may be late
    // by as much; what the night runs has until eight in the morning.
    sleep(62 * MINUTE).await;
    assert_eq!(stale(&app, &organization).await, names(&[HOT]));
    assert_eq!(stale(&app, &fixed).await, names(&[]));
    // 10:18 UTC: at fixed times people were due at three, shifts at six.
    sleep(10 * HOUR).await;
    let behind = stale(&app, &fixed).await;
    assert_eq!(behind.len(), 7, "{behind:?}");
    assert!(!behind.contains(WARM) && !behind.contains(HOT));
    sleep(6 * HOUR).await;
    for organization in [&organization, &fixed] {
        assert_eq!(stale(&app, organization).await.len(), 10);
    }
    // The first runs afterwards mend it.
    let_pass(&app, 30 * MINUTE, TICK_SECONDS).await;
    for organization in [&organization, &fixed] {
        assert_eq!(stale(&app, organization).await, names(&[]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_makes_data_stale_and_what_nobody_promised_does_not() {
    let app = App::simulate(67, super::at(EPOCH)).await;
    let off = json!({"streams": {"shifts": {"enabled": false}}});
    let organization = connected(&app, "Paused", LAKESHORE, off).await;
    let manual = json!({"frequency": "manual"});
    let manual = connected(&app, "Manual", LAKESHORE, manual).await;
    let_pass(&app, 10 * MINUTE, TICK_SECONDS).await;
    let id = connector_of(&app, &organization).await;
    let act = async |action: &str| {
        let path = format!("/api/connectors/{id}/{action}");
        let answer = app.request(Method::POST, &path, &organization.key, None);
        answer.await.expect(StatusCode::OK)
    };
    act("pause").await;
    let_pass(&app, 2 * DAY, HOUR).await;
    let behind = stale(&app, &organization).await;
    assert_eq!(behind.len(), 9, "{behind:?}");
    assert!(!behind.contains(WARM));
    assert_eq!(status(&app, &organization).await["state"], "paused");
    assert_eq!(stale(&app, &manual).await, names(&[]));
    act("resume").await;
    let_pass(&app, 30 * MINUTE, TICK_SECONDS).await;
    assert_eq!(stale(&app, &organization).await, names(&[]));
    act("disconnect").await;
    let_pass(&app, 2 * DAY, HOUR).await;
    assert_eq!(stale(&app, &organization).await.len(), 9);
    // Who switches the schedule off is promised nothing any more.
    set(&app, &organization, &id, json!({"enabled": false})).await;
    assert_eq!(stale(&app, &organization).await, names(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_first_sync_that_never_comes_is_stale_when_its_time_is_over() {
    let app = App::simulate(68, super::at(EPOCH)).await;
    let organization = connected(&app, "Never", LAKESHORE, json!({})).await;
    let began = now(&app);
    let fault = Fault::status(StatusCode::SERVICE_UNAVAILABLE);
    app.simulator.add_fault(FaultRule::always("/v2", fault));
    let_pass(&app, 25 * MINUTE, TICK_SECONDS).await;
    assert_eq!(stale(&app, &organization).await, names(&[]));
    let_pass(&app, 10 * MINUTE, TICK_SECONDS).await;
    assert_eq!(stale(&app, &organization).await, names(&[HOT]));
    let seen = status(&app, &organization).await;
    assert!(seen["streams"][HOT]["last_sync_at"].is_null());
    sleep(began + 6 * HOUR + MINUTE - now(&app)).await;
    // What is asked person by person has come: there is nobody to ask for.
    let behind = stale(&app, &organization).await;
    assert_eq!(behind.len(), 8, "{behind:?}");
    assert!(!behind.contains("wages") && !behind.contains("assignments"));
}
