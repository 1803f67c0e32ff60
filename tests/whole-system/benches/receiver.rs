//! Webhooks that are received: proven, looked up, and on the disk before they are acknowledged.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use domain::webhook_signature::standard::{SigningKey, sign};
use http::{Request, StatusCode};
use http_body_util::Full;
use runtime::Storage;
use serde_json::{Value, json};
use simulators::seven_shifts::{SevenShifts, demo_data};
use simulators::{Simulator, SystemClock};
use whole_system::process::Process;
use whole_system::{App, OPERATOR_KEY, Settings, now};

use crate::deployment::program;
use crate::load::{self, Make};
use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "receiver",
        what: "webhooks of 600 bytes: verify, dedupe, store with an fsync a batch; 64 connections",
        unit: "req/s",
        mark: Mark::AtLeast(5_000.0),
    },
    Row {
        id: "receiver_p99",
        what: "the same, 99 % of the answers within",
        unit: "ms",
        mark: Mark::Below(25.0),
    },
    Row {
        id: "receiver_kept",
        what: "acknowledged events that are in the inbox once",
        unit: "",
        mark: Mark::AtLeast(1.0),
    },
];

pub const PACED_ROWS: &[Row] = &[Row {
    id: "receiver_paced",
    what: "1,000 webhooks a second offered, 99 % of the answers within",
    unit: "ms",
    mark: Mark::Below(10.0),
}];

pub const CRASH_ROWS: &[Row] = &[
    Row {
        id: "receiver_crash",
        what: "acknowledged in 60 s of full load with a kill -9 in the middle",
        unit: "events",
        mark: Mark::Context,
    },
    Row {
        id: "receiver_crash_lost",
        what: "of these events not in the inbox, or there twice",
        unit: "",
        mark: Mark::AtMost(0.0),
    },
];

pub const MEMORY_ROWS: &[Row] = &[Row {
    id: "receiver_memory",
    what: "limit of guest memory under which a short load and a long one are taken alike",
    unit: "MiB",
    mark: Mark::Below(32.0),
}];

const ROUND: Duration = Duration::from_secs(4);
const BODY_BYTES: usize = 600;

const OFFERED: u32 = 1_000;
/// Limits of guest memory that are tried in turn, in MiB, and for how long.
const MEMORY_MIB: [usize; 7] = [2, 3, 4, 6, 8, 16, 31];
const MEMORY_ROUNDS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(6)];
/// Each half of the run with a death in the middle.
const HALF: Duration = Duration::from_secs(30);

/// The numbers of the second life's messages begin here.
const SECOND_LIFE: u64 = 1_000_000_000;

