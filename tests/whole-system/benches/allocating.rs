//! Deals that are given to advisers, from the signed call of a workflow to the property of the deal, with the simulated HubSpot at no
//! distance: one at a time with warm data, and a hundred at once while its search lags by a minute.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::hubspot::workflow::Workflow;
use simulators::hubspot::{self, Change, Kind};
use simulators::seven_shifts::demo_data;
use whole_system::{Answer, App, Organization, Settings, send_raw};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "allocate_deal",
        what: "deal allocated with warm data: signed call, decided, on the disk, written to HubSpot, answered; half of them within",
        unit: "ms",
        mark: Mark::Below(60.0),
    },
    Row {
        id: "allocate_deal_calls",
        what: "requests that went out for one of them, with the message to Slack, at the most",
        unit: "",
        mark: Mark::AtMost(6.0),
    },
    Row {
        id: "allocate_hundred",
        what: "100 deals at once, HubSpot's search a minute behind: all of them allocated and written within",
        unit: "s",
        mark: Mark::Below(10.0),
    },
    Row {
        id: "allocate_hundred_over",
        what: "advisers of them who got more for one week than their target of a fortnight",
        unit: "",
        mark: Mark::AtMost(0.0),
    },
];

const PUBLIC_URL: &str = "https://patchbay.example.test";
const PATH: &str = "/post/allocate";
const SAMPLES: u64 = 21;
const WARM_UP: u64 = 2;
const HUNDRED: u64 = 100;
/// What more than this of waiting is, is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let settings = Settings::default().variable("public_url", PUBLIC_URL);
    let app = App::start_with(settings, demo_data(1, whole_system::now())).await;
    let organization = app.organization("Harbour", "Australia/Sydney").await;
    set_up(&app, &organization).await;
    let mut times = Vec::new();
    let mut most_calls = 0;
    for number in 0..SAMPLES + WARM_UP {
        let deal = 10_000 + number;
        put_deal(&app, deal, number)?;
        app.hubspot.clear_requests();
        app.slack.clear_requests();
        let begun = Instant::now();
        let answer = enrol(&app, deal).await?;
        let took = begun.elapsed();
        anyhow::ensure!(is_completed(&answer), "{answer:?}");
        // The message follows the answer, and a channel takes one a second.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        if number >= WARM_UP {
            times.push(took);
            let calls = app.hubspot.requests().len() + app.slack.requests().len();
            most_calls = most_calls.max(calls);
        }
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or(PATIENCE);
    // What was asked lately counts for HubSpot's limit of ten seconds.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let (seconds, over) = hundred(&app, &organization).await?;
    Ok(vec![
        Measured::new("allocate_deal", median.as_secs_f64() * 1e3),
        Measured::new("allocate_deal_calls", f64::from(u32::try_from(most_calls)?)),
        Measured::new("allocate_hundred", seconds),
        Measured::new("allocate_hundred_over", f64::from(over)),
    ])
}

