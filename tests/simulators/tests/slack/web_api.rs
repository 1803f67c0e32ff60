//! `chat.postMessage` and `auth.test`.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::slack::{Change, ScriptedFailure, Sender};

use crate::support::{GENERAL, HOOK, OPS, SHIFTS, TEAM, TOKEN, World, request};

fn message() -> Value {
    json!({"channel": OPS, "text": "a"})
}

#[tokio::test]
async fn a_posted_message_is_named_by_channel_and_ts() {
    let world = World::demo();
    let body =
        json!({"channel": "#shifts", "text": "a", "username": "Patchbay", "thread_ts": "1.000001"});
    let answer = world.post(&body).await;
    assert_eq!(
        answer,
        json!({
            "ok": true, "channel": SHIFTS, "ts": "1790000000.000000",
            "message": {
                "type": "message", "text": "a", "username": "Patchbay", "thread_ts": "1.000001",
                "ts": "1790000000.000000", "bot_id": "B000000001",
            },
        })
    );
    let messages = world.messages(SHIFTS);
    assert_eq!(messages[0].raw, body.to_string());
    assert_eq!(messages[0].sender, Sender::Bot("B000000001".to_owned()));
    for named in ["shifts", SHIFTS] {
        assert_eq!(
            world.post(&json!({"channel": named, "text": "a"})).await["channel"],
            SHIFTS
        );
    }
}

