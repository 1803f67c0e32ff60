//! The sizes that Slack enforces, as a table of paths: characters of a text,
//! things in a list.

use serde_json::{Map, Value};

use super::answer::Refusal;

const MAX_ATTACHMENTS: usize = 100;
const MAX_BLOCKS: usize = 50;
const MAX_MARKDOWN_CHARS: usize = 12_000;

/// A path into a thing of some type, where `*` is every item of a list; what it
/// leads to has this many characters or items at most.
type Limit = (&'static str, &'static str, usize);

/// Of every type.
const ANY: &str = "*";

const BLOCK_TYPES: [&str; 13] = [
    "actions",
    "context",
    "context_actions",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "markdown",
    "rich_text",
    "section",
    "table",
    "video",
];

const BLOCKS: [Limit; 16] = [
    (ANY, "block_id", 255),
    ("section", "text/text", 3_000),
    ("section", "fields", 10),
    ("section", "fields/*/text", 2_000),
    ("header", "text/text", 150),
    ("context", "elements", 10),
    ("context", "elements/*/image_url", 3_000),
    ("context", "elements/*/alt_text", 2_000),
    ("actions", "elements", 25),
    ("context_actions", "elements", 5),
    ("image", "image_url", 3_000),
    ("image", "alt_text", 2_000),
    ("image", "title/text", 2_000),
    ("markdown", "text", MAX_MARKDOWN_CHARS),
    ("video", "title/text", 200),
    ("video", "author_name", 50),
];

/// What a block or an element of some type needs: one of these, and no empty list.
const NEEDED: [(&str, &[&str]); 9] = [
    ("section", &["text", "fields"]),
    ("header", &["text"]),
    ("markdown", &["text"]),
    ("context", &["elements"]),
    ("actions", &["elements"]),
    ("context_actions", &["elements"]),
    ("image", &["image_url", "slack_file"]),
    ("image", &["alt_text"]),
    ("button", &["text"]),
];

/// Where a block of some type has elements.
const HOLDERS: [(&str, &str); 3] = [
    ("section", "accessory"),
    ("actions", "elements/*"),
    ("context_actions", "elements/*"),
];

const ELEMENTS: [Limit; 15] = [
    (ANY, "action_id", 255),
    (ANY, "confirm/title/text", 100),
    (ANY, "confirm/text/text", 300),
    (ANY, "confirm/confirm/text", 30),
    (ANY, "confirm/deny/text", 30),
    (ANY, "placeholder/text", 150),
    (ANY, "options", 100),
    (ANY, "option_groups", 100),
    (ANY, "options/*/text/text", 75),
    (ANY, "options/*/value", 150),
    (ANY, "option_groups/*/options/*/text/text", 75),
    ("button", "text/text", 75),
    ("button", "url", 3_000),
    ("button", "value", 2_000),
    ("overflow", "options", 5),
];

const ATTACHMENTS: [Limit; 3] = [
    (ANY, "footer", 300),
    (ANY, "fields/*/value", 2_000),
    (ANY, "actions", 5),
];

/// The first refusal of a message, with hints where Slack gives some.
pub fn check(message: &Map<String, Value>, max_blocks_chars: usize) -> Result<(), Refusal> {
    if let Some(attachments) = message.get("attachments") {
        check_attachments(attachments)?;
    }
    let Some(blocks) = message.get("blocks") else {
        return Ok(());
    };
    let Value::Array(blocks) = blocks else {
        return Err(Refusal::word("invalid_blocks_format"));
    };
    let hints = block_hints("/blocks", blocks);
    if !hints.is_empty() {
        return Err(Refusal::hinted("invalid_blocks", hints));
    }
    let length: usize = blocks
        .iter()
        .map(|block| block.to_string().chars().count())
        .sum();
    if length > max_blocks_chars {
        return Err(Refusal::word("msg_blocks_too_long"));
    }
    Ok(())
}

fn check_attachments(attachments: &Value) -> Result<(), Refusal> {
    let Value::Array(attachments) = attachments else {
        return Err(Refusal::word("invalid_attachments"));
    };
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(Refusal::word("too_many_attachments"));
    }
    let mut hints = Vec::new();
    for (index, attachment) in attachments.iter().enumerate() {
        let pointer = format!("/attachments/{index}");
        match attachment.as_object() {
            None => hints.push(hint("must be an object", &pointer)),
            Some(members) if members.is_empty() => hints.push(hint("is empty", &pointer)),
            Some(_) => {}
        }
        limit_hints(&mut hints, &ATTACHMENTS, &pointer, attachment);
        if let Some(Value::Array(blocks)) = attachment.get("blocks") {
            hints.extend(block_hints(&format!("{pointer}/blocks"), blocks));
        }
    }
    if hints.is_empty() {
        Ok(())
    } else {
        Err(Refusal::hinted("invalid_attachments", hints))
    }
}

