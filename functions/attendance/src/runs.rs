//! The Delta Engine on demand.

use api::Problem;
use api::attendance::{AttendanceRun, RunAttendance};
use http::StatusCode;
use platform::attendance::STREAMS;
use platform::{Context, Reply, clock, freshness, on_demand, problems, random, time};
use store::attendance::{self, ATTENDANCE};

/// How long the answer waits for the run, in milliseconds.
const WAIT_MS: i64 = 5_000;

pub async fn now(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: RunAttendance = context.json_or_default()?;
    let params = serde_json::json!({ "everything": body.everything }).to_string();
    let asked = attendance::ahead(
        &context.database,
        &tenant,
        &params,
        &random::id(),
        clock::now(),
    )
    .await
    .map_err(|error| problems::database(&error))?;
    if asked.is_none() {
        let answer = AttendanceRun {
            status: "nothing_to_do".to_owned(),
            last_finished_at: None,
            synced_at: None,
            is_stale: false,
        };
        return Reply::json(StatusCode::OK, &answer);
    }
    on_demand::nudge(ATTENDANCE, &tenant, tenant.as_str(), WAIT_MS).await;
    let state = attendance::state(&context.database, &tenant)
        .await
        .map_err(|error| problems::database(&error))?;
    let (status, code) = if state.is_due {
        ("running", StatusCode::ACCEPTED)
    } else {
        ("done", StatusCode::OK)
    };
    let freshness = freshness::of_decided(context, &tenant, STREAMS, &[]).await?;
    let answer = AttendanceRun {
        status: status.to_owned(),
        last_finished_at: state.last_finished_at.map(time::rfc3339),
        synced_at: freshness.synced_at,
        is_stale: freshness.is_stale,
    };
    Reply::json(code, &answer)
}
