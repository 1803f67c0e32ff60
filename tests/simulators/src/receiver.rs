//! A receiver of webhooks: keeps what comes as it came, and answers what it
//! was told to. It verifies nothing, so that tests can.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use serde_json::json;

use crate::{Clock, ErrorShape, PageFault, Provider, control};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Unix milliseconds by the simulator's clock.
    pub at_ms: i64,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    /// The text of a header; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// What a path answers.
#[derive(Clone, Debug)]
pub struct Told {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Told {
    pub fn status(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// Everything that takes webhooks, by path.
pub struct Receiver {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    told: BTreeMap<String, Told>,
}

impl Receiver {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::default(),
            clock,
        }
    }

    /// What came, the oldest first; also what was answered with an error that
    /// a path was told, not what a fault kept from it.
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    pub fn clear(&self) {
        self.lock().received.clear();
    }

    /// Has a path answer this from now on; 204 without a word before.
    pub fn tell(&self, path: impl Into<String>, told: Told) {
        self.lock().told.insert(path.into(), told);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for Receiver {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Webhooks prove themselves by a signature; there is no credential.
    fn token(&self, _: &Request<Bytes>) -> Option<String> {
        None
    }

    fn answer(&self, request: &Request<Bytes>, _: Option<PageFault>) -> Response<Bytes> {
        let path = request.uri().path().to_owned();
        let mut state = self.lock();
        let told = state
            .told
            .get(&path)
            .cloned()
            .unwrap_or_else(|| Told::status(StatusCode::NO_CONTENT));
        state.received.push(Received {
            at_ms: self.clock.now_ms(),
            path,
            headers: request.headers().clone(),
            body: request.body().clone(),
        });
        let mut answer = Response::new(told.body);
        *answer.status_mut() = told.status;
        *answer.headers_mut() = told.headers;
        answer
    }

    fn error(&self, status: StatusCode, _: ErrorShape, detail: &str) -> Response<Bytes> {
        let mut answer = Response::new(Bytes::from(detail.to_owned()));
        *answer.status_mut() = status;
        answer
    }

    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        if request.method() != http::Method::GET || path != "/received" {
            return None;
        }
        let received: Vec<_> = self
            .received()
            .iter()
            .map(|one| {
                json!({"at_ms": one.at_ms, "path": one.path, "webhook_id": one.header("webhook-id"),
                    "body": String::from_utf8_lossy(&one.body)})
            })
            .collect();
        Some(control::json(StatusCode::OK, &received))
    }
}
