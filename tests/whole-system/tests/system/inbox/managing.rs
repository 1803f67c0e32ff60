//! Setting webhooks up, changing them, and giving them other secrets.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use whole_system::{App, Organization, Settings};

use super::{create, deliver, events, id, secret, send, signed, standard, start, with};

async fn patch(app: &App, organization: &Organization, webhook: &Value, body: Value) -> Value {
    let path = format!("/api/webhooks/{}", id(webhook));
    app.request(Method::PATCH, &path, &organization.key, Some(body))
        .await
        .expect(StatusCode::OK)
}

async fn rotate(app: &App, organization: &Organization, webhook: &Value, body: Value) -> Value {
    let path = format!("/api/webhooks/{}/rotate-secret", id(webhook));
    app.post(&path, &organization.key, body)
        .await
        .expect(StatusCode::OK)
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_shown_once_and_stored_nowhere_in_the_clear() {
    let (app, organization) = start(611).await;
    let webhook = standard(&app, &organization).await;
    let shown = secret(&webhook).to_owned();
    assert!(shown.starts_with("whsec_"));
    send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
    let path = format!("/api/webhooks/{}", id(&webhook));
    let read = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    let mut expected = webhook.clone();
    for member in ["secret", "url"] {
        expected.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(read, expected);
    assert_eq!(app.all("/api/webhooks", &organization.key).await, [read]);
    let secret_part = shown.trim_start_matches("whsec_");
    for name in ["default.db", "default.db-wal"] {
        let file = app.storage.database_path("default").with_file_name(name);
        let bytes = std::fs::read(file).unwrap_or_default();
        let is_there = bytes
            .windows(secret_part.len())
            .any(|window| window == secret_part.as_bytes());
        assert!(!is_there, "{name}");
    }
    assert!(!app.output.text().contains(secret_part));

    // What the provider shows is not shown again.
    let given = json!({"name": "Pay", "scheme": "stripe", "secret": "whsec_of-the-provider"});
    assert_eq!(
        create(&app, &organization, given).await["secret"],
        Value::Null
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_a_webhook_is_named_by_its_fields() {
    let (app, organization) = start(612).await;
    for (body, fields) in [
        (json!({}), vec!["/name"]),
        (json!({"name": "a", "scheme": "morse"}), vec!["/scheme"]),
        (
            json!({"name": " ", "scheme": "stripe", "events": ["*"]}),
            vec!["/name", "/events/0", "/secret"],
        ),
        (
            json!({"name": "a", "scheme": "generic"}),
            vec!["/options/header"],
        ),
        (
            json!({"name": "a", "scheme": "github", "options": {"header": "x"}}),
            vec!["/options/header"],
        ),
        (
            json!({"name": "a", "scheme": "standard", "options": {"tolerance_seconds": 0}}),
            vec!["/options/tolerance_seconds"],
        ),
        (
            json!({"name": "a", "scheme": "standard", "options": {"colour": "red"}}),
            vec!["/options/colour"],
        ),
        (
            json!({"name": "a", "scheme": "seven_shifts", "options": {"signing": "unsigned"}, "secret": "x"}),
            vec!["/options/signing"],
        ),
        (
            json!({"name": "a", "scheme": "standard", "secret": "whsec_%"}),
            vec!["/secret"],
        ),
        (
            json!({"name": "a", "scheme": "github", "secret": " blank "}),
            vec!["/secret"],
        ),
        (
            json!({"name": "a", "scheme": "standard", "more": 1}),
            vec!["/more"],
        ),
    ] {
        let answer = app
            .post("/api/webhooks", &organization.key, body.clone())
            .await;
        assert_eq!(answer.status, 400, "{body}");
        let said = answer.json();
        let named = said["errors"].as_array().unwrap().iter();
        let named: Vec<_> = named
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(named, fields, "{body}: {said:#}");
    }
    assert!(app.all("/api/webhooks", &organization.key).await.is_empty());

    let webhook = standard(&app, &organization).await;
    let path = format!("/api/webhooks/{}", id(&webhook));
    for (body, field) in [
        (json!({"state": "gone"}), "/state"),
        (json!({"name": ""}), "/name"),
        (json!({"events": []}), "/events"),
        (json!({"options": {"header": "x"}}), "/options/header"),
        (json!({"scheme": "github"}), "/scheme"),
    ] {
        let answer = app
            .request(Method::PATCH, &path, &organization.key, Some(body.clone()))
            .await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{body}");
    }
    for body in [
        json!({"keep_previous_seconds": -1}),
        json!({"keep_previous_seconds": 2_592_001}),
    ] {
        let answer = app
            .post(&format!("{path}/rotate-secret"), &organization.key, body)
            .await;
        assert_eq!(
            answer.json()["errors"][0]["field"],
            "/keep_previous_seconds"
        );
    }
    let read = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        read["updated_at"], webhook["updated_at"],
        "nothing has changed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_scheme_that_signs_urls_needs_to_know_ours() {
    let settings = Settings {
        seed: 613,
        ..Settings::default()
    };
    let (app, organization) = with(613, settings).await;
    for scheme in ["hubspot", "square", "twilio"] {
        let body = json!({"name": "a", "scheme": scheme, "secret": "s3cr3t"});
        let answer = app.post("/api/webhooks", &organization.key, body).await;
        assert_eq!(answer.status, 409, "{scheme}");
        let said = answer.json();
        assert!(
            said["detail"].as_str().unwrap().contains("public_url"),
            "{said}"
        );
    }
    let webhook = standard(&app, &organization).await;
    assert_eq!(webhook["url"], Value::Null);
    send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_keeps_the_old_secret_for_as_long_as_it_says() {
    let (app, organization) = start(614).await;
    let old = standard(&app, &organization).await;
    send(&app, &old, "m-1", "{}").await.expect(StatusCode::OK);
    let new = rotate(&app, &organization, &old, json!({})).await;
    assert_ne!(secret(&new), secret(&old));
    assert_eq!(new["secrets"].as_array().unwrap().len(), 2);
    // Both count, each under its own name, at once and wherever the old one was known.
    let first = send(&app, &old, "m-2", "{}").await.expect(StatusCode::OK);
    let second = send(&app, &new, "m-3", "{}").await.expect(StatusCode::OK);
    let stored = events(&app, &organization).await;
    let key_of = |answer: &Value| {
        let event = stored
            .iter()
            .find(|event| event["id"] == answer["event_id"]);
        event.unwrap()["secret_id"].clone()
    };
    let in_force = |is_new: bool| {
        let mut secrets = new["secrets"].as_array().unwrap().iter();
        let found = secrets.find(|secret| secret["expires_at"].is_null() == is_new);
        found.unwrap()["id"].clone()
    };
    assert_eq!(key_of(&first), in_force(false));
    assert_eq!(key_of(&second), in_force(true));
    app.clock.as_ref().unwrap().jump(86_400_000);
    assert_eq!(send(&app, &old, "m-4", "{}").await.status, 401);
    send(&app, &new, "m-5", "{}").await.expect(StatusCode::OK);

    // At once: the old one is over with the answer.
    let last = rotate(
        &app,
        &organization,
        &new,
        json!({"keep_previous_seconds": 0}),
    )
    .await;
    assert_eq!(send(&app, &new, "m-6", "{}").await.status, 401);
    send(&app, &last, "m-7", "{}").await.expect(StatusCode::OK);
    assert_eq!(last["secrets"].as_array().unwrap().len(), 1);

    // Not more than five at a time.
    for _ in 0..4 {
        rotate(&app, &organization, &last, json!({})).await;
    }
    let path = format!("/api/webhooks/{}/rotate-secret", id(&last));
    let full = app.post(&path, &organization.key, json!({})).await;
    assert_eq!(full.status, 409);
    send(&app, &last, "m-8", "{}").await.expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_change_counts_from_the_next_delivery_on() {
    let (app, organization) = start(615).await;
    let webhook = standard(&app, &organization).await;
    let paid = r#"{"type":"order.paid"}"#;
    send(&app, &webhook, "m-1", paid)
        .await
        .expect(StatusCode::OK);
    patch(
        &app,
        &organization,
        &webhook,
        json!({"events": ["contact.*"]}),
    )
    .await;
    let said = send(&app, &webhook, "m-2", paid)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        said,
        json!({"received": true}),
        "acknowledged, and not kept"
    );
    send(&app, &webhook, "m-3", r#"{"type":"contact.made"}"#)
        .await
        .expect(StatusCode::OK);
    let shown = patch(&app, &organization, &webhook, json!({"events": null})).await;
    assert_eq!(
        (&shown["ignored_count"], &shown["events"]),
        (&json!(1), &Value::Null)
    );
    send(&app, &webhook, "m-4", paid)
        .await
        .expect(StatusCode::OK);

    patch(&app, &organization, &webhook, json!({"state": "paused"})).await;
    let paused = send(&app, &webhook, "m-5", paid).await;
    assert_eq!(paused.status, 503);
    assert!(paused.headers.contains_key("retry-after"));
    patch(&app, &organization, &webhook, json!({"state": "active"})).await;
    app.clock.as_ref().unwrap().jump(2_000);
    send(&app, &webhook, "m-5", paid)
        .await
        .expect(StatusCode::OK);
    let stored = events(&app, &organization).await;
    let ids: Vec<_> = stored
        .iter()
        .map(|event| event["delivery_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["m-1", "m-3", "m-4", "m-5"]);

    let path = format!("/api/webhooks/{}", id(&webhook));
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    assert_eq!(send(&app, &webhook, "m-6", paid).await.status, 404);
    assert_eq!(app.get(&path, &organization.key).await.status, 404);
    assert_eq!(
        events(&app, &organization).await.len(),
        4,
        "what came stays"
    );
}

#[tokio::test(start_paused = true)]
async fn one_organizations_webhooks_are_nothing_to_another() {
    let (app, organization) = start(616).await;
    let other = app.organization("Other", "America/Toronto").await;
    let webhook = standard(&app, &organization).await;
    let sent = send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
    let event = sent["event_id"].as_str().unwrap();
    let path = format!("/api/webhooks/{}", id(&webhook));
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::PATCH, path.clone(), Some(json!({"name": "theirs"}))),
        (
            Method::POST,
            format!("{path}/rotate-secret"),
            Some(json!({})),
        ),
        (Method::DELETE, path.clone(), None),
        (Method::GET, format!("/api/webhook-events/{event}"), None),
    ] {
        let answer = app.request(method.clone(), &path, &other.key, body).await;
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    assert!(app.all("/api/webhooks", &other.key).await.is_empty());
    let theirs = format!("/api/webhook-events?webhook_id={}", id(&webhook));
    assert!(app.all(&theirs, &other.key).await.is_empty());
    // A webhook of theirs with the same message is another event.
    let own = standard(&app, &other).await;
    let headers = signed(&app, secret(&own), "m-1", b"{}");
    let answer = deliver(&app, &format!("/hooks/{}", id(&own)), &headers, "{}").await;
    assert_ne!(answer.expect(StatusCode::OK)["event_id"], event);
    send(&app, &webhook, "m-2", "{}")
        .await
        .expect(StatusCode::OK);
}
