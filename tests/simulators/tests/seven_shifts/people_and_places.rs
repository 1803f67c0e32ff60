//! Locations, departments, roles and users: fields, forms, filters.

use http::StatusCode;
use serde_json::Value;
use simulators::seven_shifts::{DefaultStatus, Mutation, NewUser, SeveralFilters};

use crate::support::{NOW, World, ids, keys};

#[tokio::test]
async fn each_resource_stamps_in_its_own_style() {
    let world = World::demo();
    let stamp = async |list: &str| {
        let page = world.own(list).await;
        page["data"][0]["created"].as_str().unwrap().to_owned()
    };
    for list in ["locations", "departments", "users", "time_punches"] {
        let stamp = stamp(list).await;
        assert!(
            stamp.ends_with("+00:00") && stamp.len() == 25,
            "{list}: {stamp}"
        );
    }
    let role = stamp("roles").await;
    assert!(role.ends_with("+0000") && role.len() == 24, "{role}");
    let shift = stamp("shifts").await;
    assert!(shift.ends_with('Z') && shift.len() == 20, "{shift}");
}

#[tokio::test]
async fn a_location_has_its_zone_and_a_week_of_hours() {
    let world = World::demo();
    let page = world.own("locations").await;
    assert_eq!(page["object"], "locations");
    let location = &page["data"][0];
    assert_eq!(location["timezone"], "America/Toronto");
    assert_eq!(location["mon_hours_open"], "10:00:00");
    assert_eq!(location["sat_is_closed"], false);
    assert_eq!(location["deleted"], false);
    let single = world.own(&format!("locations/{}", location["id"])).await;
    assert_eq!(single["object"], "location");
    assert_eq!(&single["data"], location);
    for field in ["hash", "lat", "lng", "company_id", "modified", "mapping_id"] {
        assert!(!location[field].is_null(), "{field}");
    }
}

#[tokio::test]
async fn a_deleted_location_is_listed_only_when_asked_for() {
    let world = World::demo();
    let before = ids(&world.walk("locations").await);
    world.change(Mutation::DeleteLocation { id: before[1] });
    assert_eq!(ids(&world.walk("locations").await), [before[0], before[2]]);
    let deleted = world.walk("locations?deleted=true").await;
    assert_eq!(ids(&deleted), [before[1]]);
    assert_eq!(deleted[0]["deleted"], true);
    assert_eq!(world.truth().locations.len(), 2);
}

#[tokio::test]
async fn departments_and_roles_are_filtered_by_where_they_are() {
    let world = World::demo();
    let location = &world.walk("locations").await[1]["id"];
    let departments = world
        .walk(&format!("departments?location_id={location}"))
        .await;
    assert_eq!(departments.len(), 3);
    assert!(
        departments
            .iter()
            .all(|row| &row["location_id"] == location)
    );
    assert!(departments[0]["deleted"].is_null());
    let department = &departments[0]["id"];
    let roles = world
        .walk(&format!("roles?department_id={department}"))
        .await;
    assert!(!roles.is_empty());
    assert!(roles.iter().all(|row| &row["department_id"] == department));
    let two: Vec<i64> = ids(&roles)[..2].to_vec();
    let chosen = world
        .walk(&format!("roles?ids={},{}", two[0], two[1]))
        .await;
    assert_eq!(ids(&chosen), two);
    let cook = &roles[0];
    assert_eq!(cook["name"], "Line Cook");
    assert_eq!(cook["num_stations"], 2);
    assert_eq!(cook["stations"][1]["station_number"], 2);
    assert_eq!(cook["stations"][0]["role_id"], cook["id"]);
    assert_eq!(cook["color"], "3c78d8");
}

#[tokio::test]
async fn modified_since_takes_a_date_and_nothing_else_on_people_and_places() {
    let world = World::demo();
    for list in ["locations", "departments", "roles", "users"] {
        world
            .own(&format!("{list}?modified_since=2020-01-01"))
            .await;
        for wrong in [
            "2020-01-01T00:00:00Z",
            "1577836800",
            "2020-1-1",
            "2020-13-01",
        ] {
            let (status, problem) = world
                .refused(&format!("{list}?modified_since={wrong}"))
                .await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{list} {wrong}");
            assert_eq!(problem["param"], "modified_since");
        }
    }
}

