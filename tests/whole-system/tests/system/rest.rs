//! Connectors to any REST API: how they prove themselves, what they may reach, and what comes back.

mod calling;
mod connecting;
mod guarding;
mod refreshing;
mod sending;

use http::StatusCode;
use serde_json::{Value, json};
use simulators::rest::{
    API_KEY, CLIENT_ID, CLIENT_SECRET, KEY_HEADER, KEY_PARAMETER, PASSWORD, REFRESH_TOKEN, TOKEN,
    USERNAME,
};
use whole_system::{Answer, App, Organization, SIMULATED_REST_ORIGIN};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;

async fn start(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Kitchen", "America/Toronto").await;
    (app, organization)
}

/// A connector to the simulated API, named by the way in which it proves itself.
fn api(way: &str, auth: Value, credentials: Value) -> Value {
    json!({
        "type": "api", "name": format!("Menu by {way}"), "integration_key": way,
        "config": {"base_url": format!("{SIMULATED_REST_ORIGIN}/{way}"), "auth": auth},
        "credentials": credentials,
    })
}

fn open() -> Value {
    api("open", json!({"type": "none"}), json!({}))
}

fn oauth(kind: &str, client_auth: &str) -> Value {
    let auth = json!({
        "type": kind, "token_url": format!("{SIMULATED_REST_ORIGIN}/oauth/token"),
        "client_id": CLIENT_ID, "client_auth": client_auth,
    });
    let credentials = if kind == "oauth2_refresh_token" {
        json!({"client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN})
    } else {
        json!({"client_secret": CLIENT_SECRET})
    };
    api("oauth", auth, credentials)
}

/// One of each way that has no access token.
fn plain_ways() -> Vec<Value> {
    vec![
        open(),
        api(
            "key-header",
            json!({"type": "api_key", "in": "header", "name": KEY_HEADER}),
            json!({"api_key": API_KEY}),
        ),
        api(
            "key-query",
            json!({"type": "api_key", "in": "query", "name": KEY_PARAMETER}),
            json!({"api_key": API_KEY}),
        ),
        api("bearer", json!({"type": "bearer"}), json!({"token": TOKEN})),
        api(
            "basic",
            json!({"type": "basic", "username": USERNAME}),
            json!({"password": PASSWORD}),
        ),
    ]
}

async fn connect(app: &App, organization: &Organization, body: Value) -> String {
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    made["id"].as_str().expect("an id").to_owned()
}

async fn request(app: &App, organization: &Organization, id: &str, body: Value) -> Answer {
    let path = format!("/api/connectors/{id}/request");
    app.post(&path, &organization.key, body).await
}

async fn get(app: &App, organization: &Organization, id: &str, path: &str) -> Value {
    request(
        app,
        organization,
        id,
        json!({"method": "GET", "path": path}),
    )
    .await
    .expect(StatusCode::OK)
}

async fn test(app: &App, organization: &Organization, id: &str) -> Value {
    let path = format!("/api/connectors/{id}/test");
    app.post(&path, &organization.key, json!({}))
        .await
        .expect(StatusCode::OK)
}

async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}

/// The statuses with which the simulator has answered at a path, in order.
fn statuses(app: &App, path: &str) -> Vec<Option<u16>> {
    app.rest
        .requests()
        .iter()
        .filter(|request| request.path == path)
        .map(|request| request.status)
        .collect()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}
