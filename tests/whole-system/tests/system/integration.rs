//! The API of a replaced system under `/api/integrations/7shifts/`, as its front end calls it:
//! paths with and without a slash in the end, members, types, orders and status codes.

mod contract;
mod places;
mod shapes;
mod shift_checks;
mod staff;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};
use whole_system::{Answer, App, HARBOUR, LAKESHORE, OPERATOR_KEY, Organization};

use shapes::fits;

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;
const BASE: &str = "/api/integrations/7shifts";

/// An organization of the system under test, before its account is set up.
async fn account(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Peak", LAKESHORE.zone).await;
    (app, organization)
}

async fn get(app: &App, organization: &Organization, path: &str) -> Answer {
    app.get(&format!("{BASE}/{path}"), &organization.key).await
}

async fn post(app: &App, organization: &Organization, path: &str, body: Value) -> Answer {
    app.post(&format!("{BASE}/{path}"), &organization.key, body)
        .await
}

async fn delete(app: &App, organization: &Organization, path: &str) -> Answer {
    let path = format!("{BASE}/{path}");
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
}

fn token() -> Value {
    json!({"company_id": LAKESHORE.company_id.to_string(), "access_token": LAKESHORE.token})
}

/// Sets the account up and lets everything that was asked for end.
async fn configured(app: &App, organization: &Organization, more: Value) -> Value {
    let mut body = token();
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    let answer = post(app, organization, "configure/", body).await;
    assert!(
        [201, 202].contains(&answer.status.as_u16()),
        "{}",
        answer.json()
    );
    settle(app).await;
    answer.json()
}

/// Ticks until nothing is due.
async fn settle(app: &App) {
    for _ in 0..40 {
        app.tick().await;
        let waiting: i64 = app
            .database()
            .query_row(
                "SELECT count(*) FROM jobs WHERE kind = 'sync' AND (run_id IS NOT NULL OR next_run_id IS NOT NULL)",
                [],
                |row| row.get(0),
            )
            .expect("jobs can be counted");
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
    panic!("runs do not end");
}

/// An error as its callers read it: `error`, beside the problem document.
#[track_caller]
fn refused(answer: &Answer, status: u16) -> Value {
    let said = answer.json();
    assert_eq!(answer.status, status, "{said}");
    assert!(
        said["error"].as_str().is_some_and(|text| !text.is_empty()),
        "{said}"
    );
    assert!(
        said["type"]
            .as_str()
            .is_some_and(|text| text.starts_with("urn:patchbay:problem:")),
        "{said}"
    );
    said
}

/// The texts of a member that is wrong, as that system's forms show them.
#[track_caller]
fn texts<'a>(said: &'a Value, member: &str) -> &'a Vec<Value> {
    let texts = said[member].as_array();
    texts
        .filter(|texts| !texts.is_empty())
        .unwrap_or_else(|| panic!("{member}: {said}"))
}

#[tokio::test(start_paused = true)]
async fn the_operator_names_the_account_and_nothing_else_is_there() {
    let (app, organization) = account(401).await;
    let named = format!("{BASE}/status/?organization_id={}", organization.id);
    app.get(&named, OPERATOR_KEY).await.expect(StatusCode::OK);
    // Methods and paths that are none.
    refused(&get(&app, &organization, "configure/").await, 405);
    refused(&get(&app, &organization, "weather/").await, 404);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_tried_before_it_is_kept() {
    let (app, organization) = account(402).await;
    let test = async |body: Value| post(&app, &organization, "test-connection/", body).await;
    let missing = refused(&test(json!({})).await, 400);
    texts(&missing, "access_token");
    let wrong = refused(&test(json!({"access_token": "nobody's"})).await, 400);
    assert_eq!(wrong["success"], false);
    for company_id in [Value::Null, json!(LAKESHORE.company_id), json!("4410")] {
        let body = json!({"access_token": LAKESHORE.token, "company_id": company_id});
        let good = test(body).await.expect(StatusCode::OK);
        fits(&good, &shapes::TESTED);
        assert_eq!(good["company"]["id"], LAKESHORE.company_id);
    }
    let foreign = json!({"access_token": LAKESHORE.token, "company_id": HARBOUR.company_id});
    let foreign = test(foreign).await.expect(StatusCode::OK);
    fits(&foreign, &shapes::TESTED_WITHOUT_COMPANY);
    texts(
        &refused(
            &test(json!({"access_token": "x", "company_id": "abc"})).await,
            400,
        ),
        "company_id",
    );

    let configure = async |body: Value| post(&app, &organization, "configure/", body).await;
    let said = refused(
        &configure(json!({"access_token": LAKESHORE.token})).await,
        400,
    );
    texts(&said, "company_id");
    let said = refused(&configure(json!({"company_id": "4410"})).await, 400);
    texts(&said, "access_token");
    let wrong = json!({"company_id": "4410", "access_token": "nobody's"});
    refused(&configure(wrong).await, 400);
    let foreign = json!({"company_id": HARBOUR.company_id, "access_token": LAKESHORE.token});
    refused(&configure(foreign).await, 400);
    let mut roles = token();
    roles["sync_role_names"] = json!([""]);
    texts(&refused(&configure(roles).await, 400), "sync_role_names");
    let mut switch = token();
    switch["sync_shifts_enabled"] = json!("yes");
    texts(
        &refused(&configure(switch).await, 400),
        "sync_shifts_enabled",
    );
    // A provider that is down says nothing of the token.
    app.simulator.add_fault(FaultRule::next(
        8,
        "/",
        Fault::status(StatusCode::BAD_GATEWAY),
    ));
    refused(&configure(token()).await, 502);
    app.simulator.clear_faults();
    let status = get(&app, &organization, "status/")
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        status["is_configured"], false,
        "nothing of all that was kept"
    );
    assert!(!app.output.text().contains(LAKESHORE.token));
}

