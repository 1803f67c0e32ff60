//! What was acknowledged is there, once, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::{Value, json};
use whole_system::Settings;

use super::{create, deliver, events, id, secret, send, settings, signing, standard, start, with};

#[tokio::test(start_paused = true)]
async fn any_bytes_survive() {
    let (app, organization) = start(621).await;
    let body = json!({"name": "Bytes", "scheme": "generic", "options": {"header": "x-signature"}});
    let webhook = create(&app, &organization, body).await;
    let path = format!("/hooks/{}", id(&webhook));
    let all: Vec<u8> = (0..=255).cycle().take(9_000).collect();
    for (index, body) in [
        b"".to_vec(),
        b"\0".to_vec(),
        "{\"a\":\"\\ud800 \u{2028} \u{0}\"}".as_bytes().to_vec(),
        all,
        vec![b'x'; 1_024 * 1_024],
    ]
    .into_iter()
    .enumerate()
    {
        let digest = signing::hmac_sha256(secret(&webhook).as_bytes(), &[&body]);
        let headers = vec![("x-signature", signing::hex(&digest))];
        let said = deliver(&app, &path, &headers, body.clone()).await;
        let said = said.expect(StatusCode::OK);
        let path = format!("/api/webhook-events/{}", said["event_id"].as_str().unwrap());
        let event = app
            .get(&path, &organization.key)
            .await
            .expect(StatusCode::OK);
        assert_eq!(event["size_bytes"], body.len());
        match std::str::from_utf8(&body) {
            Ok(text) => assert_eq!(event["body"], text, "{index}"),
            Err(_) => {
                use base64::Engine as _;
                let text = event["body_base64"].as_str().unwrap();
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                assert_eq!(bytes.unwrap(), body);
                assert_eq!(event["body"], Value::Null);
            }
        }
    }
    let large = vec![b'x'; 1_024 * 1_024 + 1];
    let digest = signing::hmac_sha256(secret(&webhook).as_bytes(), &[&large]);
    let headers = vec![("x-signature", signing::hex(&digest))];
    assert_eq!(deliver(&app, &path, &headers, large).await.status, 413);
}

/// Many senders at once, some of them with the same message: each message is kept once, and everybody
/// is told its event.
#[tokio::test(start_paused = true)]
async fn what_comes_at_once_is_written_together_and_each_message_once() {
    let (app, organization) = start(622).await;
    let webhook = standard(&app, &organization).await;
    send(&app, &webhook, "first", "{}")
        .await
        .expect(StatusCode::OK);
    let messages: Vec<String> = (0..300)
        .map(|number| format!("m-{}", number % 120))
        .collect();
    let sent = messages
        .iter()
        .map(|message| send(&app, &webhook, message, "{}"));
    let mut of_message: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (message, answer) in messages.iter().zip(join_all(sent).await) {
        let said = answer.expect(StatusCode::OK);
        let event = said["event_id"].as_str().unwrap().to_owned();
        of_message.entry(message).or_default().insert(event);
    }
    assert_eq!(of_message.len(), 120);
    assert!(
        of_message.values().all(|events| events.len() == 1),
        "{of_message:#?}"
    );
    assert_eq!(events(&app, &organization).await.len(), 121);
}

/// Fails every second write of events: before it is done, or after.
#[derive(Default)]
struct Shaky {
    is_on: AtomicBool,
    writes: AtomicUsize,
}

