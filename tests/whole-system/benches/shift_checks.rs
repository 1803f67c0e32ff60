//! Checks of shifts in a company of 1,000 people with a year of them, one request at a time: what an
//! hourly job waits for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::json;

use crate::table::{Mark, Measured, Row};
use crate::{integration, load};

pub const ROWS: &[Row] = &[
    Row {
        id: "should_send_p50",
        what: "1,000 people, 100,000 shifts: should-send/ of one, half of the answers within",
        unit: "ms",
        mark: Mark::Below(2.0),
    },
    Row {
        id: "should_send_batch_p50",
        what: "the same: should-send/ of 1,000, half of the answers within",
        unit: "ms",
        mark: Mark::Below(20.0),
    },
    Row {
        id: "on_shift_p50",
        what: "the same: on-shift/ of a store, half of the answers within",
        unit: "ms",
        mark: Mark::Context,
    },
];

const PEOPLE: u32 = 1_000;
const ROUND: Duration = Duration::from_secs(3);
const PATH: &str = "/api/integrations/7shifts/should-send/";

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let (app, organization) = integration::company(PEOPLE).await?;
    // Where the shifts are.
    let place: String = app.database().query_row(
        "SELECT locations.name FROM schedule_shifts JOIN locations
           ON locations.external_id = schedule_shifts.external_location_id
         WHERE schedule_shifts.external_id = 'bench-1'",
        [],
        |row| row.get(0),
    )?;
    let stores = json!({"stores": [{"product_ref": "store-1", "name": place}]});
    app.request(Method::PUT, "/api/stores", &organization.key, Some(stores))
        .await
        .expect(StatusCode::OK);
    let recipients: Vec<_> = (1..=PEOPLE)
        .map(|number| json!({"email": integration::email(number), "store": "store-1"}))
        .collect();
    let batch = json!({"recipients": recipients});
    let told = app.post(PATH, &organization.key, batch.clone()).await;
    let told = told.expect(StatusCode::OK);
    let is = |reason: &str| {
        let answers = told["answers"].as_array().into_iter().flatten();
        answers.filter(|answer| answer["reason"] == reason).count()
    };
    let (on, off) = (is("employee_on_shift"), is("employee_not_on_shift"));
    anyhow::ensure!(on > 0 && on + off == recipients.len(), "{on} and {off}");

    let server = app
        .runtime
        .serve(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await?;
    let authorization = format!("Bearer {}", organization.key);
    let get = |path: String| -> anyhow::Result<Request<Full<Bytes>>> {
        let request = Request::get(path).header("authorization", &authorization);
        Ok(request.body(Full::default())?)
    };
    let singles = (1..=PEOPLE)
        .map(|number| {
            let email = integration::email(number);
            get(format!("{PATH}?email={email}&store=store-1"))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let list = get("/api/integrations/7shifts/on-shift/?store=store-1".to_owned())?;
    let batch = Request::post(PATH)
        .header("authorization", &authorization)
        .header("content-type", "application/json")
        .body(Full::from(batch.to_string()))?;
    let mut measured = Vec::new();
    for (id, requests) in [
        ("should_send_p50", singles),
        ("should_send_batch_p50", vec![batch]),
        ("on_shift_p50", vec![list]),
    ] {
        let count = u64::try_from(requests.len())?;
        let first = requests.first().context("no request")?.clone();
        let make: load::Make = Arc::new(move |number| {
            let place = usize::try_from(number % count).unwrap_or_default();
            requests.get(place).unwrap_or(&first).clone()
        });
        let load = load::alone(server.address(), make, ROUND).await?;
        measured.extend(load.p50_ms().map(|value| Measured::new(id, value)));
    }
    Ok(measured)
}
