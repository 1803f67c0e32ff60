//! People and their shifts in the words of the replaced system, and what it got wrong.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::seven_shifts::{Assignments, Mutation, NewUser, UserChanges};
use whole_system::{App, LAKESHORE, Organization};

use super::shapes::{self, fits};
use super::{account, configured, get, post, refused, settle, texts};

fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

async fn list(app: &App, organization: &Organization, path: &str) -> Vec<Value> {
    let list = get(app, organization, path).await.expect(StatusCode::OK);
    list.as_array().expect("a plain array").clone()
}

async fn sync(app: &App, organization: &Organization) -> Value {
    let synced = post(app, organization, "sync/", json!({"sync_type": "full"})).await;
    settle(app).await;
    synced.json()
}

fn rfc3339(at: i64) -> String {
    chrono::DateTime::from_timestamp(at, 0)
        .expect("a time")
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[tokio::test(start_paused = true)]
async fn everybody_is_listed_by_name_with_their_store() {
    let (app, organization) = account(421).await;
    configured(&app, &organization, json!({})).await;
    let stores = json!({"stores": [{"product_ref": "s-1", "name": "Harbourfront"}]});
    app.request(Method::PUT, "/api/stores", &organization.key, Some(stores))
        .await
        .expect(StatusCode::OK);
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    let active = truth.users.iter().filter(|user| user.active).count();
    let people = list(&app, &organization, "employees/").await;
    assert_eq!(people.len(), active);
    fits(&json!(people), &shapes::EMPLOYEES);
    for person in &people {
        assert_eq!(person["is_active"], true);
        assert!(
            person["email"]
                .as_str()
                .is_some_and(|email| email.contains('@')),
            "{person}"
        );
    }
    let names = |people: &[Value]| -> Vec<(String, String)> {
        let text =
            |person: &Value, name: &str| person[name].as_str().unwrap_or_default().to_lowercase();
        people
            .iter()
            .map(|person| (text(person, "last_name"), text(person, "first_name")))
            .collect()
    };
    assert!(names(&people).is_sorted(), "{:?}", names(&people));
    let all = list(&app, &organization, "employees/?active_only=false").await;
    assert_eq!(all.len(), truth.users.len());
    // Whoever works at the store in any role, under this store.
    let harbourfront = truth
        .locations
        .iter()
        .find(|place| place.name == "Harbourfront")
        .expect("it");
    let there = truth
        .users
        .iter()
        .filter(|user| user.active && user.assignments.location_ids.contains(&harbourfront.id))
        .count();
    assert!(there > 0 && there < active);
    let at_store = list(&app, &organization, "employees/?store_id=s-1").await;
    assert!(!at_store.is_empty() && at_store.len() <= there);
    for person in &at_store {
        assert_eq!(
            (&person["store"], &person["store_name"]),
            (&json!("s-1"), &json!("Harbourfront"))
        );
        assert_eq!(
            person["seven_shifts_location_id"],
            harbourfront.id.to_string()
        );
    }
    assert_eq!(
        list(&app, &organization, "employees/?store_id=nowhere").await,
        Vec::<Value>::new()
    );
    // Who is mapped to the product counts as such.
    let first = &at_store[0];
    let refs =
        json!({"people": [{"external_id": first["seven_shifts_id"], "product_ref": "user-1"}]});
    let set = app
        .request(
            Method::PUT,
            "/api/product-refs",
            &organization.key,
            Some(refs),
        )
        .await;
    assert_eq!(
        set.expect(StatusCode::OK),
        json!({"updated": 1, "unchanged": 0})
    );
    let mapping = &sync(&app, &organization).await["result"]["employees"]["user_mapping"];
    assert_eq!(
        (&mapping["mapped"], &mapping["total_unmapped"]),
        (&json!(1), &json!(active - 1))
    );
    let known = app
        .all("/api/team-members?product_ref=user-1", &organization.key)
        .await;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0]["external_id"], first["seven_shifts_id"]);
    // Who forgets the product's id takes away nobody's.
    let forgotten = json!({"people": [{"external_id": first["seven_shifts_id"]}]});
    let refused = app
        .request(
            Method::PUT,
            "/api/product-refs",
            &organization.key,
            Some(forgotten),
        )
        .await;
    let refused = refused.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["errors"][0]["field"], "/people/0/product_ref");
    // An id of ours has no case.
    let id = known[0]["id"].as_str().expect("an id").to_uppercase();
    let again = json!({"people": [{"team_member_id": id, "product_ref": "user-1"}]});
    let same = app
        .request(
            Method::PUT,
            "/api/product-refs",
            &organization.key,
            Some(again),
        )
        .await;
    assert_eq!(
        same.expect(StatusCode::OK),
        json!({"updated": 0, "unchanged": 1})
    );
}