fn block_hints(pointer: &str, blocks: &[Value]) -> Vec<String> {
    let mut hints = Vec::new();
    if blocks.len() > MAX_BLOCKS {
        hints.push(too_many(MAX_BLOCKS, pointer));
    }
    let mut markdown_chars = 0;
    for (index, block) in blocks.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        match type_of(block) {
            Some(kind) if BLOCK_TYPES.contains(&kind) => {}
            Some(kind) => hints.push(hint(
                &format!("unsupported type: {kind}"),
                &format!("{pointer}/type"),
            )),
            None => hints.push(hint("missing required field: type", &pointer)),
        }
        if type_of(block) == Some("markdown") {
            markdown_chars += text_chars(block.get("text"));
        }
        let header_type = block.pointer("/text/type").and_then(Value::as_str);
        if type_of(block) == Some("header") && header_type != Some("plain_text") {
            hints.push(hint(
                "must be a plain_text object",
                &format!("{pointer}/text"),
            ));
        }
        limit_hints(&mut hints, &BLOCKS, &pointer, block);
        needed_hints(&mut hints, &pointer, block);
        if type_of(block) == Some("context") {
            for (pointer, element) in found(&pointer, block, "elements/*") {
                needed_hints(&mut hints, &pointer, element);
            }
        }
        for (kind, path) in HOLDERS {
            if type_of(block) == Some(kind) {
                for (pointer, element) in found(&pointer, block, path) {
                    element_hints(&mut hints, &pointer, element);
                }
            }
        }
    }
    if markdown_chars > MAX_MARKDOWN_CHARS && hints.is_empty() {
        hints.push(too_long(MAX_MARKDOWN_CHARS, pointer));
    }
    hints
}

fn needed_hints(hints: &mut Vec<String>, pointer: &str, thing: &Value) {
    for (kind, names) in NEEDED {
        let is_there = |name: &&str| match thing.get(*name) {
            None | Some(Value::Null) => false,
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        };
        if type_of(thing) == Some(kind) && !names.iter().any(is_there) {
            let what = format!("missing required field: {}", names.join(" or "));
            hints.push(hint(&what, pointer));
        }
    }
}

fn element_hints(hints: &mut Vec<String>, pointer: &str, element: &Value) {
    limit_hints(hints, &ELEMENTS, pointer, element);
    needed_hints(hints, pointer, element);
    let options = element.get("options").and_then(Value::as_array);
    if type_of(element) == Some("overflow") && options.is_none_or(|options| options.len() < 2) {
        hints.push(hint(
            "no fewer than 2 items allowed",
            &format!("{pointer}/options"),
        ));
    }
}

fn limit_hints(hints: &mut Vec<String>, limits: &[Limit], pointer: &str, thing: &Value) {
    for (kind, path, max) in limits {
        if *kind != ANY && type_of(thing) != Some(kind) {
            continue;
        }
        for (pointer, value) in found(pointer, thing, path) {
            match value {
                Value::Array(items) if items.len() > *max => hints.push(too_many(*max, &pointer)),
                Value::String(_) if text_chars(Some(value)) > *max => {
                    hints.push(too_long(*max, &pointer));
                }
                _ => {}
            }
        }
    }
}

/// Everything a path leads to, with its JSON pointer.
fn found<'a>(pointer: &str, thing: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut here = vec![(pointer.to_owned(), thing)];
    for step in path.split('/') {
        here = here
            .into_iter()
            .flat_map(|(pointer, thing)| match (step, thing) {
                ("*", Value::Array(items)) => items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (format!("{pointer}/{index}"), item))
                    .collect(),
                ("*", _) => Vec::new(),
                _ => thing
                    .get(step)
                    .map(|member| (format!("{pointer}/{step}"), member))
                    .into_iter()
                    .collect(),
            })
            .collect();
    }
    here
}

fn type_of(thing: &Value) -> Option<&str> {
    thing.get("type")?.as_str()
}

fn text_chars(value: Option<&Value>) -> usize {
    value
        .and_then(Value::as_str)
        .map_or(0, |text| text.chars().count())
}

fn too_long(max: usize, pointer: &str) -> String {
    hint(
        &format!("must be less than {} characters", max + 1),
        pointer,
    )
}

fn too_many(max: usize, pointer: &str) -> String {
    hint(&format!("no more than {max} items allowed"), pointer)
}

fn hint(what: &str, pointer: &str) -> String {
    format!("{what} [json-pointer:{pointer}]")
}