#[tokio::test(start_paused = true)]
async fn an_account_is_set_up_changed_and_disconnected() {
    let (app, organization) = account(403).await;
    let answer = post(&app, &organization, "configure/", token()).await;
    let created = answer.expect(StatusCode::CREATED);
    fits(&created, &shapes::CONFIGURATION);
    assert_eq!(created["account"], organization.id.as_str());
    assert_eq!(created["company_id"], "4410");
    for (member, value) in [
        ("is_active", json!(true)),
        ("is_configured", json!(true)),
        ("sync_employees_enabled", json!(true)),
        ("sync_shifts_enabled", json!(true)),
        ("enforce_shift_schedule", json!(true)),
        ("create_users_without_email", json!(true)),
        ("sync_role_names", json!([])),
    ] {
        assert_eq!(created[member], value, "{member}");
    }
    fits(&created["last_sync_status"], &shapes::LAST_SYNC);
    settle(&app).await;
    let status = get(&app, &organization, "status/")
        .await
        .expect(StatusCode::OK);
    fits(&status, &shapes::STATUS);
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    let active = truth.users.iter().filter(|user| user.active).count();
    assert_eq!(status["employee_count"], active);
    let now = app
        .clock
        .as_ref()
        .map(|clock| runtime::Clock::wall(&**clock).as_secs() as i64);
    let upcoming = truth
        .shifts
        .iter()
        .filter(|shift| {
            Some(shift.details.start) >= now && Some(shift.details.start - 14 * 86_400) <= now
        })
        .filter(|shift| shift.details.user_id.is_some())
        .count();
    assert_eq!(status["upcoming_shifts_count"], upcoming);
    // People and shifts, and what they refer to: nothing else is asked for.
    let settings = format!(
        "/api/connectors/{}/sync-settings",
        created["id"].as_str().expect("an id")
    );
    let settings = app
        .get(&settings, &organization.key)
        .await
        .expect(StatusCode::OK);
    for (stream, enabled) in [
        ("users", true),
        ("assignments", true),
        ("shifts", true),
        ("locations", true),
        ("roles", true),
        ("time_punches", false),
        ("wages", false),
        ("availability", false),
        ("time_off", false),
    ] {
        assert_eq!(settings["streams"][stream]["enabled"], enabled, "{stream}");
    }
    assert_eq!(settings["schedule"], "fixed_times");

    // Again, without the token: what is left out stays.
    let change = json!({"company_id": 4410, "enforce_shift_schedule": false, "sync_shifts_enabled": false,
        "sync_role_names": ["Line Cook"], "create_users_without_email": false});
    let changed = post(&app, &organization, "configure/", change)
        .await
        .expect(StatusCode::OK);
    fits(&changed, &shapes::CONFIGURATION);
    assert_eq!(changed["id"], created["id"]);
    assert_eq!(changed["enforce_shift_schedule"], false);
    assert_eq!(changed["sync_shifts_enabled"], false);
    assert_eq!(changed["sync_employees_enabled"], true);
    assert_eq!(changed["sync_role_names"], json!(["Line Cook"]));
    let same = post(
        &app,
        &organization,
        "configure/",
        json!({"company_id": "4410"}),
    )
    .await;
    assert_eq!(
        same.expect(StatusCode::OK)["sync_role_names"],
        json!(["Line Cook"])
    );
    // The data of one company is never mixed with another's, and a refusal changes nothing.
    let other = json!({"company_id": HARBOUR.company_id, "access_token": HARBOUR.token,
        "sync_employees_enabled": false, "enforce_shift_schedule": true});
    texts(
        &refused(&post(&app, &organization, "configure/", other).await, 400),
        "company_id",
    );
    let status = get(&app, &organization, "status/")
        .await
        .expect(StatusCode::OK);
    assert_eq!(status["sync_employees_enabled"], true);
    assert_eq!(status["enforce_shift_schedule"], false);
    // A pause stays one, whatever is set meanwhile.
    let connector = format!("/api/connectors/{}", created["id"].as_str().expect("an id"));
    let pause = app
        .post(&format!("{connector}/pause"), &organization.key, json!({}))
        .await;
    pause.expect(StatusCode::OK);
    let paused = json!({"company_id": 4410, "enforce_shift_schedule": true});
    let paused = post(&app, &organization, "configure/", paused).await;
    assert_eq!(paused.expect(StatusCode::OK)["is_active"], false);
    refused(&post(&app, &organization, "sync/", json!({})).await, 400);
    let resume = app
        .post(&format!("{connector}/resume"), &organization.key, json!({}))
        .await;
    resume.expect(StatusCode::OK);
    // Who may not switch streams may not do it here.
    let admin = app.key(&organization.id, "admin").await;
    let switch = json!({"company_id": 4410, "sync_shifts_enabled": true});
    let path = format!("{BASE}/configure/");
    refused(&app.post(&path, &admin, switch).await, 403);

    let done = delete(&app, &organization, "disconnect/")
        .await
        .expect(StatusCode::OK);
    fits(&done, &shapes::DONE);
    delete(&app, &organization, "disconnect")
        .await
        .expect(StatusCode::OK);
    let status = get(&app, &organization, "status/")
        .await
        .expect(StatusCode::OK);
    fits(&status, &shapes::STATUS);
    assert_eq!(status["is_active"], false);
    assert_ne!(status["employee_count"], 0, "the data stays");
    refused(&post(&app, &organization, "sync/", json!({})).await, 400);
    refused(&get(&app, &organization, "locations/").await, 400);
    // The token is gone with it.
    let without = post(
        &app,
        &organization,
        "configure/",
        json!({"company_id": "4410"}),
    )
    .await;
    texts(&refused(&without, 400), "access_token");
    let again = post(&app, &organization, "configure/", token()).await;
    assert_eq!(again.expect(StatusCode::OK)["is_active"], true);
}

