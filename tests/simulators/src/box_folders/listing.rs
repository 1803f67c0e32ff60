//! Pages: by offset, or by marker.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::routes::Asked;
use crate::PageFault;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// What of a list is asked for.
pub struct PageRequest {
    pub uses_marker: bool,
    limit: usize,
    start: usize,
}

impl PageRequest {
    pub fn of(asked: &Asked<'_>) -> Result<Self, Refusal> {
        let wrong = || Refusal::new(400, "bad_request");
        let number = |name: &str| {
            asked
                .parameter(name)
                .map(|text| text.parse::<usize>().map_err(|_| wrong()))
                .transpose()
        };
        let uses_marker = asked.parameter("usemarker") == Some("true");
        let start = match asked.parameter("marker").filter(|_| uses_marker) {
            Some(marker) => position(marker).ok_or_else(wrong)?,
            None => number("offset")?.filter(|_| !uses_marker).unwrap_or(0),
        };
        Ok(Self {
            uses_marker,
            limit: number("limit")?
                .unwrap_or(DEFAULT_LIMIT)
                .clamp(1, MAX_LIMIT),
            start,
        })
    }

    fn end(&self, total: usize) -> usize {
        self.start.saturating_add(self.limit).min(total)
    }
}

pub fn by_offset(all: &[Value], page: &PageRequest) -> Value {
    let entries = all.get(page.start..page.end(all.len())).unwrap_or_default();
    json!({
        "total_count": all.len(),
        "entries": entries,
        "offset": page.start,
        "limit": page.limit,
        "order": [{"by": "type", "direction": "ASC"}, {"by": "name", "direction": "ASC"}],
    })
}

pub fn by_marker(all: &[Value], page: &PageRequest, fault: Option<PageFault>) -> Value {
    let end = page.end(all.len());
    let mut entries = all.get(page.start..end).unwrap_or_default();
    let mut next = (end < all.len()).then(|| marker(end));
    match fault {
        None => {}
        Some(PageFault::Duplicate) => next = Some(marker(page.start)),
        Some(PageFault::Empty) => {
            entries = &[];
            next = Some(marker(page.start));
        }
        Some(PageFault::CutShort { keep }) => {
            entries = entries.get(..keep).unwrap_or(entries);
            next = None;
        }
        Some(PageFault::NeverEnding {
            repeat_rows,
            same_cursor,
        }) if next.is_none() => {
            let again = if repeat_rows { page.start } else { all.len() };
            // A zero before the number makes it another text with the same meaning.
            next = Some(if same_cursor {
                marker(again)
            } else {
                URL_SAFE_NO_PAD.encode(format!("at:{:0width$}", again, width = page.start % 40 + 2))
            });
        }
        Some(PageFault::NeverEnding { .. }) => {}
    }
    json!({
        "entries": entries,
        "limit": page.limit,
        "next_marker": next.unwrap_or_default(),
    })
}

fn marker(position: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("at:{position}"))
}

fn position(marker: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()?;
    text.strip_prefix("at:")?.parse().ok()
}
