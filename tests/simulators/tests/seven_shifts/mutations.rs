//! The day of a restaurant, as changes to its account.

use http::StatusCode;
use simulators::seven_shifts::{
    Assignments, Mutation, NewPunch, NewShift, PunchChanges, Resource, UserChanges,
};

use crate::support::{LAKESHORE, NOW, World, zulu};

async fn one(world: &World, path: &str) -> serde_json::Value {
    world.own(path).await["data"].clone()
}

#[tokio::test]
async fn a_day_at_work_from_punching_in_to_punching_out() {
    let world = World::demo();
    let truth = world.truth();
    let user = world.change(Mutation::AddUser(
        simulators::seven_shifts::NewUser::default(),
    ));
    let id = world.change(Mutation::PunchIn {
        user_id: user,
        location_id: truth.locations[0].id,
        department_id: None,
        role_id: Some(truth.roles[0].id),
        shift_id: None,
        at: None,
    });
    let path = format!("time_punches/{id}");
    assert!(one(&world, &path).await["clocked_out"].is_null());
    let twice = world.simulator.provider().mutate(
        LAKESHORE,
        Mutation::PunchIn {
            user_id: user,
            location_id: truth.locations[0].id,
            department_id: None,
            role_id: None,
            shift_id: None,
            at: None,
        },
    );
    assert!(twice.is_err(), "nobody is on the clock twice");
    world.clock.advance_seconds(3_600);
    world.change(Mutation::StartBreak { id, paid: false });
    assert!(one(&world, &path).await["breaks"][0]["out"].is_null());
    world.clock.advance_seconds(1_800);
    world.change(Mutation::EndBreak { id });
    world.clock.advance_seconds(3_600);
    world.change(Mutation::PunchOut { id, at: None });
    let punch = one(&world, &path).await;
    let colon = |moment| zulu(moment).replace('Z', "+00:00");
    assert_eq!(punch["breaks"][0]["out"], colon(NOW + 5_400));
    assert_eq!(punch["clocked_out"], colon(NOW + 9_000));
    assert_eq!(punch["modified"], colon(NOW + 9_000));
    assert_eq!(punch["created"], colon(NOW));
    world.change(Mutation::EditPunch {
        id,
        changes: PunchChanges {
            clocked_in: Some(NOW - 600),
            ..PunchChanges::default()
        },
    });
    assert_eq!(one(&world, &path).await["clocked_in"], colon(NOW - 600));
    world.change(Mutation::DeletePunch { id });
    let (status, _) = world.refused(&path).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_shift_is_added_moved_opened_and_given_to_someone_else() {
    let world = World::demo();
    let truth = world.truth();
    let [first, second] = [&truth.users[1], &truth.users[2]];
    let id = world.change(Mutation::AddShift(NewShift {
        location_id: truth.locations[0].id,
        user_id: Some(first.id),
        start: NOW,
        end: NOW + 3_600,
        ..NewShift::default()
    }));
    let path = format!("shifts/{id}");
    assert_eq!(one(&world, &path).await["hourly_wage"], first.hourly_wage);
    world.clock.advance_seconds(5);
    world.change(Mutation::MoveShift {
        id,
        start: NOW + 7_200,
        end: NOW + 9_000,
        location_id: Some(truth.locations[1].id),
    });
    let moved = one(&world, &path).await;
    assert_eq!(moved["start"], zulu(NOW + 7_200));
    assert_eq!(moved["location_id"], truth.locations[1].id);
    assert_eq!(moved["modified"], zulu(NOW + 5));
    assert_eq!(moved["created"], zulu(NOW));
    world.change(Mutation::OpenShift { id });
    assert!(one(&world, &path).await["user_id"].is_null());
    world.change(Mutation::AssignShift {
        id,
        user_id: second.id,
    });
    let given = one(&world, &path).await;
    assert_eq!(given["user_id"], second.id);
    assert_eq!(given["open"], false);
}

#[tokio::test]
async fn people_leave_come_back_and_turn_out_to_be_the_same() {
    let world = World::demo();
    let truth = world.truth();
    let [keep, double] = [truth.users[3].id, truth.users[4].id];
    world.change(Mutation::DeactivateUser { id: keep });
    assert_eq!(one(&world, &format!("users/{keep}")).await["active"], false);
    world.clock.advance_seconds(10);
    world.change(Mutation::ReactivateUser { id: keep });
    let back = one(&world, &format!("users/{keep}")).await;
    assert_eq!(back["active"], true);
    assert_eq!(back["reactivation_status"], "accepted");
    world.change(Mutation::EditUser {
        id: keep,
        changes: UserChanges {
            last_name: Some("Married".to_owned()),
            ..UserChanges::default()
        },
    });
    let had = |truth: &simulators::seven_shifts::Truth, user| {
        truth
            .time_punches
            .iter()
            .filter(|punch| punch.user_id == user)
            .count()
    };
    let both = had(&truth, keep) + had(&truth, double);
    world.change(Mutation::MergeUsers {
        from: double,
        into: keep,
        silent: false,
    });
    let (status, _) = world.refused(&format!("users/{double}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let after = world.truth();
    assert_eq!(had(&after, keep), both);
    assert_eq!(had(&after, double), 0);
    assert!(
        after
            .shifts
            .iter()
            .all(|shift| shift.details.user_id != Some(double))
    );
    assert!(
        after
            .time_punches
            .iter()
            .any(|punch| punch.user_id == keep && punch.modified == NOW + 10)
    );
}

#[tokio::test]
async fn a_silent_merge_leaves_no_stamp_on_the_rows() {
    let world = World::demo();
    let users = world.truth().users;
    world.clock.advance_seconds(10);
    world.change(Mutation::MergeUsers {
        from: users[5].id,
        into: users[6].id,
        silent: true,
    });
    let since = zulu(NOW + 10);
    for list in ["shifts", "time_punches"] {
        let rows = world.walk(&format!("{list}?modified_since={since}")).await;
        assert!(rows.is_empty(), "{list}");
    }
}

#[tokio::test]
async fn assignments_change_without_a_stamp_on_the_user() {
    let world = World::demo();
    let user = world.truth().users[3].clone();
    let role = world.truth().roles[1].clone();
    world.change(Mutation::AssignUser {
        id: user.id,
        assignments: Assignments {
            location_ids: [role.location_id].into(),
            department_ids: [role.department_id].into(),
            role_ids: [role.id].into(),
            primary_role_id: Some(role.id),
        },
    });
    let data = one(&world, &format!("users/{}/assignments", user.id)).await;
    assert_eq!(data["roles"][0]["id"], role.id);
    let after = world.truth().users[3].clone();
    assert_eq!(after.modified, user.modified);
}

#[tokio::test]
async fn places_are_added_renamed_and_removed() {
    let world = World::demo();
    let location_id = world.change(Mutation::AddLocation {
        name: "Pop-up".to_owned(),
    });
    let department_id = world.change(Mutation::AddDepartment {
        location_id,
        name: "Grill".to_owned(),
    });
    let id = world.change(Mutation::AddRole {
        department_id,
        name: "Griller".to_owned(),
    });
    world.change(Mutation::RenameRole {
        id,
        name: "Pit Master".to_owned(),
    });
    world.change(Mutation::RenameDepartment {
        id: department_id,
        name: "Pit".to_owned(),
    });
    let role = one(&world, &format!("roles/{id}")).await;
    assert_eq!(role["name"], "Pit Master");
    assert_eq!(role["department_id"], department_id);
    world.change(Mutation::DeleteRole { id });
    world.change(Mutation::DeleteDepartment { id: department_id });
    for path in [
        format!("roles/{id}"),
        format!("departments/{department_id}"),
    ] {
        assert_eq!(world.refused(&path).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let world = World::demo();
    let location = world.truth().locations[0].id;
    for mutation in [
        Mutation::PublishShift { id: 1 },
        Mutation::PunchOut { id: 1, at: None },
        Mutation::DeactivateUser { id: 1 },
        Mutation::RenameLocation {
            id: 1,
            name: String::new(),
        },
        Mutation::AddShift(NewShift {
            location_id: location,
            user_id: Some(1),
            start: 0,
            end: 1,
            ..NewShift::default()
        }),
        Mutation::AddPunch(NewPunch {
            location_id: 1,
            ..NewPunch::default()
        }),
        Mutation::MergeUsers {
            from: 1,
            into: 2,
            silent: false,
        },
    ] {
        let told = format!("{mutation:?}");
        let outcome = world.simulator.provider().mutate(LAKESHORE, mutation);
        assert!(outcome.is_err(), "{told}");
    }
    let foreign = world
        .simulator
        .provider()
        .mutate(1, Mutation::PublishShift { id: 1 });
    assert_eq!(
        foreign.unwrap_err().to_string(),
        "company 1 does not exist in the simulator"
    );
}

#[tokio::test]
async fn a_corrupted_record_stays_corrupted_on_every_answer_until_it_is_healed() {
    let world = World::demo();
    let punch = world.truth().time_punches[7].clone();
    world.change(Mutation::Corrupt {
        resource: Resource::TimePunches,
        id: punch.id,
        field: "clocked_in".to_owned(),
        raw: r#""\ud800""#.to_owned(),
    });
    for path in ["time_punches", "time_punches?limit=500"] {
        let answer = world.get(&format!("/v2/company/{LAKESHORE}/{path}")).await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert_eq!(text.matches(r#""clocked_in":"\ud800""#).count(), 1);
    }
    world.clock.advance_seconds(30);
    world.change(Mutation::Heal {
        resource: Resource::TimePunches,
        id: punch.id,
    });
    let healed = one(&world, &format!("time_punches/{}", punch.id)).await;
    assert_eq!(
        healed["modified"],
        zulu(NOW + 30).replace('Z', "+00:00"),
        "the correction is seen by modified_since"
    );
}
