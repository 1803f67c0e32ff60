//! What people are paid: history, clashes, and bad days.

use chrono::{Days, NaiveDate};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::seven_shifts::{
    Assignments, Mutation, NewUser, NewWage, Resource, User, WageChanges, WageType,
};
use simulators::{Fault, FaultRule};

use crate::support::{LAKESHORE, NOW, World, ids, zulu};

/// [`NOW`] is the morning of this day in Toronto.
fn today() -> NaiveDate {
    "2026-09-21".parse().unwrap()
}

async fn wages(world: &World, user_id: i64) -> Value {
    let answer = world.own(&format!("users/{user_id}/wages")).await;
    assert_eq!(answer["object"], "user_wages");
    answer["data"].clone()
}

fn rows(data: &Value, list: &str) -> Vec<Value> {
    data[list].as_array().unwrap().clone()
}

/// Someone whose only wages are those that a test adds.
fn hire(world: &World) -> User {
    let role = world.truth().roles[0].clone();
    let id = world.change(Mutation::AddUser(NewUser {
        assignments: Assignments {
            location_ids: [role.location_id].into(),
            department_ids: [role.department_id].into(),
            role_ids: [role.id].into(),
            primary_role_id: Some(role.id),
        },
        ..NewUser::default()
    }));
    let users = world.truth().users;
    users.into_iter().find(|user| user.id == id).unwrap()
}

fn hourly(user: &User, effective_date: NaiveDate, wage_cents: i64) -> NewWage {
    NewWage {
        user_id: user.id,
        role_id: user.assignments.primary_role_id,
        effective_date,
        wage_type: WageType::Hourly,
        wage_cents,
        force: false,
    }
}

#[tokio::test]
async fn a_raise_waits_for_its_day_and_replaces_what_was_paid_before() {
    let world = World::demo();
    let user = hire(&world);
    let old = world.change(Mutation::AddWage(hourly(
        &user,
        today() - Days::new(100),
        1_800,
    )));
    let raise = world.change(Mutation::AddWage(hourly(
        &user,
        today() + Days::new(1),
        1_900,
    )));
    let data = wages(&world, user.id).await;
    assert_eq!(data["wage_type"], "hourly");
    let current = rows(&data, "current_wages");
    assert_eq!(ids(&current), [old]);
    assert_eq!(
        current[0],
        json!({
            "id": old, "effective_date": "2026-06-13",
            "role_id": user.assignments.primary_role_id, "wage_type": "hourly",
            "wage_cents": 1_800, "created": zulu(NOW).replace('Z', "+00:00"),
            "modified": zulu(NOW).replace('Z', "+00:00"),
        })
    );
    assert_eq!(ids(&rows(&data, "upcoming_wages")), [raise]);
    // Past midnight UTC it is still this day in Toronto.
    world.clock.advance_seconds(11 * 3_600);
    let data = wages(&world, user.id).await;
    assert_eq!(ids(&rows(&data, "current_wages")), [old]);
    world.clock.advance_seconds(4 * 3_600);
    let data = wages(&world, user.id).await;
    assert_eq!(ids(&rows(&data, "current_wages")), [raise]);
    assert!(rows(&data, "upcoming_wages").is_empty());
    let truth = world.truth();
    assert!(truth.past_wages.iter().any(|wage| wage.id == old));
    assert!(truth.current_wages.iter().any(|wage| wage.id == raise));
}

#[tokio::test]
async fn each_role_has_its_wage_and_a_salary_has_none() {
    let world = World::demo();
    let user = hire(&world);
    let other = world.truth().roles[1].id;
    let date = today() - Days::new(10);
    for role_id in [user.assignments.primary_role_id, Some(other), None] {
        world.change(Mutation::AddWage(NewWage {
            role_id,
            ..hourly(&user, date, 2_000)
        }));
    }
    let data = wages(&world, user.id).await;
    let role_ids: Vec<Option<i64>> = rows(&data, "current_wages")
        .iter()
        .map(|wage| wage["role_id"].as_i64())
        .collect();
    assert_eq!(
        role_ids,
        [user.assignments.primary_role_id, Some(other), None]
    );
}

#[tokio::test]
async fn a_wage_is_corrected_and_deleted() {
    let world = World::demo();
    let user = hire(&world);
    let id = world.change(Mutation::AddWage(hourly(&user, today(), 1_800)));
    world.clock.advance_seconds(60);
    world.change(Mutation::EditWage {
        id,
        changes: WageChanges {
            wage_type: Some(WageType::WeeklySalary),
            wage_cents: Some(90_000),
            ..WageChanges::default()
        },
    });
    let data = wages(&world, user.id).await;
    let wage = &rows(&data, "current_wages")[0];
    assert_eq!(data["wage_type"], "weekly_salary");
    assert_eq!(wage["wage_cents"], 90_000);
    assert_eq!(wage["modified"], zulu(NOW + 60).replace('Z', "+00:00"));
    world.change(Mutation::DeleteWage { id });
    let data = wages(&world, user.id).await;
    assert!(rows(&data, "current_wages").is_empty());
    assert!(data["wage_type"].is_null());
}

