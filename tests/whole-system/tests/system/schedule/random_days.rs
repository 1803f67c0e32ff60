//! Days at two restaurants with everything going wrong at random, from one seed; then the weather
//! clears, and nothing may be missing, doubled or left over.
//!
//! `PATCHBAY_SEEDS=50` tries more seeds; a seed that fails is printed.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runtime::{Faults, StatementFault, TraceEvent};
use serde_json::json;
use simulators::seven_shifts::{Life, demo_data};
use simulators::{FaultRule, LoggedRequest};
use tokio::sync::Notify;
use whole_system::mirror::Mirror;
use whole_system::{Account, App, HARBOUR, LAKESHORE, Organization, Settings};

use super::{DAY, HOUR, MINUTE, let_pass, now, sleep};

const EPOCH: &str = "2026-06-10T11:00:00-04:00";
/// How time goes by.
#[derive(Clone, Copy)]
struct Pace {
    seconds: i64,
    frequency: &'static str,
    /// Longest time between two ticks, in seconds.
    pause: i64,
    /// Most things that happen during a tick.
    changes: usize,
    /// Longer than all the days that pass, so that what is compared lies within it.
    backfill_days: i64,
}

const DAYS: Pace = Pace {
    seconds: 2 * DAY,
    frequency: "every_15_min",
    pause: 15 * MINUTE,
    changes: 5,
    backfill_days: 30,
};
/// Nights, weekly reconciliations and wages that begin are among its days.
const MONTH: Pace = Pace {
    seconds: 30 * DAY,
    frequency: "hourly",
    pause: 3 * HOUR,
    changes: 12,
    backfill_days: 75,
};
const ACCOUNTS: [Account; 2] = [LAKESHORE, HARBOUR];
/// The provider spoils each request with this probability, in each of its ways.
const SPOILT: f64 = 0.01;
/// Our own database fails a statement with this probability.
const STATEMENT_FAILS: f64 = 0.001;

#[tokio::test(start_paused = true)]
async fn after_random_days_the_tables_are_the_accounts() {
    let seeds = std::env::var("PATCHBAY_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2);
    for seed in 1..=seeds {
        let _told = ToldOnPanic(seed);
        let mut days = Days::begin(seed, DAYS).await;
        days.pass(DAYS.seconds).await;
        days.clear_up().await;
        days.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_random_month_the_tables_are_the_accounts() {
    let seed = 2_610;
    let _told = ToldOnPanic(seed);
    let mut days = Days::begin(seed, MONTH).await;
    days.pass(MONTH.seconds).await;
    days.clear_up().await;
    days.check().await;
}

#[tokio::test(start_paused = true)]
async fn one_seed_run_twice_gives_the_same_trace() {
    let (requests, trace) = traced(77).await;
    let (again, trace_again) = traced(77).await;
    assert!(requests.len() > 100, "{} requests", requests.len());
    for (one, other) in requests.iter().zip(&again) {
        assert_eq!(one, other);
    }
    assert_eq!(requests.len(), again.len());
    for (one, other) in trace.iter().zip(&trace_again) {
        assert_eq!(one, other);
    }
    assert_eq!(trace.len(), trace_again.len());
}

async fn traced(seed: u64) -> (Vec<LoggedRequest>, Vec<TraceEvent>) {
    let mut days = Days::begin(seed, DAYS).await;
    days.pass(8 * HOUR).await;
    (days.app.simulator.requests(), days.app.runtime.take_trace())
}

struct ToldOnPanic(u64);

impl Drop for ToldOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed that fails is {}", self.0);
        }
    }
}

/// Our own machine's share of the bad days: statements that fail, and death at any statement.
struct Machine {
    chance: Mutex<ChaCha8Rng>,
    is_bad: AtomicBool,
    /// Statements until the process is killed; below 1: it is not.
    left: AtomicI64,
    dies: Notify,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self {
            chance: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
            is_bad: AtomicBool::new(false),
            left: AtomicI64::new(0),
            dies: Notify::new(),
        }
    }
}

impl Faults for Machine {
    fn statement(&self, _component: &str, _database: &str, _sql: &str) -> StatementFault {
        if !self.is_bad.load(Ordering::Relaxed) {
            return StatementFault::None;
        }
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.dies.notify_one();
            // The kill comes before this is over.
            return StatementFault::Delay(Duration::from_secs(600));
        }
        let mut chance = self.chance.lock().expect("not poisoned");
        if !chance.random_bool(STATEMENT_FAILS) {
            return StatementFault::None;
        }
        let message = "disk I/O error".to_owned();
        if chance.random_bool(0.5) {
            StatementFault::FailBefore(message)
        } else {
            StatementFault::FailAfter(message)
        }
    }
}

struct Days {
    app: App,
    machine: Arc<Machine>,
    organizations: Vec<Organization>,
    chance: ChaCha8Rng,
    life: Life,
    seed: u64,
    pace: Pace,
}

