//! What a manager says stands, whatever is synced or decided again.

use simulators::seven_shifts::{Mutation, PunchChanges};

use super::*;

#[tokio::test(start_paused = true)]
async fn an_excuse_a_note_and_a_resolution_survive() {
    let (app, organization, _) = restaurant(731).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    add_shift(&app, person, start, start + 8 * HOUR);
    let punch = add_punch(&app, person, start + 20 * MIN, Some(start + 8 * HOUR));
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    let find = async || {
        let path = format!(
            "/api/attendance/records?team_member_id={member}&event_type=late_arrival&include_deleted=true&from={}",
            day(start)
        );
        all(&app, &organization, &path)
            .await
            .pop()
            .expect("the record")
    };
    let path = format!(
        "/api/attendance/records/{}",
        find().await["id"].as_str().expect("an id")
    );
    let admin = app.key(&organization.id, "admin").await;
    let said =
        json!({"excused": true, "note": "The bus broke down", "resolution": "Talked to Ana"});
    let row = patch(&app, &path, &admin, said)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&row["points"], &row["points_assessed"], &row["is_excused"]),
        (&json!(2), &json!(0), &json!(true))
    );
    assert!(
        row["resolved_at"].is_string()
            && row["resolved_by"].is_string()
            && row["synced_at"].is_string()
    );
    let edit = |clocked_in: i64| {
        let changes = PunchChanges {
            clocked_in: Some(clocked_in),
            ..PunchChanges::default()
        };
        change(&app, Mutation::EditPunch { id: punch, changes });
    };
    edit(start + 30 * MIN);
    sync(&app, &organization).await;
    run_everything(&app, &organization).await;
    let row = find().await;
    assert_eq!(
        (
            &row["minutes"],
            &row["points_assessed"],
            &row["note"],
            &row["resolution"]
        ),
        (
            &json!(30),
            &json!(0),
            &json!("The bus broke down"),
            &json!("Talked to Ana")
        )
    );
    // It is none for a while, and then it is one again.
    edit(start);
    sync(&app, &organization).await;
    assert!(find().await["deleted_at"].is_string());
    assert_eq!(
        app.get(&path, &organization.key)
            .await
            .expect(StatusCode::OK)["points_assessed"],
        0
    );
    edit(start + 16 * MIN);
    sync(&app, &organization).await;
    let row = find().await;
    assert_eq!(
        (&row["deleted_at"], &row["excused"], &row["points_assessed"]),
        (&json!(null), &json!(true), &json!(0))
    );
    // What is left out stays; null takes back.
    let row = patch(&app, &path, &admin, json!({"excused": null}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&row["points_assessed"], &row["note"]),
        (&json!(2), &json!("The bus broke down"))
    );
    let row = patch(
        &app,
        &path,
        &admin,
        json!({"resolution": null, "note": null}),
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(
        (&row["resolved_at"], &row["note"]),
        (&json!(null), &json!(null))
    );
    // Every word of it is told to owners, and nothing that was decided again.
    let audit = app
        .all("/api/audit?resource=attendance_record", &organization.key)
        .await;
    assert_eq!(audit.len(), 3, "{audit:#?}");
    assert_eq!(
        (
            &audit[2]["before"]["excused"],
            &audit[2]["after"]["excused"]
        ),
        (&json!(null), &json!(true))
    );
    assert_eq!(audit[2]["actor_kind"], "api_key");
    for wrong in [
        json!({}),
        json!({"note": ""}),
        json!({"note": "x".repeat(1_001)}),
        json!({"excused": "yes"}),
        json!({"points": 0}),
    ] {
        let answer = patch(&app, &path, &admin, wrong.clone()).await;
        assert!(answer.status.is_client_error(), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_disputed_punch_stays_so() {
    let (app, organization, _) = restaurant(732).await;
    let start = EPOCH - 30 * HOUR;
    let person = hire(&app);
    let punch = add_punch(&app, person, start, Some(start + 4 * HOUR));
    sync(&app, &organization).await;
    let id = ids(&app, &organization, "/api/time-punches").await[&punch.to_string()].clone();
    let path = format!("/api/time-punches/{id}");
    let row = patch(
        &app,
        &path,
        &organization.key,
        json!({"disputed": true, "note": "Was at the dentist"}),
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(
        (&row["status"], &row["dispute_note"]),
        (&json!("disputed"), &json!("Was at the dentist"))
    );
    let disputed = async |is: bool| {
        let path = format!("/api/time-punches?is_disputed={is}");
        all(&app, &organization, &path).await
    };
    let every = all(&app, &organization, "/api/time-punches").await.len();
    assert_eq!(disputed(true).await, [row]);
    assert_eq!(disputed(false).await.len(), every - 1);
    let changes = PunchChanges {
        clocked_out: Some(start + 5 * HOUR),
        approved: Some(true),
        ..PunchChanges::default()
    };
    change(&app, Mutation::EditPunch { id: punch, changes });
    sync(&app, &organization).await;
    let row = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&row["status"], &row["worked_minutes"], &row["is_approved"]),
        (&json!("disputed"), &json!(300), &json!(true))
    );
    let row = patch(&app, &path, &organization.key, json!({"disputed": false}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&row["status"], &row["disputed_by"], &row["dispute_note"]),
        (&json!("approved"), &json!(null), &json!(null))
    );
    assert_eq!(disputed(true).await, [json!(null); 0]);
    assert_eq!(disputed(false).await.len(), every);
    let audit = app
        .all("/api/audit?resource=time_punch", &organization.key)
        .await;
    assert_eq!(audit.len(), 2, "{audit:#?}");
    for wrong in [
        json!({}),
        json!({"disputed": 1}),
        json!({"disputed": true, "note": ""}),
    ] {
        assert!(
            patch(&app, &path, &organization.key, wrong)
                .await
                .status
                .is_client_error()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_said_of_a_person_stands_when_their_shift_comes_back() {
    let (app, organization, _) = restaurant(734).await;
    let start = EPOCH - 30 * HOUR;
    let (person, other) = (hire(&app), hire(&app));
    let shift = add_shift(&app, person, start, start + 8 * HOUR);
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    let path = format!(
        "/api/attendance/records?team_member_id={member}&event_type=no_show&include_deleted=true&from={}",
        day(start)
    );
    let find = async || {
        let mut rows = all(&app, &organization, &path).await;
        assert_eq!(rows.len(), 1, "{rows:#?}");
        rows.remove(0)
    };
    let id = find().await["id"].clone();
    let said = json!({"excused": true, "note": "The other one came"});
    let of_one = format!("/api/attendance/records/{}", id.as_str().expect("an id"));
    let admin = app.key(&organization.id, "admin").await;
    patch(&app, &of_one, &admin, said)
        .await
        .expect(StatusCode::OK);
    let assign = |user_id| change(&app, Mutation::AssignShift { id: shift, user_id });
    assign(other.0);
    sync(&app, &organization).await;
    // Who reads what is of this person sees that it is gone, and the other one has an event of their own.
    assert!(find().await["deleted_at"].is_string());
    let of_other = records(&app, &organization)
        .await
        .into_iter()
        .find(|row| row["event_type"] == "no_show" && row["event_date"] == day(start))
        .expect("a no-show");
    assert_eq!(
        (
            &of_other["excused"],
            &of_other["note"],
            &of_other["points_assessed"]
        ),
        (&json!(null), &json!(null), &json!(6))
    );
    assert_ne!(of_other["id"], id);
    assign(person.0);
    sync(&app, &organization).await;
    let row = find().await;
    assert_eq!(
        (
            &row["id"],
            &row["deleted_at"],
            &row["excused"],
            &row["note"],
            &row["points_assessed"]
        ),
        (
            &id,
            &json!(null),
            &json!(true),
            &json!("The other one came"),
            &json!(0)
        )
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_said_stands_when_a_shift_is_deleted_and_made_again() {
    let (app, organization, _) = restaurant(735).await;
    let start = EPOCH - 30 * HOUR;
    let (late, away) = (hire(&app), hire(&app));
    let shifts = || [late, away].map(|one| add_shift(&app, one, start, start + 8 * HOUR));
    let before = shifts();
    add_punch(&app, late, start + 30 * MIN, Some(start + 8 * HOUR));
    sync(&app, &organization).await;
    let admin = app.key(&organization.id, "admin").await;
    let find = async |person: (i64, i64, i64)| {
        let member = member(&app, &organization, person.0).await;
        let path = format!(
            "/api/attendance/records?team_member_id={member}&from={}",
            day(start)
        );
        let mut rows = all(&app, &organization, &path).await;
        rows.retain(|row| row["event_type"] == "late_arrival" || row["event_type"] == "no_show");
        assert_eq!(rows.len(), 1, "{rows:#?}");
        rows.remove(0)
    };
    for person in [late, away] {
        let id = find(person).await["id"].as_str().expect("an id").to_owned();
        let said = json!({"excused": true, "note": "Known before"});
        patch(&app, &format!("/api/attendance/records/{id}"), &admin, said)
            .await
            .expect(StatusCode::OK);
    }
    for id in before {
        change(&app, Mutation::DeleteShift { id, publish: true });
    }
    shifts();
    sync(&app, &organization).await;
    for person in [late, away] {
        let row = find(person).await;
        assert_eq!(
            (&row["excused"], &row["note"], &row["points_assessed"]),
            (&json!(true), &json!("Known before"), &json!(0)),
            "{row:#}"
        );
    }
}
