//! Filters, orders, pages and bounds of searches, and what they do not see yet.

use serde_json::{Value, json};
use simulators::hubspot::{Change, Kind, PIPELINE, STAGES};

use crate::support::{DEALS, MEETINGS, World};

fn by(filters: &Value) -> Value {
    json!({"filterGroups": [{"filters": filters}], "limit": 200})
}

async fn found(world: &World, filter: Value) -> Vec<String> {
    let body = by(&json!([filter]));
    world.post(&format!("{DEALS}/search"), &body).await.ids()
}

async fn refused(world: &World, body: &Value) -> String {
    let answer = world.post(&format!("{DEALS}/search"), body).await;
    assert_eq!(answer.status, 400, "{body} {:?}", answer.body);
    assert_eq!(answer.json()["category"], "VALIDATION_ERROR");
    answer.json()["message"].as_str().unwrap().to_owned()
}

/// Deals 1 to 4 alone.
fn few() -> World {
    let world = World::free();
    for id in (501..=510).chain(601..=607) {
        world.change(Change::ArchiveRecord {
            kind: Kind::Deal,
            id,
        });
    }
    for (id, name, stage, date, amount) in [
        (1, "Lee Family", "A", "2026-04-20", "9"),
        (2, "lee, Sam", "a", "2026-04-19", "10"),
        (3, "Nair", "B", "", ""),
        (4, "", "", "2026-04-21", "100"),
    ] {
        let properties = [
            ("dealname", name),
            ("dealstage", stage),
            ("agreement_start_date", date),
            ("amount", amount),
        ];
        world.put(Kind::Deal, id, &properties);
    }
    world
}

#[tokio::test]
async fn every_operator_finds_what_it_should() {
    let world = few();
    // 2026-04-20T00:00:00Z
    let day = "1776643200000";
    for (filter, expected) in [
        (
            json!({"propertyName": "dealname", "operator": "EQ", "value": "LEE family"}),
            &["1"][..],
        ),
        (
            json!({"propertyName": "dealname", "operator": "NEQ", "value": "nair"}),
            &["1", "2", "4"],
        ),
        // Case counts for enumerations.
        (
            json!({"propertyName": "dealstage", "operator": "EQ", "value": "A"}),
            &["1"],
        ),
        (
            json!({"propertyName": "dealstage", "operator": "IN", "values": ["a", "B"]}),
            &["2", "3"],
        ),
        (
            json!({"propertyName": "dealstage", "operator": "NOT_IN", "values": ["a", "B"]}),
            &["1", "4"],
        ),
        // Lists of texts have to be in lower case.
        (
            json!({"propertyName": "dealname", "operator": "IN", "values": ["nair"]}),
            &["3"],
        ),
        (
            json!({"propertyName": "dealname", "operator": "IN", "values": ["Nair"]}),
            &[],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "EQ", "value": day}),
            &["1"],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "LT", "value": day}),
            &["2"],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "LTE", "value": day}),
            &["1", "2"],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "GT", "value": day}),
            &["4"],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "GTE", "value": 1_776_643_200_000_i64}),
            &["1", "4"],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "BETWEEN",
                "value": "1776556800000", "highValue": day}),
            &["1", "2"],
        ),
        // As numbers, not as texts.
        (
            json!({"propertyName": "amount", "operator": "GT", "value": "9"}),
            &["2", "4"],
        ),
        (
            json!({"propertyName": "dealname", "operator": "HAS_PROPERTY"}),
            &["1", "2", "3"],
        ),
        (
            json!({"propertyName": "agreement_start_date", "operator": "NOT_HAS_PROPERTY"}),
            &["3"],
        ),
        (
            json!({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "lee"}),
            &["1", "2"],
        ),
        (
            json!({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "fam*"}),
            &["1"],
        ),
        (
            json!({"propertyName": "dealname", "operator": "NOT_CONTAINS_TOKEN", "value": "lee"}),
            &["3", "4"],
        ),
        (
            json!({"propertyName": "hs_object_id", "operator": "GT", "value": "2"}),
            &["3", "4"],
        ),
    ] {
        assert_eq!(found(&world, filter.clone()).await, expected, "{filter}");
    }
    let search = format!("{DEALS}/search");
    let either = json!({"filterGroups": [
        {"filters": [{"propertyName": "dealname", "operator": "EQ", "value": "nair"}]},
        {"filters": [{"propertyName": "dealstage", "operator": "EQ", "value": "A"},
                     {"propertyName": "amount", "operator": "EQ", "value": "9"}]},
        {"filters": [{"propertyName": "dealstage", "operator": "EQ", "value": "a"},
                     {"propertyName": "amount", "operator": "EQ", "value": "9"}]}]});
    assert_eq!(world.post(&search, &either).await.ids(), ["1", "3"]);
    assert_eq!(
        world.post(&search, &json!({"query": "le fam"})).await.ids(),
        ["1"]
    );
    for (sort, expected) in [
        (
            json!({"propertyName": "amount", "direction": "DESCENDING"}),
            ["4", "2", "1", "3"],
        ),
        (json!({"propertyName": "amount"}), ["3", "1", "2", "4"]),
        (json!("-agreement_start_date"), ["4", "1", "2", "3"]),
    ] {
        let answer = world.post(&search, &json!({"sorts": [sort]})).await;
        assert_eq!(answer.ids(), expected, "{sort}");
    }
}