impl Days {
    async fn begin(seed: u64, pace: Pace) -> Self {
        let machine = Arc::new(Machine::new(seed));
        let epoch = super::at(EPOCH);
        let settings = Settings {
            seed,
            faults: Some(machine.clone()),
            trace: 100_000,
            ..Settings::default()
        };
        let app = App::simulate_with(settings, epoch, demo_data(seed, epoch)).await;
        let mut organizations = Vec::new();
        for account in ACCOUNTS {
            let settings =
                json!({"frequency": pace.frequency, "backfill_days": pace.backfill_days});
            let name = account.zone;
            organizations.push(super::connected(&app, name, account, settings).await);
        }
        Self {
            app,
            machine,
            organizations,
            chance: ChaCha8Rng::seed_from_u64(seed.wrapping_mul(31)),
            life: Life::new(seed),
            seed,
            pace,
        }
    }

    /// Life goes on while ticks come at odd times, the provider has bad minutes, and the process
    /// is killed now and then.
    async fn pass(&mut self, seconds: i64) {
        for rule in FaultRule::bad_weather(self.seed, SPOILT) {
            self.app.simulator.add_fault(rule);
        }
        self.machine.is_bad.store(true, Ordering::Relaxed);
        let end = now(&self.app) + seconds;
        while now(&self.app) < end {
            let dies = self.chance.random_bool(0.06);
            let left = if dies {
                self.chance.random_range(1..200)
            } else {
                0
            };
            self.machine.left.store(left, Ordering::Relaxed);
            let machine = self.machine.clone();
            tokio::select! {
                biased;
                () = machine.dies.notified() => {}
                // Its answer does not matter: a tick that fails is a tick that was missed.
                _ = tick_while_life_goes_on(&self.app, &mut self.life, &mut self.chance, self.pace.changes) => {}
            }
            if dies {
                self.machine.left.store(0, Ordering::Relaxed);
                self.app.crash().await;
            }
            let pause = self.chance.random_range(20..self.pace.pause);
            sleep(pause).await;
        }
    }

    /// Nothing goes wrong any more, for as long as it takes until everything has run.
    async fn clear_up(&mut self) {
        self.app.simulator.clear_faults();
        self.machine.is_bad.store(false, Ordering::Relaxed);
        // To the next night, when the slow streams run.
        let_pass(&self.app, 26 * HOUR, 15 * MINUTE).await;
    }

    async fn check(&mut self) {
        let app = &self.app;
        // So far only what changed was read: a checkpoint ahead of its rows would show here. A
        // merge of people that leaves no trace on their rows is for the weekly reconciliation.
        let changes = Mirror {
            since: now(app) - (self.pace.backfill_days - 1) * DAY,
            ignoring: &["external_user_id", "team_member_id"],
        };
        self.compare(changes, "after the changes").await;
        sleep(6 * DAY).await;
        let_pass(app, 26 * HOUR, 30 * MINUTE).await;
        let whole = Mirror {
            since: now(app) - (self.pace.backfill_days - 1) * DAY,
            ..Mirror::default()
        };
        self.compare(whole, "after the reconciliation").await;
        let leftovers = [
            (
                "runs that never ended",
                "SELECT count(*) FROM sync_runs WHERE finished_at IS NULL OR status = 'running'",
            ),
            (
                "leases",
                "SELECT count(*) FROM jobs WHERE lease_holder IS NOT NULL OR run_id IS NOT NULL AND state = 'running'",
            ),
            (
                "passes in progress",
                "SELECT count(*) FROM jobs WHERE checkpoint ->> '$.pass' IS NOT NULL",
            ),
            ("notes of passes", "SELECT count(*) FROM sync_seen"),
            (
                "quarantined records",
                "SELECT count(*) FROM quarantined_records",
            ),
            (
                "connectors that are not active",
                "SELECT count(*) FROM connectors WHERE state <> 'active'",
            ),
            (
                "streams whose last run is no success",
                "SELECT count(*) FROM jobs WHERE kind = 'sync' AND last_status <> 'success'",
            ),
        ];
        for (what, sql) in leftovers {
            let number: i64 = app.database().query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(number, 0, "{what}");
        }
    }

    async fn compare(&self, mirror: Mirror<'_>, when: &str) {
        for (account, organization) in ACCOUNTS.iter().zip(&self.organizations) {
            mirror
                .assert(&self.app, &organization.key, account.company_id, when)
                .await;
        }
    }
}

/// One tick; what happens meanwhile meets syncs between two of their pages.
async fn tick_while_life_goes_on(
    app: &App,
    life: &mut Life,
    chance: &mut ChaCha8Rng,
    changes: usize,
) {
    let happens = async {
        for _ in 0..chance.random_range(0..=changes) {
            let account = ACCOUNTS[chance.random_range(0..ACCOUNTS.len())];
            // Nothing can happen at times, such as leaving when nobody is there.
            let _ = life.happen(app.simulator.provider(), account.company_id);
            let pause = chance.random_range(0..1_500);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    };
    tokio::join!(app.tick(), happens);
}
