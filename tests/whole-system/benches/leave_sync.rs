//! The first sync of a large firm's leave, at the pace that Employment Hero allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::{Method, StatusCode, Uri};
use runtime::{Faults, OutboundFault, StatementFault};
use serde_json::{Value, json};
use simulators::employment_hero::{CLIENT_ID, CLIENT_SECRET, Change, HARBOUR_WEST, SCALE, scale};
use whole_system::{App, Organization, Settings, consent, now};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "leave_sync_beyond",
        what: "leave sync of 2,000 employees with 20,000 requests: time beyond what 100 requests a minute impose",
        unit: "s",
        mark: Mark::AtMost(30.0),
    },
    Row {
        id: "leave_sync_row_statements",
        what: "the same: statements per page that write rows",
        unit: "",
        mark: Mark::AtMost(1.0),
    },
    Row {
        id: "leave_sync_statements",
        what: "the same: all statements per page (budget, checkpoint, notes, BEGIN and COMMIT)",
        unit: "",
        mark: Mark::Context,
    },
    Row {
        id: "leave_sync_peak_minute",
        what: "the same: most requests in any sliding minute",
        unit: "requests",
        mark: Mark::AtMost(100.0),
    },
    Row {
        id: "leave_sync_peak_second",
        what: "the same: most requests in any sliding second",
        unit: "requests",
        mark: Mark::AtMost(20.0),
    },
];

const EMPLOYEES: u64 = 2_000;
const REQUESTS: u64 = 20_000;
const PUBLIC_URL: &str = "https://patchbay.example.com";
/// Two hundred pages are two minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the sync did to the world outside it.
#[derive(Default)]
struct Counts {
    pages: AtomicU32,
    statements: AtomicU32,
    row_statements: AtomicU32,
}

impl Faults for Counts {
    fn outbound(&self, _: &str, _: &Method, uri: &Uri) -> OutboundFault {
        if uri.path().ends_with("/leave_requests") {
            self.pages.fetch_add(1, Ordering::Relaxed);
        }
        OutboundFault::None
    }

    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        if component == "employment-hero-sync" && self.pages.load(Ordering::Relaxed) > 0 {
            self.statements.fetch_add(1, Ordering::Relaxed);
            if sql.contains("INSERT INTO leave_requests") {
                self.row_statements.fetch_add(1, Ordering::Relaxed);
            }
        }
        StatementFault::None
    }
}

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let counts = Arc::new(Counts::default());
    let settings = Settings {
        faults: Some(counts.clone()),
        ..Settings::default()
    }
    .variable("public_url", PUBLIC_URL);
    let accounts = simulators::seven_shifts::demo_data(1, now());
    let app = App::start_with(settings, accounts).await;
    fill(&app)?;
    let organization = app.organization("Scale", "Australia/Sydney").await;
    connect(&app, &organization).await?;
    // Who works there, first: what is measured is the leave.
    run(&app, &organization, "/sync/employees").await?;
    app.employment_hero.clear_requests();
    let started = Instant::now();
    let ended = run(&app, &organization, "/sync/leave_requests").await?;
    let took = started.elapsed();
    anyhow::ensure!(
        ended["fetched"] == REQUESTS,
        "{} of {REQUESTS} requests came",
        ended["fetched"]
    );
    let mut times: Vec<_> = app
        .employment_hero
        .requests()
        .iter()
        .filter(|request| request.path.starts_with("/api/"))
        .map(|request| request.at_ms)
        .collect();
    times.sort_unstable();
    let peak = |window_ms: i64| {
        let within = |first: i64| {
            times
                .iter()
                .filter(move |at| (first..first + window_ms).contains(*at))
        };
        times
            .iter()
            .map(|first| within(*first).count())
            .max()
            .unwrap_or_default()
    };
    let float = |count: usize| u32::try_from(count).map(f64::from);
    let imposed = float(times.len())? * 0.6;
    let pages = f64::from(counts.pages.load(Ordering::Relaxed));
    let per_page = |count: &AtomicU32| f64::from(count.load(Ordering::Relaxed)) / pages;
    Ok(vec![
        Measured::new("leave_sync_beyond", took.as_secs_f64() - imposed),
        Measured::new(
            "leave_sync_row_statements",
            per_page(&counts.row_statements),
        ),
        Measured::new("leave_sync_statements", per_page(&counts.statements)),
        Measured::new("leave_sync_peak_minute", float(peak(60_000))?),
        Measured::new("leave_sync_peak_second", float(peak(1_000))?),
    ])
}

fn fill(app: &App) -> anyhow::Result<()> {
    let provider = app.employment_hero.provider();
    let organisations = scale(EMPLOYEES, REQUESTS, now());
    let large = organisations.get(SCALE).context("a large organisation")?;
    let organisation = HARBOUR_WEST.to_owned();
    for employee in large.employees.clone() {
        provider.change(Change::AddEmployee {
            organisation: organisation.clone(),
            employee,
        })?;
    }
    for leave in large.leave_requests.clone() {
        provider.change(Change::AddLeave {
            organisation: organisation.clone(),
            leave,
        })?;
    }
    provider.change_settings(|settings| {
        settings
            .redirect_uris
            .insert(format!("{PUBLIC_URL}/auth/callback"));
    });
    Ok(())
}

/// Makes the connector, and agrees as the account's owner does.
async fn connect(app: &App, organization: &Organization) -> anyhow::Result<()> {
    let key = organization.key.as_str();
    let body = json!({
        "type": "employment_hero", "name": "People",
        "config": {"client_id": CLIENT_ID, "organisation_id": HARBOUR_WEST},
        "credentials": {"client_secret": CLIENT_SECRET},
    });
    let made = app
        .post("/api/connectors", key, body)
        .await
        .expect(StatusCode::CREATED);
    let id = made["id"].as_str().context("an id")?;
    // By day nothing runs by itself but the first sync; here nothing does.
    let settings = Some(json!({"enabled": false}));
    app.request(
        Method::PUT,
        &format!("/api/connectors/{id}/sync-settings"),
        key,
        settings,
    )
    .await
    .expect(StatusCode::OK);
    consent::agree(app, organization, PUBLIC_URL, id).await;
    Ok(())
}

/// Asks for a sync, and ticks until its run has ended.
async fn run(app: &App, organization: &Organization, path: &str) -> anyhow::Result<Value> {
    let key = organization.key.as_str();
    let asked = app.post(path, key, json!({})).await;
    anyhow::ensure!(asked.status.is_success(), "{:?}", asked.body);
    let asked = asked.json();
    let path = format!(
        "/api/sync-runs/{}",
        asked["run_id"].as_str().context("a run")?
    );
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let run = app.get(&path, key).await.expect(StatusCode::OK);
        if run["status"] == "success" {
            return Ok(run);
        }
        anyhow::ensure!(run["finished_at"].is_null(), "{run:#}");
        let tick = app.tick().await.expect(StatusCode::OK);
        if tick["claimed"] == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    anyhow::bail!("the sync did not come to its end")
}