async fn hundred(app: &App, organization: &Organization) -> anyhow::Result<(f64, u32)> {
    let provider = app.hubspot.provider();
    provider.change_settings(|settings| settings.search_delay_ms = 60_000);
    let deals: Vec<u64> = (20_000..20_000 + HUNDRED).collect();
    for (number, deal) in (0..).zip(&deals) {
        put_deal(app, *deal, number)?;
    }
    app.hubspot.clear_requests();
    let begun = Instant::now();
    let enrolled = futures::future::join_all(deals.iter().map(|deal| enrol(app, *deal))).await;
    for answer in enrolled {
        answer?;
    }
    let records = loop {
        let all = app.all("/api/allocations", &organization.key).await;
        if all.iter().all(|one| one["status"] != "received") {
            break all;
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "they are not allocated in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let seconds = begun.elapsed().as_secs_f64();
    let failed = records.iter().filter(|one| one["status"] != "completed");
    anyhow::ensure!(failed.count() == 0, "not all of them were allocated");
    let refused = app.hubspot.requests();
    let refused = refused.iter().filter(|one| one.status == Some(429)).count();
    anyhow::ensure!(
        refused == 0,
        "HubSpot's limits were reached {refused} times"
    );
    let mut promised: BTreeMap<(String, String), u32> = BTreeMap::new();
    for record in &records {
        let text = |name: &str| record[name].as_str().map(str::to_owned);
        let whose = text("adviser_email").zip(text("earliest_week"));
        let count = promised.entry(whose.context("no adviser")?).or_default();
        *count = count.saturating_add(1);
    }
    // A limit of 6 a month, and of 4 for who works alone.
    let target = |email: &str| {
        let is_alone = ["noah.reid", "kai.lund"]
            .iter()
            .any(|one| email.starts_with(one));
        if is_alone { 2 } else { 3 }
    };
    let over = promised
        .iter()
        .filter(|((email, _), count)| **count > target(email));
    Ok((seconds, u32::try_from(over.count())?))
}

async fn set_up(app: &App, organization: &Organization) {
    let key = &organization.key;
    let hubspot = json!({"type": "hubspot", "name": "HubSpot", "config": {"portal_id": hubspot::PORTAL},
        "credentials": {"token": hubspot::TOKEN, "signature_secret": hubspot::CLIENT_SECRET}});
    app.post("/api/connectors", key, hubspot)
        .await
        .expect(StatusCode::CREATED);
    let slack = json!({"type": "slack", "name": "Slack", "config": {"default_channel": "C0OPERATN"},
        "credentials": {"bot_token": "xoxb-sim-lakeshore-1"}});
    let slack = app
        .post("/api/connectors", key, slack)
        .await
        .expect(StatusCode::CREATED);
    let settings = json!({"pipeline": hubspot::PIPELINE, "stages": hubspot::STAGES});
    let notices = json!({"targets": [{"connector_id": slack["id"]}]});
    for (path, body) in [
        ("/api/allocation/settings", settings),
        ("/api/allocation/notices", notices),
    ] {
        app.request(Method::PUT, path, key, Some(body))
            .await
            .expect(StatusCode::OK);
    }
}

/// A new deal of one of four packages, whose agreement starts today.
fn put_deal(app: &App, id: u64, number: u64) -> anyhow::Result<()> {
    let packages = ["Seed", "Series A", "Series B", "IPO"];
    let package = packages.get(usize::try_from(number % 4)?).copied();
    let today = chrono::DateTime::from_timestamp(whole_system::now(), 0)
        .context("a time")?
        .date_naive()
        .to_string();
    let properties = [
        ("dealname", "A deal of the bench"),
        ("pipeline", hubspot::PIPELINE),
        ("dealstage", hubspot::STAGES[0]),
        ("service_package", package.unwrap_or("Seed")),
        ("agreement_start_date", &today),
    ];
    let properties = properties
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
        .collect();
    app.hubspot.provider().change(Change::PutRecord {
        kind: Kind::Deal,
        id,
        properties,
    })?;
    Ok(())
}

async fn enrol(app: &App, deal: u64) -> anyhow::Result<Answer> {
    let workflow = Workflow::signed(&format!("{PUBLIC_URL}{PATH}"), hubspot::CLIENT_SECRET);
    let delivery = app.hubspot.provider().enrol(&workflow, deal)?;
    let request: Request<Bytes> = delivery.request(whole_system::now() * 1_000)?;
    let (mut parts, body) = request.into_parts();
    parts.uri = PATH.parse()?;
    let answer = send_raw(&app.runtime, Request::from_parts(parts, body)).await;
    anyhow::ensure!(answer.status == StatusCode::OK, "{answer:?}");
    Ok(answer)
}

fn is_completed(answer: &Answer) -> bool {
    let answer: Value = answer.json();
    answer["status"] == "completed"
}
