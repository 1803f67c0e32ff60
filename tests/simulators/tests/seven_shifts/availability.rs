//! When people can work: forms, filters, changes.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{
    AVAILABLE_BETWEEN, AvailabilityChanges, AvailabilityDay, Mutation, NewAvailability,
    RequestStatus, Resource, UNAVAILABLE_ALL_DAY,
};
use simulators::{Fault, FaultRule, When};

use crate::support::{LAKESHORE, NOW, World, ids, zulu};

#[tokio::test]
async fn an_availability_has_the_fields_and_forms_that_are_documented() {
    let world = World::demo();
    let user_id = world.truth().users[1].id;
    let reason_id = world.truth().availability_reasons[0].id;
    let mut days: [AvailabilityDay; 7] = std::array::from_fn(|_| AvailabilityDay::default());
    days[0] = AvailabilityDay {
        code: AVAILABLE_BETWEEN,
        from: "09:00:00".parse().unwrap(),
        to: "17:30:00".parse().unwrap(),
        ..AvailabilityDay::default()
    };
    days[6] = AvailabilityDay {
        code: UNAVAILABLE_ALL_DAY,
        comments: Some("Church".to_owned()),
        reason_id: Some(reason_id),
        ..AvailabilityDay::default()
    };
    let id = world.change(Mutation::AddAvailability(NewAvailability {
        user_id,
        week: Some("2026-09-21".parse().unwrap()),
        repeat: true,
        days,
        ..NewAvailability::default()
    }));
    let listed = world.walk("availabilities").await;
    let row = listed.iter().find(|row| row["id"] == id).unwrap();
    for (field, value) in [
        ("user_id", json!(user_id)),
        ("company_id", json!(LAKESHORE)),
        ("week", json!("2026-09-21")),
        ("week_to", Value::Null),
        ("repeat", json!(true)),
        ("status", json!(0)),
        ("status_action_user_id", Value::Null),
        ("mon", json!(1)),
        ("mon_from", json!("09:00:00")),
        ("mon_to", json!("17:30:00")),
        ("tue", json!(2)),
        ("sun", json!(0)),
        ("sun_comments", json!("Church")),
        ("sun_reason", json!(reason_id.to_string())),
        ("sat_reason", Value::Null),
        ("created", json!(zulu(NOW).replace('Z', "+00:00"))),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    let page = world.own("availabilities").await;
    assert_eq!(page["object"], "availability");
    let single = world.own(&format!("availabilities/{id}")).await;
    assert_eq!(single, json!({ "data": row }));
}

#[tokio::test]
async fn reasons_are_listed_and_read_alone() {
    let world = World::demo();
    let page = world.own("availability_reasons").await;
    assert_eq!(page["object"], "availability_reasons");
    let reasons = world.walk("availability_reasons?limit=1").await;
    assert_eq!(reasons.len(), world.truth().availability_reasons.len());
    assert_eq!(reasons[0]["reason"], "School");
    assert_eq!(reasons[0]["company_id"], LAKESHORE);
    let one = world
        .own(&format!("availability_reasons/{}", reasons[0]["id"]))
        .await;
    assert_eq!(one["data"], reasons[0]);
}

#[tokio::test]
async fn availabilities_are_filtered_as_documented() {
    let world = World::demo();
    let all = world.walk("availabilities?limit=500").await;
    let truth = world.truth();
    let count = |wanted: &dyn Fn(&Value) -> bool| all.iter().filter(|row| wanted(row)).count();
    for (filter, expected) in [
        ("repeating=true", count(&|row| row["repeat"] == true)),
        ("repeating=false", count(&|row| row["repeat"] == false)),
        ("status=0", count(&|row| row["status"] == 0)),
        ("status=2", count(&|row| row["status"] == 2)),
        (
            "week_gte=2026-09-21",
            count(&|row| row["week"].as_str() >= Some("2026-09-21")),
        ),
        (
            "week_to_include_repeating_gte=2026-09-29",
            count(&|row| row["week_to"].is_null() || row["week_to"].as_str() >= Some("2026-09-29")),
        ),
    ] {
        let rows = world.walk(&format!("availabilities?{filter}")).await;
        assert_eq!(rows.len(), expected, "{filter}");
        assert!(expected > 0 && expected < all.len(), "{filter}: {expected}");
    }
    let user_id = &all[0]["user_id"];
    let own = world
        .walk(&format!("availabilities?user_id={user_id}"))
        .await;
    assert!(!own.is_empty() && own.iter().all(|row| &row["user_id"] == user_id));
    let location = truth.locations[1].id;
    let here = world
        .walk(&format!("availabilities?location_id={location}"))
        .await;
    assert!(!here.is_empty() && here.len() < all.len());
    let weeks = world
        .walk("availabilities?order_field=week&order_dir=desc&limit=7")
        .await;
    let weeks: Vec<&str> = weeks
        .iter()
        .map(|row| row["week"].as_str().unwrap())
        .collect();
    assert!(weeks.is_sorted_by(|a, b| a >= b));
    for wrong in ["status=9", "week_gte=soon", "repeating=maybe", "limit=501"] {
        let (status, _) = world.refused(&format!("availabilities?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn an_availability_is_approved_and_deleted() {
    let world = World::demo();
    let id = world.truth().availabilities[0].id;
    world.clock.advance_seconds(30);
    world.change(Mutation::EditAvailability {
        id,
        changes: AvailabilityChanges {
            status: Some(RequestStatus::Declined),
            status_action_user_id: Some(world.truth().users[0].id),
            status_action_message: Some("No".to_owned()),
            ..AvailabilityChanges::default()
        },
    });
    let row = world.own(&format!("availabilities/{id}")).await["data"].clone();
    assert_eq!(row["status"], 2);
    assert_eq!(row["status_action_message"], "No");
    assert_eq!(row["modified"], zulu(NOW + 30).replace('Z', "+00:00"));
    world.change(Mutation::DeleteAvailability { id });
    let (status, _) = world.refused(&format!("availabilities/{id}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_of_availability_go_wrong_as_others_do_and_a_plan_may_lack_it() {
    let world = World::demo();
    let list = "availabilities?limit=9";
    let expected = ids(&world.walk(list).await);
    world.simulator.add_fault(FaultRule::on(
        format!("/v2/company/{LAKESHORE}/availabilities"),
        When::Next {
            requests: 1,
            after: 1,
        },
        Fault::EmptyPage,
    ));
    assert_eq!(ids(&world.walk(list).await), expected);
    world.change(Mutation::SetPlan {
        resource: Resource::Availability,
        included: false,
    });
    for list in ["availabilities", "availability_reasons"] {
        assert_eq!(world.refused(list).await.0, StatusCode::FORBIDDEN);
    }
}
