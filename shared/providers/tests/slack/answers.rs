//! What comes back.

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use providers::slack::{BotIdentity, Class, DEFAULT_WEBHOOKS_BASE_URL, Posted, SlackFailure};
use serde_json::{Value, json};

use crate::support::{RECEIVED_AT, SECRET, TOKEN, answer, client, message, webhook};

const LATER: Class = Class::Later {
    retry_after_s: None,
};

fn of_webhook(response: &Response<Bytes>) -> Result<(), SlackFailure> {
    let call = webhook().post(DEFAULT_WEBHOOKS_BASE_URL, &message());
    call.unwrap().reply.read(response, RECEIVED_AT)
}

fn of_post(response: &Response<Bytes>) -> Result<Posted, SlackFailure> {
    let call = client().chat_post_message(&message());
    call.unwrap().reply.read(response, RECEIVED_AT)
}

fn of_test(response: &Response<Bytes>) -> Result<BotIdentity, SlackFailure> {
    let call = client().auth_test();
    call.unwrap().reply.read(response, RECEIVED_AT)
}

fn json_answer(body: &Value) -> Response<Bytes> {
    answer(
        200,
        &[("content-type", "application/json")],
        body.to_string(),
    )
}

/// Every status and word of incoming webhooks, and what follows from it.
#[test]
fn every_word_of_a_webhook_has_its_class() {
    for (status, word, class) in [
        (400, "invalid_payload", Class::BadMessage),
        (400, "user_not_found", Class::BadTarget),
        (400, "no_text", Class::BadMessage),
        (400, "too_many_attachments", Class::BadMessage),
        (400, "invalid_blocks", Class::BadMessage),
        (400, "invalid_attachments", Class::BadMessage),
        (403, "action_prohibited", Class::BadTarget),
        (403, "posting_to_general_channel_denied", Class::BadTarget),
        (400, "posting_to_general_channel_denied", Class::BadTarget),
        (403, "invalid_token", Class::Broken),
        (403, "team_disabled", Class::Broken),
        (404, "channel_not_found", Class::BadTarget),
        (404, "no_service", Class::Broken),
        (404, "no_service_id", Class::Broken),
        (404, "no_active_hooks", Class::Broken),
        (404, "no_team", Class::Broken),
        (410, "channel_is_archived", Class::BadTarget),
        (429, "rate_limited", LATER),
        (429, "ratelimited", LATER),
        (500, "rollup_error", LATER),
        (503, "service_unavailable", LATER),
        (502, "whatever_it_says", LATER),
        (403, "of_tomorrow", Class::Unknown),
    ] {
        // The word decides, and Slack does not print the status of most.
        let statuses = if class == Class::Unknown || word == "whatever_it_says" {
            vec![status]
        } else {
            vec![status, 200, 400, 403, 404, 500]
        };
        for status in statuses {
            for body in [word.to_owned(), format!("{word}\n")] {
                let failure = of_webhook(&answer(status, &[("content-type", "text/plain")], body))
                    .unwrap_err();
                assert_eq!(failure.class, class, "{status} {word}");
                assert_eq!(failure.word, word);
                assert_eq!(failure.status, status);
                assert!(failure.remedy.ends_with('.') && failure.remedy.len() > 20);
            }
        }
    }
}

/// Every word of `chat.postMessage`, with what follows from it.
#[test]
fn every_word_of_the_web_api_has_its_class() {
    for (word, class) in [
        ("channel_not_found", Class::BadTarget),
        ("not_in_channel", Class::BadTarget),
        ("is_archived", Class::BadTarget),
        ("channel_is_archived", Class::BadTarget),
        ("restricted_action", Class::BadTarget),
        ("action_prohibited", Class::BadTarget),
        ("no_permission", Class::BadTarget),
        ("ekm_access_denied", Class::BadTarget),
        ("msg_too_long", Class::BadMessage),
        ("no_text", Class::BadMessage),
        ("too_many_attachments", Class::BadMessage),
        ("invalid_blocks", Class::BadMessage),
        ("invalid_blocks_format", Class::BadMessage),
        ("invalid_attachments", Class::BadMessage),
        ("msg_blocks_too_long", Class::BadMessage),
        ("rate_limited", LATER),
        ("ratelimited", LATER),
        ("request_timeout", LATER),
        ("service_unavailable", LATER),
        ("fatal_error", LATER),
        ("internal_error", LATER),
        ("not_authed", Class::Broken),
        ("invalid_auth", Class::Broken),
        ("account_inactive", Class::Broken),
        ("token_revoked", Class::Broken),
        ("token_expired", Class::Broken),
        ("missing_scope", Class::Broken),
        ("team_disabled", Class::Broken),
        ("no_service", Class::Broken),
        ("invalid_token", Class::Broken),
        ("no_active_hooks", Class::Broken),
        ("invalid_arg_name", Class::Ours),
        ("invalid_array_arg", Class::Ours),
        ("invalid_charset", Class::Ours),
        ("invalid_form_data", Class::Ours),
        ("invalid_post_type", Class::Ours),
        ("missing_post_type", Class::Ours),
        ("of_tomorrow", Class::Unknown),
    ] {
        let failure = of_post(&json_answer(&json!({"ok": false, "error": word}))).unwrap_err();
        assert_eq!(failure.class, class, "{word}");
        assert_eq!((failure.word.as_str(), failure.status), (word, 200));
        assert_eq!(failure.is_retryable(), class == LATER);
        assert_eq!(
            failure.may_have_happened,
            matches!(word, "fatal_error" | "internal_error"),
            "{word}"
        );
        assert_eq!(
            failure.plain_text_may_pass,
            matches!(
                word,
                "invalid_blocks"
                    | "invalid_blocks_format"
                    | "invalid_attachments"
                    | "msg_blocks_too_long"
                    | "too_many_attachments"
            ),
            "{word}"
        );
        let test = of_test(&json_answer(&json!({"ok": false, "error": word}))).unwrap_err();
        assert_eq!(test, failure);
    }
}

