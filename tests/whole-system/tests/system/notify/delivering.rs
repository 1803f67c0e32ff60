//! From the call to the channel, whatever Slack does in between.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::slack::{Change, ScriptedFailure};
use simulators::{Fault, FaultRule};
use whole_system::{App, Organization, send_raw};

use super::{
    OPS, SERVICE, SHIFTS, TOKEN, bot, change, connect, connector, deliveries, notify, pass, posted,
    settle, start, texts, webhook,
};

fn fail_next(app: &App, credential: &str, failure: ScriptedFailure, times: u32) {
    change(
        app,
        Change::FailNext {
            credential: credential.to_owned(),
            failure,
            times,
        },
    );
}

fn word(word: &str) -> ScriptedFailure {
    ScriptedFailure {
        word: word.to_owned(),
        status: None,
        retry_after: None,
        after_posting: false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_posted_and_the_answer_says_where() {
    let (app, organization) = start(611).await;
    let by_bot = connect(&app, &organization, bot()).await;
    let by_webhook = connect(&app, &organization, webhook()).await;
    let message = json!({"text": "Doors open at *five*", "channel": "#shifts", "username": "Host", "icon": "wave",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Doors open"}}]});
    let said = notify(&app, &organization, &by_bot, message)
        .await
        .expect(StatusCode::OK);
    let delivery = &said["delivery"];
    assert_eq!(
        (&said["success"], &delivery["state"]),
        (&json!(true), &json!("delivered"))
    );
    assert_eq!(delivery["result"]["channel"], SHIFTS);
    let post = posted(&app, SHIFTS).remove(0);
    assert_eq!(delivery["result"]["ts"], post.ts);
    assert_eq!(post.message["username"], "Host");
    assert_eq!(post.message["icon_emoji"], ":wave:");
    // The default channel, and the one that a webhook has.
    for id in [&by_bot, &by_webhook] {
        pass(2).await;
        let said = notify(&app, &organization, id, json!({"text": "Hello"})).await;
        assert_eq!(
            said.expect(StatusCode::OK)["delivery"]["state"],
            "delivered"
        );
    }
    assert_eq!(texts(&app, OPS), ["Hello", "Hello"]);
    let all = deliveries(&app, &organization).await;
    assert_eq!(all.len(), 3);
    for one in &all {
        assert_eq!(one["attempts"].as_array().map(Vec::len), Some(1), "{one:#}");
        assert_eq!(one["attempts"][0]["status"], 200);
        let path = format!("/api/deliveries/{}", one["id"].as_str().unwrap());
        let read = app.get(&path, &organization.key).await;
        assert_eq!(read.expect(StatusCode::OK), *one);
    }
    let of_webhook = format!("/api/deliveries?connector_id={by_webhook}&state=delivered");
    assert_eq!(app.all(&of_webhook, &organization.key).await.len(), 1);
    let failed = app.all("/api/deliveries?state=failed", &organization.key);
    assert!(failed.await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_idempotency_key_posts_one_message() {
    let (app, organization) = start(612).await;
    let id = connect(&app, &organization, bot()).await;
    let body = json!({"connector_id": id, "message": {"text": "Once"}}).to_string();
    let send = || {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/functions/v1/slack-notify")
            .header("authorization", format!("Bearer {}", organization.key))
            .header("content-type", "application/json")
            .header("idempotency-key", "order-7")
            .body(body.clone().into())
            .expect("a request");
        send_raw(&app.runtime, request)
    };
    let answers = futures::future::join_all((0..5).map(|_| send())).await;
    let mut ids = std::collections::BTreeSet::new();
    for answer in answers.into_iter().chain([send().await]) {
        // Who comes while the first is being decided is told so.
        if answer.status != StatusCode::CONFLICT {
            let said = answer.expect(StatusCode::OK);
            ids.insert(said["delivery"]["id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(texts(&app, OPS), ["Once"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_slack_would_refuse_is_refused_here() {
    let (app, organization) = start(613).await;
    let by_bot = connect(&app, &organization, bot()).await;
    let by_webhook = connect(&app, &organization, webhook()).await;
    for (id, message, field) in [
        (&by_bot, json!({}), "/message"),
        (&by_bot, json!(["Hello"]), "/message"),
        (&by_bot, json!("Hello"), "/message"),
        (&by_bot, json!({"txt": "Hello"}), "/message/txt"),
        (&by_bot, json!({"text": 7}), "/message/text"),
        (
            &by_bot,
            json!({"text": "x".repeat(40_001)}),
            "/message/text",
        ),
        (
            &by_bot,
            json!({"text": "a", "icon": "a", "icon_emoji": ":b:"}),
            "/message/icon",
        ),
        (
            &by_bot,
            json!({"text": "a", "blocks": vec![json!({"type": "divider"}); 51]}),
            "/message/blocks",
        ),
        (
            &by_webhook,
            json!({"text": "a", "channel": "#ops"}),
            "/message/channel",
        ),
        (
            &by_webhook,
            json!({"text": "a", "username": "b"}),
            "/message/username",
        ),
    ] {
        let answer = notify(&app, &organization, id, message.clone()).await;
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], field, "{problem:#}");
        assert!(
            problem["error"].is_string(),
            "as callers of the replaced system read it"
        );
    }
    let other = app.organization("Other", "America/Toronto").await;
    let foreign = notify(&app, &other, &by_bot, json!({"text": "a"})).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert!(deliveries(&app, &organization).await.is_empty());
    assert!(app.slack.requests().is_empty());
}

/// Each kind of failure: what is tried again by itself, and what a person has to put right.
#[tokio::test(start_paused = true)]
async fn what_slack_refuses_is_kept_with_what_to_do() {
    let (app, organization) = start(614).await;
    let id = connect(&app, &organization, bot()).await;
    for (refusal, state) in [
        ("channel_not_found", "active"),
        ("is_archived", "active"),
        ("invalid_blocks", "active"),
        ("some_new_word", "active"),
        ("token_revoked", "revoked"),
    ] {
        pass(2).await;
        fail_next(&app, TOKEN, word(refusal), 1);
        let problem = notify(&app, &organization, &id, json!({"text": refusal}))
            .await
            .expect(StatusCode::BAD_GATEWAY);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(refusal), "{detail}");
        let kept = deliveries(&app, &organization).await.remove(0);
        assert!(detail.contains(kept["id"].as_str().unwrap()), "{detail}");
        assert_eq!(
            (&kept["state"], &kept["error_code"]),
            (&json!("failed"), &json!(refusal))
        );
        assert_eq!(kept["attempts"][0]["code"], refusal);
        let shown = connector(&app, &organization, &id).await;
        assert_eq!(shown["state"], state, "{refusal}");
    }
    assert!(texts(&app, OPS).is_empty());
    // Put right, and sent again by hand.
    let test = format!("/api/connectors/{id}/test");
    app.post(&test, &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    for one in deliveries(&app, &organization).await {
        let path = format!("/api/deliveries/{}/retry", one["id"].as_str().unwrap());
        let again = app.post(&path, &organization.key, json!({})).await;
        let again = again.expect(StatusCode::ACCEPTED);
        assert_eq!(again["state"], "pending");
        let twice = app.post(&path, &organization.key, json!({})).await;
        assert_eq!(twice.status, StatusCode::CONFLICT);
    }
    let all = settle(&app, &organization).await;
    assert!(
        all.iter().all(|one| one["state"] == "delivered"),
        "{all:#?}"
    );
    assert_eq!(texts(&app, OPS).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_waited_for_and_nothing_is_lost() {
    let (app, organization) = start(615).await;
    let id = connect(&app, &organization, bot()).await;
    let faults = [
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::too_many_requests(Some(40)),
        Fault::too_many_requests(None),
        Fault::reset(),
        Fault::truncate(),
        Fault::NoAnswer,
        Fault::WrongJson,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        pass(120).await;
        let text = format!("Message {number}");
        app.slack
            .add_fault(FaultRule::next(2, "/api/chat", fault.clone()));
        let said = notify(&app, &organization, &id, json!({"text": text})).await;
        println!("{fault:?}");
        // What is no answer of Slack's may be anything: a person decides.
        if said.status == StatusCode::BAD_GATEWAY {
            app.slack.clear_faults();
            let failed = deliveries(&app, &organization).await.remove(0);
            let path = format!("/api/deliveries/{}/retry", failed["id"].as_str().unwrap());
            app.post(&path, &organization.key, json!({}))
                .await
                .expect(StatusCode::ACCEPTED);
        } else {
            let waiting = said.expect(StatusCode::ACCEPTED);
            assert_eq!(waiting["delivery"]["state"], "pending", "{fault:?}");
        }
        let all = settle(&app, &organization).await;
        app.slack.clear_faults();
        assert!(
            all.iter().all(|one| one["state"] == "delivered"),
            "{fault:?} {:#}",
            all[0]
        );
        assert!(texts(&app, OPS).contains(&text), "{fault:?}");
    }
    // None of these was taken before it failed, as far as it is known.
    let texts = texts(&app, OPS);
    let distinct: std::collections::BTreeSet<_> = texts.iter().collect();
    assert_eq!(distinct.len(), 8);
}

/// Slack has no keys by which it would know a message again: one whose answer was lost may be there
/// twice, and the attempts say so.
#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_owned_up_to() {
    let (app, organization) = start(616).await;
    let id = connect(&app, &organization, webhook()).await;
    app.slack.add_fault(FaultRule::next(
        1,
        "/services",
        Fault::Reset {
            after_handling: true,
        },
    ));
    notify(&app, &organization, &id, json!({"text": "Perhaps twice"}))
        .await
        .expect(StatusCode::ACCEPTED);
    let one = settle(&app, &organization).await.remove(0);
    assert_eq!(one["state"], "delivered");
    let attempts = one["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{one:#}");
    assert_eq!(attempts[0]["may_have_happened"], true);
    assert_eq!(attempts[1]["may_have_happened"], false);
    assert_eq!(texts(&app, OPS).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_channel_gets_about_one_message_a_second_in_their_order() {
    let (app, organization) = start(617).await;
    let id = connect(&app, &organization, bot()).await;
    let messages: Vec<_> = (0..6).map(|number| format!("Message {number}")).collect();
    let mut sent = Vec::new();
    for text in &messages {
        let call = notify(&app, &organization, &id, json!({"text": text}));
        sent.push(call.await);
    }
    let other = notify(
        &app,
        &organization,
        &id,
        json!({"text": "Beside", "channel": SHIFTS}),
    );
    assert_eq!(other.await.status, StatusCode::OK);
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS), messages);
    let times: Vec<_> = posted(&app, OPS).iter().map(|post| post.at_ms).collect();
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= 990, "{times:?}");
    }
    assert!(
        app.slack
            .requests()
            .iter()
            .all(|request| request.status == Some(200))
    );
}

#[tokio::test(start_paused = true)]
async fn a_crash_loses_nothing_that_was_decided() {
    let (mut app, organization) = start(618).await;
    let id = connect(&app, &organization, bot()).await;
    app.slack
        .add_fault(FaultRule::next(1, "/api/chat", Fault::NoAnswer));
    let waiting = notify(&app, &organization, &id, json!({"text": "Through it all"}))
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(waiting["delivery"]["state"], "pending");
    app.crash().await;
    let one = settle(&app, &organization).await.remove(0);
    assert_eq!(
        (&one["id"], &one["state"]),
        (&waiting["delivery"]["id"], &json!("delivered"))
    );
    assert_eq!(texts(&app, OPS), ["Through it all"]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_back_and_a_disconnect_gives_up() {
    let (app, organization) = start(619).await;
    let id = connect(&app, &organization, webhook()).await;
    let act = async |verb: &str| {
        let path = format!("/api/connectors/{id}/{verb}");
        app.post(&path, &organization.key, json!({}))
            .await
            .expect(StatusCode::OK)
    };
    fail_next(
        &app,
        SERVICE,
        ScriptedFailure {
            status: Some(500),
            ..word("rollup_error")
        },
        1,
    );
    let said = notify(&app, &organization, &id, json!({"text": "Held back"})).await;
    said.expect(StatusCode::ACCEPTED);
    act("pause").await;
    let refused = notify(&app, &organization, &id, json!({"text": "Not now"})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    // Longer than a job is tried.
    for _ in 0..30 {
        pass(400).await;
        app.tick().await;
    }
    assert_eq!(deliveries(&app, &organization).await[0]["state"], "pending");
    act("resume").await;
    settle(&app, &organization).await;
    assert_eq!(texts(&app, OPS), ["Held back"]);
    fail_next(
        &app,
        SERVICE,
        ScriptedFailure {
            status: Some(500),
            ..word("rollup_error")
        },
        1,
    );
    notify(&app, &organization, &id, json!({"text": "Never"})).await;
    act("disconnect").await;
    let all = settle(&app, &organization).await;
    assert_eq!(
        (&all[0]["state"], &all[0]["error_code"]),
        (&json!("failed"), &json!("disconnected"))
    );
    let retry = format!("/api/deliveries/{}/retry", all[0]["id"].as_str().unwrap());
    app.post(&retry, &organization.key, json!({}))
        .await
        .expect(StatusCode::ACCEPTED);
    let all = settle(&app, &organization).await;
    assert_eq!(all[0]["state"], "failed", "there is no credential for it");
    assert_eq!(texts(&app, OPS), ["Held back"]);
}

/// A day of messages in bad weather, with crashes: each is there, in a channel that it was meant for.
#[tokio::test(start_paused = true)]
async fn whatever_the_weather_every_message_is_there() {
    let (mut app, organization): (App, Organization) = start(620).await;
    let id = connect(&app, &organization, bot()).await;
    for rule in [
        (1, Fault::status(StatusCode::BAD_GATEWAY)),
        (2, Fault::too_many_requests(Some(3))),
        (3, Fault::reset()),
        (4, Fault::NoAnswer),
    ]
    .map(|(seed, fault)| {
        FaultRule::on(
            "/api/chat",
            simulators::When::Probability { p: 0.08, seed },
            fault,
        )
    }) {
        app.slack.add_fault(rule);
    }
    let mut accepted: Vec<String> = Vec::new();
    for number in 0..60 {
        let text = format!("Message {number}");
        let channel = if number % 3 == 0 { SHIFTS } else { OPS };
        let said = notify(
            &app,
            &organization,
            &id,
            json!({"text": text, "channel": channel}),
        )
        .await;
        assert!(
            [200, 202].contains(&said.status.as_u16()),
            "{text}: {}",
            said.json()
        );
        accepted.push(text);
        if number % 17 == 16 {
            app.crash().await;
        }
        pass(3).await;
        app.tick().await;
    }
    app.slack.clear_faults();
    let all = settle(&app, &organization).await;
    assert_eq!(all.len(), accepted.len());
    assert!(all.iter().all(|one| one["state"] == "delivered"));
    let mut there = texts(&app, OPS);
    there.extend(texts(&app, SHIFTS));
    let there: Vec<Value> = there.into_iter().map(Value::from).collect();
    for text in &accepted {
        assert!(there.contains(&json!(text)), "{text} is lost");
    }
}
