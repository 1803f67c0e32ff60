//! The actions of the proxy that read people's terms, and the preview of shifts.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{
    Assignments, AvailabilityChanges, Mutation, NewShift, NewTimeOff, NewUser, Resource, Truth,
    User,
};
use simulators::{Fault, FaultRule};
use whole_system::{App, LAKESHORE, Organization};

use super::proxy::refused;
use super::{EPOCH, fields, problem};

const LABOR_SETTINGS: &str = "/v2/company/4410/labor_settings";

/// The calls of this module, for this user where they ask for one.
fn calls(user_id: i64) -> [Value; 7] {
    [
        json!({"action": "preview_shifts", "params": {"startDate": "2026-09-21", "endDate": "2026-09-21"}}),
        json!({"action": "get_user_wages", "params": {"userId": user_id}}),
        json!({"action": "get_user_assignments", "userId": user_id}),
        json!({"action": "get_assignments", "userId": user_id}),
        json!({"action": "get_availabilities"}),
        json!({"action": "get_time_off"}),
        json!({"action": "get_labor_settings"}),
    ]
}

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account exists")
}

fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

/// An organization that has connected and not synced yet.
async fn connected(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Terms", LAKESHORE.zone).await;
    app.connect(&organization, LAKESHORE).await;
    app.simulator.clear_requests();
    (app, organization)
}

async fn ask(app: &App, organization: &Organization, call: Value) -> Value {
    app.proxy(&organization.key, call)
        .await
        .expect(StatusCode::OK)
}

/// The paths that 7shifts was asked for since the last look, without the company's.
fn asked(app: &App) -> Vec<String> {
    let requests = app.simulator.requests();
    app.simulator.clear_requests();
    requests
        .into_iter()
        .map(|request| {
            request
                .path
                .trim_start_matches("/v2/company/4410/")
                .to_owned()
        })
        .collect()
}

