//! Any REST API: items that are made, changed and removed, behind every way to prove oneself.
//!
//! The first segment of a path says what a request must carry: `/open`, `/key-header`, `/key-query`,
//! `/bearer`, `/basic` or `/oauth`, whose access tokens come from `/oauth/token`. Below each are
//! `items`, `records`, and answers for clients to be careful with: `echo`, `redirect`, `huge`, `binary`, `status`.

mod authority;
mod control;
mod items;
mod records;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};

pub use authority::{Authority, ClientProof, ScriptedAnswer};
pub use items::Items;
pub use records::Records;

use crate::{Clock, ErrorShape, PageFault, Provider};

/// What `/key-header` and `/key-query` take.
pub const API_KEY: &str = "sim-rest-key-31";
/// Where they take it.
pub const KEY_HEADER: &str = "x-api-key";
pub const KEY_PARAMETER: &str = "api_key";
/// What `/bearer` takes.
pub const TOKEN: &str = "sim-rest-token-42";
/// What `/basic` takes.
pub const USERNAME: &str = "kitchen";
pub const PASSWORD: &str = "open: sesame é";
/// The client that the token endpoint knows.
pub const CLIENT_ID: &str = "farm client";
pub const CLIENT_SECRET: &str = "p:w/=% +é";
/// The refresh token that it has given out first.
pub const REFRESH_TOKEN: &str = "sim-rest-refresh-0";

/// The API with all its state.
pub struct Rest {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    items: Items,
    records: Records,
    authority: Authority,
}

impl Rest {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::default(),
            clock,
        }
    }

    /// The items as they are now.
    pub fn items(&self) -> Items {
        self.lock().items.clone()
    }

    /// The records as they are now.
    pub fn records(&self) -> Records {
        self.lock().records.clone()
    }

    /// Makes or changes a record.
    pub fn put_record(&self, key: &str, members: &Map<String, Value>) {
        let now = self.clock.now_seconds();
        self.lock().records.put(key, members, now);
    }

    pub fn remove_record(&self, key: &str) {
        self.lock().records.remove(key);
    }

    /// What gives out access tokens, as it is now.
    pub fn authority(&self) -> Authority {
        self.lock().authority.clone()
    }

    /// Changes what gives out access tokens.
    pub fn change_authority(&self, change: impl FnOnce(&mut Authority)) {
        change(&mut self.lock().authority);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request carries what its path asks for.
    fn is_admitted(&self, way: &str, request: &Request<Bytes>) -> bool {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        match way {
            "open" => true,
            "key-header" => header(KEY_HEADER).as_deref() == Some(API_KEY),
            "key-query" => {
                query(request).any(|(name, value)| name == KEY_PARAMETER && value == API_KEY)
            }
            "bearer" => header("authorization") == Some(format!("Bearer {TOKEN}")),
            "basic" => {
                let pair = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
                header("authorization") == Some(format!("Basic {pair}"))
            }
            "oauth" => header("authorization").is_some_and(|value| {
                value.strip_prefix("Bearer ").is_some_and(|token| {
                    let now = self.clock.now_seconds();
                    self.lock().authority.is_good(token, now)
                })
            }),
            _ => false,
        }
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rest").finish_non_exhaustive()
    }
}

impl Provider for Rest {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The first segment of the path: whoever asks proves itself in its way.
    fn token(&self, request: &Request<Bytes>) -> Option<String> {
        let way = request.uri().path().split('/').nth(1)?;
        Some(way.to_owned())
    }

    fn answer(&self, request: &Request<Bytes>, fault: Option<PageFault>) -> Response<Bytes> {
        let path = request.uri().path().trim_matches('/');
        if path == "oauth/token" {
            let now = self.clock.now_seconds();
            return self.lock().authority.answer(request, now);
        }
        let (way, rest) = path.split_once('/').unwrap_or((path, ""));
        if !self.is_admitted(way, request) {
            let mut answer = failure(StatusCode::UNAUTHORIZED, "no good credential");
            let value = HeaderValue::from_static("Bearer error=\"invalid_token\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
            return answer;
        }
        let segments: Vec<&str> = rest.split('/').collect();
        match segments.as_slice() {
            [""] | ["status"] => json_answer(StatusCode::OK, &json!({"status": "ok"})),
            ["echo"] => echo(request),
            ["redirect"] => redirect(request),
            ["huge"] => huge(request),
            ["binary"] => binary(),
            ["records", rule] => self.lock().records.answer(request, rule, fault),
            ["items", rest @ ..] => self.lock().items.answer(request, rest),
            _ => failure(StatusCode::NOT_FOUND, "no such path"),
        }
    }

    fn error(&self, status: StatusCode, _: ErrorShape, detail: &str) -> Response<Bytes> {
        failure(status, detail)
    }

    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        control::answer(self, path, request)
    }
}

/// All that came, as careless servers send it back.
fn echo(request: &Request<Bytes>) -> Response<Bytes> {
    let headers: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text.into())
        })
        .collect();
    let mut answer = json_answer(
        StatusCode::OK,
        &json!({
            "method": request.method().as_str(),
            "path": request.uri().path(),
            "query": request.uri().query(),
            "headers": headers,
            "body": String::from_utf8_lossy(request.body()),
        }),
    );
    let headers = answer.headers_mut();
    for (name, value) in [
        ("set-cookie", "session=sim-rest-cookie"),
        ("connection", "keep-alive"),
        ("x-page", "1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(sent) = request.headers().get(header::AUTHORIZATION) {
        headers.insert("x-echoed", sent.clone());
    }
    answer
}

/// To the URL of the parameter `to`.
fn redirect(request: &Request<Bytes>) -> Response<Bytes> {
    let mut answer = failure(StatusCode::FOUND, "elsewhere");
    let to = query(request).find(|(name, _)| name == "to");
    if let Some(value) = to.and_then(|(_, to)| HeaderValue::from_str(&to).ok()) {
        answer.headers_mut().insert(header::LOCATION, value);
    }
    answer
}

/// As many bytes as the parameter `bytes` says, 64 MiB at the most.
fn huge(request: &Request<Bytes>) -> Response<Bytes> {
    let bytes = query(request)
        .find(|(name, _)| name == "bytes")
        .and_then(|(_, bytes)| bytes.parse().ok())
        .unwrap_or(2 * 1024 * 1024);
    let mut answer = Response::new(Bytes::from(vec![b'x'; usize::min(bytes, 64 * 1024 * 1024)]));
    let value = HeaderValue::from_static("text/plain");
    answer.headers_mut().insert(header::CONTENT_TYPE, value);
    answer
}

fn binary() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(&[0, 159, 146, 150]));
    let value = HeaderValue::from_static("application/octet-stream");
    answer.headers_mut().insert(header::CONTENT_TYPE, value);
    answer
}

fn query(request: &Request<Bytes>) -> impl Iterator<Item = (String, String)> {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned()
}

fn json_answer(status: StatusCode, value: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(value.to_string()));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}

fn failure(status: StatusCode, detail: &str) -> Response<Bytes> {
    json_answer(status, &json!({"error": detail}))
}
