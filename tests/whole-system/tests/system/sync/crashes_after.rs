//! Deaths and failures around the end of a complete pass: between the last step of its sweep and
//! its report lies the moment in which all rows could seem to be gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Uri};
use runtime::{Faults, OutboundFault, StatementFault};
use serde_json::{Value, json};
use simulators::seven_shifts::demo_data;
use simulators::{Fault, FaultRule};
use tokio::sync::Notify;
use whole_system::{App, LAKESHORE, Organization, Settings};

use super::{EPOCH, mirror, pass, settle};

const FAILS_BEFORE: usize = 0;
const FAILS_AFTER: usize = 1;
const DIES: usize = 2;

/// Strikes one statement of the syncing function: so many after the table was asked what the pass has
/// not seen.
struct AtTheEnd {
    table: &'static str,
    is_armed: AtomicBool,
    is_there: AtomicBool,
    left: AtomicI64,
    how: AtomicUsize,
    struck: AtomicBool,
    died: Notify,
}

impl AtTheEnd {
    fn of(table: &'static str) -> Arc<Self> {
        Arc::new(Self {
            table,
            is_armed: AtomicBool::default(),
            is_there: AtomicBool::default(),
            left: AtomicI64::default(),
            how: AtomicUsize::default(),
            struck: AtomicBool::default(),
            died: Notify::new(),
        })
    }

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
        let table = format!("FROM {} AS record", self.table);
        if sql.contains("sync_seen AS seen") && sql.contains(&table) {
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

/// Reads all of the stream and accepts whatever is to be deleted: no brake helps.
async fn reconcile(app: &App, organization: &Organization, stream: &str) {
    let call = json!({"action": "scheduled_sync", "streams": [stream], "params": {"force_deletions": true}});
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
        "team_member_wages",
        "team_member_role_assignments",
        "team_member_availability",
        "time_off_requests",
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

fn assert_untouched(run: &Value, before: &[(String, i64, Option<i64>)], app: &App, when: &str) {
    assert_eq!(
        (&run["status"], &run["deleted"]),
        (&json!("success"), &json!(0)),
        "{when}: {run:#}"
    );
    assert!(
        matches!(run["kind"].as_str(), Some("reconciliation" | "complete")),
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

async fn break_the_end(seed: u64, stream: &str, table: &'static str, ways: &[usize]) {
    let faults = AtTheEnd::of(table);
    let (mut app, organization) = restaurant(seed, faults.clone()).await;
    let before = rows(&app);
    for how in ways.iter().copied() {
        let mut statement = 0;
        loop {
            let when = format!("{stream}, way {how}, statement {statement}");
            pass(300).await;
            faults.arm(how, statement);
            let died = tokio::select! {
                biased;
                () = faults.died.notified() => true,
                () = async {
                    reconcile(&app, &organization, stream).await;
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
            assert_untouched(&runs[stream], &before, &app, &when);
            if !has_struck {
                break;
            }
            statement += 1;
        }
        assert!(
            statement >= 6,
            "{stream}, way {how}: the end has only {statement} statements"
        );
    }
    assert_eq!(notes(&app), 0, "what was seen is forgotten in the end");
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_complete_pass_may_break_anywhere_and_deletes_nothing() {
    let ways = [FAILS_BEFORE, FAILS_AFTER, DIES];
    break_the_end(57, "time_punches", "time_punches", &ways).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_pass_over_pay_and_absence_may_break_anywhere_too() {
    for (seed, stream, table) in [
        (60, "wages", "team_member_wages"),
        (61, "assignments", "team_member_role_assignments"),
        (62, "availability", "team_member_availability"),
        (63, "time_off", "time_off_requests"),
    ] {
        break_the_end(seed, stream, table, &[FAILS_AFTER, DIES]).await;
    }
}

fn notes(app: &App) -> i64 {
    app.database()
        .query_row("SELECT count(*) FROM sync_seen", [], |row| row.get(0))
        .expect("notes can be counted")
}

#[tokio::test(start_paused = true)]
async fn a_pass_whose_notes_are_lost_deletes_nothing_and_says_so() {
    let faults = AtTheEnd::of("time_punches");
    let (mut app, organization) = restaurant(58, faults.clone()).await;
    let before = rows(&app);
    pass(300).await;
    faults.arm(DIES, 0);
    tokio::select! {
        biased;
        () = faults.died.notified() => {}
        () = reconcile(&app, &organization, "time_punches") => panic!("the end was not reached"),
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
    reconcile(&app, &organization, "time_punches").await;
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
