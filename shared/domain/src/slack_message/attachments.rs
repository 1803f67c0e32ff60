//! Attachments: Slack's older layout, kept for the bar of colour beside a message.

use serde_json::{Map, Value};

use super::blocks;
use super::checker::{Checker, given};

/// Attachments of one message; more than 20 are discouraged.
pub const MAX_ATTACHMENTS: usize = 100;

/// Slack cuts a longer text.
const MAX_TEXT_CHARS: usize = 8_000;
const MAX_FOOTER_CHARS: usize = 300;
const MAX_FIELD_CHARS: usize = 2_000;
const MAX_BUTTONS: usize = 5;
const COLOURS: [&str; 3] = ["good", "warning", "danger"];
/// Texts without a length of their own.
const TEXTS: [&str; 10] = [
    "fallback",
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "image_url",
    "thumb_url",
    "footer_icon",
];

pub(super) fn check(checker: &mut Checker, pointer: &str, attachments: &[Value]) {
    checker.count(pointer, attachments.len(), MAX_ATTACHMENTS);
    for (index, attachment) in attachments.iter().take(MAX_ATTACHMENTS).enumerate() {
        let pointer = format!("{pointer}/{index}");
        if let Some(attachment) = checker.object(&pointer, attachment) {
            check_attachment(checker, &pointer, attachment);
        }
    }
}

fn check_attachment(checker: &mut Checker, pointer: &str, attachment: &Map<String, Value>) {
    if attachment.values().all(Value::is_null) {
        checker.push(pointer, "is empty", "give it a text, or leave it out");
    }
    for name in TEXTS {
        checker.text(pointer, attachment, name, usize::MAX);
    }
    checker.text(pointer, attachment, "text", MAX_TEXT_CHARS);
    checker.text(pointer, attachment, "footer", MAX_FOOTER_CHARS);
    check_colour(checker, pointer, attachment);
    check_fields(checker, pointer, attachment);
    // Their number is all that is known of the older buttons.
    drop(checker.list(pointer, attachment, "actions", MAX_BUTTONS));
    if given(attachment, "ts").is_some_and(|ts| !ts.is_number()) {
        checker.push(
            format!("{pointer}/ts"),
            "is no number",
            "give Unix seconds, without quotes",
        );
    }
    for (pointer, name) in checker.list(pointer, attachment, "mrkdwn_in", usize::MAX) {
        if !name.is_string() {
            checker.push(
                pointer,
                "is no text",
                "name a field, such as text or pretext",
            );
        }
    }
    check_companions(checker, pointer, attachment);
    match given(attachment, "blocks") {
        None => {}
        Some(Value::Array(list)) => blocks::check(checker, &format!("{pointer}/blocks"), list),
        Some(_) => checker.push(format!("{pointer}/blocks"), "is no list", "give a list"),
    }
}

