//! The scheduler over many connectors: a tick that finds nothing, and ticks that claim and record
//! jobs whose function does nothing.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use runtime::{Faults, StatementFault};
use tokio::net::TcpListener;
use whole_system::{App, LAKESHORE, Settings, now};

use crate::table::{Mark, Measured, Row};

pub const IDLE_ROWS: &[Row] = &[
    Row {
        id: "idle_tick_ms",
        what: "tick over 10,000 connectors, nothing due",
        unit: "ms",
        mark: Mark::Below(10.0),
    },
    Row {
        id: "idle_tick_statements",
        what: "tick over 10,000 connectors, nothing due: statements",
        unit: "",
        mark: Mark::AtMost(3.0),
    },
];

pub const ROWS: &[Row] = &[
    Row {
        id: "claim_ms_1k",
        what: "claim and record with a no-op function, 1,000 connectors: each job",
        unit: "ms",
        mark: Mark::Context,
    },
    Row {
        id: "claim_ms_10k",
        what: "claim and record with a no-op function, 10,000 connectors: each job",
        unit: "ms",
        mark: Mark::Context,
    },
    Row {
        id: "claim_growth",
        what: "claim and record: time of a job among 10,000 beside 1,000 (1 = linear)",
        unit: "",
        mark: Mark::AtMost(1.5),
    },
];

const IDLE_TICKS: u32 = 20;
/// Longer than this no claim row is measured.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn measure_idle() -> anyhow::Result<Vec<Measured>> {
    let statements = Arc::new(Statements::default());
    let settings = Settings {
        faults: Some(statements.clone()),
        ..Settings::default()
    };
    let app = crowded(settings, 10_000, Due::Later).await?;
    // The first tick meets a cold instance, and looks after what every day needs once.
    let _ = app.tick().await.expect(StatusCode::OK);
    let _ = app.tick().await.expect(StatusCode::OK);
    statements.0.store(0, Ordering::Relaxed);
    let mut times = Vec::new();
    for _ in 0..IDLE_TICKS {
        let started = Instant::now();
        let _ = app.tick().await.expect(StatusCode::OK);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).context("no tick")?;
    let count = f64::from(statements.0.load(Ordering::Relaxed)) / f64::from(IDLE_TICKS);
    Ok(vec![
        Measured::new("idle_tick_ms", median.as_secs_f64() * 1e3),
        Measured::new("idle_tick_statements", count),
    ])
}

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let thousand = milliseconds_per_job(1_000).await?;
    let ten_thousand = milliseconds_per_job(10_000).await?;
    Ok(vec![
        Measured::new("claim_ms_1k", thousand),
        Measured::new("claim_ms_10k", ten_thousand),
        Measured::new("claim_growth", ten_thousand / thousand),
    ])
}

/// One job is due of each connector; what is done when the patience ends counts.
async fn milliseconds_per_job(connectors: u32) -> anyhow::Result<f64> {
    let address = serve_no_op().await?;
    let origin = format!("http://{address}");
    let settings = Settings::default()
        .variable("internal_base_url", &origin)
        .variable("tick_origin", &origin);
    let app = crowded(settings, connectors, Due::OneStream).await?;
    let started = Instant::now();
    let mut done = 0;
    while done < connectors && started.elapsed() < PATIENCE {
        let summary = app.tick().await.expect(StatusCode::OK);
        let ended = summary["done"].as_u64().context("no count of jobs")?;
        anyhow::ensure!(ended > 0, "a tick ended no job: {summary}");
        done += u32::try_from(ended)?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e3 / f64::from(done))
}

#[derive(Default)]
struct Statements(AtomicU32);

impl Faults for Statements {
    fn statement(&self, _: &str, _: &str, _: &str) -> StatementFault {
        self.0.fetch_add(1, Ordering::Relaxed);
        StatementFault::None
    }
}

#[derive(Clone, Copy)]
enum Due {
    Later,
    /// One stream of each connector was asked for, and the others are due later.
    OneStream,
}

/// An application with that many copies of one connector, each with all of its streams.
async fn crowded(settings: Settings, connectors: u32, due: Due) -> anyhow::Result<App> {
    let mut app = App::start_with(
        settings.clone(),
        simulators::seven_shifts::demo_data(1, now()),
    )
    .await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    // The database is not the runtime's while it is written to.
    app.runtime.kill().await;
    let copies = COPIES.replace(":copies", &connectors.to_string());
    let database = app.database();
    database.execute_batch(&copies)?;
    database.execute(LATER, [now()])?;
    if matches!(due, Due::OneStream) {
        database.execute(ONE_DUE, [now()])?;
    }
    drop(database);
    app.restart(settings).await;
    Ok(app)
}

const COPIES: &str = "
BEGIN;
CREATE TEMP TABLE copies AS
  WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :copies - 1)
  SELECT printf('%08x-0000-7000-8000-000000000000', n) AS id FROM n;
INSERT INTO connectors (id, organization_id, provider, integration_key, name, state, state_changed_at, config,
  sync_settings, connected_at, created_at, updated_at)
SELECT copies.id, organization_id, provider, 'copy-' || copies.id, name, state, state_changed_at, config,
  sync_settings, connected_at, created_at, updated_at FROM copies CROSS JOIN connectors;
INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, rank, state, next_due_at,
  created_at, updated_at)
SELECT substr(copies.id, 1, 8) || '-' || substr('000' || rank, -4) || substr(copies.id, 14), kind, name,
  organization_id, copies.id, function, copies.id, rank, 'pending', next_due_at, created_at, updated_at
FROM copies CROSS JOIN jobs WHERE kind = 'sync';
COMMIT;";

const LATER: &str = "UPDATE jobs SET next_due_at = ?1 + 3600 + rank WHERE kind = 'sync'";

const ONE_DUE: &str =
    "UPDATE jobs SET next_due_at = ?1 - 1, next_run_id = 'asked-' || id, planned_trigger = 'manual'
  WHERE kind = 'sync' AND name = 'time_punches'";

/// A function that has always just finished.
async fn serve_no_op() -> anyhow::Result<SocketAddr> {
    const DONE: &[u8] =
        br#"{"outcome":"done","status":"success","failure":null,"complete":false,"wanted":[]}"#;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let service = service_fn(async |request: Request<Incoming>| {
                let _ = request.into_body().collect().await;
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(DONE))))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}
