//! Connectors of the types that are made by configuration: made, changed, tested, removed.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::rest::ClientProof;
use whole_system::{App, LAKESHORE, Organization, PUBLIC_REST_ORIGIN, SIMULATED_REST_ORIGIN};

use super::{
    API_KEY, CLIENT_SECRET, PASSWORD, REFRESH_TOKEN, TOKEN, api, connect, connector, get, oauth,
    open, plain_ways, request, start, test,
};

async fn update(
    app: &App,
    organization: &Organization,
    id: &str,
    body: Value,
) -> whole_system::Answer {
    let path = format!("/api/connectors/{id}");
    app.request(Method::PATCH, &path, &organization.key, Some(body))
        .await
}

#[tokio::test(start_paused = true)]
async fn every_way_to_prove_oneself_is_taken() {
    let (app, organization) = start(701).await;
    for body in plain_ways() {
        let id = connect(&app, &organization, body.clone()).await;
        let tested = test(&app, &organization, &id).await;
        assert_eq!(tested["success"], true, "{body} {tested}");
        let answer = get(&app, &organization, &id, "/items").await;
        assert_eq!(answer["status"], 200, "{body} {answer}");
    }
    for (kind, client_auth, proof) in [
        ("oauth2_client_credentials", "basic", ClientProof::Basic),
        (
            "oauth2_client_credentials",
            "basic_raw",
            ClientProof::BasicRaw,
        ),
        ("oauth2_client_credentials", "body", ClientProof::Body),
        ("oauth2_refresh_token", "basic", ClientProof::Basic),
    ] {
        app.rest
            .provider()
            .change_authority(|authority| authority.proof = proof);
        let mut body = oauth(kind, client_auth);
        body["integration_key"] = json!(format!("{kind}-{client_auth}"));
        let id = connect(&app, &organization, body).await;
        let tested = test(&app, &organization, &id).await;
        assert_eq!(tested["success"], true, "{kind} {client_auth} {tested}");
        let answer = get(&app, &organization, &id, "items").await;
        assert_eq!(answer["status"], 200, "{kind} {client_auth} {answer}");
    }
    // The token is kept: each connector has asked for one.
    assert_eq!(app.rest.provider().authority().issued(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_the_api_does_not_take_is_said_and_mended_by_another() {
    let (app, organization) = start(702).await;
    let body = api(
        "bearer",
        json!({"type": "bearer"}),
        json!({"token": "wrong"}),
    );
    let id = connect(&app, &organization, body).await;
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 401);
    let tested = test(&app, &organization, &id).await;
    assert_eq!(tested["success"], false);
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(
        (&shown["state"], &shown["state_reason"]),
        (&json!("error"), &tested["detail"])
    );
    let shown = update(
        &app,
        &organization,
        &id,
        json!({"credentials": {"token": TOKEN}}),
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(
        (&shown["state"], &shown["state_reason"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(test(&app, &organization, &id).await["success"], true);
    // Paused it sends nothing, and stays paused when it is tested.
    let path = format!("/api/connectors/{id}");
    app.post(&format!("{path}/pause"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    let answer = request(&app, &organization, &id, json!({"method": "GET"})).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.json());
    assert_eq!(test(&app, &organization, &id).await["success"], true);
    assert_eq!(connector(&app, &organization, &id).await["state"], "paused");
    app.post(&format!("{path}/resume"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_connector_is_named_and_makes_none() {
    let (app, organization) = start(703).await;
    let config = |changes: Value| {
        let mut body = open();
        for (name, value) in changes.as_object().unwrap() {
            body["config"][name] = value.clone();
        }
        body
    };
    let google = |config: Value, key: &str| {
        json!({"type": "google_workspace", "name": "Mail", "config": config,
            "credentials": {"service_account_key": key}})
    };
    let odoo = |url: &str, credentials: Value| {
        json!({"type": "odoo", "name": "Odoo", "credentials": credentials,
            "config": {"base_url": url, "database": "main", "username": "a@example.com"}})
    };
    for (body, fields) in [
        (
            json!({"type": "teapot", "name": "x"}),
            &["/type", "/credentials"][..],
        ),
        (
            json!({"type": "api", "name": "x"}),
            &["/config/base_url", "/config/auth"],
        ),
        (config(json!({"timeout_ms": 10})), &["/config/timeout_ms"]),
        (
            config(json!({"headers": {"Cookie": "a"}})),
            &["/config/headers/Cookie"],
        ),
        (
            config(json!({"headers": {"Authorization": "a"}})),
            &["/config/headers/Authorization"],
        ),
        (config(json!({"retries": 3})), &["/config/retries"]),
        (
            config(json!({"auth": {"type": "hmac"}})),
            &["/config/auth/type"],
        ),
        (
            config(json!({"requests_per_second": 0, "test_path": "/../x"})),
            &["/config/requests_per_second", "/config/test_path"],
        ),
        (
            api("bearer", json!({"type": "bearer"}), json!({})),
            &["/credentials/token"],
        ),
        (
            api("bearer", json!({"type": "bearer"}), json!({"token": "a b"})),
            &["/credentials/token"],
        ),
        (
            api(
                "bearer",
                json!({"type": "bearer"}),
                json!({"token": TOKEN, "api_key": "x"}),
            ),
            &["/credentials/api_key"],
        ),
        (oauth("oauth2_implicit", "basic"), &["/config/auth/type"]),
        (
            oauth("oauth2_refresh_token", "jwt"),
            &["/config/auth/client_auth"],
        ),
        (google(json!({"subject": "x"}), "{}"), &["/config/subject"]),
        (
            google(
                json!({"subject": "a@example.com", "scopes": ["mail"]}),
                "{}",
            ),
            &["/config/scopes/0"],
        ),
        (
            google(json!({"subject": "a@example.com"}), "{}"),
            &["/credentials/service_account_key"],
        ),
        (
            odoo("https://10.0.0.1", json!({"api_key": "x"})),
            &["/config/base_url"],
        ),
        (
            odoo("https://example.odoo.com", json!({"key": "x"})),
            &["/credentials/key", "/credentials/api_key"],
        ),
    ] {
        let answer = app
            .post("/api/connectors", &organization.key, body.clone())
            .await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        let named: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(named, fields, "{body} {problem:#}");
        assert!(!problem.to_string().contains(TOKEN), "{problem:#}");
    }
    assert!(
        app.all("/api/connectors", &organization.key)
            .await
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_type_without_a_client_is_kept_and_says_so() {
    let (app, organization) = start(704).await;
    let key = json!({"type": "service_account", "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key": "-----BEGIN PRIVATE KEY-----\nsim-google-secret\n-----END PRIVATE KEY-----\n"})
    .to_string();
    for (body, secret) in [
        (
            json!({"type": "google_workspace", "name": "Mail", "config": {"subject": "admin@example.com"},
                "credentials": {"service_account_key": key}}),
            "sim-google-secret",
        ),
        (
            json!({"type": "odoo", "name": "Odoo", "credentials": {"api_key": "sim-odoo-secret"},
                "config": {"base_url": "https://example.odoo.com", "database": "main", "username": "a"}}),
            "sim-odoo-secret",
        ),
    ] {
        let id = connect(&app, &organization, body.clone()).await;
        let shown = connector(&app, &organization, &id).await;
        assert_eq!(shown["provider"], body["type"]);
        assert!(!shown.to_string().contains(secret), "{shown:#}");
        let tested = test(&app, &organization, &id).await;
        assert_eq!(tested["success"], false, "{tested}");
        assert!(
            tested["detail"].as_str().unwrap().contains("no client"),
            "{tested}"
        );
        let answer = request(&app, &organization, &id, json!({"method": "GET"})).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        let renamed = update(&app, &organization, &id, json!({"name": "Other"})).await;
        assert_eq!(renamed.expect(StatusCode::OK)["name"], "Other");
    }
    let stored: i64 = app
        .database()
        .query_row("SELECT count(*) FROM credentials", [], |row| row.get(0))
        .unwrap();
    assert_eq!(stored, 2);
}

#[tokio::test(start_paused = true)]
async fn a_secret_goes_in_and_never_comes_out() {
    let (app, organization) = start(705).await;
    let mut bodies = plain_ways();
    bodies.push(oauth("oauth2_refresh_token", "basic"));
    let mut seen = String::new();
    for body in bodies {
        let id = connect(&app, &organization, body).await;
        // A careless API sends back all that it was sent.
        let asked = json!({"method": "POST", "path": "/echo", "query": [["q", "1"]], "body": {"a": API_KEY}});
        let answer = request(&app, &organization, &id, asked).await;
        let answer = answer.expect(StatusCode::OK);
        assert_eq!(answer["status"], 200, "{answer:#}");
        assert_eq!(answer["headers"]["x-page"], "1");
        for left_out in ["set-cookie", "connection", "content-length"] {
            assert_eq!(answer["headers"][left_out], Value::Null, "{left_out}");
        }
        assert_eq!(
            answer["body"]["headers"]["content-type"],
            "application/json"
        );
        if answer["body"]["path"] != "/open/echo" {
            seen.push_str(
                &answer
                    .to_string()
                    .replace(r#"{\"a\":\"sim-rest-key-31\"}"#, ""),
            );
        }
        seen.push_str(&test(&app, &organization, &id).await.to_string());
        seen.push_str(&connector(&app, &organization, &id).await.to_string());
    }
    for path in [
        "/api/connectors".to_owned(),
        "/api/deliveries".to_owned(),
        format!("/api/organizations/{}/export", organization.id),
    ] {
        let answer = app.get(&path, &organization.key).await;
        seen.push_str(&String::from_utf8_lossy(&answer.body));
    }
    let stored: String = app
        .database()
        .query_row("SELECT group_concat(sealed) FROM credentials", [], |row| {
            row.get(0)
        })
        .unwrap();
    seen.push_str(&stored);
    seen.push_str(&app.output.text());
    for secret in [
        API_KEY,
        TOKEN,
        PASSWORD,
        CLIENT_SECRET,
        REFRESH_TOKEN,
        "sim-rest-refresh-1",
        "sim-rest-access-1",
        "sim-rest-cookie",
        // In Base64, with the user before it.
        "a2l0Y2hlbjpvcGVu",
    ] {
        assert!(!seen.contains(secret), "{secret} is somewhere to be read");
    }
}

#[tokio::test(start_paused = true)]
async fn stored_secrets_go_to_no_other_host() {
    let (app, organization) = start(706).await;
    let body = api("bearer", json!({"type": "bearer"}), json!({"token": TOKEN}));
    let id = connect(&app, &organization, body).await;
    let with =
        |base_url: String| json!({"config": {"base_url": base_url, "auth": {"type": "bearer"}}});
    let elsewhere = with(format!("{PUBLIC_REST_ORIGIN}/bearer"));
    let refused = update(&app, &organization, &id, elsewhere.clone()).await;
    let problem = refused.expect(StatusCode::BAD_REQUEST);
    assert_eq!(problem["errors"][0]["field"], "/credentials");
    // Another path, another timeout and another name are nothing of this.
    let mut body = with(format!("{SIMULATED_REST_ORIGIN}/bearer/items"));
    body["config"]["timeout_ms"] = json!(2_000);
    body["name"] = json!("Items");
    let shown = update(&app, &organization, &id, body).await;
    assert_eq!(shown.expect(StatusCode::OK)["config"]["timeout_ms"], 2_000);
    assert_eq!(get(&app, &organization, &id, "").await["status"], 200);
    let mut body = elsewhere;
    body["credentials"] = json!({"token": TOKEN});
    update(&app, &organization, &id, body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(get(&app, &organization, &id, "/items").await["status"], 200);
    // What proves in another way needs other secrets.
    let body = json!({"config": {"base_url": PUBLIC_REST_ORIGIN, "auth": {"type": "basic", "username": "a"}}});
    let refused = update(&app, &organization, &id, body).await;
    let problem = refused.expect(StatusCode::BAD_REQUEST);
    assert_eq!(problem["errors"][0]["field"], "/credentials");
}

#[tokio::test(start_paused = true)]
async fn a_removed_connector_is_gone_with_its_secrets() {
    let (app, organization) = start(707).await;
    let other = app.organization("Other", "America/Toronto").await;
    let body = api("bearer", json!({"type": "bearer"}), json!({"token": TOKEN}));
    let id = connect(&app, &organization, body.clone()).await;
    let path = format!("/api/connectors/{id}");
    let asked = json!({"method": "GET", "path": "/items"});
    let foreign = [
        (Method::DELETE, path.clone(), None),
        (Method::POST, format!("{path}/request"), Some(asked)),
        (Method::POST, format!("{path}/test"), Some(json!({}))),
        (Method::PATCH, path.clone(), Some(json!({"name": "x"}))),
    ];
    for (method, path, body) in foreign {
        let answer = app.request(method, &path, &other.key, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(app.rest.requests().is_empty());
    let removed = app
        .request(Method::DELETE, &path, &organization.key, None)
        .await;
    assert_eq!(removed.expect(StatusCode::OK)["id"], id);
    let again = app
        .request(Method::DELETE, &path, &organization.key, None)
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let left: i64 = app
        .database()
        .query_row("SELECT count(*) FROM credentials", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
    // Its key is free.
    assert_ne!(connect(&app, &organization, body).await, id);
    let seven_shifts = app.connect(&organization, LAKESHORE).await;
    let path = format!("/api/connectors/{seven_shifts}");
    let answer = app
        .request(Method::DELETE, &path, &organization.key, None)
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(
        connector(&app, &organization, &seven_shifts).await["state"],
        "active"
    );
}

#[tokio::test(start_paused = true)]
async fn who_may_only_read_calls_nothing() {
    let (app, organization) = start(708).await;
    let id = connect(&app, &organization, open()).await;
    let member = app.key(&organization.id, "member").await;
    let admin = app.key(&organization.id, "admin").await;
    let reader = app
        .post(
            "/api/api-keys",
            &organization.key,
            json!({"name": "reader", "scopes": ["connectors:read", "connectors:write"]}),
        )
        .await
        .expect(StatusCode::CREATED);
    let path = format!("/api/connectors/{id}/request");
    for (key, status) in [
        (member.as_str(), StatusCode::FORBIDDEN),
        (reader["key"].as_str().unwrap(), StatusCode::FORBIDDEN),
        ("", StatusCode::UNAUTHORIZED),
        (admin.as_str(), StatusCode::OK),
    ] {
        let answer = app.post(&path, key, json!({"method": "GET"})).await;
        assert_eq!(answer.status, status, "{}", answer.json());
    }
    assert_eq!(app.rest.requests().len(), 1);
}
