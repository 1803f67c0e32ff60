//! Connectors of the type `custom`: how they are made, what of a list is in the table, and what is told of
//! it.

mod events;
mod making;
mod syncing;

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};
use whole_system::{App, Organization, SIMULATED_REST_ORIGIN};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;

async fn start(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Kitchen", "America/Toronto").await;
    (app, organization)
}

/// Each way to page, as the mapping has it.
fn paging(rule: &str) -> Value {
    match rule {
        "cursor" => json!({"type": "cursor", "next": "/meta/next", "parameter": "cursor"}),
        "next-url" => json!({"type": "next_url", "next": "/meta/next"}),
        "pages" => {
            json!({"type": "page_number", "parameter": "page", "size_parameter": "size", "size": 10})
        }
        "offset" => {
            json!({"type": "offset", "parameter": "offset", "limit_parameter": "size", "limit": 10})
        }
        "link" => json!({"type": "link_header"}),
        _ => json!({"type": "none"}),
    }
}

fn list(rule: &str) -> Value {
    json!({"request": {"path": format!("/records/{rule}")}, "rows": "/data/rows", "id": "/id",
        "changed": "/updated_at", "paging": paging(rule)})
}

fn custom(rule: &str) -> Value {
    json!({"type": "custom", "name": "Billing", "integration_key": rule, "credentials": {},
        "config": {"base_url": format!("{SIMULATED_REST_ORIGIN}/open"), "auth": {"type": "none"}, "list": list(rule)}})
}

/// The list that can be asked for what has changed.
fn incremental(rule: &str) -> Value {
    let mut body = custom(rule);
    body["config"]["list"]["since"] = json!({"parameter": "since", "format": "epoch_s"});
    body
}

async fn connect(app: &App, organization: &Organization, body: Value) -> String {
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    made["id"].as_str().expect("an id").to_owned()
}

/// Makes or changes records at the API.
fn put(app: &App, keys: impl IntoIterator<Item = u32>, members: &Value) {
    let none = Map::new();
    for key in keys {
        let members = members.as_object().unwrap_or(&none);
        app.rest
            .provider()
            .put_record(&format!("{key:04}"), members);
    }
}

fn remove(app: &App, keys: impl IntoIterator<Item = u32>) {
    for key in keys {
        app.rest.provider().remove_record(&format!("{key:04}"));
    }
}

/// Asks for a sync, and returns its run when it has ended.
async fn sync(app: &App, organization: &Organization, id: &str, asked: Value) -> Value {
    let path = format!("/api/connectors/{id}/sync");
    let answer = app
        .post(&path, &organization.key, asked)
        .await
        .expect(StatusCode::ACCEPTED);
    let run = answer["run_id"].as_str().expect("a run").to_owned();
    ended(app, organization, &run).await
}

async fn ended(app: &App, organization: &Organization, run: &str) -> Value {
    let path = format!("/api/sync-runs/{run}");
    for _ in 0..200 {
        let shown = app
            .get(&path, &organization.key)
            .await
            .expect(StatusCode::OK);
        if !shown["finished_at"].is_null() {
            return shown;
        }
        pass(20).await;
        app.tick().await.expect(StatusCode::OK);
    }
    panic!("the run {run} never ends");
}

/// The records that are here, by the API's ids.
async fn records(app: &App, organization: &Organization) -> BTreeMap<String, Value> {
    app.all("/api/custom-records", &organization.key)
        .await
        .into_iter()
        .map(|row| {
            let id = row["external_id"].as_str().expect("an id").to_owned();
            (id, row["record"].clone())
        })
        .collect()
}

/// That what is here is what the API has.
async fn assert_true(app: &App, organization: &Organization, when: &str) {
    let truth: BTreeMap<_, _> = app
        .rest
        .provider()
        .records()
        .list()
        .into_iter()
        .map(|row| (row["id"].as_str().expect("an id").to_owned(), row))
        .collect();
    assert_eq!(records(app, organization).await, truth, "{when}");
}

async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}