#[tokio::test]
async fn the_api_refuses_a_second_wage_of_one_role_and_day_but_a_bad_day_can_force_it() {
    let world = World::demo();
    let user = hire(&world);
    let path = format!("users/{}/wages", user.id);
    let body = json!({
        "effective_date": "2026-09-01", "wage_type": "hourly", "wage_cents": 1_850,
        "role_id": user.assignments.primary_role_id,
    });
    let made = world.write(Method::POST, &path, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    assert_eq!(made.json()["data"]["wage_cents"], 1_850);
    let again = world.write(Method::POST, &path, &body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(again.json()["status"], 409);
    world.change(Mutation::AddWage(NewWage {
        force: true,
        ..hourly(&user, "2026-09-01".parse().unwrap(), 1_700)
    }));
    let data = wages(&world, user.id).await;
    assert_eq!(rows(&data, "current_wages").len(), 2);
    let put = world.write(Method::PUT, &path, &body).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    let nobody = world.write(Method::POST, "users/1/wages", &body).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    for (body, status, param) in [
        (
            json!({"wage_type": "hourly", "wage_cents": 1}),
            StatusCode::UNPROCESSABLE_ENTITY,
            json!("effective_date"),
        ),
        (
            json!({"effective_date": "2026-01-01", "wage_type": "hourly", "wage_cents": 1,
                   "role_id": 1}),
            StatusCode::UNPROCESSABLE_ENTITY,
            json!("role_id"),
        ),
        (
            json!({"effective_date": "soon", "wage_type": "hourly", "wage_cents": 1}),
            StatusCode::BAD_REQUEST,
            Value::Null,
        ),
    ] {
        let answer = world.write(Method::POST, &path, &body).await;
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.json()["param"], param, "{body}");
    }
}

#[tokio::test]
async fn a_plan_without_wages_is_403_and_the_people_go_on() {
    let world = World::demo();
    let user = world.truth().users[1].id;
    for (resource, part) in [
        (Resource::Wages, "wages"),
        (Resource::Assignments, "assignments"),
    ] {
        let plan = |included| {
            world.change(Mutation::SetPlan { resource, included });
        };
        plan(false);
        let (status, _) = world.refused(&format!("users/{user}/{part}")).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        world.own(&format!("users/{user}")).await;
        plan(true);
        world.own(&format!("users/{user}/{part}")).await;
    }
}

#[tokio::test]
async fn one_wage_is_spoilt_by_a_fault_or_until_it_is_healed() {
    let world = World::demo();
    let truth = world.truth();
    let wage = &truth.current_wages[3];
    let path = format!("/v2/company/{LAKESHORE}/users/{}/wages", wage.user_id);
    let text = async || String::from_utf8(world.get(&path).await.body.to_vec()).unwrap();
    world
        .simulator
        .add_fault(FaultRule::once(path.clone(), Fault::huge_number()));
    assert_eq!(text().await.matches(r#""wage_cents":1e400"#).count(), 1);
    world.change(Mutation::Corrupt {
        resource: Resource::Wages,
        id: wage.id,
        field: "effective_date".to_owned(),
        raw: r#""someday""#.to_owned(),
    });
    assert_eq!(text().await.matches("someday").count(), 1);
    world.change(Mutation::Heal {
        resource: Resource::Wages,
        id: wage.id,
    });
    assert!(!text().await.contains("someday"));
    world.change(Mutation::Corrupt {
        resource: Resource::Assignments,
        id: wage.user_id,
        field: "roles".to_owned(),
        raw: "null".to_owned(),
    });
    let assigned = world
        .own(&format!("users/{}/assignments", wage.user_id))
        .await;
    assert!(assigned["data"]["roles"].is_null());
    let other = truth.users.iter().find(|user| user.id != wage.user_id);
    let other = world
        .own(&format!("users/{}/assignments", other.unwrap().id))
        .await;
    assert!(other["data"]["roles"].is_array());
}

#[tokio::test]
async fn whether_wages_differ_by_role_is_a_setting_of_the_company() {
    let world = World::demo();
    let settings = world.own("labor_settings").await;
    assert_eq!(settings["object"], "labor_settings");
    assert_eq!(settings["data"]["company_id"], LAKESHORE);
    assert_eq!(settings["data"]["wage_based_roles_enabled"], true);
    world.change(Mutation::SetLaborSettings {
        wage_based_roles_enabled: false,
    });
    let settings = world.own("labor_settings").await;
    assert_eq!(settings["data"]["wage_based_roles_enabled"], false);
}
