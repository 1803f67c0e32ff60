//! The integration log with a million rows in it.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use whole_system::{App, Organization, now};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "log_statistics",
        what: "statistics of a log of 1,000,000 rows of 90 days, one caller, 99 % of the answers within",
        unit: "ms",
        mark: Mark::Below(50.0),
    },
    Row {
        id: "log_page",
        what: "the same: a page of 100 failed ones, 99 % within",
        unit: "ms",
        mark: Mark::Context,
    },
];

const LOGGED: i64 = 1_000_000;
const DAYS: i64 = 90;
const TIMES: usize = 100;

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let mut app = App::start().await;
    let organization = app.organization("Logged", "America/Toronto").await;
    fill(&mut app, &organization).await?;
    let from = chrono::DateTime::from_timestamp(now() - (DAYS - 1) * 86_400, 0)
        .context("a time within the calendar")?
        .format("%Y-%m-%d");
    let mut measured = Vec::new();
    for (id, path) in [
        ("log_statistics", format!("/api/logs/stats?from={from}")),
        ("log_page", "/api/logs?status=failed&limit=100".to_owned()),
    ] {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            let answer = app.get(&path, &organization.key).await;
            times.push(begun.elapsed());
            anyhow::ensure!(answer.status.is_success(), "{answer:?}");
        }
        times.sort_unstable();
        let p99: &Duration = times.get(TIMES * 99 / 100).context("no answer")?;
        measured.push(Measured::new(id, p99.as_secs_f64() * 1e3));
    }
    Ok(measured)
}

/// Rows of ten connectors and every type, of which one in fifty failed, while nothing runs; counted by the
/// trigger as they would have been.
async fn fill(app: &mut App, organization: &Organization) -> anyhow::Result<()> {
    app.runtime.kill().await;
    insert(app.database(), &organization.id)?;
    app.restart(whole_system::Settings::default()).await;
    Ok(())
}

fn insert(mut database: rusqlite::Connection, organization_id: &str) -> anyhow::Result<()> {
    let transaction = database.transaction()?;
    transaction.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)
         INSERT INTO integration_logs (organization_id, connector_id, event_type, status, subject_id, duration_ms,
           counts, detail, occurred_at)
         SELECT ?1, 'connector-' || (n % 10),
           CASE n % 5 WHEN 0 THEN 'sync' WHEN 1 THEN 'delivery' WHEN 2 THEN 'rule' WHEN 3 THEN 'webhook' ELSE 'api_call' END,
           iif(n % 50 = 0, 'failed', 'success'), 'subject-' || n, n * 7919 % 4000, '{\"created\":3}', 'shifts',
           ?3 + n * ?4 / ?2
         FROM number",
        rusqlite::params![organization_id, LOGGED, now() - DAYS * 86_400, DAYS * 86_400],
    )?;
    transaction.commit()?;
    Ok(())
}
