//! Wages, role assignments, availability and time off: what people agree on, and the tables after
//! the next sync.

use chrono::{Days, NaiveDate};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::seven_shifts::{
    Assignments, AvailabilityChanges, Mutation, NewAvailability, NewTimeOff, NewUser, NewWage,
    PartOfDay, RequestStatus, Resource, TimeOffChanges, Truth, WageChanges, WageType,
};
use simulators::{Fault, FaultRule};
use whole_system::{App, LAKESHORE, Organization};

use super::changes::assert_accounted;
use super::{assert_quiet, change, connector, mirror, pass, restaurant, settle, sync, try_sync};

const DAY: u64 = 86_400;

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account exists")
}

/// 21 September 2026, a Monday.
fn today() -> NaiveDate {
    chrono::DateTime::from_timestamp(super::EPOCH, 0)
        .expect("a time")
        .date_naive()
}

/// Somebody at work, and a role of theirs that a wage of theirs is for.
fn someone_paid(truth: &Truth) -> (i64, i64) {
    truth
        .current_wages
        .iter()
        .filter_map(|wage| Some((wage.user_id, wage.role_id?)))
        .find(|(user_id, role_id)| {
            let is_at_work = truth
                .users
                .iter()
                .any(|user| user.id == *user_id && user.active);
            let has_next = truth
                .upcoming_wages
                .iter()
                .any(|wage| wage.user_id == *user_id && wage.role_id == Some(*role_id));
            is_at_work && !has_next
        })
        .expect("someone is paid for a role")
}

async fn wages(app: &App, organization: &Organization, role: (i64, i64)) -> Vec<Value> {
    let all = app.all("/api/wages", &organization.key).await;
    let (user, role) = (role.0.to_string(), role.1.to_string());
    let mut of: Vec<_> = all
        .into_iter()
        .filter(|row| {
            row["external_user_id"] == user.as_str() && row["external_role_id"] == role.as_str()
        })
        .collect();
    of.sort_by_key(|row| row["effective_date"].as_str().map(str::to_owned));
    of
}

