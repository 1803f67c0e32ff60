//! What is sent, and what is not even built.

use proptest::prelude::*;
use providers::ProviderError;
use providers::slack::{
    BotToken, Client, DEFAULT_API_BASE_URL, DEFAULT_WEBHOOKS_BASE_URL, IncomingWebhook,
};

use crate::support::{SECRET, TOKEN, client, message, webhook};

fn why_not(url: &str) -> String {
    match IncomingWebhook::parse(url) {
        Err(ProviderError::Credential { what }) => what,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn only_the_address_of_a_webhook_at_slack_is_one() {
    let path = format!("services/T024BE7LD/B024BE7LE/{SECRET}");
    for (url, why) in [
        (String::new(), "no"),
        (path.clone(), "address"),
        (format!("/{path}"), "whole address"),
        (format!("hooks.slack.com/{path}"), "address"),
        (format!("http://hooks.slack.com/{path}"), "https://"),
        (format!("ftp://hooks.slack.com/{path}"), "https://"),
        (
            format!("https://hooks.slack.com.evil.example/{path}"),
            "host",
        ),
        (format!("https://evil-hooks.slack.com/{path}"), "host"),
        (format!("https://slack.com/{path}"), "host"),
        (format!("https://slack-gov.com/{path}"), "host"),
        (format!("https://127.0.0.1/{path}"), "host"),
        (format!("https://hooks.slack.com./{path}"), "host"),
        (format!("https://hooks.slack.com:443/{path}"), "port"),
        (format!("https://hooks.slack.com:8080/{path}"), "port"),
        (format!("https://me@hooks.slack.com/{path}"), "user name"),
        (format!("https://me:pw@hooks.slack.com/{path}"), "user name"),
        (
            format!("https://hooks.slack.com@evil.example/{path}"),
            "user name",
        ),
        (
            format!("https://hooks.slack.com/{path}?a=b"),
            "more than a path",
        ),
        (
            format!("https://hooks.slack.com/{path}?"),
            "more than a path",
        ),
        (
            format!("https://hooks.slack.com/{path}#a"),
            "more than a path",
        ),
        (format!("https://hooks.slack.com/{path}/"), "another path"),
        (format!("https://hooks.slack.com//{path}"), "another path"),
        (format!("https://hooks.slack.com/x/{path}"), "another path"),
        (
            format!("https://hooks.slack.com/services/../{path}"),
            "another path",
        ),
        ("https://hooks.slack.com".to_owned(), "another path"),
        (
            "https://hooks.slack.com/services/T1/B1".to_owned(),
            "another path",
        ),
        (
            "https://hooks.slack.com/services/T1/B1/".to_owned(),
            "another path",
        ),
        (
            format!("https://hooks.slack.com/services/B1/T1/{SECRET}"),
            "another path",
        ),
        (
            format!("https://hooks.slack.com/services/T/B/{SECRET}"),
            "another path",
        ),
        (
            format!("https://hooks.slack.com/services/T1/B1/%41{SECRET}"),
            "another path",
        ),
        (
            format!("https://hooks.slack.com/services/T1/B1/{}", "a".repeat(129)),
            "another path",
        ),
        (
            format!(
                "https://hooks.slack.com/services/T{}/B1/{SECRET}",
                "1".repeat(32)
            ),
            "another path",
        ),
        (
            "https://hooks.slack.com/services/T1/B1/a b".to_owned(),
            "address",
        ),
    ] {
        let what = why_not(&url);
        let why = if url.is_empty() { "address" } else { why };
        assert!(what.contains(why), "{url}: {what}");
        assert!(!what.contains(SECRET) && !what.contains("evil"), "{what}");
    }
}

#[test]
fn a_workflow_is_told_from_a_webhook() {
    for path in [
        format!("triggers/T024BE7LD/123/{SECRET}"),
        format!("workflows/T024BE7LD/A1/123/{SECRET}"),
        "workflows".to_owned(),
    ] {
        let what = why_not(&format!("https://hooks.slack.com/{path}"));
        assert!(
            what.contains("workflow") && what.contains("incoming webhook"),
            "{what}"
        );
        assert!(!what.contains(SECRET));
    }
}

#[test]
fn a_webhook_shows_its_team_and_service_only() {
    let webhook = webhook();
    assert_eq!(
        (webhook.team(), webhook.service()),
        ("T024BE7LD", "B024BE7LE")
    );
    assert_eq!(webhook.to_string(), "T024BE7LD/B024BE7LE");
    let call = webhook.post(DEFAULT_WEBHOOKS_BASE_URL, &message()).unwrap();
    let shown = format!(
        "{webhook:?} {webhook} {call:?} {:?} {:?}",
        call.reply,
        webhook.address()
    );
    assert!(
        shown.contains("T024BE7LD") && !shown.contains(SECRET),
        "{shown}"
    );
}

#[test]
fn an_address_is_taken_back_as_it_is_kept() {
    for url in [
        format!("https://hooks.slack.com/services/T1/B1/{SECRET}"),
        format!("https://hooks.slack-gov.com/services/T1/B1/{SECRET}"),
    ] {
        let webhook = IncomingWebhook::parse(&format!(" {url}\n")).unwrap();
        assert_eq!(webhook.address().expose(), url);
        assert_eq!(
            IncomingWebhook::parse(webhook.address().expose()),
            Ok(webhook)
        );
    }
    let capital = format!("https://Hooks.Slack.COM/services/T1/B1/{SECRET}");
    let address = IncomingWebhook::parse(&capital).unwrap().address();
    assert!(address.expose().starts_with("https://hooks.slack.com/"));
}

#[test]
fn a_message_goes_to_the_webhook_or_to_what_takes_its_hosts_place() {
    let path = format!("/services/T1/B1/{SECRET}");
    for (host, base, to) in [
        (
            "hooks.slack.com",
            DEFAULT_WEBHOOKS_BASE_URL,
            "https://hooks.slack.com",
        ),
        (
            "hooks.slack-gov.com",
            DEFAULT_WEBHOOKS_BASE_URL,
            "https://hooks.slack-gov.com",
        ),
        (
            "hooks.slack.com",
            "http://127.0.0.1:3901",
            "http://127.0.0.1:3901",
        ),
        (
            "hooks.slack-gov.com",
            "http://127.0.0.1:3901/",
            "http://127.0.0.1:3901",
        ),
    ] {
        let webhook = IncomingWebhook::parse(&format!("https://{host}{path}")).unwrap();
        let request = webhook.post(base, &message()).unwrap().request;
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().to_string(), format!("{to}{path}"));
        assert_eq!(
            request.headers()["content-type"],
            "application/json; charset=utf-8"
        );
        assert!(
            request.headers()["user-agent"]
                .to_str()
                .unwrap()
                .starts_with("patchbay/")
        );
        assert!(!request.headers().contains_key("authorization"));
        assert_eq!(
            request.body(),
            "{\"text\":\"Zoë & co\",\"channel\":\"#ops\"}".as_bytes()
        );
    }
    assert!(matches!(
        webhook().post("https://hooks.slack.com/services", &message()),
        Err(ProviderError::Request { .. })
    ));
}

#[test]
fn only_a_bot_token_is_one() {
    for token in [
        "",
        "xoxb-",
        "xoxp-hunter2",
        "xoxe.xoxb-1-hunter2",
        "hunter2",
        "Bearer xoxb-hunter2",
        "xoxb-hunter2 hunter2",
        "xoxb-hunter2\r\nx: y",
        "xoxb-hünter2",
        &format!("xoxb-{}", "hunter2".repeat(200)),
    ] {
        let error = BotToken::parse(token).unwrap_err();
        assert!(matches!(error, ProviderError::Credential { .. }), "{token}");
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("Bot User OAuth Token") && !text.contains("hunter2"),
            "{text}"
        );
    }
    assert_eq!(
        BotToken::parse(&format!(" {TOKEN}\n"))
            .unwrap()
            .expose()
            .expose(),
        TOKEN
    );
}

