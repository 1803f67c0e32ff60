//! Block Kit: what is needed, how many, how long, how deep. A type that is not known here is Slack's to
//! judge.

use serde_json::{Map, Value};

use super::checker::{Checker, TextKind, given};

/// Blocks of one message.
pub const MAX_BLOCKS: usize = 50;
/// Characters of all blocks of a message together, as JSON. Slack documents no limit and refuses
/// more with `msg_blocks_too_long`.
pub const MAX_BLOCKS_CHARS: usize = 13_200;
/// Characters of all `markdown` blocks of a message together.
pub const MAX_MARKDOWN_CHARS: usize = 12_000;

/// No block that Slack documents nests half as deep.
const MAX_DEPTH: usize = 20;
const MAX_ID_CHARS: usize = 255;
const MAX_URL_CHARS: usize = 3_000;
const MAX_ALT_TEXT_CHARS: usize = 2_000;
const MAX_OPTIONS: usize = 100;
const OVERFLOW_OPTIONS: std::ops::RangeInclusive<usize> = 2..=5;

pub(super) fn check(checker: &mut Checker, pointer: &str, blocks: &[Value]) {
    checker.count(pointer, blocks.len(), MAX_BLOCKS);
    if blocks.iter().any(|block| is_deeper(block, MAX_DEPTH)) {
        checker.push(
            pointer,
            format!("nests deeper than {MAX_DEPTH} levels"),
            "use fewer levels",
        );
        return;
    }
    let length: usize = blocks.iter().map(json_chars).sum();
    if length > MAX_BLOCKS_CHARS {
        checker.push(
            pointer,
            format!("has {length} characters as JSON"),
            format!("use at most {MAX_BLOCKS_CHARS}, or send several messages"),
        );
    }
    check_markdown_total(checker, pointer, blocks);
    for (index, block) in blocks.iter().take(MAX_BLOCKS).enumerate() {
        check_block(checker, &format!("{pointer}/{index}"), block);
    }
}

fn check_markdown_total(checker: &mut Checker, pointer: &str, blocks: &[Value]) {
    let lengths: Vec<usize> = blocks
        .iter()
        .filter(|block| block.get("type").and_then(Value::as_str) == Some("markdown"))
        .filter_map(|block| block.get("text")?.as_str())
        .map(|text| text.chars().count())
        .collect();
    let total: usize = lengths.iter().sum();
    // One that is too long alone is told where it is.
    if total > MAX_MARKDOWN_CHARS && lengths.iter().all(|length| *length <= MAX_MARKDOWN_CHARS) {
        checker.push(
            pointer,
            format!("has {total} characters in all markdown blocks together"),
            format!("use at most {MAX_MARKDOWN_CHARS}"),
        );
    }
}

fn check_block(checker: &mut Checker, pointer: &str, block: &Value) {
    let Some(block) = checker.object(pointer, block) else {
        return;
    };
    let Some(kind) = block.get("type").and_then(Value::as_str) else {
        checker.push(
            format!("{pointer}/type"),
            "is missing or no text",
            "name the type of the block, such as section",
        );
        return;
    };
    checker.text(pointer, block, "block_id", MAX_ID_CHARS);
    match kind {
        "section" => check_section(checker, pointer, block),
        "header" => {
            checker.required(pointer, block, &["text"]);
            checker.text_object(pointer, block, "text", 150, TextKind::Plain);
        }
        "markdown" => {
            checker.required(pointer, block, &["text"]);
            checker.text(pointer, block, "text", MAX_MARKDOWN_CHARS);
        }
        "context" => {
            checker.required(pointer, block, &["elements"]);
            for (pointer, element) in checker.list(pointer, block, "elements", 10) {
                check_context_element(checker, &pointer, element);
            }
        }
        "actions" => check_elements(checker, pointer, block, 25),
        "context_actions" => check_elements(checker, pointer, block, 5),
        "image" => {
            check_image(checker, pointer, block);
            checker.text_object(pointer, block, "title", 2_000, TextKind::Plain);
        }
        "video" => {
            checker.text_object(pointer, block, "title", 200, TextKind::Plain);
            checker.text(pointer, block, "author_name", 50);
        }
        _ => {}
    }
}