#[test]
fn a_wait_is_what_slack_asks_for() {
    let body = json!({"ok": false, "error": "ratelimited"}).to_string();
    for (headers, wait) in [
        (vec![("retry-after", "30")], Some(30)),
        (vec![("retry-after", "1")], Some(1)),
        (vec![("retry-after", "86400")], Some(3_600)),
        (
            vec![("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")],
            Some(10),
        ),
        (vec![], None),
        (vec![("retry-after", "soon")], None),
        (vec![("retry-after", "1"), ("retry-after", "2")], None),
    ] {
        let expected = Class::Later {
            retry_after_s: wait,
        };
        for body in [
            "",
            "rate_limited",
            "rate limited",
            "<html>slow</html>",
            &body,
        ] {
            let failure = of_webhook(&answer(429, &headers, body.to_owned())).unwrap_err();
            assert_eq!(failure.class, expected, "{body} {headers:?}");
            assert!(!failure.may_have_happened);
            let failure = of_post(&answer(429, &headers, body.to_owned())).unwrap_err();
            assert_eq!(failure.class, expected, "{body} {headers:?}");
        }
        // A word alone says it, too.
        let failure = of_post(&answer(200, &headers, body.clone())).unwrap_err();
        assert_eq!(failure.class, expected);
        let failure = of_webhook(&answer(503, &headers, "")).unwrap_err();
        assert_eq!(failure.class, expected);
    }
}

#[test]
fn without_a_word_the_status_decides() {
    for (status, word, class, may_have_happened) in [
        (301, "redirect", Class::Unknown, false),
        (302, "redirect", Class::Unknown, false),
        (308, "redirect", Class::Unknown, false),
        (400, "http_400", Class::Unknown, false),
        (401, "http_401", Class::Unknown, false),
        (403, "http_403", Class::Unknown, false),
        (404, "http_404", Class::Unknown, false),
        (408, "http_408", LATER, false),
        (410, "http_410", Class::Unknown, false),
        (425, "http_425", LATER, false),
        (429, "http_429", LATER, false),
        (500, "http_500", LATER, true),
        (502, "http_502", LATER, true),
        (503, "http_503", LATER, false),
        (504, "http_504", LATER, true),
        (200, "unreadable_answer", LATER, true),
        (201, "unreadable_answer", LATER, true),
    ] {
        for body in [
            "",
            "<html><body>Please log in</body></html>",
            "Not Found",
            "{\"error\":1}",
            "[]",
            "5.5",
        ] {
            let failure = of_webhook(&answer(status, &[("location", "/x")], body)).unwrap_err();
            let found = (
                failure.word.as_str(),
                failure.class,
                failure.may_have_happened,
            );
            assert_eq!(found, (word, class, may_have_happened), "{status} {body}");
            let failure = of_post(&answer(status, &[], body)).unwrap_err();
            assert_eq!(
                (failure.word.as_str(), failure.class),
                (word, class),
                "{status} {body}"
            );
        }
    }
}

#[test]
fn a_webhook_says_ok_with_200_and_nothing_else() {
    for body in ["ok", "ok\n"] {
        assert_eq!(
            of_webhook(&answer(200, &[("content-type", "text/plain")], body)),
            Ok(())
        );
    }
    for (status, body) in [
        (200, "OK"),
        (200, "ok ok"),
        (200, "\"ok\""),
        (200, ""),
        (204, ""),
        (201, "ok"),
        (500, "ok"),
        (302, "ok"),
    ] {
        assert!(
            of_webhook(&answer(status, &[], body)).is_err(),
            "{status} {body}"
        );
    }
}