fn numbers(rows: &Value, member: &str) -> Vec<i64> {
    rows["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row[member].as_i64().expect("a number"))
        .collect()
}

fn members(row: &Value) -> BTreeSet<&str> {
    let row = row.as_object().expect("an object");
    row.keys().map(String::as_str).collect()
}

fn works_at(truth: &Truth, user_id: i64, location_id: i64) -> bool {
    truth
        .users
        .iter()
        .any(|user| user.id == user_id && user.assignments.location_ids.contains(&location_id))
}

/// The replaced system's setup looks at an account before it connects it.
#[tokio::test(start_paused = true)]
async fn a_token_in_the_call_opens_its_account_and_nothing_that_is_stored() {
    let (app, organization) = connected(180).await;
    let nobody = app.organization("Looks", LAKESHORE.zone).await;
    let user_id = truth(&app).current_wages[0].user_id;
    let mut calls = calls(user_id).to_vec();
    for action in ["get_shifts", "get_users", "get_locations", "health_check"] {
        calls.push(json!({"action": action}));
    }
    for call in calls {
        let mut stored = ask(&app, &organization, call.clone()).await;
        for company in [json!(null), json!(LAKESHORE.company_id)] {
            let mut given = call.clone();
            given["apiKey"] = json!(LAKESHORE.token);
            given["companyId"] = company;
            let mut said = ask(&app, &nobody, given).await;
            for answer in [&mut said, &mut stored] {
                if let Some(at) = answer.get_mut("checked_at") {
                    *at = Value::Null;
                }
            }
            assert_eq!(said, stored, "{call}");
        }
    }
    app.simulator.clear_requests();
    let token = LAKESHORE.token;
    for (field, call) in [
        (
            "/apiKey",
            json!({"action": "get_assignments", "apiKey": token, "companyId": 4410}),
        ),
        (
            "/apiKey",
            json!({"action": "scheduled_sync", "apiKey": token}),
        ),
        (
            "/apiKey",
            json!({"action": "list_webhooks", "apiKey": token}),
        ),
        ("/companyId", json!({"action": "get_users", "companyId": 5})),
    ] {
        let said = refused(&app.proxy(&organization.key, call).await, 400, "UNKNOWN");
        assert_eq!(said["errors"][0]["field"], field);
    }
    let blank = json!({"action": "get_users", "apiKey": " "});
    let blank = app.proxy(&organization.key, blank).await;
    refused(&blank, 400, "MISSING_AUTH");
    assert_eq!(asked(&app), Vec::<String>::new());
    let unknown = json!({"action": "health_check", "apiKey": "sim7s_nobody"});
    let unknown = ask(&app, &organization, unknown).await;
    assert_eq!(
        (&unknown["status"], &unknown["error_code"]),
        (&json!("expired"), &json!("AUTH_EXPIRED"))
    );
}

#[tokio::test(start_paused = true)]
async fn bad_parameters_are_named_and_7shifts_is_not_asked() {
    let (app, organization) = connected(171).await;
    for (field, call) in [
        ("/params/userId", json!({"action": "get_user_wages"})),
        (
            "/params/userId",
            json!({"action": "get_user_assignments", "params": null}),
        ),
        (
            "/params/userId",
            json!({"action": "get_user_wages", "params": {"userId": "Mara"}}),
        ),
        (
            "/params/userId",
            json!({"action": "get_user_wages", "params": {"userId": 0}}),
        ),
        (
            "/params/userId",
            json!({"action": "get_user_wages", "params": {"userId": -5}}),
        ),
        (
            "/params/userId",
            json!({"action": "get_user_wages", "params": {"userId": 1.5}}),
        ),
        (
            "/params/userId",
            json!({"action": "get_user_wages", "params": {"userId": {}}}),
        ),
        (
            "/params/userId",
            json!({"action": "get_user_assignments", "params": {"userId": " "}}),
        ),
        (
            "/userId",
            json!({"action": "get_user_wages", "userId": "Mara"}),
        ),
        (
            "/userId",
            json!({"action": "get_user_wages", "userId": [881_001]}),
        ),
        (
            "/userId",
            json!({"action": "get_user_wages", "userId": "881001/../.."}),
        ),
        (
            "/userId",
            json!({"action": "get_user_wages", "userId": 1, "params": {"userId": 2}}),
        ),
        (
            "/userId",
            json!({"action": "get_assignments", "userId": "x"}),
        ),
        ("/userId", json!({"action": "get_time_off", "userId": "x"})),
        (
            "/params/limit",
            json!({"action": "get_assignments", "params": {"limit": 501}}),
        ),
        (
            "/params/limit",
            json!({"action": "get_availabilities", "params": {"limit": 0}}),
        ),
        (
            "/params/limit",
            json!({"action": "preview_shifts", "params": {"limit": 501}}),
        ),
        (
            "/params/limit",
            json!({"action": "preview_shifts", "params": {"limit": 70_000}}),
        ),
        (
            "/params/startDate",
            json!({"action": "preview_shifts", "params": {"startDate": "soon"}}),
        ),
        (
            "/params/endDate",
            json!({"action": "get_time_off", "params": {"endDate": "2026-02-30"}}),
        ),
        (
            "/params/endDate",
            json!({"action": "get_shifts", "params": {"startDate": "2026-09-02", "endDate": "2026-09-01"}}),
        ),
        (
            "/params/cursor",
            json!({"action": "get_shifts", "params": {"cursor": ""}}),
        ),
        (
            "/params/cursor",
            json!({"action": "get_users", "params": {"cursor": "x".repeat(1_025)}}),
        ),
        (
            "/locationId",
            json!({"action": "get_labor_settings", "locationId": "here"}),
        ),
        (
            "/locationId",
            json!({"action": "preview_shifts", "locationId": 0}),
        ),
    ] {
        let answer = app.proxy(&organization.key, call.clone()).await;
        assert_eq!(answer.status, 400, "{call}: {:?}", answer.body);
        assert_eq!(fields(&answer), [field], "{call}");
        refused(&answer, 400, "UNKNOWN");
    }
    assert_eq!(asked(&app), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_7shifts_does_wrong_is_said_as_by_the_other_actions() {
    let (app, organization) = connected(172).await;
    let user_id = truth(&app).users[3].id;
    for call in calls(user_id) {
        for (fault, status, code) in [
            (Fault::status(StatusCode::UNAUTHORIZED), 502, "AUTH_EXPIRED"),
            (
                Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
                502,
                "UNKNOWN",
            ),
            (Fault::WrongJson, 502, "UNKNOWN"),
            (Fault::WrongShape, 502, "UNKNOWN"),
            (Fault::NoAnswer, 502, "UNKNOWN"),
            (Fault::too_many_requests(Some(30)), 429, "RATE_LIMITED"),
        ] {
            let what = format!("{call} with {fault:?}");
            app.simulator.add_fault(FaultRule::always("/v2", fault));
            let began = tokio::time::Instant::now();
            let answer = app.proxy(&organization.key, call.clone()).await;
            assert!(began.elapsed().as_secs() <= 26, "{what}");
            assert_eq!(answer.status, status, "{what}: {:?}", answer.body);
            let said = refused(&answer, status, code).to_string();
            assert!(!said.contains(LAKESHORE.token), "{what}: {said}");
            assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
            app.simulator.clear_faults();
            app.clock.as_ref().unwrap().jump(120_000);
        }
        let good = ask(&app, &organization, call).await.to_string();
        assert!(!good.contains(LAKESHORE.token));
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_a_feature_is_named_with_it() {
    let (app, organization) = connected(173).await;
    let user_id = truth(&app).users[3].id;
    app.simulator.add_fault(FaultRule::always(
        LABOR_SETTINGS,
        Fault::status(StatusCode::FORBIDDEN),
    ));
    for resource in [
        Resource::Shifts,
        Resource::Wages,
        Resource::Assignments,
        Resource::Availability,
        Resource::TimeOff,
    ] {
        let included = false;
        change(&app, Mutation::SetPlan { resource, included });
    }
    let wanted = [
        "shifts",
        "wages",
        "assignments",
        "assignments",
        "availabilities",
        "time off",
        "labor settings",
    ];
    for (call, wanted) in calls(user_id).into_iter().zip(wanted) {
        let said = refused(&app.proxy(&organization.key, call).await, 502, "UNKNOWN");
        let detail = said["detail"].as_str().unwrap();
        assert!(
            detail.contains("plan") && detail.ends_with(&format!("include {wanted}.")),
            "{detail}"
        );
    }
    // Names are part of a preview.
    for (resource, wanted) in [(Resource::Users, "users"), (Resource::Roles, "roles")] {
        let set = |resource, included| change(&app, Mutation::SetPlan { resource, included });
        set(Resource::Shifts, true);
        set(resource, false);
        let [preview, ..] = calls(user_id);
        let said = refused(&app.proxy(&organization.key, preview).await, 502, "UNKNOWN");
        let detail = said["detail"].as_str().unwrap();
        assert!(detail.ends_with(&format!("include {wanted}.")), "{detail}");
        set(resource, true);
    }
}

#[tokio::test(start_paused = true)]
async fn wages_and_assignments_of_a_user_come_as_7shifts_has_them() {
    let (app, organization) = connected(174).await;
    let truth = truth(&app);
    let paid = truth
        .upcoming_wages
        .iter()
        .find(|wage| {
            truth
                .current_wages
                .iter()
                .any(|now| now.user_id == wage.user_id)
        })
        .expect("a raise is agreed on");
    let user = truth
        .users
        .iter()
        .find(|user| user.id == paid.user_id)
        .unwrap();
    let of_user = |wages: &[simulators::seven_shifts::Wage]| -> Vec<(i64, i64)> {
        let own = wages.iter().filter(|wage| wage.user_id == user.id);
        own.map(|wage| (wage.id, wage.wage_cents)).collect()
    };
    // A number or text, in `params` or beside it, as callers have it.
    for call in [
        json!({"userId": user.id}),
        json!({"userId": user.id.to_string()}),
        json!({"params": {"userId": user.id}}),
        json!({"params": {"userId": format!(" {} ", user.id)}}),
        json!({"userId": user.id, "params": {"userId": user.id.to_string()}}),
    ] {
        let mut call = call;
        call["action"] = json!("get_user_wages");
        let wages = ask(&app, &organization, call.clone()).await;
        assert_eq!(asked(&app), [format!("users/{}/wages", user.id)], "{call}");
        for (list, held) in [
            ("current_wages", &truth.current_wages),
            ("upcoming_wages", &truth.upcoming_wages),
        ] {
            let shown: Vec<_> = wages["data"][list]
                .as_array()
                .unwrap()
                .iter()
                .map(|wage| {
                    let id = wage["id"].as_i64().unwrap();
                    (id, wage["wage_cents"].as_i64().unwrap())
                })
                .collect();
            assert_eq!(shown, of_user(held), "{call}: {list}");
        }
        assert!(wages["data"]["wage_type"].is_string());
    }
    for action in ["get_user_assignments", "get_assignments"] {
        let call = json!({"action": action, "params": {"userId": user.id}});
        let shown = ask(&app, &organization, call).await;
        assert_eq!(asked(&app), [format!("users/{}/assignments", user.id)]);
        let data = &shown["data"];
        assert_eq!(
            members(data),
            BTreeSet::from(["departments", "locations", "roles"])
        );
        let ids = |list: &str| -> BTreeSet<i64> {
            let entries = data[list].as_array().unwrap();
            entries
                .iter()
                .map(|entry| entry["id"].as_i64().unwrap())
                .collect()
        };
        assert_eq!(ids("locations"), user.assignments.location_ids);
        assert_eq!(ids("departments"), user.assignments.department_ids);
        assert_eq!(ids("roles"), user.assignments.role_ids);
        assert!(!shown.to_string().contains("wage"), "{shown}");
    }
    // Whom 7shifts does not know.
    for action in ["get_user_wages", "get_user_assignments", "get_assignments"] {
        let answer = app
            .proxy(&organization.key, json!({"action": action, "userId": 7}))
            .await;
        let said = refused(&answer, 404, "UNKNOWN");
        problem(&answer, 404, "not-found");
        let detail = said["detail"].as_str().unwrap();
        assert!(
            detail.contains("no user 7 in this company") && !detail.contains("company id"),
            "{detail}"
        );
    }
    // What people earn is for owners; where they work is for all.
    let call = |action: &str| json!({"action": action, "userId": user.id});
    let admin = app.key(&organization.id, "admin").await;
    let answer = app.proxy(&admin, call("get_user_wages")).await;
    let said = refused(&answer, 403, "UNKNOWN");
    assert!(said["detail"].as_str().unwrap().contains("wages:read"));
    let member = app.key(&organization.id, "member").await;
    for action in ["get_user_assignments", "get_assignments"] {
        app.proxy(&member, call(action))
            .await
            .expect(StatusCode::OK);
    }
    for action in ["get_availabilities", "get_time_off", "get_labor_settings"] {
        refused(&app.proxy(&member, call(action)).await, 403, "UNKNOWN");
    }
}

#[tokio::test(start_paused = true)]
async fn assignments_of_everybody_are_those_that_were_synced() {
    let (app, organization) = connected(175).await;
    let call = |params: Value| json!({"action": "get_assignments", "params": params});
    let none = ask(&app, &organization, call(json!({}))).await;
    let meta = json!({"source": "synced", "as_of": null, "has_more": false});
    assert_eq!(none, json!({"data": [], "meta": meta}));
    app.tick().await.expect(StatusCode::OK);
    for _ in 0..30 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    }
    let truth = truth(&app);
    app.simulator.clear_requests();
    let all = ask(&app, &organization, call(json!({"limit": 500}))).await;
    assert_eq!(asked(&app), Vec::<String>::new(), "our table tells");
    assert_eq!(all["meta"]["source"], "synced");
    assert_eq!(all["meta"]["has_more"], false);
    let runs = app.runs(&organization.key).await;
    assert_eq!(all["meta"]["as_of"], runs["assignments"]["finished_at"]);
    let at_work = || truth.users.iter().filter(|user| user.active);
    let mut expected: Vec<Value> = at_work()
        .flat_map(|user: &User| {
            let roles = truth.roles.iter();
            roles
                .filter(|role| user.assignments.role_ids.contains(&role.id))
                .map(|role| {
                    json!({
                        "user_id": user.id, "role_id": role.id, "company_id": LAKESHORE.company_id,
                        "location_id": role.location_id, "department_id": role.department_id,
                        "name": role.name, "skill_level": user.skill_level,
                        "is_primary": user.assignments.primary_role_id == Some(role.id),
                    })
                })
        })
        .collect();
    assert!(expected.len() > 20 && expected.len() < 500);
    expected.sort_by_key(|row| format!("{}:{}", row["user_id"], row["role_id"]));
    assert_eq!(all["data"], json!(expected));

    let few = ask(&app, &organization, call(json!({"limit": 3}))).await;
    assert_eq!(few["data"], json!(expected[..3]));
    assert_eq!(few["meta"]["has_more"], true);
    let mut pages = Vec::new();
    let mut page = json!({"limit": 7});
    loop {
        let answer = ask(&app, &organization, call(page.clone())).await;
        pages.extend(answer["data"].as_array().unwrap().iter().cloned());
        let Some(next) = answer.get("next_cursor") else {
            break;
        };
        page["cursor"] = next.clone();
    }
    assert_eq!(pages, expected);
    let place = truth.locations[1].id;
    let there = json!({"action": "get_assignments", "locationId": place, "params": {"limit": 500}});
    let there = ask(&app, &organization, there).await;
    expected.retain(|row| row["location_id"] == place);
    assert_eq!(there["data"], json!(expected));
}

#[tokio::test(start_paused = true)]
async fn availabilities_and_time_off_show_what_our_tables_show() {
    let (app, organization) = connected(176).await;
    let before = truth(&app);
    let user_id = before.availabilities[0].user_id;
    change(
        &app,
        Mutation::EditAvailability {
            id: before.availabilities[0].id,
            changes: AvailabilityChanges {
                status_action_message: Some("between us".to_owned()),
                ..AvailabilityChanges::default()
            },
        },
    );
    let rows = ask(
        &app,
        &organization,
        json!({"action": "get_availabilities", "params": {"limit": 500}}),
    )
    .await;
    let ids: Vec<_> = before.availabilities.iter().map(|row| row.id).collect();
    assert_eq!(numbers(&rows, "id"), ids);
    assert!(!rows.to_string().contains("between us"));
    for row in rows["data"].as_array().unwrap() {
        for member in [
            "user_id",
            "week",
            "repeat",
            "status",
            "mon_from",
            "sun_comments",
            "wed",
        ] {
            assert!(row.get(member).is_some(), "{member}: {row}");
        }
        assert!(
            members(row)
                .iter()
                .all(|member| !member.starts_with("status_"))
        );
    }
    let own = json!({"action": "get_availabilities", "userId": user_id});
    let own = numbers(&ask(&app, &organization, own).await, "user_id");
    assert!(!own.is_empty() && own.iter().all(|id| *id == user_id));

    // More than a page of 7shifts has.
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    for number in 0..210 {
        let from_date = day("2026-10-05") + chrono::Days::new(number % 40);
        change(
            &app,
            Mutation::AddTimeOff(NewTimeOff {
                user_id,
                from_date,
                to_date: from_date + chrono::Days::new(1),
                comments: "a trip".to_owned(),
                ..NewTimeOff::default()
            }),
        );
    }
    let held = truth(&app).time_off;
    assert!(held.len() > 210 && held.len() <= 500, "{}", held.len());
    app.simulator.clear_requests();
    let call = |params: Value| json!({"action": "get_time_off", "params": params});
    let all = ask(&app, &organization, call(json!({"limit": 500}))).await;
    let ids: Vec<_> = held.iter().map(|row| row.id).collect();
    assert_eq!(numbers(&all, "id"), ids);
    let requests = app.simulator.requests();
    assert!(requests.len() > 1);
    assert!(
        requests
            .iter()
            .all(|request| request.query.contains("limit=200"))
    );
    let shown = all["data"].as_array().unwrap();
    assert!(shown.iter().any(|row| row["comments"] == "a trip"));
    for row in shown {
        for member in [
            "user_id",
            "from_date",
            "to_date",
            "status",
            "category",
            "hours",
        ] {
            assert!(row.get(member).is_some(), "{member}: {row}");
        }
    }
    let default = ask(&app, &organization, call(json!({}))).await;
    assert_eq!(numbers(&default, "id"), ids[..ids.len().min(250)]);

    let (first, last) = (day("2026-10-10"), day("2026-10-12"));
    let mut inside: Vec<_> = held
        .iter()
        .filter(|row| row.to_date >= first && row.from_date <= last)
        .collect();
    inside.sort_by_key(|row| (row.from_date, row.id));
    let inside: Vec<_> = inside.iter().map(|row| row.id).collect();
    assert!(inside.len() > 5 && inside.len() < held.len());
    let window = |limit: u32| {
        call(json!({"startDate": "2026-10-10", "endDate": "2026-10-12T20:00:00Z", "limit": limit}))
    };
    let rows = ask(&app, &organization, window(500)).await;
    assert_eq!(numbers(&rows, "id"), inside);
    // The limit counts those of the window.
    let rows = ask(&app, &organization, window(5)).await;
    assert_eq!(numbers(&rows, "id"), inside[..5]);
}

#[tokio::test(start_paused = true)]
async fn a_list_goes_on_where_it_stopped() {
    let (app, organization) = connected(184).await;
    let whole = async |action: &str, limit: u32| {
        let mut params = json!({"limit": limit});
        let (mut ids, mut pages) = (Vec::new(), 0);
        loop {
            let call = json!({"action": action, "params": params});
            let page = ask(&app, &organization, call).await;
            let rows = numbers(&page, "id");
            assert!(rows.len() <= limit as usize, "{action}");
            ids.extend(rows);
            pages += 1;
            match page.get("next_cursor") {
                Some(cursor) => params["cursor"] = cursor.clone(),
                None => return (ids, pages),
            }
        }
    };
    for (action, few) in [
        ("get_shifts", 90),
        ("get_time_punches", 90),
        ("get_users", 7),
        ("get_time_off", 20),
        ("get_roles", 2),
    ] {
        let (all, _) = whole(action, 500).await;
        let (same, pages) = whole(action, few).await;
        assert!(pages > 1, "{action}: {} rows", all.len());
        assert_eq!(same, all, "{action}");
        let unique: BTreeSet<_> = all.iter().collect();
        assert_eq!(unique.len(), all.len(), "{action}");
    }
    let call = json!({"action": "get_users", "params": {"cursor": "nobody's"}});
    let answer = app.proxy(&organization.key, call).await;
    assert_eq!(fields(&answer), ["/params/cursor"]);
    refused(&answer, 400, "UNKNOWN");
    // One person of the list.
    let (people, _) = whole("get_users", 500).await;
    let call = json!({"action": "get_users", "userId": people[3]});
    assert_eq!(
        numbers(&ask(&app, &organization, call).await, "id"),
        [people[3]]
    );
}

#[tokio::test(start_paused = true)]
async fn labor_settings_show_how_hours_are_counted_and_no_wage() {
    let (app, organization) = connected(177).await;
    let admin = app.key(&organization.id, "admin").await;
    for enabled in [true, false] {
        change(
            &app,
            Mutation::SetLaborSettings {
                wage_based_roles_enabled: enabled,
            },
        );
        let call = json!({"action": "get_labor_settings"});
        let settings = app.proxy(&admin, call).await.expect(StatusCode::OK);
        let data = &settings["data"];
        assert_eq!(data["wage_based_roles_enabled"], enabled);
        assert_eq!(data["company_id"], LAKESHORE.company_id);
        assert_eq!(data["weekly_overtime_threshold"], 44);
        assert!(data.get("custom_min_wages").is_none(), "{data}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connector_of_one_location_answers_for_nobody_elsewhere() {
    let app = App::simulate(178, EPOCH).await;
    let organization = app.organization("Kept", LAKESHORE.zone).await;
    let truth = truth(&app);
    let (own, other) = (truth.locations[0].id, truth.locations[1].id);
    let call = json!({
        "action": "connect", "apiKey": LAKESHORE.token, "companyId": LAKESHORE.company_id,
        "locationId": own,
    });
    ask(&app, &organization, call).await;
    for _ in 0..30 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    }
    let places = |user: &User| user.assignments.location_ids.clone();
    let at_work = || truth.users.iter().filter(|user| user.active);
    let near = at_work()
        .find(|user| places(user) == BTreeSet::from([own]))
        .unwrap();
    let far = at_work()
        .find(|user| places(user) == BTreeSet::from([other]))
        .unwrap();
    let both = at_work()
        .find(|user| {
            let roles = truth.roles.iter();
            let mut roles = roles.filter(|role| user.assignments.role_ids.contains(&role.id));
            places(user).contains(&own) && roles.any(|role| role.location_id != own)
        })
        .expect("somebody works here and there");
    let get = async |action: &str, user_id: i64| {
        let call = json!({"action": action, "userId": user_id});
        app.proxy(&organization.key, call).await
    };
    for action in ["get_user_wages", "get_user_assignments", "get_assignments"] {
        get(action, near.id).await.expect(StatusCode::OK);
        get(action, both.id).await.expect(StatusCode::OK);
        app.simulator.clear_requests();
        // Who works elsewhere is not told from who does not exist.
        let far = refused(&get(action, far.id).await, 404, "UNKNOWN")["detail"]
            .as_str()
            .unwrap()
            .replace(&far.id.to_string(), "7");
        assert!(
            asked(&app)
                .iter()
                .all(|path| path.ends_with("/assignments")),
            "nobody's wages are asked for before it is known whose they are"
        );
        let nobody = refused(&get(action, 7).await, 404, "UNKNOWN");
        assert_eq!(nobody["detail"], far);
        assert!(far.contains(&own.to_string()), "{far}");
    }
    let shown = get("get_user_assignments", both.id)
        .await
        .expect(StatusCode::OK);
    for (list, place) in [
        ("locations", "id"),
        ("departments", "location_id"),
        ("roles", "location_id"),
    ] {
        let entries = shown["data"][list].as_array().unwrap();
        assert!(entries.iter().all(|entry| entry[place] == own), "{shown}");
    }
    for action in ["get_availabilities", "get_time_off"] {
        let call = json!({"action": action, "params": {"limit": 500}});
        let rows = numbers(&ask(&app, &organization, call).await, "user_id");
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|id| works_at(&truth, *id, own)), "{action}");
        let far = get(action, far.id).await.expect(StatusCode::OK);
        assert_eq!(far["data"], json!([]));
    }
    let everybody = ask(&app, &organization, json!({"action": "get_assignments"})).await;
    let rows = everybody["data"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["location_id"] == own));
    let preview = ask(&app, &organization, calls(0)[0].clone()).await;
    let ids = numbers(&preview, "id");
    let here = truth
        .shifts
        .iter()
        .filter(|shift| shift.details.location_id == own);
    let here: BTreeSet<_> = here.map(|shift| shift.id).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| here.contains(id)));
    for mut call in calls(near.id) {
        call["locationId"] = json!(other);
        let answer = app.proxy(&organization.key, call).await;
        assert_eq!(fields(&answer), ["/locationId"]);
    }
}