fn check_section(checker: &mut Checker, pointer: &str, block: &Map<String, Value>) {
    checker.required(pointer, block, &["text", "fields"]);
    checker.text_object(pointer, block, "text", 3_000, TextKind::Any);
    for (pointer, field) in checker.list(pointer, block, "fields", 10) {
        checker.one_text_object(&pointer, field, 2_000, TextKind::Any);
    }
    if let Some(accessory) = given(block, "accessory") {
        check_element(checker, &format!("{pointer}/accessory"), accessory);
    }
}

/// Text or an image; its text is bounded by the blocks' total alone.
fn check_context_element(checker: &mut Checker, pointer: &str, element: &Value) {
    let Some(fields) = checker.object(pointer, element) else {
        return;
    };
    match fields.get("type").and_then(Value::as_str) {
        Some("image") => check_image(checker, pointer, fields),
        Some("plain_text" | "mrkdwn") => {
            checker.one_text_object(pointer, element, usize::MAX, TextKind::Any);
        }
        _ => checker.push(
            format!("{pointer}/type"),
            "is not allowed in a context block",
            "use plain_text, mrkdwn or image",
        ),
    }
}

fn check_image(checker: &mut Checker, pointer: &str, image: &Map<String, Value>) {
    checker.required(pointer, image, &["image_url", "slack_file"]);
    checker.required(pointer, image, &["alt_text"]);
    checker.text(pointer, image, "image_url", MAX_URL_CHARS);
    checker.text(pointer, image, "alt_text", MAX_ALT_TEXT_CHARS);
}

fn check_elements(checker: &mut Checker, pointer: &str, block: &Map<String, Value>, max: usize) {
    checker.required(pointer, block, &["elements"]);
    for (pointer, element) in checker.list(pointer, block, "elements", max) {
        check_element(checker, &pointer, element);
    }
}

fn check_element(checker: &mut Checker, pointer: &str, element: &Value) {
    let Some(element) = checker.object(pointer, element) else {
        return;
    };
    let kind = element.get("type").and_then(Value::as_str);
    checker.text(pointer, element, "action_id", MAX_ID_CHARS);
    if let Some(confirm) = given(element, "confirm") {
        check_confirm(checker, &format!("{pointer}/confirm"), confirm);
    }
    match kind {
        Some("button") => {
            checker.required(pointer, element, &["text"]);
            checker.text_object(pointer, element, "text", 75, TextKind::Plain);
            checker.text(pointer, element, "url", MAX_URL_CHARS);
            checker.text(pointer, element, "value", 2_000);
        }
        Some("image") => check_image(checker, pointer, element),
        Some("overflow") => check_overflow(checker, pointer, element),
        Some("checkboxes" | "radio_buttons") => check_options(checker, pointer, element),
        Some(kind) if kind.ends_with("_select") => {
            checker.text_object(pointer, element, "placeholder", 150, TextKind::Plain);
            check_options(checker, pointer, element);
            for (pointer, group) in checker.list(pointer, element, "option_groups", MAX_OPTIONS) {
                if let Some(group) = checker.object(&pointer, group) {
                    check_options(checker, &pointer, group);
                }
            }
        }
        _ => {}
    }
}

fn check_overflow(checker: &mut Checker, pointer: &str, element: &Map<String, Value>) {
    let options = given(element, "options").and_then(Value::as_array);
    if options.is_none_or(|options| options.len() < *OVERFLOW_OPTIONS.start()) {
        checker.push(
            format!("{pointer}/options"),
            "is too short or missing",
            format!(
                "give {} to {} options, or use a button",
                OVERFLOW_OPTIONS.start(),
                OVERFLOW_OPTIONS.end()
            ),
        );
    }
    for (pointer, option) in checker.list(pointer, element, "options", *OVERFLOW_OPTIONS.end()) {
        check_option(checker, &pointer, option);
    }
}

fn check_options(checker: &mut Checker, pointer: &str, holder: &Map<String, Value>) {
    for (pointer, option) in checker.list(pointer, holder, "options", MAX_OPTIONS) {
        check_option(checker, &pointer, option);
    }
}

