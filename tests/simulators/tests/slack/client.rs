//! Our own client against the simulator, and our own rules against Slack's.

use bytes::Bytes;
use domain::slack_message::{Message, Target, check, cut, escape};
use http::Request;
use proptest::prelude::*;
use providers::slack::{BotToken, Class, Client, IncomingWebhook, Posted, Reply, SlackFailure};
use serde_json::{Value, json};
use simulators::slack::Change;
use simulators::{ErrorShape, Fault, FaultRule};

use crate::support::{HOOK, NOW, OPS, SERVICE, TOKEN, World};

const BASE_URL: &str = "http://simulator";

async fn send<T>(
    world: &World,
    request: Request<Vec<u8>>,
    reply: &Reply<T>,
) -> Result<T, SlackFailure> {
    let response = world
        .simulator
        .send(request.map(Bytes::from))
        .await
        .unwrap();
    reply.read(&response, NOW)
}

async fn by_webhook(world: &World, message: &Message) -> Result<(), SlackFailure> {
    let webhook = IncomingWebhook::parse(&format!("https://hooks.slack.com{HOOK}")).unwrap();
    let call = webhook.post(BASE_URL, message).unwrap();
    send(world, call.request, &call.reply).await
}

async fn by_token(world: &World, message: &Message) -> Result<Posted, SlackFailure> {
    let client = Client::new(BASE_URL, BotToken::parse(TOKEN).unwrap()).unwrap();
    let call = client.chat_post_message(message).unwrap();
    send(world, call.request, &call.reply).await
}

fn message(json: Value) -> Message {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn messages_arrive_either_way() {
    let world = World::demo();
    let text = escape("Tom & <!channel>");
    by_webhook(&world, &message(json!({"text": text})))
        .await
        .unwrap();
    let posted = by_token(&world, &message(json!({"text": text, "channel": "#ops"})))
        .await
        .unwrap();
    assert_eq!(
        posted,
        Posted {
            channel: OPS.to_owned(),
            ts: world.messages(OPS)[1].ts.clone(),
            warnings: Vec::new(),
        }
    );
    assert_eq!(world.texts(OPS), ["Tom &amp; &lt;!channel&gt;"; 2]);
    let long = message(json!({"text": "a".repeat(40_001), "channel": "#ops"}));
    assert_eq!(
        by_token(&world, &long).await.unwrap().warnings,
        ["message_truncated"]
    );
}

#[tokio::test]
async fn a_token_is_tested() {
    let world = World::demo();
    let client = Client::new(BASE_URL, BotToken::parse(TOKEN).unwrap()).unwrap();
    let call = client.auth_test().unwrap();
    let identity = send(&world, call.request, &call.reply).await.unwrap();
    assert_eq!(
        (identity.team.as_str(), identity.user.as_str()),
        ("Lakeshore Kitchens", "patchbay")
    );
    world.change(Change::RevokeToken {
        token: TOKEN.to_owned(),
    });
    let call = client.auth_test().unwrap();
    let failure = send(&world, call.request, &call.reply).await.unwrap_err();
    assert_eq!(
        (failure.word.as_str(), failure.class),
        ("token_revoked", Class::Broken)
    );
}

#[tokio::test]
async fn failures_are_told_apart() {
    let world = World::demo();
    let plain = message(json!({"text": "a", "channel": OPS}));
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.burst = Some(0));
    let wait = Class::Later {
        retry_after_s: Some(1),
    };
    assert_eq!(by_webhook(&world, &plain).await.unwrap_err().class, wait);
    assert_eq!(by_token(&world, &plain).await.unwrap_err().class, wait);
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.burst = None);
    world.fail_next(SERVICE, "no_active_hooks");
    assert_eq!(
        by_webhook(&world, &plain).await.unwrap_err().class,
        Class::Broken
    );
    world.fail_next(TOKEN, "fatal_error");
    assert!(
        by_token(&world, &plain)
            .await
            .unwrap_err()
            .may_have_happened
    );
    world.simulator.add_fault(FaultRule::next(
        2,
        "/",
        Fault::Status {
            status: 200,
            retry_after: None,
            shape: ErrorShape::Html,
            detail: None,
        },
    ));
    for failure in [
        by_webhook(&world, &plain).await.unwrap_err(),
        by_token(&world, &plain).await.unwrap_err(),
    ] {
        assert_eq!(failure.word, "unreadable_answer");
        assert!(failure.is_retryable());
    }
    world
        .simulator
        .add_fault(FaultRule::once("/", Fault::status(http::StatusCode::FOUND)));
    assert_eq!(
        by_webhook(&world, &plain).await.unwrap_err().word,
        "redirect"
    );
    world.change(Change::ArchiveChannel {
        channel: OPS.to_owned(),
    });
    assert_eq!(
        by_webhook(&world, &plain).await.unwrap_err().class,
        Class::BadTarget
    );
    assert_eq!(
        by_token(&world, &plain).await.unwrap_err().class,
        Class::BadTarget
    );
}

