//! Nobody gets a byte of another organization, whatever id they send.

use api::routes::{Route, Shape};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{Answer, App, HARBOUR, LAKESHORE, Organization};

use super::{EPOCH, NO_ID, connector, method, path, problem, protected, token_of};

#[tokio::test(start_paused = true)]
async fn every_route_answers_404_for_every_foreign_id() {
    let app = App::simulate(41, EPOCH).await;
    let (mine, my_connector) = app.synced("Mine", LAKESHORE).await;
    let (theirs, their_connector) = app.synced("Theirs", HARBOUR).await;
    let mut their_ids = vec![theirs.id.clone(), their_connector.clone()];
    for list in [
        "team-members",
        "shifts",
        "time-punches",
        "locations",
        "roles",
        "departments",
        "sync-runs",
        "api-keys",
    ] {
        let rows = app.all(&format!("/api/{list}"), &theirs.key).await;
        assert!(!rows.is_empty(), "{list} would prove nothing");
        their_ids.push(rows[0]["id"].as_str().unwrap().to_owned());
        assert!(
            rows.iter().all(|row| row["organization_id"] == theirs.id),
            "{list} has foreign rows"
        );
    }
    let endpoint = json!({"name": "Theirs", "url": "https://receiver.example.com/hook"});
    let endpoint = app.post("/api/outgoing-webhooks", &theirs.key, endpoint);
    let endpoint = endpoint.await.expect(StatusCode::CREATED);
    their_ids.push(endpoint["id"].as_str().unwrap().to_owned());
    let closure = json!({"start_date": "2026-12-24"});
    let limit = json!({"adviser_email": "a@example.com", "effective_date": "2026-04-06", "client_limit_monthly": 4});
    for (list, body) in [("/closures", closure), ("/capacity_overrides", limit)] {
        let made = app.post(list, &theirs.key, body).await;
        let made = made.expect(StatusCode::CREATED);
        their_ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let my_token = token_of(&mine.id, "owner");
    for route in protected().filter(|route| route.path.contains("{id}")) {
        for credential in [&mine.key, &my_token] {
            let owner = domain::access::Role::Owner.scopes();
            let scopes = route.access.scopes();
            let allowed = scopes.is_empty() || scopes.iter().any(|scope| owner.contains(scope));
            for id in their_ids
                .iter()
                .map(String::as_str)
                .chain(["7", "%00", "..%2f..", NO_ID])
            {
                let body = route.body.map(taken_over);
                let answer = app
                    .request(method(route), &path(route, id), credential, body)
                    .await;
                if allowed {
                    problem(&answer, 404, "not-found");
                } else {
                    problem(&answer, 403, "forbidden");
                }
            }
        }
    }
    // The operator, too, finds nothing of one organization under the other.
    for route in protected().filter(|route| {
        route.path.contains("{id}")
            && route
                .query
                .iter()
                .any(|parameter| parameter.name == "organization_id")
    }) {
        for id in &their_ids {
            let named = format!("{}?organization_id={}", path(route, id), mine.id);
            let answer = app
                .request(
                    method(route),
                    &named,
                    whole_system::OPERATOR_KEY,
                    route.body.map(|body| match body {
                        "UpdateTimePunch" | "UpdateAttendanceRecord" => taken_over(body),
                        _ => json!({}),
                    }),
                )
                .await;
            problem(&answer, 404, "not-found");
        }
    }
    // Naming another organization, or one of its rows in a filter.
    for route in protected() {
        let names = |name| route.query.iter().any(|parameter| parameter.name == name);
        if names("organization_id") {
            let named = format!("{}?organization_id={}", path(route, NO_ID), theirs.id);
            let body = route.body.map(|_| json!({"name": "x", "role": "member"}));
            let answer = app.request(method(route), &named, &mine.key, body).await;
            problem(&answer, 404, "not-found");
        }
        if route.method == "GET" {
            for filter in [
                "connector_id",
                "endpoint_id",
                "team_member_id",
                "location_id",
            ] {
                for id in their_ids.iter().filter(|_| names(filter)) {
                    let filtered = |id: &str| format!("{}?{filter}={id}", route.path);
                    let answer = app.get(&filtered(id), &mine.key).await;
                    if answer.status == StatusCode::BAD_REQUEST {
                        // Theirs is refused as what nobody has is.
                        let unknown = app.get(&filtered(NO_ID), &mine.key).await;
                        let detail = |answer: &Answer| answer.json()["detail"].clone();
                        assert_eq!(detail(&answer), detail(&unknown), "{}", route.path);
                        continue;
                    }
                    assert_nothing(route, &answer.expect(StatusCode::OK));
                }
            }
        }
    }
    no_action_reaches_another_organization(&app, &mine, &theirs, &their_ids).await;
    // A cursor of theirs reads on in my own rows.
    let page = app.get("/api/shifts?limit=5", &theirs.key).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let answer = app
        .get(&format!("/api/shifts?limit=5&cursor={cursor}"), &mine.key)
        .await
        .expect(StatusCode::OK);
    for row in answer["data"].as_array().unwrap() {
        assert_eq!(row["organization_id"], mine.id);
    }
    // Nothing of all that did anything.
    assert_eq!(
        connector(&app, &theirs, &their_connector).await["state"],
        "active"
    );
    assert_eq!(
        connector(&app, &mine, &my_connector).await["state"],
        "active"
    );
    let organization = app
        .request(
            Method::GET,
            &format!("/api/organizations/{}", theirs.id),
            &theirs.key,
            None,
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(organization["name"], "Theirs");
    let listed = app.all("/api/organizations", &mine.key).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], mine.id);
}

