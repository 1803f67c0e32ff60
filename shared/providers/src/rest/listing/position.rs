//! Where a reader of a list is.

use domain::api_key::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::failure::ListFailure;
use super::row::ListRow;

/// Pages without rows that an API may give one after the other and still have more.
pub(super) const MAX_EMPTY_PAGES: u32 = 10;

/// Where the next page is, and enough of the pages before to know a circle. It can be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Pages that were read.
    pub(super) pages: u32,
    pub(super) next: Next,
    /// The digest of an earlier cursor or link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<String>,
    /// The digest of the last page's ids; empty without rows.
    last_page: String,
    empty_pages: u32,
}

/// What asks for the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Next {
    Cursor(Cursor),
    Page(u64),
    Offset(u64),
    /// Path and query; the origin is the base URL's.
    Link(String),
}

/// As the API gave it: in a body it is sent back the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Cursor {
    Text(String),
    Number(Number),
}

impl Cursor {
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::Number(number.clone()),
        }
    }
}

impl Position {
    /// Pages that were read before it.
    #[must_use]
    pub const fn pages(&self) -> u32 {
        self.pages
    }

    /// The position behind a page, if the API is not going in circles.
    ///
    /// A circle of cursors or links is found as Brent's algorithm finds it: each is compared to one
    /// earlier one, which moves on when the number of pages doubles. So nothing grows with the list.
    pub(super) fn after(
        previous: Option<&Self>,
        rows: &[ListRow],
        received: usize,
        next: Next,
        max_pages: u32,
    ) -> Result<Self, ListFailure> {
        let pages = previous
            .map_or(0, |position| position.pages)
            .saturating_add(1);
        let mut anchor = previous.and_then(|position| position.anchor.clone());
        if let Some(given) = next.given() {
            let digest = sha256_hex(given.as_bytes());
            if anchor.as_ref() == Some(&digest) {
                return Err(ListFailure::Circle);
            }
            if pages.is_power_of_two() {
                anchor = Some(digest);
            }
        }
        let last_page = digest_of(rows);
        let is_same = !last_page.is_empty()
            && previous.is_some_and(|position| position.last_page == last_page);
        if is_same {
            return Err(ListFailure::SamePage);
        }
        let empty_pages = match previous {
            _ if received > 0 => 0,
            Some(position) => position.empty_pages.saturating_add(1),
            None => 1,
        };
        if empty_pages > MAX_EMPTY_PAGES {
            return Err(ListFailure::EmptyPages(empty_pages));
        }
        if pages >= max_pages {
            return Err(ListFailure::TooManyPages(max_pages));
        }
        Ok(Self {
            pages,
            next,
            anchor,
            last_page,
            empty_pages,
        })
    }
}

impl Next {
    /// What the API gave, where it is not counted here.
    fn given(&self) -> Option<String> {
        match self {
            Self::Cursor(cursor) => Some(cursor.to_value().to_string()),
            Self::Link(link) => Some(link.clone()),
            Self::Page(_) | Self::Offset(_) => None,
        }
    }
}

fn digest_of(rows: &[ListRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut ids = String::new();
    for row in rows {
        ids.push_str(&row.external_id);
        // In no id.
        ids.push('\n');
    }
    sha256_hex(ids.as_bytes())
}
