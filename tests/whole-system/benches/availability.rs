//! When advisers have room, one request at a time: all of a large organization by warm copies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use simulators::hubspot::{Change, Kind, Owner, PORTAL, Settings, TOKEN};
use whole_system::{App, Organization, now};

use crate::load;
use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "availability_p50",
        what: "200 advisers, 52 weeks, 5,000 meetings, 2,000 deals: earliest weeks by warm copies, half of the answers within",
        unit: "ms",
        mark: Mark::Below(40.0),
    },
    Row {
        id: "availability_schedule_p50",
        what: "the same: the weeks of one adviser, half of the answers within",
        unit: "ms",
        mark: Mark::Context,
    },
];

const ADVISERS: u64 = 200;
const MEETINGS: u64 = 5_000;
const DEALS: u64 = 2_000;
const ROUND: Duration = Duration::from_secs(3);
const EARLIEST: &str = "/availability/earliest?compute=1&limit=500";

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let app = App::start_with(
        load::unlimited(),
        simulators::seven_shifts::demo_data(1, now()),
    )
    .await;
    let organization = app.organization("Harbour", "Australia/Sydney").await;
    fill(&app)?;
    let connector = json!({
        "type": "hubspot", "name": "HubSpot", "integration_key": "hubspot",
        "config": {"portal_id": PORTAL}, "credentials": {"token": TOKEN},
    });
    let made = app.post("/api/connectors", &organization.key, connector);
    made.await.expect(StatusCode::CREATED);
    read(&app, &organization).await?;

    let server = app
        .runtime
        .serve(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await?;
    let authorization = format!("Bearer {}", organization.key);
    let schedule = "/availability/schedule?compute=1&email=adviser.7@example.test";
    let mut measured = Vec::new();
    for (id, path) in [
        ("availability_p50", EARLIEST),
        ("availability_schedule_p50", schedule),
    ] {
        let request = Request::get(path)
            .header("authorization", &authorization)
            .body(Full::<Bytes>::default())?;
        let make: load::Make = Arc::new(move |_| request.clone());
        let load = load::alone(server.address(), make, ROUND).await?;
        measured.extend(load.p50_ms().map(|value| Measured::new(id, value)));
    }
    anyhow::ensure!(app.hubspot.requests().is_empty(), "a copy was not warm");
    Ok(measured)
}

/// The first look, which reads everything.
async fn read(app: &App, organization: &Organization) -> anyhow::Result<()> {
    let list = app.get(EARLIEST, &organization.key).await;
    let list = list.expect(StatusCode::OK);
    anyhow::ensure!(list["is_stale"] == false, "not everything was read: {list}");
    let rows = |name: &str| -> u64 {
        let sources = list["sources"].as_array().into_iter().flatten();
        let mut of = sources.filter(|source| source["source"] == name);
        of.next()
            .map_or(0, |source| source["rows"].as_u64().unwrap_or(0))
    };
    let read = (rows("users"), rows("meetings"), rows("deals"));
    anyhow::ensure!(
        read.0 >= ADVISERS && read.1 >= MEETINGS && read.2 >= DEALS,
        "{read:?} rows"
    );
    let has_week = |row: &&Value| row["earliest_open_week"].is_string();
    let weeks = list["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(has_week);
    anyhow::ensure!(weeks.count() as u64 >= ADVISERS, "not everybody has a week");
    app.hubspot.clear_requests();
    Ok(())
}

fn fill(app: &App) -> anyhow::Result<()> {
    let hubspot = app.hubspot.provider();
    hubspot.change_settings(Settings::lift_limits);
    let day = |ahead: i64| {
        let time = DateTime::from_timestamp(now() + ahead * 86_400, 0);
        time.unwrap_or_default()
    };
    let mut chance = 7_u64;
    let mut below = |limit: u64| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % limit
    };
    let put = |kind, id, properties: &[(&str, String)]| {
        let properties: BTreeMap<String, Option<String>> = properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some(value.clone())))
            .collect();
        hubspot.change(Change::PutRecord {
            kind,
            id,
            properties,
        })
    };
    let mail = |at: u64| format!("adviser.{at}@example.test");
    for at in 0..ADVISERS {
        hubspot.change(Change::PutOwner {
            owner: Owner {
                id: 70_000 + at,
                email: mail(at),
                first_name: "Adviser".to_owned(),
                last_name: at.to_string(),
                user_id: 600_000 + at,
                is_archived: false,
            },
        })?;
        let user = [
            ("hs_email", mail(at)),
            ("hubspot_owner_id", (70_000 + at).to_string()),
            ("taking_on_clients", "True".to_owned()),
            ("client_types", "Seed;Series A;Series B".to_owned()),
            ("household_type", "Single;Couple".to_owned()),
            ("pod_type", "Standard Pod".to_owned()),
            ("adviser_start_date", "2024-02-05".to_owned()),
        ];
        put(Kind::User, 91_000_000 + at, &user)?;
    }
    for at in 0..MEETINGS {
        let start = day(i64::try_from(below(364))?).to_rfc3339();
        let meeting = [
            ("hs_meeting_title", format!("Clarify - client {at}")),
            ("hs_meeting_start_time", start),
            ("hs_meeting_outcome", "SCHEDULED".to_owned()),
            ("hs_activity_type", "Clarify".to_owned()),
            ("hubspot_owner_id", (70_000 + below(ADVISERS)).to_string()),
        ];
        put(Kind::Meeting, 44_000_000_000 + at, &meeting)?;
    }
    for at in 0..DEALS {
        let agreement = day(i64::try_from(below(90))? - 30).date_naive().to_string();
        let deal = [
            ("advisor_email", mail(below(ADVISERS))),
            ("agreement_start_date", agreement),
        ];
        put(Kind::Deal, 55_000_000_000 + at, &deal)?;
    }
    Ok(())
}
