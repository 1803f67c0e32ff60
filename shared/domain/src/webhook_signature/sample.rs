//! What the tests of the schemes share.

use super::{Delivery, Outcome, Rejection, Verified};

/// The two-byte letter and the ampersand find who writes the body anew, escapes it, or reads it in
/// another encoding.
pub const BODY: &[u8] = r#"{"type":"shift.published","data":{"name":"Zoë & Omar"}}"#.as_bytes();
pub const NOW: i64 = 1_760_000_000;

pub fn post<'a>(url: &'a str, headers: &'a [(&'a str, &'a [u8])], body: &'a [u8]) -> Delivery<'a> {
    Delivery {
        method: "POST",
        url,
        headers,
        body,
    }
}

/// A text without its last character.
pub fn cut(text: &str) -> &str {
    let (last, _) = text.char_indices().last().unwrap();
    text.get(..last).unwrap()
}

#[track_caller]
pub fn event(outcome: Result<Outcome, Rejection>) -> Verified {
    match outcome {
        Ok(Outcome::Event(verified)) => verified,
        other => panic!("{other:?} is no event"),
    }
}
