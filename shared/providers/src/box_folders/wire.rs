//! Parts of answers that are read leniently.

use serde_json::Value;

use crate::MAX_BODY_BYTES;

const MAX_DETAIL_CHARS: usize = 300;
const MAX_CODE_BYTES: usize = 64;

/// The body; null if it is no JSON.
pub(super) fn json(body: &[u8]) -> Value {
    if body.len() > MAX_BODY_BYTES {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_default()
}

/// A text for people, without secrets.
pub(super) fn clean(value: Option<&Value>, secrets: &[&str]) -> Option<String> {
    let text = domain::redact::excerpt(value?.as_str()?, MAX_DETAIL_CHARS, secrets);
    (!text.is_empty()).then_some(text)
}

/// A text that is not empty.
pub(super) fn text(object: &Value, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?.replace('\0', "");
    (!text.is_empty()).then_some(text)
}

/// Words for programs: ASCII letters, digits, `_`, `-` and `.`.
pub(super) fn is_code(text: &str) -> bool {
    (1..=MAX_CODE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
