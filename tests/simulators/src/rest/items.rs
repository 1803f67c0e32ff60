//! Items: documents with an id.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{failure, json_answer, query};

const PAGE: usize = 10;

/// All items, and the keys with which some were made.
#[derive(Clone, Debug, Default)]
pub struct Items {
    rows: BTreeMap<u64, Value>,
    last_id: u64,
    made_by_key: BTreeMap<String, u64>,
}

impl Items {
    pub fn list(&self) -> Vec<Value> {
        self.rows.values().cloned().collect()
    }

    /// Answers what is below `items`.
    pub(super) fn answer(&mut self, request: &Request<Bytes>, path: &[&str]) -> Response<Bytes> {
        let document = || match serde_json::from_slice(request.body()) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        };
        let unreadable = || failure(StatusCode::BAD_REQUEST, "the body is not a JSON object");
        match (request.method(), path) {
            (&Method::GET, []) => self.page(request),
            (&Method::POST, []) => match document() {
                Some(members) => self.make(request, members),
                None => unreadable(),
            },
            (method, [id]) => {
                let Some(id) = id.parse().ok().filter(|id| self.rows.contains_key(id)) else {
                    return failure(StatusCode::NOT_FOUND, "no such item");
                };
                match *method {
                    Method::GET => self.shown(StatusCode::OK, id),
                    Method::PUT | Method::PATCH => {
                        let Some(members) = document() else {
                            return unreadable();
                        };
                        let mut row = if *method == Method::PUT {
                            Map::new()
                        } else {
                            let before = self.rows.get(&id).and_then(Value::as_object);
                            before.cloned().unwrap_or_default()
                        };
                        row.extend(members);
                        row.insert("id".to_owned(), json!(id));
                        self.rows.insert(id, row.into());
                        self.shown(StatusCode::OK, id)
                    }
                    Method::DELETE => {
                        self.rows.remove(&id);
                        let mut answer = Response::new(Bytes::new());
                        *answer.status_mut() = StatusCode::NO_CONTENT;
                        answer
                    }
                    _ => failure(StatusCode::METHOD_NOT_ALLOWED, "not this method"),
                }
            }
            _ => failure(StatusCode::NOT_FOUND, "no such path"),
        }
    }

    /// A second request with one `Idempotency-Key` makes nothing.
    fn make(
        &mut self,
        request: &Request<Bytes>,
        mut members: Map<String, Value>,
    ) -> Response<Bytes> {
        let key = request
            .headers()
            .get("idempotency-key")
            .map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        if let Some(made) = key.as_ref().and_then(|key| self.made_by_key.get(key)) {
            return self.shown(StatusCode::CREATED, *made);
        }
        self.last_id += 1;
        members.insert("id".to_owned(), json!(self.last_id));
        self.rows.insert(self.last_id, members.into());
        if let Some(key) = key {
            self.made_by_key.insert(key, self.last_id);
        }
        self.shown(StatusCode::CREATED, self.last_id)
    }

    fn shown(&self, status: StatusCode, id: u64) -> Response<Bytes> {
        match self.rows.get(&id) {
            Some(row) => json_answer(status, row),
            None => failure(StatusCode::NOT_FOUND, "no such item"),
        }
    }

    fn page(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let page = query(request)
            .find(|(name, _)| name == "page")
            .and_then(|(_, page)| page.parse().ok())
            .unwrap_or(1_usize)
            .max(1);
        let rows: Vec<_> = self
            .rows
            .values()
            .skip((page - 1) * PAGE)
            .take(PAGE)
            .collect();
        let is_last = page * PAGE >= self.rows.len();
        let next = (!is_last).then_some(page + 1);
        json_answer(StatusCode::OK, &json!({"items": rows, "next_page": next}))
    }
}