#[test]
fn a_posted_message_is_named_by_channel_and_ts() {
    let body = json!({
        "ok": true, "channel": "C024BE91L", "ts": "1503435956.000247",
        "message": {"text": "a", "type": "message"},
        "warning": "message_truncated",
        "response_metadata": {"warnings": ["message_truncated", 5, "missing_charset"]},
    });
    assert_eq!(
        of_post(&json_answer(&body)),
        Ok(Posted {
            channel: "C024BE91L".to_owned(),
            ts: "1503435956.000247".to_owned(),
            warnings: vec!["message_truncated".to_owned(), "missing_charset".to_owned()],
        })
    );
    for metadata in [json!(null), json!([]), json!({}), json!({"warnings": "a"})] {
        let body =
            json!({"ok": true, "channel": "C1", "ts": "1.000001", "response_metadata": metadata});
        assert_eq!(
            of_post(&json_answer(&body)).unwrap().warnings,
            Vec::<String>::new()
        );
    }
}

#[test]
fn a_success_that_lacks_something_may_have_happened() {
    for body in [
        json!({"ok": true}),
        json!({"ok": true, "channel": "C1"}),
        json!({"ok": true, "ts": "1.000001"}),
        json!({"ok": true, "channel": "C1", "ts": 1_503_435_956.000_247}),
        json!({"ok": "true", "channel": "C1", "ts": "1.000001"}),
        json!({"channel": "C1", "ts": "1.000001"}),
    ] {
        let failure = of_post(&json_answer(&body)).unwrap_err();
        assert_eq!(failure.word, "unreadable_answer", "{body}");
        assert!(failure.may_have_happened && failure.is_retryable());
    }
    let refused = json!({"ok": false, "error": "no_text", "channel": "C1", "ts": "1.000001"});
    assert_eq!(of_post(&json_answer(&refused)).unwrap_err().word, "no_text");
}

#[test]
fn a_token_belongs_to_somebody() {
    let body = json!({
        "ok": true, "url": "https://lakeshore.slack.com/", "team": "Lakeshore", "user": "patchbay",
        "team_id": "T024BE7LD", "user_id": "U1", "bot_id": "B1",
    });
    let identity = of_test(&json_answer(&body)).unwrap();
    assert_eq!(
        (identity.team.as_str(), identity.user.as_str()),
        ("Lakeshore", "patchbay")
    );
    assert_eq!(identity.team_id.as_deref(), Some("T024BE7LD"));
    assert_eq!(identity.bot_id.as_deref(), Some("B1"));
    let bare = of_test(&json_answer(&json!({"ok": true, "team": "a", "user": "b"}))).unwrap();
    assert_eq!((bare.team_id, bare.bot_id), (None, None));
}

#[test]
fn explanations_are_told_without_the_credential() {
    let body = json!({
        "ok": false, "error": "invalid_blocks",
        "errors": ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]", 5],
        "response_metadata": {"messages": [
            "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            format!("token {TOKEN}\u{202e}"), "a".repeat(1_000),
        ]},
    });
    let failure = of_post(&json_answer(&body)).unwrap_err();
    assert_eq!(failure.details.len(), 4, "{:?}", failure.details);
    let text = format!("{failure} {failure:?}");
    assert!(
        text.contains("/blocks/0/text/text") && !text.contains(TOKEN),
        "{text}"
    );
    assert!(
        failure
            .details
            .iter()
            .all(|detail| detail.chars().count() <= 300)
    );
    let scope = json!({"ok": false, "error": "missing_scope", "needed": "chat:write.customize", "provided": "chat:write"});
    assert_eq!(
        of_post(&json_answer(&scope)).unwrap_err().details,
        ["needed: chat:write.customize", "provided: chat:write"]
    );
}

#[test]
fn what_is_no_word_is_not_shown() {
    for body in [
        format!("no_such_{SECRET}"),
        "A sentence of a proxy.".to_owned(),
        "a".repeat(65),
        "a\u{0}b".to_owned(),
        format!("{{\"error\":\"{SECRET}\"}}"),
    ] {
        let failure = of_webhook(&answer(404, &[], body)).unwrap_err();
        assert_eq!(failure.word, "http_404");
        assert!(!format!("{failure:?}").contains(SECRET));
    }
    let long = format!("no_text{}", " ".repeat(70_000));
    assert_eq!(
        of_webhook(&answer(400, &[], long)).unwrap_err().word,
        "http_400"
    );
}

proptest! {
    #[test]
    fn no_answer_panics_and_only_200_is_success(
        status in 200u16..600,
        body in prop_oneof![
            Just(b"ok".to_vec()),
            prop::collection::vec(any::<u8>(), 0..60),
            "\\{\"ok\":(true|false|1),\"(channel|error)\":\"[a-z_]{0,8}\",\"ts\":\"1.2\"\\}".prop_map(String::into_bytes),
        ],
        retry_after in "[0-9a-z]{0,6}",
    ) {
        let response = answer(status, &[("retry-after", &retry_after)], body);
        for failed in [of_webhook(&response).err(), of_post(&response).err(), of_test(&response).err()] {
            match failed {
                None => prop_assert_eq!(status, 200),
                Some(failure) => {
                    prop_assert!(!failure.word.is_empty() && failure.word != "ok");
                    if let Class::Later { retry_after_s: Some(wait) } = failure.class {
                        prop_assert!(wait <= 3_600);
                    }
                }
            }
        }
    }
}
