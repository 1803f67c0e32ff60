//! Deaths and failures around the end of a complete pass: between the last step of its sweep and
//! its report lies the moment in which all rows could seem to be gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Uri};
use runtime::{Faults, OutboundFault, StatementFault};
use serde_json::json;
use simulators::seven_shifts::demo_data;
use simulators::{Fault, FaultRule};
use tokio::sync::Notify;
use whole_system::{App, LAKESHORE, Organization, Settings};

use super::{EPOCH, Runs, mirror, pass, settle};

const FAILS_BEFORE: usize = 0;
const FAILS_AFTER: usize = 1;
const DIES: usize = 2;

/// Strikes one statement of the syncing function: so many after the brake of the punches was asked.
#[derive(Default)]
struct AtTheEnd {
    is_armed: AtomicBool,
    is_there: AtomicBool,
    left: AtomicI64,
    how: AtomicUsize,
    struck: AtomicBool,
    died: Notify,
}

impl AtTheEnd {
    fn arm(&self, how: usize, statement: i64) {
        self.is_there.store(false, Ordering::SeqCst);
        self.struck.store(false, Ordering::SeqCst);
        self.left.store(statement, Ordering::SeqCst);
        self.how.store(how, Ordering::SeqCst);
        self.is_armed.store(true, Ordering::SeqCst);
    }

    /// Whether it has struck.
    fn disarm(&self) -> bool {
        self.is_armed.store(false, Ordering::SeqCst);
        self.struck.load(Ordering::SeqCst)
    }
}

impl Faults for AtTheEnd {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        if component != "seven-shifts-sync" || !self.is_armed.load(Ordering::SeqCst) {
            return StatementFault::None;
        }
        let is_brake = sql.contains("sync_seen AS seen") && sql.contains("FROM time_punches");
        if is_brake {
            self.is_there.store(true, Ordering::SeqCst);
        }
        if !self.is_there.load(Ordering::SeqCst) || self.left.fetch_sub(1, Ordering::SeqCst) != 0 {
            return StatementFault::None;
        }
        self.struck.store(true, Ordering::SeqCst);
        match self.how.load(Ordering::SeqCst) {
            FAILS_BEFORE => StatementFault::FailBefore("disk I/O error".to_owned()),
            FAILS_AFTER => StatementFault::FailAfter("disk I/O error".to_owned()),
            _ => {
                self.died.notify_one();
                StatementFault::Delay(Duration::from_secs(86_400))
            }
        }
    }
}

async fn restaurant(seed: u64, faults: Arc<dyn Faults>) -> (App, Organization) {
    let settings = Settings {
        seed,
        faults: Some(faults),
        ..Settings::default()
    };
    let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    (app, organization)
}

/// Reads every punch and accepts whatever is to be deleted: no brake helps.
async fn reconcile(app: &App, organization: &Organization) {
    let call = json!({"action": "scheduled_sync", "streams": ["time_punches"], "params": {"force_deletions": true}});
    app.proxy(&organization.key, call).await;
}

/// Every data row, whether it is deleted, and when it changed last.
fn rows(app: &App) -> Vec<(String, i64, Option<i64>)> {
    let database = app.database();
    let mut rows = Vec::new();
    for table in [
        "locations",
        "departments",
        "roles",
        "team_members",
        "schedule_shifts",
        "time_punches",
    ] {
        let sql = format!("SELECT id, changed_seq, deleted_at FROM {table} ORDER BY id");
        let mut statement = database.prepare(&sql).expect("the table exists");
        let found = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .expect("rows");
        rows.extend(found.map(|row| row.expect("a row")));
    }
    rows
}

