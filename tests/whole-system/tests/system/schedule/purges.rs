//! The removal of an organization, when the database fails for longer than it is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use simulators::seven_shifts::demo_data;
use whole_system::{App, LAKESHORE, OPERATOR_KEY, Settings};

use super::{HOUR, MINUTE, let_pass};

const EPOCH: i64 = 1_790_000_000;

/// Refuses to delete what an organization has.
#[derive(Default)]
struct NoDeletes {
    is_on: AtomicBool,
    refused: AtomicU64,
}

impl Faults for NoDeletes {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        let is_purge = component == "scheduled-sync" && sql.contains("DELETE FROM credentials");
        if is_purge && self.is_on.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return StatementFault::FailBefore("disk I/O error".to_owned());
        }
        StatementFault::None
    }
}

/// An organization whose purge was given up.
async fn given_up(seed: u64) -> (App, Arc<NoDeletes>, String) {
    let faults = Arc::new(NoDeletes::default());
    let settings = Settings {
        seed,
        faults: Some(faults.clone()),
        ..Settings::default()
    };
    let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
    let (organization, _) = app.synced("Stuck", LAKESHORE).await;
    faults.is_on.store(true, Ordering::SeqCst);
    delete(&app, &organization.id)
        .await
        .expect(StatusCode::ACCEPTED);
    for _ in 0..200 {
        app.tick().await.expect(StatusCode::OK);
        if faults.refused.load(Ordering::SeqCst) >= 8 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    }
    assert_eq!(faults.refused.load(Ordering::SeqCst), 8);
    assert_eq!(due_at(&app, &organization.id), None, "it was not given up");
    (app, faults, organization.id)
}

async fn delete(app: &App, id: &str) -> whole_system::Answer {
    let path = format!("/api/organizations/{id}");
    app.request(Method::DELETE, &path, OPERATOR_KEY, None).await
}

async fn is_there(app: &App, id: &str) -> bool {
    let path = format!("/api/organizations/{id}");
    app.get(&path, OPERATOR_KEY).await.status == StatusCode::OK
}

fn due_at(app: &App, id: &str) -> Option<i64> {
    app.database()
        .query_row(
            "SELECT next_due_at FROM jobs WHERE kind = 'maintenance' AND subject = ?1",
            [id],
            |row| row.get(0),
        )
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_was_given_up_goes_on_when_it_is_asked_for_again() {
    let (app, faults, id) = given_up(76).await;
    faults.is_on.store(false, Ordering::SeqCst);
    delete(&app, &id).await.expect(StatusCode::ACCEPTED);
    let_pass(&app, 2 * MINUTE, 20).await;
    assert!(!is_there(&app, &id).await);
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_was_given_up_goes_on_by_itself_within_the_hour() {
    let (app, faults, id) = given_up(77).await;
    faults.is_on.store(false, Ordering::SeqCst);
    let_pass(&app, HOUR + 2 * MINUTE, 20).await;
    assert!(!is_there(&app, &id).await);
}
