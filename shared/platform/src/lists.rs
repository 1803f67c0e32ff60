//! `limit` and `cursor` of a list, and the page around its rows.

use api::Problem;
use api::cursor::Cursor;
use api::page;
use api::query::Query;
use domain::api_key::sha256_hex;
use http::StatusCode;
use serde::Serialize;
use store::lists::Key;

use crate::{Context, Reply, problems};

/// Where a page begins and how long it is.
pub struct Paging {
    limit: u32,
    cursor: Option<String>,
    /// Names the list and its filters, so that a cursor is used only where it came from.
    fingerprint: String,
}

impl Paging {
    pub fn parse(context: &Context, query: &mut Query<'_>) -> Self {
        // The filters without the place in the list, in any order.
        let mut filters: Vec<_> = context
            .query
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("limit=")
            })
            .collect();
        filters.sort_unstable();
        let list = format!("{:?}&{}", context.operation, filters.join("&"));
        Self {
            limit: query.limit(),
            cursor: query.text("cursor"),
            fingerprint: sha256_hex(list.as_bytes()).chars().take(12).collect(),
        }
    }

    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The key of the last row of the page before.
    ///
    /// # Errors
    /// A problem that names `cursor`.
    pub fn after(&self) -> Result<Option<Key>, Problem> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let cursor = Cursor::decode(text, &self.fingerprint)?;
        Ok(Some(Key {
            order: cursor.key,
            id: cursor.id,
        }))
    }

    /// The cursor after the row of `key`.
    #[must_use]
    pub fn cursor(&self, key: &Key) -> String {
        Cursor {
            query: self.fingerprint.clone(),
            key: key.order,
            id: key.id.clone(),
        }
        .encode()
    }

    /// A page of values.
    ///
    /// # Errors
    /// A value that cannot be JSON, which is a bug of ours.
    pub fn reply<T: Serialize>(&self, rows: &[T], next: Option<&Key>) -> Result<Reply, Problem> {
        let data =
            serde_json::to_string(rows).map_err(|error| problems::internal(&error.to_string()))?;
        Ok(Reply::json_bytes(StatusCode::OK, self.page(&data, next)))
    }

    /// The page as it is answered.
    #[must_use]
    pub fn page(&self, data_json: &str, next: Option<&Key>) -> Vec<u8> {
        page::to_json(data_json, next.map(|key| self.cursor(key)).as_deref())
    }
}
