//! A tick goes on with what runs whatever becomes of its next claim.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use runtime::{Faults, OutboundFault, StatementFault};
use serde_json::json;
use simulators::seven_shifts::demo_data;
use whole_system::{Account, App, HARBOUR, LAKESHORE, Settings};

use super::connected;

const EPOCH: i64 = 1_790_000_000;

/// Two organizations or more, before their first sync.
async fn waiting(seed: u64, faults: Arc<dyn Faults>, accounts: &[Account]) -> App {
    let settings = Settings {
        seed,
        faults: Some(faults),
        ..Settings::default()
    };
    let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
    for account in accounts {
        connected(&app, account.zone, *account, json!({})).await;
    }
    app
}

fn count(app: &App, sql: &str) -> u64 {
    let count: i64 = app.database().query_row(sql, [], |row| row.get(0)).unwrap();
    count.unsigned_abs()
}

fn is_claim(component: &str, sql: &str) -> bool {
    component == "scheduled-sync" && sql.contains("lease_version = lease_version + 1")
}

/// Fails the second claim, and keeps one call of a function open until long after.
#[derive(Default)]
struct SecondClaimFails {
    claims: AtomicU64,
    calls: AtomicU64,
}

impl Faults for SecondClaimFails {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        if is_claim(component, sql) && self.claims.fetch_add(1, Ordering::SeqCst) == 1 {
            return StatementFault::FailBefore("disk I/O error".to_owned());
        }
        StatementFault::None
    }

    fn outbound(&self, component: &str, _: &Method, uri: &Uri) -> OutboundFault {
        let is_run = component == "scheduled-sync" && uri.path().ends_with("/run");
        if is_run && self.calls.fetch_add(1, Ordering::SeqCst) == 0 {
            return OutboundFault::Delay(Duration::from_secs(5));
        }
        OutboundFault::None
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_costs_no_running_job_its_outcome() {
    let faults = Arc::new(SecondClaimFails::default());
    let app = waiting(71, faults.clone(), &[LAKESHORE, HARBOUR]).await;
    let summary = app.tick().await.expect(StatusCode::OK);
    assert_eq!(faults.claims.load(Ordering::SeqCst), 2, "{summary}");
    let claimed = summary["claimed"].as_u64().unwrap();
    assert!(
        claimed >= 2,
        "nothing ran while the claim failed: {summary}"
    );
    assert_eq!(summary["done"], summary["claimed"], "{summary}");
    let held = "SELECT count(*) FROM jobs WHERE lease_holder IS NOT NULL";
    assert_eq!(count(&app, held), 0, "a job stays leased");
    let ended = "SELECT count(*) FROM sync_runs WHERE status = 'success'";
    assert_eq!(count(&app, ended), claimed - maintenance(&app));
    // The next tick goes on as if nothing had been.
    app.tick().await.expect(StatusCode::OK);
    assert_eq!(count(&app, ended), 20);
}

/// Runs of the installation's own jobs so far; they leave no row of a run.
fn maintenance(app: &App) -> u64 {
    count(
        app,
        "SELECT count(*) FROM jobs WHERE kind = 'maintenance' AND last_finished_at IS NOT NULL",
    )
}

/// Outcomes take a second to write, during which nobody else can. Whoever has written one looks
/// for streams that it wants meanwhile, and ends before the next one is written.
#[derive(Default)]
struct SlowOutcomes {
    is_on: AtomicBool,
    outcomes: AtomicU64,
    looks: AtomicU64,
}

impl Faults for SlowOutcomes {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        if component != "scheduled-sync" || !self.is_on.load(Ordering::SeqCst) {
            return StatementFault::None;
        }
        if sql.trim_start().starts_with("INSERT INTO sync_runs") {
            self.outcomes.fetch_add(1, Ordering::SeqCst);
            return StatementFault::Delay(Duration::from_secs(1));
        }
        if sql.contains("kind = 'sync' AND subject = ?2") {
            self.looks.fetch_add(1, Ordering::SeqCst);
            return StatementFault::Delay(Duration::from_millis(500));
        }
        StatementFault::None
    }
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_are_written_slowly_are_written_while_the_tick_claims() {
    let faults = Arc::new(SlowOutcomes::default());
    let app = waiting(72, faults.clone(), &[LAKESHORE, HARBOUR]).await;
    app.tick().await.expect(StatusCode::OK);
    for account in [LAKESHORE, HARBOUR] {
        super::hires::hire(&app, account);
    }
    // Punches are asked for now, and people are promised for later: there is nothing more to want, and
    // nothing follows.
    app.database()
        .execute_batch(
            "DROP TRIGGER events_have_a_job;
             DROP TRIGGER jobs_make_attendance_due;
             DELETE FROM jobs WHERE kind = 'attendance';
             UPDATE jobs SET next_run_id = 'promised ' || id WHERE name = 'users';
             UPDATE jobs SET next_run_id = 'promised ' || id, next_due_at = last_started_at
             WHERE name = 'time_punches'",
        )
        .unwrap();
    faults.is_on.store(true, Ordering::SeqCst);
    let summary = app.tick().await.expect(StatusCode::OK);
    assert_eq!(summary["claimed"], 2, "{summary}");
    assert_eq!(summary["done"], 2, "an outcome was lost: {summary}");
    assert!(
        summary["duration_ms"].as_i64().unwrap() < 5_000,
        "{summary}"
    );
    let seen = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    assert_eq!((seen(&faults.outcomes), seen(&faults.looks)), (2, 2));
}
