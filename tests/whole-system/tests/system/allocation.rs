//! Allocations: what an organization sets up for them.

mod capacity_overrides;
mod closures;
mod settings;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{Answer, App, Organization};

/// 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;

async fn advisers(seed: u64) -> (App, Organization) {
    let app = App::simulate(seed, EPOCH).await;
    let organization = app.organization("Harbour Wealth", "Australia/Sydney").await;
    (app, organization)
}

async fn put(app: &App, path: &str, key: &str, body: Value) -> Answer {
    app.request(Method::PUT, path, key, Some(body)).await
}

async fn delete(app: &App, path: &str, key: &str) -> Answer {
    app.request(Method::DELETE, path, key, None).await
}

/// A row that was made, and its path.
async fn made(app: &App, list: &str, key: &str, body: Value) -> (Value, String) {
    let row = app.post(list, key, body).await.expect(StatusCode::CREATED);
    let path = format!("{list}/{}", row["id"].as_str().expect("an id"));
    (row, path)
}

/// A member of each row.
fn texts(rows: &[Value], member: &str) -> Vec<String> {
    rows.iter()
        .map(|row| row[member].as_str().expect("a text").to_owned())
        .collect()
}

/// What each role is answered, with a key and with a token of the product.
async fn assert_roles(app: &App, organization: &Organization, asked: &[(Method, &str, [u16; 3])]) {
    for (place, role) in ["member", "admin", "owner"].into_iter().enumerate() {
        let key = app.key(&organization.id, role).await;
        let token = super::api::token_for(&organization.id, role, "user-1");
        for caller in [&key, &token] {
            for (method, path, expected) in asked {
                let body = (*method != Method::GET && *method != Method::DELETE).then(|| json!({}));
                let answer = app.request(method.clone(), path, caller, body).await;
                assert_eq!(
                    answer.status.as_u16(),
                    expected[place],
                    "{role} {method} {path}: {}",
                    answer.json()
                );
            }
        }
    }
}
