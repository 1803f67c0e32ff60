//! JSON text that is no longer than it may be: what is too long is not written out to be cut.

use std::io;

use serde_json::Value;

/// The value as JSON, and whether it is all there. Otherwise it ends within `max_bytes`, between
/// two characters.
pub(super) fn to_text(value: &Value, max_bytes: usize) -> (String, bool) {
    let mut writer = Bounded {
        bytes: Vec::new(),
        max_bytes,
    };
    let is_whole = serde_json::to_writer(&mut writer, value).is_ok();
    let text = String::from_utf8(writer.bytes).unwrap_or_else(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        bytes.truncate(valid);
        String::from_utf8(bytes).unwrap_or_default()
    });
    (text, is_whole)
}

/// How many bytes of JSON the value is. `None` when it is more than `max_bytes`.
pub(super) fn length_within(value: &Value, max_bytes: usize) -> Option<usize> {
    let mut counter = Counter { left: max_bytes };
    serde_json::to_writer(&mut counter, value).ok()?;
    max_bytes.checked_sub(counter.left)
}

/// Whether the value has more than `levels` arrays and objects around each other.
pub(super) fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let deeper = |child: &Value| {
        levels
            .checked_sub(1)
            .is_none_or(|levels| is_deeper_than(child, levels))
    };
    match value {
        Value::Array(elements) => levels == 0 || elements.iter().any(deeper),
        Value::Object(members) => levels == 0 || members.values().any(deeper),
        _ => false,
    }
}

struct Bounded {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.max_bytes.saturating_sub(self.bytes.len());
        let (kept, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.bytes.extend_from_slice(kept);
        if rest.is_empty() {
            Ok(bytes.len())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Counter {
    left: usize,
}

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_too_long_ends_between_characters() {
        let value = json!(["åä"]);
        for (max, text, is_whole) in [
            (0, "", false),
            (2, "[\"", false),
            (3, "[\"", false),
            (4, "[\"å", false),
            (7, "[\"åä\"", false),
            (8, "[\"åä\"]", true),
            (9, "[\"åä\"]", true),
        ] {
            assert_eq!(to_text(&value, max), (text.to_owned(), is_whole), "{max}");
            let length = is_whole.then_some(8);
            assert_eq!(length_within(&value, max), length, "{max}");
        }
    }

    #[test]
    fn depth_is_counted_in_containers() {
        for (value, depth) in [
            (json!(1), 0),
            (json!([]), 1),
            (json!({"a": 1}), 1),
            (json!([[], {"a": [1]}]), 3),
        ] {
            for levels in 0..5 {
                assert_eq!(is_deeper_than(&value, levels), levels < depth, "{value}");
            }
        }
    }
}
