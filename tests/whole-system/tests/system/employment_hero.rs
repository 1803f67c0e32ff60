//! Employees and leave of Employment Hero: what is in the tables, and what follows when the provider has a bad day.

mod breaking;
mod reading;
mod syncing;

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::employment_hero::{
    CLIENT_ID, CLIENT_SECRET, Change, Employee, HARBOUR, LeaveRequest,
};
use whole_system::{App, Organization, Settings, consent};

/// When the simulations of this module begin: Tuesday 2026-09-22, 00:13 in Sydney.
const EPOCH: i64 = 1_790_000_000;
const PUBLIC_URL: &str = "https://patchbay.example.com";
const REDIRECT_URI: &str = "https://patchbay.example.com/auth/callback";
const LEAVE: &str = "/sync/leave_requests";
const EMPLOYEES: &str = "/sync/employees";

/// With a connector of the demo's firm, whose owner has agreed. Nothing is synced yet.
async fn start(seed: u64) -> (App, Organization, String) {
    let (app, organization) = unconnected(seed).await;
    let id = connect(&app, &organization, "employment_hero", json!(HARBOUR)).await;
    (app, organization, id)
}

async fn unconnected(seed: u64) -> (App, Organization) {
    let settings = Settings {
        seed,
        ..Settings::default()
    }
    .variable("public_url", PUBLIC_URL);
    let accounts = simulators::seven_shifts::demo_data(seed, EPOCH);
    let app = App::simulate_with(settings, EPOCH, accounts).await;
    app.employment_hero.provider().change_settings(|settings| {
        settings.redirect_uris.insert(REDIRECT_URI.to_owned());
    });
    let organization = app.organization("Harbour Advice", "Australia/Sydney").await;
    (app, organization)
}

/// Makes a connector, and agrees as the account's owner does.
async fn connect(
    app: &App,
    organization: &Organization,
    key: &str,
    organisation_id: Value,
) -> String {
    let body = json!({
        "type": "employment_hero", "name": "People", "integration_key": key,
        "config": {"client_id": CLIENT_ID, "organisation_id": organisation_id},
        "credentials": {"client_secret": CLIENT_SECRET},
    });
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    let id = made["id"].as_str().unwrap().to_owned();
    agree(app, organization, &id).await;
    id
}

async fn agree(app: &App, organization: &Organization, id: &str) {
    consent::agree(app, organization, PUBLIC_URL, id).await;
}

/// Asks for a sync, and returns its run when it has ended.
async fn sync(app: &App, organization: &Organization, path: &str) -> Value {
    let run = ask(app, organization, path).await;
    ended(app, organization, &run).await
}

/// Asks for a sync; the id of its run.
async fn ask(app: &App, organization: &Organization, path: &str) -> String {
    let answer = app.post(path, &organization.key, json!({})).await;
    if answer.status == StatusCode::BAD_GATEWAY {
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let run = detail.rsplit('/').next().unwrap();
        return run.trim_end_matches('.').to_owned();
    }
    assert!(answer.status.is_success(), "{:?}", answer.body);
    answer.json()["run_id"].as_str().unwrap().to_owned()
}

async fn ended(app: &App, organization: &Organization, run: &str) -> Value {
    let path = format!("/api/sync-runs/{run}");
    for _ in 0..300 {
        let shown = app
            .get(&path, &organization.key)
            .await
            .expect(StatusCode::OK);
        if !shown["finished_at"].is_null() {
            return shown;
        }
        pass(20).await;
        app.tick().await.expect(StatusCode::OK);
    }
    panic!("the run {run} never ends");
}

/// Both streams, whole.
async fn sync_all(app: &App, organization: &Organization) {
    for path in [EMPLOYEES, LEAVE] {
        let run = sync(app, organization, path).await;
        assert_eq!(run["status"], "success", "{run:#}");
    }
}

