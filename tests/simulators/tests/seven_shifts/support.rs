//! A simulator on a clock that stands still, and ways to ask it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use simulators::seven_shifts::{Accounts, Mutation, SevenShifts, Truth, demo_data};
use simulators::{Clock, ManualClock, NetworkError, RateLimit, Simulator};

/// A Monday evening in Toronto.
pub const NOW: i64 = 1_790_000_000;
pub const LAKESHORE: i64 = 4_410;
pub const HARBOUR: i64 = 4_420;
pub const TOKEN: &str = "sim7s_lakeshore_1";
pub const OAUTH_TOKEN: &str = "sim7s_harbour_oauth";
pub const OAUTH_GUID: &str = "5f0c2a9e-7d41-4b3e-9c58-1a2b3c4d5e6f";

pub struct World {
    pub simulator: Simulator<SevenShifts>,
    pub clock: Arc<ManualClock>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl World {
    /// The demo accounts without a rate limit.
    pub fn demo() -> Self {
        Self::of(demo_data(5, NOW))
    }

    pub fn of(accounts: Accounts) -> Self {
        let clock = Arc::new(ManualClock::at_seconds(NOW));
        let provider = SevenShifts::new(accounts, Arc::clone(&clock) as Arc<dyn Clock>);
        provider.change_settings(|settings| settings.rate_limit = RateLimit::OFF);
        Self {
            simulator: Simulator::new(provider),
            clock,
        }
    }

    pub async fn ask(&self, request: Request<Bytes>) -> Result<Answer, NetworkError> {
        let (head, body) = self.simulator.send(request).await?.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// GET with the first Lakeshore token.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path, TOKEN, ""))
            .await
            .unwrap()
    }

    /// GET of Lakeshore's own `/v2/company/{id}/…`, which must succeed.
    pub async fn own(&self, rest: &str) -> Value {
        let answer = self.get(&format!("/v2/company/{LAKESHORE}/{rest}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{rest}: {:?}", answer.body);
        answer.json()
    }

    /// GET of Lakeshore's own, which must be refused; gives status and document.
    pub async fn refused(&self, rest: &str) -> (StatusCode, Value) {
        let answer = self.get(&format!("/v2/company/{LAKESHORE}/{rest}")).await;
        assert!(!answer.status.is_success(), "{rest}: {:?}", answer.body);
        (answer.status, answer.json())
    }

    pub async fn write(&self, method: Method, rest: &str, body: &Value) -> Answer {
        let path = format!("/v2/company/{LAKESHORE}/{rest}");
        self.ask(request(method, &path, TOKEN, &body.to_string()))
            .await
            .unwrap()
    }

    /// Walks all pages of a list of Lakeshore.
    pub async fn walk(&self, list: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..1_000 {
            let separator = if list.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                None => self.own(list).await,
                Some(cursor) => self.own(&format!("{list}{separator}cursor={cursor}")).await,
            };
            let data = page["data"].as_array().unwrap();
            assert_eq!(page["meta"]["cursor"]["count"], data.len());
            rows.extend(data.iter().cloned());
            match page["meta"]["cursor"]["next"].as_str() {
                Some(next) => cursor = Some(escape(next)),
                None => return rows,
            }
        }
        panic!("{list} never ends");
    }

    pub fn change(&self, mutation: Mutation) -> i64 {
        self.simulator
            .provider()
            .mutate(LAKESHORE, mutation)
            .unwrap()
            .id
            .unwrap_or_default()
    }

    pub fn truth(&self) -> Truth {
        self.simulator.provider().truth(LAKESHORE).unwrap()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub fn request(method: Method, path: &str, token: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

/// A cursor as it stands in a query.
pub fn escape(cursor: &str) -> String {
    cursor
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

pub fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// RFC 3339 as a filter takes it.
pub fn zulu(unix_seconds: i64) -> String {
    chrono::DateTime::from_timestamp(unix_seconds, 0)
        .unwrap()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub fn keys(row: &Value) -> Vec<&str> {
    row.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}
