//! What is asked for, and how: rights, days, people, and what is said.

use bytes::Bytes;
use http::Request;
use simulators::seven_shifts::{Mutation, NewTimeOff, RequestStatus};
use whole_system::{OPERATOR_KEY, send_raw};

use super::super::api::{api_key, fields, problem};
use super::*;

/// A key with these scopes and no others.
async fn key_of(app: &App, organization: &Organization, scopes: Value) -> String {
    let body = json!({"name": "k", "scopes": scopes});
    let key = api_key(app, organization, body).await;
    key["key"].as_str().expect("a key").to_owned()
}

/// Somebody who came 20 minutes late: our id, the path of their record, and that of their punch.
async fn late(app: &App, organization: &Organization) -> (String, String, String) {
    let start = EPOCH - 30 * HOUR;
    let person = hire(app);
    add_shift(app, person, start, start + 8 * HOUR);
    add_punch(app, person, start + 20 * MIN, Some(start + 8 * HOUR));
    sync(app, organization).await;
    let member = member(app, organization, person.0).await;
    let list = |name: &str| format!("/api/{name}?team_member_id={member}");
    let path = async |name: &str| {
        let row = all(app, organization, &list(name)).await.remove(0);
        format!("/api/{name}/{}", row["id"].as_str().expect("an id"))
    };
    let (record, punch) = (path("attendance/records").await, path("time-punches").await);
    (member, record, punch)
}

#[tokio::test(start_paused = true)]
async fn who_says_something_of_a_row_needs_the_right_to_read_it() {
    let (app, organization, _) = restaurant(761).await;
    let (_, record, punch) = late(&app, &organization).await;
    let read = async |path: &str| {
        app.get(path, &organization.key)
            .await
            .expect(StatusCode::OK)
    };
    for (path, body, scope) in [
        (&record, json!({"excused": true}), "attendance:read"),
        (&punch, json!({"disputed": true}), "time-punches:read"),
    ] {
        let before = read(path).await;
        for scopes in [
            json!(["attendance:write"]),
            json!(["attendance:write", "attendance:own"]),
        ] {
            let key = key_of(&app, &organization, scopes).await;
            let refused = patch(&app, path, &key, body.clone()).await;
            let refused = problem(&refused, 403, "forbidden");
            let detail = refused["detail"].as_str().expect("a text");
            assert!(detail.contains(scope), "{detail}");
        }
        let key = key_of(&app, &organization, json!([scope])).await;
        let refused = patch(&app, path, &key, body.clone()).await;
        let refused = problem(&refused, 403, "forbidden");
        let detail = refused["detail"].as_str().expect("a text");
        assert!(detail.contains("attendance:write"), "{detail}");
        assert_eq!(read(path).await, before, "nothing was written");
        let both = key_of(&app, &organization, json!(["attendance:write", scope])).await;
        let said = patch(&app, path, &both, body).await.expect(StatusCode::OK);
        assert_ne!(said, before);
    }
}

/// The epoch is the afternoon of the 21st in Greenwich, and the morning of the 22nd on Kiritimati.
#[tokio::test(start_paused = true)]
async fn today_is_the_day_that_it_is_in_the_organization() {
    let (app, organization, _) = restaurant(762).await;
    let person = hire(&app);
    let date: chrono::NaiveDate = "2026-09-22".parse().expect("a date");
    let off = change(
        &app,
        Mutation::AddTimeOff(NewTimeOff {
            user_id: person.0,
            from_date: date,
            to_date: date,
            category: "sick".to_owned(),
            ..NewTimeOff::default()
        }),
    );
    change(&app, decide(off, RequestStatus::Approved));
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    let seen = async || {
        let week = format!("/api/attendance/availability?team_member_id={member}");
        let sick = format!("/api/attendance/sick-leave?team_member_id={member}");
        let first = all(&app, &organization, &week).await[0]["date"].clone();
        let days = all(&app, &organization, &sick).await.remove(0);
        // A year of days at the most, until today.
        let year = "/api/attendance/deltas?from=2025-09-21";
        let status = app.get(year, &organization.key).await.status;
        (
            first,
            days["used_days"].clone(),
            days["booked_days"].clone(),
            status,
        )
    };
    let zone = async |zone: &str| {
        let path = format!("/api/organizations/{}", organization.id);
        patch(&app, &path, OPERATOR_KEY, json!({"time_zone": zone}))
            .await
            .expect(StatusCode::OK);
    };
    let (today, tomorrow) = (json!("2026-09-21"), json!("2026-09-22"));
    let (ok, refused) = (StatusCode::OK, StatusCode::BAD_REQUEST);
    let before = (today.clone(), json!(0.0), json!(1.0), ok);
    assert_eq!(seen().await, before, "in Toronto");
    zone("Pacific/Kiritimati").await;
    let after = (tomorrow, json!(1.0), json!(0.0), refused);
    assert_eq!(seen().await, after, "on Kiritimati");
    zone("Pacific/Pago_Pago").await;
    assert_eq!(seen().await.0, today);
}