/// A location in the call narrows it as well.
#[tokio::test(start_paused = true)]
async fn a_call_of_one_location_answers_for_nobody_elsewhere() {
    let (app, organization) = connected(179).await;
    let truth = truth(&app);
    let place = truth.locations[2].id;
    let here = |wanted: bool| {
        let mut users = truth.users.iter();
        users
            .find(|user| user.active && works_at(&truth, user.id, place) == wanted)
            .unwrap()
            .id
    };
    for (user_id, status) in [(here(true), 200), (here(false), 404)] {
        for action in ["get_user_wages", "get_user_assignments"] {
            let call = json!({"action": action, "userId": user_id, "locationId": place});
            let answer = app.proxy(&organization.key, call).await;
            assert_eq!(answer.status, status, "{action} of {user_id}");
        }
    }
}

/// The shifts of the truth that begin in these seconds, as a preview has them.
fn previewed(truth: &Truth, from: i64, to: i64) -> Vec<Value> {
    let name = |id: i64| {
        let user = truth.users.iter().find(|user| user.id == id)?;
        let first = user
            .preferred_first_name
            .as_ref()
            .unwrap_or(&user.first_name);
        Some(format!("{first} {}", user.last_name))
    };
    let role = |id: i64| {
        let role = truth.roles.iter().find(|role| role.id == id)?;
        Some(role.name.clone())
    };
    let time = |seconds: i64| {
        let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    };
    let mut shifts: Vec<_> = truth
        .shifts
        .iter()
        .filter(|shift| (from..=to).contains(&shift.details.start))
        .map(|shift| {
            let details = &shift.details;
            json!({
                "id": shift.id, "user_id": details.user_id, "role_id": details.role_id,
                "start": time(details.start), "end": time(details.end), "notes": details.notes,
                "employee_name": details.user_id.and_then(name),
                "role_name": details.role_id.and_then(role),
            })
        })
        .collect();
    shifts.sort_by_key(|shift| shift["id"].as_i64());
    shifts
}

