//! Whether messages for people at work are sent, and who is on shift: against what is true at 7shifts,
//! and where nothing can be said.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::{Value, json};
use simulators::seven_shifts::{Assignments, Mutation, NewShift, NewUser, ShiftChanges, Truth};
use whole_system::{Answer, App, HARBOUR, LAKESHORE, Organization, Settings};

use super::shapes::{self, fits};
use super::{BASE, EPOCH, account, configured, delete, get, post, refused, settle, texts};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Seconds for which a shift until closing counts at least.
const CLOSING: i64 = 12 * HOUR;

fn rfc3339(at: i64) -> String {
    chrono::DateTime::from_timestamp(at, 0)
        .expect("a time")
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn now(app: &App) -> i64 {
    let clock = app.clock.as_ref().expect("a simulation");
    runtime::Clock::wall(&**clock).as_secs().cast_signed()
}

fn truth(app: &App) -> Truth {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account")
}

fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

async fn sync(app: &App, organization: &Organization) {
    post(app, organization, "sync/", json!({})).await;
    settle(app).await;
}

async fn stores(app: &App, organization: &Organization) {
    let stores = json!({"stores": [{"product_ref": "s-1", "name": "Harbourfront"},
        {"product_ref": "s-2", "name": "Distillery"}, {"product_ref": "s-9", "name": "Nowhere"}]});
    app.request(Method::PUT, "/api/stores", &organization.key, Some(stores))
        .await
        .expect(StatusCode::OK);
}

/// An account that is set up and synced, with two stores of its own and one that is nowhere.
async fn ready(seed: u64) -> (App, Organization) {
    let (app, organization) = account(seed).await;
    stores(&app, &organization).await;
    configured(&app, &organization, json!({})).await;
    (app, organization)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn asked(app: &App, organization: &Organization, email: &str, more: &str) -> Answer {
    let path = format!("should-send/?email={}{more}", encoded(email));
    get(app, organization, &path).await
}

async fn check(app: &App, organization: &Organization, email: &str, more: &str) -> Value {
    let said = asked(app, organization, email, more)
        .await
        .expect(StatusCode::OK);
    fits(&said, &shapes::SHIFT_CHECK);
    said
}

async fn reason(app: &App, organization: &Organization, email: &str, more: &str) -> String {
    let said = check(app, organization, email, more).await;
    let reason = said["reason"].as_str().expect("a reason").to_owned();
    assert_eq!(
        said["should_send"],
        reason != "employee_not_on_shift",
        "{said}"
    );
    reason
}

/// The last second of each shift, as the rules have it.
fn last_second(details: &simulators::seven_shifts::ShiftDetails) -> i64 {
    if details.close {
        details.end.max(details.start + CLOSING)
    } else {
        details.end
    }
}

/// What is answered about everybody, at the ends of shifts and between: what is true at 7shifts; the
/// batch says what each single check says, and the list who is on shift.
#[tokio::test(start_paused = true)]
async fn every_answer_is_what_is_true_at_seven_shifts() {
    let (app, organization) = ready(451).await;
    let truth = truth(&app);
    let place = |name: &str| {
        let found = truth.locations.iter().find(|place| place.name == name);
        found.expect("a location").id
    };
    let places = [
        (None, None),
        (Some("s-1"), Some(place("Harbourfront"))),
        (Some("s-2"), Some(place("Distillery"))),
    ];
    let mut emails: Vec<String> = truth
        .users
        .iter()
        .map(|user| user.email.clone())
        .filter(|email| !email.is_empty())
        .collect();
    emails.sort();
    emails.dedup();
    emails.push("nobody@nowhere.test".to_owned());
    let began = now(&app);
    // A shift by day, one until closing and one of the other store: each at its ends, and beside them.
    let near = |close: bool, location: i64| {
        let mut shifts = truth
            .shifts
            .iter()
            .map(|shift| &shift.details)
            .filter(|shift| {
                shift.user_id.is_some()
                    && shift.close == close
                    && shift.location_id == location
                    && (began - DAY..began + 2 * DAY).contains(&shift.start)
            });
        shifts.next().expect("a shift").clone()
    };
    let mut times = vec![began];
    for shift in [
        near(false, place("Harbourfront")),
        near(true, place("Distillery")),
    ] {
        let last = last_second(&shift);
        times.extend([shift.start - 1, shift.start, last, last + 1]);
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (round, at) in times.into_iter().enumerate() {
        let on_at = |location: Option<i64>| {
            truth
                .shifts
                .iter()
                .map(|shift| (shift.id, &shift.details))
                .filter(move |(_, shift)| {
                    shift.user_id.is_some()
                        && (shift.start..=last_second(shift)).contains(&at)
                        && location.is_none_or(|location| shift.location_id == location)
                })
        };
        for (store, location) in places {
            let recipients: Vec<_> = emails
                .iter()
                .map(|email| json!({"email": email, "store": store}))
                .collect();
            let body = json!({"at": rfc3339(at), "recipients": recipients});
            let batch = post(&app, &organization, "should-send/", body).await;
            let batch = batch.expect(StatusCode::OK);
            fits(&batch, &shapes::SHIFT_CHECKS);
            assert_eq!(batch["at"], rfc3339(at));
            assert_eq!(batch["is_stale"], false);
            let answers = batch["answers"].as_array().expect("answers");
            assert_eq!(answers.len(), emails.len());
            for (email, answer) in emails.iter().zip(answers) {
                let people: Vec<_> = truth
                    .users
                    .iter()
                    .filter(|user| user.active && user.email == *email)
                    .map(|user| user.id)
                    .collect();
                let mut shifts: Vec<_> = on_at(location)
                    .filter(|(_, shift)| shift.user_id.is_some_and(|user| people.contains(&user)))
                    .collect();
                shifts.sort_by_key(|(_, shift)| (shift.start, shift.end));
                let expected = match (people.is_empty(), shifts.last()) {
                    (true, _) => "employee_not_in_7shifts",
                    (false, Some(_)) => "employee_on_shift",
                    (false, None) => "employee_not_on_shift",
                };
                assert_eq!(answer["reason"], expected, "{email} at {}", rfc3339(at));
                assert_eq!(answer["should_send"], expected != "employee_not_on_shift");
                assert_eq!(answer["employee"].is_null(), people.is_empty());
                match shifts.last() {
                    Some((_, shift)) => {
                        assert_eq!(answer["shift"]["start_time"], rfc3339(shift.start));
                        assert_eq!(answer["shift"]["is_close"], shift.close);
                        let user = shift.user_id.map(|user| user.to_string());
                        assert_eq!(
                            answer["employee"]["seven_shifts_id"].as_str(),
                            user.as_deref()
                        );
                    }
                    None => assert!(answer["shift"].is_null(), "{answer}"),
                }
                *seen.entry(expected.to_owned()).or_default() += 1;
                // The batch is the singles, told together.
                if round < 3 {
                    let store = store.map_or(String::new(), |store| format!("&store={store}"));
                    let more = format!("{store}&at={}", rfc3339(at));
                    let mut single = check(&app, &organization, email, &more).await;
                    let single = single.as_object_mut().expect("members");
                    for member in ["at", "connector_state", "synced_at", "is_stale"] {
                        assert_eq!(
                            single.remove(member).as_ref(),
                            batch.get(member),
                            "{member}"
                        );
                    }
                    assert_eq!(Some(&*single), answer.as_object(), "{email}");
                }
            }
            // Active people on shift, each once, by name.
            let store = store.map_or(String::new(), |store| format!("&store={store}"));
            let list = format!("on-shift/?at={}{store}", rfc3339(at));
            let list = get(&app, &organization, &list).await.expect(StatusCode::OK);
            fits(&list, &shapes::ON_SHIFT);
            assert_eq!(list["reason"], Value::Null);
            let mut working: Vec<_> = on_at(location)
                .filter_map(|(_, shift)| shift.user_id)
                .filter(|id| truth.users.iter().any(|user| user.id == *id && user.active))
                .map(|id| id.to_string())
                .collect();
            working.sort();
            working.dedup();
            let employees = list["employees"].as_array().expect("a list");
            let text = |entry: &Value, member: &str| {
                entry["employee"][member]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            let mut listed: Vec<_> = employees
                .iter()
                .map(|entry| text(entry, "seven_shifts_id"))
                .collect();
            let names: Vec<_> = employees
                .iter()
                .map(|entry| {
                    ["last_name", "first_name"].map(|name| text(entry, name).to_lowercase())
                })
                .collect();
            assert!(names.is_sorted(), "{names:?}");
            listed.sort();
            assert_eq!(listed, working);
        }
    }
    for reason in [
        "employee_on_shift",
        "employee_not_on_shift",
        "employee_not_in_7shifts",
    ] {
        assert!(
            seen.get(reason).is_some_and(|count| *count > 10),
            "{seen:?}"
        );
    }
}

/// Somebody who is on shift at Harbourfront from an hour ago for two hours, and nowhere else.
async fn somebody(app: &App, organization: &Organization) -> (i64, i64) {
    let truth = truth(app);
    let place = truth
        .locations
        .iter()
        .find(|place| place.name == "Harbourfront");
    let place = place.expect("a location").id;
    let user = change(
        app,
        Mutation::AddUser(NewUser {
            first_name: "Ada".to_owned(),
            last_name: "Lovelace".to_owned(),
            email: "Ada@Example.test".to_owned(),
            assignments: Assignments {
                location_ids: [place].into(),
                ..Assignments::default()
            },
            ..NewUser::default()
        }),
    );
    let shift = change(
        app,
        Mutation::AddShift(NewShift {
            location_id: place,
            user_id: Some(user),
            start: now(app) - HOUR,
            end: now(app) + 2 * HOUR,
            ..NewShift::default()
        }),
    );
    sync(app, organization).await;
    (user, shift)
}

/// A store that is not there is named by every route, in a batch by its place.
async fn stores_are_known(app: &App, organization: &Organization) {
    let fields = |said: &Answer| -> Vec<String> {
        let said = refused(said, 400);
        let errors = said["errors"].as_array().into_iter().flatten();
        errors
            .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    for unknown in ["unknown", "0190f3a0-0000-7000-8000-000000000000"] {
        let more = format!("&store={unknown}");
        let said = asked(app, organization, "ada@example.test", &more).await;
        assert_eq!(fields(&said), ["store"]);
        let said = get(app, organization, &format!("on-shift/?store={unknown}")).await;
        assert_eq!(fields(&said), ["store"]);
        let body = json!({"recipients": [{"email": "a@x", "store": unknown}, {"email": "b@x"},
            {"email": "ada@example.test", "store": unknown}]});
        let said = post(app, organization, "should-send/", body).await;
        assert_eq!(
            fields(&said),
            ["/recipients/0/store", "/recipients/2/store"]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_says_nothing_keeps_no_message_back() {
    let (app, organization) = account(452).await;
    let off = "ada@example.test";
    // Before there is an account already, a store that is not there is an error.
    stores_are_known(&app, &organization).await;
    stores(&app, &organization).await;
    let said = check(&app, &organization, off, "&store=s-1").await;
    assert_eq!(said["reason"], "integration_not_configured");
    assert_eq!(said["should_send"], true);
    // Nothing is there that could be old.
    assert_eq!(
        (&said["synced_at"], &said["is_stale"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(said["connector_state"], Value::Null);
    let list = get(&app, &organization, "on-shift/?store=s-1")
        .await
        .expect(StatusCode::OK);
    fits(&list, &shapes::ON_SHIFT);
    assert_eq!(
        (&list["reason"], &list["employees"]),
        (&said["reason"], &json!([]))
    );

    let account = configured(&app, &organization, json!({})).await;
    let (_, shift) = somebody(&app, &organization).await;
    assert_eq!(
        reason(&app, &organization, off, "").await,
        "employee_on_shift"
    );
    // Before their shift they are not, so every other reason keeps a message from being held back.
    let before = format!("&at={}", rfc3339(now(&app) - 3 * HOUR));
    let reason =
        async |more: &str| reason(&app, &organization, off, &format!("{before}{more}")).await;
    assert_eq!(reason("").await, "employee_not_on_shift");
    assert_eq!(reason("&store=s-9").await, "store_not_mapped");
    let nowhere = get(&app, &organization, "on-shift/?store=s-9")
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&nowhere["reason"], &nowhere["employees"]),
        (&json!("store_not_mapped"), &json!([]))
    );
    for days in [-31, 15] {
        let at = format!("&at={}", rfc3339(now(&app) + days * DAY));
        let said = check(&app, &organization, off, &at).await;
        assert_eq!(
            (&said["reason"], &said["is_stale"]),
            (&json!("time_not_covered"), &json!(false))
        );
    }

    // Whatever the connector's trouble is; who is found is shown all the same.
    let id = account["id"].as_str().expect("an id");
    let set = |sql: &str| {
        let changed = app.database().execute(sql, []).expect("it is set");
        assert!(changed > 0, "{sql}");
    };
    for state in ["error", "expired", "revoked"] {
        set(&format!(
            "UPDATE connectors SET state = '{state}' WHERE id = '{id}'"
        ));
        assert_eq!(reason("").await, "connector_not_healthy", "{state}");
        let said = check(&app, &organization, off, "").await;
        assert_eq!(said["connector_state"], state);
        assert_eq!(said["shift"]["seven_shifts_shift_id"], shift.to_string());
        set(&format!(
            "UPDATE connectors SET state = 'active' WHERE id = '{id}'"
        ));
    }
    let act = async |action: &str| {
        let path = format!("/api/connectors/{id}/{action}");
        app.post(&path, &organization.key, json!({}))
            .await
            .expect(StatusCode::OK)
    };
    act("pause").await;
    assert_eq!(reason("").await, "connector_not_healthy");
    let list = get(&app, &organization, "on-shift/?store=s-1")
        .await
        .expect(StatusCode::OK);
    assert_eq!(list["reason"], "connector_not_healthy");
    assert_ne!(list["employees"], json!([]));
    act("resume").await;
    assert_eq!(reason("").await, "employee_not_on_shift");

    // What never came is no reason to hold anything back, on the first day already.
    for stream in ["users", "shifts"] {
        let of_stream = format!("WHERE kind = 'sync' AND subject = '{id}' AND name = '{stream}'");
        let at: i64 = app
            .database()
            .query_row(
                &format!("SELECT last_success_at FROM jobs {of_stream}"),
                [],
                |row| row.get(0),
            )
            .expect("a success");
        set(&format!(
            "UPDATE jobs SET last_success_at = NULL {of_stream}"
        ));
        let said = check(&app, &organization, off, &before).await;
        assert_eq!(said["reason"], "data_stale", "{stream}");
        assert_eq!(
            (&said["synced_at"], &said["is_stale"]),
            (&Value::Null, &json!(true))
        );
        set(&format!(
            "UPDATE jobs SET last_success_at = {at} {of_stream}"
        ));
    }

    // Switched off, nobody is looked up; a store that is not there is an error all the same.
    post(
        &app,
        &organization,
        "configure/",
        json!({"company_id": 4410, "enforce_shift_schedule": false}),
    )
    .await;
    settle(&app).await;
    assert_eq!(reason("&store=s-1").await, "shift_enforcement_disabled");
    stores_are_known(&app, &organization).await;
    let said = check(&app, &organization, off, "").await;
    assert_eq!(
        (&said["employee"], &said["shift"]),
        (&Value::Null, &Value::Null)
    );
    post(
        &app,
        &organization,
        "configure/",
        json!({"company_id": 4410, "enforce_shift_schedule": true}),
    )
    .await;
    settle(&app).await;
    delete(&app, &organization, "disconnect/")
        .await
        .expect(StatusCode::OK);
    let said = check(&app, &organization, off, &before).await;
    assert_eq!(
        (&said["reason"], &said["connector_state"]),
        (&json!("connector_not_healthy"), &json!("disconnected"))
    );
}

/// At fixed times shifts come at 06:00 and 18:00 UTC, and may be six hours late.
#[tokio::test(start_paused = true)]
async fn what_is_too_old_keeps_no_message_back_until_a_sync_has_come() {
    let (app, organization) = ready(453).await;
    let (_, _) = somebody(&app, &organization).await;
    let off = "ada@example.test";
    let before = format!("&at={}", rfc3339(now(&app) - 3 * HOUR));
    let said = check(&app, &organization, off, &before).await;
    assert_eq!(said["reason"], "employee_not_on_shift");
    let status = app.all("/api/sync-status", &organization.key).await;
    let streams = &status[0]["streams"];
    let times =
        ["users", "shifts"].map(|stream| streams[stream]["last_sync_at"].as_str().expect("a time"));
    assert_eq!(
        said["synced_at"].as_str(),
        times.iter().min().copied(),
        "the older of the two"
    );
    let synced_at = chrono::DateTime::parse_from_rfc3339(times[1])
        .expect("a time")
        .timestamp();
    let sleep = async |until: i64| {
        let seconds = (until - now(&app)).max(0).unsigned_abs();
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
    };
    sleep(synced_at + 18 * HOUR - 60).await;
    let said = check(&app, &organization, off, &before).await;
    assert_eq!(
        (&said["reason"], &said["is_stale"]),
        (&json!("employee_not_on_shift"), &json!(false))
    );
    sleep(synced_at + 18 * HOUR + 60).await;
    let said = check(&app, &organization, off, &before).await;
    assert_eq!(
        (&said["reason"], &said["is_stale"]),
        (&json!("data_stale"), &json!(true))
    );
    assert_eq!(said["should_send"], true);
    assert_ne!(said["employee"], Value::Null);
    assert_eq!(said["synced_at"].as_str(), times.iter().min().copied());
    let list = get(&app, &organization, "on-shift")
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&list["reason"], &list["is_stale"]),
        (&json!("data_stale"), &json!(true))
    );
    // Nothing is called too old here that is current by the schedule.
    let status = app.all("/api/sync-status", &organization.key).await;
    assert_eq!(status[0]["streams"]["shifts"]["is_stale"], true);
    settle(&app).await;
    let said = check(&app, &organization, off, &before).await;
    assert_eq!(
        (&said["reason"], &said["is_stale"]),
        (&json!("employee_not_on_shift"), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn people_and_shifts_are_who_and_what_they_are_there() {
    let (app, organization) = ready(454).await;
    let (ada, shift) = somebody(&app, &organization).await;
    let reason = async |email: &str, more: &str| reason(&app, &organization, email, more).await;
    for email in [
        "ada@example.test",
        " ADA@EXAMPLE.TEST\t",
        "Ada@Example.test",
    ] {
        assert_eq!(reason(email, "").await, "employee_on_shift", "{email:?}");
    }
    // The store by the product's id and by ours, in any case.
    let rows = app
        .all("/api/stores?product_ref=s-1", &organization.key)
        .await;
    let id = rows[0]["id"].as_str().expect("an id");
    for store in ["s-1", id, &id.to_uppercase()] {
        assert_eq!(
            reason("ada@example.test", &format!("&store={store}")).await,
            "employee_on_shift"
        );
    }
    assert_eq!(
        reason("ada@example.test", "&store=s-2").await,
        "employee_not_on_shift"
    );
    let said = check(&app, &organization, "ada@example.test", "&store=s-1").await;
    assert_eq!(said["shift"]["store"], "s-1");
    assert_eq!(said["shift"]["store_name"], "Harbourfront");
    assert_eq!(said["employee"]["full_name"], "Ada Lovelace");

    // Until closing: for twelve hours from its start, whatever end it has.
    let edit = |changes: ShiftChanges| {
        change(
            &app,
            Mutation::EditShift {
                id: shift,
                changes,
                publish: true,
            },
        )
    };
    let start = now(&app);
    edit(ShiftChanges {
        start: Some(start),
        end: Some(start + HOUR),
        close: Some(true),
        ..ShiftChanges::default()
    });
    sync(&app, &organization).await;
    for (at, expected) in [
        (start - 1, "employee_not_on_shift"),
        (start, "employee_on_shift"),
        (start + CLOSING, "employee_on_shift"),
        (start + CLOSING + 1, "employee_not_on_shift"),
    ] {
        let more = format!("&at={}", rfc3339(at));
        assert_eq!(
            reason("ada@example.test", &more).await,
            expected,
            "{}",
            at - start
        );
    }
    let said = check(
        &app,
        &organization,
        "ada@example.test",
        &format!("&at={}", rfc3339(start)),
    )
    .await;
    assert_eq!(said["shift"]["is_close"], true);
    assert_eq!(said["shift"]["end_time"], rfc3339(start + HOUR));

    // An open shift is nobody's, and so is one that is not published any more.
    let at = format!("&at={}", rfc3339(start));
    change(&app, Mutation::OpenShift { id: shift });
    sync(&app, &organization).await;
    assert_eq!(
        reason("ada@example.test", &at).await,
        "employee_not_on_shift"
    );
    change(
        &app,
        Mutation::AssignShift {
            id: shift,
            user_id: ada,
        },
    );
    sync(&app, &organization).await;
    assert_eq!(reason("ada@example.test", &at).await, "employee_on_shift");
    change(&app, Mutation::UnpublishShift { id: shift });
    sync(&app, &organization).await;
    assert_eq!(
        reason("ada@example.test", &at).await,
        "employee_not_on_shift"
    );
    // A second person of the address who is at work is enough.
    let place = truth(&app).locations[0].id;
    let add = |first_name: &str, email: &str| {
        let user = NewUser {
            first_name: first_name.to_owned(),
            email: email.to_owned(),
            assignments: Assignments {
                location_ids: [place].into(),
                ..Assignments::default()
            },
            ..NewUser::default()
        };
        let user = change(&app, Mutation::AddUser(user));
        change(
            &app,
            Mutation::AddShift(NewShift {
                location_id: place,
                user_id: Some(user),
                start,
                end: start + HOUR,
                ..NewShift::default()
            }),
        );
        user
    };
    let twin = add("Twin", "ADA@example.test");
    let nameless = add("Nameless", "");
    let accented = add("Élodie", "Élodie@example.test");
    sync(&app, &organization).await;
    let said = check(&app, &organization, "ada@example.test", &at).await;
    assert_eq!(said["reason"], "employee_on_shift");
    assert_eq!(said["employee"]["seven_shifts_id"], twin.to_string());
    for email in ["élodie@example.test", "ÉLODIE@EXAMPLE.TEST"] {
        let said = check(&app, &organization, email, &at).await;
        assert_eq!(
            said["employee"]["seven_shifts_id"],
            accented.to_string(),
            "{email}"
        );
    }
    // Whoever has no address is asked for by the placeholder that the lists show.
    let placeholder = format!("TEMP_7shifts_{nameless}@{}.temp.local", organization.id);
    let said = check(&app, &organization, &placeholder, &at).await;
    assert_eq!(said["reason"], "employee_on_shift", "{said}");
    assert_eq!(said["employee"]["email"], placeholder.to_lowercase());
    let theirs = format!("temp_7shifts_{ada}@{}.temp.local", organization.id);
    assert_eq!(
        reason(&theirs, &at).await,
        "employee_not_in_7shifts",
        "she has an address"
    );
    // Who has left is in 7shifts no more, as the replaced system had it.
    change(&app, Mutation::DeactivateUser { id: twin });
    change(&app, Mutation::DeactivateUser { id: ada });
    sync(&app, &organization).await;
    assert_eq!(
        reason("ada@example.test", &at).await,
        "employee_not_in_7shifts"
    );
    // Nor are people of roles that do not count. It is morning in Toronto, before hosts come.
    let evening = start + 8 * HOUR;
    let hosts = json!({"company_id": 4410, "sync_role_names": ["host"]});
    post(&app, &organization, "configure/", hosts).await;
    settle(&app).await;
    assert_eq!(
        reason("élodie@example.test", &at).await,
        "employee_not_in_7shifts"
    );
    let list = get(
        &app,
        &organization,
        &format!("on-shift?at={}", rfc3339(evening)),
    )
    .await;
    let list = list.expect(StatusCode::OK);
    let hosts = get(&app, &organization, "employees/").await.json();
    let is_host = |entry: &Value| {
        let hosts = hosts.as_array().expect("a list");
        hosts
            .iter()
            .any(|host| host["id"] == entry["employee"]["id"])
    };
    let employees = list["employees"].as_array().expect("a list");
    assert!(
        !employees.is_empty() && employees.iter().all(is_host),
        "{list}"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_about_in_another_organization() {
    let (app, organization) = ready(455).await;
    somebody(&app, &organization).await;
    let other = app.organization("Other", HARBOUR.zone).await;
    let token = json!({"company_id": HARBOUR.company_id, "access_token": HARBOUR.token});
    post(&app, &other, "configure/", token).await;
    settle(&app).await;
    assert_eq!(
        reason(&app, &other, "ada@example.test", "").await,
        "employee_not_in_7shifts"
    );
    // A store of somebody else's is none, by either id.
    let rows = app
        .all("/api/stores?product_ref=s-1", &organization.key)
        .await;
    for store in ["s-1", rows[0]["id"].as_str().expect("an id")] {
        let said = asked(&app, &other, "ada@example.test", &format!("&store={store}")).await;
        texts(&refused(&said, 400), "store");
        let list = get(&app, &other, &format!("on-shift?store={store}")).await;
        texts(&refused(&list, 400), "store");
    }
    // Services and managers may ask, members may not; what names another organization is not found.
    let scoped = async |scope: &str| {
        let body = json!({"name": scope, "scopes": [scope]});
        let key = crate::api::api_key(&app, &organization, body).await;
        key["key"].as_str().expect("a key").to_owned()
    };
    let allowed = [
        app.key(&organization.id, "admin").await,
        scoped("shift-checks:read").await,
    ];
    let refused_keys = [
        (app.key(&organization.id, "member").await, 403),
        (scoped("shifts:read").await, 403),
        (String::new(), 401),
    ];
    for path in ["should-send/?email=ada%40example.test", "on-shift/"] {
        let path = format!("{BASE}/{path}");
        let separator = if path.contains('?') { '&' } else { '?' };
        let named = format!("{path}{separator}organization_id={}", organization.id);
        for key in &allowed {
            app.get(&path, key).await.expect(StatusCode::OK);
            app.get(&named, key).await.expect(StatusCode::OK);
        }
        refused(&app.get(&named, &other.key).await, 404);
        for (key, status) in &refused_keys {
            refused(&app.get(&path, key).await, *status);
        }
    }
    let body = json!({"recipients": [{"email": "ada@example.test"}]});
    let path = format!("{BASE}/should-send/");
    for key in &allowed {
        app.post(&path, key, body.clone())
            .await
            .expect(StatusCode::OK);
    }
    for (key, status) in &refused_keys {
        refused(&app.post(&path, key, body.clone()).await, *status);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_by_its_place() {
    let (app, organization) = ready(456).await;
    let fields = |said: &Value| -> Vec<String> {
        let errors = said["errors"].as_array().into_iter().flatten();
        errors
            .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    for (query, field) in [
        ("", "email"),
        ("email=", "email"),
        ("email=ada", "email"),
        ("email=a%20b%40x", "email"),
        ("email=a%40x&email=b%40x", "email"),
        ("email=a%40x&at=noon", "at"),
        ("email=a%40x&at=2026-09-21", "at"),
        ("email=a%40x&store=unknown", "store"),
        ("email=a%40x&store=", "store"),
        ("email=a%40x&store=%20", "store"),
        ("email=a%40x&at=", "at"),
        ("email=a%40x&store_id=s-1", "store_id"),
        ("email=a%40x&_=1", "_"),
    ] {
        let said = get(&app, &organization, &format!("should-send/?{query}")).await;
        let said = refused(&said, 400);
        assert_eq!(fields(&said), [field], "{query}");
        texts(&said, field);
    }
    // A name that is misspelt does not ask for all stores.
    for query in [
        "at=noon",
        "at=",
        "store=",
        "store=%20",
        "store_id=s-1",
        "_=1",
        "store=unknown",
        "store=0190f3a0-0000-7000-8000-000000000000",
    ] {
        let said = refused(
            &get(&app, &organization, &format!("on-shift/?{query}")).await,
            400,
        );
        assert_eq!(fields(&said), [query.split('=').next().unwrap_or_default()]);
    }
    let send = async |body: Value| post(&app, &organization, "should-send/", body).await;
    let good = json!({"email": "a@x", "store": "s-1"});
    for (body, wrong) in [
        (json!({}), &["/recipients"][..]),
        (json!({"recipients": "a@x"}), &["/recipients"]),
        (json!({"recipients": [good, "a@x"]}), &["/recipients/1"]),
        (
            json!({"recipients": [good, {"store": "s-1"}]}),
            &["/recipients/1/email"],
        ),
        (
            json!({"recipients": [{"email": null}]}),
            &["/recipients/0/email"],
        ),
        (
            json!({"recipients": [good, good, {"email": "a@x", "stor": "s-1"}]}),
            &["/recipients/2/stor"],
        ),
        (json!({"recipients": [good], "when": "now"}), &["/when"]),
        (
            json!({"at": "noon", "recipients": [good, {"email": "x", "store": ""}, good, {"email": "@x"}]}),
            &[
                "/at",
                "/recipients/1/email",
                "/recipients/1/store",
                "/recipients/3/email",
            ],
        ),
        (
            json!({"recipients": [{"email": "a@x", "store": "u-1"}, good, {"email": "b@x", "store": "u-1"}]}),
            &["/recipients/0/store", "/recipients/2/store"],
        ),
    ] {
        let said = refused(&send(body.clone()).await, 400);
        assert_eq!(fields(&said), wrong, "{body}");
        assert!(
            said["detail"]
                .as_str()
                .is_some_and(|detail| detail.starts_with(wrong[0])),
            "{said}"
        );
    }
    let many = |count: usize| json!({"recipients": vec![good.clone(); count]});
    let narrowed = format!("{BASE}/should-send/?store=s-1");
    let said = app.post(&narrowed, &organization.key, many(1)).await;
    assert_eq!(fields(&refused(&said, 400)), ["store"]);
    let said = refused(&send(many(1_001)).await, 400);
    assert_eq!(fields(&said), ["/recipients"]);
    texts(&said, "recipients");
    let said = send(many(1_000)).await.expect(StatusCode::OK);
    assert_eq!(said["answers"].as_array().map(Vec::len), Some(1_000));
    let said = send(many(0)).await.expect(StatusCode::OK);
    assert_eq!(said["answers"], json!([]), "nobody to send to");
    // Null is as good as left out, and a time may have any offset.
    let body = json!({"at": null, "recipients": [{"email": "a@x", "store": null}]});
    send(body).await.expect(StatusCode::OK);
    let body = json!({"at": "2026-09-21T16:13:20.5+02:00", "recipients": []});
    let said = send(body).await.expect(StatusCode::OK);
    assert_eq!(said["at"], "2026-09-21T14:13:20Z");
}

#[derive(Default)]
struct Statements(AtomicUsize);

impl Faults for Statements {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        // Not those by which the caller is known and counted.
        let is_ours = sql.contains("connectors") || sql.contains("team_members");
        if component == "seven-shifts-integration" && is_ours {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        StatementFault::None
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_are_asked_about_by_as_many_statements_as_one() {
    let statements = Arc::new(Statements::default());
    let settings = Settings {
        faults: Some(statements.clone()),
        seed: 457,
        ..Settings::default()
    };
    let accounts = simulators::seven_shifts::demo_data(457, EPOCH);
    let app = App::simulate_with(settings, EPOCH, accounts).await;
    let organization = app.organization("Peak", LAKESHORE.zone).await;
    stores(&app, &organization).await;
    configured(
        &app,
        &organization,
        json!({"sync_role_names": ["Host", "Line Cook"]}),
    )
    .await;
    let recipients: Vec<_> = (0..1_000)
        .map(|number| json!({"email": format!("p{number}@x"), "store": "s-1"}))
        .collect();
    let body = json!({"recipients": recipients});
    statements.0.store(0, Ordering::Relaxed);
    post(&app, &organization, "should-send/", body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(statements.0.swap(0, Ordering::Relaxed), 1);
    check(&app, &organization, "a@x", "&store=s-1").await;
    assert_eq!(statements.0.swap(0, Ordering::Relaxed), 1);
    get(&app, &organization, "on-shift/?store=s-1")
        .await
        .expect(StatusCode::OK);
    assert_eq!(statements.0.load(Ordering::Relaxed), 1);
}
