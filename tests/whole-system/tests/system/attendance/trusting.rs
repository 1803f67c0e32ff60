//! Nobody is a no-show by data that is old, or by a connector that is not well.

use simulators::{Fault, FaultRule};

use super::*;

/// No-shows of this person.
async fn no_shows(app: &App, organization: &Organization, member: &str) -> usize {
    of_person(app, organization, member)
        .await
        .iter()
        .filter(|one| one.0 == "no_show")
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_shift_that_nobody_came_to_is_a_no_show_when_the_punches_are_known() {
    let (app, organization, _) = restaurant(711).await;
    let start = now(&app) + 600;
    let person = hire(&app);
    add_shift(&app, person, start, start + 4 * HOUR);
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    assert_eq!(
        no_shows(&app, &organization, &member).await,
        0,
        "it has not begun"
    );
    pass(600 + 29 * 60).await;
    sync(&app, &organization).await;
    assert_eq!(
        no_shows(&app, &organization, &member).await,
        0,
        "within the grace"
    );
    pass(120).await;
    sync(&app, &organization).await;
    assert_eq!(no_shows(&app, &organization, &member).await, 1);
}

#[tokio::test(start_paused = true)]
async fn punches_that_cannot_be_read_make_nobody_a_no_show() {
    let (app, organization, connector_id) = restaurant(712).await;
    let start = now(&app) + 600;
    let person = hire(&app);
    add_shift(&app, person, start, start + 8 * HOUR);
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    // The person is there, and 7shifts does not say so.
    pass(600).await;
    let mut punches = FaultRule::always("/v2/company", Fault::NoAnswer);
    punches.path_suffix = Some("/time_punches".to_owned());
    app.simulator.add_fault(punches);
    add_punch(&app, person, start, None);
    for _ in 0..8 {
        pass(1_200).await;
        settle_shortly(&app).await;
    }
    run_everything_shortly(&app, &organization).await;
    assert_eq!(
        no_shows(&app, &organization, &member).await,
        0,
        "stale data"
    );
    app.simulator.clear_faults();
    let _ = connector_id;
    sync(&app, &organization).await;
    assert_eq!(
        no_shows(&app, &organization, &member).await,
        0,
        "on the clock"
    );
}

/// A few ticks: what fails is tried again for longer than anybody waits.
async fn settle_shortly(app: &App) {
    for _ in 0..5 {
        app.tick().await;
        pass(1).await;
    }
}

async fn run_everything_shortly(app: &App, organization: &Organization) {
    app.post(
        "/api/attendance/runs",
        &organization.key,
        json!({"everything": true}),
    )
    .await;
    settle_shortly(app).await;
}

#[tokio::test(start_paused = true)]
async fn records_are_as_old_as_the_oldest_that_they_rest_on() {
    let (app, organization, _) = restaurant(717).await;
    sync(&app, &organization).await;
    let told = async |path: &str| {
        let page = app
            .get(path, &organization.key)
            .await
            .expect(StatusCode::OK);
        (page["synced_at"].clone(), page["is_stale"].clone())
    };
    let paths = [
        "/api/attendance/records?limit=1",
        "/api/attendance/deltas?limit=1",
        "/api/attendance/summary?limit=1",
    ];
    for path in paths {
        assert_eq!(told(path).await.1, false, "{path}");
    }
    let set = |sql: &str| app.database().execute(sql, []).expect("an update");
    for stream in ["users", "shifts", "time_punches", "time_off"] {
        let shift = |seconds: i64| {
            set(&format!(
                "UPDATE jobs SET last_success_at = last_success_at + {seconds} WHERE kind = 'sync' AND name = '{stream}'"
            ))
        };
        assert_eq!(shift(-20 * 86_400), 1);
        for path in paths {
            let (synced_at, is_stale) = told(path).await;
            assert!(
                synced_at
                    .as_str()
                    .is_some_and(|at| at < &*day(EPOCH - 15 * 86_400)),
                "{stream} {path} {synced_at}"
            );
            assert_eq!(is_stale, true, "{stream} {path}");
        }
        shift(20 * 86_400);
    }
    // The Delta Engine has not come to any of it.
    set(
        "UPDATE jobs SET last_success_at = last_success_at - 1728000, attempts = 1 WHERE kind = 'attendance'",
    );
    for path in paths {
        assert_eq!(told(path).await.1, true, "{path}");
    }
}
