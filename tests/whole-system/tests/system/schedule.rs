//! The scheduler through the built components, in virtual time: days of operation in seconds.

mod claiming;
mod dead_cron;
mod fixed_times;
mod frequency;
mod health;
mod hires;
mod nights;
mod purges;
mod random_days;
mod retained_shifts;
mod retention;
mod staleness;
mod trouble;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use http::{Method, StatusCode};
use runtime::Clock;
use serde_json::{Value, json};
use whole_system::{Account, App, Organization};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Streams by the tier that decides how often they run.
const HOT: &str = "time_punches";
const WARM: &str = "shifts";
const COOL: [&str; 4] = ["locations", "departments", "roles", "users"];

/// One row of the log of runs.
#[derive(Clone, Debug)]
struct Run {
    stream: String,
    trigger: String,
    status: String,
    started_at: i64,
}

impl Run {
    fn date(&self, zone: Tz) -> NaiveDate {
        local(self.started_at, zone).date_naive()
    }

    fn time(&self, zone: Tz) -> NaiveTime {
        local(self.started_at, zone).time()
    }
}

fn local(at: i64, zone: Tz) -> DateTime<Tz> {
    DateTime::from_timestamp(at, 0)
        .expect("a time within the calendar")
        .with_timezone(&zone)
}

fn at(rfc3339: &str) -> i64 {
    DateTime::parse_from_rfc3339(rfc3339)
        .expect("an RFC 3339 time")
        .timestamp()
}

fn zone(account: Account) -> Tz {
    account.zone.parse().expect("a zone")
}

/// Unix seconds of the virtual clock.
fn now(app: &App) -> i64 {
    let clock = app.clock.as_ref().expect("a simulation");
    i64::try_from(clock.wall().as_secs()).expect("a time within the calendar")
}

/// An organization with a connected account and sync settings, before its first sync. A week of
/// data is enough here: what is tested is when, not what.
async fn connected(app: &App, name: &str, account: Account, settings: Value) -> Organization {
    let organization = app.organization(name, account.zone).await;
    let connector_id = app.connect(&organization, account).await;
    let mut document = json!({"backfill_days": 7});
    let fields = settings.as_object().expect("settings are an object");
    for (field, value) in fields {
        document[field] = value.clone();
    }
    set(app, &organization, &connector_id, document).await;
    organization
}

async fn set(app: &App, organization: &Organization, connector_id: &str, settings: Value) {
    let path = format!("/api/connectors/{connector_id}/sync-settings");
    app.request(Method::PUT, &path, &organization.key, Some(settings))
        .await
        .expect(StatusCode::OK);
}

/// The id of the organization's only connector.
async fn connector_of(app: &App, organization: &Organization) -> String {
    let connectors = app.all("/api/connectors", &organization.key).await;
    connectors[0]["id"].as_str().expect("an id").to_owned()
}

/// Lets time pass with a tick every so many seconds, the first one at once.
async fn let_pass(app: &App, seconds: i64, tick_every: i64) {
    let end = now(app) + seconds;
    loop {
        let began = now(app);
        app.tick().await.expect(StatusCode::OK);
        let rest = (tick_every - (now(app) - began)).max(1);
        if now(app) + rest > end {
            sleep(end - now(app)).await;
            return;
        }
        sleep(rest).await;
    }
}

/// Lets time pass without ticks.
async fn sleep(seconds: i64) {
    tokio::time::sleep(Duration::from_secs(seconds.max(0).unsigned_abs())).await;
}

/// All runs of an organization, oldest first.
async fn runs(app: &App, organization: &Organization) -> Vec<Run> {
    let text = |run: &Value, member: &str| run[member].as_str().unwrap_or_default().to_owned();
    let mut runs: Vec<_> = app
        .all("/api/sync-runs", &organization.key)
        .await
        .iter()
        .map(|run| Run {
            stream: text(run, "stream"),
            trigger: text(run, "trigger"),
            status: text(run, "status"),
            started_at: at(&text(run, "started_at")),
        })
        .collect();
    runs.sort_by_key(|run| run.started_at);
    runs
}

/// The runs of one stream that started at or after a time.
fn of<'a>(runs: &'a [Run], stream: &str, since: i64) -> Vec<&'a Run> {
    runs.iter()
        .filter(|run| run.stream == stream && run.started_at >= since)
        .collect()
}

/// Asserts that the stream had exactly one nightly run on each local date from `first` to `last`,
/// and none on another.
#[track_caller]
fn assert_one_a_night(runs: &[Run], stream: &str, zone: Tz, first: NaiveDate, last: NaiveDate) {
    let nights: Vec<_> = runs
        .iter()
        .filter(|run| run.stream == stream && run.trigger == "nightly")
        .map(|run| run.date(zone))
        .collect();
    let expected: Vec<_> = first.iter_days().take_while(|date| *date <= last).collect();
    assert_eq!(nights, expected, "{stream}");
}

/// Asserts that every run of these is a success.
#[track_caller]
fn assert_well(runs: &[Run]) {
    let ill: BTreeSet<_> = runs
        .iter()
        .filter(|run| run.status != "success")
        .map(|run| format!("{run:?}"))
        .collect();
    assert!(ill.is_empty(), "{ill:#?}");
}
