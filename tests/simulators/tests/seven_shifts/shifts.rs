//! Shifts: fields, the views of drafts and deletions, filters.

use http::StatusCode;
use serde_json::Value;
use simulators::seven_shifts::{AttendanceStatus, Mutation, ShiftChanges};

use crate::support::{NOW, World, ids, keys, zulu};

fn find(rows: &[Value], id: i64) -> Option<&Value> {
    rows.iter().find(|row| row["id"] == id)
}

fn notes(text: &str) -> ShiftChanges {
    ShiftChanges {
        notes: Some(text.to_owned()),
        ..ShiftChanges::default()
    }
}

async fn view(world: &World, query: &str) -> Vec<Value> {
    world.walk(&format!("shifts?limit=500{query}")).await
}

#[tokio::test]
async fn a_shift_has_the_fields_and_forms_that_are_documented() {
    let world = World::demo();
    let shifts = view(&world, "").await;
    let late = shifts
        .iter()
        .find(|shift| shift["attendance_status"] == "late")
        .unwrap();
    assert!(late["late_minutes"].as_i64().unwrap() > 5);
    assert!(!keys(late).contains(&"late_minuets"));
    assert!(late["hourly_wage"].as_i64().unwrap() > 0);
    assert_eq!(late["publish_status"], "published");
    assert!(late["soft_deleted"].is_null());
    assert!(late["start"].as_str().unwrap().ends_with('Z'));
    for absent in ["user", "role", "location", "department"] {
        assert!(!keys(late).contains(&absent), "{absent}");
    }
    let planned = &shifts
        .iter()
        .find(|shift| !shift["breaks"].as_array().unwrap().is_empty())
        .unwrap()["breaks"][0];
    assert_eq!(planned["length"], 30);
    assert_eq!(planned["type"], "unpaid");
    assert!(planned["start"].is_null());
    assert!(shifts.iter().any(|shift| shift["station_name"] == "Grill"));
    let single = world.own(&format!("shifts/{}", late["id"])).await;
    assert_eq!(single["object"], "shift");
    assert_eq!(&single["data"], late);
}

#[tokio::test]
async fn an_open_shift_has_nobody_and_a_word_for_whom_it_is_offered_to() {
    let world = World::demo();
    let open = view(&world, "&open=true").await;
    assert!(!open.is_empty());
    for shift in &open {
        assert!(shift["user_id"].is_null());
        assert_eq!(shift["open"], true);
        assert_eq!(shift["notified"], false);
        assert_eq!(shift["hourly_wage"], 0);
        assert_eq!(shift["open_offer_type"], "all_role_members");
    }
    let all = view(&world, "").await;
    assert!(all.len() > open.len());
}

#[tokio::test]
async fn only_published_shifts_that_are_not_deleted_are_listed_by_default() {
    let world = World::demo();
    let listed = view(&world, "").await;
    assert!(
        listed
            .iter()
            .all(|shift| shift["publish_status"] == "published"
                && shift["draft"] == false
                && shift["deleted"] == false)
    );
    let truth: Vec<i64> = world.truth().shifts.iter().map(|shift| shift.id).collect();
    assert_eq!(ids(&listed), truth);
}

