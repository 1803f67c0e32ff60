//! Requests that come at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::json;
use simulators::seven_shifts::demo_data;
use whole_system::{App, LAKESHORE, OPERATOR_KEY, Settings};

use super::EPOCH;

async fn simulated(seed: u64, faults: Arc<dyn Faults>) -> App {
    let settings = Settings {
        seed,
        faults: Some(faults),
        ..Settings::default()
    };
    App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await
}

/// Migrations that take their time: seconds pass from the first table to the last.
#[derive(Default)]
struct SlowMigrations(AtomicU64);

impl Faults for SlowMigrations {
    fn statement(&self, _: &str, _: &str, sql: &str) -> StatementFault {
        if sql.contains("CREATE TABLE") {
            self.0.fetch_add(1, Ordering::SeqCst);
            return StatementFault::Delay(Duration::from_millis(100));
        }
        StatementFault::None
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_requests_of_all_wait_for_the_schema() {
    let faults = Arc::new(SlowMigrations::default());
    let app = simulated(95, faults.clone()).await;
    let ask = async |after: u64| {
        tokio::time::sleep(Duration::from_millis(after)).await;
        app.get("/api/organizations", OPERATOR_KEY).await
    };
    // Some come together, some in the middle.
    let (a, b, c, d, e) = tokio::join!(ask(0), ask(0), ask(50), ask(450), ask(1_250));
    for answer in [a, b, c, d, e] {
        assert_eq!(answer.expect(StatusCode::OK)["data"], json!([]));
    }
    assert!(faults.0.load(Ordering::SeqCst) >= 10, "nothing was slow");
}

/// Holds up the next change of a connector, before it begins.
#[derive(Default)]
struct Latecomer(AtomicBool);

impl Faults for Latecomer {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        let is_change = component == "connectors" && sql == "BEGIN IMMEDIATE";
        if is_change && self.0.swap(false, Ordering::SeqCst) {
            return StatementFault::Delay(Duration::from_secs(5));
        }
        StatementFault::None
    }
}

#[tokio::test(start_paused = true)]
async fn two_who_change_different_settings_at_once_both_have_their_way() {
    let faults = Arc::new(Latecomer::default());
    let app = simulated(96, faults.clone()).await;
    let organization = app.organization("Both", LAKESHORE.zone).await;
    let id = app.connect(&organization, LAKESHORE).await;
    let admin = app.key(&organization.id, "admin").await;
    let path = format!("/api/connectors/{id}/sync-settings");
    faults.0.store(true, Ordering::SeqCst);
    let slow = app.request(
        Method::PUT,
        &path,
        &admin,
        Some(json!({"frequency": "hourly"})),
    );
    let quick = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let off = json!({"streams": {"shifts": {"enabled": false}}});
        app.request(Method::PUT, &path, &organization.key, Some(off))
            .await
    };
    let (slow, quick) = tokio::join!(slow, quick);
    quick.expect(StatusCode::OK);
    assert!(!faults.0.load(Ordering::SeqCst), "nobody was held up");
    // What only an owner may switch stays as the owner has switched it.
    let answered = slow.expect(StatusCode::OK);
    let settings = app.get(&path, &admin).await.expect(StatusCode::OK);
    for document in [answered, settings] {
        assert_eq!(document["streams"]["shifts"]["enabled"], false);
        assert_eq!(document["frequency"], "hourly");
    }
}
