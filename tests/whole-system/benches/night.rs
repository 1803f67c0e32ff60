//! The night of an account with 300 people: the cool streams, of which two ask for each person.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::DateTime;
use http::StatusCode;
use runtime::{Faults, Limits, StatementFault};
use serde_json::{Value, json};
use simulators::RateLimit;
use simulators::seven_shifts::{Assignments, Mutation, NewAvailability, NewUser, NewWage, scale};
use whole_system::{Account, App, Organization, Settings, now};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "night_share",
        what: "unchanged night of 300 people at 10 requests/s: share of the budget that is used",
        unit: "",
        mark: Mark::AtLeast(0.95),
    },
    Row {
        id: "night_peak",
        what: "the same: most requests in any sliding second",
        unit: "requests",
        mark: Mark::AtMost(10.0),
    },
    Row {
        id: "night_duration",
        what: "the same: from the first request to the last",
        unit: "s",
        mark: Mark::Context,
    },
    Row {
        id: "night_calls",
        what: "the same: requests",
        unit: "",
        mark: Mark::Context,
    },
    Row {
        id: "night_statements",
        what: "the same: statements for each request (budget, rows, notes, checkpoint)",
        unit: "",
        mark: Mark::Context,
    },
    Row {
        id: "night_memory",
        what: "the same: limit of guest memory that it stays under",
        unit: "MiB",
        mark: Mark::AtMost(32.0),
    },
];

const SCALE: Account = Account {
    company_id: 4_900,
    token: "sim7s_scale_1",
    zone: "America/Toronto",
};
const PEOPLE: usize = 300;
const COOL: [&str; 7] = [
    "locations",
    "departments",
    "roles",
    "users",
    "wages",
    "assignments",
    "availability",
];
const MEMORY_MIB: [u16; 6] = [3, 4, 6, 8, 16, 32];
/// Six hundred requests take a minute.
const PATIENCE: Duration = Duration::from_secs(150);
const PATIENCE_FOR_MEMORY: Duration = Duration::from_secs(20);

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let night = Night::start(None, false).await?;
    night.run(PATIENCE).await?;
    let simulator = &night.app.simulator;
    let requests = simulator.requests();
    let (Some(first), Some(last)) = (requests.first(), requests.last()) else {
        anyhow::bail!("nothing was asked for");
    };
    let seconds = f64::from(u32::try_from(last.at_ms - first.at_ms)?) / 1_000.0;
    let calls = f64::from(u32::try_from(requests.len())?);
    let peak = simulator.peak_requests_in_a_second(Some(SCALE.token));
    let statements = f64::from(night.counts.statements.load(Ordering::Relaxed));
    let mut measured = vec![
        Measured::new("night_share", (calls - 1.0) / (seconds * 10.0)),
        Measured::new("night_peak", f64::from(u32::try_from(peak)?)),
        Measured::new("night_duration", seconds),
        Measured::new("night_calls", calls),
        Measured::new("night_statements", statements / calls),
    ];
    drop(night);
    for mib in MEMORY_MIB {
        let Ok(night) = Night::start(Some(mib), true).await else {
            continue;
        };
        if night.run(PATIENCE_FOR_MEMORY).await.is_ok() {
            measured.push(Measured::new("night_memory", f64::from(mib)));
            break;
        }
    }
    Ok(measured)
}

/// An account that was synced once, the evening before.
struct Night {
    app: App,
    organization: Organization,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    is_night: AtomicBool,
    statements: AtomicU32,
}

impl Faults for Counts {
    fn statement(&self, component: &str, _: &str, _: &str) -> StatementFault {
        if component == "seven-shifts-sync" && self.is_night.load(Ordering::Relaxed) {
            self.statements.fetch_add(1, Ordering::Relaxed);
        }
        StatementFault::None
    }
}

