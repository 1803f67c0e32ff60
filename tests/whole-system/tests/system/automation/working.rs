//! From the event to what follows from it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::{Value, json};
use simulators::receiver::Told;
use whole_system::{SIMULATED_RECEIVER_ORIGIN, Settings};

use super::{kinds, notices, rule, settle, start, start_with, tells};
use crate::api::problem;
use crate::inbox::{events, id, send, settings, standard, with};
use crate::notify::{OPS, bot, connect, deliveries, pass, texts};

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

/// A receiver that is down for long fills its outbox. Only what was to go there fails, and says why.
#[tokio::test(start_paused = true)]
async fn a_full_outbox_fails_the_rules_that_send_there_and_stops_no_inbox() {
    let (app, organization, _) = start(718).await;
    let key = &organization.key;
    let webhook = standard(&app, &organization).await;
    let url = format!("{SIMULATED_RECEIVER_ORIGIN}/down");
    let down = Told::status(StatusCode::INTERNAL_SERVER_ERROR);
    app.receiver.provider().tell("/down", down);
    let body = json!({"name": "Down", "url": url, "events": ["nothing.*"]});
    let endpoint = app.post("/api/outgoing-webhooks", key, body).await;
    let endpoint = endpoint.expect(StatusCode::CREATED);
    let action = json!({"type": "outgoing_webhook", "endpoint_id": endpoint["id"]});
    for n in 0..10 {
        let body = json!({"name": format!("Ten {n}"), "event": "webhook.received",
            "conditions": {"pointer": "/type", "op": "equals", "value": "a.b"},
            "actions": vec![action.clone(); 10]});
        rule(&app, &organization, body).await;
    }
    let notice = json!([{"type": "notice", "title": "N {{ body.n }}", "remedy": "none"}]);
    let body = json!({"name": "Note", "event": "webhook.received", "actions": notice});
    rule(&app, &organization, body).await;
    for n in 0..13 {
        let kind = if n == 12 { "other.x" } else { "a.b" };
        let body = json!({"type": kind, "n": n}).to_string();
        let said = send(&app, &webhook, &format!("m-{n}"), &body).await;
        said.expect(StatusCode::OK);
    }
    for _ in 0..3 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    let states: Vec<_> = events(&app, &organization)
        .await
        .iter()
        .map(|event| (event["state"].clone(), event["error_detail"].to_string()))
        .collect();
    let processed = states.iter().filter(|(state, _)| state == "processed");
    assert_eq!(processed.count(), 11, "{states:#?}");
    let dead: Vec<_> = states.iter().filter(|(state, _)| state == "dead").collect();
    assert_eq!(dead.len(), 2);
    for (_, why) in dead {
        assert!(why.contains("1000 deliveries wait"), "{why}");
    }
    let notices = notices(&app, &organization).await;
    let of_rule = notices.iter().filter(|notice| notice["kind"] == "rule");
    assert_eq!(of_rule.count(), 13, "the other rule fires on all of them");
    let read = app
        .get(&format!("/api/webhooks/{}", id(&webhook)), key)
        .await;
    assert_eq!(read.expect(StatusCode::OK)["state"], "active");
}

/// Nothing that somebody has asked for is dropped without a word, and a dry run says the same.
#[tokio::test(start_paused = true)]
async fn a_rule_that_names_no_slack_connector_takes_what_there_is_or_fails() {
    let (app, organization) = with(717, settings(717)).await;
    let key = &organization.key;
    let webhook = standard(&app, &organization).await;
    let actions = json!([{"type": "slack_message", "text": "n {{ body.n }}"},
        {"type": "notice", "title": "N {{ body.n }}", "remedy": "none"}]);
    rule(
        &app,
        &organization,
        json!({"name": "Both", "event": "webhook.received", "actions": actions}),
    )
    .await;
    let bring = async |n: i64| {
        let body = json!({ "n": n }).to_string();
        let said = send(&app, &webhook, &format!("m-{n}"), &body).await;
        said.expect(StatusCode::OK);
        // What is held is not settled.
        for _ in 0..3 {
            app.tick().await.expect(StatusCode::OK);
            pass(20).await;
        }
        let path = "/api/webhook-events?limit=1";
        app.get(path, key).await.expect(StatusCode::OK)["data"][0]["state"].clone()
    };
    let dry_run = async || {
        let body = json!({"event": "webhook.received", "payload": {"body": {"n": 0}}});
        let said = app.post("/api/automation-rules/dry-run", key, body).await;
        let said = said.expect(StatusCode::OK);
        let both = said["fires"].as_array().unwrap().iter();
        both.clone()
            .find(|fires| fires["name"] == "Both")
            .expect("it fires")["effects"][0]["error"]
            .clone()
    };
    let noticed = async || {
        let notices = notices(&app, &organization).await;
        let of_rule = notices.iter().filter(|notice| notice["kind"] == "rule");
        of_rule.count()
    };
    // There is none: the whole rule fails, and the event can be replayed.
    assert_eq!(bring(1).await, "dead");
    assert_eq!(noticed().await, 0);
    let why = dry_run().await;
    assert!(
        why.as_str().unwrap().contains("no Slack connector"),
        "{why}"
    );
    let dead = app.get("/api/webhook-events?state=dead", key).await;
    let reason = dead.expect(StatusCode::OK)["data"][0]["error_detail"].to_string();
    assert!(reason.contains("no Slack connector"), "{reason}");

    // One that is paused holds it.
    let slack = connect(&app, &organization, bot()).await;
    let state = async |action: &str| {
        let path = format!("/api/connectors/{slack}/{action}");
        let said = app.request(Method::POST, &path, key, None).await;
        said.expect(StatusCode::OK);
    };
    state("pause").await;
    assert_eq!(dry_run().await, Value::Null);
    assert_eq!(bring(2).await, "processed");
    assert_eq!(noticed().await, 1);
    assert!(texts(&app, OPS).is_empty());
    state("resume").await;
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS), ["n 2"]);
    let body = json!({"webhook_id": webhook["id"]});
    app.post("/api/webhook-events/replay", key, body)
        .await
        .expect(StatusCode::ACCEPTED);
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS), ["n 2", "n 1"]);
    assert_eq!(noticed().await, 2);
}

