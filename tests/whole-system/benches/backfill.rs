//! The first sync of a large account: as fast as it goes, and at the pace that 7shifts allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use http::{Method, StatusCode, Uri};
use runtime::{Faults, Limits, OutboundFault, StatementFault};
use serde_json::{Value, json};
use simulators::RateLimit;
use simulators::seven_shifts::scale;
use whole_system::{Account, App, Organization, Settings, now};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "backfill_rate",
        what: "backfill of 200,000 punches, unthrottled, end to end",
        unit: "rows/s",
        mark: Mark::AtLeast(15_000.0),
    },
    Row {
        id: "backfill_row_statements",
        what: "backfill: statements per page that write rows",
        unit: "",
        mark: Mark::AtMost(1.0),
    },
    Row {
        id: "backfill_statements",
        what: "backfill: all statements per page (budget, checkpoint, notes, BEGIN and COMMIT)",
        unit: "",
        mark: Mark::Context,
    },
    Row {
        id: "backfill_memory",
        what: "backfill: limit of guest memory that 20,000 and 200,000 punches stay under alike",
        unit: "MiB",
        mark: Mark::AtMost(32.0),
    },
];

pub const BUDGET_ROWS: &[Row] = &[
    Row {
        id: "budget_share",
        what: "long backfill at 10 requests/s: share of the budget that is used",
        unit: "",
        mark: Mark::AtLeast(0.95),
    },
    Row {
        id: "budget_peak",
        what: "long backfill at 10 requests/s: most requests in any sliding second",
        unit: "requests",
        mark: Mark::AtMost(10.0),
    },
];

const SCALE: Account = Account {
    company_id: 4_900,
    token: "sim7s_scale_1",
    zone: "America/Toronto",
};
const PUNCHES: u32 = 200_000;
const PUNCHES_FOR_MEMORY: u32 = 20_000;
/// Limits of guest memory that are tried in turn, in MiB.
const MEMORY_MIB: [u16; 8] = [2, 3, 4, 6, 8, 12, 16, 32];
/// 24 seconds of pages of 500 rows at 10 requests a second.
const PUNCHES_FOR_BUDGET: u32 = 120_000;
/// No backfill of this table takes longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// A guest without enough memory is started again and again; the small backfill takes a second or two.
const PATIENCE_FOR_MEMORY: Duration = Duration::from_secs(8);
/// The large one takes ten seconds.
const PATIENCE_FOR_MANY: Duration = Duration::from_secs(45);

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    for mib in MEMORY_MIB {
        let few = Backfill::start(PUNCHES_FOR_MEMORY, Some(mib), true).await?;
        if few.run(PATIENCE_FOR_MEMORY).await.is_err() {
            continue;
        }
        // A page more or less in flight decides at the edge, so the few may have been lucky.
        let many = Backfill::start(PUNCHES, Some(mib), true).await?;
        if let Ok(took) = many.run(PATIENCE_FOR_MANY).await {
            return Ok(measured(&many, mib, took));
        }
    }
    anyhow::bail!("32 MiB are not enough for {PUNCHES} punches")
}

fn measured(backfill: &Backfill, enough_mib: u16, took: Duration) -> Vec<Measured> {
    let pages = f64::from(backfill.counts.pages.load(Ordering::Relaxed));
    let per_page = |count: &AtomicU32| f64::from(count.load(Ordering::Relaxed)) / pages;
    vec![
        Measured::new("backfill_rate", f64::from(PUNCHES) / took.as_secs_f64()),
        Measured::new(
            "backfill_row_statements",
            per_page(&backfill.counts.row_statements),
        ),
        Measured::new("backfill_statements", per_page(&backfill.counts.statements)),
        Measured::new("backfill_memory", f64::from(enough_mib)),
    ]
}