fn check_option(checker: &mut Checker, pointer: &str, option: &Value) {
    if let Some(option) = checker.object(pointer, option) {
        checker.text_object(pointer, option, "text", 75, TextKind::Any);
        checker.text(pointer, option, "value", 150);
    }
}

fn check_confirm(checker: &mut Checker, pointer: &str, confirm: &Value) {
    if let Some(confirm) = checker.object(pointer, confirm) {
        checker.text_object(pointer, confirm, "title", 100, TextKind::Plain);
        checker.text_object(pointer, confirm, "text", 300, TextKind::Any);
        checker.text_object(pointer, confirm, "confirm", 30, TextKind::Plain);
        checker.text_object(pointer, confirm, "deny", 30, TextKind::Plain);
    }
}

/// Looks no deeper than `max` levels.
fn is_deeper(value: &Value, max: usize) -> bool {
    let Some(max) = max.checked_sub(1) else {
        return value.is_array() || value.is_object();
    };
    match value {
        Value::Array(things) => things.iter().any(|thing| is_deeper(thing, max)),
        Value::Object(members) => members.values().any(|member| is_deeper(member, max)),
        _ => false,
    }
}

fn json_chars(value: &Value) -> usize {
    value.to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::field_error::{FieldErrors, MAX_FIELD_ERRORS};

    fn errors(blocks: &[Value]) -> FieldErrors {
        let mut checker = Checker::default();
        check(&mut checker, "/message/blocks", blocks);
        checker.into_errors()
    }

    fn pointers(blocks: &[Value]) -> Vec<String> {
        errors(blocks)
            .as_slice()
            .iter()
            .map(|error| error.pointer.clone())
            .collect()
    }

    fn long(length: usize) -> String {
        "å".repeat(length)
    }

    fn plain(length: usize) -> Value {
        json!({"type": "plain_text", "text": long(length)})
    }

    fn option() -> Value {
        json!({"text": plain(1), "value": "v"})
    }

    fn in_actions(element: Value) -> Value {
        json!({"type": "actions", "elements": vec![element]})
    }

    fn button_with(name: &str, value: Value) -> Value {
        let mut button = json!({"type": "button", "text": plain(1)});
        button[name] = value;
        in_actions(button)
    }

    fn select_with(name: &str, value: Value) -> Value {
        let mut select = json!({"type": "static_select"});
        select[name] = value;
        in_actions(select)
    }

    /// A limit, a block with so many characters, and where the error is.
    type Limit = (usize, fn(usize) -> Value, &'static str);

    /// Every length that Slack documents or that was seen.
    const LENGTHS: [Limit; 26] = [
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
            3_000,
            |n| json!({"type": "section", "text": {"type": "mrkdwn", "text": long(n)}}),
            "/text/text",
        ),
        (
            2_000,
            |n| json!({"type": "section", "fields": [plain(1), plain(n)]}),
            "/fields/1/text",
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
            3_000,
            |n| json!({"type": "context", "elements": [{"type": "image", "image_url": long(n), "alt_text": "a"}]}),
            "/elements/0/image_url",
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
        (
            75,
            |n| button_with("text", plain(n)),
            "/elements/0/text/text",
        ),
        (
            3_000,
            |n| button_with("url", json!(long(n))),
            "/elements/0/url",
        ),
        (
            2_000,
            |n| button_with("value", json!(long(n))),
            "/elements/0/value",
        ),
        (
            255,
            |n| button_with("action_id", json!(long(n))),
            "/elements/0/action_id",
        ),
        (
            100,
            |n| button_with("confirm", json!({"title": plain(n)})),
            "/elements/0/confirm/title/text",
        ),
        (
            300,
            |n| button_with("confirm", json!({"text": plain(n)})),
            "/elements/0/confirm/text/text",
        ),
        (
            30,
            |n| button_with("confirm", json!({"confirm": plain(n)})),
            "/elements/0/confirm/confirm/text",
        ),
        (
            30,
            |n| button_with("confirm", json!({"deny": plain(n)})),
            "/elements/0/confirm/deny/text",
        ),
        (
            150,
            |n| select_with("placeholder", plain(n)),
            "/elements/0/placeholder/text",
        ),
        (
            75,
            |n| select_with("options", json!([{"text": plain(n), "value": "v"}])),
            "/elements/0/options/0/text/text",
        ),
        (
            150,
            |n| select_with("options", json!([{"text": plain(1), "value": long(n)}])),
            "/elements/0/options/0/value",
        ),
        (
            75,
            |n| select_with("option_groups", json!([{"options": [{"text": plain(n)}]}])),
            "/elements/0/option_groups/0/options/0/text/text",
        ),
        (
            75,
            |n| in_actions(json!({"type": "overflow", "options": [option(), {"text": plain(n)}]})),
            "/elements/0/options/1/text/text",
        ),
        (
            75,
            |n| json!({"type": "section", "text": plain(1), "accessory": {"type": "button", "text": plain(n)}}),
            "/accessory/text/text",
        ),
    ];

    #[test]
    fn every_text_has_its_length() {
        for (max, block, pointer) in LENGTHS {
            let good = errors(&[json!({"type": "divider"}), block(max)]);
            assert!(good.is_empty(), "{pointer}: {good}");
            let found = errors(&[json!({"type": "divider"}), block(max + 1)]);
            let [error] = found.as_slice() else {
                panic!("{pointer}: {found}");
            };
            assert_eq!(error.pointer, format!("/message/blocks/1{pointer}"));
            assert_eq!(error.detail, format!("has {} characters", max + 1));
            assert_eq!(error.remedy, format!("use at most {max}"));
        }
    }

    /// Every number of things.
    const COUNTS: [Limit; 7] = [
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
            |n| json!({"type": "context_actions", "elements": vec![json!({"type": "button", "text": plain(1)}); n]}),
            "/elements",
        ),
        (
            100,
            |n| select_with("options", json!(vec![option(); n])),
            "/elements/0/options",
        ),
        (
            100,
            |n| select_with("option_groups", json!(vec![json!({}); n])),
            "/elements/0/option_groups",
        ),
        (
            5,
            |n| in_actions(json!({"type": "overflow", "options": vec![option(); n]})),
            "/elements/0/options",
        ),
    ];

    #[test]
    fn every_list_has_its_length() {
        for (max, block, pointer) in COUNTS {
            let good = errors(&[block(max)]);
            assert!(good.is_empty(), "{pointer}: {good}");
            assert_eq!(
                pointers(&[block(max + 1)]),
                [format!("/message/blocks/0{pointer}")]
            );
        }
    }

    #[test]
    fn a_message_has_so_many_blocks() {
        let dividers = |count| vec![json!({"type": "divider"}); count];
        assert!(pointers(&dividers(50)).is_empty());
        assert_eq!(pointers(&dividers(51)), ["/message/blocks"]);
    }

    #[test]
    fn all_blocks_together_have_a_length() {
        let bare = json_chars(&json!({"type": "unknown", "a": ""}));
        let of = |length: usize| json!({"type": "unknown", "a": long(length - bare)});
        assert!(pointers(&[of(6_600), of(6_600)]).is_empty());
        assert_eq!(pointers(&[of(6_600), of(6_601)]), ["/message/blocks"]);
    }

    #[test]
    fn markdown_has_a_length_in_all_blocks_together() {
        let markdown = |length| json!({"type": "markdown", "text": long(length)});
        assert!(pointers(&[markdown(6_000), markdown(6_000)]).is_empty());
        assert_eq!(
            pointers(&[markdown(6_000), markdown(6_001)]),
            ["/message/blocks"]
        );
    }

    #[test]
    fn an_overflow_menu_has_two_options_at_least() {
        for element in [
            json!({"type": "overflow"}),
            json!({"type": "overflow", "options": [option()]}),
        ] {
            assert_eq!(
                pointers(&[in_actions(element)]),
                ["/message/blocks/0/elements/0/options"]
            );
        }
        let two = in_actions(json!({"type": "overflow", "options": [option(), option()]}));
        assert!(pointers(&[two]).is_empty());
    }

    #[test]
    fn what_is_no_block_is_refused_where_it_is() {
        for (block, pointer) in [
            (json!("divider"), ""),
            (json!(null), ""),
            (json!({}), "/type"),
            (json!({"type": 1}), "/type"),
            (json!({"type": "section", "text": "a"}), "/text"),
            (
                json!({"type": "section", "text": {"text": "a"}}),
                "/text/type",
            ),
            (
                json!({"type": "section", "text": {"type": "mrkdwn"}}),
                "/text/text",
            ),
            (
                json!({"type": "header", "text": {"type": "mrkdwn", "text": "a"}}),
                "/text/type",
            ),
            (json!({"type": "section", "fields": {}}), "/fields"),
            (json!({"type": "section", "fields": [1]}), "/fields/0"),
            (
                json!({"type": "section", "text": plain(1), "accessory": 1}),
                "/accessory",
            ),
            (json!({"type": "markdown", "text": plain(1)}), "/text"),
            (
                json!({"type": "context", "elements": [{"type": "button"}]}),
                "/elements/0/type",
            ),
            (
                json!({"type": "actions", "elements": [null]}),
                "/elements/0",
            ),
            (json!({"type": "divider", "block_id": 1}), "/block_id"),
        ] {
            assert_eq!(
                pointers(std::slice::from_ref(&block)),
                [format!("/message/blocks/0{pointer}")],
                "{block}"
            );
        }
    }

    #[test]
    fn what_a_block_shows_is_needed() {
        for (block, pointer) in [
            (json!({"type": "section"}), "/text"),
            (
                json!({"type": "section", "text": null, "fields": []}),
                "/text",
            ),
            (json!({"type": "section", "text": plain(0)}), "/text/text"),
            (
                json!({"type": "section", "fields": [plain(0)]}),
                "/fields/0/text",
            ),
            (json!({"type": "header"}), "/text"),
            (json!({"type": "markdown"}), "/text"),
            (json!({"type": "context"}), "/elements"),
            (json!({"type": "context", "elements": []}), "/elements"),
            (json!({"type": "actions", "elements": []}), "/elements"),
            (json!({"type": "context_actions"}), "/elements"),
            (json!({"type": "image", "image_url": "a"}), "/alt_text"),
            (json!({"type": "image", "alt_text": "a"}), "/image_url"),
            (in_actions(json!({"type": "button"})), "/elements/0/text"),
        ] {
            assert_eq!(
                pointers(std::slice::from_ref(&block)),
                [format!("/message/blocks/0{pointer}")],
                "{block}"
            );
        }
        let file = json!({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a"});
        assert!(pointers(&[file]).is_empty());
    }

    #[test]
    fn blocks_of_unknown_types_are_let_through() {
        let unknown =
            json!({"type": "table", "rows": [[{"type": "raw_text", "text": long(4_000)}]]});
        let rich = json!({"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "a", "style": {"bold": true}}]}]}]});
        let element = in_actions(json!({"type": "of_tomorrow", "options": "many"}));
        assert!(pointers(&[unknown, rich, element]).is_empty());
    }

    #[test]
    fn no_block_is_deeper_than_a_bound() {
        let nested = |levels: usize| {
            let inner = (1..levels).fold(json!([]), |inner, _| json!([inner]));
            json!({"type": "unknown", "a": inner})
        };
        assert!(pointers(&[nested(MAX_DEPTH - 1)]).is_empty());
        assert_eq!(pointers(&[nested(MAX_DEPTH)]), ["/message/blocks"]);
        assert_eq!(pointers(&[nested(90)]), ["/message/blocks"]);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let names = "type|text|fields|elements|options|confirm|accessory|title|value|a";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "section|header|actions|context|image|button|overflow|static_select|plain_text|mrkdwn|x"
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_blocks_panic_and_errors_point_into_them(blocks in prop::collection::vec(any_json(), 0..4)) {
            let document = json!({"message": {"blocks": blocks}});
            let errors = errors(&blocks);
            prop_assert!(errors.as_slice().len() <= MAX_FIELD_ERRORS);
            for error in errors.as_slice() {
                // What is missing is pointed at in what it is missing from.
                let parent = error.pointer.rsplit_once('/').unwrap().0;
                prop_assert!(document.pointer(parent).is_some(), "{}", error.pointer);
            }
        }
    }
}