/// The application with a webhook, on a disk in `folder`, and what makes deliveries of it.
async fn start(settings: Settings, folder: &Path) -> anyhow::Result<(App, Make)> {
    let accounts = SevenShifts::new(demo_data(1, now()), Arc::new(SystemClock));
    let storage = Storage::directory(folder)?;
    let app = App::start_on(settings, Simulator::new(accounts), storage).await;
    let organization = app.organization("Inbox", "America/Toronto").await;
    let body = json!({"name": "Load", "scheme": "standard", "events_per_minute": 1_000_000});
    let webhook = app
        .post("/api/webhooks", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    let text = |name: &str| webhook[name].as_str().unwrap_or_default().to_owned();
    let make = make(&text("path"), &text("secret"))?;
    Ok((app, make))
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    let (app, make) = start(load::unlimited(), folder.path()).await?;
    let server = app.runtime.serve(any_port()).await?;
    let load = load::run_with(server.address(), make, ROUND).await?;
    let (stored, once): (i64, i64) = app.database().query_row(
        "SELECT count(*), count(DISTINCT delivery_id) FROM webhook_events",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    // Those of the warm-up are there, too.
    let is_kept = stored == once && stored as usize >= load.count();
    let mut measured = vec![
        Measured::new("receiver", load.per_second()),
        Measured::new("receiver_kept", if is_kept { 1.0 } else { 0.0 }),
    ];
    measured.extend(load.p99_ms().map(|p99| Measured::new("receiver_p99", p99)));
    Ok(measured)
}

pub async fn measure_paced() -> anyhow::Result<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    let (app, make) = start(load::unlimited(), folder.path()).await?;
    let server = app.runtime.serve(any_port()).await?;
    let load = load::run_paced(server.address(), make, OFFERED, ROUND).await?;
    let p99 = load.p99_ms();
    Ok(p99
        .map(|p99| Measured::new("receiver_paced", p99))
        .into_iter()
        .collect())
}

pub async fn measure_memory() -> anyhow::Result<Vec<Measured>> {
    for mib in MEMORY_MIB {
        let mut settings = load::unlimited();
        settings.limits.memory_per_instance = mib << 20;
        let folder = tempfile::tempdir()?;
        let Ok((app, make)) = start(settings, folder.path()).await else {
            continue;
        };
        let server = app.runtime.serve(any_port()).await?;
        let mut is_enough = true;
        for round in MEMORY_ROUNDS {
            is_enough &= load::run_with(server.address(), make.clone(), round)
                .await
                .is_ok();
        }
        if is_enough {
            return Ok(vec![Measured::new("receiver_memory", mib as f64)]);
        }
    }
    anyhow::bail!("31 MiB are not enough")
}

/// The program itself, killed by the system and started again on the same files.
pub async fn measure_crash() -> anyhow::Result<Vec<Measured>> {
    let (program, state) = (program()?, tempfile::tempdir()?);
    let run = || Process::start(&program, state.path(), &load::unlimited());
    let mut process = run();
    let post = |path: &str, key: &str, body: Value| {
        let answer = process.request("POST", path, key, Some(body));
        answer.context("the program is gone")
    };
    let body = json!({"name": "Inbox", "time_zone": "America/Toronto"});
    let organization = post("/api/organizations", OPERATOR_KEY, body)?;
    let id = organization["id"].as_str().unwrap_or_default();
    let path = format!("/api/webhooks?organization_id={id}");
    let body = json!({"name": "Load", "scheme": "standard", "events_per_minute": 1_000_000});
    let webhook = post(&path, OPERATOR_KEY, body)?;
    let text = |name: &str| webhook[name].as_str().unwrap_or_default().to_owned();
    let make = make(&text("path"), &text("secret"))?;
    let mut acknowledged = Vec::new();
    for is_last in [false, true] {
        let first = if is_last { SECOND_LIFE } else { 0 };
        let load = load::until_it_breaks(process.address, make.clone(), first);
        let load = tokio::spawn(load);
        tokio::time::sleep(HALF).await;
        process.kill();
        acknowledged.extend(load.await?);
        if !is_last {
            process = run();
        }
    }
    let path = Storage::directory(state.path())?.database_path("default");
    let database = rusqlite::Connection::open(path)?;
    let mut statement = database.prepare("SELECT delivery_id FROM webhook_events")?;
    let mut stored: HashMap<String, usize> = HashMap::new();
    for id in statement.query_map([], |row| row.get(0))? {
        *stored.entry(id?).or_default() += 1;
    }
    let is_lost = |number: &&u64| stored.get(&format!("msg_{number}")) != Some(&1);
    let lost = u32::try_from(acknowledged.iter().filter(is_lost).count())?;
    Ok(vec![
        Measured::new("receiver_crash", acknowledged.len() as f64),
        Measured::new("receiver_crash_lost", f64::from(lost)),
    ])
}

/// Each request is another message, signed at this moment.
fn make(path: &str, secret: &str) -> anyhow::Result<Make> {
    let key = SigningKey::parse(secret)?;
    let padding = "x".repeat(BODY_BYTES - r#"{"type":"order.paid","data":""}"#.len());
    let body = Bytes::from(format!(r#"{{"type":"order.paid","data":"{padding}"}}"#));
    anyhow::ensure!(body.len() == BODY_BYTES, "{} bytes", body.len());
    let path = path.to_owned();
    Ok(Arc::new(move |number| {
        let (id, at) = (format!("msg_{number}"), now());
        let signature = sign(std::slice::from_ref(&key), &id, at, &body).unwrap_or_default();
        let request = Request::post(&path)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.to_string())
            .header("webhook-signature", signature)
            .body(Full::new(body.clone()));
        request.unwrap_or_default()
    }))
}
