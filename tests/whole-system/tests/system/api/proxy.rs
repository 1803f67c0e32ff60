//! The proxy, as the callers of the replaced system know it.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};
use whole_system::{Answer, App, HARBOUR, LAKESHORE, OPERATOR_KEY, Organization, Settings};

use super::{EPOCH, connector, fields, problem, raw, token_of};

#[track_caller]
pub fn refused(answer: &Answer, status: u16, code: &str) -> Value {
    let said = answer.json();
    assert_eq!(answer.status, status, "{said}");
    assert_eq!(said["code"], code, "{said}");
    assert_eq!(said["error"], said["detail"]);
    said
}

async fn health(app: &App, organization: &Organization) -> Value {
    app.proxy(&organization.key, json!({"action": "health_check"}))
        .await
        .expect(StatusCode::OK)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_done_gets_the_code_that_its_caller_knows() {
    let app = App::simulate(71, EPOCH).await;
    let organization = app.organization("Codes", "America/Toronto").await;
    let proxy = |call: Value| app.proxy(&organization.key, call);

    refused(&proxy(json!({})).await, 400, "MISSING_ACTION");
    refused(&proxy(json!({"action": null})).await, 400, "MISSING_ACTION");
    refused(&proxy(json!({"action": ""})).await, 400, "MISSING_ACTION");
    let unknown = refused(
        &proxy(json!({"action": "drop_tables"})).await,
        400,
        "UNKNOWN_ACTION",
    );
    refused(
        &proxy(json!({"action": "connect"})).await,
        400,
        "MISSING_AUTH",
    );
    refused(
        &proxy(json!({"action": "connect", "apiKey": "  "})).await,
        400,
        "MISSING_AUTH",
    );
    for action in [
        "test_connection",
        "scheduled_sync",
        "get_shifts",
        "get_users",
        "get_time_punches",
        "get_locations",
        "get_roles",
        "get_departments",
        "preview_shifts",
        "get_user_wages",
        "get_user_assignments",
        "get_assignments",
        "get_availabilities",
        "get_time_off",
        "get_labor_settings",
        "list_webhooks",
        "repair_webhooks",
        "delete_webhooks",
    ] {
        assert!(unknown["detail"].as_str().unwrap().contains(action));
        refused(
            &proxy(json!({"action": action, "userId": 881_001})).await,
            404,
            "NO_CREDENTIALS",
        );
    }
    let none = health(&app, &organization).await;
    assert_eq!(none["status"], "error");
    assert_eq!(none["error_code"], "NO_CREDENTIALS");
    let method = app
        .get("/functions/v1/7shifts-proxy", &organization.key)
        .await;
    refused(&method, 405, "UNKNOWN");
    assert_eq!(method.headers["allow"], "POST");

    app.connect(&organization, LAKESHORE).await;
    for (field, call) in [
        (
            "/companyId",
            json!({"action": "connect", "apiKey": "x", "companyId": "abc"}),
        ),
        (
            "/companyId",
            json!({"action": "connect", "apiKey": "x", "companyId": -1}),
        ),
        (
            "/companyId",
            json!({"action": "connect", "apiKey": "x", "companyId": {}}),
        ),
        ("/apiKey", json!({"action": "connect", "apiKey": 7})),
        (
            "/integrationKey",
            json!({"action": "connect", "apiKey": LAKESHORE.token, "integrationKey": "a b"}),
        ),
        (
            "/integrationKey",
            json!({"action": "connect", "apiKey": LAKESHORE.token, "integrationKey": "k".repeat(65)}),
        ),
        (
            "/locationId",
            json!({"action": "get_shifts", "locationId": "here"}),
        ),
        (
            "/params/limit",
            json!({"action": "get_shifts", "params": {"limit": 0}}),
        ),
        (
            "/params/limit",
            json!({"action": "get_shifts", "params": {"limit": 501}}),
        ),
        (
            "/params/limit",
            json!({"action": "get_shifts", "params": {"limit": "ten"}}),
        ),
        (
            "/params/startDate",
            json!({"action": "get_shifts", "params": {"startDate": "last week"}}),
        ),
        (
            "/params/endDate",
            json!({"action": "get_time_punches", "params": {"endDate": "2026-02-30"}}),
        ),
        (
            "/params/sync_window_hours",
            json!({"action": "scheduled_sync", "params": {"sync_window_hours": 0}}),
        ),
        ("/params", json!({"action": "get_shifts", "params": 7})),
        (
            "/streams",
            json!({"action": "scheduled_sync", "streams": []}),
        ),
        (
            "/streams",
            json!({"action": "scheduled_sync", "streams": "shifts"}),
        ),
        (
            "/streams/1",
            json!({"action": "scheduled_sync", "streams": ["shifts", "weather"]}),
        ),
        (
            "/streams/0",
            json!({"action": "scheduled_sync", "streams": ["payroll"]}),
        ),
    ] {
        let answer = proxy(call.clone()).await;
        assert_eq!(answer.status, 400, "{call}: {:?}", answer.body);
        assert_eq!(fields(&answer), [field], "{call}");
        assert!(answer.json()["code"].is_string());
    }
    // What the call does not know it ignores, as it always did.
    let call = json!({"action": "get_locations", "userAgent": "v6", "params": {"draft": true}, "nested": {"deep": [1]}});
    proxy(call).await.expect(StatusCode::OK);
    // A caller of the embedding product, and one without a content type.
    let token = token_of(&organization.id, "admin");
    app.proxy(
        &token,
        json!({"action": "health_check", "organizationId": organization.id}),
    )
    .await
    .expect(StatusCode::OK);
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    raw(
        &app,
        Method::POST,
        "/functions/v1/7shifts-proxy",
        &headers,
        r#"{"action":"health_check"}"#,
    )
    .await
    .expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_before_or_below_the_actions_has_a_code_too() {
    let mut app = App::simulate(77, EPOCH).await;
    let (organization, _) = app.synced("Below", LAKESHORE).await;
    let path = "/functions/v1/7shifts-proxy";
    for key in ["", "pb_live_nobody"] {
        let call = json!({"action": "health_check"});
        refused(&app.post(path, key, call).await, 401, "UNKNOWN");
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = app
            .request(method, path, &organization.key, Some(json!({})))
            .await;
        refused(&answer, 405, "UNKNOWN");
        assert_eq!(answer.headers["allow"], "POST");
    }
    let large = json!({"action": "health_check", "name": "x".repeat(256 * 1024)});
    refused(&app.proxy(&organization.key, large).await, 413, "UNKNOWN");
    // A setting that nobody can work with is ours to mend, whatever the action.
    for (variable, value, actions, code) in [
        (
            "seven_shifts_requests_per_second",
            "many",
            ["get_users", "test_connection", "connect"],
            "INTERNAL_ERROR",
        ),
        (
            "vault_keys",
            "no key",
            ["get_users", "test_connection", "connect"],
            "CREDENTIAL_ERROR",
        ),
    ] {
        app.runtime.kill().await;
        app.restart(Settings::default().variable(variable, value))
            .await;
        let asked = app.simulator.requests().len();
        for action in actions {
            let mut call = json!({"action": action});
            if action == "connect" {
                call["apiKey"] = json!(LAKESHORE.token);
                call["companyId"] = json!(LAKESHORE.company_id);
            }
            let said = refused(&app.proxy(&organization.key, call).await, 500, code);
            assert!(
                said["detail"].as_str().unwrap().contains(variable),
                "{action}: {said}"
            );
        }
        assert_eq!(app.simulator.requests().len(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_tries_the_token_and_stores_nothing_that_does_not_work() {
    let app = App::simulate(72, EPOCH).await;
    let organization = app.organization("Connects", "America/Toronto").await;
    let connect = |call: Value| {
        let mut call = call;
        call["action"] = json!("connect");
        app.proxy(&organization.key, call)
    };
    let wrong = connect(json!({"apiKey": "sim7s_nobody", "companyId": 4410})).await;
    refused(&wrong, 502, "AUTH_EXPIRED");
    let unnamed = connect(json!({"apiKey": "sim7s_nobody"})).await;
    refused(&unnamed, 502, "AUTH_EXPIRED");
    let foreign =
        connect(json!({"apiKey": LAKESHORE.token, "companyId": HARBOUR.company_id})).await;
    refused(&foreign, 502, "AUTH_EXPIRED");
    let said = foreign.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        said.contains("does not belong to company") && !said.contains("plan"),
        "{said}"
    );
    let odd = connect(json!({"apiKey": "line\nbreak", "companyId": 4410})).await;
    assert!(
        odd.status.is_client_error() || odd.status == 500 || odd.status == 502,
        "{}",
        odd.status
    );
    assert_eq!(app.all("/api/connectors", &organization.key).await.len(), 0);

    // The company is found through the token, or named as text or as a number.
    let found = connect(json!({"apiKey": LAKESHORE.token}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(found["company"]["id"], LAKESHORE.company_id);
    assert_eq!(found["success"], true);
    assert_eq!(
        found["run_ids"].as_object().unwrap().len(),
        api::routes::SEVEN_SHIFTS_STREAMS.len()
    );
    let id = found["connector_id"].as_str().unwrap();
    for company in [json!("4410"), json!(4410), json!(" 4410 ")] {
        let again = connect(json!({"apiKey": LAKESHORE.token, "companyId": company}))
            .await
            .expect(StatusCode::OK);
        assert_eq!(
            again["connector_id"], id,
            "connecting again is not a second connector"
        );
    }
    let shown = connector(&app, &organization, id).await;
    assert_eq!(shown["state"], "active");
    assert_eq!(shown["config"]["company_id"], LAKESHORE.company_id);
    assert!(!shown.to_string().contains(LAKESHORE.token));
    // A second account beside the first, under a key of its own.
    let second =
        connect(json!({"apiKey": HARBOUR.token, "integrationKey": "harbour", "name": "Sydney"}))
            .await
            .expect(StatusCode::OK);
    assert_ne!(second["connector_id"], id);
    app.tick().await.expect(StatusCode::OK);
    app.tick().await.expect(StatusCode::OK);
    let named = json!({"action": "test_connection", "integrationKey": "harbour"});
    let tested = app
        .proxy(&organization.key, named)
        .await
        .expect(StatusCode::OK);
    assert_eq!(tested["company"]["id"], HARBOUR.company_id);
    let direct =
        json!({"action": "test_connection", "apiKey": LAKESHORE.token, "companyId": "4410"});
    let tested = app
        .proxy(&organization.key, direct)
        .await
        .expect(StatusCode::OK);
    assert_eq!(tested["company"]["name"], "Lakeshore Kitchens");
    let bad = json!({"action": "test_connection", "apiKey": "sim7s_nobody", "companyId": "4410"});
    refused(
        &app.proxy(&organization.key, bad).await,
        502,
        "AUTH_EXPIRED",
    );

    // Another token of the same account: the rows stay the same rows.
    let before: Vec<_> = app
        .all("/api/locations?include_deleted=true", &organization.key)
        .await;
    connect(json!({"apiKey": "sim7s_lakeshore_2", "companyId": 4410}))
        .await
        .expect(StatusCode::OK);
    app.tick().await.expect(StatusCode::OK);
    assert_eq!(
        app.all("/api/locations?include_deleted=true", &organization.key)
            .await,
        before
    );
}

#[tokio::test(start_paused = true)]
async fn a_health_check_is_always_200_and_says_what_is_wrong() {
    let app = App::simulate(73, EPOCH).await;
    let (organization, _) = app.synced("Health", LAKESHORE).await;
    assert_eq!(health(&app, &organization).await["status"], "active");
    let fault = |status: u16| Fault::status(StatusCode::from_u16(status).unwrap());
    for (fault, status, code) in [
        (fault(401), "expired", "AUTH_EXPIRED"),
        (fault(403), "expired", "AUTH_EXPIRED"),
        (fault(404), "error", "API_ERROR"),
        (fault(500), "error", "API_ERROR"),
        (Fault::too_many_requests(Some(1)), "error", "API_ERROR"),
        (Fault::reset(), "error", "API_ERROR"),
        (Fault::truncate(), "error", "API_ERROR"),
        (Fault::WrongJson, "error", "API_ERROR"),
        (Fault::WrongShape, "error", "API_ERROR"),
        (Fault::NoAnswer, "error", "API_ERROR"),
    ] {
        let name = format!("{fault:?}");
        app.simulator.add_fault(FaultRule::always("/v2", fault));
        let checked = health(&app, &organization).await;
        assert_eq!(checked["status"], status, "{name}: {checked}");
        assert_eq!(checked["error_code"], code, "{name}");
        assert!(
            checked["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty() && !detail.contains(LAKESHORE.token))
        );
        app.simulator.clear_faults();
        app.clock.as_ref().unwrap().jump(120_000);
    }
    assert_eq!(health(&app, &organization).await["status"], "active");
}

#[tokio::test(start_paused = true)]
async fn the_lists_come_in_the_providers_own_form_without_what_is_private() {
    let app = App::simulate(74, EPOCH).await;
    let organization = app.organization("Lists", "America/Toronto").await;
    app.connect(&organization, LAKESHORE).await;
    for (action, member) in [
        ("get_shifts", "start"),
        ("get_users", "first_name"),
        ("get_time_punches", "clocked_in"),
        ("get_locations", "timezone"),
        ("get_roles", "name"),
        ("get_departments", "name"),
    ] {
        let call = json!({"action": action, "params": {"limit": 3}});
        let rows = app
            .proxy(&organization.key, call)
            .await
            .expect(StatusCode::OK);
        let rows = rows["data"].as_array().unwrap().clone();
        assert!(!rows.is_empty() && rows.len() <= 3, "{action}");
        for row in rows {
            assert!(row.get(member).is_some(), "{action}: {row}");
            let private = [
                "punch_id",
                "hourly_wage",
                "wage_type",
                "birth_date",
                "address",
                "city",
                "postal_zip",
                "skill_level",
                "max_weekly_hours",
                "last_login",
            ];
            // Of places the city is no secret.
            let private = private
                .into_iter()
                .filter(|member| action == "get_users" || !["address", "city"].contains(member));
            for private in private {
                assert!(row.get(private).is_none(), "{action} shows {private}");
            }
        }
    }
    let window = json!({"action": "get_shifts", "params": {"startDate": "2026-09-20", "endDate": "2026-09-20"}});
    let rows = app
        .proxy(&organization.key, window)
        .await
        .expect(StatusCode::OK);
    for row in rows["data"].as_array().unwrap() {
        assert!(
            row["start"].as_str().unwrap().starts_with("2026-09-20"),
            "{row}"
        );
    }
    for (fault, status, code) in [
        (Fault::status(StatusCode::UNAUTHORIZED), 502, "AUTH_EXPIRED"),
        (
            Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
            502,
            "UNKNOWN",
        ),
        (Fault::WrongJson, 502, "UNKNOWN"),
        (Fault::too_many_requests(Some(30)), 429, "RATE_LIMITED"),
    ] {
        app.simulator.add_fault(FaultRule::always("/v2", fault));
        let answer = app
            .proxy(&organization.key, json!({"action": "get_users"}))
            .await;
        refused(&answer, status, code);
        assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
        app.simulator.clear_faults();
        app.clock.as_ref().unwrap().jump(120_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sync_on_demand_answers_with_its_results_or_with_the_runs_to_ask_for() {
    let app = App::simulate(75, EPOCH).await;
    let (organization, id) = app.synced("Demand", LAKESHORE).await;
    let call = json!({"action": "scheduled_sync", "streams": ["locations", "users", "users"], "params": {"sync_window_hours": 24}});
    let done = app
        .proxy(&organization.key, call)
        .await
        .expect(StatusCode::OK);
    assert_eq!(done["finished"], true);
    let streams: Vec<_> = done["results"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(streams, ["locations", "users"]);
    for (stream, result) in done["results"].as_object().unwrap() {
        assert_eq!(result["status"], "success", "{stream}: {done}");
        let run = done["run_ids"][stream].as_str().unwrap();
        let run = app
            .get(&format!("/api/sync-runs/{run}"), &organization.key)
            .await
            .expect(StatusCode::OK);
        assert_eq!(run["trigger"], "manual");
        assert_eq!(run["stream"], stream.as_str());
        assert!(run["finished_at"].is_string());
    }
    assert!(done["next_sync_at"].is_string());

    app.simulator.add_fault(FaultRule::always(
        "/v2",
        Fault::Delay {
            milliseconds: 7_000,
        },
    ));
    let slow = app
        .proxy(
            &organization.key,
            json!({"action": "scheduled_sync", "streams": ["roles"]}),
        )
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(slow["finished"], false);
    // It is named before its first page has come.
    let queued = slow["run_ids"]["roles"].as_str().unwrap();
    let queued = app
        .get(&format!("/api/sync-runs/{queued}"), &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&queued["status"], &queued["trigger"], &queued["stream"]),
        (&json!("queued"), &json!("manual"), &json!("roles")),
        "{queued:#}"
    );
    let other = app.organization("Curious", "America/Toronto").await;
    let path = format!("/api/sync-runs/{}", queued["id"].as_str().unwrap());
    assert_eq!(app.get(&path, &other.key).await.status, 404);
    let took = slow["duration_ms"].as_i64().unwrap();
    assert!((5_000..6_500).contains(&took), "{took}");
    app.simulator.clear_faults();
    let run = slow["run_ids"]["roles"].as_str().unwrap();
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        app.tick().await.expect(StatusCode::OK);
        let run = app
            .get(&format!("/api/sync-runs/{run}"), &organization.key)
            .await
            .expect(StatusCode::OK);
        if run["finished_at"].is_string() {
            break;
        }
    }
    let run = app
        .get(&format!("/api/sync-runs/{run}"), &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(run["status"], "success", "{run}");

    let settings = format!("/api/connectors/{id}/sync-settings");
    let off = json!({"streams": {"roles": {"enabled": false}}});
    app.request(Method::PUT, &settings, &organization.key, Some(off))
        .await
        .expect(StatusCode::OK);
    let answer = app
        .proxy(
            &organization.key,
            json!({"action": "scheduled_sync", "streams": ["roles"]}),
        )
        .await;
    assert_eq!(fields(&answer), ["/streams/0"]);
    let all = app
        .proxy(&organization.key, json!({"action": "scheduled_sync"}))
        .await;
    assert!(
        all.json()["run_ids"].get("roles").is_none(),
        "{:?}",
        all.body
    );

    app.post(
        &format!("/api/connectors/{id}/pause"),
        &organization.key,
        json!({}),
    )
    .await
    .expect(StatusCode::OK);
    let paused = app
        .proxy(&organization.key, json!({"action": "scheduled_sync"}))
        .await;
    refused(&paused, 409, "UNKNOWN");
}

#[tokio::test(start_paused = true)]
async fn pausing_keeps_everything_and_disconnecting_keeps_all_but_the_token() {
    let app = App::simulate(76, EPOCH).await;
    let (organization, id) = app.synced("States", LAKESHORE).await;
    let act = async |verb: &str| {
        let path = format!("/api/connectors/{id}/{verb}");
        app.request(Method::POST, &path, &organization.key, None)
            .await
    };
    let credentials = || -> i64 {
        app.database()
            .query_row("SELECT count(*) FROM credentials", [], |row| row.get(0))
            .unwrap()
    };
    let rows = app.all("/api/shifts", &organization.key).await;
    for _ in 0..2 {
        assert_eq!(act("pause").await.expect(StatusCode::OK)["state"], "paused");
    }
    let runs = app.all("/api/sync-runs", &organization.key).await.len();
    tokio::time::sleep(std::time::Duration::from_secs(2 * 86_400)).await;
    app.tick().await.expect(StatusCode::OK);
    assert_eq!(
        app.all("/api/sync-runs", &organization.key).await.len(),
        runs,
        "a paused connector ran"
    );
    assert_eq!(credentials(), 1);
    for _ in 0..2 {
        assert_eq!(
            act("resume").await.expect(StatusCode::OK)["state"],
            "active"
        );
    }
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        app.tick().await.expect(StatusCode::OK);
        if app.all("/api/sync-runs", &organization.key).await.len() > runs {
            break;
        }
    }
    assert!(
        app.all("/api/sync-runs", &organization.key).await.len() > runs,
        "a resumed connector does not run"
    );

    for _ in 0..2 {
        let gone = act("disconnect").await.expect(StatusCode::OK);
        assert_eq!(gone["state"], "disconnected");
        assert!(gone["state_reason"].as_str().unwrap().contains("connect"));
    }
    assert_eq!(credentials(), 0);
    assert!(
        app.all("/api/shifts?include_deleted=true", &organization.key)
            .await
            .len()
            >= rows.len()
    );
    super::problem(&act("pause").await, 409, "conflict");
    super::problem(&act("resume").await, 409, "conflict");
    refused(
        &app.proxy(&organization.key, json!({"action": "get_users"}))
            .await,
        404,
        "NO_CREDENTIALS",
    );
    refused(
        &app.proxy(&organization.key, json!({"action": "scheduled_sync"}))
            .await,
        404,
        "NO_CREDENTIALS",
    );
    let ids = |rows: &[Value]| -> std::collections::BTreeSet<String> {
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = ids(&app.all("/api/shifts", &organization.key).await);
    assert_eq!(app.connect(&organization, LAKESHORE).await, id);
    app.tick().await.expect(StatusCode::OK);
    let after = ids(&app
        .all("/api/shifts?include_deleted=true", &organization.key)
        .await);
    assert!(
        before.is_subset(&after),
        "reconnecting made new rows of old ones"
    );
    assert_eq!(connector(&app, &organization, &id).await["state"], "active");
}

#[tokio::test(start_paused = true)]
async fn the_operator_is_told_which_member_names_the_organization() {
    let app = App::simulate(79, EPOCH).await;
    let organization = app.organization("Named", "America/Toronto").await;
    let unnamed = app
        .proxy(
            OPERATOR_KEY,
            json!({"action": "health_check", "params": null}),
        )
        .await;
    assert_eq!(unnamed.status, 400);
    assert_eq!(fields(&unnamed), ["/organizationId"]);
    let call = json!({"action": "health_check", "organizationId": organization.id, "params": null});
    let health = app.proxy(OPERATOR_KEY, call).await.expect(StatusCode::OK);
    assert_eq!(health["error_code"], "NO_CREDENTIALS");
    // What no organization has is not shown as an organization that has nothing.
    let mistyped = "01a2141a-0000-785d-aab7-aaef4afc2511";
    for list in ["shifts", "connectors", "api-keys", "sync-runs", "wages"] {
        let path = format!("/api/{list}?organization_id={mistyped}");
        problem(&app.get(&path, OPERATOR_KEY).await, 404, "not-found");
    }
}

/// Whoever wants no more of an expired connector stops it; and resuming does not make it well.
#[tokio::test(start_paused = true)]
async fn an_expired_connector_can_be_paused() {
    let app = App::simulate(80, EPOCH).await;
    let (organization, id) = app.synced("Expired", LAKESHORE).await;
    app.simulator.add_fault(FaultRule::always(
        "/v2",
        Fault::status(StatusCode::UNAUTHORIZED),
    ));
    let call = json!({"action": "scheduled_sync", "streams": ["roles"]});
    app.proxy(&organization.key, call).await;
    let state = async || connector(&app, &organization, &id).await["state"].clone();
    assert_eq!(state().await, "expired");
    let log = app.output.text();
    let line = log.lines().find(|line| line.contains("\"event\":\"run\""));
    let line = line.expect("the failed run is in the log");
    assert!(
        line.contains("\"code\":\"unauthorized\"") && line.contains(&id),
        "{line}"
    );
    let set = async |action: &str| {
        let path = format!("/api/connectors/{id}/{action}");
        app.request(Method::POST, &path, &organization.key, None)
            .await
    };
    assert_eq!(set("resume").await.status, 409, "it would not be true");
    set("pause").await.expect(StatusCode::OK);
    app.simulator.clear_requests();
    for _ in 0..30 {
        tokio::time::sleep(std::time::Duration::from_secs(3_600)).await;
        app.tick().await.expect(StatusCode::OK);
    }
    assert!(
        app.simulator.requests().is_empty(),
        "a paused connector asks nothing"
    );
    set("resume").await.expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_never_came_to_a_page_is_of_no_kind() {
    let app = App::simulate(82, EPOCH).await;
    let organization = app.organization("Stopped", "America/Toronto").await;
    let id = app.connect(&organization, LAKESHORE).await;
    let path = format!("/api/connectors/{id}/pause");
    app.request(Method::POST, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    for run in app.all("/api/sync-runs", &organization.key).await {
        assert_eq!(
            (&run["status"], &run["kind"]),
            (&json!("failed"), &Value::Null),
            "{run:#}"
        );
    }
}
