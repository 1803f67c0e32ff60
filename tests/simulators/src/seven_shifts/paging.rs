//! The two kinds of cursor, and the ways a page can go wrong.
//!
//! A cursor is base64 of JSON: a keyset `{"id":85685660,"next":true}` (punches,
//! shifts, users, roles) or an offset `{"limit":100,"offset":0}` (locations,
//! departments). Clients must treat both as opaque.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU64, Ordering as MemoryOrdering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::query::Query;
use super::settings::{OverLimit, Settings};
use super::table::{Position, Row, Table};
use crate::PageFault;

/// `meta.cursor`. `count` is the number of rows on this page, not a total.
#[derive(Debug, Serialize)]
pub struct CursorMeta {
    current: Option<String>,
    prev: Option<String>,
    next: Option<String>,
    count: usize,
}

#[derive(Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub cursor: CursorMeta,
}

/// What sorts a listing that is not in the order of ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortKey {
    Number(i64),
    Text(String),
}

/// A row that a filter chose.
pub struct Selected<T> {
    pub key: Option<SortKey>,
    pub id: i64,
    pub row: T,
}

/// How one request pages.
pub struct Paging<'a> {
    limit: usize,
    cursor: Option<String>,
    settings: &'a Settings,
    fault: Option<PageFault>,
    /// Makes the cursors of faulty pages differ from one another.
    serial: &'a AtomicU64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Keyset {
    id: CursorId,
    next: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<SortKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
}

/// Seen both ways on the wire.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum CursorId {
    Number(i64),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Offset {
    limit: usize,
    offset: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
}

/// Where a keyset page begins.
#[derive(Clone)]
struct Start {
    id: i64,
    key: Option<SortKey>,
    forward: bool,
}

const FROM_THE_BEGINNING: Start = Start {
    id: 0,
    key: None,
    forward: true,
};

impl<'a> Paging<'a> {
    pub fn read(
        query: &Query,
        default_limit: usize,
        settings: &'a Settings,
        fault: Option<PageFault>,
        serial: &'a AtomicU64,
    ) -> Result<Self, Problem> {
        let wrong = |detail: String| Problem::bad_parameter("limit", detail);
        let limit = match query.id("limit")? {
            None => default_limit,
            Some(asked) => {
                let asked = usize::try_from(asked)
                    .ok()
                    .filter(|asked| *asked >= 1)
                    .ok_or_else(|| wrong("limit must be at least 1.".to_owned()))?;
                match settings.over_limit {
                    OverLimit::Clamp => asked.min(settings.max_limit),
                    OverLimit::Refuse if asked > settings.max_limit => {
                        return Err(wrong(format!(
                            "limit must be at most {}.",
                            settings.max_limit
                        )));
                    }
                    OverLimit::Refuse => asked,
                }
            }
        };
        Ok(Self {
            limit,
            cursor: query.text("cursor").map(str::to_owned),
            settings,
            fault,
            serial,
        })
    }

    /// A page in the order of ids. Rows that cannot have changed since `since`
    /// may not even be shown to `select`.
    pub fn by_id<'t, T: Row, U>(
        &self,
        table: &'t Table<T>,
        since: Option<i64>,
        mut select: impl FnMut(&'t T) -> Option<U>,
    ) -> Result<Page<U>, Problem> {
        let start = self.start()?;
        let from = if start.forward {
            Position::After(start.id)
        } else {
            Position::Before(start.id)
        };
        let selected = table
            .walk(from, since)
            .filter_map(|row| {
                select(row).map(|selected| Selected {
                    key: None,
                    id: row.id(),
                    row: selected,
                })
            })
            .take(self.limit + 1)
            .collect();
        Ok(self.finish(&start, selected))
    }

