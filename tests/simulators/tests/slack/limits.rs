//! The sizes of blocks and attachments.

use serde_json::{Value, json};

use crate::support::{OPS, World};

fn long(length: usize) -> String {
    "å".repeat(length)
}

fn plain(length: usize) -> Value {
    json!({"type": "plain_text", "text": long(length)})
}

fn option(label: usize, value: usize) -> Value {
    json!({"text": plain(label), "value": long(value)})
}

fn actions(element: &Value) -> Value {
    json!({"type": "actions", "elements": [element]})
}

fn button(name: &str, value: &Value) -> Value {
    actions(&json!({"type": "button", "text": plain(1), name: value}))
}

fn select(name: &str, value: &Value) -> Value {
    actions(&json!({"type": "static_select", name: value}))
}

/// What is too long by one, what is not, and what a hint says.
type Row = (usize, fn(usize) -> Value, &'static str);

const CHARACTERS: [Row; 21] = [
    (
        255,
        |n| json!({"type": "divider", "block_id": long(n)}),
        "/block_id",
    ),
    (
        3_000,
        |n| json!({"type": "section", "text": plain(n)}),
        "/text/text",
    ),
    (
        2_000,
        |n| json!({"type": "section", "fields": [plain(n)]}),
        "/fields/0/text",
    ),
    (
        150,
        |n| json!({"type": "header", "text": plain(n)}),
        "/text/text",
    ),
    (
        3_000,
        |n| json!({"type": "image", "image_url": long(n), "alt_text": "a"}),
        "/image_url",
    ),
    (
        2_000,
        |n| json!({"type": "image", "image_url": "a", "alt_text": long(n)}),
        "/alt_text",
    ),
    (
        2_000,
        |n| json!({"type": "image", "image_url": "a", "alt_text": "a", "title": plain(n)}),
        "/title/text",
    ),
    (
        12_000,
        |n| json!({"type": "markdown", "text": long(n)}),
        "/text",
    ),
    (
        200,
        |n| json!({"type": "video", "title": plain(n)}),
        "/title/text",
    ),
    (
        50,
        |n| json!({"type": "video", "author_name": long(n)}),
        "/author_name",
    ),
    (75, |n| button("text", &plain(n)), "/elements/0/text/text"),
    (3_000, |n| button("url", &json!(long(n))), "/elements/0/url"),
    (
        2_000,
        |n| button("value", &json!(long(n))),
        "/elements/0/value",
    ),
    (
        255,
        |n| button("action_id", &json!(long(n))),
        "/elements/0/action_id",
    ),
    (
        75,
        |n| select("options", &json!([option(n, 1)])),
        "/elements/0/options/0/text/text",
    ),
    (
        150,
        |n| select("options", &json!([option(1, n)])),
        "/elements/0/options/0/value",
    ),
    (
        100,
        |n| button("confirm", &json!({"title": plain(n)})),
        "/elements/0/confirm/title/text",
    ),
    (
        300,
        |n| button("confirm", &json!({"text": plain(n)})),
        "/elements/0/confirm/text/text",
    ),
    (
        30,
        |n| button("confirm", &json!({"confirm": plain(n)})),
        "/elements/0/confirm/confirm/text",
    ),
    (
        150,
        |n| select("placeholder", &plain(n)),
        "/elements/0/placeholder/text",
    ),
    (
        75,
        |n| json!({"type": "section", "text": plain(1), "accessory": {"type": "button", "text": plain(n)}}),
        "/accessory/text/text",
    ),
];

const ITEMS: [Row; 7] = [
    (
        10,
        |n| json!({"type": "section", "fields": vec![plain(1); n]}),
        "/fields",
    ),
    (
        10,
        |n| json!({"type": "context", "elements": vec![plain(1); n]}),
        "/elements",
    ),
    (
        25,
        |n| json!({"type": "actions", "elements": vec![json!({"type": "button", "text": plain(1)}); n]}),
        "/elements",
    ),
    (
        5,
        |n| json!({"type": "context_actions", "elements": vec![json!({}); n]}),
        "/elements",
    ),
    (
        100,
        |n| select("options", &json!(vec![option(1, 1); n])),
        "/elements/0/options",
    ),
    (
        100,
        |n| select("option_groups", &json!(vec![json!({}); n])),
        "/elements/0/option_groups",
    ),
    (
        5,
        |n| actions(&json!({"type": "overflow", "options": vec![option(1, 1); n]})),
        "/elements/0/options",
    ),
];

fn unlimited() -> World {
    let world = World::demo();
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.burst = None);
    world
}

