//! Pages: sizes, both kinds of cursor, walks while rows change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{Mutation, OverLimit};

use crate::support::{World, escape, ids};

fn decoded(cursor: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(cursor.as_str().unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn punches_default_to_twenty_rows_and_count_is_of_the_page() {
    let world = World::demo();
    let page = world.own("time_punches").await;
    assert_eq!(page["object"], "time_punches");
    assert_eq!(page["data"].as_array().unwrap().len(), 20);
    assert_eq!(page["meta"]["cursor"]["count"], 20);
    let page = world.own("shifts").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 100);
    let users = world.own("users").await;
    assert!(users["meta"]["cursor"]["next"].is_null());
}

#[tokio::test]
async fn five_hundred_rows_are_allowed_and_more_are_refused_or_clamped() {
    let world = World::demo();
    let page = world.own("time_punches?limit=500").await;
    assert_eq!(page["meta"]["cursor"]["count"], 500);
    for limit in ["501", "0", "-1", "many"] {
        let (status, problem) = world.refused(&format!("time_punches?limit={limit}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{limit}");
        assert_eq!(problem["param"], "limit");
    }
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.over_limit = OverLimit::Clamp);
    let page = world.own("time_punches?limit=501").await;
    assert_eq!(page["meta"]["cursor"]["count"], 500);
}

#[tokio::test]
async fn keyset_cursors_say_where_to_go_on_and_the_first_page_has_neither_current_nor_prev() {
    let world = World::demo();
    for list in ["time_punches", "shifts", "users", "roles"] {
        let page = world.own(&format!("{list}?limit=3")).await;
        let cursor = &page["meta"]["cursor"];
        assert!(cursor["current"].is_null(), "{list}");
        assert!(cursor["prev"].is_null(), "{list}");
        assert_eq!(
            decoded(&cursor["next"]),
            json!({"id": page["data"][2]["id"], "next": true}),
            "{list}"
        );
        let next = cursor["next"].as_str().unwrap();
        let second = world
            .own(&format!("{list}?limit=3&cursor={}", escape(next)))
            .await;
        assert_eq!(second["meta"]["cursor"]["current"], next, "{list}");
        let prev = second["meta"]["cursor"]["prev"].as_str().unwrap();
        let back = world
            .own(&format!("{list}?limit=3&cursor={}", escape(prev)))
            .await;
        assert_eq!(back["data"], page["data"], "{list}");
        assert!(back["meta"]["cursor"]["prev"].is_null(), "{list}");
    }
}

#[tokio::test]
async fn offset_cursors_count_rows_and_the_first_page_has_a_current() {
    let world = World::demo();
    for list in ["locations", "departments"] {
        let page = world.own(&format!("{list}?limit=2")).await;
        let cursor = &page["meta"]["cursor"];
        assert_eq!(
            decoded(&cursor["current"]),
            json!({"limit": 2, "offset": 0}),
            "{list}"
        );
        assert_eq!(decoded(&cursor["next"]), json!({"limit": 2, "offset": 2}));
        assert!(cursor["prev"].is_null());
    }
}

#[tokio::test]
async fn a_walk_gives_every_row_once_whatever_the_size_of_its_pages() {
    let world = World::demo();
    for list in [
        "time_punches",
        "shifts",
        "users",
        "roles",
        "locations",
        "departments",
    ] {
        let whole = ids(&world.walk(&format!("{list}?limit=500")).await);
        let small = ids(&world.walk(&format!("{list}?limit=7")).await);
        assert_eq!(whole, small, "{list}");
        assert!(!whole.is_empty(), "{list}");
    }
}

#[tokio::test]
async fn a_sorted_walk_is_in_order_both_ways_and_gives_every_row_once() {
    let world = World::demo();
    let walk = async |query: &str, field: &str| -> (Vec<i64>, Vec<String>) {
        let rows = world.walk(query).await;
        let keys = rows
            .iter()
            .map(|row| row[field].as_str().unwrap_or("~").to_owned())
            .collect();
        (ids(&rows), keys)
    };
    let (up, keys) = walk(
        "time_punches?limit=9&sort_by=clocked_out.asc",
        "clocked_out",
    )
    .await;
    assert!(keys.is_sorted());
    let (mut down, keys) = walk(
        "time_punches?limit=500&sort_by=clocked_out.desc",
        "clocked_out",
    )
    .await;
    assert!(keys.iter().rev().is_sorted());
    down.reverse();
    assert_eq!(up, down);
    let (_, keys) = walk("shifts?limit=50&sort_by=start&sort_dir=desc", "start").await;
    assert!(keys.iter().rev().is_sorted());
    let (_, keys) = walk("users?limit=4&sort_by=lastname.asc", "last_name").await;
    let lower: Vec<String> = keys.iter().map(|name| name.to_lowercase()).collect();
    assert!(lower.is_sorted());
}

#[tokio::test]
async fn the_sort_form_of_shifts_has_no_effect_on_punches() {
    let world = World::demo();
    let plain = world.own("time_punches").await;
    let sorted = world
        .own("time_punches?sort_by=clocked_in&sort_dir=desc")
        .await;
    assert_eq!(plain["data"], sorted["data"]);
}

#[tokio::test]
async fn rows_that_come_or_go_during_a_keyset_walk_hide_no_others() {
    let world = World::demo();
    let before = ids(&world.walk("time_punches?limit=500").await);
    let page = world.own("time_punches?limit=10").await;
    world.change(Mutation::DeletePunch { id: before[3] });
    world.change(Mutation::DeletePunch { id: before[9] });
    let next = escape(page["meta"]["cursor"]["next"].as_str().unwrap());
    let second = world
        .own(&format!("time_punches?limit=10&cursor={next}"))
        .await;
    assert_eq!(ids(second["data"].as_array().unwrap()), before[10..20]);
}

#[tokio::test]
async fn a_cursor_holds_text_or_number_and_nonsense_is_400() {
    let world = World::demo();
    let page = world.own("time_punches?limit=5").await;
    let id = page["data"][4]["id"].as_i64().unwrap();
    let expected = world
        .own(&format!(
            "time_punches?limit=5&cursor={}",
            escape(page["meta"]["cursor"]["next"].as_str().unwrap())
        ))
        .await;
    let as_text = STANDARD.encode(json!({"id": id.to_string(), "next": true}).to_string());
    let second = world
        .own(&format!("time_punches?limit=5&cursor={}", escape(&as_text)))
        .await;
    assert_eq!(second["data"], expected["data"]);
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.text_ids_in_cursors = true);
    let page = world.own("time_punches?limit=5").await;
    assert_eq!(
        decoded(&page["meta"]["cursor"]["next"])["id"],
        id.to_string()
    );
    for list in ["time_punches", "locations"] {
        let (status, problem) = world.refused(&format!("{list}?cursor=nonsense")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(problem["param"], "cursor");
    }
}