#[tokio::test(start_paused = true)]
async fn days_that_are_none_are_refused_by_every_list() {
    let (app, organization, _) = restaurant(763).await;
    for list in ["deltas", "records", "summary"] {
        for format in ["json", "csv"] {
            let path =
                format!("/api/attendance/{list}?from=2026-11-10&to=2026-11-01&format={format}");
            let answer = app.get(&path, &organization.key).await;
            assert_eq!(fields(&answer), ["from"], "{path}");
        }
        let path = format!("/api/attendance/{list}?from=2026-11-10&to=2026-11-10");
        app.get(&path, &organization.key)
            .await
            .expect(StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_left_is_shown_to_who_asks_for_them() {
    let (app, organization, _) = restaurant(764).await;
    let person = hire(&app);
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    change(&app, Mutation::DeactivateUser { id: person.0 });
    sync(&app, &organization).await;
    for (list, rows) in [("sick-leave", 1), ("availability", 7)] {
        let path = format!("/api/attendance/{list}");
        let is_them = |row: &Value| row["team_member_id"] == member.as_str();
        let everybody = all(&app, &organization, &path).await;
        assert!(!everybody.iter().any(is_them), "{list}");
        let one = all(
            &app,
            &organization,
            &format!("{path}?team_member_id={member}"),
        )
        .await;
        assert!(one.len() == rows && one.iter().all(is_them), "{one:#?}");
        assert_eq!(one[0]["employee_name"], "Noor Haddad");
    }
}

#[tokio::test(start_paused = true)]
async fn a_note_is_kept_as_it_was_counted_and_until_it_is_taken_back() {
    let (app, organization, _) = restaurant(765).await;
    let (_, record, punch) = late(&app, &organization).await;
    let key = organization.key.as_str();
    let dispute = async |body: Value| patch(&app, &punch, key, body).await;
    let note =
        async |body: Value| dispute(body).await.expect(StatusCode::OK)["dispute_note"].clone();
    let told = json!({"disputed": true, "note": "  Was at\n\tthe dentist \r\n"});
    assert_eq!(note(told).await, "Was at\n\tthe dentist");
    assert_eq!(
        note(json!({"disputed": true})).await,
        "Was at\n\tthe dentist"
    );
    assert_eq!(
        note(json!({"disputed": true, "note": null})).await,
        json!(null)
    );
    assert_eq!(note(json!({"disputed": true, "note": "x"})).await, "x");
    let refused = dispute(json!({"disputed": false, "note": "y"})).await;
    assert_eq!(fields(&refused), ["/note"]);
    assert!(
        refused.json()["detail"]
            .as_str()
            .expect("a text")
            .contains("leave it out")
    );
    let row = app.get(&punch, key).await.expect(StatusCode::OK);
    assert_eq!(
        (&row["status"], &row["dispute_note"]),
        (&json!("disputed"), &json!("x"))
    );
    let row = dispute(json!({"disputed": false}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&row["disputed_at"], &row["dispute_note"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(note(json!({"disputed": true})).await, json!(null));
    // And of a record.
    let said = json!({"note": "\n bus\t", "resolution": " talked  "});
    let row = patch(&app, &record, key, said).await.expect(StatusCode::OK);
    assert_eq!(
        (&row["note"], &row["resolution"]),
        (&json!("bus"), &json!("talked"))
    );
    let long = format!("{}x", " ".repeat(100_000));
    for text in [long.as_str(), " ", "a\u{0}b", "\u{1b}[31mred", "a\u{7}"] {
        let answer = dispute(json!({"disputed": true, "note": text})).await;
        assert_eq!(fields(&answer), ["/note"], "{text:.20?}");
        let body = json!({"note": text, "resolution": text});
        let answer = patch(&app, &record, key, body).await;
        assert_eq!(fields(&answer), ["/note", "/resolution"], "{text:.20?}");
    }
    let row = app.get(&record, key).await.expect(StatusCode::OK);
    assert_eq!(row["note"], "bus");
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_read_to_the_letter() {
    let (app, organization, _) = restaurant(766).await;
    let put = async |text: &str| {
        let request = Request::builder()
            .method(Method::PUT)
            .uri("/api/attendance/policy")
            .header("authorization", format!("Bearer {}", organization.key))
            .header("content-type", "application/json")
            .body(Bytes::from(text.to_owned()))
            .expect("a request");
        send_raw(&app.runtime, request).await
    };
    for (text, field) in [
        (
            r#"{"rolling_window_days":30,"rolling_window_days":60}"#,
            "/rolling_window_days",
        ),
        (
            r#"{"points":{"no_show":[],"no_show":[{"points":9}]}}"#,
            "/points/no_show",
        ),
        (
            r#"{"sick_leave":{"year_starts":"+4-+1"}}"#,
            "/sick_leave/year_starts",
        ),
        (r#"{"exempt":{"levels":["boss"]}}"#, "/exempt/levels/0"),
    ] {
        assert_eq!(fields(&put(text).await), [field], "{text}");
    }
    let boss = put(r#"{"exempt":{"levels":["boss"]}}"#).await.json();
    let detail = boss["errors"][0]["detail"].as_str().expect("a text");
    for level in ["employee", "asst_manager", "manager", "employer"] {
        assert!(detail.contains(level), "{detail}");
    }
    let tiers: Vec<Value> = (0..21)
        .map(|minutes| json!({"from_minutes": minutes, "points": 1}))
        .collect();
    let many = put(&json!({"points": {"late_arrival": tiers}}).to_string())
        .await
        .json();
    let detail = many["errors"][0]["detail"].as_str().expect("a text");
    assert!(
        detail.contains("too many") && detail.contains("20"),
        "{detail}"
    );
    // It takes the place of the one before, and nothing is the default again.
    let set = put(r#"{"rolling_window_days":30}"#)
        .await
        .expect(StatusCode::OK);
    assert_eq!(set["policy"]["rolling_window_days"], 30);
    let set = put(r#"{"overtime_cost_percent":200}"#)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (
            &set["policy"]["rolling_window_days"],
            &set["policy"]["overtime_cost_percent"]
        ),
        (&json!(90), &json!(200))
    );
    let set = put("{}").await.expect(StatusCode::OK);
    assert_eq!(set["policy"]["overtime_cost_percent"], 150);
}