#[tokio::test]
async fn modified_since_includes_the_whole_day() {
    let world = World::demo();
    let location = world.truth().locations[0].clone();
    world.change(Mutation::RenameLocation {
        id: location.id,
        name: "Waterfront".to_owned(),
    });
    let today = chrono::DateTime::from_timestamp(NOW, 0)
        .unwrap()
        .format("%Y-%m-%d")
        .to_string();
    let changed = world
        .walk(&format!("locations?modified_since={today}"))
        .await;
    assert_eq!(ids(&changed), [location.id]);
    assert_eq!(changed[0]["name"], "Waterfront");
    let none = world.walk("locations?modified_since=2100-01-01").await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_user_has_the_fields_and_forms_that_are_documented() {
    let world = World::demo();
    let users = world.walk("users").await;
    let user = &users[1];
    assert!(user["max_weekly_hours"].is_string());
    assert!(user["email"].is_string());
    assert!(user["hourly_wage"].is_i64());
    assert!(user["timezone"].is_null());
    assert!(keys(user).contains(&"reactivation_status"));
    assert!(!keys(user).contains(&"hire_date"));
    for absent in ["location_ids", "department_ids", "role_ids", "assignments"] {
        assert!(!keys(user).contains(&absent), "{absent}");
    }
    let types: Vec<&str> = users
        .iter()
        .map(|user| user["type"].as_str().unwrap())
        .collect();
    for wanted in ["employee", "asst_manager", "manager", "employer"] {
        assert!(types.contains(&wanted), "{wanted}");
    }
    assert!(
        users
            .iter()
            .any(|user| user["email"] == "" && user["invite_status"] == "missing_contact_info")
    );
    assert!(
        users.iter().any(|user| user["punch_id"]
            .as_str()
            .is_some_and(|id| id.starts_with('0'))),
        "leading zeros"
    );
    assert!(users.iter().any(|user| user["punch_id"].is_null()));
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_punch_id() {
    let world = World::demo();
    let user = &world.walk("users").await[2];
    let by_id = world.own(&format!("users/{}", user["id"])).await;
    assert_eq!(by_id["object"], "user");
    let punch_id = user["punch_id"].as_str().unwrap();
    let by_punch_id = world.own(&format!("users/punch:{punch_id}")).await;
    assert_eq!(by_id["data"], by_punch_id["data"]);
    let (status, _) = world.refused("users/punch:999999").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_status_only_active_people_are_listed_unless_set_otherwise() {
    let world = World::demo();
    let active = ids(&world.walk("users?status=active").await);
    let inactive = ids(&world.walk("users?status=inactive").await);
    assert!(!inactive.is_empty());
    assert_eq!(active.len() + inactive.len(), world.truth().users.len());
    assert_eq!(ids(&world.walk("users").await), active);
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.users_default_status = DefaultStatus::All);
    assert_eq!(
        world.walk("users").await.len(),
        active.len() + inactive.len()
    );
    let (status, problem) = world.refused("users?status=gone").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["param"], "status");
}

#[tokio::test]
async fn users_are_filtered_by_one_of_location_department_and_role() {
    let world = World::demo();
    let role = world.truth().roles[0].clone();
    let holders = world.walk(&format!("users?role_id={}", role.id)).await;
    assert!(!holders.is_empty());
    let here = world
        .walk(&format!("users?location_id={}", role.location_id))
        .await;
    assert!(here.len() > holders.len());
    let both = format!("users?location_id={}&role_id={}", role.location_id, role.id);
    let (status, _) = world.refused(&both).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.several_user_filters = SeveralFilters::Ignore);
    assert_eq!(ids(&world.walk(&both).await), ids(&here));
}

#[tokio::test]
async fn assignments_tell_where_someone_works() {
    let world = World::demo();
    let user = world
        .truth()
        .users
        .into_iter()
        .find(|user| {
            user.assignments.location_ids.len() > 1 && user.assignments.primary_role_id.is_some()
        })
        .unwrap();
    let all = world.own(&format!("users/{}/assignments", user.id)).await;
    assert_eq!(all["object"], "assignments");
    assert!(all["data"]["locations"].as_array().unwrap().len() > 1);
    let primary: Vec<&Value> = all["data"]["roles"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|role| role["is_primary"] == true)
        .collect();
    assert_eq!(primary.len(), 1);
    for (list, field) in [
        ("location_assignments", "location_id"),
        ("department_assignments", "department_id"),
        ("role_assignments", "role_id"),
    ] {
        let single = world.own(&format!("users/{}/{list}", user.id)).await;
        assert_eq!(single["object"], list);
        assert!(single["data"][0][field].is_i64(), "{list}");
        assert_eq!(single["data"][0].get("id"), None, "{list}");
    }
    let wages = world.own(&format!("users/{}/wages", user.id)).await;
    assert_eq!(wages["object"], "user_wages");
    assert_eq!(
        wages["data"]["current_wages"][0]["wage_cents"],
        user.hourly_wage
    );
}

#[tokio::test]
async fn someone_new_without_contact_is_listed_with_empty_text_not_null() {
    let world = World::demo();
    let id = world.change(Mutation::AddUser(NewUser::default()));
    let user = world.own(&format!("users/{id}")).await;
    assert_eq!(user["data"]["email"], "");
    assert_eq!(user["data"]["invite_status"], "missing_contact_info");
    assert_eq!(user["data"]["max_weekly_hours"], "");
}
