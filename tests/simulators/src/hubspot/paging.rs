//! Which rows a page has and where the next one begins, also when that goes wrong.

use serde_json::{Value, json};

use crate::PageFault;

/// A part of a list.
pub(super) struct Slice {
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Where the next page begins.
    pub(super) next: Option<usize>,
    /// Whether the cursor of the next page has to be one that was not seen before.
    pub(super) is_odd: bool,
}

impl Slice {
    pub(super) fn new(begin: usize, limit: usize, total: usize, fault: Option<PageFault>) -> Self {
        let begin = begin.min(total);
        let end = begin.saturating_add(limit).min(total);
        let right = Self {
            begin,
            end,
            next: (end < total).then_some(end),
            is_odd: false,
        };
        match fault {
            None => right,
            Some(PageFault::Duplicate) => Self {
                next: Some(begin),
                is_odd: true,
                ..right
            },
            Some(PageFault::Empty) => Self {
                end: begin,
                next: Some(begin),
                is_odd: true,
                ..right
            },
            Some(PageFault::CutShort { keep }) => Self {
                end: begin.saturating_add(keep).min(end),
                next: None,
                ..right
            },
            Some(PageFault::NeverEnding { .. }) if right.next.is_some() => right,
            Some(PageFault::NeverEnding {
                repeat_rows,
                same_cursor,
            }) => Self {
                end: if repeat_rows { end } else { begin },
                next: Some(begin),
                is_odd: !same_cursor,
                ..right
            },
        }
    }
}

/// `paging` as HubSpot writes it.
pub(super) fn paging(after: &str, link: &str) -> Value {
    json!({"next": {"after": after, "link": link}})
}

/// A cursor of a plain list is the id of the next row; a serial behind it makes it look new.
pub(super) fn cursor(id: u64, serial: Option<u64>) -> String {
    match serial {
        None => id.to_string(),
        Some(serial) => format!("{id}-{serial}"),
    }
}

/// The id that a cursor names.
pub(super) fn id_of_cursor(cursor: &str) -> Option<u64> {
    cursor.split('-').next()?.parse().ok()
}
