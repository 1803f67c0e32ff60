//! How much may come in, of whom; and that rubbish harms nobody.

mod addresses;
mod callers;
mod garbage;
mod webhooks;

use http::StatusCode;
use serde_json::{Value, json};
use whole_system::{Answer, App, OPERATOR_KEY, Organization};

use crate::api::problem;

/// A key of the organization that may come so often in a minute, made by the operator.
async fn key_of(app: &App, organization: &Organization, requests_per_minute: u32) -> String {
    let path = format!("/api/api-keys?organization_id={}", organization.id);
    let body =
        json!({"name": "bounded", "role": "owner", "requests_per_minute": requests_per_minute});
    let made = app.post(&path, OPERATOR_KEY, body).await;
    let made = made.expect(StatusCode::CREATED);
    assert_eq!(made["requests_per_minute"], requests_per_minute);
    made["key"].as_str().expect("a key").to_owned()
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer
        .headers
        .get(name)
        .unwrap_or_else(|| panic!("{name} is missing: {:?}", answer.headers))
        .to_str()
        .expect("text")
}

/// An answer that says that this quota is used up, and for how many seconds.
#[track_caller]
fn used_up(answer: &Answer, policy: &str, quota: u32) -> u64 {
    let seconds = throttled(answer, quota);
    assert_eq!(
        header(answer, "ratelimit-policy"),
        format!("\"{policy}\";q={quota};w=60")
    );
    assert_eq!(
        header(answer, "ratelimit"),
        format!("\"{policy}\";r=0;t={seconds}")
    );
    seconds
}

/// The same to a sender of webhooks, who goes by `Retry-After` alone.
#[track_caller]
fn throttled(answer: &Answer, quota: u32) -> u64 {
    let said = problem(answer, 429, "rate-limited");
    let seconds: u64 = header(answer, "retry-after").parse().expect("seconds");
    let detail = said["detail"].as_str().expect("a detail");
    assert!(detail.contains(&format!(" {quota} ")), "{detail}");
    assert!(detail.contains(&format!(" {seconds} s")), "{detail}");
    seconds
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

/// The rows of a list that the organization is shown.
async fn rows(app: &App, path: &str, organization: &Organization) -> Vec<Value> {
    app.all(path, &organization.key).await
}
