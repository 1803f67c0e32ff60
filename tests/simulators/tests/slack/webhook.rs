//! Incoming webhooks.

use http::Method;
use serde_json::json;
use simulators::slack::{Change, ScriptedFailure, Sender, WEBHOOK_STATUSES};

use crate::support::{GENERAL, HOOK, OPS, SERVICE, TEAM, World, request};

#[tokio::test]
async fn an_address_is_right_in_every_part() {
    let world = World::demo();
    for (path, answer) in [
        ("/services", (404, "no_team")),
        ("/services/", (404, "no_team")),
        ("/services/T0NOBODYY/B0OPSHOOK/x", (404, "no_team")),
        ("/services/T0LAKESHR", (404, "no_service_id")),
        ("/services/T0LAKESHR/B0NOTHING/x", (404, "no_service")),
        ("/services/T0LAKESHR/B0OPSHOOK", (403, "invalid_token")),
        ("/services/T0LAKESHR/B0OPSHOOK/x", (403, "invalid_token")),
        ("/elsewhere", (404, "no_service")),
        ("/triggers/T0LAKESHR/1/x", (404, "no_service")),
    ] {
        let (status, word) = world.hook(path, &json!({"text": "a"})).await.word();
        assert_eq!((status, word.as_str()), answer, "{path}");
    }
    assert!(world.messages(OPS).is_empty());
}

#[tokio::test]
async fn a_body_must_be_a_message() {
    let world = World::demo();
    for body in [
        "",
        "text",
        "[]",
        "\"a\"",
        "5",
        "null",
        "{\"text\":\"a\"",
        "{\"text\":\"\\ud800\"}",
    ] {
        let request = request(
            Method::POST,
            HOOK,
            &[("content-type", "application/json")],
            body,
        );
        let answer = world.ask(request).await.unwrap();
        assert_eq!(answer.word(), (400, "invalid_payload".to_owned()), "{body}");
    }
    let get = world
        .ask(request(Method::GET, HOOK, &[], ""))
        .await
        .unwrap();
    assert_eq!(get.word(), (400, "invalid_payload".to_owned()));
    for empty in [
        json!({}),
        json!({"text": " "}),
        json!({"text": null, "blocks": []}),
        json!({"channel": "#ops"}),
    ] {
        assert_eq!(
            world.say(&empty).await,
            (400, "no_text".to_owned()),
            "{empty}"
        );
    }
    assert!(world.messages(OPS).is_empty());
}

#[tokio::test]
async fn a_message_is_shown_as_it_was_sent_byte_for_byte() {
    let world = World::demo();
    let raw = "{ \"text\" : \"Tom &amp; &lt;b&gt; \\u00e9 é\" , \"unknown\":1}";
    let sent = request(
        Method::POST,
        HOOK,
        &[("content-type", "application/json")],
        raw,
    );
    let answer = world.ask(sent).await.unwrap();
    assert_eq!(answer.word(), (200, "ok".to_owned()));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let messages = world.messages(OPS);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].raw, raw);
    assert_eq!(messages[0].message["text"], "Tom &amp; &lt;b&gt; é é");
    assert_eq!(messages[0].sender, Sender::Webhook(SERVICE.to_owned()));
    assert_eq!(messages[0].ts, "1790000000.000000");
}

#[tokio::test]
async fn the_older_form_carries_the_same_message() {
    let world = World::demo();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let sent = request(
        Method::POST,
        HOOK,
        &form,
        "payload=%7B%22text%22%3A%22a+b%22%7D",
    );
    assert_eq!(world.ask(sent).await.unwrap().word().0, 200);
    assert_eq!(world.texts(OPS), ["a b"]);
    for wrong in ["", "text=a", "payload=a"] {
        let sent = request(Method::POST, HOOK, &form, wrong);
        assert_eq!(world.ask(sent).await.unwrap().word().1, "invalid_payload");
    }
}

#[tokio::test]
async fn what_a_webhook_cannot_choose_is_ignored() {
    let world = World::demo();
    let message = json!({"text": "a", "channel": "#general", "username": "x", "icon_emoji": ":x:", "icon_url": "x", "thread_ts": "1.000001"});
    assert_eq!(world.say(&message).await.0, 200);
    assert!(world.messages(GENERAL).is_empty());
    let shown = &world.messages(OPS)[0].message;
    assert_eq!(json!(shown), json!({"text": "a", "thread_ts": "1.000001"}));
}

