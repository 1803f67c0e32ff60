//! Connecting, and connecting again: another token, another location, another company, with
//! something wrong in the call, and while a sync is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use runtime::{Faults, StatementFault};
use serde_json::{Value, json};
use simulators::seven_shifts::{Mutation, demo_data};
use simulators::{Fault, FaultRule};
use whole_system::{Answer, App, HARBOUR, LAKESHORE, Organization, Settings, VAULT_KEY};

use super::{EPOCH, change, connector, mirror, pass, restaurant, settle, sync};

async fn connect(app: &App, organization: &Organization, with: Value) -> Answer {
    let mut call =
        json!({"action": "connect", "apiKey": LAKESHORE.token, "companyId": LAKESHORE.company_id});
    for (name, value) in with.as_object().expect("members") {
        call[name.as_str()] = value.clone();
    }
    app.proxy(&organization.key, call).await
}

fn harbour() -> Value {
    json!({"apiKey": HARBOUR.token, "companyId": HARBOUR.company_id})
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_holds_data_is_not_turned_over_to_another_company() {
    let (app, organization, id) = restaurant(61).await;
    let refused = connect(&app, &organization, harbour()).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
    let said = refused.json();
    assert_eq!(said["code"], "UNKNOWN");
    let detail = said["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("integrationKey") && detail.contains("4410") && detail.contains("4420"),
        "{detail}"
    );
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["config"]["company_id"], LAKESHORE.company_id);
    pass(60).await;
    sync(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;

    let mut beside = harbour();
    beside["integrationKey"] = json!("harbour");
    let other = connect(&app, &organization, beside)
        .await
        .expect(StatusCode::OK);
    assert_ne!(other["connector_id"], id);
}

#[tokio::test(start_paused = true)]
async fn the_wrong_company_can_be_put_right_while_nothing_has_come_of_it() {
    let app = App::simulate(62, EPOCH).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    connect(&app, &organization, harbour())
        .await
        .expect(StatusCode::OK);
    connect(&app, &organization, json!({}))
        .await
        .expect(StatusCode::OK);
    settle(&app, &organization).await;
    mirror::assert_equal(&app, &organization).await;
}

/// Live rows of each list that are of another location.
async fn elsewhere(app: &App, organization: &Organization, location_id: i64) -> Vec<usize> {
    let location = location_id.to_string();
    let mut counts = Vec::new();
    for path in [
        "/api/departments",
        "/api/roles",
        "/api/shifts",
        "/api/time-punches",
    ] {
        let rows = app.all(path, &organization.key).await;
        assert!(!rows.is_empty(), "{path} has rows");
        let other = rows
            .iter()
            .filter(|row| row["external_location_id"].as_str() != Some(&location))
            .count();
        counts.push(other);
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn another_location_takes_the_place_of_the_one_before() {
    let (app, organization, _) = restaurant(63).await;
    let locations = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("an account")
        .locations;
    let [first, second] = [locations[0].id, locations[1].id];
    assert!(
        elsewhere(&app, &organization, first).await[2..]
            .iter()
            .all(|count| *count > 20),
        "the brake would hold this back"
    );
    pass(60).await;
    // A sync of all locations is under way when the connector is narrowed to one.
    app.simulator.add_fault(FaultRule::always(
        format!("/v2/company/{}/time_punches", LAKESHORE.company_id),
        Fault::Delay {
            milliseconds: 4_000,
        },
    ));
    app.proxy(
        &organization.key,
        json!({"action": "scheduled_sync", "params": {"force_deletions": true}}),
    )
    .await;
    connect(&app, &organization, json!({"locationId": first}))
        .await
        .expect(StatusCode::OK);
    app.simulator.clear_faults();
    settle(&app, &organization).await;
    assert_eq!(elsewhere(&app, &organization, first).await, [0; 4]);

    connect(&app, &organization, json!({"locationId": second}))
        .await
        .expect(StatusCode::OK);
    settle(&app, &organization).await;
    assert_eq!(elsewhere(&app, &organization, second).await, [0; 4]);

    connect(&app, &organization, json!({}))
        .await
        .expect(StatusCode::OK);
    let runs = settle(&app, &organization).await;
    assert!(
        runs.values().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    mirror::assert_equal(&app, &organization).await;
}

/// To a run that is kept to a location that does not exist, everything would seem to be gone.
#[tokio::test(start_paused = true)]
async fn a_location_that_the_company_does_not_have_is_refused_and_nothing_goes() {
    let (app, organization, _) = restaurant(66).await;
    let before = super::newest_change(&app);
    for location_id in [json!(99_999), json!("99999")] {
        let refused = connect(&app, &organization, json!({"locationId": location_id})).await;
        let said = refused.expect(StatusCode::BAD_REQUEST);
        assert_eq!(said["errors"][0]["field"], "/locationId", "{said}");
    }
    settle(&app, &organization).await;
    assert_eq!(super::newest_change(&app), before);
    mirror::assert_equal(&app, &organization).await;
    // Nor can a connection begin with one.
    let other = app.organization("Elsewhere", LAKESHORE.zone).await;
    connect(&app, &other, json!({"locationId": 99_999}))
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert!(app.all("/api/connectors", &other.key).await.is_empty());
}

/// Fails the statement that asks for runs.
#[derive(Default)]
struct NoRuns(AtomicBool);

impl Faults for NoRuns {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        let asks = component == "seven-shifts-proxy" && sql.contains("requested_params");
        if asks && self.0.load(Ordering::SeqCst) {
            StatementFault::FailBefore("disk I/O error".to_owned())
        } else {
            StatementFault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_again_that_fails_half_way_leaves_the_schedule_as_it_was() {
    let faults = Arc::new(NoRuns::default());
    let settings = Settings {
        seed: 64,
        faults: Some(faults.clone()),
        ..Settings::default()
    };
    let app = App::simulate_with(settings, EPOCH, demo_data(64, EPOCH)).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    let due = || -> Vec<Option<i64>> {
        let database = app.database();
        let mut statement = database
            .prepare("SELECT next_due_at FROM jobs WHERE kind = 'sync' ORDER BY id")
            .expect("jobs");
        let found = statement.query_map([], |row| row.get(0)).expect("jobs");
        found.map(|due| due.expect("a due time")).collect()
    };
    let before = due();
    assert!(before.iter().all(Option::is_some), "{before:?}");
    faults.0.store(true, Ordering::SeqCst);
    let failed = connect(&app, &organization, json!({})).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(due(), before);
}

/// The provider's answer to the old token comes when the connector has a new one already.
#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_the_old_token_does_not_expire_the_new_one() {
    let (app, organization, id) = restaurant(65).await;
    pass(3_600).await;
    change(
        &app,
        Mutation::SetToken {
            token: LAKESHORE.token.to_owned(),
            revoked: true,
        },
    );
    app.simulator.add_fault(
        FaultRule::always(
            "/v2/company/",
            Fault::Delay {
                milliseconds: 4_000,
            },
        )
        .token(LAKESHORE.token),
    );
    let before = connector(&app, &organization, &id).await;
    let again = async {
        pass(1).await;
        connect(&app, &organization, json!({"apiKey": "sim7s_lakeshore_2"}))
            .await
            .expect(StatusCode::OK);
    };
    let call = json!({"action": "scheduled_sync", "streams": ["locations"]});
    tokio::join!(app.proxy(&organization.key, call), again);
    settle(&app, &organization).await;
    let refused = app
        .all("/api/sync-runs?status=failed", &organization.key)
        .await;
    assert_eq!(refused[0]["error_code"], "unauthorized", "{refused:#?}");
    // Not even for a moment: the next run would have mended it.
    let after = connector(&app, &organization, &id).await;
    assert_eq!(after["state"], "active");
    assert_eq!(after["state_changed_at"], before["state_changed_at"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_or_kept_is_refused_by_its_name() {
    let mut app = App::simulate(66, EPOCH).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    let guid = "not-a-guid";
    for (with, field) in [
        (json!({"apiKey": "sekret\nbreak"}), "/apiKey"),
        (json!({"apiKey": "cl\u{e9}"}), "/apiKey"),
        (json!({"apiKey": "k".repeat(8 * 1024 + 1)}), "/apiKey"),
        (json!({"companyGuid": guid}), "/companyGuid"),
        (json!({"companyGuid": "g".repeat(10_000)}), "/companyGuid"),
        (json!({"companyGuid": "line\nbreak"}), "/companyGuid"),
        (json!({"name": ""}), "/name"),
        (json!({"name": "  "}), "/name"),
    ] {
        for action in ["connect", "test_connection"] {
            if field == "/name" && action != "connect" {
                continue;
            }
            let mut with = with.clone();
            with["action"] = json!(action);
            let refused = connect(&app, &organization, with.clone()).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{with}");
            let said = refused.json();
            assert_eq!(said["errors"][0]["field"], field, "{said}");
            assert!(
                !said.to_string().contains("sekret"),
                "the token is not repeated: {said}"
            );
        }
    }
    assert!(app.simulator.requests().is_empty(), "nobody was asked");
    let oauth = json!({"apiKey": "sim7s_harbour_oauth", "companyId": HARBOUR.company_id});
    let said = connect(&app, &organization, oauth).await.json();
    let detail = said["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("`companyGuid`"), "{said}");
    // An empty GUID is none.
    connect(&app, &organization, json!({"companyGuid": ""}))
        .await
        .expect(StatusCode::OK);

    app.runtime.kill().await;
    app.restart(Settings::default().variable("vault_keys", "not a key"))
        .await;
    let refused = connect(&app, &organization, json!({})).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    let said = refused.json();
    assert_eq!(said["code"], "CREDENTIAL_ERROR");
    let detail = said["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("vault is not configured") && detail.contains("vault_keys"),
        "{detail}"
    );
    app.runtime.kill().await;
    app.restart(Settings::default().variable("vault_keys", VAULT_KEY))
        .await;
    connect(&app, &organization, json!({}))
        .await
        .expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_first_sync_reads_as_far_back_as_connecting_says_and_later_the_setting() {
    let app = App::simulate(66, EPOCH).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    let refused = connect(&app, &organization, json!({"params": {"backfill_days": 0}})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        refused.json()["errors"][0]["field"],
        "/params/backfill_days"
    );
    let connected = connect(&app, &organization, json!({"params": {"backfill_days": 7}}))
        .await
        .expect(StatusCode::OK);
    settle(&app, &organization).await;
    let punches = async || app.all("/api/time-punches", &organization.key).await;
    let first = |rows: &[Value]| {
        let times = rows.iter().filter_map(|row| row["clocked_in_at"].as_str());
        times.min().map(str::to_owned).expect("a punch")
    };
    let few = punches().await;
    // 7 days before 21 September 2026.
    assert!(first(&few).as_str() >= "2026-09-14", "{}", first(&few));
    let id = connected["connector_id"].as_str().expect("an id");
    let path = format!("/api/connectors/{id}/sync-settings");
    let deeper = json!({"backfill_days": 90});
    app.request(http::Method::PUT, &path, &organization.key, Some(deeper))
        .await
        .expect(StatusCode::OK);
    pass(60).await;
    sync(&app, &organization).await;
    assert!(punches().await.len() > few.len() * 2);
    mirror::assert_equal(&app, &organization).await;
    // And once is enough.
    pass(60).await;
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["time_punches"]["kind"], "incremental");
}

#[tokio::test(start_paused = true)]
async fn a_connector_of_one_location_shows_nothing_of_the_others() {
    let app = App::simulate(67, EPOCH).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    let truth = app.simulator.provider().truth(LAKESHORE.company_id);
    let locations = truth.expect("the account").locations;
    let (own, other) = (locations[0].id, locations[1].id);
    connect(&app, &organization, json!({}))
        .await
        .expect(StatusCode::OK);
    settle(&app, &organization).await;
    connect(&app, &organization, json!({"locationId": own}))
        .await
        .expect(StatusCode::OK);
    pass(60).await;
    settle(&app, &organization).await;
    let rows = app.all("/api/locations", &organization.key).await;
    let ids: Vec<_> = rows.iter().map(|row| row["external_id"].clone()).collect();
    assert_eq!(ids, [json!(own.to_string())]);
    let get = async |action: &str, location: Option<i64>| {
        let call = json!({"action": action, "locationId": location});
        app.proxy(&organization.key, call).await
    };
    for action in ["get_shifts", "get_time_punches"] {
        let answer = get(action, None).await.expect(StatusCode::OK);
        let rows = answer["data"].as_array().expect("rows");
        assert!(!rows.is_empty(), "{action}");
        assert!(rows.iter().all(|row| row["location_id"] == own), "{action}");
    }
    let shown = get("get_locations", None).await.expect(StatusCode::OK);
    let ids: Vec<_> = shown["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["id"])
        .collect();
    assert_eq!(ids, [&json!(own)]);
    let few = get("get_users", None).await.expect(StatusCode::OK);
    let people = app
        .all("/api/team-members?is_active=true", &organization.key)
        .await;
    assert_eq!(few["data"].as_array().expect("rows").len(), people.len());
    let refused = get("get_shifts", Some(other)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["errors"][0]["field"], "/locationId");
}