fn assert_untouched(runs: &Runs, before: &[(String, i64, Option<i64>)], app: &App, when: &str) {
    let run = &runs["time_punches"];
    assert_eq!(
        (&run["status"], &run["kind"], &run["deleted"]),
        (&json!("success"), &json!("reconciliation"), &json!(0)),
        "{when}: {run:#}"
    );
    let after = rows(app);
    let moved = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .count();
    assert_eq!(
        (moved, before.len()),
        (0, after.len()),
        "{when}: rows moved"
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_complete_pass_may_break_anywhere_and_deletes_nothing() {
    let faults = Arc::new(AtTheEnd::default());
    let (mut app, organization) = restaurant(57, faults.clone()).await;
    let before = rows(&app);
    for how in [FAILS_BEFORE, FAILS_AFTER, DIES] {
        let mut statement = 0;
        loop {
            let when = format!("way {how}, statement {statement}");
            pass(300).await;
            faults.arm(how, statement);
            let died = tokio::select! {
                biased;
                () = faults.died.notified() => true,
                () = async {
                    reconcile(&app, &organization).await;
                    // The scheduler works on when the call has been answered.
                    pass(10).await;
                } => false,
            };
            let has_struck = faults.disarm();
            if died {
                app.crash().await;
                // The lease of the dead ends by itself.
                pass(61).await;
            }
            let runs = settle(&app, &organization).await;
            assert_untouched(&runs, &before, &app, &when);
            if !has_struck {
                break;
            }
            statement += 1;
        }
        assert!(
            statement >= 10,
            "way {how}: the end has only {statement} statements"
        );
    }
    assert_eq!(notes(&app), 0, "what was seen is forgotten in the end");
    mirror::assert_equal(&app, &organization).await;
}

fn notes(app: &App) -> i64 {
    app.database()
        .query_row("SELECT count(*) FROM sync_seen", [], |row| row.get(0))
        .expect("notes can be counted")
}

#[tokio::test(start_paused = true)]
async fn a_pass_whose_notes_are_lost_deletes_nothing_and_says_so() {
    let faults = Arc::new(AtTheEnd::default());
    let (mut app, organization) = restaurant(58, faults.clone()).await;
    let before = rows(&app);
    pass(300).await;
    faults.arm(DIES, 0);
    tokio::select! {
        biased;
        () = faults.died.notified() => {}
        () = reconcile(&app, &organization) => panic!("the end was not reached"),
    }
    faults.disarm();
    app.runtime.kill().await;
    assert!(notes(&app) > 1_000, "the pass has made its notes");
    app.database()
        .execute("DELETE FROM sync_seen", [])
        .expect("the notes are removed");
    app.crash().await;
    pass(61).await;
    let run = settle(&app, &organization).await["time_punches"].clone();
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("notes_lost"), &json!(0)),
        "{run:#}"
    );
    assert_eq!(rows(&app), before);
    pass(86_400).await;
    reconcile(&app, &organization).await;
    let runs = settle(&app, &organization).await;
    assert_eq!(runs["time_punches"]["status"], "success", "{runs:#?}");
    mirror::assert_equal(&app, &organization).await;
}

/// Loses so many answers of the function that syncs, after it has done its work.
#[derive(Default)]
struct LostReports(AtomicI64);

impl Faults for LostReports {
    fn outbound(&self, component: &str, _: &Method, uri: &Uri) -> OutboundFault {
        let is_run = component == "scheduled-sync" && uri.path().ends_with("/run");
        if !is_run {
            return OutboundFault::None;
        }
        // One in two: the second report of each stream arrives.
        let left = self.0.fetch_sub(1, Ordering::SeqCst);
        if left > 0 && left % 2 == 1 {
            OutboundFault::FailAfter
        } else {
            OutboundFault::None
        }
    }
}

/// The run has closed its pass, so it is not made again: what it came to is reported once more.
#[tokio::test(start_paused = true)]
async fn a_report_that_is_lost_is_made_again_and_reads_nothing_twice() {
    let faults = Arc::new(LostReports::default());
    let (app, organization) = restaurant(59, faults.clone()).await;
    app.simulator.add_fault(FaultRule {
        query_contains: Some("gte".to_owned()),
        ..FaultRule::next(
            1,
            format!("/v2/company/{}/shifts", LAKESHORE.company_id),
            Fault::ListCutShort { keep: 440 },
        )
    });
    pass(8 * 86_400).await;
    app.simulator.clear_requests();
    faults.0.store(11, Ordering::SeqCst);
    app.proxy(&organization.key, json!({"action": "scheduled_sync"}))
        .await;
    let run = settle(&app, &organization).await["shifts"].clone();
    assert_eq!(
        (&run["status"], &run["error_code"], &run["kind"]),
        (
            &json!("partial"),
            &json!("list_cut_short"),
            &json!("reconciliation")
        ),
        "{run:#}"
    );
    let requests = app.simulator.requests();
    let asked: BTreeSet<_> = requests
        .iter()
        .map(|request| (&request.path, &request.query))
        .collect();
    assert!(asked.len() >= 10, "{requests:#?}");
    assert_eq!(asked.len(), requests.len(), "{requests:#?}");
}
