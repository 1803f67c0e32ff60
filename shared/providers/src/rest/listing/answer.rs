//! Reads the answer of a page.

use bytes::Bytes;
use domain::outbound_target::OutboundTarget;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use serde_json::value::RawValue;

use super::failure::ListFailure;
use super::mapping::{ListMapping, Paging};
use super::position::{Cursor, Next, Position};
use super::row::{self, ListPage};
use super::{Pointer, link};
use crate::MAX_CURSOR_BYTES;
use crate::record::{as_text, explain};
use crate::rest::config::RestConfig;

impl ListMapping {
    /// Reads the answer to the request of the page at `position`. Its status was judged before
    /// ([`judge_answer`](crate::rest::judge_answer)), with one exception: a 404 for a counted page
    /// behind the first is how some APIs say that there is none, and is read as the end.
    ///
    /// # Errors
    /// [`ListFailure`].
    pub fn read(
        &self,
        config: &RestConfig,
        position: Option<&Position>,
        answer: &Response<Bytes>,
    ) -> Result<ListPage, ListFailure> {
        if self.is_behind_the_end(position, answer.status()) {
            return Ok(ListPage {
                rows: Vec::new(),
                rejected: Vec::new(),
                received: 0,
                unmarked: 0,
                next: None,
            });
        }
        if !answer.status().is_success() {
            return Err(ListFailure::Status(answer.status().as_u16()));
        }
        if answer.body().len() > config.max_response_bytes() {
            return Err(ListFailure::TooLarge(config.max_response_bytes()));
        }
        let text = as_text(answer.body());
        let list = find(&self.rows, &text)?.ok_or(ListFailure::NoRows)?;
        let mut page = row::read(self, list)?;
        let next = self.next(config, position, &text, answer.headers(), page.received)?;
        page.next = next
            .map(|next| Position::after(position, &page.rows, page.received, next, self.max_pages))
            .transpose()?;
        Ok(page)
    }

    /// Whether an answer says that a page behind the last one was asked for.
    #[must_use]
    pub fn is_behind_the_end(&self, position: Option<&Position>, status: StatusCode) -> bool {
        status == StatusCode::NOT_FOUND
            && position.is_some()
            && matches!(self.paging, Paging::PageNumber { .. })
    }

    fn next(
        &self,
        config: &RestConfig,
        position: Option<&Position>,
        text: &str,
        headers: &HeaderMap,
        received: usize,
    ) -> Result<Option<Next>, ListFailure> {
        let reference = match &self.paging {
            Paging::None => return Ok(None),
            Paging::Cursor { next, .. } => return Ok(cursor(next, text)?.map(Next::Cursor)),
            Paging::PageNumber { first, .. } => {
                let page = match position.map(|position| &position.next) {
                    Some(Next::Page(page)) => *page,
                    _ => u64::from(*first),
                };
                return Ok((received > 0).then(|| Next::Page(page.saturating_add(1))));
            }
            Paging::Offset { .. } => {
                let offset = match position.map(|position| &position.next) {
                    Some(Next::Offset(offset)) => *offset,
                    _ => 0,
                };
                let received = u64::try_from(received).unwrap_or(u64::MAX);
                return Ok((received > 0).then(|| Next::Offset(offset.saturating_add(received))));
            }
            Paging::NextUrl { next } => match cursor(next, text)? {
                Some(Cursor::Text(url)) => Some(url),
                Some(Cursor::Number(_)) => return Err(ListFailure::UnreadableCursor),
                None => None,
            },
            Paging::LinkHeader => link::next(headers).map_err(|()| ListFailure::UnreadableLink)?,
        };
        reference
            .map(|reference| self.follow(config, position, &reference))
            .transpose()
    }

    /// A link as the path and query that it leads to, of the base URL's origin.
    fn follow(
        &self,
        config: &RestConfig,
        position: Option<&Position>,
        reference: &str,
    ) -> Result<Next, ListFailure> {
        let here = match position.map(|position| &position.next) {
            Some(Next::Link(link)) => config.base_url().at(link),
            _ => config.base_url().join(&self.request.path, ""),
        };
        let target = here
            .and_then(|here| here.resolve(reference))
            .map_err(ListFailure::BadLink)?;
        let link = match config.auth().query_parameter() {
            None => target.path_and_query().to_owned(),
            Some(key) => without_parameter(&target, key),
        };
        if link.len() > MAX_CURSOR_BYTES {
            return Err(ListFailure::LongCursor);
        }
        Ok(Next::Link(link))
    }
}

fn find<'t>(pointer: &Pointer, text: &'t str) -> Result<Option<&'t RawValue>, ListFailure> {
    pointer
        .find(text)
        .map_err(|error| ListFailure::Malformed(explain(&error)))
}

/// The cursor in the answer. Null, false, the empty text and nothing at all are the end.
fn cursor(pointer: &Pointer, text: &str) -> Result<Option<Cursor>, ListFailure> {
    let Some(raw) = find(pointer, text)? else {
        return Ok(None);
    };
    if raw.get().len() > MAX_CURSOR_BYTES {
        return Err(ListFailure::LongCursor);
    }
    match serde_json::from_str(raw.get()) {
        Ok(Value::Bool(false)) => Ok(None),
        Ok(Value::String(text)) if text.is_empty() => Ok(None),
        Ok(Value::String(text)) => Ok(Some(Cursor::Text(text))),
        Ok(Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Ok(Some(Cursor::Number(number)))
        }
        _ => Err(ListFailure::UnreadableCursor),
    }
}

/// APIs repeat the query that they were asked with, the key included. Positions are stored, and keys
/// are not stored in the clear.
fn without_parameter(target: &OutboundTarget, name: &str) -> String {
    let Some(query) = target.query() else {
        return target.path_and_query().to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| form_urlencoded::parse(pair.as_bytes()).all(|(given, _)| given != name))
        .collect();
    if kept.is_empty() {
        target.path().to_owned()
    } else {
        format!("{}?{}", target.path(), kept.join("&"))
    }
}
