//! The opaque `cursor` of a list: where the next page begins, bound to the list that it came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// Longer text is not a cursor of ours.
const MAX_LENGTH: usize = 512;

/// The key of the last row of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The list and its filters, as a short fingerprint: a cursor goes with the query it came from.
    #[serde(rename = "q")]
    pub query: String,
    /// The number that the list is ordered by, where it is ordered by one.
    #[serde(rename = "k")]
    pub key: i64,
    /// The row's id, which breaks ties.
    #[serde(rename = "i")]
    pub id: String,
}

impl Cursor {
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// # Errors
    /// A problem that names `cursor` when the text is not a cursor, or belongs to another query.
    pub fn decode(text: &str, query: &str) -> Result<Self, Problem> {
        let wrong = || {
            Problem::field(
                "cursor",
                "is not a cursor of this list: send `next_cursor` of an earlier answer unchanged, or leave it out to start over",
            )
        };
        if text.len() > MAX_LENGTH {
            return Err(wrong());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        if cursor.query != query {
            return Err(Problem::field(
                "cursor",
                "belongs to another list or other filters: repeat the filters of the request that it came from",
            ));
        }
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_round_trip_and_refuses_another_query() {
        let cursor = Cursor {
            query: "shifts".to_owned(),
            key: 7,
            id: "a".to_owned(),
        };
        assert_eq!(
            Cursor::decode(&cursor.encode(), "shifts"),
            Ok(cursor.clone())
        );
        assert!(
            Cursor::decode(&cursor.encode(), "punches")
                .unwrap_err()
                .detail
                .contains("other filters")
        );
    }

    #[test]
    fn garbage_is_a_named_field() {
        let long = "A".repeat(100_000);
        for text in ["", "!", "AAAA", "bnVsbA", long.as_str()] {
            assert_eq!(
                Cursor::decode(text, "q")
                    .unwrap_err()
                    .errors
                    .first()
                    .unwrap()
                    .field,
                "cursor",
                "{text:.20}"
            );
        }
    }
}
