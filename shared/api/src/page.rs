//! The one shape of a list.

use crate::freshness::Freshness;

/// Rows of a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 100;
/// Most rows of a page.
pub const MAX_LIMIT: u32 = 500;

/// Writes `{"data": […], "next_cursor": …}` around rows that are JSON already.
#[must_use]
pub fn to_json(data_json: &str, next_cursor: Option<&str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(data_json.len() + 64);
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(data_json.as_bytes());
    body.extend_from_slice(b",\"next_cursor\":");
    match next_cursor {
        // A cursor is base64: nothing in it wants escaping.
        Some(cursor) => {
            body.push(b'"');
            body.extend_from_slice(cursor.as_bytes());
            body.push(b'"');
        }
        None => body.extend_from_slice(b"null"),
    }
    body.push(b'}');
    body
}

/// [`to_json`] of what is computed, with how current it is.
#[must_use]
pub fn to_fresh_json(data_json: &str, next_cursor: Option<&str>, freshness: &Freshness) -> Vec<u8> {
    let mut body = to_json(data_json, next_cursor);
    // A text or null, and true or false: serializing cannot fail.
    let members = serde_json::to_string(freshness).unwrap_or_default();
    if let Some(members) = members.strip_prefix('{') {
        body.pop();
        body.push(b',');
        body.extend_from_slice(members.as_bytes());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::{Freshness, to_fresh_json, to_json};

    #[test]
    fn what_is_computed_says_how_current_it_is() {
        let freshness = Freshness {
            synced_at: None,
            is_stale: true,
        };
        assert_eq!(
            to_fresh_json("[]", None, &freshness),
            br#"{"data":[],"next_cursor":null,"synced_at":null,"is_stale":true}"#
        );
    }

    #[test]
    fn both_ends_of_a_list() {
        assert_eq!(to_json("[]", None), br#"{"data":[],"next_cursor":null}"#);
        assert_eq!(
            to_json(r#"[{"id":"a"}]"#, Some("abc")),
            br#"{"data":[{"id":"a"}],"next_cursor":"abc"}"#
        );
    }
}