impl Night {
    async fn start(memory_mib: Option<u16>, is_unthrottled: bool) -> anyhow::Result<Self> {
        let counts = Arc::new(Counts::default());
        let mut settings = Settings {
            faults: Some(counts.clone()),
            ..Settings::default()
        }
        .variable("seven_shifts_requests_per_second", "1000");
        if let Some(mib) = memory_mib {
            settings.limits = Limits {
                memory_per_instance: usize::from(mib) << 20,
                ..settings.limits
            };
        }
        let mut app = App::start_with(settings.clone(), scale(0, now())).await;
        staff(&app)?;
        app.simulator
            .provider()
            .change_settings(|settings| settings.rate_limit = RateLimit::OFF);
        let organization = app.organization("Night", SCALE.zone).await;
        app.connect(&organization, SCALE).await;
        settle(&app, PATIENCE).await?;
        // The evening before went as fast as it could; the night keeps to the budget.
        if !is_unthrottled {
            app.runtime.kill().await;
            app.restart(settings.variable("seven_shifts_requests_per_second", "10"))
                .await;
        }
        let night = Self {
            app,
            organization,
            counts,
        };
        night.app.simulator.clear_requests();
        night.counts.is_night.store(true, Ordering::Relaxed);
        Ok(night)
    }

    /// The cool streams once more, as at night; nothing has changed.
    async fn run(&self, patience: Duration) -> anyhow::Result<()> {
        let call = json!({"action": "scheduled_sync", "streams": COOL});
        let asked = self.app.proxy(&self.organization.key, call).await;
        anyhow::ensure!(asked.status.is_success(), "no night: {asked:?}");
        settle(&self.app, patience).await?;
        let runs = self.app.runs(&self.organization.key).await;
        for stream in COOL {
            let run = runs.get(stream).unwrap_or(&Value::Null);
            let is_quiet = ["created", "updated", "deleted", "errors"]
                .iter()
                .all(|count| run[*count] == 0);
            anyhow::ensure!(run["status"] == "success" && is_quiet, "{stream}: {run}");
        }
        Ok(())
    }
}

/// Ticks until every run has ended.
async fn settle(app: &App, patience: Duration) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < patience {
        let tick = app.tick().await;
        anyhow::ensure!(
            tick.status == StatusCode::OK,
            "a tick answered {}",
            tick.status
        );
        let waiting: i64 = app.database().query_row(
            "SELECT count(*) FROM jobs WHERE kind = 'sync' AND (run_id IS NOT NULL OR next_run_id IS NOT NULL)",
            [],
            |row| row.get(0),
        )?;
        if waiting == 0 {
            return Ok(());
        }
    }
    anyhow::bail!("the runs did not come to their end")
}

/// As many people as are missing, each with a wage, and an availability for everybody.
fn staff(app: &App) -> anyhow::Result<()> {
    let provider = app.simulator.provider();
    let truth = provider.truth(SCALE.company_id).context("the account")?;
    let role = truth.roles.first().context("a role")?;
    let today = DateTime::from_timestamp(now(), 0)
        .context("a time")?
        .date_naive();
    let mut user_ids: Vec<_> = truth.users.iter().map(|user| user.id).collect();
    for number in user_ids.len()..PEOPLE {
        let hired = provider.mutate(
            SCALE.company_id,
            Mutation::AddUser(NewUser {
                first_name: format!("Number {number}"),
                email: format!("number.{number}@scale.example.test"),
                assignments: Assignments {
                    location_ids: [role.location_id].into(),
                    department_ids: [role.department_id].into(),
                    role_ids: [role.id].into(),
                    primary_role_id: Some(role.id),
                },
                ..NewUser::default()
            }),
        )?;
        let user_id = hired.id.context("an id")?;
        provider.mutate(
            SCALE.company_id,
            Mutation::AddWage(NewWage {
                user_id,
                role_id: Some(role.id),
                effective_date: today,
                wage_cents: 2_000,
                ..NewWage::default()
            }),
        )?;
        user_ids.push(user_id);
    }
    for user_id in user_ids {
        provider.mutate(
            SCALE.company_id,
            Mutation::AddAvailability(NewAvailability {
                user_id,
                week: Some(today),
                repeat: true,
                ..NewAvailability::default()
            }),
        )?;
    }
    Ok(())
}
