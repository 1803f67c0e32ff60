//! Records: a list that can be asked for by every rule of paging, whole or by what has changed.
//!
//! `records/{rule}` with the rule `none`, `cursor`, `next-url`, `pages`, `offset` or `link`. The parameter
//! `since` (Unix seconds) leaves only what has changed then or later, `size` says how many rows a page has.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{failure, json_answer, query};
use crate::PageFault;

const SIZE: usize = 10;
const MAX_SIZE: usize = 1_000;

/// All records, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct Records {
    rows: BTreeMap<String, (Value, i64)>,
    /// Makes the cursors of faulty pages differ from one another.
    serial: u64,
}

/// What a request asks for.
struct Asked {
    parameters: BTreeMap<String, String>,
    size: usize,
}

impl Asked {
    fn number(&self, name: &str) -> Option<usize> {
        self.parameters.get(name)?.parse().ok()
    }
}

impl Records {
    /// The rows as the list gives them.
    pub fn list(&self) -> Vec<Value> {
        self.rows.values().map(|(row, _)| row.clone()).collect()
    }

    /// A row has the id `key` and the time of its change, unless `members` says otherwise.
    pub(super) fn put(&mut self, key: &str, members: &Map<String, Value>, now: i64) {
        let mut row = Map::new();
        row.insert("id".to_owned(), key.into());
        row.insert("updated_at".to_owned(), now.into());
        row.extend(members.clone());
        self.rows.insert(key.to_owned(), (row.into(), now));
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.rows.remove(key);
    }

    pub(super) fn answer(
        &mut self,
        request: &Request<Bytes>,
        rule: &str,
        fault: Option<PageFault>,
    ) -> Response<Bytes> {
        let parameters: BTreeMap<_, _> = query(request).collect();
        let size = parameters.get("size").and_then(|size| size.parse().ok());
        let size = if rule == "none" {
            usize::MAX
        } else {
            size.unwrap_or(SIZE).clamp(1, MAX_SIZE)
        };
        let asked = Asked { parameters, size };
        let begin = match rule {
            "none" => 0,
            "pages" => asked.number("page").unwrap_or(1).max(1) * size - size,
            "offset" | "next-url" | "link" => asked.number("offset").unwrap_or(0),
            // Without its serial number.
            "cursor" => asked
                .parameters
                .get("cursor")
                .and_then(|cursor| cursor.split('-').next()?.parse().ok())
                .unwrap_or(0),
            _ => return failure(StatusCode::NOT_FOUND, "no such rule"),
        };
        self.page(request, rule, &asked, begin, fault)
    }

    fn page(
        &mut self,
        request: &Request<Bytes>,
        rule: &str,
        asked: &Asked,
        begin: usize,
        fault: Option<PageFault>,
    ) -> Response<Bytes> {
        let since = asked.parameters.get("since");
        let since: i64 = since
            .and_then(|since| since.parse().ok())
            .unwrap_or(i64::MIN);
        let wanted: Vec<&Value> = self
            .rows
            .values()
            .filter(|(_, changed_at)| *changed_at >= since)
            .map(|(row, _)| row)
            .collect();
        let end = begin.saturating_add(asked.size).min(wanted.len());
        let mut rows: Vec<&Value> = wanted.get(begin..end).unwrap_or_default().to_vec();
        let mut next = (end < wanted.len()).then_some(end);
        match fault {
            Some(PageFault::Duplicate) => next = Some(begin),
            Some(PageFault::Empty) => {
                rows.clear();
                next = Some(begin);
            }
            Some(PageFault::CutShort { keep }) => {
                rows.truncate(keep);
                next = None;
            }
            Some(PageFault::NeverEnding { repeat_rows, .. }) if next.is_none() => {
                if !repeat_rows {
                    rows.clear();
                }
                next = Some(begin);
            }
            Some(PageFault::NeverEnding { .. }) | None => {}
        }
        self.serial += u64::from(fault.is_some());
        let cursor = next.map(|next| match fault {
            Some(PageFault::NeverEnding {
                same_cursor: true, ..
            }) => next.to_string(),
            Some(_) => format!("{next}-{}", self.serial),
            None => next.to_string(),
        });
        let link = next.map(|next| {
            let path = request.uri().path();
            let since = asked.parameters.get("since");
            let since = since.map_or_else(String::new, |since| format!("&since={since}"));
            let size = asked.size;
            format!(
                "{path}?offset={next}&size={size}&serial={}{since}",
                self.serial
            )
        });
        let meta = match rule {
            "cursor" => json!({ "next": cursor }),
            "next-url" => json!({ "next": link }),
            _ => json!({}),
        };
        let body = json!({"data": {"rows": rows}, "meta": meta});
        let mut answer = json_answer(StatusCode::OK, &body);
        let link = link
            .filter(|_| rule == "link")
            .and_then(|link| HeaderValue::from_str(&format!("<{link}>; rel=\"next\"")).ok());
        if let Some(link) = link {
            answer.headers_mut().insert(header::LINK, link);
        }
        answer
    }
}