#[tokio::test]
async fn include_draft_overrides_draft_which_overrides_deleted() {
    let world = World::demo();
    let published = ids(&view(&world, "").await);
    let drafts = view(&world, "&draft=true").await;
    let deleted = view(&world, "&deleted=true").await;
    assert!(!drafts.is_empty() && !deleted.is_empty());
    assert!(drafts.iter().all(|shift| shift["draft"] == true));
    for shift in &deleted {
        assert_eq!(shift["deleted"], true);
        assert_eq!(shift["publish_status"], "published_deleted");
        assert!(shift["soft_deleted"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(view(&world, "&draft=true&deleted=true").await, drafts);
    let both = view(&world, "&include_draft=true").await;
    for overridden in ["&deleted=true", "&draft=true", "&draft=true&deleted=true"] {
        assert_eq!(
            view(&world, &format!("&include_draft=true{overridden}")).await,
            both
        );
    }
    let both = ids(&both);
    assert!(published.iter().all(|id| both.contains(id)));
    assert!(ids(&drafts).iter().all(|id| both.contains(id)));
    let (status, problem) = world.refused("shifts?draft=maybe").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["param"], "draft");
}

#[tokio::test]
async fn an_edit_shows_as_a_draft_until_it_is_published() {
    let world = World::demo();
    let id = world.truth().shifts[0].id;
    world.change(Mutation::EditShift {
        id,
        changes: notes("Bring the keys"),
        publish: false,
    });
    let published = view(&world, "").await;
    assert_eq!(find(&published, id).unwrap()["notes"], "");
    let drafts = view(&world, "&draft=true").await;
    let draft = find(&drafts, id).unwrap();
    assert_eq!(draft["notes"], "Bring the keys");
    assert_eq!(draft["publish_status"], "published");
    assert_eq!(draft["draft"], true);
    world.change(Mutation::PublishShift { id });
    let published = view(&world, "").await;
    assert_eq!(find(&published, id).unwrap()["notes"], "Bring the keys");
    assert!(find(&view(&world, "&draft=true").await, id).is_none());
}

#[tokio::test]
async fn an_unpublished_shift_is_gone_from_the_default_list_and_not_among_the_deleted() {
    let world = World::demo();
    let id = world.truth().shifts[0].id;
    world.change(Mutation::UnpublishShift { id });
    assert!(find(&view(&world, "").await, id).is_none());
    assert!(find(&view(&world, "&deleted=true").await, id).is_none());
    let drafts = view(&world, "&draft=true").await;
    assert_eq!(find(&drafts, id).unwrap()["publish_status"], "draft");
    assert!(world.truth().shifts.iter().all(|shift| shift.id != id));
}

#[tokio::test]
async fn a_deletion_is_seen_by_modified_since_only_when_deleted_ones_are_asked_for() {
    let world = World::demo();
    let id = world.truth().shifts[0].id;
    world.clock.advance_seconds(60);
    world.change(Mutation::DeleteShift { id, publish: true });
    let since = format!("&modified_since={}", zulu(NOW + 60));
    assert!(view(&world, &since).await.is_empty());
    let deleted = view(&world, &format!("&deleted=true{since}")).await;
    assert_eq!(ids(&deleted), [id]);
    let (status, _) = world.refused(&format!("shifts/{id}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let single = world
        .own(&format!("shifts/{id}?include_deleted=true"))
        .await;
    assert_eq!(single["data"]["deleted"], true);
}

#[tokio::test]
async fn a_deletion_that_is_not_published_leaves_the_shift_in_sight() {
    let world = World::demo();
    let id = world.truth().shifts[0].id;
    world.change(Mutation::DeleteShift { id, publish: false });
    assert!(find(&view(&world, "").await, id).is_some());
    let drafts = view(&world, "&draft=true").await;
    assert_eq!(
        find(&drafts, id).unwrap()["publish_status"],
        "published_deleted"
    );
    assert!(find(&view(&world, "&deleted=true").await, id).is_none());
    world.change(Mutation::PublishShift { id });
    assert!(find(&view(&world, "").await, id).is_none());
    assert!(find(&view(&world, "&deleted=true").await, id).is_some());
}

#[tokio::test]
async fn modified_since_takes_a_date_time_and_includes_its_second() {
    let world = World::demo();
    let id = world.truth().shifts[5].id;
    world.clock.advance_seconds(100);
    world.change(Mutation::SetAttendance {
        id,
        status: AttendanceStatus::CalledOff,
        late_minutes: 0,
    });
    let since =
        async |moment: i64| ids(&view(&world, &format!("&modified_since={}", zulu(moment))).await);
    assert_eq!(since(NOW + 100).await, [id]);
    assert!(since(NOW + 101).await.is_empty());
    for wrong in ["2026-01-01", "yesterday", "1790000000"] {
        let (status, problem) = world
            .refused(&format!("shifts?modified_since={wrong}"))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(problem["param"], "modified_since");
    }
}

#[tokio::test]
async fn bounds_are_inclusive_and_plain_start_and_end_have_no_effect() {
    let world = World::demo();
    let all = view(&world, "").await;
    let start = world.truth().shifts[40].details.start;
    let only = view(
        &world,
        &format!("&start[gte]={0}&start[lte]={0}", zulu(start)),
    )
    .await;
    assert!(!only.is_empty());
    assert!(only.iter().all(|shift| shift["start"] == zulu(start)));
    let end = world.truth().shifts[40].details.end;
    let ending = view(&world, &format!("&end%5Blte%5D={}", zulu(end))).await;
    assert!(
        ending
            .iter()
            .all(|shift| shift["end"].as_str().unwrap() <= zulu(end).as_str())
    );
    assert!(ending.len() < all.len());
    let plain = view(&world, "&start=2026-01-01&end=nonsense").await;
    assert_eq!(plain.len(), all.len());
    let (status, problem) = world.refused("shifts?start[gte]=2026-01-01").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["param"], "start[gte]");
}

#[tokio::test]
async fn start_lte_can_leak_rows_from_outside_the_window() {
    let world = World::demo();
    let bound = world.truth().shifts[40].details.start;
    let query = format!("&start[lte]={}", zulu(bound));
    let outside = |rows: &[Value]| {
        rows.iter()
            .filter(|shift| shift["start"].as_str().unwrap() > zulu(bound).as_str())
            .count()
    };
    assert_eq!(outside(&view(&world, &query).await), 0);
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.leaky_start_bound = true);
    assert!(outside(&view(&world, &query).await) > 0);
}

#[tokio::test]
async fn shifts_are_filtered_by_what_they_refer_to() {
    let world = World::demo();
    let shift = world.truth().shifts[10].clone();
    let (location, department) = (
        shift.details.location_id,
        shift.details.department_id.unwrap(),
    );
    for (query, field, value) in [
        (format!("&location_id={location}"), "location_id", location),
        (
            format!("&department_ids={department}"),
            "department_id",
            department,
        ),
        (
            format!("&user_id={}", shift.details.user_id.unwrap()),
            "user_id",
            shift.details.user_id.unwrap(),
        ),
    ] {
        let rows = view(&world, &query).await;
        assert!(!rows.is_empty(), "{query}");
        assert!(rows.iter().all(|row| row[field] == value), "{query}");
    }
    let chosen = view(&world, &format!("&shift_ids={},1", shift.id)).await;
    assert_eq!(ids(&chosen), [shift.id]);
}