fn check_colour(checker: &mut Checker, pointer: &str, attachment: &Map<String, Value>) {
    let is_colour = |colour: &str| {
        let digits = colour.strip_prefix('#').unwrap_or(colour);
        COLOURS.contains(&colour)
            || matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if given(attachment, "color").is_some_and(|color| !color.as_str().is_some_and(is_colour)) {
        checker.push(
            format!("{pointer}/color"),
            "is no colour that Slack knows",
            "use good, warning, danger or a colour such as #439FE0",
        );
    }
}

fn check_fields(checker: &mut Checker, pointer: &str, attachment: &Map<String, Value>) {
    for (pointer, field) in checker.list(pointer, attachment, "fields", usize::MAX) {
        let Some(field) = checker.object(&pointer, field) else {
            continue;
        };
        checker.text(&pointer, field, "title", usize::MAX);
        checker.text(&pointer, field, "value", MAX_FIELD_CHARS);
        if given(field, "short").is_some_and(|short| !short.is_boolean()) {
            checker.push(
                format!("{pointer}/short"),
                "is neither true nor false",
                "use true or false, without quotes",
            );
        }
    }
}

/// Which fields go with which.
fn check_companions(checker: &mut Checker, pointer: &str, attachment: &Map<String, Value>) {
    let has = |name| given(attachment, name).is_some();
    if has("image_url") && has("thumb_url") {
        checker.push(
            format!("{pointer}/thumb_url"),
            "cannot stand beside image_url",
            "give one of image_url and thumb_url",
        );
    }
    if has("ts") && !has("footer") {
        checker.push(
            format!("{pointer}/ts"),
            "is shown in the footer, which is missing",
            "give footer too, or leave ts out",
        );
    }
    for name in ["author_link", "author_icon"] {
        if has(name) && !has("author_name") {
            checker.push(
                format!("{pointer}/{name}"),
                "is shown with author_name, which is missing",
                format!("give author_name too, or leave {name} out"),
            );
        }
    }
    if has("fields") && has("blocks") {
        checker.push(
            format!("{pointer}/fields"),
            "cannot stand beside blocks",
            "put the fields into a section block",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(attachments: &[Value]) -> Vec<String> {
        let mut checker = Checker::default();
        check(&mut checker, "/message/attachments", attachments);
        let errors = checker.into_errors();
        errors
            .as_slice()
            .iter()
            .map(|error| error.pointer.clone())
            .collect()
    }

    fn one(attachment: Value) -> Vec<String> {
        pointers(&[attachment])
    }

    #[test]
    fn a_message_has_so_many_attachments() {
        let many = |count| vec![json!({"text": "a"}); count];
        assert!(pointers(&many(100)).is_empty());
        assert_eq!(pointers(&many(101)), ["/message/attachments"]);
    }

    #[test]
    fn every_text_and_list_has_its_length() {
        type Limit = (usize, fn(usize) -> Value, &'static str);
        let limits: [Limit; 4] = [
            (8_000, |n| json!({"text": "å".repeat(n)}), "/text"),
            (300, |n| json!({"footer": "å".repeat(n)}), "/footer"),
            (
                2_000,
                |n| json!({"fields": [{"title": "a", "value": "å".repeat(n)}]}),
                "/fields/0/value",
            ),
            (5, |n| json!({"actions": vec![json!({}); n]}), "/actions"),
        ];
        for (max, attachment, pointer) in limits {
            assert!(one(attachment(max)).is_empty(), "{pointer}");
            assert_eq!(
                one(attachment(max + 1)),
                [format!("/message/attachments/0{pointer}")]
            );
        }
    }

    #[test]
    fn some_fields_exclude_or_need_others() {
        for (attachment, pointers) in [
            (
                json!({"image_url": "a", "thumb_url": "b"}),
                vec!["/thumb_url"],
            ),
            (json!({"ts": 1}), vec!["/ts"]),
            (
                json!({"author_link": "a", "author_icon": "b"}),
                vec!["/author_link", "/author_icon"],
            ),
            (
                json!({"fields": [], "blocks": [{"type": "divider"}]}),
                vec!["/fields"],
            ),
            (json!({"image_url": "a"}), vec![]),
            (json!({"thumb_url": "a"}), vec![]),
            (json!({"image_url": "a", "thumb_url": null}), vec![]),
            (json!({"ts": 1, "footer": "a"}), vec![]),
            (
                json!({"author_name": "a", "author_link": "b", "author_icon": "c"}),
                vec![],
            ),
        ] {
            let expected: Vec<_> = pointers
                .iter()
                .map(|pointer| format!("/message/attachments/0{pointer}"))
                .collect();
            assert_eq!(one(attachment.clone()), expected, "{attachment}");
        }
    }

    #[test]
    fn an_attachment_shows_something() {
        for empty in [json!({}), json!({"text": null})] {
            assert_eq!(one(empty), ["/message/attachments/0"]);
        }
    }

    #[test]
    fn colours_are_three_names_and_hex() {
        for color in ["good", "warning", "danger", "#439FE0", "439fe0", "#abc"] {
            assert!(one(json!({"color": color})).is_empty(), "{color}");
        }
        for color in [
            json!("red"),
            json!("#439FE"),
            json!("#"),
            json!(""),
            json!(5),
        ] {
            assert_eq!(
                one(json!({"color": color})),
                ["/message/attachments/0/color"],
                "{color}"
            );
        }
    }

    #[test]
    fn wrong_types_are_refused_where_they_are() {
        for (attachment, pointer) in [
            (json!("a"), ""),
            (json!({"pretext": 1}), "/pretext"),
            (json!({"text": {}}), "/text"),
            (json!({"fields": "a"}), "/fields"),
            (json!({"fields": ["a"]}), "/fields/0"),
            (json!({"fields": [{"short": "yes"}]}), "/fields/0/short"),
            (json!({"ts": "1", "footer": "a"}), "/ts"),
            (json!({"mrkdwn_in": [1]}), "/mrkdwn_in/0"),
            (json!({"blocks": {}}), "/blocks"),
            (json!({"blocks": [{}]}), "/blocks/0/type"),
        ] {
            assert_eq!(
                one(attachment.clone()),
                [format!("/message/attachments/0{pointer}")],
                "{attachment}"
            );
        }
    }

    #[test]
    fn every_documented_field_is_known() {
        let whole = json!({
            "fallback": "a", "color": "good", "pretext": "a", "author_name": "a",
            "author_link": "https://a.b", "author_icon": "https://a.b", "title": "a",
            "title_link": "https://a.b", "text": "a",
            "fields": [{"title": "a", "value": "b", "short": true}],
            "thumb_url": "https://a.b", "footer": "a", "footer_icon": "https://a.b",
            "ts": 1_503_435_956, "mrkdwn_in": ["text", "pretext"],
        });
        assert!(one(whole).is_empty());
        assert!(one(json!({"color": "danger", "blocks": [{"type": "divider"}]})).is_empty());
    }
}
