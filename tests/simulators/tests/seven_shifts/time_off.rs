//! When people are away: beside the companies, without a stamp.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{
    Mutation, NewTimeOff, PartOfDay, RequestStatus, Resource, TimeOffChanges,
};
use simulators::{Fault, FaultRule, When};

use crate::support::{HARBOUR, LAKESHORE, NOW, World, escape, ids, keys, zulu};

async fn walk(world: &World, filters: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    for _ in 0..1_000 {
        let path = format!("/v2/time_off?company_id={LAKESHORE}{filters}{cursor}");
        let answer = world.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {:?}", answer.body);
        let page = answer.json();
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["meta"]["cursor"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", escape(next)),
            None => return rows,
        }
    }
    panic!("time off never ends");
}

fn ask(world: &World, change: impl FnOnce(&mut NewTimeOff)) -> i64 {
    let mut new = NewTimeOff {
        user_id: world.truth().users[1].id,
        from_date: "2026-10-02".parse().unwrap(),
        to_date: "2026-10-03".parse().unwrap(),
        ..NewTimeOff::default()
    };
    change(&mut new);
    world.change(Mutation::AddTimeOff(new))
}

#[tokio::test]
async fn time_off_is_listed_without_an_object_and_read_alone_without_an_envelope() {
    let world = World::demo();
    let id = ask(&world, |new| new.comments = "Family".to_owned());
    let page = world
        .get(&format!("/v2/time_off?company_id={LAKESHORE}&limit=2"))
        .await
        .json();
    assert_eq!(keys(&page), ["data", "meta"]);
    assert_eq!(page["meta"]["cursor"]["count"], 2);
    assert!(page["meta"]["cursor"]["current"].is_null());
    let rows = walk(&world, "&limit=7").await;
    assert_eq!(ids(&rows), ids(&walk(&world, "&limit=500").await));
    assert_eq!(rows.len(), world.truth().time_off.len());
    let row = rows.into_iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(
        row,
        json!({
            "id": id, "user_id": world.truth().users[1].id, "company_id": LAKESHORE,
            "from_date": "2026-10-02", "to_date": "2026-10-03", "partial": false,
            "partial_from": null, "partial_to": null, "comments": "Family", "status": 0,
            "status_action_user_id": null, "status_action_message": "", "category": "paid",
            "created": zulu(NOW).replace('Z', "+00:00"), "amount_of_hours": 16,
            "hours": [{"date": "2026-10-02", "hours": 8}, {"date": "2026-10-03", "hours": 8}],
        })
    );
    let single = world.get(&format!("/v2/time_off/{id}")).await;
    assert_eq!(single.json(), row);
}