/// What a rule was held back from can be done after all, once, when it may fire more often.
#[tokio::test(start_paused = true)]
async fn a_rule_fires_sixty_times_a_minute_unless_it_says_otherwise() {
    let (app, organization, _) = start(715).await;
    let webhook = standard(&app, &organization).await;
    let notice = json!([{"type": "notice", "title": "n {{ body.n }}", "remedy": "none"}]);
    let made = rule(
        &app,
        &organization,
        json!({"name": "Note", "event": "webhook.received", "actions": notice}),
    )
    .await;
    assert_eq!(made["firings_per_minute"], 60);
    let sent = (0..70).map(|n| {
        let (app, webhook) = (&app, &webhook);
        async move {
            let body = json!({ "n": n }).to_string();
            send(app, webhook, &format!("m-{n}"), &body).await
        }
    });
    for answer in futures::future::join_all(sent).await {
        answer.expect(StatusCode::OK);
    }
    settle(&app, &organization).await;
    let path = format!("/api/automation-rules/{}", id(&made));
    let fired = async |path: &str| {
        let read = app.get(path, &organization.key).await;
        read.expect(StatusCode::OK)["fired_count"].as_i64().unwrap()
    };
    let held_back = fired(&path).await;
    assert!((60..=62).contains(&held_back), "{held_back}");
    let kinds_of = async || kinds(&app, &organization).await;
    let too_often = kinds_of()
        .await
        .into_iter()
        .filter(|kind| kind == "rule.too_often")
        .count();
    assert_eq!(too_often, 1, "not of the rule that only logs");
    for event in events(&app, &organization).await {
        assert_eq!(event["state"], "processed");
    }
    let all = app.all("/api/automation-rules", &organization.key).await;
    let log = all
        .iter()
        .find(|rule| rule["default_rule"] == "default-webhook-received")
        .unwrap();
    assert_eq!(log["fired_count"], 70);

    for wrong in [json!(0), json!(6_001), json!("9"), json!(1.5)] {
        let body = json!({"firings_per_minute": wrong});
        let answer = app
            .request(Method::PATCH, &path, &organization.key, Some(body))
            .await;
        let said = problem(&answer, 400, "invalid-request");
        assert_eq!(said["errors"][0]["field"], "/firings_per_minute");
    }
    let body = json!({"firings_per_minute": 6_000});
    let patched = app
        .request(Method::PATCH, &path, &organization.key, Some(body))
        .await
        .expect(StatusCode::OK);
    assert_eq!(patched["firings_per_minute"], 6_000);
    let body = json!({"webhook_id": webhook["id"]});
    app.post("/api/webhook-events/replay", &organization.key, body)
        .await
        .expect(StatusCode::ACCEPTED);
    settle(&app, &organization).await;
    assert_eq!(fired(&path).await, 70);
    let titles: HashSet<_> = app
        .all("/api/notices", &organization.key)
        .await
        .iter()
        .filter(|notice| notice["kind"] == "rule")
        .map(|notice| (notice["title"].to_string(), notice["count"].to_string()))
        .collect();
    let once: HashSet<_> = (0..70)
        .map(|n| (format!("\"n {n}\""), "1".to_owned()))
        .collect();
    assert_eq!(titles, once);
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
