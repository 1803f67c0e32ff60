//! Attendance: whatever happens in an account, what is found equals what happened.

mod asking;
mod deciding;
mod dying;
mod keeping;
mod policies;
mod saying;
mod seeing;
mod summing;
mod trusting;

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::seven_shifts::{
    Assignments, Mutation, NewPunch, NewShift, NewUser, PublishedShift, RequestStatus,
    TimeOffChanges, TimePunch, Truth,
};
use whole_system::{Answer, App, LAKESHORE, Organization};

use super::inbox::now;

/// A Sunday evening in Toronto, far from a change of clocks.
const EPOCH: i64 = 1_790_000_000;
const MIN: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Ticks until everything has an end.
const TICKS_MAX: usize = 60;

/// The restaurant in virtual time, synced once, and everything decided.
async fn restaurant(seed: u64) -> (App, Organization, String) {
    let app = App::simulate(seed, EPOCH).await;
    let (organization, connector_id) = app.synced("Lakeshore", LAKESHORE).await;
    settle(&app).await;
    (app, organization, connector_id)
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Ticks until no sync and no Delta Engine is due or at work.
async fn settle(app: &App) {
    for _ in 0..TICKS_MAX {
        app.tick().await;
        if busy(app) == 0 {
            return;
        }
        pass(20).await;
    }
    panic!("{} jobs do not end", busy(app));
}

fn busy(app: &App) -> i64 {
    app.database()
        .query_row(
            "SELECT count(*) FROM jobs WHERE (kind = 'sync' AND (run_id IS NOT NULL OR next_run_id IS NOT NULL))
               OR (kind = 'attendance' AND next_due_at IS NOT NULL)",
            [],
            |row| row.get(0),
        )
        .expect("jobs can be counted")
}

/// Has every stream synced, and what follows decided.
async fn sync(app: &App, organization: &Organization) {
    app.proxy(&organization.key, json!({"action": "scheduled_sync"}))
        .await;
    settle(app).await;
}

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account exists")
}

fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

/// Somebody new, who has neither shifts nor punches yet: user, location and role.
fn hire(app: &App) -> (i64, i64, i64) {
    let role = truth(app)
        .roles
        .iter()
        .find(|role| role.name == "Line Cook")
        .cloned()
        .expect("a role");
    let user_id = change(
        app,
        Mutation::AddUser(NewUser {
            first_name: "Noor".to_owned(),
            last_name: "Haddad".to_owned(),
            assignments: Assignments {
                location_ids: [role.location_id].into(),
                department_ids: [role.department_id].into(),
                role_ids: [role.id].into(),
                primary_role_id: Some(role.id),
            },
            ..NewUser::default()
        }),
    );
    (user_id, role.location_id, role.id)
}

fn add_shift(
    app: &App,
    (user_id, location_id, role_id): (i64, i64, i64),
    start: i64,
    end: i64,
) -> i64 {
    let role = truth(app)
        .roles
        .iter()
        .find(|role| role.id == role_id)
        .cloned()
        .expect("it");
    change(
        app,
        Mutation::AddShift(NewShift {
            location_id,
            department_id: Some(role.department_id),
            role_id: Some(role_id),
            user_id: Some(user_id),
            start,
            end,
            publish: true,
            ..NewShift::default()
        }),
    )
}

fn add_punch(
    app: &App,
    (user_id, location_id, role_id): (i64, i64, i64),
    from: i64,
    to: Option<i64>,
) -> i64 {
    change(
        app,
        Mutation::AddPunch(NewPunch {
            user_id,
            location_id,
            role_id: Some(role_id),
            clocked_in: from,
            clocked_out: to,
            ..NewPunch::default()
        }),
    )
}

/// A manager's decision about time off.
fn decide(id: i64, status: RequestStatus) -> Mutation {
    let changes = TimeOffChanges {
        status: Some(status),
        ..TimeOffChanges::default()
    };
    Mutation::EditTimeOff { id, changes }
}

async fn all(app: &App, organization: &Organization, path: &str) -> Vec<Value> {
    app.all(path, &organization.key).await
}

/// Our ids of rows, by the provider's.
async fn ids(app: &App, organization: &Organization, path: &str) -> BTreeMap<String, String> {
    let rows = all(app, organization, path).await;
    let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(row, "external_id"), text(row, "id")))
        .collect()
}

/// The person of ours who is this user.
async fn member(app: &App, organization: &Organization, user_id: i64) -> String {
    let ids = ids(app, organization, "/api/team-members").await;
    ids[&user_id.to_string()].clone()
}

fn day(at: i64) -> String {
    chrono::DateTime::from_timestamp(at, 0)
        .expect("a time")
        .with_timezone(&chrono_tz::America::Toronto)
        .date_naive()
        .to_string()
}

/// All deltas of a year around the epoch.
async fn deltas(app: &App, organization: &Organization) -> Vec<Value> {
    let path = format!(
        "/api/attendance/deltas?from={}&to={}",
        day(EPOCH - 200 * DAY),
        day(EPOCH + 100 * DAY)
    );
    all(app, organization, &path).await
}

async fn records(app: &App, organization: &Organization) -> Vec<Value> {
    all(app, organization, "/api/attendance/records").await
}

/// Records of one person: type, minutes and points that count.
async fn of_person(
    app: &App,
    organization: &Organization,
    member: &str,
) -> Vec<(String, i64, i64)> {
    let path = format!(
        "/api/attendance/records?team_member_id={member}&from={}",
        day(EPOCH - 2 * DAY)
    );
    let mut rows: Vec<_> = all(app, organization, &path)
        .await
        .iter()
        .map(|row| {
            (
                row["event_type"].as_str().expect("a type").to_owned(),
                row["minutes"].as_i64().expect("minutes"),
                row["points_assessed"].as_i64().expect("points"),
            )
        })
        .collect();
    rows.sort();
    rows
}

async fn patch(app: &App, path: &str, key: &str, body: Value) -> Answer {
    app.request(Method::PATCH, path, key, Some(body)).await
}

/// Worked seconds by the obvious sum: out − in − unpaid breaks that were not deleted.
fn worked(punch: &TimePunch) -> Option<i64> {
    let out = punch.clocked_out?;
    let unpaid: i64 = punch
        .breaks
        .iter()
        .filter(|one| !one.paid && !one.deleted)
        .map(|one| one.ended.unwrap_or(out) - one.started)
        .sum();
    Some(out - punch.clocked_in - unpaid)
}

fn planned(shift: &PublishedShift) -> i64 {
    let unpaid: i64 = shift
        .details
        .breaks
        .iter()
        .filter(|one| !one.paid)
        .map(|one| one.length * MIN)
        .sum();
    shift.details.end - shift.details.start - unpaid
}

/// Posts, and expects success.
async fn run_everything(app: &App, organization: &Organization) {
    let answer = app
        .post(
            "/api/attendance/runs",
            &organization.key,
            json!({"everything": true}),
        )
        .await;
    assert!(answer.status.is_success(), "{}", answer.json());
    settle(app).await;
    app.get("/api/attendance/policy", &organization.key)
        .await
        .expect(StatusCode::OK);
}

/// The rows in which two lists differ.
fn differing(before: &[Value], after: &[Value]) -> String {
    let only = |one: &[Value], other: &[Value]| -> Vec<String> {
        let rows = one.iter().filter(|row| !other.contains(row));
        rows.map(|row| format!("{row:#}")).collect()
    };
    format!("{:?}\n{:?}", only(before, after), only(after, before))
}
