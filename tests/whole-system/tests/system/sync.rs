//! The main job: whatever happens in an account or between it and us, our tables equal it after
//! the next good sync.

mod bad_days;
mod budget;
mod changes;
mod connecting;
mod crashes;
mod crashes_after;
mod cut_short;
mod hints;
pub mod mirror;
mod one_location;
mod pay_and_absence;
mod quarantine;
mod webhooks;

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{Life, Mutation};
use whole_system::{Account, App, LAKESHORE, Organization};

/// A Sunday evening in Toronto, far from a change of clocks.
const EPOCH: i64 = 1_790_000_000;

/// The simulator's large account.
const SCALE: Account = Account {
    company_id: 4900,
    token: "sim7s_scale_1",
    zone: "America/Toronto",
};

/// Ticks until everything has an end: more than the half hour until a stream that others wait for
/// may run again.
const TICKS_MAX: usize = 120;

/// Seconds until a run has an end, a lease that has to run out included.
const RUN_SECONDS_MAX: usize = 120;

type Runs = BTreeMap<String, Value>;

/// The restaurant in virtual time, synced once.
pub async fn restaurant(seed: u64) -> (App, Organization, String) {
    let app = App::simulate(seed, EPOCH).await;
    let (organization, connector_id) = app.synced("Lakeshore", LAKESHORE).await;
    (app, organization, connector_id)
}

/// Lets virtual time pass.
pub async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Makes a change in the account.
pub fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

/// Makes plausible changes in the account.
fn live(app: &App, life: &mut Life, changes: usize) {
    for _ in 0..changes {
        life.happen(app.simulator.provider(), LAKESHORE.company_id)
            .expect("something can happen");
    }
}

/// Asks for a run of every stream and waits for its end, which must be a success.
pub async fn sync(app: &App, organization: &Organization) -> Runs {
    let runs = try_sync(app, organization).await;
    for (stream, run) in &runs {
        assert_eq!(run["status"], "success", "{stream}: {run:#}");
    }
    runs
}

/// Asks for a run of every stream, and waits until each has ended or says why it is tried again.
async fn try_sync(app: &App, organization: &Organization) -> Runs {
    let answer = app
        .proxy(&organization.key, json!({"action": "scheduled_sync"}))
        .await;
    if !answer.status.is_success() {
        return app.runs(&organization.key).await;
    }
    let answer = answer.json();
    let asked = answer["run_ids"].as_object().expect("the runs");
    let mut runs = Runs::new();
    // The answer comes after five seconds; what is asked person by person takes longer.
    for _ in 0..RUN_SECONDS_MAX {
        for (stream, id) in asked {
            let path = format!("/api/sync-runs/{}", id.as_str().expect("an id"));
            let run = app.get(&path, &organization.key).await;
            runs.insert(stream.clone(), run.expect(StatusCode::OK));
        }
        let has_news =
            |run: &Value| run["finished_at"].is_string() || run["error_code"].is_string();
        if runs.values().all(has_news) {
            break;
        }
        pass(1).await;
        app.tick().await;
    }
    runs
}

/// So much is gone that a person has to say so: nothing went, and the run says how to accept it.
fn assert_braked(run: &Value) {
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("deletion_brake"), &json!(0)),
        "{run:#}"
    );
    let detail = run["error_detail"].as_str().unwrap_or_default();
    assert!(detail.contains("force_deletions"), "{detail}");
}

/// Ticks until every run has ended, as a scheduler that is called every 20 s would.
async fn settle(app: &App, organization: &Organization) -> Runs {
    for _ in 0..TICKS_MAX {
        app.tick().await;
        let runs = app.runs(&organization.key).await;
        let ended = runs.values().all(|run| run["finished_at"].is_string());
        if ended && !runs.is_empty() && leased_or_due(app) == 0 {
            return runs;
        }
        pass(20).await;
    }
    panic!("runs do not end: {:#?}", app.runs(&organization.key).await);
}

/// Sync jobs that somebody works at or that wait to be tried again.
fn leased_or_due(app: &App) -> i64 {
    app.database()
        .query_row(
            "SELECT count(*) FROM jobs WHERE kind = 'sync' AND (run_id IS NOT NULL OR next_run_id IS NOT NULL)",
            [],
            |row| row.get(0),
        )
        .expect("jobs can be counted")
}

/// The newest change of any data row.
fn newest_change(app: &App) -> i64 {
    let tables = [
        "locations",
        "departments",
        "roles",
        "team_members",
        "schedule_shifts",
        "time_punches",
    ];
    let database = app.database();
    tables
        .iter()
        .map(|table| {
            database
                .query_row(
                    &format!("SELECT coalesce(max(changed_seq), 0) FROM {table}"),
                    [],
                    |row| row.get::<_, i64>(0),
                )
                .expect("rows have a change sequence")
        })
        .max()
        .unwrap_or_default()
}

/// A sync when nothing has changed since the last one: no data row is written.
async fn assert_quiet(app: &App, organization: &Organization) {
    let before = newest_change(app);
    for (stream, run) in sync(app, organization).await {
        for count in ["created", "updated", "deleted", "errors"] {
            assert_eq!(run[count], 0, "{stream} {count}: {run:#}");
        }
    }
    assert_eq!(newest_change(app), before, "a row was written for nothing");
}

async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}
