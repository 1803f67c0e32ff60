//! The lists of the replaced system's API with 100,000 shifts in the table.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use simulators::Simulator;
use simulators::seven_shifts::{SevenShifts, demo_data};
use whole_system::{App, LAKESHORE, Organization, now};

use crate::load;
use crate::table::{Mark, Measured, Row};

macro_rules! latency {
    ($id:literal, $what:literal) => {
        Row {
            id: $id,
            what: concat!("100,000 shifts, 64 connections: ", $what),
            unit: "ms",
            mark: Mark::Context,
        }
    };
}

pub const ROWS: &[Row] = &[
    latency!("status_p50", "status/, half of the answers within"),
    latency!("status_p99", "status/, 99 % within"),
    latency!("employees_p50", "employees/, half of the answers within"),
    latency!("employees_p99", "employees/, 99 % within"),
    latency!("shifts_p50", "shifts/, half of the answers within"),
    latency!("shifts_p99", "shifts/, 99 % within"),
];

const SHIFTS: i64 = 100_000;
/// As a group with that many shifts has them: a year back, and two weeks ahead.
const BACK_SECONDS: i64 = 365 * 86_400;
const AHEAD_SECONDS: i64 = 14 * 86_400;
const ROUND: Duration = Duration::from_secs(3);

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let (app, organization) = company(0).await?;
    let server = app
        .runtime
        .serve(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await?;
    let mut measured = Vec::new();
    for (path, p50, p99) in [
        ("status", "status_p50", "status_p99"),
        ("employees", "employees_p50", "employees_p99"),
        ("shifts", "shifts_p50", "shifts_p99"),
    ] {
        let path = format!("/api/integrations/7shifts/{path}/");
        let key = Some(organization.key.as_str());
        let load = load::run(server.address(), &path, key, ROUND).await?;
        measured.extend(load.p50_ms().map(|value| Measured::new(p50, value)));
        measured.extend(load.p99_ms().map(|value| Measured::new(p99, value)));
    }
    Ok(measured)
}

/// An application with an account that is set up, so many people more than it has, and the shifts of all
/// of them.
pub async fn company(people: u32) -> anyhow::Result<(App, Organization)> {
    let simulator = Simulator::new(SevenShifts::new(
        demo_data(1, now()),
        Arc::new(simulators::SystemClock),
    ));
    let storage = runtime::Storage::temporary()?;
    let mut app = App::start_on(load::unlimited(), simulator, storage).await;
    let organization = app.organization("Peak", LAKESHORE.zone).await;
    let account = json!({"company_id": LAKESHORE.company_id, "access_token": LAKESHORE.token});
    let configured = app
        .post(
            "/api/integrations/7shifts/configure/",
            &organization.key,
            account,
        )
        .await;
    anyhow::ensure!(configured.status.is_success(), "{configured:?}");
    app.tick().await.expect(StatusCode::OK);
    app.crash().await;
    hire(&app, people)?;
    fill(&app)?;
    Ok((app, organization))
}

/// The address of one of the people who are hired, by their number from 1.
pub fn email(number: u32) -> String {
    format!("person-{number}@bench.example")
}

/// People like the first one of the table, while nothing runs.
fn hire(app: &App, people: u32) -> anyhow::Result<()> {
    let database = app.database();
    let columns = columns(&database, "team_members")?;
    let values: Vec<_> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" => "printf('0190a5c0-0000-7000-9000-%012x', number)".to_owned(),
            "external_id" => "'person-' || number".to_owned(),
            "email" => "'person-' || number || '@bench.example'".to_owned(),
            "is_active" => "1".to_owned(),
            "deleted_at" => "NULL".to_owned(),
            other => format!("pattern.{other}"),
        })
        .collect();
    let sql = format!(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1),
           pattern AS MATERIALIZED (SELECT * FROM team_members LIMIT 1)
         INSERT INTO team_members ({}) SELECT {} FROM numbers CROSS JOIN pattern WHERE ?1 > 0",
        columns.join(", "),
        values.join(", ")
    );
    database.execute(&sql, [people])?;
    Ok(())
}

fn columns(database: &rusqlite::Connection, table: &str) -> anyhow::Result<Vec<String>> {
    let columns: Vec<String> = database
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    anyhow::ensure!(!columns.is_empty(), "there is no table {table}");
    Ok(columns)
}

/// Shifts like the first one of the table, spread over people and time, while nothing runs.
fn fill(app: &App) -> anyhow::Result<()> {
    let database = app.database();
    let columns = columns(&database, "schedule_shifts")?;
    let values: Vec<_> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" => "printf('0190a5c0-0000-7000-8000-%012x', number)".to_owned(),
            "external_id" => "'bench-' || number".to_owned(),
            "team_member_id" => {
                "(SELECT id FROM people WHERE place = number % (SELECT count(*) FROM people))"
                    .to_owned()
            }
            "starts_at" => "?1 + (?2 - ?1) * number / ?3".to_owned(),
            "ends_at" => "?1 + (?2 - ?1) * number / ?3 + 28800".to_owned(),
            "deleted_at" => "NULL".to_owned(),
            other => format!("pattern.{other}"),
        })
        .collect();
    let sql = format!(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?3),
           people AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM team_members WHERE deleted_at IS NULL),
           pattern AS MATERIALIZED (SELECT * FROM schedule_shifts WHERE team_member_id IS NOT NULL LIMIT 1)
         INSERT INTO schedule_shifts ({}) SELECT {} FROM numbers CROSS JOIN pattern",
        columns.join(", "),
        values.join(", ")
    );
    let now = now();
    database.execute(&sql, (now - BACK_SECONDS, now + AHEAD_SECONDS, SHIFTS))?;
    let count: i64 =
        database.query_row("SELECT count(*) FROM schedule_shifts", [], |row| row.get(0))?;
    anyhow::ensure!(count >= SHIFTS, "{count} shifts");
    Ok(())
}