/// The five seconds of the answer are enough to ask for some of a team where they work; the others
/// follow.
#[tokio::test(start_paused = true)]
async fn where_people_work_is_known_as_far_as_five_seconds_reach() {
    let (app, organization) = account(426).await;
    let answer = post(&app, &organization, "configure/", super::token()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
    let placed = async || {
        let people = list(&app, &organization, "employees/").await;
        let placed = people
            .iter()
            .filter(|person| person["seven_shifts_location_id"].is_string());
        (placed.count(), people.len())
    };
    let (at_once, _) = placed().await;
    assert!(at_once >= 15, "{at_once}");
    settle(&app).await;
    let (at_last, all) = placed().await;
    assert!(at_last > at_once && at_last <= all, "{at_last} of {all}");
}

#[tokio::test(start_paused = true)]
async fn the_first_hundred_shifts_are_those_that_come_next() {
    let (app, organization) = account(422).await;
    configured(&app, &organization, json!({})).await;
    let now = app
        .clock
        .as_ref()
        .map(|clock| runtime::Clock::wall(&**clock).as_secs() as i64)
        .expect("a clock");
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    let shifts = list(&app, &organization, "shifts/").await;
    assert_eq!(shifts.len(), 100);
    fits(&json!(shifts), &shapes::SHIFTS);
    for shift in &shifts {
        assert_ne!(shift["role"], "", "roles have names: {shift}");
    }
    let mut next: Vec<_> = truth
        .shifts
        .iter()
        .filter(|shift| shift.details.user_id.is_some() && shift.details.start >= now)
        .map(|shift| rfc3339(shift.details.start))
        .collect();
    next.sort();
    next.truncate(100);
    let starts = |shifts: &[Value]| -> Vec<String> {
        shifts
            .iter()
            .map(|shift| shift["start_time"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(starts(&shifts), next);
    // A day that has passed, both ends included, in UTC.
    let day = list(
        &app,
        &organization,
        "shifts/?start_date=2026-09-18&end_date=2026-09-18",
    )
    .await;
    let mut of_day: Vec<_> = truth
        .shifts
        .iter()
        .filter(|shift| shift.details.user_id.is_some())
        .map(|shift| rfc3339(shift.details.start))
        .filter(|start| start.starts_with("2026-09-18"))
        .collect();
    of_day.sort();
    of_day.truncate(100);
    assert_eq!(starts(&day), of_day);
    let from = list(
        &app,
        &organization,
        "shifts/?start_date=2026-09-18T12:00:00Z&end_date=2026-09-18T18:00:00%2B00:00",
    )
    .await;
    assert!(
        starts(&from).iter().all(
            |start| ("2026-09-18T12:00:00Z"..="2026-09-18T18:00:00Z").contains(&start.as_str())
        )
    );
    let bad = refused(
        &get(
            &app,
            &organization,
            "shifts/?start_date=yesterday&end_date=2026-02-30",
        )
        .await,
        400,
    );
    texts(&bad, "start_date");
    texts(&bad, "end_date");
    // Of a store.
    let stores = json!({"stores": [{"product_ref": "s-1", "name": "Distillery"}]});
    app.request(Method::PUT, "/api/stores", &organization.key, Some(stores))
        .await
        .expect(StatusCode::OK);
    let place = truth
        .locations
        .iter()
        .find(|place| place.name == "Distillery")
        .expect("it")
        .id;
    let of_store = list(&app, &organization, "shifts/?store_id=s-1").await;
    let expected = truth
        .shifts
        .iter()
        .filter(|shift| {
            shift.details.user_id.is_some()
                && shift.details.start >= now
                && shift.details.location_id == place
        })
        .count()
        .min(100);
    assert_eq!(of_store.len(), expected);
    assert!(of_store.iter().all(|shift| shift["store"] == "s-1"));
}

#[tokio::test(start_paused = true)]
async fn people_without_an_address_have_placeholders_and_two_with_one_are_told_apart() {
    let (app, organization) = account(423).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    let like = truth
        .users
        .iter()
        .find(|user| user.active && !user.assignments.role_ids.is_empty())
        .expect("somebody");
    let assignments: Assignments = like.assignments.clone();
    let before = truth
        .users
        .iter()
        .filter(|user| user.active && user.email.is_empty())
        .count();
    for number in 0..20 {
        let assignments = assignments.clone();
        change(
            &app,
            Mutation::AddUser(NewUser {
                first_name: format!("Nameless {number}"),
                assignments,
                ..NewUser::default()
            }),
        );
    }
    let twin = change(
        &app,
        Mutation::AddUser(NewUser {
            email: like.email.clone(),
            assignments: assignments.clone(),
            ..NewUser::default()
        }),
    );
    configured(&app, &organization, json!({})).await;
    let people = list(&app, &organization, "employees/").await;
    let placeholders: std::collections::BTreeSet<_> = people
        .iter()
        .filter_map(|person| person["email"].as_str())
        .filter(|email| email.ends_with(&format!("@{}.temp.local", organization.id)))
        .collect();
    assert_eq!(placeholders.len(), before + 20);
    assert!(
        placeholders
            .iter()
            .all(|email| email.starts_with("temp_7shifts_"))
    );
    let both = people
        .iter()
        .filter(|person| person["email"] == like.email.as_str())
        .count();
    assert_eq!(both, 2, "two people with one address are two people");
    // The placeholder is nobody's address in the table.
    let rows = app.all("/api/team-members", &organization.key).await;
    assert!(rows.iter().all(|row| {
        !row["email"]
            .as_str()
            .unwrap_or_default()
            .contains("temp.local")
    }));
    // By their address nobody can say which is meant; by 7shifts' id one can.
    let put = async |people: Value| {
        app.request(
            Method::PUT,
            "/api/product-refs",
            &organization.key,
            Some(json!({"people": people})),
        )
        .await
    };
    let ambiguous = put(json!([{"email": like.email, "product_ref": "u-1"}]))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(ambiguous["errors"][0]["field"], "/people/0/email");
    put(json!([{"external_id": twin.to_string(), "product_ref": "u-1"}]))
        .await
        .expect(StatusCode::OK);
    let taken = put(json!([{"external_id": like.id.to_string(), "product_ref": "u-1"}]))
        .await
        .expect(StatusCode::CONFLICT);
    assert_eq!(taken["errors"][0]["field"], "/people/0/product_ref");
    let unknown = put(
        json!([{"email": "nobody@nowhere.test", "product_ref": "u-2"}, {"product_ref": "u-3"}]),
    )
    .await;
    assert_eq!(
        unknown.expect(StatusCode::BAD_REQUEST)["errors"][0]["field"],
        "/people/1"
    );

    // Without placeholders they are skipped, and their address is empty.
    let off = json!({"company_id": 4410, "create_users_without_email": false});
    post(&app, &organization, "configure/", off).await;
    settle(&app).await;
    let people = list(&app, &organization, "employees/").await;
    let empty = people.iter().filter(|person| person["email"] == "").count();
    assert_eq!(empty, before + 20);
    let mapping = &sync(&app, &organization).await["result"]["employees"]["user_mapping"];
    assert_eq!(mapping["skipped"], before + 20);
    assert_eq!(mapping["temp_email_count"], 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_lost_to_a_bad_answer_or_to_a_filter() {
    let (app, organization) = account(424).await;
    configured(
        &app,
        &organization,
        json!({"sync_role_names": ["line cook", "Host"]}),
    )
    .await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    let wanted: std::collections::BTreeSet<_> = truth
        .roles
        .iter()
        .filter(|role| ["Line Cook", "Host"].contains(&role.name.as_str()))
        .map(|role| role.id)
        .collect();
    let cooks = truth
        .users
        .iter()
        .filter(|user| {
            user.active
                && user
                    .assignments
                    .role_ids
                    .iter()
                    .any(|role| wanted.contains(role))
        })
        .count();
    let people = list(&app, &organization, "employees/").await;
    assert_eq!(people.len(), cooks);
    let status = get(&app, &organization, "status/")
        .await
        .expect(StatusCode::OK);
    assert_eq!(status["employee_count"], cooks);
    let shifts = list(&app, &organization, "shifts/").await;
    let ids: std::collections::BTreeSet<_> =
        people.iter().map(|person| person["id"].as_str()).collect();
    assert!(
        !shifts.is_empty()
            && shifts
                .iter()
                .all(|shift| ids.contains(&shift["employee"].as_str()))
    );
    // Outside of the filter they are in the tables all the same, and come back with it.
    let everybody = truth.users.iter().filter(|user| user.active).count();
    let open = json!({"company_id": 4410, "sync_role_names": []});
    post(&app, &organization, "configure/", open).await;
    settle(&app).await;
    assert_eq!(
        list(&app, &organization, "employees/").await.len(),
        everybody
    );
    // A list that is empty one day is no reason to lose everybody.
    app.simulator.add_fault(simulators::FaultRule::always(
        "/v2/company/4410/users",
        simulators::Fault::EmptyPage,
    ));
    post(
        &app,
        &organization,
        "sync/",
        json!({"sync_type": "employees"}),
    )
    .await;
    app.simulator.clear_faults();
    settle(&app).await;
    assert_eq!(
        list(&app, &organization, "employees/").await.len(),
        everybody
    );
    // A name that is changed there is changed here with the next sync.
    let one = truth
        .users
        .iter()
        .find(|user| user.active)
        .expect("somebody")
        .id;
    change(
        &app,
        Mutation::EditUser {
            id: one,
            changes: UserChanges {
                last_name: Some("Zzyzx".to_owned()),
                ..UserChanges::default()
            },
        },
    );
    sync(&app, &organization).await;
    let last = list(&app, &organization, "employees/")
        .await
        .pop()
        .expect("people");
    assert_eq!(last["last_name"], "Zzyzx");
}