#[tokio::test(start_paused = true)]
async fn a_sync_now_says_what_it_brought_or_why_it_did_not() {
    let (app, organization) = account(404).await;
    configured(&app, &organization, json!({})).await;
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    let sync = async |body: Value| post(&app, &organization, "sync/", body).await;

    let employees = sync(json!({"sync_type": "employees"}))
        .await
        .expect(StatusCode::OK);
    fits(&employees, &shapes::EMPLOYEES_SYNCED);
    assert_eq!(employees["result"]["employees_synced"], truth.users.len());
    let mapping = &employees["result"]["user_mapping"];
    assert_eq!(mapping["mapped"], 0);
    assert_eq!(mapping["created"], 0);
    let active = truth.users.iter().filter(|user| user.active);
    assert_eq!(mapping["total_unmapped"], active.clone().count());
    let without = active.filter(|user| user.email.is_empty()).count();
    assert_eq!(mapping["temp_email_count"], without);
    settle(&app).await;
    let shifts = sync(json!({"sync_type": "shifts"}))
        .await
        .expect(StatusCode::OK);
    fits(&shifts, &shapes::SHIFTS_SYNCED);
    settle(&app).await;
    for body in [json!({"sync_type": "full"}), json!({})] {
        let full = sync(body).await.expect(StatusCode::OK);
        fits(&full, &shapes::FULLY_SYNCED);
        settle(&app).await;
    }
    texts(
        &refused(&sync(json!({"sync_type": "weather"})).await, 400),
        "sync_type",
    );

    // Every sync is in the log once, the newest first.
    let log = get(&app, &organization, "sync-logs/")
        .await
        .expect(StatusCode::OK);
    fits(&log, &shapes::SYNC_LOGS);
    let log = log.as_array().expect("an array");
    for entry in log {
        assert_eq!(entry["status"], "SUCCESS", "{entry}");
    }
    let types: Vec<_> = log
        .iter()
        .map(|entry| entry["sync_type"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(types, ["FULL", "FULL", "SHIFTS", "EMPLOYEES", "FULL"]);
    assert!(
        log.windows(2)
            .all(|pair| pair[0]["started_at"].as_str() >= pair[1]["started_at"].as_str())
    );

    // Down for good: the reason, and 500 as that system had it.
    app.simulator
        .provider()
        .mutate(
            LAKESHORE.company_id,
            simulators::seven_shifts::Mutation::SetPlan {
                resource: simulators::seven_shifts::Resource::Shifts,
                included: false,
            },
        )
        .expect("possible");
    let failed = refused(&sync(json!({"sync_type": "shifts"})).await, 500);
    assert!(
        failed["error"]
            .as_str()
            .is_some_and(|text| text.starts_with("Sync failed: ")),
        "{failed}"
    );
    settle(&app).await;
    let log = get(&app, &organization, "sync-logs/")
        .await
        .expect(StatusCode::OK);
    assert_eq!(log[0]["status"], "FAILED");
    assert_ne!(log[0]["error_details"], json!([]));
    assert_eq!(log[0]["errors_count"], 1);
    let status = get(&app, &organization, "status/")
        .await
        .expect(StatusCode::OK);
    assert_eq!(status["last_sync_status"]["status"], "FAILED");
    // People go on, and a full sync says what it brought and what it did not.
    let half = sync(json!({})).await.expect(StatusCode::OK);
    assert_eq!(half["result"]["employees"]["errors_count"], 0);
    assert_eq!(half["result"]["shifts"]["errors_count"], 1);
    assert_ne!(half["result"]["shifts"]["errors"], json!([]));
    settle(&app).await;
    sync(json!({"sync_type": "employees"}))
        .await
        .expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_takes_longer_than_five_seconds_goes_on_by_its_name() {
    let (app, organization) = account(405).await;
    app.simulator.add_fault(FaultRule::always(
        "/",
        Fault::Delay {
            milliseconds: 2_500,
        },
    ));
    let answer = post(&app, &organization, "configure/", token()).await;
    let said = answer.expect(StatusCode::ACCEPTED);
    fits(&said, &shapes::CONFIGURING);
    let sync = post(&app, &organization, "sync/", json!({})).await;
    let sync = sync.expect(StatusCode::ACCEPTED);
    fits(&sync, &shapes::SYNCING);
    app.simulator.clear_faults();
    settle(&app).await;
    let path = format!("/api/sync-runs/{}", sync["run_id"].as_str().expect("an id"));
    let run = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(run["status"], "success");
    for _ in 0..25 {
        post(
            &app,
            &organization,
            "sync/",
            json!({"sync_type": "employees"}),
        )
        .await
        .expect(StatusCode::OK);
        settle(&app).await;
    }
    let log = get(&app, &organization, "sync-logs")
        .await
        .expect(StatusCode::OK);
    assert_eq!(log.as_array().map(Vec::len), Some(20));
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_a_disconnection_ends_is_one_entry_of_the_log() {
    let (app, organization) = account(406).await;
    configured(&app, &organization, json!({})).await;
    let before = get(&app, &organization, "sync-logs/").await.json();
    app.simulator.add_fault(FaultRule::always(
        "/",
        Fault::Delay {
            milliseconds: 2_500,
        },
    ));
    let sync = post(&app, &organization, "sync/", json!({})).await;
    sync.expect(StatusCode::ACCEPTED);
    delete(&app, &organization, "disconnect/")
        .await
        .expect(StatusCode::OK);
    app.simulator.clear_faults();
    let log = get(&app, &organization, "sync-logs/").await.json();
    let entries = |log: &Value| log.as_array().map_or(0, Vec::len);
    assert_eq!(entries(&log), entries(&before) + 1, "{log:#}");
    assert_eq!(log[0]["sync_type"], "FULL");
    assert_ne!(log[0]["status"], "SUCCESS");
    assert_ne!(log[0]["error_details"], json!([]));
}
