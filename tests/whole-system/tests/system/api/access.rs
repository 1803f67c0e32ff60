//! Who gets in, and how far.

use std::collections::BTreeSet;

use api::routes::{Access, ROUTES};
use bytes::Bytes;
use domain::access::{Role, Scope};
use http::{Method, Request, StatusCode};
use jwt_compact::alg::{Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key};
use jwt_compact::{Algorithm, AlgorithmExt, Claims, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use whole_system::{App, INTERNAL_TOKEN, JWT_SECRET, LAKESHORE, OPERATOR_KEY, Settings, send_raw};

use super::{EPOCH, NO_ID, api_key, jwt, method, path, problem, protected, raw, token_of};

/// A good token by another algorithm than the one that is agreed on.
fn signed<A: Algorithm>(
    algorithm: &A,
    key: &A::SigningKey,
    claims: Value,
    expiration: i64,
) -> String {
    signed_with(json!({}), algorithm, key, claims, expiration)
}

/// With further header parameters.
fn signed_with<A: Algorithm>(
    header: Value,
    algorithm: &A,
    key: &A::SigningKey,
    claims: Value,
    expiration: i64,
) -> String {
    let mut claims = Claims::new(claims);
    claims.expiration = chrono::DateTime::from_timestamp(expiration, 0);
    algorithm
        .token(&Header::new(header), &claims, key)
        .expect("a token")
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_prove_who_they_are_gets_401() {
    let app = App::simulate(31, EPOCH).await;
    let organization = app.organization("Known", "America/Toronto").await;
    let id = organization.id.as_str();

    let revoked = api_key(&app, &organization, json!({"name": "r", "role": "owner"})).await;
    let revoked_path = format!("/api/api-keys/{}", revoked["id"].as_str().unwrap());
    app.request(Method::DELETE, &revoked_path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    let expiring = json!({"name": "e", "role": "owner", "expires_at": "2026-09-21T15:00:00Z"});
    let expired = api_key(&app, &organization, expiring).await;
    app.get("/api/shifts", expired["key"].as_str().unwrap())
        .await
        .expect(StatusCode::OK);
    app.clock.as_ref().unwrap().jump(3_600_000);
    let now = EPOCH + 3_600;

    let claims = |role: &str| json!({"sub": "user-1", "organization_id": id, "role": role});
    let good = jwt(JWT_SECRET, claims("owner"), None, Some(now + 600));
    app.get("/api/shifts", &good).await.expect(StatusCode::OK);
    let (_, payload) = good.split_once('.').unwrap();
    let (payload, signature) = payload.split_once('.').unwrap();
    let mut wrong_checksum = organization.key.clone();
    let last = wrong_checksum.pop().unwrap();
    wrong_checksum.push(if last == 'a' { 'b' } else { 'a' });
    let later = Some(now + 600);
    let without = |name: &str| {
        let mut claims = claims("owner");
        claims.as_object_mut().unwrap().remove(name);
        jwt(JWT_SECRET, claims, None, later)
    };
    let named = |sub: &str| {
        let claims = json!({"sub": sub, "organization_id": id, "role": "owner"});
        jwt(JWT_SECRET, claims, None, later)
    };
    let tokens: Vec<(&str, String)> = vec![
        ("garbage", "garbage".to_owned()),
        ("a key of no length", "pb_live_".to_owned()),
        ("a wrong checksum", wrong_checksum),
        ("a revoked key", revoked["key"].as_str().unwrap().to_owned()),
        (
            "an expired key",
            expired["key"].as_str().unwrap().to_owned(),
        ),
        ("the internal token", INTERNAL_TOKEN.to_owned()),
        ("almost the operator key", format!("{OPERATOR_KEY}x")),
        ("a very long token", "a".repeat(9_000)),
        (
            "another secret",
            jwt(&"x".repeat(40), claims("owner"), None, later),
        ),
        // {"alg":"none","typ":"JWT"} and {"alg":"HS512"}
        (
            "alg none",
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."),
        ),
        (
            "alg none with a signature",
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.{signature}"),
        ),
        (
            "another alg",
            format!("eyJhbGciOiJIUzUxMiJ9.{payload}.{signature}"),
        ),
        (
            "another alg with the right secret",
            signed(
                &Hs512,
                &Hs512Key::new(JWT_SECRET),
                claims("owner"),
                now + 600,
            ),
        ),
        (
            "a third alg with the right secret",
            signed(
                &Hs384,
                &Hs384Key::new(JWT_SECRET),
                claims("owner"),
                now + 600,
            ),
        ),
        (
            "just expired",
            jwt(JWT_SECRET, claims("owner"), None, Some(now - 31)),
        ),
        (
            "almost valid",
            jwt(JWT_SECRET, claims("owner"), Some(now + 31), later),
        ),
        (
            "an expiry that is no number",
            jwt(
                JWT_SECRET,
                json!({"sub": "u", "organization_id": id, "role": "owner", "exp": "never"}),
                None,
                None,
            ),
        ),
        (
            "several roles",
            jwt(
                JWT_SECRET,
                json!({"sub": "u", "organization_id": id, "role": ["owner"]}),
                None,
                later,
            ),
        ),
        (
            "expired",
            jwt(JWT_SECRET, claims("owner"), None, Some(now - 60)),
        ),
        ("no expiry", jwt(JWT_SECRET, claims("owner"), None, None)),
        (
            "not yet valid",
            jwt(JWT_SECRET, claims("owner"), Some(now + 120), later),
        ),
        ("no subject", without("sub")),
        (
            "extensions that are none",
            signed_with(
                json!({"crit": null}),
                &Hs256,
                &Hs256Key::new(JWT_SECRET),
                claims("owner"),
                now + 600,
            ),
        ),
        ("a subject that is nobody", named("")),
        ("the name of the operator", named("operator")),
        ("the name of a rule", named("rule:1")),
        ("a subject of two lines", named("a\nb")),
        ("a subject that would be cut", named(&"u".repeat(201))),
        (
            "an extension that has to be understood",
            signed_with(
                json!({"crit": ["http://example.test/needed"], "http://example.test/needed": true}),
                &Hs256,
                &Hs256Key::new(JWT_SECRET),
                claims("owner"),
                now + 600,
            ),
        ),
        ("no role", without("role")),
        (
            "an operator",
            jwt(JWT_SECRET, claims("operator"), None, later),
        ),
        (
            "an unknown role",
            jwt(JWT_SECRET, claims("root"), None, later),
        ),
        (
            "an organization that is none",
            jwt(
                JWT_SECRET,
                json!({"sub": "u", "organization_id": "everyone", "role": "owner"}),
                None,
                later,
            ),
        ),
    ];
    let mut said = BTreeSet::new();
    for route in protected() {
        let path = path(route, NO_ID);
        let none = raw(&app, method(route), &path, &[], "").await;
        problem(&none, 401, "unauthenticated");
        assert_eq!(none.headers["www-authenticate"], "Bearer");
        let nobodys = format!("Bearer {}", without("organization_id"));
        let headers = [("authorization", nobodys.as_str())];
        let answer = raw(&app, method(route), &path, &headers, "").await;
        let refused = problem(&answer, 400, "invalid-request");
        assert_eq!(refused["errors"][0]["field"], "organization_id");
        for (what, token) in &tokens {
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str())];
            let answer = raw(&app, method(route), &path, &headers, "").await;
            assert_eq!(answer.status, 401, "{what} at {} {path}", route.method);
            let problem = problem(&answer, 401, "unauthenticated");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            said.insert(problem["detail"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(said.len(), 1, "the answer tells why: {said:?}");
    for authorization in ["Bearer", "Bearer ", "Basic dTpw", "", "bearer\tx"] {
        let headers = [("authorization", authorization)];
        problem(
            &raw(&app, Method::GET, "/api/shifts", &headers, "").await,
            401,
            "unauthenticated",
        );
    }
    // The scheme has no case, and two credentials are not one.
    let lower = format!("bearer {}", organization.key);
    raw(
        &app,
        Method::GET,
        "/api/shifts",
        &[("authorization", &lower)],
        "",
    )
    .await
    .expect(StatusCode::OK);
    let key = format!("Bearer {}", organization.key);
    for pair in [
        [&key, "Bearer garbage"],
        ["Bearer garbage", &key],
        [&key, &key],
    ] {
        let headers = pair.map(|value| ("authorization", value));
        problem(
            &raw(&app, Method::GET, "/api/shifts", &headers, "").await,
            401,
            "unauthenticated",
        );
    }
    // What nobody has to understand is left aside.
    let known = json!({"kid": "1", "tenant": 7});
    let key = Hs256Key::new(JWT_SECRET);
    let extended = signed_with(known, &Hs256, &key, claims("owner"), now + 600);
    for token in [extended, named(&"é".repeat(200))] {
        app.get("/api/shifts", &token).await.expect(StatusCode::OK);
    }
    // Clocks may differ a little, in both directions.
    for (not_before, expiration) in [(None, now - 25), (Some(now + 25), now + 600)] {
        let token = jwt(JWT_SECRET, claims("owner"), not_before, Some(expiration));
        app.get("/api/shifts", &token).await.expect(StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_product_need_a_secret_that_nobody_guesses() {
    let mut app = App::simulate(37, EPOCH).await;
    let organization = app.organization("Secrets", "America/Toronto").await;
    let claims = json!({"sub": "u", "organization_id": organization.id, "role": "owner"});
    for (secret, status, kind) in [
        ("", 401, "unauthenticated"),
        ("thirty-one-bytes-are-not-enough", 503, "unavailable"),
    ] {
        app.runtime.kill().await;
        app.restart(Settings::default().variable("jwt_secret", secret))
            .await;
        let token = jwt(secret, claims.clone(), None, Some(EPOCH + 3_600));
        problem(&app.get("/api/shifts", &token).await, status, kind);
        // Keys need none.
        app.get("/api/shifts", &organization.key)
            .await
            .expect(StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn each_role_gets_what_its_table_says_and_403_names_the_rest() {
    let app = App::simulate(32, EPOCH).await;
    let organization = app.organization("Roles", "America/Toronto").await;
    for role in [Role::Member, Role::Admin, Role::Owner] {
        let credentials = [
            app.key(&organization.id, role.as_str()).await,
            token_of(&organization.id, role.as_str()),
        ];
        for route in protected() {
            let scopes = route.access.scopes();
            if scopes.is_empty() {
                continue;
            }
            for credential in &credentials {
                // The id is nobody's, so that what is allowed changes nothing.
                let answer = app
                    .request(method(route), &path(route, NO_ID), credential, None)
                    .await;
                let what = format!("{} at {} {}", role.as_str(), route.method, route.path);
                if scopes.iter().any(|scope| role.scopes().contains(scope)) {
                    assert!(![401, 403].contains(&answer.status.as_u16()), "{what}");
                } else {
                    let problem = problem(&answer, 403, "forbidden");
                    let detail = problem["detail"].as_str().unwrap();
                    for scope in scopes {
                        assert!(detail.contains(scope.as_str()), "{what}: {detail}");
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_may_do_what_its_scopes_say_and_nothing_else() {
    let app = App::simulate(33, EPOCH).await;
    let organization = app.organization("Scopes", "America/Toronto").await;
    for scope in Role::Owner.scopes() {
        let only = api_key(
            &app,
            &organization,
            json!({"name": "n", "scopes": [scope.as_str()]}),
        )
        .await;
        for route in protected().filter(|route| route.access.scopes().contains(&scope)) {
            let scopes = route.access.scopes();
            let others: Vec<_> = Role::Owner
                .scopes()
                .into_iter()
                .filter(|other| !scopes.contains(other))
                .map(Scope::as_str)
                .collect();
            let without =
                api_key(&app, &organization, json!({"name": "n", "scopes": others})).await;
            let request = |key: &Value| {
                let key = key["key"].as_str().unwrap().to_owned();
                let (method, path) = (method(route), path(route, NO_ID));
                let app = &app;
                async move { app.request(method, &path, &key, None).await }
            };
            let refused = problem(&request(&without).await, 403, "forbidden");
            assert!(refused["detail"].as_str().unwrap().contains(scope.as_str()));
            let only = match route.and {
                None => only.clone(),
                Some(also) => {
                    let refused = problem(&request(&only).await, 403, "forbidden");
                    assert!(refused["detail"].as_str().unwrap().contains(also.as_str()));
                    let scopes = json!([scope.as_str(), also.as_str()]);
                    api_key(&app, &organization, json!({"name": "n", "scopes": scopes})).await
                }
            };
            let status = request(&only).await.status.as_u16();
            assert!(
                ![401, 403].contains(&status),
                "{} {}",
                route.method,
                route.path
            );
        }
    }
    // The actions of the proxy have a scope each.
    let nothing = api_key(
        &app,
        &organization,
        json!({"name": "n", "scopes": ["api-keys:read"]}),
    )
    .await;
    for (action, scope) in [
        ("connect", "connectors:write"),
        ("test_connection", "connectors:write"),
        ("health_check", "connectors:read"),
        ("scheduled_sync", "sync:run"),
        ("get_shifts", "shifts:read"),
        ("get_users", "team-members:read"),
        ("get_time_punches", "time-punches:read"),
        ("get_locations", "locations:read"),
        ("get_roles", "roles:read"),
        ("get_departments", "departments:read"),
        ("preview_shifts", "shifts:read"),
        ("get_user_wages", "wages:read"),
        ("get_user_assignments", "role-assignments:read"),
        ("get_assignments", "role-assignments:read"),
        ("get_availabilities", "availability:read"),
        ("get_time_off", "time-off:read"),
        ("get_labor_settings", "connectors:read"),
        ("list_webhooks", "connectors:read"),
        ("repair_webhooks", "connectors:write"),
        ("delete_webhooks", "connectors:write"),
    ] {
        let answer = app
            .proxy(nothing["key"].as_str().unwrap(), json!({"action": action}))
            .await;
        let problem = problem(&answer, 403, "forbidden");
        assert!(
            problem["detail"].as_str().unwrap().contains(scope),
            "{action}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_of_syncs_is_the_owners_and_a_run_is_also_whose_who_asked_for_it() {
    let app = App::simulate(38, EPOCH).await;
    let (organization, _) = app.synced("Log", LAKESHORE).await;
    let admin = app.key(&organization.id, "admin").await;
    let member = app.key(&organization.id, "member").await;
    let asked = app
        .proxy(&admin, json!({"action": "scheduled_sync"}))
        .await
        .json();
    let run = asked["run_ids"]["shifts"].as_str().expect("a run");
    let run = format!("/api/sync-runs/{run}");
    let of_a_run = [run.as_str(), "/api/quarantined-records"];
    for path in of_a_run {
        app.get(path, &admin).await.expect(StatusCode::OK);
        let refused = problem(&app.get(path, &member).await, 403, "forbidden");
        let detail = refused["detail"].as_str().unwrap();
        assert!(
            detail.contains("`sync-runs:read` or `sync:run`"),
            "{detail}"
        );
    }
    for key in [&admin, &member] {
        problem(&app.get("/api/sync-runs", key).await, 403, "forbidden");
        let status = app.get("/api/sync-status", key).await;
        assert!(status.expect(StatusCode::OK)["data"][0]["last_sync_at"].is_string());
    }
    // What an admin's key was given when it was made, it keeps.
    let scopes = json!({"name": "of before", "scopes": ["sync-runs:read"]});
    let before = api_key(&app, &organization, scopes).await;
    let before = before["key"].as_str().unwrap();
    for path in of_a_run.into_iter().chain(["/api/sync-runs"]) {
        app.get(path, before).await.expect(StatusCode::OK);
        app.get(path, &organization.key)
            .await
            .expect(StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_a_key_more_than_they_have_and_no_list_shows_a_key() {
    let app = App::simulate(34, EPOCH).await;
    let organization = app.organization("Keys", "America/Toronto").await;
    let writer = api_key(
        &app,
        &organization,
        json!({"name": "w", "scopes": ["api-keys:write", "api-keys:read"]}),
    )
    .await;
    let writer = writer["key"].as_str().unwrap();
    let more = app
        .post(
            "/api/api-keys",
            writer,
            json!({"name": "x", "role": "member"}),
        )
        .await;
    problem(&more, 403, "forbidden");
    let operator = app
        .post(
            "/api/api-keys",
            writer,
            json!({"name": "x", "scopes": ["organizations:purge"]}),
        )
        .await;
    problem(&operator, 403, "forbidden");
    let same = app
        .post(
            "/api/api-keys",
            writer,
            json!({"name": "x", "scopes": ["api-keys:read"]}),
        )
        .await
        .expect(StatusCode::CREATED);
    let revealed = same["key"].as_str().unwrap();
    assert!(revealed.starts_with("pb_live_"));

    let listed = app.all("/api/api-keys", writer).await;
    assert_eq!(listed.len(), 3);
    let text = serde_json::to_string(&listed).unwrap();
    for secret in [revealed, writer, &organization.key] {
        assert!(!text.contains(secret), "a list shows a key");
    }
    assert!(!text.contains("hash"));
    let used = listed.iter().find(|key| key["name"] == "w").unwrap();
    assert!(used["last_used_at"].is_string(), "{used}");
    for key in listed {
        serde_json::from_value::<api::organizations::ApiKey>(key).unwrap();
    }

    // A repeated Idempotency-Key makes no second key, and does not show the first again.
    let body = json!({"name": "once", "role": "member"}).to_string();
    let authorization = format!("Bearer {}", organization.key);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "make-one-key"),
    ];
    let post = || raw(&app, Method::POST, "/api/api-keys", &headers, body.clone());
    let first = post().await.expect(StatusCode::CREATED);
    let second = post().await.expect(StatusCode::CREATED);
    assert_eq!(first["id"], second["id"]);
    assert!(first["key"].is_string() && second["key"].is_null());
}

#[tokio::test(start_paused = true)]
async fn internal_routes_and_public_ones_take_each_their_own_credentials() {
    let app = App::simulate(35, EPOCH).await;
    let organization = app.organization("Inside", "America/Toronto").await;
    let owner_token = token_of(&organization.id, "owner");
    for route in ROUTES
        .iter()
        .filter(|route| route.access == Access::Internal)
    {
        for credential in ["", OPERATOR_KEY, &organization.key, &owner_token] {
            let answer = app
                .request(method(route), route.path, credential, Some(json!({})))
                .await;
            problem(&answer, 401, "unauthenticated");
        }
    }
    for route in protected() {
        let answer = app
            .request(method(route), &path(route, NO_ID), INTERNAL_TOKEN, None)
            .await;
        problem(&answer, 401, "unauthenticated");
    }
    for route in ROUTES.iter().filter(|route| route.access == Access::Public) {
        let answer = app.get(route.path, "").await;
        if route.function == "oauth" {
            // Nobody has sent a browser there.
            problem(&answer, 400, "invalid-request");
        } else {
            answer.expect(StatusCode::OK);
        }
    }
}

/// Both keys work for a while, and only the new one afterwards.
#[tokio::test(start_paused = true)]
async fn a_key_is_rotated_with_an_overlap() {
    let app = App::simulate(39, EPOCH).await;
    let organization = app.organization("Rotating", "America/Toronto").await;
    let wanted =
        json!({"name": "till", "scopes": ["shifts:read"], "expires_at": "2026-10-21T14:13:20Z"});
    let first = api_key(&app, &organization, wanted).await;
    let path = format!("/api/api-keys/{}/rotate", first["id"].as_str().unwrap());
    for (body, field) in [
        (
            json!({"keep_previous_seconds": -1}),
            "/keep_previous_seconds",
        ),
        (
            json!({"keep_previous_seconds": 2_592_001}),
            "/keep_previous_seconds",
        ),
        (json!({"expires_at": "2020-01-01T00:00:00Z"}), "/expires_at"),
        (json!({"name": "another"}), "/name"),
    ] {
        let refused = app.post(&path, &organization.key, body).await;
        assert_eq!(super::fields(&refused), [field]);
    }
    // Nobody gives a key more than they have, also not by rotating.
    let only_keys = json!({"name": "keys", "scopes": ["api-keys:write"]});
    let only_keys = api_key(&app, &organization, only_keys).await;
    let refused = app
        .post(&path, only_keys["key"].as_str().unwrap(), json!({}))
        .await;
    problem(&refused, 403, "forbidden");
    let body = json!({"keep_previous_seconds": 3_600});
    let second = app.post(&path, &organization.key, body).await;
    let second = second.expect(StatusCode::CREATED);
    for member in ["name", "scopes", "networks"] {
        assert_eq!(second[member], first[member], "{member}");
    }
    assert_ne!(second["id"], first["id"]);
    // As long as the one before was made for.
    let ends = second["expires_at"].as_str().unwrap().to_owned();
    assert!(ends.starts_with("2026-10-21T14:1"), "{ends}");
    let status = async |key: &Value| {
        let key = key["key"].as_str().unwrap();
        app.get("/api/shifts", key).await.status.as_u16()
    };
    assert_eq!((status(&first).await, status(&second).await), (200, 200));
    tokio::time::sleep(std::time::Duration::from_secs(3_601)).await;
    assert_eq!((status(&first).await, status(&second).await), (401, 200));
    let again = app.post(&path, &organization.key, json!({})).await;
    problem(&again, 409, "conflict");
    // One that would end sooner anyway does not live longer.
    let path = format!("/api/api-keys/{}/rotate", second["id"].as_str().unwrap());
    let body = json!({"keep_previous_seconds": 2_592_000, "expires_at": "2027-01-01T00:00:00Z"});
    let third = app.post(&path, &organization.key, body).await;
    assert_eq!(
        third.expect(StatusCode::CREATED)["expires_at"],
        "2027-01-01T00:00:00Z"
    );
    let known = app.all("/api/api-keys", &organization.key).await;
    let known = known.iter().find(|key| key["id"] == second["id"]).unwrap();
    assert_eq!(known["expires_at"], ends);
}

#[tokio::test(start_paused = true)]
async fn the_operator_names_whose_data_is_meant() {
    let app = App::simulate(36, EPOCH).await;
    let organization = app.organization("Meant", "America/Toronto").await;
    for route in protected().filter(|route| {
        route
            .query
            .iter()
            .any(|parameter| parameter.name == "organization_id")
    }) {
        let body = match route.body {
            Some("CreateApiKey") => Some(json!({"name": "made by the operator", "role": "member"})),
            Some("CreateWebhook") => {
                Some(json!({"name": "made by the operator", "scheme": "standard"}))
            }
            Some("CreateOutgoingWebhook") => {
                Some(json!({"name": "made by the operator", "url": "https://receiver.example.com"}))
            }
            Some("CreateConnector") => {
                Some(json!({"type": "slack", "name": "made by the operator",
                "credentials": {"bot_token": "xoxb-sim-lakeshore-1"}}))
            }
            Some("CreateAutomationRule") => Some(json!({"name": "made by the operator",
                "event": "order.paid", "actions": [{"type": "log", "text": "a"}]})),
            Some("DryRunAutomationRules") => Some(json!({"event": "order.paid", "payload": {}})),
            Some("ReplayWebhookEvents") => Some(json!({})),
            Some("UpdateConnector") => Some(json!({"name": "renamed by the operator"})),
            Some("UpdateOutgoingWebhook") => Some(json!({"name": "renamed by the operator"})),
            Some("UpdateWebhook") => Some(json!({"name": "renamed by the operator"})),
            Some("UpdateTimePunch") => Some(json!({"disputed": true})),
            Some("UpdateAttendanceRecord") => Some(json!({"note": "by the operator"})),
            Some("PutAttendancePolicy") => Some(json!({"preset": "no_points"})),
            Some("ClientFolderBody") => Some(json!({"deal_id": "501"})),
            Some("CreateClosure") => Some(json!({"start_date": "2026-12-24"})),
            Some("CreateCapacityOverride") => Some(json!({"adviser_email": "a@example.com",
                "effective_date": "2026-04-06", "client_limit_monthly": 4})),
            Some("UpdateClosure") => Some(json!({"description": "by the operator"})),
            Some("UpdateCapacityOverride") => Some(json!({"notes": "by the operator"})),
            Some("PutAllocationSettings") => Some(json!({"preset": "compatible"})),
            Some("AllocateDeal") => {
                Some(json!({"object": {"objectId": 501, "objectType": "DEAL"}}))
            }
            Some("OverrideAllocation") => Some(json!({"adviser_email": "a@example.com"})),
            Some("RerunAllocation") => Some(json!({})),
            Some("PutAllocationNotices") => Some(json!({"targets": []})),
            Some("CreateStore") => Some(json!({"name": "made by the operator"})),
            Some("UpdateStore") => Some(json!({"name": "renamed by the operator"})),
            Some("PriceLabor") => Some(json!({"items": [{"role": "x", "minutes": 1}]})),
            Some("UpsertStores") => Some(json!({"stores": [{"name": "x", "product_ref": "x"}]})),
            _ => None,
        };
        let needed = route.query.iter().filter(|parameter| parameter.is_required);
        let needed: String = needed.map(|one| format!("{}=a@x&", one.name)).collect();
        let bare = format!("{}?{needed}", path(route, NO_ID));
        let answer = app
            .request(method(route), &bare, OPERATOR_KEY, body.clone())
            .await;
        assert_eq!(
            super::fields(&answer),
            ["organization_id"],
            "{}",
            route.path
        );
        let named = format!("{bare}organization_id={}", organization.id);
        let answer = app.request(method(route), &named, OPERATOR_KEY, body).await;
        let status = answer.status;
        // What needs an account, people or roles that this organization has not is refused for that.
        if route.body == Some("PriceLabor") {
            problem(&answer, 422, "unknown-role");
            continue;
        }
        if route.body == Some("ClientFolderBody") {
            problem(&answer, 409, "conflict");
            continue;
        }
        if route.function == "employment-hero" && status != route.success.0 {
            // There is no account, or nobody is named.
            if status == StatusCode::BAD_REQUEST {
                assert!(!super::fields(&answer).contains(&"organization_id".to_owned()));
            } else {
                problem(&answer, 404, "not-found");
            }
            continue;
        }
        if route.function == "availability" {
            // There is no account of the CRM, or no adviser is named.
            if status == StatusCode::BAD_REQUEST {
                assert_eq!(super::fields(&answer), ["email"], "{}", route.path);
            } else {
                problem(&answer, 409, "conflict");
            }
            continue;
        }
        let needs_more = api::routes::is_compatible(route.path)
            || matches!(route.body, Some("SetProductRefs" | "AllocateDeal"));
        if needs_more && status == StatusCode::BAD_REQUEST {
            assert!(!super::fields(&answer).contains(&"organization_id".to_owned()));
            continue;
        }
        let expected = if route.path.contains("{id}") {
            404
        } else {
            route.success.0
        };
        assert_eq!(status, expected, "{} {named}", route.method);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_bound_to_networks_believes_no_header_of_the_client() {
    let app = App::simulate_with(
        Settings::default().variable("trusted_proxy_hops", "1"),
        EPOCH,
        simulators::seven_shifts::demo_data(1, EPOCH),
    )
    .await;
    let organization = app.organization("Bound", "America/Toronto").await;
    let bound =
        json!({"name": "bound", "role": "member", "networks": ["203.0.113.0/24", "2001:db8::/32"]});
    let bound = api_key(&app, &organization, bound).await;
    assert_eq!(
        bound["networks"],
        json!(["203.0.113.0/24", "2001:db8::/32"])
    );
    let authorization = format!("Bearer {}", bound["key"].as_str().unwrap());
    for (header, value, status) in [
        ("x-forwarded-for", "203.0.113.9", 200),
        ("x-forwarded-for", "198.51.100.1, 203.0.113.9", 200),
        ("x-forwarded-for", "2001:db8::7", 200),
        ("x-forwarded-for", "203.0.113.9, 198.51.100.1", 403),
        ("x-forwarded-for", "", 403),
        ("x-forwarded-for", "not an address", 403),
        ("x-forwarded-host", "203.0.113.9", 403),
        ("spin-client-addr", "203.0.113.9:1", 403),
    ] {
        let headers = [("authorization", authorization.as_str()), (header, value)];
        let answer = raw(&app, Method::GET, "/api/shifts", &headers, "").await;
        assert_eq!(answer.status, status, "{header}: {value}");
        if status == 403 {
            problem(&answer, 403, "forbidden");
        }
    }
    // What a proxy appends may come as a header of its own.
    for (first, last, status) in [
        ("203.0.113.9", "198.51.100.1", 403),
        ("198.51.100.1", "203.0.113.9", 200),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("x-forwarded-for", first),
            ("x-forwarded-for", last),
        ];
        let answer = raw(&app, Method::GET, "/api/shifts", &headers, "").await;
        assert_eq!(answer.status, status, "{first}, then {last}");
    }
    // One that is no text is not left out, which would make the client's own the last.
    for (last, status) in [
        (&b"\xff, 198.51.100.1"[..], 403),
        (b"198.51.100.1, \xff", 403),
        (b"\xff, 203.0.113.9", 200),
    ] {
        let request = Request::get("/api/shifts")
            .header("authorization", &authorization)
            .header("x-forwarded-for", "203.0.113.9")
            .header("x-forwarded-for", last)
            .body(Bytes::new())
            .unwrap();
        let answer = send_raw(&app.runtime, request).await;
        assert_eq!(answer.status, status, "{last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn behind_two_proxies_the_second_address_from_the_right_counts() {
    let app = App::simulate_with(
        Settings::default().variable("trusted_proxy_hops", "2"),
        EPOCH,
        simulators::seven_shifts::demo_data(1, EPOCH),
    )
    .await;
    let organization = app.organization("Behind", "America/Toronto").await;
    let bound = json!({"name": "bound", "role": "member", "networks": ["203.0.113.0/24"]});
    let bound = api_key(&app, &organization, bound).await;
    let authorization = format!("Bearer {}", bound["key"].as_str().unwrap());
    for (value, status) in [
        ("203.0.113.9, 10.0.0.1", 200),
        ("198.51.100.1, 203.0.113.9, 10.0.0.1", 200),
        ("203.0.113.9, 198.51.100.1, 10.0.0.1", 403),
        // Nobody who came through both proxies has only one.
        ("203.0.113.9", 403),
        ("203.0.113.9, 203.0.113.9, , 10.0.0.1", 403),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("x-forwarded-for", value),
        ];
        let answer = raw(&app, Method::GET, "/api/shifts", &headers, "").await;
        assert_eq!(answer.status, status, "{value}");
    }
}

/// Over a socket, because the address is the host's to tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_client_address_opens_nothing() {
    let app = App::start().await;
    let organization = app.organization("Forged", "America/Toronto").await;
    let key = |networks: &str| {
        let body = json!({"name": "bound", "role": "member", "networks": [networks]});
        api_key(&app, &organization, body)
    };
    let (near, far) = (key("127.0.0.0/8").await, key("203.0.113.0/24").await);
    let server = app
        .runtime
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let status = async |key: &Value, header: &str| {
        let mut socket = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let request = format!(
            "GET /api/shifts HTTP/1.1\r\nhost: patchbay\r\nconnection: close\r\nauthorization: Bearer {}\r\n{header}\r\n",
            key["key"].as_str().unwrap()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer[9..12].to_owned()
    };
    let forged = "spin-client-addr: 203.0.113.5:7\r\nSpin-Client-Addr: 203.0.113.5\r\nx-forwarded-for: 203.0.113.5\r\n";
    assert_eq!(status(&near, "").await, "200");
    assert_eq!(status(&near, forged).await, "200");
    assert_eq!(status(&far, "").await, "403");
    assert_eq!(status(&far, forged).await, "403");
}

/// A variable that cannot be read is the operator's to know of, not a network that is refused.
#[tokio::test(start_paused = true)]
async fn a_number_of_proxies_that_is_none_is_named() {
    let app = App::simulate_with(
        Settings::default().variable("trusted_proxy_hops", "x"),
        EPOCH,
        simulators::seven_shifts::demo_data(1, EPOCH),
    )
    .await;
    let organization = app.organization("Bound", "America/Toronto").await;
    let bound = json!({"name": "bound", "role": "member", "networks": ["203.0.113.0/24"]});
    let bound = api_key(&app, &organization, bound).await;
    let answer = app.get("/api/shifts", bound["key"].as_str().unwrap()).await;
    let said = problem(&answer, 503, "unavailable");
    assert!(
        said["detail"]
            .as_str()
            .unwrap()
            .contains("trusted_proxy_hops"),
        "{said}"
    );
}