/// A body that would change a row.
fn taken_over(body: &str) -> Value {
    match body {
        "UpdateTimePunch" => json!({"disputed": true}),
        "UpdateAttendanceRecord" => json!({"note": "taken over"}),
        _ => json!({"name": "taken over"}),
    }
}

/// Every action of the proxy, for another organization, and for another's connector in place of
/// one's own.
async fn no_action_reaches_another_organization(
    app: &App,
    mine: &Organization,
    theirs: &Organization,
    their_ids: &[String],
) {
    const ACTIONS: [&str; 17] = [
        "connect",
        "test_connection",
        "health_check",
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
    ];
    let user = 881_001;
    let asked = app.simulator.requests().len();
    let my_token = token_of(&mine.id, "owner");
    for action in ACTIONS {
        for credential in [&mine.key, &my_token] {
            for organization in [&theirs.id, &theirs.id.to_uppercase(), NO_ID] {
                let call = json!({"action": action, "organizationId": organization, "apiKey": LAKESHORE.token, "userId": user});
                let answer = app.proxy(credential, call).await;
                let said = problem(&answer, 404, "not-found");
                assert_eq!(said["code"], "UNKNOWN", "{action}");
            }
            // A token in the call is the caller's own account, whatever the connector is called.
            if action == "connect" {
                continue;
            }
            for id in their_ids {
                let call = json!({"action": action, "integrationKey": id, "userId": user});
                let answer = app.proxy(credential, call).await;
                if action == "health_check" {
                    let said = answer.expect(StatusCode::OK);
                    assert_eq!(said["error_code"], "NO_CREDENTIALS", "{said}");
                } else {
                    let said = problem(&answer, 404, "not-found");
                    assert_eq!(said["code"], "NO_CREDENTIALS", "{action}");
                }
            }
        }
    }
    assert_eq!(
        app.simulator.requests().len(),
        asked,
        "a refused call asked the provider"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_for_an_organization_that_is_not_there_reads_nothing() {
    let app = App::simulate(42, EPOCH).await;
    app.synced("There", LAKESHORE).await;
    let token = token_of(NO_ID, "owner");
    for route in protected().filter(|route| route.method == "GET" && !route.path.contains("{id}")) {
        let needed = route.query.iter().filter(|parameter| parameter.is_required);
        let needed: Vec<_> = needed.map(|one| format!("{}=a@x", one.name)).collect();
        let path = format!("{}?{}", route.path, needed.join("&"));
        let answer = app.get(&path, &token).await;
        if api::routes::is_compatible(route.path) {
            let said = answer.json();
            let is_nothing = said == json!([])
                || said["is_configured"] == false
                || said["reason"] == "integration_not_configured";
            assert!(is_nothing || answer.status == 400, "{}: {said}", route.path);
        } else if answer.status == 200 {
            assert_nothing(route, &answer.json());
        } else {
            problem(&answer, 404, "not-found");
        }
    }
    let connect =
        json!({"action": "connect", "apiKey": LAKESHORE.token, "companyId": LAKESHORE.company_id});
    problem(&app.proxy(&token, connect).await, 404, "not-found");
    let rule = json!({"name": "a", "event": "a.b", "actions": [{"type": "log", "text": "a"}]});
    let said = app.post("/api/automation-rules", &token, rule).await;
    problem(&said, 404, "not-found");
}

/// A list without rows, or figures of nothing.
fn assert_nothing(route: &Route, answer: &Value) {
    let (member, nothing) = match route.success.1 {
        Shape::Page(_) | Shape::FreshPage(_) => ("data", json!([])),
        Shape::One("KnownEmployees" | "KnownLeaveRequests" | "AllocationHistory") => {
            ("data", json!([]))
        }
        Shape::One("AllocationNotices") => ("targets", json!([])),
        _ => ("total", json!(0)),
    };
    assert_eq!(answer[member], nothing, "{}", route.path);
}