#[tokio::test]
async fn the_company_is_named_in_the_query_and_must_be_the_tokens() {
    let world = World::demo();
    for (path, status) in [
        ("/v2/time_off".to_owned(), StatusCode::BAD_REQUEST),
        (
            format!("/v2/time_off?company_id={HARBOUR}"),
            StatusCode::FORBIDDEN,
        ),
        ("/v2/time_off/1".to_owned(), StatusCode::NOT_FOUND),
        (
            format!("/v2/time_off_settings/{HARBOUR}"),
            StatusCode::FORBIDDEN,
        ),
        (
            format!("/v2/company/{LAKESHORE}/time_off"),
            StatusCode::NOT_FOUND,
        ),
    ] {
        assert_eq!(world.get(&path).await.status, status, "{path}");
    }
    let provider = world.simulator.provider();
    let foreign = provider.truth(HARBOUR).unwrap().time_off[0].id;
    let foreign = world.get(&format!("/v2/time_off/{foreign}")).await;
    // The two groups number their time off in one sequence.
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_part_of_a_day_has_its_hours() {
    let world = World::demo();
    let id = ask(&world, |new| {
        new.to_date = new.from_date;
        new.partial = Some(PartOfDay {
            from: "13:00:00".parse().unwrap(),
            to: "17:30:00".parse().unwrap(),
        });
        new.minutes_per_day = 270;
    });
    let off = world.get(&format!("/v2/time_off/{id}")).await.json();
    assert_eq!(off["partial"], true);
    assert_eq!(off["partial_from"], "13:00:00");
    assert_eq!(off["partial_to"], "17:30:00");
    assert_eq!(off["amount_of_hours"], 4.5);
}

#[tokio::test]
async fn time_off_is_filtered_and_sorted_as_documented() {
    let world = World::demo();
    let all = walk(&world, "").await;
    let count = |wanted: &dyn Fn(&Value) -> bool| all.iter().filter(|row| wanted(row)).count();
    for (filter, expected) in [
        (
            "&to_date_gte=2026-09-21",
            count(&|row| row["to_date"].as_str() >= Some("2026-09-21")),
        ),
        ("&status=1", count(&|row| row["status"] == 1)),
        (
            "&category=paid_sick",
            count(&|row| row["category"] == "paid_sick"),
        ),
    ] {
        let rows = walk(&world, filter).await;
        assert_eq!(rows.len(), expected, "{filter}");
        assert!(expected > 0 && expected < all.len(), "{filter}: {expected}");
    }
    let user_id = &all[0]["user_id"];
    let own = walk(&world, &format!("&user_id={user_id}")).await;
    assert!(!own.is_empty() && own.iter().all(|row| &row["user_id"] == user_id));
    let location = world.truth().locations[1].id;
    let here = walk(&world, &format!("&location_id={location}")).await;
    assert!(!here.is_empty() && here.len() < all.len());
    for (sort, field) in [("created", "created"), ("from_date", "from_date")] {
        let rows = walk(&world, &format!("&sort_by={sort}&sort_dir=desc&limit=5")).await;
        assert_eq!(rows.len(), all.len());
        let keys: Vec<&str> = rows
            .iter()
            .map(|row| row[field].as_str().unwrap())
            .collect();
        assert!(keys.is_sorted_by(|a, b| a >= b), "{sort}");
    }
}

#[tokio::test]
async fn a_decision_and_other_dates_leave_no_stamp() {
    let world = World::demo();
    let id = ask(&world, |_| ());
    let before = world.get(&format!("/v2/time_off/{id}")).await.json();
    world.clock.advance_seconds(60);
    world.change(Mutation::EditTimeOff {
        id,
        changes: TimeOffChanges {
            to_date: Some("2026-10-04".parse().unwrap()),
            status: Some(RequestStatus::Approved),
            category: Some("study_leave".to_owned()),
            ..TimeOffChanges::default()
        },
    });
    let after = world.get(&format!("/v2/time_off/{id}")).await.json();
    assert_eq!(after["status"], 1);
    assert_eq!(after["category"], "study_leave");
    assert_eq!(after["amount_of_hours"], 24);
    assert_eq!(after["created"], before["created"]);
    assert_eq!(after.get("modified"), None);
    let backwards = world.simulator.provider().mutate(
        LAKESHORE,
        Mutation::EditTimeOff {
            id,
            changes: TimeOffChanges {
                to_date: Some("2026-09-01".parse().unwrap()),
                ..TimeOffChanges::default()
            },
        },
    );
    assert!(backwards.is_err());
    world.change(Mutation::DeleteTimeOff { id });
    let gone = world.get(&format!("/v2/time_off/{id}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn settings_stand_bare_and_name_the_companys_own_category() {
    let world = World::demo();
    let settings = world
        .get(&format!("/v2/time_off_settings/{LAKESHORE}"))
        .await
        .json();
    assert_eq!(settings["company_id"], LAKESHORE);
    assert_eq!(settings["time_off_request_notice"], 7);
    assert_eq!(
        settings["categories"][3],
        json!({"label": "Study leave", "value": "study_leave", "require_hours": false,
               "active": true})
    );
}

#[tokio::test]
async fn hours_are_summed_by_person_and_category_within_the_days_asked_for() {
    let world = World::demo();
    let user = world.change(Mutation::AddUser(
        simulators::seven_shifts::NewUser::default(),
    ));
    for status in [RequestStatus::Approved, RequestStatus::Pending] {
        ask(&world, |new| {
            new.user_id = user;
            new.status = status;
        });
    }
    let total = async |query: &str| {
        world
            .get(&format!("/v2/time_off/total_hours?{query}"))
            .await
    };
    let days = "date_start=2026-10-03&date_end=2026-10-31";
    let one = total(&format!(
        "company_id={LAKESHORE}&employee_id={user}&employee_id=1&{days}"
    ))
    .await;
    assert_eq!(
        one.json(),
        json!({"data": [{"user_id": user, "category": "paid", "hours": 8}]})
    );
    for wrong in [
        format!("company_id={LAKESHORE}&{days}"),
        format!("company_id={LAKESHORE}&employee_id={user}"),
        format!("employee_id={user}&{days}"),
    ] {
        assert_eq!(total(&wrong).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn pages_of_time_off_go_wrong_as_others_do_and_a_plan_may_lack_it() {
    let world = World::demo();
    let expected = ids(&walk(&world, "&limit=9").await);
    for fault in [Fault::EmptyPage, Fault::DuplicatePage] {
        world.simulator.add_fault(FaultRule::on(
            "/v2/time_off",
            When::Next {
                requests: 1,
                after: 1,
            },
            fault,
        ));
        let mut walked = ids(&walk(&world, "&limit=9").await);
        walked.dedup();
        walked.sort_unstable();
        walked.dedup();
        assert_eq!(walked, expected);
    }
    let off = world.truth().time_off[0].clone();
    world.change(Mutation::Corrupt {
        resource: Resource::TimeOff,
        id: off.id,
        field: "from_date".to_owned(),
        raw: "1e400".to_owned(),
    });
    for path in [
        format!("/v2/time_off?company_id={LAKESHORE}"),
        format!("/v2/time_off/{}", off.id),
    ] {
        let text = String::from_utf8(world.get(&path).await.body.to_vec()).unwrap();
        assert_eq!(text.matches(r#""from_date":1e400"#).count(), 1, "{path}");
    }
    world.change(Mutation::SetPlan {
        resource: Resource::TimeOff,
        included: false,
    });
    for path in [
        format!("/v2/time_off?company_id={LAKESHORE}"),
        format!("/v2/time_off/{}", off.id),
        format!("/v2/time_off_settings/{LAKESHORE}"),
    ] {
        assert_eq!(world.get(&path).await.status, StatusCode::FORBIDDEN);
    }
}
