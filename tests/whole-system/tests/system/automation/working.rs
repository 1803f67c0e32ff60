//! From the event to what follows from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::json;
use whole_system::Settings;

use super::{kinds, notices, rule, settle, start, start_with, tells};
use crate::inbox::{events, id, send, settings, standard};
use crate::notify::{OPS, deliveries, pass, texts};

#[tokio::test(start_paused = true)]
async fn a_signed_event_is_in_slack_before_any_tick() {
    let (app, organization, slack) = start(711).await;
    let webhook = standard(&app, &organization).await;
    let made = rule(
        &app,
        &organization,
        json!({"name": "Large orders", "event": "webhook.received",
            "conditions": {"pointer": "/body/total", "op": "greater", "value": 100},
            "actions": [{"type": "slack_message", "connector_id": slack,
                "text": "{{ webhook.name }}: {{ body.id }} over {{ body.total }}"}]}),
    )
    .await;
    for (message, body) in [
        ("m-1", r#"{"id":"A-7","total":250.5}"#),
        ("m-2", r#"{"id":"A-8","total":20}"#),
        ("m-1", r#"{"id":"A-7","total":250.5}"#),
    ] {
        send(&app, &webhook, message, body)
            .await
            .expect(StatusCode::OK);
        pass(3).await;
    }
    assert_eq!(texts(&app, OPS), ["Orders: A-7 over 250.5"]);
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS).len(), 1);
    let stored = events(&app, &organization).await;
    assert_eq!(stored.len(), 2);
    for event in stored {
        assert_eq!(event["state"], "processed");
        assert!(event["processed_at"].is_string());
    }
    let path = format!("/api/automation-rules/{}", id(&made));
    let read = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&read["fired_count"], &read["failed_count"]),
        (&json!(1), &json!(0))
    );
    let sent = deliveries(&app, &organization).await;
    assert_eq!(sent[0]["requested_by"], format!("rule:{}", id(&made)));
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_dead_until_it_is_replayed_and_what_fired_does_not_fire_again() {
    let (app, organization, _) = start(712).await;
    let key = &organization.key;
    let webhook = standard(&app, &organization).await;
    tells(&app, &organization, "Good", "good {{ body.n }}").await;
    let bad = tells(&app, &organization, "Bad", "{{ body.gone }}").await;
    for n in 1..=2 {
        let body = json!({ "n": n }).to_string();
        send(&app, &webhook, &format!("m-{n}"), &body)
            .await
            .expect(StatusCode::OK);
    }
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS), ["good 1", "good 2"]);
    let dead = app.all("/api/webhook-events?state=dead", key).await;
    assert_eq!(dead.len(), 2);
    assert_eq!(dead[0]["error_code"], "rule_failed");
    assert!(
        dead[0]["error_detail"]
            .as_str()
            .unwrap()
            .starts_with("Bad: nothing is left")
    );
    let told = notices(&app, &organization).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["kind"], "event.dead");
    assert!(
        told[0]["remedy"]
            .as_str()
            .unwrap()
            .contains("/api/webhook-events/replay")
    );

    let path = format!("/api/automation-rules/{}", id(&bad));
    let mended = json!({"actions": [{"type": "slack_message", "text": "mended {{ body.n }}"}]});
    app.request(Method::PATCH, &path, key, Some(mended))
        .await
        .expect(StatusCode::OK);
    let one = format!("/api/webhook-events/{}/replay", id(&dead[1]));
    let said = app
        .post(&one, key, json!({}))
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(said, json!({"events": 1, "may_be_more": false}));
    settle(&app, &organization).await;
    let said = app
        .post(
            "/api/webhook-events/replay",
            key,
            json!({"state": "dead", "webhook_id": id(&webhook)}),
        )
        .await;
    assert_eq!(said.expect(StatusCode::ACCEPTED)["events"], 1);
    settle(&app, &organization).await;
    assert_eq!(
        texts(&app, OPS),
        ["good 1", "good 2", "mended 1", "mended 2"]
    );
    // All of it once more, because somebody wants it.
    let again = json!({"event": null, "fires_again": true, "received_from": "2026-01-01"});
    let said = app.post("/api/webhook-events/replay", key, again).await;
    assert_eq!(said.expect(StatusCode::ACCEPTED)["events"], 2);
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS).len(), 8);
    assert!(
        app.all("/api/webhook-events?state=dead", key)
            .await
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_webhook_whose_events_die_is_paused_and_people_are_told_before() {
    let (app, organization, _) = start(713).await;
    let key = &organization.key;
    let body = json!({"name": "Orders", "scheme": "standard", "failure_limit": 5});
    let webhook = crate::inbox::create(&app, &organization, body).await;
    tells(&app, &organization, "Bad", "{{ body.gone }}").await;
    let title = || async {
        let told = notices(&app, &organization).await;
        let failing = told
            .iter()
            .find(|notice| notice["kind"] == "webhook.failing");
        failing.map(|notice| notice["title"].as_str().unwrap().to_owned())
    };
    for n in 1..=5 {
        send(&app, &webhook, &format!("m-{n}"), "{}")
            .await
            .expect(StatusCode::OK);
        settle(&app, &organization).await;
        let told = title().await;
        match n {
            1 | 2 => assert_eq!(told, None),
            3 => assert!(told.unwrap().starts_with("3 events in a row")),
            4 => assert!(told.unwrap().starts_with("4 events in a row")),
            _ => assert!(told.unwrap().contains("is paused")),
        }
    }
    let path = format!("/api/webhooks/{}", id(&webhook));
    let read = app.get(&path, key).await.expect(StatusCode::OK);
    assert_eq!(
        (&read["state"], &read["failures_in_row"]),
        (&json!("paused"), &json!(5))
    );
    assert!(
        read["state_reason"]
            .as_str()
            .unwrap()
            .contains("5 events in a row")
    );
    pass(2).await;
    let refused = send(&app, &webhook, "m-6", "{}").await;
    assert_eq!(refused.status, 503);
    let active = json!({"state": "active", "failure_limit": null});
    let read = app
        .request(Method::PATCH, &path, key, Some(active))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (
            &read["failures_in_row"],
            &read["state_reason"],
            &read["failure_limit"]
        ),
        (&json!(0), &json!(null), &json!(null))
    );
    // A copy that says otherwise is a second old at the most.
    pass(2).await;
    for n in 6..=12 {
        send(&app, &webhook, &format!("m-{n}"), "{}")
            .await
            .expect(StatusCode::OK);
    }
    settle(&app, &organization).await;
    let read = app.get(&path, key).await.expect(StatusCode::OK);
    assert_eq!(
        (&read["state"], &read["failures_in_row"]),
        (&json!("active"), &json!(7))
    );
}

