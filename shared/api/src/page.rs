//! The one shape of a list.

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

#[cfg(test)]
mod tests {
    use super::to_json;

    #[test]
    fn both_ends_of_a_list() {
        assert_eq!(to_json("[]", None), br#"{"data":[],"next_cursor":null}"#);
        assert_eq!(
            to_json(r#"[{"id":"a"}]"#, Some("abc")),
            br#"{"data":[{"id":"a"}],"next_cursor":"abc"}"#
        );
    }
}
