//! What callers may write: words on read are numbers on write.

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{NOW, World, zulu};

#[tokio::test]
async fn a_created_shift_takes_numbers_answers_words_and_ignores_a_wage() {
    let world = World::demo();
    let truth = world.truth();
    let user = truth
        .users
        .iter()
        .find(|user| user.hourly_wage > 0)
        .unwrap();
    let answer = world
        .write(
            Method::POST,
            "shifts",
            &json!({
                "location_id": truth.locations[0].id, "user_id": user.id, "draft": false,
                "start": zulu(NOW), "end": zulu(NOW + 3_600), "hourly_wage": 1, "status": 3,
                "late_minutes": 9, "open_offer_type": 0,
            }),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let shift = answer.json();
    assert_eq!(shift["object"], "shift");
    assert_eq!(shift["data"]["attendance_status"], "late");
    assert_eq!(shift["data"]["open_offer_type"], "all_location_members");
    assert_eq!(shift["data"]["hourly_wage"], user.hourly_wage);
    assert_eq!(shift["data"]["publish_status"], "published");
    let id = shift["data"]["id"].as_i64().unwrap();
    let edited = world
        .write(
            Method::PUT,
            &format!("shifts/{id}"),
            &json!({"status": 2, "hourly_wage": 99, "notes": "x"}),
        )
        .await
        .json();
    assert_eq!(edited["data"]["attendance_status"], "no_show");
    assert_eq!(edited["data"]["hourly_wage"], user.hourly_wage);
    let deleted = world
        .write(Method::DELETE, &format!("shifts/{id}"), &json!({}))
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert!(deleted.body.is_empty());
    let (status, _) = world.refused(&format!("shifts/{id}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_open_shift_is_posted_without_a_user_and_a_draft_stays_one() {
    let world = World::demo();
    let location = world.truth().locations[0].id;
    let post = async |extra: serde_json::Value| {
        let mut body = json!({"location_id": location, "start": zulu(NOW), "end": zulu(NOW + 60)});
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        world.write(Method::POST, "shifts", &body).await.json()["data"].clone()
    };
    let open = post(json!({"open": true, "open_offer_type": 1, "draft": false})).await;
    assert!(open["user_id"].is_null());
    assert_eq!(open["open_offer_type"], "all_role_members");
    let draft = post(json!({"status": 1})).await;
    assert_eq!(draft["publish_status"], "draft");
    assert_eq!(draft["draft"], true);
    assert_eq!(draft["attendance_status"], "sick");
}

#[tokio::test]
async fn a_body_that_cannot_be_used_names_the_field() {
    let world = World::demo();
    let location = world.truth().locations[0].id;
    for (list, body, param) in [
        (
            "shifts",
            json!({"start": zulu(NOW), "end": zulu(NOW + 1)}),
            "location_id",
        ),
        (
            "shifts",
            json!({"location_id": location, "end": zulu(NOW)}),
            "start",
        ),
        (
            "shifts",
            json!({"location_id": location, "start": "monday", "end": zulu(NOW)}),
            "start",
        ),
        (
            "shifts",
            json!({"location_id": location, "start": zulu(NOW), "end": zulu(NOW + 1), "status": 9}),
            "status",
        ),
        (
            "time_punches",
            json!({"location_id": location, "clocked_in": zulu(NOW)}),
            "user_id",
        ),
        (
            "time_punches",
            json!({"location_id": location, "user_id": 1, "clocked_in": zulu(NOW)}),
            "user_id",
        ),
    ] {
        let answer = world.write(Method::POST, list, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.json()["param"], param, "{body}");
    }
    let broken = world
        .ask(crate::support::request(
            Method::POST,
            "/v2/company/4410/shifts",
            crate::support::TOKEN,
            "{",
        ))
        .await
        .unwrap();
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_punch_is_written_flat_or_wrapped_and_cannot_be_approved_by_api() {
    let world = World::demo();
    let truth = world.truth();
    let (location, user) = (truth.locations[0].id, truth.users[0].id);
    let flat = json!({
        "location_id": location, "user_id": user, "clocked_in": zulu(NOW - 7_200),
        "clocked_out": zulu(NOW), "approved": true,
        "breaks": [{"paid": false, "in": zulu(NOW - 3_600), "out": zulu(NOW - 3_000)}],
    });
    for body in [flat.clone(), json!({"time_punch": flat})] {
        let answer = world.write(Method::POST, "time_punches", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let punch = answer.json();
        assert_eq!(punch["object"], "time_punch");
        assert_eq!(punch["data"]["approved"], false);
        assert_eq!(punch["data"]["breaks"][0]["paid"], false);
        assert_eq!(punch["data"]["shift_id"], 0);
    }
    let id = world.truth().time_punches.last().unwrap().id;
    let edited = world
        .write(
            Method::PUT,
            &format!("time_punches/{id}"),
            &json!({"tips": -250}),
        )
        .await;
    assert_eq!(edited.json()["data"]["tips"], -250);
    let deleted = world
        .write(Method::DELETE, &format!("time_punches/{id}"), &json!({}))
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let again = world
        .write(Method::DELETE, &format!("time_punches/{id}"), &json!({}))
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused() {
    let world = World::demo();
    let post = world.write(Method::POST, "shifts/1", &json!({})).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
    let unknown = world.write(Method::POST, "payroll", &json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
