//! What was decided stays when the schedule that it was decided by is no longer kept.

use super::*;

#[tokio::test(start_paused = true)]
async fn under_fixed_times_attendance_outlives_the_shifts_it_was_decided_by() {
    let app = App::simulate(741, EPOCH).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    let connector_id = app.connect(&organization, LAKESHORE).await;
    let path = format!("/api/connectors/{connector_id}/sync-settings");
    let settings = json!({"schedule": "fixed_times", "backfill_days": 20});
    app.request(Method::PUT, &path, &organization.key, Some(settings))
        .await
        .expect(StatusCode::OK);
    sync(&app, &organization).await;
    let (first, last) = (day(EPOCH - 15 * DAY), day(EPOCH - 5 * DAY));
    let decided = async || {
        let list = |name: &str| format!("/api/attendance/{name}?from={first}&to={last}");
        let mut rows = all(&app, &organization, &list("deltas")).await;
        rows.extend(all(&app, &organization, &list("records")).await);
        rows
    };
    let before = decided().await;
    assert!(before.len() > 50, "{}", before.len());
    let shifts = || -> i64 {
        let sql =
            "SELECT count(*) FROM schedule_shifts WHERE starts_at < ?1 AND deleted_at IS NULL";
        app.database()
            .query_row(sql, [EPOCH - 5 * DAY], |row| row.get(0))
            .expect("shifts can be counted")
    };
    let kept = shifts();
    assert!(kept > 20);
    for _ in 0..40 {
        pass(86_400).await;
        settle(&app).await;
    }
    // Those that a punch names stay; nobody came to the others, or came without saying to which.
    assert!(shifts() < kept, "they are kept for thirty days");
    assert!(before.iter().any(|row| row["event_type"] == "no_show"));
    // Neither what changes meanwhile nor a look at everything touches it.
    run_everything(&app, &organization).await;
    let after = decided().await;
    let essence = |rows: &[Value]| -> Vec<Value> {
        rows.iter()
            .map(|row| {
                let mut row = row.clone();
                row.as_object_mut().expect("an object").remove("updated_at");
                row
            })
            .collect()
    };
    assert_eq!(
        essence(&before),
        essence(&after),
        "{}",
        differing(&before, &after)
    );
}