#[tokio::test]
async fn every_length_of_a_block_is_enforced_with_a_pointer() {
    let world = unlimited();
    let of =
        |block: Value| json!({"channel": OPS, "text": "a", "blocks": [{"type": "divider"}, block]});
    let bounds = CHARACTERS
        .iter()
        .map(|row| (row, format!("must be less than {} characters", row.0 + 1)))
        .chain(
            ITEMS
                .iter()
                .map(|row| (row, format!("no more than {} items allowed", row.0))),
        );
    for ((max, block, pointer), what) in bounds {
        assert_eq!(
            world.post(&of(block(*max))).await["ok"],
            true,
            "{pointer} {max}"
        );
        let refused = world.post(&of(block(max + 1))).await;
        let hint = format!("{what} [json-pointer:/blocks/1{pointer}]");
        assert_eq!(
            refused,
            json!({
                "ok": false, "error": "invalid_blocks", "errors": [hint],
                "response_metadata": {"messages": [format!("[ERROR] {hint}")]},
            })
        );
        let by_webhook = world.say(&of(block(max + 1))).await;
        assert_eq!(by_webhook, (400, "invalid_blocks".to_owned()));
    }
}

#[tokio::test]
async fn blocks_are_bounded_together() {
    let world = unlimited();
    let word = async |blocks: Value| {
        let answer = world.post(&json!({"channel": OPS, "blocks": blocks})).await;
        answer
            .get("error")
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    let dividers = |count| json!(vec![json!({"type": "divider"}); count]);
    assert_eq!(word(dividers(50)).await, "");
    assert_eq!(word(dividers(51)).await, "\"invalid_blocks\"");
    let markdown = |length| json!({"type": "markdown", "text": long(length)});
    assert_eq!(word(json!([markdown(6_000), markdown(6_000)])).await, "");
    assert_eq!(
        word(json!([markdown(6_000), markdown(6_001)])).await,
        "\"invalid_blocks\""
    );
    let sections = |count| {
        json!(vec![
            json!({"type": "section", "text": plain(3_000)});
            count
        ])
    };
    assert_eq!(word(sections(4)).await, "");
    assert_eq!(word(sections(5)).await, "\"msg_blocks_too_long\"");
    assert_eq!(
        world.say(&json!({"blocks": sections(5)})).await,
        (400, "msg_blocks_too_long".to_owned())
    );
    world
        .simulator
        .provider()
        .change_settings(|settings| settings.max_blocks_chars = 20_000);
    assert_eq!(word(sections(5)).await, "");
}

#[tokio::test]
async fn what_is_no_block_is_refused() {
    let world = unlimited();
    for (block, hint) in [
        (
            json!({}),
            "missing required field: type [json-pointer:/blocks/0]",
        ),
        (
            json!("divider"),
            "missing required field: type [json-pointer:/blocks/0]",
        ),
        (
            json!({"type": "of_tomorrow"}),
            "unsupported type: of_tomorrow [json-pointer:/blocks/0/type]",
        ),
        (
            json!({"type": "header", "text": {"type": "mrkdwn", "text": "a"}}),
            "must be a plain_text object [json-pointer:/blocks/0/text]",
        ),
        (
            actions(&json!({"type": "overflow", "options": [option(1, 1)]})),
            "no fewer than 2 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
    ] {
        let answer = world
            .post(&json!({"channel": OPS, "blocks": [block]}))
            .await;
        assert_eq!(answer["errors"], json!([hint]), "{answer}");
    }
    let no_list = world
        .post(&json!({"channel": OPS, "text": "a", "blocks": {}}))
        .await;
    assert_eq!(no_list["error"], "invalid_blocks_format");
}

#[tokio::test]
async fn attachments_are_bounded() {
    let world = unlimited();
    let say = async |attachments: Value| world.say(&json!({"attachments": attachments})).await.1;
    let many = |count| json!(vec![json!({"text": "a"}); count]);
    assert_eq!(say(many(100)).await, "ok");
    assert_eq!(say(many(101)).await, "too_many_attachments");
    type Row = (usize, fn(usize) -> Value);
    let rows: [Row; 4] = [
        (300, |n| json!({"footer": long(n)})),
        (2_000, |n| json!({"fields": [{"value": long(n)}]})),
        (5, |n| json!({"actions": vec![json!({}); n]})),
        (
            150,
            |n| json!({"blocks": [{"type": "header", "text": plain(n)}]}),
        ),
    ];
    for (max, attachment) in rows {
        assert_eq!(say(json!([attachment(max)])).await, "ok");
        assert_eq!(
            say(json!([attachment(max + 1)])).await,
            "invalid_attachments"
        );
    }
    assert_eq!(say(json!(["a"])).await, "invalid_attachments");
    assert_eq!(
        world.say(&json!({"text": "a", "attachments": {}})).await.1,
        "invalid_attachments"
    );
}
