//! What work costs, one request at a time: a long recipe by rates that are kept, and a month of 500 people.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use whole_system::{App, Organization, now};

use crate::table::{Mark, Measured, Row};
use crate::{attendance, load};

pub const ROWS: &[Row] = &[
    Row {
        id: "labor_p50",
        what: "500 people: costing/labor of 100 items, half of the answers within",
        unit: "ms",
        mark: Mark::Context,
    },
    Row {
        id: "labor_daily_p50",
        what: "the same: costing/daily of a month of 15,000 shifts and punches, half of the answers within",
        unit: "ms",
        mark: Mark::Context,
    },
];

const PEOPLE: i64 = 500;
const DAYS: i64 = 30;
const ITEMS: usize = 100;
const ROUND: Duration = Duration::from_secs(3);
const LABOR: &str = "/api/costing/labor";

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let (mut app, organization) = attendance::filled(PEOPLE, DAYS).await?;
    app.crash().await;
    employ(&app, &organization)?;
    app.restart(load::unlimited()).await;

    let recipe = recipe(&app, &organization).await?;
    let priced = app.post(LABOR, &organization.key, recipe.clone()).await;
    let priced = priced.expect(StatusCode::OK);
    let items = priced["items"].as_array().map_or(0, Vec::len);
    anyhow::ensure!(items == ITEMS, "{items} items");
    let day = |seconds: i64| {
        let time = DateTime::from_timestamp(now() - seconds, 0);
        time.unwrap_or_default().date_naive()
    };
    let daily = format!(
        "/api/costing/daily?from={}&to={}",
        day((DAYS + 1) * 86_400),
        day(0)
    );
    let days = app.all(&daily, &organization.key).await;
    let minutes = |name: &str| -> i64 { days.iter().filter_map(|day| day[name].as_i64()).sum() };
    let (scheduled, actual) = (minutes("scheduled_minutes"), minutes("actual_minutes"));
    // Seven and a half hours a shift.
    anyhow::ensure!(
        scheduled == PEOPLE * DAYS * 450 && actual > 0,
        "{scheduled} and {actual} minutes"
    );

    let server = app
        .runtime
        .serve(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await?;
    let authorization = format!("Bearer {}", organization.key);
    let labor = Request::post(LABOR)
        .header("authorization", &authorization)
        .header("content-type", "application/json")
        .body(Full::<Bytes>::from(recipe.to_string()))?;
    let daily = Request::get(daily)
        .header("authorization", &authorization)
        .body(Full::default())?;
    let mut measured = Vec::new();
    for (id, request) in [("labor_p50", labor), ("labor_daily_p50", daily)] {
        let make: load::Make = Arc::new(move |_| request.clone());
        let load = load::alone(server.address(), make, ROUND).await?;
        measured.extend(load.p50_ms().map(|value| Measured::new(id, value)));
    }
    Ok(measured)
}

/// Gives each of the people a role, a location and a wage, and their shifts and punches, too.
fn employ(app: &App, organization: &Organization) -> anyhow::Result<()> {
    let database = app.database();
    let id = organization.id.as_str();
    let ids_of = |table: &str| -> anyhow::Result<String> {
        let sql = format!(
            "SELECT json_group_array(external_id) FROM {table} WHERE organization_id = ?1 AND deleted_at IS NULL"
        );
        Ok(database.query_row(&sql, [id], |row| row.get(0))?)
    };
    let (roles, locations) = (ids_of("roles")?, ids_of("locations")?);
    database.execute_batch(
        "DELETE FROM team_member_wages; DELETE FROM team_member_role_assignments;",
    )?;
    // The people are numbered, and so are their shifts and punches.
    let of = |list: &str, number: &str| {
        format!("json_extract({list}, '$[' || ({number} % json_array_length({list})) || ']')")
    };
    let person = format!("(CAST(substr(external_id, 2) AS INTEGER) % {PEOPLE})");
    let (role, location) = (of("?2", &person), of("?3", &person));
    for table in ["schedule_shifts", "time_punches"] {
        database.execute(
            &format!(
                "UPDATE {table} SET external_role_id = {role}, external_location_id = {location} WHERE organization_id = ?1"
            ),
            rusqlite::params![id, roles, locations],
        )?;
    }
    for insert in [
        format!(
            "INSERT INTO team_member_wages (id, organization_id, connector_id, source, external_id, team_member_id,
               external_user_id, external_role_id, wage_type, wage_cents, effective_date, created_seq, changed_seq)
             SELECT 'w' || id, ?1, connector_id, source, {person}, id, external_id, {role}, 'hourly',
               1500 + {person}, '2020-01-01', 1, ?4 FROM team_members WHERE organization_id = ?1 AND ?3 <> ''"
        ),
        format!(
            "INSERT INTO team_member_role_assignments (id, organization_id, connector_id, source, external_id,
               team_member_id, external_user_id, external_role_id, external_location_id, is_primary, created_seq, changed_seq)
             SELECT 'a' || id, ?1, connector_id, source, {person}, id, external_id, {role}, {location}, 1, 1, ?4
             FROM team_members WHERE organization_id = ?1"
        ),
    ] {
        // Newer than the rates that are kept.
        database.execute(&insert, rusqlite::params![id, roles, locations, now() * 1_000_000])?;
    }
    Ok(())
}

async fn recipe(app: &App, organization: &Organization) -> anyhow::Result<Value> {
    let rates = app.all("/api/costing/rates", &organization.key).await;
    let roles: Vec<_> = rates
        .iter()
        .filter(|rate| rate["basis"] == "role")
        .map(|rate| &rate["role"])
        .collect();
    anyhow::ensure!(!roles.is_empty(), "nobody has a rate");
    let items: Vec<_> = (1..=ITEMS)
        .zip(roles.iter().cycle())
        .map(|(minutes, role)| json!({"role": role, "minutes": minutes, "batches": 2.5}))
        .collect();
    Ok(json!({"kind": "recipe", "items": items, "ingredient_cost_cents": 1_240}))
}
