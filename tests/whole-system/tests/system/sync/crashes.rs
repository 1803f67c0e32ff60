//! Deaths and doubles: the process ends at any moment, the database fails, answers are lost, two
//! of everything run at once.

use api::routes::SEVEN_SHIFTS_STREAMS;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use runtime::{Faults, OutboundFault, StatementFault};
use serde_json::json;
use simulators::seven_shifts::{Life, demo_data};
use simulators::{Fault, FaultRule, When};
use whole_system::{App, HARBOUR, INTERNAL_TOKEN, LAKESHORE, Settings, send};

use super::{EPOCH, assert_quiet, live, mirror, pass, restaurant, settle, sync};
use crate::kill_switch::KillSwitch;

async fn simulated(seed: u64, faults: Arc<dyn Faults>) -> App {
    let settings = Settings {
        seed,
        faults: Some(faults),
        ..Settings::default()
    };
    App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await
}

#[tokio::test(start_paused = true)]
async fn a_death_at_any_moment_loses_nothing_and_doubles_nothing() {
    let switch = Arc::new(KillSwitch::default());
    let mut app = simulated(51, switch.clone()).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    let mut life = Life::new(51);
    let mut random = ChaCha8Rng::seed_from_u64(51);
    let mut deaths = 0;
    // The first sync dies ten times, then the syncs of some eventful days.
    for round in 0..24 {
        if round >= 10 {
            live(&app, &mut life, 8);
            pass(4 * 3_600 + 60).await;
        }
        switch.arm(random.random_range(1..60));
        let died = tokio::select! {
            biased;
            () = switch.reached.notified() => true,
            _ = app.tick() => false,
        };
        switch.disarm();
        if died {
            deaths += 1;
            app.crash().await;
        }
        // The lease of the dead ends by itself.
        pass(61).await;
    }
    assert!(deaths >= 12, "died only {deaths} times");
    settle(&app, &organization).await;
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn two_ticks_at_once_run_every_stream_once() {
    let app = App::simulate(52, EPOCH).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    tokio::join!(app.tick(), app.tick(), app.tick());
    settle(&app, &organization).await;
    let runs = app.all("/api/sync-runs", &organization.key).await;
    assert_eq!(runs.len(), SEVEN_SHIFTS_STREAMS.len(), "{runs:#?}");
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runtimes_on_one_database_run_every_stream_once() {
    let app = App::start().await;
    let organization = app.organization("Lakeshore", LAKESHORE.by_day().zone).await;
    app.connect(&organization, LAKESHORE).await;
    let other = app.another();
    let tick = || send(&other, Method::POST, "/internal/tick", INTERNAL_TOKEN, None);
    for _ in 0..20 {
        tokio::join!(app.tick(), tick());
        let runs = app.runs(&organization.key).await;
        if runs.len() == SEVEN_SHIFTS_STREAMS.len()
            && runs.values().all(|run| run["finished_at"].is_string())
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let runs = app.all("/api/sync-runs", &organization.key).await;
    assert_eq!(runs.len(), SEVEN_SHIFTS_STREAMS.len(), "{runs:#?}");
    assert!(
        runs.iter().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    assert!(
        app.simulator.peak_requests_in_a_second(None) <= 10,
        "the budget is shared"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// Stops the world in the middle of a page of punches: its rows are written, its checkpoint is not,
/// and nothing is committed.
struct MidPage {
    /// Pages up to and including that one.
    pages: AtomicI64,
    switch: KillSwitch,
}

impl Faults for MidPage {
    fn statement(&self, component: &str, database: &str, sql: &str) -> StatementFault {
        let fault = self.switch.statement(component, database, sql);
        if sql.contains("INSERT INTO time_punches")
            && self.pages.fetch_sub(1, Ordering::SeqCst) == 1
        {
            self.switch.arm(1);
        }
        fault
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_runtime_takes_over_what_a_dead_one_held() {
    let faults = Arc::new(MidPage {
        pages: AtomicI64::new(2),
        switch: KillSwitch::default(),
    });
    let mut app = simulated(57, faults.clone()).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    // Streams are counted, and what follows from a complete sync; not attendance, which follows from each.
    app.database()
        .execute_batch("DROP TRIGGER jobs_make_attendance_due")
        .expect("there is such a trigger");
    let other = app.another();
    let health = send(&other, Method::GET, "/health", "", None).await;
    health.expect(StatusCode::OK);

    tokio::select! {
        biased;
        () = faults.switch.reached.notified() => {}
        _ = app.tick() => panic!("nobody died"),
    }
    faults.switch.disarm();
    let dead = std::mem::replace(&mut app.runtime, other);
    dead.kill().await;
    let died = app.runs(&organization.key).await["time_punches"].clone();
    let punches = app.all("/api/time-punches", &organization.key).await.len();
    let truth = app.simulator.provider().truth(LAKESHORE.company_id);
    let there_are = truth.expect("the account").time_punches.len();
    assert!(
        0 < punches && punches < there_are,
        "{punches} of {there_are}: not in the middle"
    );
    app.simulator.clear_requests();

    // What is leased stays the dead one's until its lease ends, then it is the other's.
    pass(30).await;
    let early = app.tick().await.expect(StatusCode::OK);
    assert_eq!(early["claimed"], 0, "{early:#}");
    assert_eq!(app.simulator.requests().len(), 0);
    pass(31).await;
    let taken = app.tick().await.expect(StatusCode::OK);
    // The run that was cut off, the streams after it, and what follows from a sync that is complete.
    assert_eq!(
        (&taken["claimed"], &taken["done"]),
        (&json!(6), &json!(6)),
        "{taken:#}"
    );
    let runs = app.runs(&organization.key).await;
    assert!(
        runs.values().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    assert_eq!(
        runs["time_punches"]["id"], died["id"],
        "the run is the same, in other hands"
    );
    assert_eq!(
        runs["time_punches"]["created"], there_are,
        "each row is counted once: {:#}",
        runs["time_punches"]
    );
    // The page that was committed is not asked for again.
    let mut asked = app.simulator.requests();
    asked.retain(|request| request.path.ends_with("/time_punches"));
    assert!(
        !asked.is_empty()
            && asked
                .iter()
                .all(|request| request.query.contains("cursor=")),
        "{asked:#?}"
    );
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn two_runtimes_that_tick_through_bad_days_lose_nothing_and_double_nothing() {
    let app = App::simulate(58, EPOCH).await;
    let other = app.another();
    let lakeshore = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&lakeshore, LAKESHORE).await;
    let harbour = app.organization("Harbour", HARBOUR.zone).await;
    app.connect(&harbour, HARBOUR).await;
    let accounts = [(LAKESHORE, &lakeshore), (HARBOUR, &harbour)];
    let faults = [
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::reset(),
        Fault::Reset {
            after_handling: true,
        },
    ];
    for (seed, fault) in (58..).zip(faults) {
        let when = When::Probability { p: 0.12, seed };
        app.simulator.add_fault(FaultRule::on("/", when, fault));
    }

    let mut life = Life::new(58);
    let mut random = ChaCha8Rng::seed_from_u64(58);
    let mut claimed = [0, 0];
    let mut spoilt = 0;
    for _ in 0..80 {
        for (account, _) in accounts {
            // Nothing can happen at times, such as leaving when nobody is there.
            let _ = life.happen(app.simulator.provider(), account.company_id);
        }
        // Now the one is first, now the other.
        let waits = [random.random_range(0..3_000), random.random_range(0..3_000)];
        let tick = async |runtime, milliseconds| {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            let answer = send(
                runtime,
                Method::POST,
                "/internal/tick",
                INTERNAL_TOKEN,
                None,
            )
            .await;
            answer.expect(StatusCode::OK)
        };
        let (one, two) = tokio::join!(tick(&app.runtime, waits[0]), tick(&other, waits[1]));
        for (claimed, summary) in claimed.iter_mut().zip([one, two]) {
            assert_eq!(summary["refused"], 0, "{summary:#}");
            *claimed += summary["claimed"].as_i64().unwrap_or_default();
        }
        for account in [LAKESHORE, HARBOUR] {
            let peak = app.simulator.peak_requests_in_a_second(Some(account.token));
            assert!(peak <= 10, "the budget is shared: {peak}");
        }
        let requests = app.simulator.requests();
        spoilt += requests
            .iter()
            .filter(|request| request.status.is_none_or(|status| status == 500))
            .count();
        app.simulator.clear_requests();
        pass(random.random_range(20..1_800)).await;
    }
    assert!(claimed.iter().all(|claimed| *claimed >= 20), "{claimed:?}");
    assert!(spoilt >= 50, "only {spoilt} answers were spoilt");

    app.simulator.clear_faults();
    for (_, organization) in accounts {
        settle(&app, organization).await;
    }
    // Silent changes show in a complete pass only.
    pass(8 * 86_400).await;
    for (account, organization) in accounts {
        sync(&app, organization).await;
        mirror::assert_account_equal(&app, organization, account.company_id).await;
        assert_quiet(&app, organization).await;
    }
}

/// Some statements fail, before or after they took effect; some answers between functions are lost.
struct Unreliable {
    is_on: AtomicBool,
    random: std::sync::Mutex<ChaCha8Rng>,
    struck: AtomicU64,
}

impl Unreliable {
    fn draw(&self) -> u32 {
        if !self.is_on.load(Ordering::SeqCst) {
            return u32::MAX;
        }
        let drawn = self
            .random
            .lock()
            .expect("not poisoned")
            .random_range(0..1_000);
        if drawn < 20 {
            self.struck.fetch_add(1, Ordering::SeqCst);
        }
        drawn
    }
}

impl Faults for Unreliable {
    fn outbound(&self, _: &str, _: &Method, _: &Uri) -> OutboundFault {
        match self.draw() {
            0..10 => OutboundFault::FailBefore,
            10..20 => OutboundFault::FailAfter,
            _ => OutboundFault::None,
        }
    }

    fn statement(&self, _: &str, _: &str, _: &str) -> StatementFault {
        match self.draw() {
            0..10 => StatementFault::FailBefore("disk I/O error".to_owned()),
            10..20 => StatementFault::FailAfter("disk I/O error".to_owned()),
            _ => StatementFault::None,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_fails_now_and_then_leaves_no_trace() {
    let faults = Arc::new(Unreliable {
        is_on: AtomicBool::new(false),
        random: std::sync::Mutex::new(ChaCha8Rng::seed_from_u64(53)),
        struck: AtomicU64::new(0),
    });
    let app = simulated(53, faults.clone()).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    let mut life = Life::new(53);
    faults.is_on.store(true, Ordering::SeqCst);
    for _ in 0..60 {
        // A tick that the database refuses is made up for by the next one.
        app.tick().await;
        pass(900).await;
        live(&app, &mut life, 2);
    }
    faults.is_on.store(false, Ordering::SeqCst);
    assert!(faults.struck.load(Ordering::SeqCst) > 20);
    settle(&app, &organization).await;
    pass(8 * 86_400).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

/// Loses the answers of the function that syncs, after it has done its work.
struct LostAnswers(AtomicI64);

impl Faults for LostAnswers {
    fn outbound(&self, component: &str, _: &Method, uri: &Uri) -> OutboundFault {
        let is_run = component == "scheduled-sync" && uri.path().ends_with("/run");
        if is_run && self.0.fetch_sub(1, Ordering::SeqCst) > 0 {
            OutboundFault::FailAfter
        } else {
            OutboundFault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_answer_is_lost_is_run_again_and_doubles_nothing() {
    let app = simulated(54, Arc::new(LostAnswers(AtomicI64::new(4)))).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    let runs = settle(&app, &organization).await;
    assert!(
        runs.values().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

/// Holds the scheduler's next outcome back until its lease has ended; once, when it is false.
struct SlowOutcome(AtomicBool);

impl Faults for SlowOutcome {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        let is_outcome =
            component == "scheduled-sync" && sql.contains("sync_runs") && sql.contains("INSERT");
        if is_outcome && !self.0.swap(true, Ordering::SeqCst) {
            StatementFault::Delay(Duration::from_secs(75))
        } else {
            StatementFault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_comes_after_its_lease_is_refused() {
    let faults = Arc::new(SlowOutcome(AtomicBool::new(true)));
    let app = simulated(55, faults.clone()).await;
    // The installation's own jobs first: what the late tick claims is the first stream alone.
    app.tick().await;
    faults.0.store(false, Ordering::SeqCst);
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    let late = app.tick();
    let other = async {
        // By now the lease of the first run is over.
        pass(62).await;
        app.tick().await
    };
    let (late, _) = tokio::join!(late, other);
    let late = late.json();
    assert_eq!(
        (&late["claimed"], &late["refused"]),
        (&json!(1), &json!(1)),
        "{late:#}"
    );
    settle(&app, &organization).await;
    let runs = app.all("/api/sync-runs", &organization.key).await;
    assert_eq!(
        runs.len(),
        SEVEN_SHIFTS_STREAMS.len(),
        "a job that is taken over keeps its run: {runs:#?}"
    );
    mirror::assert_equal(&app, &organization).await;
    restart_changes_nothing(app, &organization).await;
}

async fn restart_changes_nothing(mut app: App, organization: &whole_system::Organization) {
    app.crash().await;
    assert_quiet(&app, organization).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_sync_alone_mirrors_the_account() {
    let (app, organization, _) = restaurant(56).await;
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}