#[tokio::test]
async fn administrators_break_webhooks_in_every_way_and_mend_them() {
    let service = || SERVICE.to_owned();
    let channel = || OPS.to_owned();
    let team = || TEAM.to_owned();
    for (broken, mended, status, word) in [
        (
            Change::RemoveWebhook { service: service() },
            Some(Change::RestoreWebhook { service: service() }),
            404,
            "no_service",
        ),
        (
            Change::DisableWebhook { service: service() },
            Some(Change::RestoreWebhook { service: service() }),
            404,
            "no_active_hooks",
        ),
        (
            Change::ExpireWebhook { service: service() },
            Some(Change::RestoreWebhook { service: service() }),
            403,
            "invalid_token",
        ),
        (
            Change::DisableTeam { team: team() },
            Some(Change::EnableTeam { team: team() }),
            403,
            "team_disabled",
        ),
        (
            Change::ArchiveChannel { channel: channel() },
            Some(Change::OpenChannel { channel: channel() }),
            410,
            "channel_is_archived",
        ),
        (
            Change::RestrictChannel { channel: channel() },
            Some(Change::OpenChannel { channel: channel() }),
            403,
            "action_prohibited",
        ),
        (
            Change::DeleteChannel { channel: channel() },
            None,
            404,
            "channel_not_found",
        ),
    ] {
        let world = World::demo();
        world.change(broken);
        assert_eq!(
            world.say(&json!({"text": "a"})).await,
            (status, word.to_owned())
        );
        assert!(world.messages(OPS).is_empty(), "{word}");
        if let Some(mended) = mended {
            world.change(mended);
            assert_eq!(world.say(&json!({"text": "a"})).await.0, 200, "{word}");
        }
    }
}

#[tokio::test]
async fn the_general_channel_has_a_word_of_its_own() {
    let provider = simulators::slack::demo_data().with(
        simulators::slack::Workspace::new("T1", "One")
            .channel("C1", "general")
            .webhook("B1", "s", "C1"),
    );
    let clock: std::sync::Arc<dyn simulators::Clock> = std::sync::Arc::new(|| 0);
    let simulator = simulators::Simulator::new(simulators::slack::Slack::new(provider, clock));
    simulator
        .provider()
        .change(Change::RestrictChannel {
            channel: "C1".to_owned(),
        })
        .unwrap();
    let sent = request(Method::POST, "/services/T1/B1/s", &[], "{\"text\":\"a\"}");
    let answer = simulator.send(sent).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.body().as_ref(), b"posting_to_general_channel_denied");
}

/// Every row of the table, on demand.
#[tokio::test]
async fn every_word_can_be_had_with_its_status_and_with_another() {
    let world = World::demo();
    for (word, status) in WEBHOOK_STATUSES {
        world.fail_next(SERVICE, word);
        assert_eq!(
            world.say(&json!({"text": "a"})).await,
            (status, word.to_owned())
        );
    }
    assert!(world.messages(OPS).is_empty());
    world.simulator.provider().change_settings(|settings| {
        settings
            .statuses
            .insert("posting_to_general_channel_denied".to_owned(), 400);
    });
    world.fail_next(SERVICE, "posting_to_general_channel_denied");
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 400);
    world.change(Change::FailNext {
        credential: SERVICE.to_owned(),
        failure: ScriptedFailure {
            word: "of_tomorrow".to_owned(),
            status: Some(418),
            retry_after: Some(30),
            after_posting: false,
        },
        times: 2,
    });
    for _ in 0..2 {
        let answer = world.hook(HOOK, &json!({"text": "a"})).await;
        assert_eq!(answer.word(), (418, "of_tomorrow".to_owned()));
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
}

#[tokio::test]
async fn a_failure_may_come_after_the_message_was_posted() {
    let world = World::demo();
    world.change(Change::FailNext {
        credential: SERVICE.to_owned(),
        failure: ScriptedFailure {
            word: "rollup_error".to_owned(),
            status: None,
            retry_after: None,
            after_posting: true,
        },
        times: 1,
    });
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 500);
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    assert_eq!(world.texts(OPS), ["a", "a"]);
}

#[tokio::test]
async fn a_burst_of_thirty_passes_and_then_one_a_second() {
    let world = World::demo();
    for number in 0..30 {
        assert_eq!(world.say(&json!({"text": number.to_string()})).await.0, 200);
    }
    let over = world.hook(HOOK, &json!({"text": "over"})).await;
    assert_eq!(over.word(), (429, "rate_limited".to_owned()));
    assert_eq!(over.header("retry-after"), Some("1"));
    world.clock.advance_ms(999);
    assert_eq!(world.say(&json!({"text": "over"})).await.0, 429);
    world.clock.advance_ms(1);
    assert_eq!(world.say(&json!({"text": "in time"})).await.0, 200);
    assert_eq!(world.messages(OPS).len(), 31);

    world.simulator.provider().change_settings(|settings| {
        settings.burst = Some(1);
        settings.retry_after = None;
    });
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    let over = world.hook(HOOK, &json!({"text": "a"})).await;
    assert_eq!(
        (over.status.as_u16(), over.header("retry-after")),
        (429, None)
    );
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.burst = None);
    for _ in 0..100 {
        assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    }
}

#[tokio::test]
async fn every_message_has_its_own_ts_in_order() {
    let world = World::demo();
    for _ in 0..3 {
        world.say(&json!({"text": "a"})).await;
    }
    world.clock.advance_ms(-5_000);
    world.say(&json!({"text": "a"})).await;
    let stamps: Vec<_> = world
        .messages(OPS)
        .into_iter()
        .map(|posted| posted.ts)
        .collect();
    assert_eq!(
        stamps,
        [
            "1790000000.000000",
            "1790000000.000001",
            "1790000000.000002",
            "1790000000.000003"
        ]
    );
}
