//! What is no longer needed goes by itself, in virtual time.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::json;
use whole_system::{App, LAKESHORE, OPERATOR_KEY, send_raw};

use super::{DAY, HOUR, MINUTE, connected, let_pass, now, runs, sleep};

fn count(app: &App, sql: &str) -> i64 {
    app.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn keys_runs_and_forgotten_passes_are_pruned_and_what_is_young_stays() {
    let app = App::simulate(61, super::at("2026-03-10T11:00:00-04:00")).await;
    let organization = connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    create_once(&app, "first").await;
    // Left behind by a run that died between its last page and its end.
    app.database()
        .execute_batch(
            "INSERT INTO sync_seen (pass_id, external_id)
             SELECT 'a-pass-that-ended', value FROM json_each('[1,2,3,4,5]');
             INSERT INTO rate_budgets (key, tat_ms) VALUES ('of a token that was replaced', 1)",
        )
        .unwrap();
    let_pass(&app, MINUTE, 20).await;
    let first = runs(&app, &organization).await;
    assert_eq!(first.len(), api::routes::SEVEN_SHIFTS_STREAMS.len());
    assert_eq!(count(&app, "SELECT count(*) FROM sync_seen"), 0);
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_keys"), 1);
    // Only the budget that is in use is left, beside what callers have spent.
    let budgets = "SELECT count(*) FROM rate_budgets WHERE key NOT LIKE 'inbound:%'";
    assert_eq!(count(&app, budgets), 1);

    let_pass(&app, 23 * HOUR, 30 * MINUTE).await;
    create_once(&app, "second").await;
    let_pass(&app, 3 * HOUR, 30 * MINUTE).await;
    let keys = "SELECT count(*) FROM idempotency_keys WHERE key = ";
    assert_eq!(count(&app, &format!("{keys}'first'")), 0);
    assert_eq!(count(&app, &format!("{keys}'second'")), 1);

    sleep(90 * DAY - 13 * HOUR).await;
    let_pass(&app, HOUR, 10 * MINUTE).await;
    let oldest = now(&app) - 90 * DAY;
    let left = runs(&app, &organization).await;
    assert!(left.iter().all(|run| run.started_at >= oldest - HOUR));
    assert!(
        left.iter().any(|run| run.started_at < oldest + DAY),
        "runs of the last 90 days stay"
    );
    assert!(left.len() >= 12, "{left:?}");
}

/// Creates an organization under an idempotency key.
async fn create_once(app: &App, key: &str) {
    let body = json!({"name": key, "time_zone": "America/Toronto"});
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/organizations")
        .header("authorization", format!("Bearer {OPERATOR_KEY}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Bytes::from(body.to_string()))
        .unwrap();
    send_raw(&app.runtime, request)
        .await
        .expect(StatusCode::CREATED);
}