fn by_id(preview: &Value) -> Vec<Value> {
    let mut rows = preview["data"].as_array().expect("shifts").clone();
    rows.sort_by_key(|row| row["id"].as_i64());
    rows
}

fn distinct(rows: &[Value], member: &str) -> usize {
    let values = rows.iter().filter_map(|row| row[member].as_i64());
    values.collect::<BTreeSet<_>>().len()
}

#[tokio::test(start_paused = true)]
async fn a_preview_has_every_published_shift_of_the_window_with_its_names() {
    let (app, organization) = connected(180).await;
    let held = truth(&app);
    // 21 and 22 September, UTC.
    let from = EPOCH - EPOCH % 86_400;
    let to = from + 2 * 86_400 - 1;
    let window = json!({"startDate": "2026-09-21", "endDate": "2026-09-22"});
    let call = |params: &Value| json!({"action": "preview_shifts", "params": params});
    let expected = previewed(&held, from, to);
    assert!(expected.len() > 10);

    // Before the first sync 7shifts' own lists say the names.
    let preview = ask(&app, &organization, call(&window)).await;
    assert_eq!(asked(&app), ["shifts", "users", "roles"]);
    assert_eq!(by_id(&preview), expected);
    let meta = json!({
        "shift_count": expected.len(), "user_count": distinct(&expected, "user_id"),
        "role_count": distinct(&expected, "role_id"),
    });
    assert_eq!(preview["meta"], meta);
    assert_eq!(members(&preview), BTreeSet::from(["data", "meta"]));

    // Nobody's shift, all of them, on several pages.
    let all = ask(&app, &organization, call(&json!({}))).await;
    let expected_all = previewed(&held, i64::MIN, i64::MAX);
    assert_eq!(by_id(&all), expected_all);
    assert!(expected_all.len() > 500, "{}", expected_all.len());
    let open: Vec<_> = all["data"].as_array().unwrap().iter().collect();
    let open = open.iter().filter(|row| row["user_id"].is_null());
    assert!(open.clone().count() > 0 && open.clone().all(|row| row["employee_name"].is_null()));

    // An empty window is no error, and nobody's name is asked for.
    app.simulator.clear_requests();
    let later = json!({"startDate": "2031-01-01", "endDate": "2031-01-02"});
    let none = ask(&app, &organization, call(&later)).await;
    let zero = json!({"shift_count": 0, "user_count": 0, "role_count": 0});
    assert_eq!(none, json!({"data": [], "meta": zero}));
    assert_eq!(asked(&app), ["shifts"]);

    // After it our tables do; and 7shifts once more for whom they do not know.
    for _ in 0..5 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    }
    app.simulator.clear_requests();
    let again = ask(&app, &organization, call(&window)).await;
    assert_eq!(asked(&app), ["shifts"]);
    assert_eq!(again, preview);
    let role = held.roles[0].clone();
    let hired = change(
        &app,
        Mutation::AddUser(NewUser {
            first_name: "Zora".to_owned(),
            last_name: "Quill".to_owned(),
            assignments: Assignments {
                location_ids: BTreeSet::from([role.location_id]),
                role_ids: BTreeSet::from([role.id]),
                ..Assignments::default()
            },
            ..NewUser::default()
        }),
    );
    let new = |user_id: Option<i64>, publish: bool| {
        Mutation::AddShift(NewShift {
            location_id: role.location_id,
            department_id: Some(role.department_id),
            role_id: Some(role.id),
            user_id,
            start: EPOCH,
            end: EPOCH + 3_600,
            notes: "bring keys".to_owned(),
            publish,
            ..NewShift::default()
        })
    };
    let shift = change(&app, new(Some(hired), true));
    let draft = change(&app, new(Some(hired), false));
    let with_new = ask(&app, &organization, call(&window)).await;
    assert_eq!(asked(&app), ["shifts", "users"]);
    assert_eq!(by_id(&with_new), previewed(&truth(&app), from, to));
    let rows = by_id(&with_new);
    let row = rows.iter().find(|row| row["id"] == shift).unwrap();
    assert_eq!(
        (&row["employee_name"], &row["notes"]),
        (&json!("Zora Quill"), &json!("bring keys"))
    );
    assert!(rows.iter().all(|row| row["id"] != draft));
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_bounded_and_hides_no_loss() {
    let (app, organization) = connected(181).await;
    let held = truth(&app);
    let call = |params: &Value| json!({"action": "preview_shifts", "params": params});
    let window = json!({"startDate": "2026-09-21T00:00:00Z", "endDate": "2026-09-21T23:59:59Z"});
    let whole = ask(&app, &organization, call(&window)).await;
    let count = whole["meta"]["shift_count"].as_u64().unwrap();
    assert!(count > 3);

    // A limit is one page of as many.
    let mut few = window.clone();
    few["limit"] = json!(3);
    let few = ask(&app, &organization, call(&few)).await;
    assert_eq!(few["meta"]["shift_count"], 3);
    assert_eq!(few["data"].as_array().unwrap().len(), 3);

    // Rows from outside of the window, which 7shifts has been seen to send.
    let provider = app.simulator.provider();
    provider.change_settings(|settings| settings.leaky_start_bound = true);
    assert_eq!(ask(&app, &organization, call(&window)).await, whole);
    provider.change_settings(|settings| settings.leaky_start_bound = false);

    // One user's.
    let user_id = held.shifts.iter().find_map(|shift| shift.details.user_id);
    let mut own = call(&json!({}));
    own["userId"] = json!(user_id);
    let own = ask(&app, &organization, own).await;
    assert_eq!(own["meta"]["user_count"], 1);
    assert_eq!(Some(own["data"][0]["user_id"].as_i64().unwrap()), user_id);

    // One that cannot be read is counted.
    let id = whole["data"][0]["id"].as_i64().unwrap();
    change(
        &app,
        Mutation::Corrupt {
            resource: Resource::Shifts,
            id,
            field: "start".to_owned(),
            raw: "\"tomorrow\"".to_owned(),
        },
    );
    let rest = ask(&app, &organization, call(&window)).await;
    assert_eq!(rest["meta"]["shift_count"], count - 1);
    assert_eq!(rest["meta"]["unreadable_count"], 1);

    // More than is read: a window cut off would be shown with wrong counts.
    let fault = Fault::NeverEndingCursor {
        repeat_rows: true,
        same_cursor: false,
    };
    app.simulator
        .add_fault(FaultRule::always("/v2/company/4410/shifts", fault));
    app.simulator.clear_requests();
    let answer = app.proxy(&organization.key, call(&window)).await;
    assert_eq!(fields(&answer), ["/params/endDate"]);
    assert!(answer.json()["detail"].as_str().unwrap().contains("5000"));
    assert_eq!(asked(&app), ["shifts"; 10]);
    assert!(app.simulator.peak_requests_in_a_second(None) <= 10);
}
