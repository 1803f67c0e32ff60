//! Connectors to Slack: made, changed, tested, and what becomes of their credentials.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::slack::Change;
use whole_system::{App, LAKESHORE, Organization};

use super::{
    SECRET, SERVICE, TOKEN, bot, change, connect, connector, notify, posted, start, webhook,
};

async fn test(app: &App, organization: &Organization, id: &str) -> Value {
    app.post(
        &format!("/api/connectors/{id}/test"),
        &organization.key,
        json!({}),
    )
    .await
    .expect(StatusCode::OK)
}

async fn update(app: &App, organization: &Organization, id: &str, body: Value) -> Value {
    let path = format!("/api/connectors/{id}");
    let answer = app
        .request(Method::PATCH, &path, &organization.key, Some(body))
        .await;
    answer.expect(StatusCode::OK)
}

#[tokio::test(start_paused = true)]
async fn a_credential_goes_in_and_never_comes_out() {
    let (app, organization) = start(601).await;
    let (by_bot, by_webhook) = (
        connect(&app, &organization, bot()).await,
        connect(&app, &organization, webhook()).await,
    );
    let shown = connector(&app, &organization, &by_bot).await;
    assert_eq!(
        (
            &shown["provider"],
            &shown["integration_key"],
            &shown["state"]
        ),
        (&json!("slack"), &json!("slack"), &json!("active"))
    );
    assert_eq!(
        shown["config"],
        json!({"method": "bot_token", "default_channel": super::OPS})
    );
    let shown = connector(&app, &organization, &by_webhook).await;
    assert_eq!(shown["config"], json!({"method": "incoming_webhook"}));
    for id in [&by_bot, &by_webhook] {
        notify(&app, &organization, id, json!({"text": "Hello"}))
            .await
            .expect(StatusCode::OK);
        test(&app, &organization, id).await;
    }
    // Failures, too, say nothing of it.
    change(
        &app,
        Change::RemoveWebhook {
            service: SERVICE.to_owned(),
        },
    );
    notify(&app, &organization, &by_webhook, json!({"text": "Hello"})).await;
    let mut seen = app.output.text();
    for path in [
        "/api/connectors".to_owned(),
        "/api/deliveries".to_owned(),
        format!("/api/organizations/{}/export", organization.id),
    ] {
        let answer = app.get(&path, &organization.key).await;
        seen.push_str(&String::from_utf8_lossy(&answer.body));
    }
    let database = app.database();
    let stored: String = database
        .query_row("SELECT group_concat(sealed) FROM credentials", [], |row| {
            row.get(0)
        })
        .expect("they are stored");
    seen.push_str(&stored);
    for secret in [TOKEN, SECRET] {
        assert!(!seen.contains(secret), "{secret} is somewhere to be read");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_connector_is_named_and_makes_none() {
    let (app, organization) = start(602).await;
    let with = |pairs: &[(&str, Value)]| {
        let mut body = bot();
        for (name, value) in pairs {
            body[*name] = value.clone();
        }
        body
    };
    let url = webhook()["credentials"]["webhook_url"].clone();
    let cases = [
        (with(&[("type", json!("teams"))]), "/type"),
        (with(&[("type", json!("seven_shifts"))]), "/type"),
        (with(&[("name", json!("  "))]), "/name"),
        (
            with(&[("integration_key", json!("a b"))]),
            "/integration_key",
        ),
        (with(&[("credentials", json!({}))]), "/credentials"),
        (
            with(&[(
                "credentials",
                json!({"bot_token": TOKEN, "webhook_url": url}),
            )]),
            "/credentials",
        ),
        (
            with(&[("credentials", json!({"bot_token": "xoxp-a-person"}))]),
            "/credentials/bot_token",
        ),
        (
            with(&[(
                "credentials",
                json!({"webhook_url": "https://example.com/services/T/B/x"}),
            )]),
            "/credentials/webhook_url",
        ),
        (
            with(&[(
                "credentials",
                json!({"webhook_url": "http://hooks.slack.com/services/T0A/B0A/xxxxxxxxxxxxxxxxxxxxxxxx"}),
            )]),
            "/credentials/webhook_url",
        ),
        (
            with(&[("credentials", json!({"bot_token": TOKEN, "password": "x"}))]),
            "/credentials/password",
        ),
        (
            with(&[("config", json!({"channel": "#ops"}))]),
            "/config/channel",
        ),
        (
            with(&[("config", json!({"default_channel": 7}))]),
            "/config/default_channel",
        ),
        (
            with(&[
                ("credentials", json!({"webhook_url": url})),
                ("config", json!({"default_channel": "#ops"})),
            ]),
            "/config/default_channel",
        ),
        (with(&[("credentials", json!([TOKEN]))]), "/credentials"),
        (with(&[("secret", json!(TOKEN))]), "/secret"),
    ];
    for (body, field) in cases {
        let answer = app
            .post("/api/connectors", &organization.key, body.clone())
            .await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], field, "{body} {problem:#}");
        assert!(!problem.to_string().contains(TOKEN), "{problem:#}");
    }
    assert!(
        app.all("/api/connectors", &organization.key)
            .await
            .is_empty()
    );
    // A key is one connector's.
    let first = connect(&app, &organization, bot()).await;
    let again = app.post("/api/connectors", &organization.key, bot()).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    app.post(
        &format!("/api/connectors/{first}/disconnect"),
        &organization.key,
        json!({}),
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(connect(&app, &organization, bot()).await, first);
    // What syncs nothing has no settings of it, and an account of 7shifts is no connector of this kind.
    let settings = format!("/api/connectors/{first}/sync-settings");
    let answer = app.get(&settings, &organization.key).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let seven_shifts = app.connect(&organization, LAKESHORE).await;
    let answer = notify(&app, &organization, &seven_shifts, json!({"text": "x"})).await;
    assert_eq!(
        answer.expect(StatusCode::BAD_REQUEST)["errors"][0]["field"],
        "/connector_id"
    );
    let status = app.all("/api/sync-status", &organization.key).await;
    assert_eq!(status.len(), 1, "{status:#?}");
    for path in ["", "/test"] {
        let path = format!("/api/connectors/{seven_shifts}{path}");
        let method = if path.ends_with("/test") {
            Method::POST
        } else {
            Method::PATCH
        };
        let answer = app
            .request(method, &path, &organization.key, Some(json!({})))
            .await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_asks_slack_and_shows_nobody_a_message() {
    let (app, organization) = start(603).await;
    let by_bot = connect(&app, &organization, bot()).await;
    let by_webhook = connect(&app, &organization, webhook()).await;
    for id in [&by_bot, &by_webhook] {
        let tested = test(&app, &organization, id).await;
        assert_eq!(tested["success"], true, "{tested}");
    }
    assert!(posted(&app, super::OPS).is_empty());
    change(
        &app,
        Change::RevokeToken {
            token: TOKEN.to_owned(),
        },
    );
    change(
        &app,
        Change::RemoveWebhook {
            service: SERVICE.to_owned(),
        },
    );
    for id in [&by_bot, &by_webhook] {
        let tested = test(&app, &organization, id).await;
        assert_eq!(tested["success"], false, "{tested}");
        let shown = connector(&app, &organization, id).await;
        assert_eq!(shown["state"], "revoked");
        assert_eq!(shown["state_reason"], tested["detail"]);
        let refused = notify(&app, &organization, id, json!({"text": "x"})).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.json());
    }
    // Somebody has put it right at Slack, or gives another credential.
    change(
        &app,
        Change::RestoreToken {
            token: TOKEN.to_owned(),
        },
    );
    assert_eq!(test(&app, &organization, &by_bot).await["success"], true);
    let shown = connector(&app, &organization, &by_bot).await;
    assert_eq!(
        (&shown["state"], &shown["state_reason"]),
        (&json!("active"), &Value::Null)
    );
    let shown = update(
        &app,
        &organization,
        &by_webhook,
        json!({"name": "Ops by bot", "credentials": {"bot_token": TOKEN}, "config": {"default_channel": super::SHIFTS}}),
    )
    .await;
    assert_eq!(
        (&shown["state"], &shown["name"]),
        (&json!("active"), &json!("Ops by bot"))
    );
    notify(&app, &organization, &by_webhook, json!({"text": "Hello"}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(super::texts(&app, super::SHIFTS), ["Hello"]);
}