#[tokio::test]
async fn what_is_documented_to_be_refused_is() {
    let world = few();
    let filter = json!({"propertyName": "dealname", "operator": "EQ", "value": "x"});
    let with = |name: &str, value: Value| {
        let mut filter = filter.clone();
        filter[name] = value;
        by(&json!([filter]))
    };
    for (body, says) in [
        (with("propertyName", json!("of_tomorrow")), "does not exist"),
        (with("operator", json!("LIKE")), "no operator"),
        (with("value", Value::Null), "needs a value"),
        (with("operator", json!("IN")), "needs a value"),
        (with("operator", json!("BETWEEN")), "needs a value"),
        (
            with("propertyName", json!("closedate")),
            "not a valid value",
        ),
        (by(&json!(vec![filter.clone(); 7])), "too many"),
        (
            json!({"filterGroups": vec![json!({"filters": [filter]}); 6]}),
            "too many",
        ),
        (
            json!({"filterGroups": vec![json!({"filters": vec![filter.clone(); 5]}); 4]}),
            "too many",
        ),
        (json!({"limit": 201}), "limit"),
        (json!({"limit": 0}), "limit"),
        (json!({"after": "x"}), "number"),
        (json!({"limit": 200, "after": "9801"}), "limited to 10000"),
        (json!({"sorts": ["dealname", "amount"]}), "one sort"),
        (json!({"sorts": ["of_tomorrow"]}), "does not exist"),
        (json!({"query": "x".repeat(3_000)}), "too large"),
        (json!([]), "JSON"),
    ] {
        let said = refused(&world, &body).await;
        assert!(said.contains(says), "{said}");
    }
}

#[tokio::test]
async fn pages_go_by_offset_up_to_the_bound() {
    let world = World::free();
    for id in 1..=30 {
        world.put(Kind::Meeting, id, &[("hs_meeting_title", "Many")]);
    }
    world
        .hubspot()
        .change_settings(|settings| settings.search_results_max = 25);
    let many = json!([{"propertyName": "hs_meeting_title", "operator": "EQ", "value": "many"}]);
    let page = async |after: &str| {
        let mut body = by(&many);
        body["limit"] = 10.into();
        body["after"] = after.into();
        world.post(&format!("{MEETINGS}/search"), &body).await
    };
    let first = page("0").await;
    assert_eq!(first.json()["total"], 30);
    assert_eq!(first.ids().len(), 10);
    assert_eq!(first.json()["paging"], json!({"next": {"after": "10"}}));
    assert_eq!(
        page("15").await.ids().first().map(String::as_str),
        Some("16")
    );
    assert_eq!(page("20").await.status, 400);
    world
        .hubspot()
        .change_settings(|settings| settings.search_results_max = 10_000);
    let last = page("20").await;
    assert_eq!(last.ids().len(), 10);
    assert_eq!(last.json().get("paging"), None);
}

#[tokio::test]
async fn a_search_sees_a_change_only_after_a_while() {
    let world = World::free();
    world
        .hubspot()
        .change_settings(|settings| settings.search_delay_ms = 60_000);
    let of_mia =
        json!({"propertyName": "advisor_email", "operator": "EQ", "value": "mia.tan@example.test"});
    let unset = json!({"propertyName": "advisor_email", "operator": "NOT_HAS_PROPERTY"});
    assert_eq!(found(&world, of_mia.clone()).await, ["601", "602"]);
    world
        .patch(&format!("{DEALS}/501"), &json!({"advisor": "7001"}))
        .await;
    world.put(
        Kind::Deal,
        700,
        &[("advisor_email", "mia.tan@example.test")],
    );
    let read = async || {
        let deal = world
            .get(&format!("{DEALS}/501?properties=advisor_email"))
            .await
            .json();
        deal["properties"]["advisor_email"].clone()
    };
    world.clock.advance_ms(59_999);
    assert_eq!(read().await, "mia.tan@example.test");
    assert_eq!(found(&world, of_mia.clone()).await, ["601", "602"]);
    assert!(
        found(&world, unset.clone())
            .await
            .contains(&"501".to_owned())
    );
    // It is found as it was before.
    let mut body = by(&json!([unset]));
    body["properties"] = json!(["advisor"]);
    let old = world.post(&format!("{DEALS}/search"), &body).await.json();
    assert_eq!(old["results"][0]["properties"]["advisor"], Value::Null);
    world.clock.advance_ms(1);
    assert_eq!(
        found(&world, of_mia.clone()).await,
        ["501", "601", "602", "700"]
    );
    // What is archived goes at once.
    world.change(Change::ArchiveRecord {
        kind: Kind::Deal,
        id: 602,
    });
    assert_eq!(found(&world, of_mia).await, ["501", "601", "700"]);
}

#[tokio::test]
async fn deals_without_a_first_meeting_are_those_with_neither_date() {
    let world = World::free();
    world.put(
        Kind::Deal,
        601,
        &[("most_recent_clarify_booked_date", "2026-03-12T00:00:00Z")],
    );
    world.put(Kind::Deal, 603, &[("dealstage", "closed")]);
    let body = by(&json!([
        {"propertyName": "pipeline", "operator": "EQ", "value": PIPELINE},
        {"propertyName": "dealstage", "operator": "IN", "values": STAGES},
        {"propertyName": "most_recent_clarify_booked_date", "operator": "NOT_HAS_PROPERTY"},
        {"propertyName": "most_recent_clarify_call_date", "operator": "NOT_HAS_PROPERTY"},
        {"propertyName": "advisor_email", "operator": "HAS_PROPERTY"},
    ]));
    let answer = world.post(&format!("{DEALS}/search"), &body).await;
    assert_eq!(answer.ids(), ["602", "604", "605", "606", "607"]);
}