    /// A page in the order of the rows' keys, ties by id.
    pub fn by_key<U>(
        &self,
        rows: impl Iterator<Item = Selected<U>>,
        descending: bool,
    ) -> Result<Page<U>, Problem> {
        let start = self.start()?;
        let ahead = start.forward != descending;
        let wanted = if ahead {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        let mut rest: Vec<Selected<U>> = rows
            .filter(|row| {
                start.key.is_none() || (&row.key, row.id).cmp(&(&start.key, start.id)) == wanted
            })
            .collect();
        let nearest_first = |a: &Selected<U>, b: &Selected<U>| {
            let order = (&a.key, a.id).cmp(&(&b.key, b.id));
            if ahead { order } else { order.reverse() }
        };
        if rest.len() > self.limit + 1 {
            rest.select_nth_unstable_by(self.limit, nearest_first);
            rest.truncate(self.limit + 1);
        }
        rest.sort_unstable_by(nearest_first);
        Ok(self.finish(&start, rest))
    }

    /// `selected` holds the page's rows, nearest first, and one more if there
    /// are more.
    fn finish<U>(&self, start: &Start, mut selected: Vec<Selected<U>>) -> Page<U> {
        let more = selected.len() > self.limit;
        selected.truncate(self.limit);
        if !start.forward {
            selected.reverse();
        }
        let edge = |row: &Selected<U>, forward| Start {
            id: row.id,
            key: row.key.clone(),
            forward,
        };
        let first = selected.first().map(|row| edge(row, false));
        let last = selected.last().map(|row| edge(row, true));
        let (mut next, prev) = if start.forward {
            (
                last.clone().filter(|_| more),
                first.filter(|_| self.cursor.is_some()),
            )
        } else {
            (last.clone(), first.filter(|_| more))
        };
        let mut serial = None;
        match self.fault {
            Some(PageFault::Duplicate) => {
                next = Some(start.clone());
                serial = Some(self.next_serial());
            }
            Some(PageFault::Empty) => {
                selected.clear();
                next = Some(start.clone());
                serial = Some(self.next_serial());
            }
            Some(PageFault::CutShort { keep }) => {
                selected.truncate(keep);
                next = None;
            }
            Some(PageFault::NeverEnding {
                repeat_rows,
                same_cursor,
            }) if next.is_none() => {
                next = if repeat_rows {
                    Some(start.clone())
                } else {
                    Some(last.unwrap_or_else(|| start.clone()))
                };
                serial = (!same_cursor).then(|| self.next_serial());
            }
            Some(PageFault::NeverEnding { .. }) | None => {}
        }
        let cursor = CursorMeta {
            current: self.cursor.clone(),
            prev: prev.map(|start| self.keyset(start, None)),
            next: next.map(|start| self.keyset(start, serial)),
            count: selected.len(),
        };
        Page {
            rows: selected.into_iter().map(|row| row.row).collect(),
            cursor,
        }
    }

    /// A page by position. `current` is given on the first page too.
    pub fn by_offset<U>(&self, mut rows: Vec<U>) -> Result<Page<U>, Problem> {
        let at = match &self.cursor {
            Some(text) => decode(text)?,
            None => Offset {
                limit: self.limit,
                offset: 0,
                serial: None,
            },
        };
        let encoded = |offset, serial| {
            encode(&Offset {
                limit: at.limit,
                offset,
                serial,
            })
        };
        let total = rows.len();
        let end = at.offset.saturating_add(at.limit);
        let mut next = (end < total).then(|| encoded(end, None));
        rows.truncate(end);
        rows.drain(..at.offset.min(rows.len()));
        match self.fault {
            Some(PageFault::Duplicate) => {
                next = Some(encoded(at.offset, Some(self.next_serial())));
            }
            Some(PageFault::Empty) => {
                rows.clear();
                next = Some(encoded(at.offset, Some(self.next_serial())));
            }
            Some(PageFault::CutShort { keep }) => {
                rows.truncate(keep);
                next = None;
            }
            Some(PageFault::NeverEnding {
                repeat_rows,
                same_cursor,
            }) if next.is_none() => {
                let serial = (!same_cursor).then(|| self.next_serial());
                let offset = if repeat_rows { at.offset } else { total };
                next = Some(encoded(offset, serial));
            }
            Some(PageFault::NeverEnding { .. }) | None => {}
        }
        let cursor = CursorMeta {
            current: Some(encoded(at.offset, at.serial)),
            prev: (at.offset > 0).then(|| encoded(at.offset.saturating_sub(at.limit), None)),
            next,
            count: rows.len(),
        };
        Ok(Page { rows, cursor })
    }

    fn start(&self) -> Result<Start, Problem> {
        let Some(text) = &self.cursor else {
            return Ok(FROM_THE_BEGINNING);
        };
        let keyset: Keyset = decode(text)?;
        let id = match keyset.id {
            CursorId::Number(id) => id,
            CursorId::Text(id) => id.parse().map_err(|_| wrong_cursor())?,
        };
        Ok(Start {
            id,
            key: keyset.key,
            forward: keyset.next,
        })
    }

    fn keyset(&self, start: Start, serial: Option<u64>) -> String {
        encode(&Keyset {
            id: if self.settings.text_ids_in_cursors {
                CursorId::Text(start.id.to_string())
            } else {
                CursorId::Number(start.id)
            },
            next: start.forward,
            key: start.key,
            serial,
        })
    }

    fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, MemoryOrdering::Relaxed)
    }
}

fn encode(cursor: &impl Serialize) -> String {
    STANDARD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(wrong_cursor)
}

fn wrong_cursor() -> Problem {
    Problem::bad_parameter("cursor", "cursor is not valid.")
}