#[tokio::test(start_paused = true)]
async fn every_change_to_what_people_agree_on_is_in_the_tables_after_the_next_sync() {
    let (app, organization, _) = restaurant(91).await;
    mirror::assert_equal(&app, &organization).await;
    let before = truth(&app);
    let (user_id, role_id) = someone_paid(&before);
    let manager = before.users[0].id;
    let other_role = before
        .roles
        .iter()
        .find(|role| role.id != role_id)
        .expect("another role");
    let checked = async |name: &str, mutation: Mutation| {
        pass(60).await;
        let id = change(&app, mutation);
        println!("{name}");
        for (stream, run) in sync(&app, &organization).await {
            assert_accounted(&stream, &run);
        }
        mirror::assert_equal(&app, &organization).await;
        id
    };
    let raise = checked(
        "a raise from next week on",
        Mutation::AddWage(NewWage {
            user_id,
            role_id: Some(role_id),
            effective_date: today() + Days::new(7),
            wage_cents: 2_345,
            ..NewWage::default()
        }),
    )
    .await;
    checked(
        "a higher raise",
        Mutation::EditWage {
            id: raise,
            changes: WageChanges {
                wage_cents: Some(2_400),
                ..WageChanges::default()
            },
        },
    )
    .await;
    checked("no raise", Mutation::DeleteWage { id: raise }).await;
    checked(
        "a salary",
        Mutation::AddWage(NewWage {
            user_id,
            role_id: None,
            effective_date: today(),
            wage_type: WageType::AnnualSalary,
            wage_cents: 6_500_000,
            ..NewWage::default()
        }),
    )
    .await;
    checked(
        "two wages of one day",
        Mutation::AddWage(NewWage {
            user_id,
            role_id: None,
            effective_date: today(),
            wage_type: WageType::AnnualSalary,
            wage_cents: 6_600_000,
            force: true,
        }),
    )
    .await;
    let assigned = &before
        .users
        .iter()
        .find(|user| user.id == user_id)
        .expect("the person")
        .assignments;
    let mut roles = assigned.role_ids.clone();
    roles.insert(other_role.id);
    checked(
        "another role",
        Mutation::AssignUser {
            id: user_id,
            assignments: Assignments {
                role_ids: roles,
                primary_role_id: Some(other_role.id),
                ..assigned.clone()
            },
        },
    )
    .await;
    checked(
        "no role",
        Mutation::AssignUser {
            id: user_id,
            assignments: Assignments::default(),
        },
    )
    .await;
    let forever = checked(
        "an availability that repeats for ever",
        Mutation::AddAvailability(NewAvailability {
            user_id,
            week: Some(today()),
            repeat: true,
            ..NewAvailability::default()
        }),
    )
    .await;
    checked(
        "its end, and its approval",
        Mutation::EditAvailability {
            id: forever,
            changes: AvailabilityChanges {
                week_to: Some(today() + Days::new(27)),
                status: Some(RequestStatus::Approved),
                status_action_user_id: Some(manager),
                ..AvailabilityChanges::default()
            },
        },
    )
    .await;
    checked(
        "an availability of one week",
        Mutation::AddAvailability(NewAvailability {
            user_id,
            week: Some(today() + Days::new(7)),
            week_to: Some(today() + Days::new(13)),
            ..NewAvailability::default()
        }),
    )
    .await;
    checked("it is gone", Mutation::DeleteAvailability { id: forever }).await;
    let year = checked(
        "time off that spans a year",
        Mutation::AddTimeOff(NewTimeOff {
            user_id,
            from_date: today() + Days::new(90),
            to_date: today() + Days::new(90 + 365),
            ..NewTimeOff::default()
        }),
    )
    .await;
    checked(
        "declined",
        Mutation::EditTimeOff {
            id: year,
            changes: TimeOffChanges {
                status: Some(RequestStatus::Declined),
                status_action_user_id: Some(manager),
                status_action_message: Some("Not a whole year".to_owned()),
                to_date: Some(today() + Days::new(100)),
                ..TimeOffChanges::default()
            },
        },
    )
    .await;
    checked(
        "a part of a day",
        Mutation::AddTimeOff(NewTimeOff {
            user_id,
            from_date: today(),
            to_date: today(),
            partial: Some(PartOfDay {
                from: "09:00:00".parse().expect("a time"),
                to: "11:30:00".parse().expect("a time"),
            }),
            category: "jury duty".to_owned(),
            minutes_per_day: 150,
            ..NewTimeOff::default()
        }),
    )
    .await;
    checked("withdrawn", Mutation::DeleteTimeOff { id: year }).await;
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_wage_that_another_takes_the_place_of_stays_as_history() {
    let (app, organization, _) = restaurant(92).await;
    let role = someone_paid(&truth(&app));
    let raise = |days: u64, cents: i64| {
        Mutation::AddWage(NewWage {
            user_id: role.0,
            role_id: Some(role.1),
            effective_date: today() + Days::new(days),
            wage_cents: cents,
            ..NewWage::default()
        })
    };
    let before = wages(&app, &organization, role).await;
    assert_eq!(before.last().unwrap()["end_date"], Value::Null);
    change(&app, raise(2, 3_050));
    sync(&app, &organization).await;
    let planned = wages(&app, &organization, role).await;
    assert_eq!(planned.len(), before.len() + 1);
    // Who follows the changes learns of the end.
    let moved = |rows: &[Value], from_end: usize| rows[rows.len() - from_end]["updated_at"].clone();
    assert_ne!(moved(&planned, 2), moved(&before, 1));
    let eve = (today() + Days::new(1)).to_string();
    assert_eq!(planned[planned.len() - 2]["end_date"], eve);
    let last = planned.last().unwrap();
    assert_eq!(
        (&last["wage_rate"], &last["wage_cents"], &last["end_date"]),
        (&json!("30.50"), &json!(3_050), &Value::Null)
    );
    // The day comes, and 7shifts no longer lists the wage of before.
    pass(4 * DAY).await;
    sync(&app, &organization).await;
    assert_eq!(wages(&app, &organization, role).await, planned);
    // What was paid and is taken back without anything in its place is gone, though another wage is
    // agreed on for later.
    let current = last["external_id"].as_str().unwrap().parse().unwrap();
    change(&app, raise(30, 4_000));
    change(&app, Mutation::DeleteWage { id: current });
    pass(60).await;
    sync(&app, &organization).await;
    let left = wages(&app, &organization, role).await;
    assert!(
        left.iter()
            .all(|row| row["external_id"] != last["external_id"])
    );
    mirror::assert_equal(&app, &organization).await;
    // Who leaves keeps what was known of them.
    change(&app, Mutation::DeactivateUser { id: role.0 });
    pass(60).await;
    sync(&app, &organization).await;
    assert_eq!(wages(&app, &organization, role).await, left);
}

/// A raise that is not paid yet has taken no place, however near its day is.
#[tokio::test(start_paused = true)]
async fn a_wage_that_is_taken_back_on_the_eve_of_a_raise_is_gone() {
    let (app, organization, _) = restaurant(99).await;
    for days in [1, 2] {
        let role = someone_paid(&truth(&app));
        let paid: Vec<_> = truth(&app)
            .current_wages
            .iter()
            .filter(|wage| (wage.user_id, wage.role_id) == (role.0, Some(role.1)))
            .map(|wage| wage.id)
            .collect();
        assert!(!paid.is_empty());
        change(
            &app,
            Mutation::AddWage(NewWage {
                user_id: role.0,
                role_id: Some(role.1),
                effective_date: today() + Days::new(days),
                wage_cents: 3_333,
                ..NewWage::default()
            }),
        );
        pass(60).await;
        sync(&app, &organization).await;
        for id in &paid {
            change(&app, Mutation::DeleteWage { id: *id });
        }
        pass(60).await;
        sync(&app, &organization).await;
        let left = wages(&app, &organization, role).await;
        for id in paid {
            let id = id.to_string();
            assert!(left.iter().all(|row| row["external_id"] != id), "{left:#?}");
        }
    }
    mirror::assert_equal(&app, &organization).await;
}

/// 7shifts does not list it again, so nothing else would bring it back.
#[tokio::test(start_paused = true)]
async fn the_history_of_wages_outlives_one_odd_answer() {
    let (app, organization, _) = restaurant(98).await;
    let role = someone_paid(&truth(&app));
    let raise = Mutation::AddWage(NewWage {
        user_id: role.0,
        role_id: Some(role.1),
        effective_date: today() + Days::new(2),
        wage_cents: 4_242,
        ..NewWage::default()
    });
    let current = change(&app, raise);
    pass(60).await;
    sync(&app, &organization).await;
    pass(4 * DAY).await;
    settle(&app, &organization).await;
    sync(&app, &organization).await;
    let ids = async || -> Vec<Value> {
        let wages = wages(&app, &organization, role).await;
        wages.iter().map(|row| row["external_id"].clone()).collect()
    };
    let before = ids().await;
    assert!(before.len() > 1, "{before:?}");
    change(
        &app,
        Mutation::Corrupt {
            resource: Resource::Wages,
            id: current,
            field: "role_id".to_owned(),
            raw: "null".to_owned(),
        },
    );
    pass(60).await;
    try_sync(&app, &organization).await;
    change(
        &app,
        Mutation::Heal {
            resource: Resource::Wages,
            id: current,
        },
    );
    pass(60).await;
    sync(&app, &organization).await;
    assert_eq!(ids().await, before);
    mirror::assert_equal(&app, &organization).await;
    assert_quiet(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_some_streams_stops_these_alone_and_says_why() {
    let (app, organization, id) = restaurant(93).await;
    let lacking = [
        (Resource::Wages, "wages"),
        (Resource::Assignments, "assignments"),
        (Resource::Availability, "availability"),
        (Resource::TimeOff, "time_off"),
    ];
    let plan = |included: bool| {
        for (resource, _) in lacking {
            change(&app, Mutation::SetPlan { resource, included });
        }
    };
    plan(false);
    pass(60).await;
    let runs = try_sync(&app, &organization).await;
    let status = app.all("/api/sync-status", &organization.key).await;
    for (stream, run) in runs {
        let shown = &status[0]["streams"][&stream];
        assert_eq!(shown["last_status"], run["status"], "{stream}");
        assert_eq!(shown["reason"], run["error_detail"], "{stream}");
        if lacking.iter().any(|(_, name)| *name == stream) {
            assert_eq!(run["error_code"], "plan_or_permission", "{run:#}");
            let why = run["error_detail"].as_str().unwrap();
            assert!(why.contains("plan") && why.contains("go on"), "{why}");
        } else {
            assert_eq!(run["status"], "success", "{stream}: {run:#}");
        }
    }
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
    plan(true);
    settle(&app, &organization).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_wage_costs_only_itself() {
    let (app, organization, _) = restaurant(94).await;
    let before = truth(&app);
    let wage = before.current_wages.first().expect("a wage").id;
    let availability = before.availabilities.first().expect("an availability").id;
    let time_off = before.time_off.last().expect("time off").id;
    let poison = [
        (Resource::Wages, wage, "wage_cents", "1e400"),
        (Resource::Availability, availability, "status", "\"maybe\""),
        (Resource::TimeOff, time_off, "from_date", "null"),
    ];
    for (resource, id, field, raw) in poison {
        let (field, raw) = (field.to_owned(), raw.to_owned());
        change(
            &app,
            Mutation::Corrupt {
                resource,
                id,
                field,
                raw,
            },
        );
    }
    pass(60).await;
    let runs = try_sync(&app, &organization).await;
    for stream in ["wages", "availability", "time_off"] {
        let run = &runs[stream];
        assert_eq!(
            (&run["status"], &run["errors"]),
            (&json!("partial"), &json!(1)),
            "{run:#}"
        );
        assert_eq!(
            run["deleted"], 0,
            "what cannot be read is there all the same: {run:#}"
        );
    }
    for (resource, id, _, _) in poison {
        change(&app, Mutation::Heal { resource, id });
    }
    pass(60).await;
    sync(&app, &organization).await;
    let left = app.all("/api/quarantined-records", &organization.key).await;
    assert!(left.is_empty(), "{left:#?}");
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_category_of_time_off_is_what_the_organization_says() {
    let (app, organization, _) = restaurant(95).await;
    let user_id = truth(&app).users[1].id;
    let person = user_id.to_string();
    for (days, category) in [
        (1, "paid_sick"),
        (2, "jury duty"),
        (3, "Personal day"),
        (4, "vacation"),
    ] {
        let day = today() + Days::new(days);
        change(
            &app,
            Mutation::AddTimeOff(NewTimeOff {
                user_id,
                from_date: day,
                to_date: day,
                category: category.to_owned(),
                ..NewTimeOff::default()
            }),
        );
    }
    sync(&app, &organization).await;
    let categories = async || {
        let from = today() + Days::new(1);
        let path = format!("/api/time-off?from={from}&to={}", today() + Days::new(4));
        let rows = app.all(&path, &organization.key).await;
        let mut named: Vec<_> = rows
            .iter()
            .filter(|row| row["external_user_id"] == person.as_str())
            .filter(|row| row["start_date"] == row["end_date"])
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                (text("provider_category"), text("category"))
            })
            .collect();
        named.sort();
        named
    };
    let pairs = |jury: &str| {
        [
            ("Personal day", "personal"),
            ("jury duty", jury),
            ("paid_sick", "sick"),
            ("vacation", "vacation"),
        ]
        .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
    };
    assert_eq!(categories().await, pairs("other"));
    let path = format!("/api/organizations/{}", organization.id);
    let set = async |map: Value| {
        let body = json!({"time_off_categories": map});
        app.request(Method::PATCH, &path, whole_system::OPERATOR_KEY, Some(body))
            .await
    };
    for (name, category) in [("jury duty", "holiday"), ("", "sick"), (" ", "sick")] {
        let refused = set(json!({name: category})).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let field = refused.json()["errors"][0]["field"].clone();
        let named = format!("/time_off_categories/{}", name.trim());
        assert_eq!(field, named);
    }
    // Whoever follows the changes learns of what is called something else now.
    let newest = app.all("/api/time-off", &organization.key).await;
    let newest = newest.iter().map(|row| row["updated_at"].as_str().unwrap());
    let since = newest.max().unwrap().to_owned();
    app.clock.as_ref().unwrap().jump(1_000);
    let moved = async || {
        let path = format!("/api/time-off?updated_since={since}");
        let rows = app.all(&path, &organization.key).await;
        let rows = rows.iter().filter(|row| row["updated_at"] != *since);
        rows.map(|row| row["provider_category"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(moved().await, [""; 0]);
    let shown = set(json!({"jury duty": "personal"}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(shown["time_off_categories"]["jury duty"], "personal");
    assert_eq!(categories().await, pairs("personal"));
    assert_eq!(moved().await, ["jury duty"]);
}

/// What goes wrong with one person is nobody else's trouble, and takes nothing from that person.
#[tokio::test(start_paused = true)]
async fn a_person_whose_wages_cannot_be_had_keeps_nobody_else_from_theirs() {
    let (app, organization, _) = restaurant(96).await;
    let role = someone_paid(&truth(&app));
    let path = format!(
        "/v2/company/{}/users/{}/wages",
        LAKESHORE.company_id, role.0
    );
    let held = wages(&app, &organization, role).await;
    for (status, outcome) in [
        (StatusCode::INTERNAL_SERVER_ERROR, "partial"),
        (StatusCode::NOT_FOUND, "success"),
    ] {
        app.simulator
            .add_fault(FaultRule::always(path.clone(), Fault::status(status)));
        let other = truth(&app)
            .current_wages
            .iter()
            .rev()
            .find(|wage| wage.user_id != role.0)
            .expect("somebody else")
            .id;
        change(
            &app,
            Mutation::EditWage {
                id: other,
                changes: WageChanges {
                    wage_cents: Some(9_000 + i64::from(status.as_u16())),
                    ..WageChanges::default()
                },
            },
        );
        pass(60).await;
        let runs = try_sync(&app, &organization).await;
        assert_eq!(runs["wages"]["status"], outcome, "{:#}", runs["wages"]);
        assert_eq!(runs["wages"]["deleted"], 0, "{:#}", runs["wages"]);
        assert_eq!(wages(&app, &organization, role).await, held);
        app.simulator.clear_faults();
        mirror::assert_equal(&app, &organization).await;
    }
    pass(60).await;
    sync(&app, &organization).await;
    let left = app.all("/api/quarantined-records", &organization.key).await;
    assert!(left.is_empty(), "{left:#?}");
}

/// The last page may be one person's, and one of them may keep us waiting each time.
#[tokio::test(start_paused = true)]
async fn one_who_is_never_answered_keeps_nobody_else_waiting() {
    const PEOPLE_PER_PAGE: usize = 20;
    let (app, organization, _) = restaurant(98).await;
    let active = truth(&app).users.iter().filter(|user| user.active).count();
    let mut last = 0;
    for _ in 0..(PEOPLE_PER_PAGE * 3 + 1 - active % PEOPLE_PER_PAGE) % PEOPLE_PER_PAGE {
        last = change(&app, Mutation::AddUser(NewUser::default()));
    }
    pass(60).await;
    sync(&app, &organization).await;
    let first = someone_paid(&truth(&app)).0;
    for (person, fault) in [
        (first, Fault::NoAnswer),
        (last, Fault::NoAnswer),
        (last, Fault::status(StatusCode::INTERNAL_SERVER_ERROR)),
    ] {
        let path = format!("/v2/company/{}/users/{person}/wages", LAKESHORE.company_id);
        app.simulator.add_fault(FaultRule::always(path, fault));
        let call = json!({"action": "scheduled_sync", "streams": ["wages"]});
        app.proxy(&organization.key, call).await;
        pass(60).await;
        let runs = settle(&app, &organization).await;
        let run = &runs["wages"];
        assert_eq!(run["status"], "partial", "{person}: {run:#}");
        assert_eq!(run["deleted"], 0, "{run:#}");
        let kept = app.all("/api/quarantined-records", &organization.key).await;
        let ids: Vec<_> = kept.iter().map(|record| &record["external_id"]).collect();
        assert_eq!(ids, [&json!(format!("person-{person}"))]);
        app.simulator.clear_faults();
        pass(60).await;
        sync(&app, &organization).await;
        mirror::assert_equal(&app, &organization).await;
    }
}

/// A page of people that takes longer than a call has is saved as far as it came.
#[tokio::test(start_paused = true)]
async fn a_slow_provider_is_walked_to_the_end() {
    let (app, organization, _) = restaurant(97).await;
    app.simulator.add_fault(FaultRule::always(
        format!("/v2/company/{}/users/", LAKESHORE.company_id),
        Fault::Delay {
            milliseconds: 9_000,
        },
    ));
    let call = json!({"action": "scheduled_sync", "streams": ["wages"]});
    app.proxy(&organization.key, call).await;
    pass(60).await;
    let runs = settle(&app, &organization).await;
    assert_eq!(runs["wages"]["status"], "success", "{:#}", runs["wages"]);
    assert_eq!(runs["wages"]["trigger"], "manual");
}
