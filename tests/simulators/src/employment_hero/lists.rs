//! The API: three lists, and what is in them one by one.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::NaiveDate;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::change::List;
use super::{DateFilter, LeaveRequest, Scope, Settings, State, answer, bearer, query};
use crate::PageFault;

const DEFAULT_SIZE: usize = 20;
const MAX_SIZE: usize = 100;

/// Which page is asked for.
#[derive(Clone, Copy)]
struct Asked {
    /// From 1.
    index: usize,
    size: usize,
}

type Refusal = (StatusCode, &'static str);

const NOT_FOUND: Refusal = (StatusCode::NOT_FOUND, "not_found");

impl State {
    pub(super) fn api(
        &mut self,
        path: &str,
        request: &Request<Bytes>,
        settings: &Settings,
        now_ms: i64,
        fault: Option<PageFault>,
    ) -> Response<Bytes> {
        let holder = bearer(request.headers())
            .and_then(|token| self.authority.holder(token, now_ms / 1_000))
            .map(|(grant, login)| (grant, login.to_owned()));
        let Some((grant, login)) = holder else {
            return answer::error(StatusCode::UNAUTHORIZED, "unauthorized");
        };
        if let Err(wait_ms) = self.usage.admit(grant, settings, now_ms) {
            let mut refused = answer::error(StatusCode::TOO_MANY_REQUESTS, "too_many_requests");
            if settings.retry_after {
                // Whole seconds on the wire: rounded up, never too early.
                let seconds = HeaderValue::from(wait_ms.saturating_add(999).div_euclid(1_000));
                refused.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            return refused;
        }
        let data = if request.method() == Method::GET {
            self.data(path, request, &login, settings, fault)
        } else {
            Err((StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"))
        };
        match data {
            Ok(data) => answer::json(StatusCode::OK, &json!({ "data": data })),
            Err((status, detail)) => answer::error(status, detail),
        }
    }

    fn data(
        &mut self,
        path: &str,
        request: &Request<Bytes>,
        login: &str,
        settings: &Settings,
        fault: Option<PageFault>,
    ) -> Result<Value, Refusal> {
        let segments: Vec<&str> = path.split('/').collect();
        let ["organisations", of @ ..] = segments.as_slice() else {
            return Err(NOT_FOUND);
        };
        let scope = match of {
            [] | [_] => Scope::Organisations,
            [_, "employees", ..] => Scope::Employees,
            [_, "leave_requests", ..] => Scope::LeaveRequests,
            _ => return Err(NOT_FOUND),
        };
        if settings.withheld_scopes.contains(&scope) {
            return Err((StatusCode::FORBIDDEN, "insufficient_scope"));
        }
        let parameters: BTreeMap<String, String> = query(request).collect();
        let asked = asked(&parameters)?;
        let organisation = match of {
            [] => {
                let visible = self.organisations.of_login(login);
                let rows: Vec<_> = visible.iter().collect();
                return Ok(page(&rows, asked, fault, |row| row.listed()));
            }
            // What somebody may not see is not there.
            [id, ..] if !self.organisations.sees(login, id) => return Err(NOT_FOUND),
            [id, ..] => self.organisations.get_mut(id).ok_or(NOT_FOUND)?,
        };
        match of {
            [_] => Ok(organisation.detailed()),
            [_, "employees"] => {
                let rows: Vec<_> = organisation.employees.iter().collect();
                let data = page(&rows, asked, fault, |row| row.json());
                self.swaps
                    .after_page(List::Employees, &mut organisation.employees, asked.end());
                Ok(data)
            }
            [_, "leave_requests"] => {
                let selected = select(&parameters, settings.date_filter)?;
                let rows: Vec<_> = organisation
                    .leave_requests
                    .iter()
                    .filter(|row| selected(row))
                    .collect();
                let data = page(&rows, asked, fault, |row| row.json(settings.date_form));
                let leave = &mut organisation.leave_requests;
                self.swaps
                    .after_page(List::LeaveRequests, leave, asked.end());
                Ok(data)
            }
            [_, "employees", id] => {
                let mut rows = organisation.employees.iter();
                let row = rows.find(|row| row.id == *id).ok_or(NOT_FOUND)?;
                Ok(row.json())
            }
            [_, "leave_requests", id] => {
                let mut rows = organisation.leave_requests.iter();
                let row = rows.find(|row| row.id == *id).ok_or(NOT_FOUND)?;
                Ok(row.json(settings.date_form))
            }
            _ => Err(NOT_FOUND),
        }
    }
}

impl Asked {
    /// How many rows come before the next page.
    const fn end(self) -> usize {
        self.index.saturating_mul(self.size)
    }
}

fn asked(parameters: &BTreeMap<String, String>) -> Result<Asked, Refusal> {
    let number = |name: &str, default: usize| match parameters.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .ok_or((StatusCode::UNPROCESSABLE_ENTITY, "invalid_parameter")),
    };
    Ok(Asked {
        index: number("page_index", 1)?,
        // Clamped rather than refused: which of the two it is, is not known.
        size: number("item_per_page", DEFAULT_SIZE)?.min(MAX_SIZE),
    })
}

fn select(
    parameters: &BTreeMap<String, String>,
    filter: DateFilter,
) -> Result<impl Fn(&LeaveRequest) -> bool + use<>, Refusal> {
    let date = |name: &str| match parameters.get(name) {
        None => Ok(None),
        Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Some)
            .map_err(|_| (StatusCode::UNPROCESSABLE_ENTITY, "invalid_date")),
    };
    let (from, to) = (date("start_date")?, date("end_date")?);
    Ok(move |row: &LeaveRequest| {
        let last = match filter {
            DateFilter::Overlap => row.end_date,
            DateFilter::Start => row.start_date,
        };
        from.is_none_or(|from| last >= from) && to.is_none_or(|to| row.start_date <= to)
    })
}

/// One page. Clients count by themselves, so a fault changes what is on it and how many there seem
/// to be.
fn page<T>(
    rows: &[T],
    asked: Asked,
    fault: Option<PageFault>,
    json: impl Fn(&T) -> Value,
) -> Value {
    // Of an empty list: 0 or 1 is not known.
    let mut total_pages = rows.len().div_ceil(asked.size).max(1);
    let shown = match fault {
        // The rows of the page before.
        Some(PageFault::Duplicate) => asked.index.saturating_sub(1).max(1),
        Some(PageFault::NeverEnding {
            repeat_rows: true, ..
        }) => asked.index.min(total_pages),
        _ => asked.index,
    };
    let begin = shown
        .saturating_sub(1)
        .saturating_mul(asked.size)
        .min(rows.len());
    let end = begin.saturating_add(asked.size).min(rows.len());
    let mut items: Vec<_> = rows
        .get(begin..end)
        .unwrap_or_default()
        .iter()
        .map(json)
        .collect();
    match fault {
        Some(PageFault::Empty) => {
            items.clear();
            total_pages = total_pages.max(asked.index + 1);
        }
        Some(PageFault::CutShort { keep }) => {
            items.truncate(keep);
            total_pages = asked.index;
        }
        Some(PageFault::NeverEnding { .. }) => total_pages = total_pages.max(asked.index + 1),
        Some(PageFault::Duplicate) | None => {}
    }
    json!({
        "items": items, "page_index": asked.index, "item_per_page": asked.size,
        "total_pages": total_pages, "total_items": rows.len(),
    })
}