#[tokio::test]
async fn a_layout_that_is_refused_is_replaced_by_plain_text() {
    let world = World::demo();
    let whole = message(json!({"text": "a", "blocks": [{"type": "of_tomorrow"}], "channel": OPS}));
    let failure = by_token(&world, &whole).await.unwrap_err();
    assert_eq!(failure.class, Class::BadMessage);
    assert!(failure.plain_text_may_pass);
    assert!(failure.details[0].contains("/blocks/0/type"), "{failure}");
    by_token(&world, &whole.as_plain_text().unwrap())
        .await
        .unwrap();
    assert_eq!(world.texts(OPS), ["a"]);
}

/// A block of about any size near its limits.
fn blocks() -> impl Strategy<Value = Value> {
    let near = |max: usize| prop_oneof![Just(1), Just(max), Just(max + 1)];
    let plain = |length: usize| json!({"type": "plain_text", "text": "å".repeat(length)});
    prop_oneof![
        near(3_000).prop_map(move |n| json!({"type": "section", "text": plain(n)})),
        near(10).prop_map(move |n| json!({"type": "section", "fields": vec![plain(1); n]})),
        near(2_000).prop_map(move |n| json!({"type": "section", "fields": [plain(n)]})),
        near(150).prop_map(move |n| json!({"type": "header", "text": plain(n)})),
        near(10).prop_map(move |n| json!({"type": "context", "elements": vec![plain(1); n]})),
        near(12_000).prop_map(|n| json!({"type": "markdown", "text": "å".repeat(n)})),
        near(6_000).prop_map(|n| json!({"type": "markdown", "text": "å".repeat(n)})),
        near(255).prop_map(|n| json!({"type": "divider", "block_id": "b".repeat(n)})),
        near(75).prop_map(
            move |n| json!({"type": "actions", "elements": [{"type": "button", "text": plain(n)}]})
        ),
        near(25).prop_map(
            move |n| json!({"type": "actions", "elements": vec![json!({"type": "button", "text": plain(1)}); n]})
        ),
        (1usize..7).prop_map(move |n| json!({"type": "actions", "elements": [
            {"type": "overflow", "options": vec![json!({"text": plain(1), "value": "v"}); n]}]})),
        Just(json!({"type": "header", "text": {"type": "mrkdwn", "text": "a"}})),
        Just(json!({"type": "divider"})),
        Just(json!({"type": "section"})),
        Just(json!({"type": "section", "fields": []})),
        Just(json!({"type": "header"})),
        Just(json!({"type": "markdown"})),
        Just(json!({"type": "context"})),
        Just(json!({"type": "context", "elements": [{"type": "image", "image_url": "a"}]})),
        Just(json!({"type": "actions", "elements": [{"type": "button"}]})),
        Just(json!({"type": "image", "alt_text": "a"})),
        Just(json!({"type": "image", "image_url": "a", "alt_text": "a"})),
    ]
}

fn attachments() -> impl Strategy<Value = Value> {
    prop_oneof![
        (299usize..302).prop_map(|n| json!({"footer": "å".repeat(n)})),
        (1_999usize..2_002)
            .prop_map(|n| json!({"fields": [{"title": "a", "value": "å".repeat(n)}]})),
        (4usize..7).prop_map(|n| json!({"actions": vec![json!({}); n]})),
        Just(json!({"text": "a", "color": "good"})),
        Just(json!({})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Two tables of the same limits, written apart.
    #[test]
    fn what_our_rules_pass_slack_takes_and_what_they_refuse_it_refuses(
        text in prop::option::of("[a ]{0,3}"),
        blocks in prop_oneof![
            9 => prop::collection::vec(blocks(), 0..5),
            1 => (48usize..53).prop_map(|n| vec![json!({"type": "divider"}); n]),
        ],
        attachments in prop_oneof![
            9 => prop::collection::vec(attachments(), 0..3),
            1 => (99usize..102).prop_map(|n| vec![json!({"text": "a"}); n]),
        ],
    ) {
        let message = message(json!({"text": text, "blocks": blocks, "attachments": attachments}));
        let errors = check(&message, Target::IncomingWebhook);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(by_webhook(&World::demo(), &message));
        prop_assert_eq!(errors.is_empty(), outcome.is_ok(), "{} {:?}", errors, outcome);
    }

    #[test]
    fn a_text_that_is_escaped_and_cut_is_never_cut_by_slack(text in "[&<>å]{0,200}") {
        let shown = cut(&escape(&text.repeat(100)), domain::slack_message::MAX_TEXT_CHARS);
        let message = message(json!({"text": format!("a{}", cut(&shown, 39_999)), "channel": OPS}));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let posted = runtime.block_on(by_token(&World::demo(), &message)).unwrap();
        prop_assert!(posted.warnings.is_empty());
    }
}
