//! Connect an account, and its people, shifts and punches are in our tables.

use http::StatusCode;
use whole_system::{App, LAKESHORE};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_tick_after_connecting_brings_every_stream() {
    let app = App::start().await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE.by_day()).await;
    let runs = app.runs(&organization.key).await;
    assert_eq!(
        runs.keys().collect::<Vec<_>>(),
        [
            "assignments",
            "availability",
            "departments",
            "locations",
            "roles",
            "shifts",
            "time_off",
            "time_punches",
            "users",
            "wages"
        ]
    );
    for (stream, run) in &runs {
        assert_eq!(run["status"], "success", "{stream}: {run:#}");
    }
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .unwrap();
    assert_eq!(
        app.all("/api/team-members", &organization.key).await.len(),
        truth.users.len()
    );
    assert_eq!(
        app.all("/api/locations", &organization.key).await.len(),
        truth.locations.len()
    );
    app.get("/health", "").await.expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_same_in_virtual_time() {
    let app = App::simulate(7, 1_790_000_000).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    for (stream, run) in app.runs(&organization.key).await {
        assert_eq!(run["status"], "success", "{stream}: {run:#}");
    }
}
