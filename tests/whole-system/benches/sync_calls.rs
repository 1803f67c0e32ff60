//! What a sync costs when nothing has changed.

use anyhow::Context as _;
use http::StatusCode;
use serde_json::json;
use simulators::seven_shifts::demo_data;
use whole_system::{App, LAKESHORE, Settings, now};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[Row {
    id: "unchanged_calls",
    what: "unchanged hot and warm sync: provider calls",
    unit: "calls",
    mark: Mark::AtMost(5.0),
}];

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    // An account that nobody has touched for an hour: a sync looks back a quarter of one.
    let app = App::start_with(Settings::default(), demo_data(1, now() - 3_600)).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    app.simulator.clear_requests();
    let call =
        json!({"action": "scheduled_sync", "streams": ["shifts", "time_punches", "time_off"]});
    let answer = app.proxy(&organization.key, call).await;
    anyhow::ensure!(
        answer.status == StatusCode::OK,
        "the sync did not end in time: {answer:?}"
    );
    let calls = app.simulator.requests().len();
    let runs = app.runs(&organization.key).await;
    for stream in ["shifts", "time_punches", "time_off"] {
        let run = runs.get(stream).context("a stream did not run")?;
        anyhow::ensure!(
            run["status"] == "success" && run["trigger"] == "manual",
            "{stream}: {run}"
        );
    }
    Ok(vec![Measured::new(
        "unchanged_calls",
        f64::from(u32::try_from(calls)?),
    )])
}
