//! What people are told, with rules and without them.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};

use super::{kinds, notices, settle, start};
use crate::inbox::{id, settings, with};
use crate::notify::{OPS, bot, connect, pass, texts};

#[tokio::test(start_paused = true)]
async fn a_sync_that_changed_something_is_told_in_slack_once() {
    let (app, organization) = with(721, settings(721)).await;
    connect(&app, &organization, bot()).await;
    app.connect(&organization, whole_system::LAKESHORE).await;
    for _ in 0..15 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    let told = texts(&app, OPS);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].starts_with(":white_check_mark: Lakeshore Kitchens: locations, "),
        "{}",
        told[0]
    );
    assert!(told[0].contains("rows changed"), "{}", told[0]);
    // Switched off, it is silent.
    let rules = app.all("/api/automation-rules", &organization.key).await;
    let path = format!("/api/automation-rules/{}", id(&rules[0]));
    app.request(
        Method::PATCH,
        &path,
        &organization.key,
        Some(json!({"is_enabled": false})),
    )
    .await
    .expect(StatusCode::OK);
    pass(4_000).await;
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_person_is_a_notice_whatever_the_rules() {
    let (app, organization, slack) = start(722).await;
    let key = &organization.key;
    for rule in app.all("/api/automation-rules", key).await {
        let path = format!("/api/automation-rules/{}", id(&rule));
        app.request(
            Method::PATCH,
            &path,
            key,
            Some(json!({"is_enabled": false})),
        )
        .await
        .expect(StatusCode::OK);
    }
    // Slack has taken the token back.
    crate::notify::change(
        &app,
        simulators::slack::Change::FailNext {
            credential: crate::notify::TOKEN.to_owned(),
            failure: simulators::slack::ScriptedFailure {
                word: "token_revoked".to_owned(),
                status: None,
                retry_after: None,
                after_posting: false,
            },
            times: 1,
        },
    );
    let said = crate::notify::notify(&app, &organization, &slack, json!({"text": "Hello"})).await;
    assert_eq!(said.status, 502);
    settle(&app, &organization).await;
    assert_eq!(
        kinds(&app, &organization).await,
        ["connector.expired", "delivery.failed"]
    );
    let told = notices(&app, &organization).await;
    for notice in &told {
        assert_eq!(notice["connector_id"], slack);
        assert!(
            notice["title"].as_str().unwrap().contains("Kitchen bot"),
            "{notice}"
        );
        assert_eq!(
            (&notice["count"], &notice["read_at"]),
            (&json!(1), &Value::Null)
        );
    }
    let path = format!("/api/notices/{}", id(&told[0]));
    let read = app
        .post(&format!("{path}/read"), key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert!(read["read_at"].is_string());
    assert_eq!(app.all("/api/notices?is_read=false", key).await.len(), 1);
    app.post(&format!("{path}/dismiss"), key, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(notices(&app, &organization).await.len(), 1);
    assert_eq!(
        app.all("/api/notices?state=dismissed", key).await[0]["id"],
        told[0]["id"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_fails_is_a_notice_by_the_rule_that_every_organization_has() {
    let (app, organization) = with(723, settings(723)).await;
    app.connect(&organization, whole_system::LAKESHORE).await;
    for _ in 0..10 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    let refused = Fault::status(StatusCode::FORBIDDEN);
    app.simulator
        .add_fault(FaultRule::always("/v2/company/4410/locations", refused));
    pass(90_000).await;
    for _ in 0..5 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    let told = notices(&app, &organization).await;
    let of_rule: Vec<_> = told
        .iter()
        .filter(|notice| notice["kind"] == "rule")
        .collect();
    assert_eq!(of_rule.len(), 1, "{told:#?}");
    assert!(
        of_rule[0]["title"]
            .as_str()
            .unwrap()
            .contains("could not sync locations")
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_expires_is_told_of_three_times() {
    let (app, organization, _) = start(724).await;
    let body =
        json!({"name": "till", "scopes": ["shifts:read"], "expires_at": "2026-10-11T00:00:00Z"});
    app.post("/api/api-keys", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    let mut told = Vec::new();
    // From the 21st of September on, a day at a time.
    for day in 0..22 {
        pass(86_400).await;
        for _ in 0..3 {
            app.tick().await.expect(StatusCode::OK);
            pass(20).await;
        }
        let notices = notices(&app, &organization).await;
        let count = notices
            .first()
            .map_or(0, |notice| notice["count"].as_i64().unwrap());
        if told.last().map_or(0, |(_, before)| *before) != count {
            assert!(
                notices[0]["title"]
                    .as_str()
                    .unwrap()
                    .contains("The API key till expires")
            );
            told.push((day, count));
        }
    }
    assert_eq!(
        told.iter().map(|(_, count)| *count).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let texts = texts(&app, OPS);
    assert_eq!(texts.len(), 3, "{texts:#?}");
    assert!(texts[0].contains("days left: 14") && texts[2].contains("days left: 1)"));
}
