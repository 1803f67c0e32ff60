//! An `Idempotency-Key` holds though the first request fails or dies in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::{Value, json};
use simulators::seven_shifts::demo_data;
use tokio::sync::Notify;
use whole_system::{Answer, App, OPERATOR_KEY, Settings};

use super::{EPOCH, problem, raw};

/// What happens to the statement after the insert, once.
#[derive(Default)]
struct AfterTheInsert {
    next: AtomicU8,
    reached: Notify,
}

const NOTHING: u8 = 0;
const FAILS: u8 = 1;
const HANGS: u8 = 2;

impl Faults for AfterTheInsert {
    fn statement(&self, _: &str, _: &str, sql: &str) -> StatementFault {
        if !sql.contains("UPDATE idempotency_keys") {
            return StatementFault::None;
        }
        match self.next.swap(NOTHING, Ordering::SeqCst) {
            FAILS => StatementFault::FailBefore("disk I/O error".to_owned()),
            HANGS => {
                self.reached.notify_one();
                StatementFault::Delay(Duration::from_secs(86_400))
            }
            _ => StatementFault::None,
        }
    }
}

async fn simulated(seed: u64) -> (App, Arc<AfterTheInsert>) {
    let faults = Arc::new(AfterTheInsert::default());
    let settings = Settings {
        seed,
        faults: Some(faults.clone()),
        ..Settings::default()
    };
    let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
    (app, faults)
}

async fn create(app: &App, path: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {OPERATOR_KEY}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "the-same-key"),
    ];
    raw(app, Method::POST, path, &headers, body.to_string()).await
}

fn organization() -> (&'static str, Value) {
    let body = json!({"name": "Once", "time_zone": "Europe/Zurich"});
    ("/api/organizations", body)
}

fn api_key(organization_id: &str) -> (String, Value) {
    let path = format!("/api/api-keys?organization_id={organization_id}");
    (path, json!({"name": "once", "role": "member"}))
}

fn count(app: &App, sql: &str) -> i64 {
    app.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

const ORGANIZATIONS: &str = "SELECT count(*) FROM organizations WHERE name = 'Once'";
const KEYS: &str = "SELECT count(*) FROM api_keys WHERE name = 'once'";

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_after_its_insert_has_inserted_nothing() {
    let (app, faults) = simulated(97).await;
    let other = app.organization("Other", "UTC").await;
    let (organizations, organization) = organization();
    let (keys, key) = api_key(&other.id);
    for (path, body, rows) in [
        (organizations, organization, ORGANIZATIONS),
        (&keys, key, KEYS),
    ] {
        faults.next.store(FAILS, Ordering::SeqCst);
        problem(&create(&app, path, &body).await, 503, "unavailable");
        assert_eq!(count(&app, rows), 0, "{path}");
        let created = create(&app, path, &body).await.expect(StatusCode::CREATED);
        let again = create(&app, path, &body).await.expect(StatusCode::CREATED);
        assert_eq!(again["id"], created["id"], "{path}");
        assert_eq!(count(&app, rows), 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_dies_after_its_insert_is_made_once_by_the_next() {
    let (mut app, faults) = simulated(98).await;
    let other = app.organization("Other", "UTC").await;
    let (organizations, organization) = organization();
    let (keys, key) = api_key(&other.id);
    for (path, body, rows) in [
        (organizations, organization, ORGANIZATIONS),
        (&keys, key, KEYS),
    ] {
        faults.next.store(HANGS, Ordering::SeqCst);
        tokio::select! {
            biased;
            () = faults.reached.notified() => {}
            answer = create(&app, path, &body) => panic!("{path} was answered: {answer:?}"),
        }
        app.crash().await;
        // As long as the first may still live, the next is told to wait.
        let mut answer = create(&app, path, &body).await;
        if answer.status == StatusCode::CONFLICT {
            assert!(answer.headers.contains_key("retry-after"));
            tokio::time::sleep(Duration::from_secs(121)).await;
            answer = create(&app, path, &body).await;
        }
        let created = answer.expect(StatusCode::CREATED);
        assert_eq!(count(&app, rows), 1, "{path}");
        let again = create(&app, path, &body).await.expect(StatusCode::CREATED);
        assert_eq!(again["id"], created["id"], "{path}");
        assert_eq!(count(&app, rows), 1, "{path}");
    }
}