/// What is alive here, by the provider's ids.
async fn rows(app: &App, organization: &Organization, path: &str) -> BTreeMap<String, Value> {
    app.all(path, &organization.key)
        .await
        .into_iter()
        .map(|row| (row["external_id"].as_str().unwrap().to_owned(), row))
        .collect()
}

async fn leave_here(app: &App, organization: &Organization) -> BTreeMap<String, Value> {
    rows(app, organization, "/api/leave-requests").await
}

/// That the leave here is what the provider has, with status and hours, as far as it is kept.
async fn assert_true(app: &App, organization: &Organization, when: &str) {
    let here: BTreeMap<_, _> = leave_here(app, organization)
        .await
        .into_iter()
        .map(|(id, row)| {
            let days = row["days"].as_array().unwrap();
            let minutes: i64 = days
                .iter()
                .map(|day| day["minutes"].as_i64().unwrap())
                .sum();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let told = (
                text("external_employee_id"),
                text("start_date"),
                text("end_date"),
                text("status"),
                minutes,
            );
            (id, told)
        })
        .collect();
    let organisations = app.employment_hero.provider().organisations();
    let truth: BTreeMap<_, _> = organisations
        .get(HARBOUR)
        .unwrap()
        .leave_requests
        .iter()
        .map(|row| {
            let days = row
                .end_date
                .signed_duration_since(row.start_date)
                .num_days();
            let working = (0..=days)
                .filter(|day| {
                    let day = row.start_date + chrono::Days::new(*day as u64);
                    let day = chrono::Datelike::weekday(&day).num_days_from_monday();
                    day < 5
                })
                .count();
            let minutes = (row.hours_a_day * 60.0).round() as i64 * working as i64;
            let told = (
                row.employee_id.clone(),
                row.start_date.to_string(),
                row.end_date.to_string(),
                row.status.to_lowercase(),
                minutes,
            );
            (row.id.clone(), told)
        })
        .collect();
    assert_eq!(here, truth, "{when}");
}

async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}

fn change(app: &App, change: Change) {
    app.employment_hero.provider().change(change).unwrap();
}

fn adviser(number: u64) -> String {
    format!("b3d7c0aa-52c5-4f0b-9f0e-{number:012x}")
}

fn request(number: u64) -> String {
    format!("0c7e4c0e-52c5-4f0b-9f0e-{number:012x}")
}

/// Leave of the first adviser on one day, so many days after the simulation's first.
fn leave(number: u64, in_days: u64) -> LeaveRequest {
    let first = chrono::NaiveDate::from_ymd_opt(2026, 9, 22).unwrap();
    let day = first + chrono::Days::new(in_days);
    LeaveRequest {
        id: request(number),
        employee_id: adviser(1),
        start_date: day,
        end_date: day,
        status: "Approved".to_owned(),
        category: "Annual Leave".to_owned(),
        hours_a_day: 7.6,
    }
}

/// So many requests more, of the numbers from 1,000 on.
fn add_leave(app: &App, count: u64) {
    for number in 0..count {
        change(
            app,
            Change::AddLeave {
                organisation: HARBOUR.to_owned(),
                leave: leave(1_000 + number, number % 300),
            },
        );
    }
}

fn employee(number: u64, mail: Option<&str>, account: Option<&str>) -> Employee {
    Employee {
        id: adviser(number),
        first_name: "Sam".to_owned(),
        last_name: format!("N{number}"),
        account_email: account.map(str::to_owned),
        company_email: mail.map(str::to_owned),
        job_title: "Clerk".to_owned(),
        status: "active".to_owned(),
        start_date: chrono::NaiveDate::from_ymd_opt(2024, 1, 8).unwrap(),
        termination_date: None,
    }
}

/// Requests to the API since they were forgotten last, by the end of their path.
fn asked(app: &App, end: &str) -> usize {
    let requests = app.employment_hero.requests();
    requests
        .iter()
        .filter(|request| request.path.ends_with(end))
        .count()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}
