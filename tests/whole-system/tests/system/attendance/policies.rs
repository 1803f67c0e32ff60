//! An organization's policy: what it gives points for, whom it leaves out, what excuses.

use simulators::seven_shifts::{Mutation, NewTimeOff, PartOfDay, RequestStatus};

use super::*;

async fn put(app: &App, organization: &Organization, policy: Value) -> Answer {
    app.request(
        Method::PUT,
        "/api/attendance/policy",
        &organization.key,
        Some(policy),
    )
    .await
}

#[tokio::test(start_paused = true)]
async fn another_policy_decides_everything_again_and_is_audited() {
    let (app, organization, _) = restaurant(721).await;
    let read = app
        .get("/api/attendance/policy", &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (
            &read["version"],
            &read["policy"]["points"]["no_show"][0]["points"]
        ),
        (&json!(0), &json!(6))
    );
    let before = records(&app, &organization).await;
    assert!(before.iter().any(|row| row["points"] == 6));
    let policy =
        json!({"points": {"no_show": [{"points": 8}]}, "thresholds": {"on_time_minutes": 10}});
    let set = put(&app, &organization, policy)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (
            &set["version"],
            &set["policy"]["points"]["late_arrival"][1]["points"]
        ),
        (&json!(1), &json!(2))
    );
    settle(&app).await;
    let after = records(&app, &organization).await;
    let of =
        |rows: &[Value], name: &str| rows.iter().filter(|row| row["event_type"] == name).count();
    assert_eq!(of(&before, "no_show"), of(&after, "no_show"));
    assert!(
        of(&before, "late_arrival") > of(&after, "late_arrival"),
        "ten minutes are in time"
    );
    for row in &after {
        // What it decides as the one before stays as it was.
        let is_touched = row["event_type"] == "no_show" || row["event_type"] == "late_arrival";
        assert_eq!(row["policy_version"], i64::from(is_touched), "{row:#}");
        if row["event_type"] == "no_show" {
            assert_eq!(row["points"], 8);
        }
        if row["event_type"] == "late_arrival" {
            assert!(row["minutes"].as_i64() >= Some(10));
        }
    }
    // The same again is no change.
    let same = put(&app, &organization, set["policy"].clone())
        .await
        .expect(StatusCode::OK);
    assert_eq!(same["version"], 1);
    let audit = app
        .all("/api/audit?resource=attendance_policy", &organization.key)
        .await;
    assert_eq!(audit.len(), 1, "{audit:#?}");
    assert_eq!(audit[0]["after"]["points"]["no_show"][0]["points"], 8);
    // Without points nobody has any.
    put(&app, &organization, json!({"preset": "no_points"}))
        .await
        .expect(StatusCode::OK);
    settle(&app).await;
    assert!(
        records(&app, &organization)
            .await
            .iter()
            .all(|row| row["points"] == 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_wrong_names_every_member_and_changes_nothing() {
    let (app, organization, _) = restaurant(722).await;
    let wrong = json!({"thresholds": {"on_time_minutes": "five"}, "points": {"late_arrival": [{"points": 0.5}]}, "colour": "red"});
    let answer = put(&app, &organization, wrong).await;
    let problem = answer.json();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{problem:#}");
    let named: Vec<_> = problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["field"].as_str().expect("a field"))
        .collect();
    assert_eq!(
        named,
        [
            "/colour",
            "/thresholds/on_time_minutes",
            "/points/late_arrival/0/points"
        ]
    );
    for body in [json!([]), json!("x"), json!(null)] {
        assert!(
            put(&app, &organization, body)
                .await
                .status
                .is_client_error()
        );
    }
    let read = app
        .get("/api/attendance/policy", &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(read["version"], 0);
}

#[tokio::test(start_paused = true)]
async fn approved_time_off_excuses_and_who_is_exempt_has_no_records() {
    let (app, organization, _) = restaurant(723).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    add_shift(&app, person, start, start + 8 * HOUR);
    let date: chrono::NaiveDate = day(start).parse().expect("a date");
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
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [("no_show".to_owned(), 480, 6)],
        "not approved yet"
    );
    change(&app, decide(off, RequestStatus::Approved));
    sync(&app, &organization).await;
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [("no_show".to_owned(), 480, 0)]
    );
    let row = &all(
        &app,
        &organization,
        &format!("/api/attendance/records?team_member_id={member}&is_excused=true"),
    )
    .await[0];
    assert_eq!(
        (&row["is_excused"], &row["points"], &row["excused"]),
        (&json!(true), &json!(6), &json!(null))
    );
    assert!(
        row["explanation"]
            .as_str()
            .expect("a text")
            .ends_with("Excused by approved time off.")
    );
    // A manager's word is above it.
    let path = format!(
        "/api/attendance/records/{}",
        row["id"].as_str().expect("an id")
    );
    patch(&app, &path, &organization.key, json!({"excused": false}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [("no_show".to_owned(), 480, 6)]
    );
    patch(&app, &path, &organization.key, json!({"excused": null}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [("no_show".to_owned(), 480, 0)]
    );
    change(&app, decide(off, RequestStatus::Declined));
    sync(&app, &organization).await;
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [("no_show".to_owned(), 480, 6)]
    );
    // Whoever works as this is left out.
    let role = row["role_name"].as_str().expect("a role");
    put(
        &app,
        &organization,
        json!({"exempt": {"roles": [role.to_uppercase()]}}),
    )
    .await
    .expect(StatusCode::OK);
    settle(&app).await;
    assert!(of_person(&app, &organization, &member).await.is_empty());
    assert!(
        !deltas(&app, &organization).await.is_empty(),
        "what happened is still told"
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_day_off_excuses_its_part() {
    let (app, organization, _) = restaurant(724).await;
    let person = hire(&app);
    let date: chrono::NaiveDate = day(EPOCH - 30 * HOUR).parse().expect("a date");
    let at = |hour: u32, minute: u32| {
        date.and_hms_opt(hour, minute, 0)
            .expect("a time")
            .and_local_timezone(chrono_tz::America::Toronto)
            .single()
            .expect("one")
            .timestamp()
    };
    add_shift(&app, person, at(9, 0), at(17, 0));
    add_punch(&app, person, at(10, 10), Some(at(17, 0)));
    let off = change(
        &app,
        Mutation::AddTimeOff(NewTimeOff {
            user_id: person.0,
            from_date: date,
            to_date: date,
            category: "sick".to_owned(),
            partial: Some(PartOfDay {
                from: chrono::NaiveTime::from_hms_opt(9, 0, 0).expect("a time"),
                to: chrono::NaiveTime::from_hms_opt(10, 0, 0).expect("a time"),
            }),
            ..NewTimeOff::default()
        }),
    );
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    let late = |points| ("late_arrival".to_owned(), 70, points);
    assert_eq!(of_person(&app, &organization, &member).await, [late(2)]);
    // Ten minutes are left of the seventy.
    change(&app, decide(off, RequestStatus::Approved));
    sync(&app, &organization).await;
    assert_eq!(of_person(&app, &organization, &member).await, [late(1)]);
    let path = format!("/api/attendance/records?team_member_id={member}");
    let row = &all(&app, &organization, &path).await[0];
    assert_eq!(row["is_excused"], false, "{row:#}");
    let text = row["explanation"].as_str().expect("a text");
    assert!(
        text.contains("Approved time off leaves 10 min of it."),
        "{text}"
    );
    change(&app, decide(off, RequestStatus::Declined));
    sync(&app, &organization).await;
    assert_eq!(of_person(&app, &organization, &member).await, [late(2)]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_when_time_off_ends_is_no_no_show() {
    let (app, organization, _) = restaurant(726).await;
    let person = hire(&app);
    let start = now(&app) - 2 * HOUR;
    let local = |at: i64| {
        chrono::DateTime::from_timestamp(at, 0)
            .expect("a time")
            .with_timezone(&chrono_tz::America::Toronto)
            .naive_local()
    };
    let until = start + 3 * HOUR;
    assert_eq!(
        local(start).date(),
        local(until).date(),
        "a part of one day"
    );
    add_shift(&app, person, start, start + 8 * HOUR);
    let off = change(
        &app,
        Mutation::AddTimeOff(NewTimeOff {
            user_id: person.0,
            from_date: local(start).date(),
            to_date: local(start).date(),
            category: "sick".to_owned(),
            partial: Some(PartOfDay {
                from: local(start).time(),
                to: local(until).time(),
            }),
            ..NewTimeOff::default()
        }),
    );
    change(&app, decide(off, RequestStatus::Approved));
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    // Two hours after the start nobody has come, and nobody was to.
    assert!(of_person(&app, &organization, &member).await.is_empty());
    // Half an hour after the end of the time off it is a no-show, although nothing else has changed.
    pass(2 * 3_600).await;
    sync(&app, &organization).await;
    let missed = [("no_show".to_owned(), 480, 6)];
    assert_eq!(of_person(&app, &organization, &member).await, missed);
    // Clocked in 10 min after the time off, more than the window after the start.
    add_punch(&app, person, until + 10 * MIN, None);
    sync(&app, &organization).await;
    assert_eq!(
        of_person(&app, &organization, &member).await,
        [("late_arrival".to_owned(), 190, 1)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_that_gets_the_name_of_an_exempt_one_is_exempt() {
    let (app, organization, _) = restaurant(725).await;
    let person = hire(&app);
    let start = EPOCH - 30 * HOUR;
    add_shift(&app, person, start, start + 8 * HOUR);
    put(
        &app,
        &organization,
        json!({"exempt": {"roles": ["Grill Cook"]}}),
    )
    .await
    .expect(StatusCode::OK);
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    assert_eq!(of_person(&app, &organization, &member).await.len(), 1);
    let rename = |name: &str| {
        let name = name.to_owned();
        change(&app, Mutation::RenameRole { id: person.2, name });
    };
    rename("Grill Cook");
    sync(&app, &organization).await;
    assert!(of_person(&app, &organization, &member).await.is_empty());
    rename("Line Cook");
    sync(&app, &organization).await;
    assert_eq!(of_person(&app, &organization, &member).await.len(), 1);
}