pub async fn measure_budget() -> anyhow::Result<Vec<Measured>> {
    let backfill = Backfill::start(PUNCHES_FOR_BUDGET, None, false).await?;
    backfill.run(PATIENCE).await?;
    let requests = backfill.app.simulator.requests();
    let punches: Vec<_> = requests
        .iter()
        .filter(|request| request.path.ends_with("/time_punches"))
        .collect();
    let (Some(first), Some(last)) = (punches.first(), punches.last()) else {
        anyhow::bail!("no punches were asked for");
    };
    let allowed = f64::from(u32::try_from(last.at_ms - first.at_ms)?) / 1_000.0 * 10.0;
    let used = f64::from(u32::try_from(punches.len() - 1)?);
    let peak = backfill
        .app
        .simulator
        .peak_requests_in_a_second(Some(SCALE.token));
    Ok(vec![
        Measured::new("budget_share", used / allowed),
        Measured::new("budget_peak", f64::from(u32::try_from(peak)?)),
    ])
}

/// An application that has connected a large account and synced nothing yet.
struct Backfill {
    app: App,
    organization: Organization,
    punches: u32,
    counts: Arc<Counts>,
}

/// What the sync did to the world outside it.
#[derive(Default)]
struct Counts {
    pages: AtomicU32,
    statements: AtomicU32,
    row_statements: AtomicU32,
}

impl Faults for Counts {
    fn outbound(&self, _: &str, _: &Method, uri: &Uri) -> OutboundFault {
        if uri.path().ends_with("/time_punches") {
            self.pages.fetch_add(1, Ordering::Relaxed);
        }
        OutboundFault::None
    }

    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        // Before the first page other streams run.
        if component == "seven-shifts-sync" && self.pages.load(Ordering::Relaxed) > 0 {
            self.statements.fetch_add(1, Ordering::Relaxed);
            if sql.contains("INSERT INTO time_punches") {
                self.row_statements.fetch_add(1, Ordering::Relaxed);
            }
        }
        StatementFault::None
    }
}

/// What follows the punches is not part of their backfill.
fn only_punches() -> Value {
    let others = ["wages", "assignments", "availability", "time_off"];
    others
        .map(|stream| (stream.to_owned(), json!({"enabled": false})))
        .into_iter()
        .collect()
}

impl Backfill {
    async fn start(
        punches: u32,
        memory_mib: Option<u16>,
        is_unthrottled: bool,
    ) -> anyhow::Result<Self> {
        let counts = Arc::new(Counts::default());
        let mut settings = Settings {
            faults: Some(counts.clone()),
            ..Settings::default()
        };
        if let Some(mib) = memory_mib {
            settings.limits = Limits {
                memory_per_instance: usize::from(mib) << 20,
                ..settings.limits
            };
        }
        if is_unthrottled {
            settings = settings.variable("seven_shifts_requests_per_second", "1000");
        }
        let app = App::start_with(settings, scale(usize::try_from(punches)?, now())).await;
        if is_unthrottled {
            app.simulator
                .provider()
                .change_settings(|settings| settings.rate_limit = RateLimit::OFF);
        }
        let organization = app.organization("Scale", SCALE.zone).await;
        let connector_id = app.connect(&organization, SCALE).await;
        let _ = app
            .request(
                Method::PUT,
                &format!("/api/connectors/{connector_id}/sync-settings"),
                &organization.key,
                Some(json!({"backfill_days": 3_650, "streams": only_punches()})),
            )
            .await
            .expect(StatusCode::OK);
        app.simulator.clear_requests();
        Ok(Self {
            app,
            organization,
            punches,
            counts,
        })
    }

    /// Ticks until the punches are in, and says how long that took.
    async fn run(&self, patience: Duration) -> anyhow::Result<Duration> {
        let started = Instant::now();
        loop {
            let tick = self.app.tick().await;
            let took = started.elapsed();
            anyhow::ensure!(
                tick.status == StatusCode::OK,
                "a tick answered {}",
                tick.status
            );
            if tick.json()["claimed"] == 0 {
                // One that has failed waits for its retry.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let runs = self.app.runs(&self.organization.key).await;
            let run = runs.get("time_punches").unwrap_or(&Value::Null);
            match run["status"].as_str() {
                Some("success") => {
                    anyhow::ensure!(
                        run["created"] == self.punches,
                        "{} of {} punches were created",
                        run["created"],
                        self.punches
                    );
                    return Ok(took);
                }
                Some("running") if took < patience => {}
                _ => anyhow::bail!("the sync did not come to its end: {tick:?} {runs:?}"),
            }
        }
    }
}
