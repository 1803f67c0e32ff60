//! What `/health` says of the scheduler and the database.

use http::StatusCode;
use serde_json::{Value, json};
use whole_system::{App, LAKESHORE};

use super::{HOUR, MINUTE, connected, let_pass, now, sleep};

async fn health(app: &App, status: StatusCode) -> Value {
    let health = app.get("/health", "").await.expect(status);
    health["services"]["scheduler"].clone()
}

#[tokio::test(start_paused = true)]
async fn ticks_that_stop_make_it_ill_and_the_next_one_makes_it_well() {
    let app = App::simulate(51, super::at("2026-06-10T11:00:00-04:00")).await;
    assert_eq!(health(&app, StatusCode::OK).await["status"], "waiting");
    connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    app.tick().await.expect(StatusCode::OK);
    let scheduler = health(&app, StatusCode::OK).await;
    assert_eq!(scheduler["status"], "ok");
    assert_eq!(scheduler["lag_seconds"], 0);

    sleep(5 * MINUTE).await;
    let scheduler = health(&app, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(scheduler["status"], "stopped");
    assert!(scheduler["last_tick_seconds_ago"].as_i64().unwrap() >= 5 * MINUTE);

    app.tick().await.expect(StatusCode::OK);
    assert_eq!(health(&app, StatusCode::OK).await["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_too_long_makes_it_ill_though_ticks_come() {
    let app = App::simulate(52, super::at("2026-06-10T11:00:00-04:00")).await;
    connected(&app, "Lakeshore", LAKESHORE, json!({})).await;
    let_pass(&app, MINUTE, 20).await;
    // A holder that died elsewhere has the credential's turn for longer than any lease here; the
    // simulation runs in this thread, so nobody else writes.
    app.database()
        .execute(
            "UPDATE jobs SET state = 'running', lease_holder = 'elsewhere', lease_version = lease_version + 1,
               lease_expires_at = ?1, next_due_at = ?1 WHERE name = 'locations'",
            [now(&app) + 2 * HOUR],
        )
        .unwrap();
    let_pass(&app, 30 * MINUTE, MINUTE).await;
    assert_eq!(health(&app, StatusCode::OK).await["status"], "ok");
    let_pass(&app, 16 * MINUTE, MINUTE).await;
    let scheduler = health(&app, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(scheduler["status"], "behind");
    assert!(scheduler["lag_seconds"].as_i64().unwrap() > 15 * MINUTE);

    let_pass(&app, 2 * HOUR, 5 * MINUTE).await;
    app.tick().await.expect(StatusCode::OK);
    assert_eq!(health(&app, StatusCode::OK).await["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn health_is_503_when_the_database_cannot_be_opened() {
    let app = App::simulate(53, super::at("2026-06-10T11:00:00-04:00")).await;
    let file = app.storage.database_path("default");
    let refused = async |what: &str| {
        // Until it can be opened; nothing remembers the failure as an answer.
        for _ in 0..2 {
            let answer = app.get("/health", "").await;
            let problem = answer.expect(StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(
                problem["type"], "urn:patchbay:problem:unavailable",
                "{what}: {problem:#}"
            );
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(detail.contains("database"), "{what}: {problem:#}");
            assert!(answer.headers.contains_key("retry-after"), "{what}");
        }
    };
    std::fs::create_dir(&file).unwrap();
    refused("a folder in its place").await;
    std::fs::remove_dir(&file).unwrap();

    std::fs::write(&file, "This is no database. ".repeat(1_000)).unwrap();
    refused("a file of another kind").await;
    std::fs::remove_file(&file).unwrap();

    assert_eq!(health(&app, StatusCode::OK).await["status"], "waiting");
}