impl Faults for Shaky {
    fn statement(&self, _: &str, _: &str, sql: &str) -> StatementFault {
        if !self.is_on.load(Ordering::SeqCst) || !sql.contains("INSERT INTO webhook_events") {
            return StatementFault::None;
        }
        match self.writes.fetch_add(1, Ordering::SeqCst) % 4 {
            1 => StatementFault::FailBefore("disk I/O error".to_owned()),
            3 => StatementFault::FailAfter("disk I/O error".to_owned()),
            _ => StatementFault::None,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_fails_is_no_acknowledgement_and_the_repeat_is_one() {
    let faults = Arc::new(Shaky::default());
    let settings = Settings {
        faults: Some(faults.clone()),
        ..settings(623)
    };
    let (app, organization) = with(623, settings).await;
    let webhook = standard(&app, &organization).await;
    send(&app, &webhook, "first", "{}")
        .await
        .expect(StatusCode::OK);
    faults.is_on.store(true, Ordering::SeqCst);
    let mut acknowledged = BTreeSet::new();
    let mut refused = 0;
    for number in 0..40 {
        let message = format!("m-{number}");
        for _ in 0..10 {
            let answer = send(&app, &webhook, &message, "{}").await;
            if answer.status == 200 {
                acknowledged.insert(message.clone());
                break;
            }
            assert_eq!(answer.status, 503);
            assert!(answer.headers.contains_key("retry-after"));
            refused += 1;
        }
    }
    faults.is_on.store(false, Ordering::SeqCst);
    assert!(refused > 5, "{refused}");
    assert_eq!(acknowledged.len(), 40);
    let stored = events(&app, &organization).await;
    let kept: Vec<_> = stored[1..]
        .iter()
        .map(|event| event["delivery_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kept.len(), 40, "each once");
    assert_eq!(kept.into_iter().collect::<BTreeSet<_>>(), acknowledged);
}

/// Whatever was acknowledged before the process was killed is there when it is back, and a sender that
/// got no answer may send again.
#[tokio::test(start_paused = true)]
async fn a_process_that_is_killed_has_kept_what_it_acknowledged() {
    let (mut app, organization) = start(624).await;
    let webhook = standard(&app, &organization).await;
    send(&app, &webhook, "first", "{}")
        .await
        .expect(StatusCode::OK);
    let mut acknowledged: BTreeSet<String> = ["first".to_owned()].into();
    for round in 0..5 {
        {
            let messages: Vec<String> = (0..40).map(|n| format!("m-{round}-{n}")).collect();
            let sent = messages
                .iter()
                .map(|message| send(&app, &webhook, message, "{}"));
            let both = join_all(sent);
            let answers = tokio::time::timeout(std::time::Duration::ZERO, both).await;
            if let Ok(answers) = answers {
                for (message, answer) in messages.iter().zip(answers) {
                    if answer.status == 200 {
                        acknowledged.insert(message.clone());
                    }
                }
            }
        }
        app.crash().await;
        let message = format!("after-{round}");
        send(&app, &webhook, &message, "{}")
            .await
            .expect(StatusCode::OK);
        acknowledged.insert(message);
    }
    let stored = events(&app, &organization).await;
    let kept: Vec<_> = stored
        .iter()
        .map(|event| event["delivery_id"].as_str().unwrap().to_owned())
        .collect();
    let once: BTreeSet<_> = kept.iter().cloned().collect();
    assert_eq!(kept.len(), once.len(), "nothing twice");
    assert!(once.is_superset(&acknowledged), "nothing lost");
}

/// Keys that are replaced in the vault open what was sealed by those before.
#[tokio::test(start_paused = true)]
async fn another_vault_key_takes_the_webhooks_with_it() {
    const NEW_KEY: &str = "bmV3LXZhdWx0LWtleS1mb3ItdGhlLWluYm94LXRlc3Q=";
    let (mut app, organization) = start(625).await;
    let webhook = standard(&app, &organization).await;
    send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
    let both = format!("{NEW_KEY},{}", whole_system::VAULT_KEY);
    app.runtime.kill().await;
    app.restart(settings(626).variable("vault_keys", &both))
        .await;
    send(&app, &webhook, "m-2", "{}")
        .await
        .expect(StatusCode::OK);
    for _ in 0..200 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    }
    app.runtime.kill().await;
    app.restart(settings(627).variable("vault_keys", NEW_KEY))
        .await;
    send(&app, &webhook, "m-3", "{}")
        .await
        .expect(StatusCode::OK);
    assert_eq!(events(&app, &organization).await.len(), 3);
}

/// What the receiver knows a webhook by holds its keys, sealed: it goes with the webhook.
#[tokio::test(start_paused = true)]
async fn no_copy_of_a_webhook_outlives_it_by_more_than_an_hour() {
    let (app, organization) = start(629).await;
    let (kept, deleted) = (
        standard(&app, &organization).await,
        standard(&app, &organization).await,
    );
    for webhook in [&kept, &deleted] {
        send(&app, webhook, "m-1", "{}")
            .await
            .expect(StatusCode::OK);
    }
    let copy = |webhook: &Value| format!("webhook:{}", id(webhook));
    let mut both = [copy(&kept), copy(&deleted)];
    both.sort();
    assert_eq!(app.key_value_names(), both);
    let path = format!("/api/webhooks/{}", id(&deleted));
    app.request(Method::DELETE, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    for _ in 0..130 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    }
    assert!(!app.key_value_names().contains(&copy(&deleted)));
    let gone = send(&app, &deleted, "m-2", "{}").await;
    assert_eq!(gone.status, 404);
    send(&app, &kept, "m-2", "{}").await.expect(StatusCode::OK);
    assert_eq!(events(&app, &organization).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_inbox_is_kept_for_thirty_days() {
    let (app, organization) = start(628).await;
    let webhook = standard(&app, &organization).await;
    send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
    app.clock.as_ref().unwrap().jump(29 * 86_400_000);
    send(&app, &webhook, "m-2", "{}")
        .await
        .expect(StatusCode::OK);
    // Known for as long as it is kept.
    let again = send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        again["event_id"],
        events(&app, &organization).await[0]["id"]
    );
    app.clock.as_ref().unwrap().jump(2 * 86_400_000);
    for _ in 0..200 {
        app.tick().await.expect(StatusCode::OK);
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    }
    let left = events(&app, &organization).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["delivery_id"], "m-2");
}
