//! Virtual time, chance by seed, faults, and the death of the host.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::Router;
use http::{Method, Uri};
use runtime::{
    Application, CapturedOutput, Clock, Effect, Faults, GuestOutput, InProcessNetwork,
    OutboundFault, Runtime, RuntimeBuilder, StatementFault, Storage, TraceEvent, VirtualClock,
};
use tokio::join;

use crate::support::{application, compile, get, guests, manifest, post, sql};

/// 2026-03-01 00:00:00 UTC
const START: u64 = 1_772_323_200;
const DATA: (&str, &str) = (
    "data",
    "sqlite_databases = ['default']\nkey_value_stores = ['default']",
);
const CALLER: (&str, &str) = (
    "caller",
    "allowed_outbound_hosts = ['http://provider.test', 'http://*.spin.internal']",
);

fn simulate(application: &Application) -> RuntimeBuilder {
    Runtime::builder(application)
        .simulation()
        .clock(Arc::new(VirtualClock::starting_at(Duration::from_secs(
            START,
        ))))
        .seed(1)
        .trace(1000)
        .network(Arc::new(InProcessNetwork::new().with(
            "http://provider.test",
            Router::new().fallback(|uri: Uri| async move { format!("provider {}", uri.path()) }),
        )))
}

#[tokio::test(start_paused = true)]
async fn hours_of_sleep_pass_at_once() {
    let runtime = simulate(&application(&[])).start().expect("a start");
    // Beyond the timeout of a request, so by several requests.
    let real = Instant::now();
    let virtual_start = tokio::time::Instant::now();
    for hour in 1..=25 {
        for _ in 0..60 {
            assert_eq!(get(&runtime, "/hello/sleep/60").await.0, 200);
        }
        let (_, clock) = get(&runtime, "/hello/clock").await;
        let expected = START + hour * 3600;
        let clock: u64 = clock.parse().expect("seconds");
        // Each of the sleeps ends on the next millisecond.
        assert!(
            (expected..expected + 2 * hour).contains(&clock),
            "{clock} {expected}"
        );
    }
    assert!(virtual_start.elapsed() >= Duration::from_secs(25 * 3600));
    assert!(
        real.elapsed() < Duration::from_secs(20),
        "{:?}",
        real.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_component_that_blocks_sleeps_in_virtual_time_too() {
    let runtime = simulate(&application(&[])).start().expect("a start");
    let (real, started) = (Instant::now(), tokio::time::Instant::now());
    for _ in 0..60 {
        assert_eq!(
            get(&runtime, "/blocking/sleep").await,
            (200, "slept".to_owned())
        );
    }
    assert!(started.elapsed() >= Duration::from_secs(3600));
    assert!(
        real.elapsed() < Duration::from_secs(20),
        "{:?}",
        real.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_wall_clock_can_jump() {
    let clock = Arc::new(VirtualClock::starting_at(Duration::from_secs(START)));
    let runtime = simulate(&application(&[])).clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let runtime = runtime.start().expect("a start");
    clock.jump(3_600_000);
    assert_eq!(
        get(&runtime, "/hello/clock").await.1,
        (START + 3600).to_string()
    );
    clock.jump(-7_200_000);
    assert_eq!(
        get(&runtime, "/hello/clock").await.1,
        (START - 3600).to_string()
    );
}

/// A day in the life of the guests, with faults, and what they did.
async fn scenario(application: &Application, seed: u64) -> (String, Vec<TraceEvent>) {
    let runtime = simulate(application).seed(seed).start().expect("a start");
    let mut answers = String::new();
    sql(
        &runtime,
        "CREATE TABLE item (id INTEGER PRIMARY KEY, value TEXT) STRICT",
    )
    .await;
    for round in 0..20 {
        let insert = format!("INSERT INTO item (value) VALUES (?)|{round}");
        let (random, rows, called, slept) = join!(
            get(&runtime, "/hello/random"),
            sql(&runtime, &insert),
            post(
                &runtime,
                "/caller/x",
                "http://provider.test/a\nhttp://hello.spin.internal/random"
            ),
            get(&runtime, "/hello/sleep/30"),
        );
        answers.push_str(&format!("{random:?}{rows:?}{called:?}{slept:?}\n"));
    }
    (answers, runtime.take_trace())
}

#[tokio::test(start_paused = true)]
async fn one_seed_gives_one_trace() {
    let application = application(&[DATA, CALLER]);
    let first = scenario(&application, 7).await;
    let second = scenario(&application, 7).await;
    assert_eq!(first.0, second.0);
    assert_eq!(first.1, second.1);
    assert_eq!(first.1.len(), 1 + 20 * 3);
    let other = scenario(&application, 8).await;
    assert_ne!(first.0, other.0, "chance follows the seed");
}

#[tokio::test(start_paused = true)]
async fn effects_are_recorded() {
    let runtime = simulate(&application(&[DATA, CALLER]))
        .start()
        .expect("a start");
    sql(&runtime, "SELECT 1\nkeep SELEC").await;
    post(&runtime, "/caller/x", "http://provider.test/a?b=c").await;
    post(&runtime, "/caller/x", "http://forbidden.test/").await;
    let trace = runtime.take_trace();
    let effects: Vec<&Effect> = trace.iter().map(|event| &event.effect).collect();
    let outbound = |uri: &str, outcome| Effect::Outbound {
        method: "GET".into(),
        uri: uri.into(),
        outcome,
    };
    assert!(
        matches!(effects[0], Effect::Statement { sql, outcome: Ok(1), .. } if sql == "SELECT 1")
    );
    assert!(
        matches!(effects[1], Effect::Statement { outcome: Err(error), .. } if error.contains("syntax"))
    );
    assert_eq!(*effects[2], outbound("http://provider.test/a?b=c", Ok(200)));
    assert_eq!(
        *effects[3],
        outbound("http://forbidden.test/", Err("HTTP request denied".into()))
    );
    assert_eq!(trace[2].component, "caller");
    assert!(runtime.take_trace().is_empty());
}

/// Fails the nth effect of its kind, once.
struct Once {
    outbound: OutboundFault,
    statement: StatementFault,
    seen: AtomicUsize,
}

impl Once {
    fn new(outbound: OutboundFault, statement: StatementFault) -> Arc<Self> {
        Arc::new(Self {
            outbound,
            statement,
            seen: AtomicUsize::new(0),
        })
    }
}

impl Faults for Once {
    fn outbound(&self, _component: &str, _method: &Method, uri: &Uri) -> OutboundFault {
        if uri.host() == Some("provider.test") && self.seen.fetch_add(1, Ordering::Relaxed) == 0 {
            self.outbound.clone()
        } else {
            OutboundFault::None
        }
    }

    fn statement(&self, component: &str, database: &str, sql: &str) -> StatementFault {
        assert_eq!((component, database), ("data", "default"));
        if sql.starts_with("INSERT") && self.seen.fetch_add(1, Ordering::Relaxed) == 0 {
            self.statement.clone()
        } else {
            StatementFault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn outbound_faults_befall_requests() {
    for (fault, answer, reached, seconds) in [
        (
            OutboundFault::FailBefore,
            "ErrorCode::ConnectionTerminated",
            0,
            0,
        ),
        (
            OutboundFault::FailAfter,
            "ErrorCode::ConnectionTerminated",
            1,
            0,
        ),
        (OutboundFault::Delay(Duration::from_secs(9)), "200 ok", 1, 9),
    ] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let provider = Router::new().fallback(move || async move {
            counted.fetch_add(1, Ordering::Relaxed);
            "ok"
        });
        let runtime = simulate(&application(&[CALLER]))
            .network(Arc::new(
                InProcessNetwork::new().with("http://provider.test", provider),
            ))
            .faults(Once::new(fault, StatementFault::None))
            .start()
            .expect("a start");
        let started = tokio::time::Instant::now();
        assert_eq!(
            post(&runtime, "/caller/x", "http://provider.test/").await.1,
            answer
        );
        assert_eq!(count.load(Ordering::Relaxed), reached);
        assert_eq!(started.elapsed().as_secs(), seconds);
        assert_eq!(
            post(&runtime, "/caller/x", "http://provider.test/").await.1,
            "200 ok"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn statement_faults_befall_statements() {
    for (fault, rows) in [
        (StatementFault::FailBefore("disk I/O error".into()), 0),
        (StatementFault::FailAfter("disk I/O error".into()), 1),
    ] {
        let runtime = simulate(&application(&[DATA])).faults(Once::new(OutboundFault::None, fault));
        let runtime = runtime.start().expect("a start");
        let script = "CREATE TABLE item (id INTEGER)\nkeep INSERT INTO item VALUES (1)\nSELECT count(*) FROM item";
        let (_, output) = sql(&runtime, script).await;
        assert!(output.contains("disk I/O error"), "{output}");
        assert!(
            output.ends_with(&format!("Value::Integer({rows})\n")),
            "{output}"
        );
    }
    let delay = StatementFault::Delay(Duration::from_secs(5));
    let runtime = simulate(&application(&[DATA])).faults(Once::new(OutboundFault::None, delay));
    let runtime = runtime.start().expect("a start");
    let started = tokio::time::Instant::now();
    assert_eq!(
        sql(
            &runtime,
            "CREATE TABLE item (id INTEGER)\nINSERT INTO item VALUES (1)"
        )
        .await
        .0,
        200
    );
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_kill_leaves_what_was_committed_and_nothing_else() {
    let application = application(&[DATA]);
    let storage = Storage::temporary().expect("a storage");
    let first = simulate(&application)
        .storage(storage.clone())
        .start()
        .expect("a start");
    let script = "PRAGMA journal_mode = WAL\nCREATE TABLE item (id INTEGER PRIMARY KEY, value TEXT) STRICT\n\
        INSERT INTO item VALUES (1, 'committed')\nBEGIN IMMEDIATE\nUPDATE item SET value = 'lost'\nsleep 50000\nCOMMIT";
    let (answer, ()) = join!(sql(&first, script), async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        first.kill().await;
    });
    assert_eq!(answer.0, 503);
    let second = simulate(&application)
        .storage(storage)
        .start()
        .expect("a start");
    assert_eq!(
        get(&second, "/data/read").await.1,
        "Value::Text(\"committed\")\n"
    );
    assert_eq!(
        sql(&second, "UPDATE item SET value = 'again'").await.0,
        200,
        "the writer is free"
    );
}

#[tokio::test(start_paused = true)]
async fn two_runtimes_share_a_storage() {
    let application = application(&[DATA]);
    let storage = Storage::temporary().expect("a storage");
    let first = simulate(&application)
        .storage(storage.clone())
        .start()
        .expect("a start");
    let second = simulate(&application)
        .storage(storage)
        .start()
        .expect("a start");
    sql(
        &first,
        "PRAGMA journal_mode = WAL\nCREATE TABLE item (id INTEGER PRIMARY KEY, value TEXT) STRICT",
    )
    .await;
    let script = "BEGIN\nINSERT INTO item (value) VALUES ('a')\nsleep 1000\nINSERT INTO item (value) VALUES ('b')\nCOMMIT";
    let (a, b) = join!(sql(&first, script), sql(&second, script));
    assert_eq!((a.0, b.0), (200, 200), "{a:?} {b:?}");
    let (_, values) = sql(&first, "SELECT group_concat(value, '') FROM item").await;
    assert_eq!(values, "Value::Text(\"abab\")\n");
}

#[tokio::test(start_paused = true)]
async fn a_component_reaches_its_own_application() {
    let hosts = (
        "caller",
        "allowed_outbound_hosts = ['http://127.0.0.1:3000']",
    );
    let runtime = simulate(&application(&[hosts]))
        .own_origin("http://127.0.0.1:3000")
        .start()
        .expect("a start");
    let (_, body) = post(
        &runtime,
        "/caller/x",
        "http://127.0.0.1:3000/hello\nhttp://127.0.0.1:3000/nowhere",
    )
    .await;
    assert_eq!(body, "200 hello\n404 no component answers this path");
}

fn with_cron() -> Application {
    compile(&format!(
        "{}[[trigger.cron]]\ncomponent = 'cron'\ncron_expression = '*/20 * * * * *'\n\
         [component.cron]\nsource = '{}/cron.wasm'\n",
        manifest(&[]),
        guests().display(),
    ))
}

#[tokio::test(start_paused = true)]
async fn schedules_are_kept_in_virtual_time() {
    let output = CapturedOutput::default();
    let runtime = simulate(&with_cron()).guest_output(GuestOutput::Capture(output.clone()));
    let runtime = runtime.start().expect("a start");
    let schedules = runtime.keep_schedules();
    tokio::time::sleep(Duration::from_secs(3599)).await;
    drop(schedules);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let ticks: Vec<String> = output.text().lines().map(str::to_owned).collect();
    let expected: Vec<String> = (1..180)
        .map(|tick| format!("tick {}", START + tick * 20))
        .collect();
    assert_eq!(ticks, expected);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_survives_a_clock_that_jumps() {
    let output = CapturedOutput::default();
    let clock = Arc::new(VirtualClock::starting_at(Duration::from_secs(START)));
    let runtime = simulate(&with_cron())
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .guest_output(GuestOutput::Capture(output.clone()))
        .start()
        .expect("a start");
    let _schedules = runtime.keep_schedules();
    let count = || output.text().lines().count();
    tokio::time::sleep(Duration::from_secs(65)).await;
    assert_eq!(count(), 3);
    clock.jump(86_400_000);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!((5..=7).contains(&count()), "{}", count());
    let before = count();
    clock.jump(-2 * 86_400_000);
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert!(
        (before + 3..=before + 5).contains(&count()),
        "{before} {}",
        count()
    );
}

#[tokio::test(start_paused = true)]
async fn a_test_fires_cron_itself_and_hears_of_failures() {
    let output = CapturedOutput::default();
    let runtime = simulate(&with_cron()).guest_output(GuestOutput::Capture(output.clone()));
    let runtime = runtime.start().expect("a start");
    let failed = runtime
        .fire_cron(0)
        .await
        .expect_err("the first second of a minute")
        .to_string();
    assert!(
        failed.contains("`cron`") && failed.contains("on the minute"),
        "{failed}"
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    runtime.fire_cron(0).await.expect("any other second");
    assert_eq!(output.text(), format!("tick {START}\ntick {}\n", START + 5));
    assert!(runtime.fire_cron(1).await.is_err());
}