#[test]
fn a_message_with_a_token_goes_to_the_web_api() {
    let call = client().chat_post_message(&message()).unwrap();
    let request = &call.request;
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://slack.com/api/chat.postMessage");
    assert_eq!(
        request.headers()["content-type"],
        "application/json; charset=utf-8"
    );
    let authorization = &request.headers()["authorization"];
    assert_eq!(authorization, &format!("Bearer {TOKEN}"));
    assert!(authorization.is_sensitive());
    assert_eq!(
        request.body(),
        "{\"text\":\"Zoë & co\",\"channel\":\"#ops\"}".as_bytes()
    );
    let shown = format!(
        "{call:?} {request:?} {:?} {:?}",
        client(),
        BotToken::parse(TOKEN)
    );
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn a_token_is_tested_without_a_message() {
    let request = client().auth_test().unwrap().request;
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://slack.com/api/auth.test");
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        request.headers()["authorization"],
        format!("Bearer {TOKEN}")
    );
    assert!(request.body().is_empty());
}

#[test]
fn a_base_url_is_an_origin() {
    let token = BotToken::parse(TOKEN).unwrap();
    let local = Client::new("http://127.0.0.1:3901", token.clone()).unwrap();
    let request = local.auth_test().unwrap().request;
    assert_eq!(request.uri(), "http://127.0.0.1:3901/api/auth.test");
    for wrong in [&format!("{DEFAULT_API_BASE_URL}/api"), "", "slack.com"] {
        assert!(matches!(
            Client::new(wrong, token.clone()),
            Err(ProviderError::Request { .. })
        ));
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_goes_to_slack(text in "https?://(hooks\\.)?slack(-gov)?\\.com[:@/?#.a-zA-Z0-9%]{0,40}|\\PC{0,60}") {
        if let Ok(webhook) = IncomingWebhook::parse(&text) {
            let request = webhook.post(DEFAULT_WEBHOOKS_BASE_URL, &message()).unwrap().request;
            prop_assert_eq!(request.uri().scheme_str(), Some("https"));
            prop_assert!(matches!(request.uri().authority().unwrap().as_str(), "hooks.slack.com" | "hooks.slack-gov.com"));
        }
    }

    #[test]
    fn a_refusal_never_repeats_the_secret(
        scheme in "https?", host in "hooks\\.slack\\.com|example\\.com", tail in "[/?#:]?[a-z]{0,3}"
    ) {
        let url = format!("{scheme}://{host}/services/T1/B1/{SECRET}{tail}");
        if let Err(error) = IncomingWebhook::parse(&url) {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(SECRET));
        }
    }
}
