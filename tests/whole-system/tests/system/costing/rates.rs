//! The rates are those of the account, and stay so.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::Mutation;
use whole_system::{App, HARBOUR, LAKESHORE, Organization};

use super::{TODAY, average, earners, later, paid, rates, truth};
use crate::sync::{change, pass, restaurant, sync};

/// What the owner sees is what the account holds.
async fn assert_rates(app: &App, organization: &Organization) {
    let truth = truth(app);
    let shown = rates(app, &organization.key).await;
    let expected = earners(&truth);
    assert!(shown.keys().eq(expected.keys()), "{shown:#?}");
    for (name, earners) in expected {
        let row = &shown[&name];
        let cents = || earners.values().copied();
        let is_paid = !earners.is_empty();
        assert_eq!(row["rate_cents"], json!(average(cents())), "{name}");
        assert_eq!(row["minimum_cents"], json!(cents().min()), "{name}");
        assert_eq!(row["maximum_cents"], json!(cents().max()), "{name}");
        assert_eq!(row["head_count"], json!(earners.len()), "{name}");
        assert_eq!(row["basis"], json!(is_paid.then_some("role")), "{name}");
        let roles = truth.roles.iter().filter(|role| role.name == name);
        let ids = row["role_ids"].as_array().map(Vec::len);
        assert_eq!(ids, Some(roles.count()), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn rates_are_those_of_the_account_after_every_change_to_it() {
    let (app, organization, _) = restaurant(501).await;
    assert_rates(&app, &organization).await;
    let before = truth(&app);
    let cook = before
        .roles
        .iter()
        .find(|role| role.name == "Line Cook")
        .expect("a role");
    let earning = earners(&before);
    let mut cooks = earning["Line Cook"].keys().copied();
    let (raised, left, moved, unset) = (
        cooks.next().expect("a cook"),
        cooks.next().expect("a cook"),
        cooks.next().expect("a cook"),
        cooks.next().expect("a cook"),
    );
    let assigned = |user_id: i64| {
        let user = before.users.iter().find(|user| user.id == user_id);
        user.expect("the person").assignments.clone()
    };
    let (at_first, mut to_dishes) = (assigned(moved), assigned(moved));
    let dishes = before.roles.iter().find(|role| role.name == "Dishwasher");
    to_dishes.role_ids.insert(dishes.expect("a role").id);
    let works = |assignments| Mutation::AssignUser {
        id: moved,
        assignments,
    };
    let salary = simulators::seven_shifts::NewWage {
        user_id: raised,
        role_id: Some(cook.id),
        effective_date: super::day(TODAY),
        wage_type: simulators::seven_shifts::WageType::AnnualSalary,
        wage_cents: 6_500_000,
        force: true,
    };
    let changes = [
        ("a raise", vec![paid(raised, Some(cook.id), 3_333, TODAY)]),
        (
            "somebody leaves",
            vec![Mutation::DeactivateUser { id: left }],
        ),
        (
            "somebody helps elsewhere, by a wage for everything",
            vec![works(to_dishes), paid(moved, None, 2_222, TODAY)],
        ),
        ("and does not any more", vec![works(at_first)]),
        ("a salary", vec![Mutation::AddWage(salary)]),
        (
            "a role is called something else",
            vec![Mutation::RenameRole {
                id: cook.id,
                name: "Grill Cook".to_owned(),
            }],
        ),
        ("a role is gone", vec![Mutation::DeleteRole { id: cook.id }]),
    ];
    // A wage that is not set is none: the one before stands.
    let seen = rates(&app, &organization.key).await;
    let nothing = change(&app, paid(unset, Some(cook.id), 0, TODAY));
    later().await;
    sync(&app, &organization).await;
    assert_eq!(rates(&app, &organization.key).await, seen);
    change(&app, Mutation::DeleteWage { id: nothing });
    later().await;
    sync(&app, &organization).await;
    assert_rates(&app, &organization).await;
    for (what, mutations) in changes {
        let seen = rates(&app, &organization.key).await;
        later().await;
        for mutation in mutations {
            change(&app, mutation);
        }
        sync(&app, &organization).await;
        println!("{what}");
        assert_rates(&app, &organization).await;
        assert_ne!(rates(&app, &organization.key).await, seen, "{what}");
    }
}

/// No sync has to tell that a day has begun.
#[tokio::test(start_paused = true)]
async fn a_raise_counts_from_its_first_day_on() {
    let (app, organization, _) = restaurant(502).await;
    let role = super::add_role(&app, "Baker");
    let people = super::hire(&app, &role, &[1_800, 1_800]);
    change(&app, paid(people[0], Some(role.id), 2_800, "2026-09-22"));
    later().await;
    sync(&app, &organization).await;
    let baker = async || {
        rates(&app, &organization.key)
            .await
            .remove("Baker")
            .unwrap()
    };
    let of = |row: &Value| (row["rate_cents"].clone(), row["rate_date"].clone());
    assert_eq!(of(&baker().await), (json!(1_800), json!(TODAY)));
    // 22:13 in Toronto, and tomorrow already in UTC.
    pass(12 * 3_600).await;
    assert_eq!(of(&baker().await), (json!(1_800), json!(TODAY)));
    pass(2 * 3_600).await;
    assert_eq!(of(&baker().await), (json!(2_300), json!("2026-09-22")));
}

#[tokio::test(start_paused = true)]
async fn rates_come_in_pages_too() {
    let (app, organization, _) = restaurant(503).await;
    let all = app.all("/api/costing/rates", &organization.key).await;
    assert!(all.len() > 4);
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/costing/rates?limit=2{cursor}");
        let page = app.get(&path, &organization.key).await.json();
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 2 && page["synced_at"].is_string(), "{page}");
        rows.extend(data.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(rows, all);
}

#[tokio::test(start_paused = true)]
async fn every_answer_says_how_old_it_is() {
    let (app, organization, connector_id) = restaurant(504).await;
    let body = json!({"items": [{"role": "Server", "minutes": 5}]});
    let ask = async |path: &str| match path {
        "labor" => super::priced(&app, &organization.key, body.clone()).await,
        _ => app
            .get(&format!("/api/costing/{path}"), &organization.key)
            .await
            .json(),
    };
    let status = app
        .all("/api/sync-status", &organization.key)
        .await
        .remove(0);
    let oldest = |streams: &[&str]| {
        let times = streams
            .iter()
            .map(|stream| status["streams"][stream]["last_sync_at"].as_str());
        times.min().flatten().map(str::to_owned)
    };
    let people = ["roles", "users", "wages", "assignments"];
    let all = [&people[..], &["shifts", "time_punches"]].concat();
    for (path, streams) in [("rates", &people[..]), ("labor", &people), ("daily", &all)] {
        let answer = ask(path).await;
        assert_eq!(answer["synced_at"], json!(oldest(streams)), "{path}");
        assert_eq!(answer["is_stale"], json!(false), "{path}");
    }
    // Nobody has called the scheduler for days.
    pass(3 * 86_400).await;
    for path in ["rates", "labor", "daily"] {
        assert_eq!(ask(path).await["is_stale"], json!(true), "{path}");
    }
    // What has never come is stale at once, and there is no time to tell.
    let new = app.organization("New", LAKESHORE.zone).await;
    app.connect(&new, HARBOUR).await;
    let never = json!({"data": [], "next_cursor": null, "synced_at": null, "is_stale": true});
    for path in ["rates", "daily"] {
        let answer = app.get(&format!("/api/costing/{path}"), &new.key).await;
        assert_eq!(answer.json(), never, "{path}");
    }
    // Of an account that is disconnected nobody counts in a rate; what was worked there is told still.
    let path = format!("/api/connectors/{connector_id}/disconnect");
    app.post(&path, &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    let days = ask("daily?from=2026-09-14&to=2026-09-21").await;
    assert_ne!(days["data"], json!([]));
    assert_eq!(days["is_stale"], json!(true));
    assert_eq!(days["synced_at"], json!(oldest(&all)));
    let nothing = json!({"data": [], "next_cursor": null, "synced_at": null, "is_stale": false});
    assert_eq!(ask("rates").await, nothing);
    // What nothing is synced for is not stale, and there is nothing to tell.
    let empty = app.organization("Empty", "UTC").await;
    let answer = app.get("/api/costing/rates", &empty.key).await.json();
    assert_eq!(answer, nothing);
}
