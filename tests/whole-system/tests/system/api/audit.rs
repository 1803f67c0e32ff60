//! Who changed what is set up: every change by a caller is in the audit, as theirs, before and after, and
//! never with a secret.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{App, LAKESHORE, OPERATOR_KEY, Organization};

use super::{EPOCH, problem, token_of};

const BOT_TOKEN: &str = "xoxb-sim-lakeshore-1";
const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn entries(app: &App, organization: &Organization, filter: &str) -> Vec<Value> {
    app.all(&format!("/api/audit{filter}"), &organization.key)
        .await
}

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

/// Changes everything that can be set up, with one caller.
async fn change_all(app: &App, organization: &Organization, caller: &str) -> Vec<&'static str> {
    let post = async |path: &str, body: Value| {
        let answer = app.post(path, caller, body).await;
        assert!(answer.status.is_success(), "{path}: {:?}", answer.json());
        answer.json()
    };
    let patch = async |method: Method, path: &str, body: Option<Value>| {
        let answer = app.request(method, path, caller, body).await;
        assert!(answer.status.is_success(), "{path}: {:?}", answer.json());
    };
    let slack = post(
        "/api/connectors",
        json!({"type": "slack", "name": "Bot", "integration_key": "bot", "credentials": {"bot_token": BOT_TOKEN}}),
    )
    .await;
    let path = format!("/api/connectors/{}", id(&slack));
    patch(Method::PATCH, &path, Some(json!({"name": "Kitchen bot"}))).await;
    post(&format!("{path}/pause"), json!({})).await;
    post(&format!("{path}/disconnect"), json!({})).await;
    patch(Method::DELETE, &path, None).await;
    let seven_shifts = app.connect(organization, LAKESHORE).await;
    let path = format!("/api/connectors/{seven_shifts}/sync-settings");
    patch(Method::PUT, &path, Some(json!({"frequency": "hourly"}))).await;

    let key = post("/api/api-keys", json!({"name": "Till", "role": "member"})).await;
    let path = format!("/api/api-keys/{}", id(&key));
    let rotated = post(&format!("{path}/rotate"), json!({})).await;
    let path = format!("/api/api-keys/{}", id(&rotated));
    patch(Method::DELETE, &path, None).await;

    let webhook = post(
        "/api/webhooks",
        json!({"name": "Orders", "scheme": "standard", "secret": SIGNING_SECRET}),
    )
    .await;
    let path = format!("/api/webhooks/{}", id(&webhook));
    patch(Method::PATCH, &path, Some(json!({"state": "paused"}))).await;
    post(&format!("{path}/rotate-secret"), json!({})).await;
    patch(Method::DELETE, &path, None).await;
    let endpoint = post(
        "/api/outgoing-webhooks",
        json!({"name": "Shop", "url": "https://hooks.example.com/in"}),
    )
    .await;
    let path = format!("/api/outgoing-webhooks/{}", id(&endpoint));
    patch(Method::PATCH, &path, Some(json!({"events": ["sync.*"]}))).await;
    patch(Method::DELETE, &path, None).await;

    let rule = post(
        "/api/automation-rules",
        json!({"name": "Tell", "event": "sync.failed", "actions": [{"type": "log", "text": "a"}]}),
    )
    .await;
    let path = format!("/api/automation-rules/{}", id(&rule));
    patch(Method::PATCH, &path, Some(json!({"is_enabled": false}))).await;
    patch(Method::DELETE, &path, None).await;
    let store = post("/api/stores", json!({"name": "Harbour Street"})).await;
    let path = format!("/api/stores/{}", id(&store));
    patch(Method::PATCH, &path, Some(json!({"name": "Harbour St"}))).await;
    patch(Method::DELETE, &path, None).await;
    let closure = post("/closures", json!({"start_date": "2026-12-24"})).await;
    let path = format!("/closures/{}", id(&closure));
    patch(Method::PUT, &path, Some(json!({"tags": "office"}))).await;
    patch(Method::DELETE, &path, None).await;
    let limit = post(
        "/capacity_overrides",
        json!({"adviser_email": "a@example.com", "effective_date": "2026-04-06", "client_limit_monthly": 4}),
    )
    .await;
    let path = format!("/capacity_overrides/{}", id(&limit));
    patch(Method::PUT, &path, Some(json!({"notes": "Back in June"}))).await;
    patch(Method::DELETE, &path, None).await;
    let path = "/api/allocation/settings";
    for buffer_weeks in [1, 2] {
        patch(
            Method::PUT,
            path,
            Some(json!({"buffer_weeks": buffer_weeks})),
        )
        .await;
    }
    vec![
        "connector created",
        "connector updated",
        "connector deleted",
        "credential created",
        "credential deleted",
        "api_key created",
        "api_key updated",
        "webhook created",
        "webhook updated",
        "webhook deleted",
        "webhook_secret created",
        "webhook_secret updated",
        "webhook_secret deleted",
        "outgoing_webhook created",
        "outgoing_webhook updated",
        "outgoing_webhook deleted",
        "automation_rule created",
        "automation_rule updated",
        "automation_rule deleted",
        "closure created",
        "closure updated",
        "closure deleted",
        "capacity_override created",
        "capacity_override updated",
        "capacity_override deleted",
        "allocation_settings created",
        "allocation_settings updated",
        "store created",
        "store updated",
        "store deleted",
    ]
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told_as_its_makers_before_and_after_without_a_secret() {
    let app = App::simulate(1_301, EPOCH).await;
    let organization = app.organization("Audited", "America/Toronto").await;
    let other = app.organization("Other", "America/Toronto").await;
    let before = entries(&app, &organization, "").await;
    // The operator made the organization, with the rules that every one has, and its key.
    let of_operator: BTreeSet<_> = before
        .iter()
        .filter(|entry| entry["actor_kind"] == "operator")
        .map(|entry| entry["resource"].as_str().unwrap())
        .collect();
    assert_eq!(
        of_operator,
        BTreeSet::from(["api_key", "automation_rule", "organization"])
    );

    let token = token_of(&organization.id, "owner");
    let expected = change_all(&app, &organization, &token).await;
    let all = entries(&app, &organization, "").await;
    let text = serde_json::to_string(&all).unwrap();
    for secret in [BOT_TOKEN, SIGNING_SECRET, "pb_live_", "gAAAA"] {
        let shown = text.matches(secret).count();
        let prefixes = text.matches("display_prefix\":\"pb_live_").count();
        let allowed = if secret == "pb_live_" { prefixes } else { 0 };
        assert_eq!(shown, allowed, "{secret}");
    }
    let by_user = entries(&app, &organization, "?actor=user-1").await;
    let told: BTreeSet<_> = by_user
        .iter()
        .map(|entry| {
            assert_eq!(entry["actor_kind"], "jwt", "{entry}");
            assert!(entry["request_id"].is_string(), "{entry}");
            assert_eq!(
                (entry["before"].is_null(), entry["after"].is_null()),
                (entry["action"] == "created", entry["action"] == "deleted"),
                "{entry}"
            );
            format!(
                "{} {}",
                entry["resource"].as_str().unwrap(),
                entry["action"].as_str().unwrap()
            )
        })
        .collect();
    let expected: BTreeSet<_> = expected.into_iter().map(str::to_owned).collect();
    assert_eq!(told, expected);
    // What the organization's own key did is the key's; nothing is nobody's.
    for entry in &all[..all.len() - before.len()] {
        assert_ne!(entry["actor_kind"], "system", "{entry}");
    }
    let renamed = entries(&app, &organization, "?resource=store").await;
    assert_eq!(renamed[1]["before"]["name"], "Harbour Street");
    assert_eq!(renamed[1]["after"]["name"], "Harbour St");
    let one = renamed[0]["resource_id"].as_str().unwrap();
    let of_one = entries(&app, &organization, &format!("?resource_id={one}")).await;
    assert_eq!(of_one, renamed);
    // Newest first, and each once.
    let ids: Vec<u64> = all.iter().map(|entry| id(entry).parse().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b));
    assert!(
        entries(&app, &other, "")
            .await
            .iter()
            .all(|entry| entry["organization_id"] == other.id)
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_or_changed_nothing_is_not_told() {
    let app = App::simulate(1_302, EPOCH).await;
    let organization = app.organization("Quiet", "America/Toronto").await;
    let store = app
        .post("/api/stores", &organization.key, json!({"name": "One"}))
        .await
        .expect(StatusCode::CREATED);
    let before = entries(&app, &organization, "").await;
    let path = format!("/api/stores/{}", id(&store));
    for (body, status) in [
        (json!({"name": "One"}), StatusCode::OK),
        (json!({"name": ""}), StatusCode::BAD_REQUEST),
    ] {
        app.request(Method::PATCH, &path, &organization.key, Some(body))
            .await
            .expect(status);
    }
    app.synced("Busy", LAKESHORE).await;
    assert_eq!(entries(&app, &organization, "").await, before);
}

#[tokio::test(start_paused = true)]
async fn the_engine_changes_nothing_that_is_set_up_and_leaves_no_entry() {
    let app = App::simulate(1_303, EPOCH).await;
    let (organization, _) = app.synced("Synced", LAKESHORE).await;
    let before = entries(&app, &organization, "").await.len();
    for _ in 0..6 {
        tokio::time::sleep(std::time::Duration::from_secs(900)).await;
        app.tick().await.expect(StatusCode::OK);
    }
    assert_eq!(entries(&app, &organization, "").await.len(), before);
}

#[tokio::test(start_paused = true)]
async fn only_owners_read_it_and_it_goes_with_the_organization() {
    let app = App::simulate(1_304, EPOCH).await;
    let organization = app.organization("Gone", "America/Toronto").await;
    let token = token_of(&organization.id, "admin");
    problem(&app.get("/api/audit", &token).await, 403, "forbidden");
    let path = format!("/api/organizations/{}", organization.id);
    app.request(Method::DELETE, &path, OPERATOR_KEY, None)
        .await
        .expect(StatusCode::ACCEPTED);
    for _ in 0..10 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    }
    let left: i64 = app
        .database()
        .query_row("SELECT count(*) FROM audit_entries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}
