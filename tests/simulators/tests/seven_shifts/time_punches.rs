//! Punches: fields, running ones, loose ones, deleted ones, filters.

use http::StatusCode;
use serde_json::Value;
use simulators::seven_shifts::Mutation;

use crate::support::{NOW, World, ids, zulu};

async fn view(world: &World, query: &str) -> Vec<Value> {
    world.walk(&format!("time_punches?limit=500{query}")).await
}

#[tokio::test]
async fn a_punch_has_the_fields_and_forms_that_are_documented() {
    let world = World::demo();
    let punches = view(&world, "").await;
    let punch = punches
        .iter()
        .find(|punch| !punch["breaks"].as_array().unwrap().is_empty() && punch["shift_id"] != 0)
        .unwrap();
    assert!(punch["clocked_in"].as_str().unwrap().ends_with("+00:00"));
    assert!(punch["hourly_wage"].is_i64());
    assert!(punch["tips"].is_i64());
    assert!(punch["notes"].is_string());
    assert_eq!(punch["deleted"], false);
    let taken = &punch["breaks"][0];
    assert_eq!(taken["user_id"], punch["user_id"]);
    assert_eq!(taken["custom_break_id"], 0);
    assert!(taken["in"].as_str().unwrap().ends_with("+00:00"));
    assert_eq!(taken["deleted"], false);
    assert!(punches.iter().any(|punch| punch["tips"].as_i64() < Some(0)));
    assert!(
        punches
            .iter()
            .any(|punch| punch["auto_clocked_out"] == true)
    );
    let single = world.own(&format!("time_punches/{}", punch["id"])).await;
    assert_eq!(single["object"], "time_punch");
    assert_eq!(&single["data"], punch);
}

#[tokio::test]
async fn a_loose_punch_says_zero_where_nothing_is_linked() {
    let world = World::demo();
    let punches = view(&world, "").await;
    let loose = punches
        .iter()
        .find(|punch| punch["shift_id"] == 0 && punch["role_id"] == 0)
        .unwrap();
    assert_eq!(loose["department_id"], 0);
}

#[tokio::test]
async fn whoever_is_on_the_clock_has_no_end_and_so_has_a_break_that_goes_on() {
    let world = World::demo();
    let punches = view(&world, "").await;
    let running: Vec<&Value> = punches
        .iter()
        .filter(|punch| punch["clocked_out"].is_null())
        .collect();
    assert!(running.len() >= 2);
    assert!(
        running
            .iter()
            .flat_map(|punch| punch["breaks"].as_array().unwrap())
            .any(|taken| taken["out"].is_null() && taken["in"].is_string())
    );
    let ended = view(&world, "&clocked_out[gte]=2000-01-01T00:00:00Z").await;
    assert_eq!(ended.len() + running.len(), punches.len());
}

#[tokio::test]
async fn deleted_punches_come_only_when_asked_for_and_null_asks_for_both() {
    let world = World::demo();
    let live = view(&world, "").await;
    assert_eq!(view(&world, "&deleted=false").await.len(), live.len());
    let deleted = view(&world, "&deleted=true").await;
    assert!(!deleted.is_empty());
    assert!(deleted.iter().all(|punch| punch["deleted"] == true));
    let both = view(&world, "&deleted=null").await;
    assert_eq!(both.len(), live.len() + deleted.len());
    let deprecated = view(&world, "&include_deleted=true").await;
    assert_eq!(deprecated.len(), both.len());
    let truth: Vec<i64> = world
        .truth()
        .time_punches
        .iter()
        .map(|punch| punch.id)
        .collect();
    assert_eq!(ids(&live), truth);
    let (status, _) = world
        .refused(&format!("time_punches/{}", deleted[0]["id"]))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_deletion_is_seen_by_modified_since_only_when_deleted_ones_are_asked_for() {
    let world = World::demo();
    let id = world.truth().time_punches[0].id;
    world.clock.advance_seconds(60);
    world.change(Mutation::DeletePunch { id });
    let since = format!("&modified_since={}", zulu(NOW + 60));
    assert!(view(&world, &since).await.is_empty());
    for asked in ["&deleted=true", "&deleted=null"] {
        assert_eq!(ids(&view(&world, &format!("{since}{asked}")).await), [id]);
    }
}

#[tokio::test]
async fn modified_since_takes_a_date_time_and_finds_late_corrections() {
    let world = World::demo();
    let since = NOW - 5 * 86_400;
    let changed = view(&world, &format!("&modified_since={}", zulu(since))).await;
    assert!(
        changed
            .iter()
            .any(|punch| punch["clocked_in"].as_str().unwrap() < zulu(NOW - 20 * 86_400).as_str()),
        "a correction of an old punch"
    );
    let expected = world
        .truth()
        .time_punches
        .iter()
        .filter(|punch| punch.modified >= since)
        .count();
    assert_eq!(changed.len(), expected);
    let (status, problem) = world
        .refused("time_punches?modified_since=2026-01-01")
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["param"], "modified_since");
}

#[tokio::test]
async fn bounds_are_instants_or_with_localize_the_wall_clock_of_the_location() {
    let world = World::demo();
    let punch = world.truth().time_punches[30].clone();
    let exact = zulu(punch.clocked_in);
    let found = view(
        &world,
        &format!("&clocked_in[gte]={exact}&clocked_in[lte]={exact}"),
    )
    .await;
    assert!(ids(&found).contains(&punch.id));
    // Toronto is behind UTC, so the same digits mean a later instant there.
    let localized = view(
        &world,
        &format!("&clocked_in[gte]={exact}&localize_search_time=true"),
    )
    .await;
    assert!(!ids(&localized).contains(&punch.id));
    let (_, problem) = world.refused("time_punches?clocked_in[gte]=monday").await;
    assert_eq!(problem["param"], "clocked_in[gte]");
}

#[tokio::test]
async fn punches_are_filtered_by_approval_and_by_what_they_refer_to() {
    let world = World::demo();
    let all = view(&world, "").await;
    let approved = view(&world, "&approved=true").await;
    let open = view(&world, "&approved=false").await;
    assert!(!approved.is_empty() && !open.is_empty());
    assert_eq!(approved.len() + open.len(), all.len());
    let user = &all[0]["user_id"];
    let own = view(&world, &format!("&user_id={user}")).await;
    assert!(!own.is_empty() && own.iter().all(|punch| &punch["user_id"] == user));
    let role = &approved.iter().find(|punch| punch["role_id"] != 0).unwrap()["role_id"];
    let with_role = view(&world, &format!("&role_id={role}")).await;
    assert!(with_role.iter().all(|punch| &punch["role_id"] == role));
}