#[tokio::test(start_paused = true)]
async fn rules_that_fire_each_other_are_stopped() {
    let (app, organization) = crate::inbox::with(714, settings(714)).await;
    let connector = app.connect(&organization, whole_system::LAKESHORE).await;
    rule(
        &app,
        &organization,
        json!({"name": "Again", "event": "sync.completed",
            "actions": [{"type": "run_sync", "connector_id": connector, "streams": ["roles"]}]}),
    )
    .await;
    for _ in 0..20 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    assert_eq!(kinds(&app, &organization).await, ["rule.cut_off"]);
    let depths: Vec<i64> = {
        let database = app.database();
        let mut statement = database
            .prepare("SELECT depth FROM events WHERE name = 'sync.completed' ORDER BY seq")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(depths[..7], [0, 1, 2, 3, 4, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_fires_sixty_times_a_minute_at_the_most() {
    let (app, organization, _) = start(715).await;
    let webhook = standard(&app, &organization).await;
    let made = rule(
        &app,
        &organization,
        json!({"name": "Log", "event": "webhook.received", "actions": [{"type": "log", "text": "a"}]}),
    )
    .await;
    let sent = (0..70).map(|n| {
        let (app, webhook) = (&app, &webhook);
        async move { send(app, webhook, &format!("m-{n}"), "{}").await }
    });
    for answer in futures::future::join_all(sent).await {
        answer.expect(StatusCode::OK);
    }
    settle(&app, &organization).await;
    let path = format!("/api/automation-rules/{}", id(&made));
    let read = app
        .get(&path, &organization.key)
        .await
        .expect(StatusCode::OK);
    let fired = read["fired_count"].as_i64().unwrap();
    assert!((60..=62).contains(&fired), "{fired}");
    // Also the rule that every organization has.
    assert_eq!(
        kinds(&app, &organization).await,
        ["rule.too_often", "rule.too_often"]
    );
    for event in events(&app, &organization).await {
        assert_eq!(event["state"], "processed");
    }
}

/// Fails statements of automation, some before they are done and some after.
#[derive(Default)]
struct Weather {
    is_bad: AtomicBool,
    statements: AtomicUsize,
}

impl Faults for Weather {
    fn statement(&self, component: &str, _: &str, sql: &str) -> StatementFault {
        let is_ours = component == "automation"
            && (sql.contains("rule_firings")
                || sql.contains("COMMIT")
                || sql.contains("deliveries"));
        if !is_ours || !self.is_bad.load(Ordering::Relaxed) {
            return StatementFault::None;
        }
        match self.statements.fetch_add(1, Ordering::Relaxed) % 5 {
            1 => StatementFault::FailBefore("disk I/O error".to_owned()),
            3 => StatementFault::FailAfter("disk I/O error".to_owned()),
            _ => StatementFault::None,
        }
    }
}

/// Statements that fail before and after they are done, and processes that are killed: every event
/// fires its rule, and none twice.
#[tokio::test(start_paused = true)]
async fn no_event_is_forgotten_or_fires_twice_in_bad_weather() {
    let weather = Arc::new(Weather::default());
    let settings = Settings {
        faults: Some(weather.clone()),
        ..settings(716)
    };
    let (mut app, organization, _) = start_with(716, settings).await;
    let webhook = standard(&app, &organization).await;
    tells(&app, &organization, "Tell", "n {{ body.n }}").await;
    for n in 0..30 {
        let body = json!({ "n": n }).to_string();
        send(&app, &webhook, &format!("m-{n}"), &body)
            .await
            .expect(StatusCode::OK);
        if n % 10 == 9 {
            weather.is_bad.store(true, Ordering::Relaxed);
            let _ = app.tick().await;
            app.crash().await;
            weather.is_bad.store(false, Ordering::Relaxed);
            pass(70).await;
        }
    }
    pass(400).await;
    settle(&app, &organization).await;
    let mut decided: Vec<_> = deliveries(&app, &organization)
        .await
        .iter()
        .map(|one| one["payload"]["text"].as_str().unwrap().to_owned())
        .collect();
    decided.sort();
    let mut expected: Vec<_> = (0..30).map(|n| format!("n {n}")).collect();
    expected.sort();
    assert_eq!(decided, expected);
}
