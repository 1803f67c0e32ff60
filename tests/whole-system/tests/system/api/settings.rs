//! Sync settings, read and written as the replaced system has them.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{App, LAKESHORE};

use super::{EPOCH, fields, problem, raw};

#[tokio::test(start_paused = true)]
async fn what_is_read_can_be_sent_back_and_what_is_left_out_stays() {
    let app = App::simulate(81, EPOCH).await;
    let (organization, id) = app.synced("Round", LAKESHORE).await;
    let path = format!("/api/connectors/{id}/sync-settings");
    let put = |body: Value| app.request(Method::PUT, &path, &organization.key, Some(body));
    let read = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(read["frequency"], "every_30_min");
    assert!(
        read["streams"]["shifts"]["last_sync_at"].is_string(),
        "{read:#}"
    );
    assert!(read["streams"]["wages"]["last_sync_at"].is_string());
    assert_eq!(read["schedule"], "frequency");
    assert_eq!(
        (&read["is_stale"], &read["streams"]["wages"]["is_stale"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(put(read.clone()).await.expect(StatusCode::OK), read);

    let document = json!({
        "enabled": true,
        "schedule": "fixed_times",
        "frequency": "every_15_min",
        "active_hours_only": true,
        "operating_hours": {"start": "22:00", "end": "04:30", "timezone": "Australia/Sydney"},
        "streams": {"time_punches": {"enabled": true, "last_sync_at": "1999-01-01T00:00:00Z"}, "departments": {"enabled": false}},
        "is_stale": true,
        "last_full_sync_at": "1999-01-01T00:00:00Z",
        "backfill_days": 3650,
    });
    let written = put(document.clone()).await.expect(StatusCode::OK);
    for name in [
        "enabled",
        "schedule",
        "frequency",
        "active_hours_only",
        "operating_hours",
        "backfill_days",
    ] {
        assert_eq!(written[name], document[name], "{name}");
    }
    assert_eq!(written["streams"]["departments"]["enabled"], false);
    assert_eq!(
        written["last_full_sync_at"], read["last_full_sync_at"],
        "read-only"
    );
    assert_eq!(
        written["streams"]["time_punches"], read["streams"]["time_punches"],
        "read-only"
    );
    assert_eq!(
        app.get(&path, &organization.key)
            .await
            .expect(StatusCode::OK),
        written
    );
    let one =
        put(json!({"frequency": "hourly", "active_hours_only": false, "operating_hours": null}))
            .await
            .expect(StatusCode::OK);
    assert_eq!(one["operating_hours"], Value::Null);
    assert_eq!(one["backfill_days"], 3650);
    assert_eq!(put(json!({})).await.expect(StatusCode::OK), one);
    for document in [read, written, one] {
        serde_json::from_value::<api::connectors::SyncSettings>(document).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_bad_setting_is_named_and_nothing_of_the_document_is_kept() {
    let app = App::simulate(82, EPOCH).await;
    let organization = app.organization("Bad", "America/Toronto").await;
    let id = app.connect(&organization, LAKESHORE).await;
    let path = format!("/api/connectors/{id}/sync-settings");
    let before = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    let hours = |hours: Value| json!({"operating_hours": hours});
    for (document, expected) in [
        (json!({"enabled": "yes"}), vec!["/enabled"]),
        (json!({"enabled": null}), vec!["/enabled"]),
        (json!({"frequency": "every_5_min"}), vec!["/frequency"]),
        (json!({"frequency": 30}), vec!["/frequency"]),
        (json!({"active_hours_only": true}), vec!["/operating_hours"]),
        (json!({"active_hours_only": 1}), vec!["/active_hours_only"]),
        (hours(json!("09:00-17:00")), vec!["/operating_hours"]),
        (
            hours(json!({})),
            vec!["/operating_hours/start", "/operating_hours/end"],
        ),
        (
            hours(json!({"start": "9", "end": "24:00"})),
            vec!["/operating_hours/start", "/operating_hours/end"],
        ),
        (
            hours(json!({"start": "09:00", "end": "17:00", "timezone": "EST5EDT4"})),
            vec!["/operating_hours/timezone"],
        ),
        (
            hours(json!({"start": "09:00", "end": "17:00", "timezone": "Mars/Base"})),
            vec!["/operating_hours/timezone"],
        ),
        (
            hours(json!({"start": "09:00", "end": "17:00", "zone": "UTC"})),
            vec!["/operating_hours/zone"],
        ),
        (json!({"streams": []}), vec!["/streams"]),
        (
            json!({"streams": {"weather": {"enabled": true}}}),
            vec!["/streams/weather"],
        ),
        (
            json!({"streams": {"shifts": true}}),
            vec!["/streams/shifts"],
        ),
        (
            json!({"streams": {"shifts": {"enabled": 1}}}),
            vec!["/streams/shifts/enabled"],
        ),
        (
            json!({"streams": {"shifts": {"on": true}}}),
            vec!["/streams/shifts/on"],
        ),
        (json!({"backfill_days": 0}), vec!["/backfill_days"]),
        (json!({"backfill_days": 3651}), vec!["/backfill_days"]),
        (json!({"backfill_days": 1.5}), vec!["/backfill_days"]),
        (
            json!({"schedule_ahead_days": 60}),
            vec!["/schedule_ahead_days"],
        ),
        (json!({"schedule": "cron"}), vec!["/schedule"]),
        (json!({"schedule": null}), vec!["/schedule"]),
        (json!({"is_stale": "no"}), vec!["/is_stale"]),
        (
            json!({"streams": {"shifts": {"is_stale": 0}}}),
            vec!["/streams/shifts/is_stale"],
        ),
        (json!({"last_full_sync_at": 7}), vec!["/last_full_sync_at"]),
        (json!({"freqency": "hourly"}), vec!["/freqency"]),
        (json!({"a/b~": 1}), vec!["/a~1b~0"]),
        (
            json!({"enabled": 1, "frequency": "x", "backfill_days": "y"}),
            vec!["/backfill_days", "/enabled", "/frequency"],
        ),
    ] {
        let answer = app
            .request(
                Method::PUT,
                &path,
                &organization.key,
                Some(document.clone()),
            )
            .await;
        assert_eq!(answer.status, 400, "{document} was taken");
        let mut named = fields(&answer);
        named.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(named, expected, "{document}");
    }
    // Of two members of one name neither wins.
    let doubled = r#"{"frequency": "daily", "frequency": "hourly"}"#;
    let headers = [
        ("authorization", format!("Bearer {}", organization.key)),
        ("content-type", "application/json".to_owned()),
    ];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = raw(&app, Method::PUT, &path, &headers, doubled).await;
    assert_eq!(answer.status, 400);
    assert_eq!(fields(&answer), ["/frequency"]);
    assert_eq!(
        app.get(&path, &organization.key)
            .await
            .expect(StatusCode::OK),
        before
    );
}

#[tokio::test(start_paused = true)]
async fn only_an_owner_switches_streams_and_a_member_sees_none_of_it() {
    let app = App::simulate(83, EPOCH).await;
    let organization = app.organization("Owners", "America/Toronto").await;
    let id = app.connect(&organization, LAKESHORE).await;
    let path = format!("/api/connectors/{id}/sync-settings");
    let admin = app.key(&organization.id, "admin").await;
    let member = app.key(&organization.id, "member").await;
    let before = app.get(&path, &admin).await.expect(StatusCode::OK);
    problem(&app.get(&path, &member).await, 403, "forbidden");
    let off = json!({"streams": {"shifts": {"enabled": false}}, "frequency": "daily"});
    let refused = app
        .request(Method::PUT, &path, &admin, Some(off.clone()))
        .await;
    let said = problem(&refused, 403, "forbidden");
    assert!(
        said["detail"]
            .as_str()
            .unwrap()
            .contains("sync-streams:write")
    );
    assert_eq!(
        app.get(&path, &admin).await.expect(StatusCode::OK),
        before,
        "half of it was kept"
    );
    // An admin may send the whole document back, streams and all.
    let mut same = before.clone();
    same["frequency"] = json!("hourly");
    let written = app
        .request(Method::PUT, &path, &admin, Some(same))
        .await
        .expect(StatusCode::OK);
    assert_eq!(written["frequency"], "hourly");
    let owner = app
        .request(Method::PUT, &path, &organization.key, Some(off))
        .await
        .expect(StatusCode::OK);
    assert_eq!(owner["streams"]["shifts"]["enabled"], false);
    // `omega` is the replaced system's name of an owner.
    let omega = super::token_of(&organization.id, "omega");
    let on = json!({"streams": {"shifts": {"enabled": true}}});
    let omega = app
        .request(Method::PUT, &path, &omega, Some(on))
        .await
        .expect(StatusCode::OK);
    assert_eq!(omega["streams"]["shifts"]["enabled"], true);
}

#[tokio::test(start_paused = true)]
async fn new_settings_move_the_next_run() {
    let app = App::simulate(84, EPOCH).await;
    let (organization, id) = app.synced("Replan", LAKESHORE).await;
    let path = format!("/api/connectors/{id}/sync-settings");
    let due = |stream: &str| -> Option<i64> {
        app.database()
            .query_row(
                "SELECT next_due_at FROM jobs WHERE subject = ?1 AND name = ?2",
                [id.as_str(), stream],
                |row| row.get(0),
            )
            .unwrap()
    };
    let put = async |body: Value| {
        app.request(Method::PUT, &path, &organization.key, Some(body))
            .await
            .expect(StatusCode::OK)
    };
    let usual = due("time_punches").unwrap();
    assert!(usual - EPOCH <= 2 * 1_800, "{usual}");
    put(json!({"frequency": "manual"})).await;
    assert_eq!(due("time_punches"), None);
    put(json!({"frequency": "daily"})).await;
    let nightly = due("time_punches").unwrap();
    // The next 02:00 in Toronto (UTC-4), a little later for this connector's phase.
    assert!(
        (1_790_056_800..1_790_056_800 + 3_600).contains(&nightly),
        "{nightly}"
    );
    put(json!({"frequency": "every_15_min"})).await;
    assert!(due("time_punches").unwrap() - EPOCH <= 2 * 900);
    put(json!({"enabled": false})).await;
    assert_eq!(due("shifts"), None);
    put(json!({"enabled": true, "streams": {"shifts": {"enabled": false}}})).await;
    assert_eq!(due("shifts"), None);
    assert!(due("time_punches").is_some());
    put(json!({"schedule": "fixed_times"})).await;
    let evening = due("time_punches").unwrap();
    assert!(
        (1_790_013_600..1_790_013_600 + 600).contains(&evening),
        "{evening}"
    );
    // Another zone has another night.
    put(json!({"schedule": "frequency", "frequency": "daily"})).await;
    let organization_path = format!("/api/organizations/{}", organization.id);
    let zone = json!({"time_zone": "Australia/Sydney"});
    app.request(
        Method::PATCH,
        &organization_path,
        whole_system::OPERATOR_KEY,
        Some(zone),
    )
    .await
    .expect(StatusCode::OK);
    let sydney = due("time_punches").unwrap();
    assert!(
        (1_790_006_400..1_790_006_400 + 3_600).contains(&sydney),
        "{sydney}"
    );
}