#[tokio::test]
async fn a_token_must_be_a_good_one() {
    let world = World::demo();
    let refused = async |token: &str| {
        let answer = world.api("chat.postMessage", token, &message()).await;
        assert_eq!(answer.status, StatusCode::OK);
        let test = world.api("auth.test", token, &json!({})).await;
        assert_eq!(answer.json()["error"], test.json()["error"]);
        assert_eq!(answer.json()["ok"], false);
        answer.json()["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("xoxb-unknown").await, "invalid_auth");
    let token = || TOKEN.to_owned();
    for (change, word) in [
        (Change::RevokeToken { token: token() }, "token_revoked"),
        (Change::ExpireToken { token: token() }, "token_expired"),
    ] {
        world.change(change);
        assert_eq!(refused(TOKEN).await, word);
        world.change(Change::RestoreToken { token: token() });
    }
    world.change(Change::DisableTeam {
        team: TEAM.to_owned(),
    });
    assert_eq!(refused(TOKEN).await, "account_inactive");
    let json = [("content-type", "application/json; charset=utf-8")];
    for body in [
        message(),
        json!({"channel": OPS, "text": "a", "token": TOKEN}),
    ] {
        let bare = request(
            Method::POST,
            "/api/chat.postMessage",
            &json,
            body.to_string(),
        );
        assert_eq!(world.ask(bare).await.unwrap().json()["error"], "not_authed");
    }
    assert!(world.messages(OPS).is_empty());
}

#[tokio::test]
async fn scopes_are_asked_for() {
    let world = World::demo();
    let set_scopes = |scopes: &[&str]| {
        world.change(Change::SetScopes {
            token: TOKEN.to_owned(),
            scopes: scopes
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect::<BTreeSet<_>>(),
        });
    };
    set_scopes(&["chat:write"]);
    assert_eq!(world.post(&message()).await["ok"], true);
    for name in ["username", "icon_emoji", "icon_url"] {
        let answer = world
            .post(&json!({"channel": OPS, "text": "a", name: "x"}))
            .await;
        assert_eq!(
            answer,
            json!({"ok": false, "error": "missing_scope", "needed": "chat:write.customize", "provided": "chat:write"})
        );
    }
    set_scopes(&["users:read"]);
    let answer = world.post(&message()).await;
    assert_eq!(
        (&answer["error"], &answer["needed"]),
        (&json!("missing_scope"), &json!("chat:write"))
    );
    // To be tested, a token needs none.
    assert_eq!(
        world.api("auth.test", TOKEN, &json!({})).await.json()["ok"],
        true
    );
}

#[tokio::test]
async fn a_channel_must_take_messages() {
    let world = World::demo();
    for (channel, word) in [
        (json!(null), "channel_not_found"),
        (json!(""), "channel_not_found"),
        (json!("#nowhere"), "channel_not_found"),
        (json!(5), "channel_not_found"),
        (json!("#general"), "not_in_channel"),
        (json!(GENERAL), "not_in_channel"),
    ] {
        let answer = world.post(&json!({"channel": channel, "text": "a"})).await;
        assert_eq!(answer["error"], word, "{channel}");
    }
    world.change(Change::JoinChannel {
        token: TOKEN.to_owned(),
        channel: GENERAL.to_owned(),
    });
    assert_eq!(
        world.post(&json!({"channel": GENERAL, "text": "a"})).await["ok"],
        true
    );
    let channel = || OPS.to_owned();
    for (change, word) in [
        (Change::ArchiveChannel { channel: channel() }, "is_archived"),
        (
            Change::RestrictChannel { channel: channel() },
            "restricted_action",
        ),
        (
            Change::LeaveChannel {
                token: TOKEN.to_owned(),
                channel: channel(),
            },
            "not_in_channel",
        ),
        (
            Change::DeleteChannel { channel: channel() },
            "channel_not_found",
        ),
    ] {
        world.change(change);
        assert_eq!(world.post(&message()).await["error"], word);
    }
}

#[tokio::test]
async fn a_body_is_json_or_a_form_and_says_so() {
    let world = World::demo();
    let authorization = format!("Bearer {TOKEN}");
    let send = async |content_type: Option<&str>, body: &str| {
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(content_type.map(|value| ("content-type", value)));
        let request = request(
            Method::POST,
            "/api/chat.postMessage",
            &headers,
            body.to_owned(),
        );
        world.ask(request).await.unwrap().json()
    };
    let json = message().to_string();
    for (content_type, body, word) in [
        (None, json.as_str(), "missing_post_type"),
        (
            Some("text/plain; charset=utf-8"),
            &json,
            "invalid_post_type",
        ),
        (
            Some("application/json; charset=latin1"),
            &json,
            "invalid_charset",
        ),
        (Some("application/json; charset=utf-8"), "{", "invalid_json"),
        (
            Some("application/json; charset=utf-8"),
            "[]",
            "invalid_json",
        ),
        (
            Some("application/x-www-form-urlencoded; charset=utf-8"),
            "channel=%23ops&blocks=a",
            "invalid_blocks_format",
        ),
        (
            Some("application/x-www-form-urlencoded; charset=utf-8"),
            "channel=%23ops&attachments=a",
            "invalid_attachments",
        ),
    ] {
        assert_eq!(
            send(content_type, body).await["error"],
            word,
            "{content_type:?} {body}"
        );
    }
    assert!(world.messages(OPS).is_empty());
    let warned = send(Some("application/json"), &json).await;
    assert_eq!(warned["ok"], true);
    assert_eq!(
        warned["response_metadata"]["warnings"],
        json!(["missing_charset"])
    );
    let form = "channel=%23ops&text=a&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D";
    let posted = send(
        Some("application/x-www-form-urlencoded; charset=utf-8"),
        form,
    )
    .await;
    assert_eq!(posted["message"]["blocks"], json!([{"type": "divider"}]));
    assert_eq!(world.messages(OPS)[1].raw, form);
    let own = format!("channel=%23ops&text=a&token={TOKEN}");
    let headers = [(
        "content-type",
        "application/x-www-form-urlencoded; charset=utf-8",
    )];
    let own = request(Method::POST, "/api/chat.postMessage", &headers, own);
    assert_eq!(world.ask(own).await.unwrap().json()["ok"], true);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_with_a_warning() {
    let world = World::demo();
    let long = |length| json!({"channel": OPS, "text": "å".repeat(length)});
    let whole = world.post(&long(40_000)).await;
    assert_eq!(whole.get("response_metadata"), None);
    let cut = world.post(&long(40_001)).await;
    assert_eq!(
        cut["response_metadata"]["warnings"],
        json!(["message_truncated"])
    );
    assert_eq!(world.texts(OPS)[1].chars().count(), 40_000);
}

#[tokio::test]
async fn a_channel_has_one_bucket_for_webhooks_and_bots() {
    let world = World::demo();
    for _ in 0..15 {
        assert_eq!(world.post(&message()).await["ok"], true);
        assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    }
    let over = world.api("chat.postMessage", TOKEN, &message()).await;
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.json(), json!({"ok": false, "error": "ratelimited"}));
    assert_eq!(over.header("retry-after"), Some("1"));
    assert_eq!(world.hook(HOOK, &json!({"text": "a"})).await.status, 429);
    // Another channel has another.
    assert_eq!(
        world.post(&json!({"channel": SHIFTS, "text": "a"})).await["ok"],
        true
    );
}

/// Every word that a caller should know, on demand.
#[tokio::test]
async fn every_word_can_be_had() {
    let world = World::demo();
    for word in [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
        "restricted_action",
        "ekm_access_denied",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "invalid_arg_name",
        "invalid_array_arg",
        "invalid_charset",
        "invalid_form_data",
        "invalid_post_type",
        "missing_post_type",
        "request_timeout",
        "service_unavailable",
        "fatal_error",
        "internal_error",
    ] {
        world.fail_next(TOKEN, word);
        assert_eq!(
            world.post(&message()).await,
            json!({"ok": false, "error": word})
        );
    }
    for word in ["rate_limited", "ratelimited"] {
        world.fail_next(TOKEN, word);
        let answer = world.api("chat.postMessage", TOKEN, &message()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (429, None)
        );
    }
    assert!(world.messages(OPS).is_empty());
    world.change(Change::FailNext {
        credential: TOKEN.to_owned(),
        failure: ScriptedFailure {
            word: "fatal_error".to_owned(),
            status: None,
            retry_after: None,
            after_posting: true,
        },
        times: 1,
    });
    assert_eq!(world.post(&message()).await["error"], "fatal_error");
    assert_eq!(world.texts(OPS), ["a"]);
    assert_eq!(world.post(&message()).await["ok"], true);
}

#[tokio::test]
async fn a_token_is_tested() {
    let world = World::demo();
    let answer = world.api("auth.test", TOKEN, &json!({})).await.json();
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["team"], "Lakeshore Kitchens");
    assert_eq!(answer["user"], "patchbay");
    assert_eq!(answer["bot_id"], "B000000001");
    let unknown = world.api("chat.delete", TOKEN, &json!({})).await.json();
    assert_eq!(unknown["error"], "unknown_method");
}
