//! A simulator on a clock that stands still, and ways to ask it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Map, Value};
use simulators::slack::{Change, PostedMessage, ScriptedFailure, Slack, demo_data};
use simulators::{Clock, ManualClock, NetworkError, Simulator};

pub const NOW: i64 = 1_790_000_000;
pub const TEAM: &str = "T0LAKESHR";
pub const SERVICE: &str = "B0OPSHOOK";
pub const HOOK: &str = "/services/T0LAKESHR/B0OPSHOOK/simslackLakeshoreOps0001";
pub const TOKEN: &str = "xoxb-sim-lakeshore-1";
pub const GENERAL: &str = "C0GENERAL";
pub const OPS: &str = "C0OPERATN";
pub const SHIFTS: &str = "C0SHIFTSS";
const JSON: &str = "application/json; charset=utf-8";

pub struct World {
    pub simulator: Simulator<Slack>,
    pub clock: Arc<ManualClock>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl World {
    pub fn demo() -> Self {
        let clock = Arc::new(ManualClock::at_seconds(NOW));
        let provider = Slack::new(demo_data(), Arc::clone(&clock) as Arc<dyn Clock>);
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

    /// Posts to a webhook's path.
    pub async fn hook(&self, path: &str, body: &Value) -> Answer {
        let request = request(
            Method::POST,
            path,
            &[("content-type", JSON)],
            body.to_string(),
        );
        self.ask(request).await.unwrap()
    }

    /// Posts to the demo's webhook; gives status and word.
    pub async fn say(&self, body: &Value) -> (u16, String) {
        self.hook(HOOK, body).await.word()
    }

    /// Calls `chat.postMessage` with the demo's token.
    pub async fn post(&self, body: &Value) -> Value {
        let answer = self.api("chat.postMessage", TOKEN, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    pub async fn api(&self, method: &str, token: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("content-type", JSON),
            ("authorization", authorization.as_str()),
        ];
        let path = format!("/api/{method}");
        self.ask(request(Method::POST, &path, &headers, body.to_string()))
            .await
            .unwrap()
    }

    pub fn change(&self, change: Change) {
        self.simulator.provider().change(change).unwrap();
    }

    pub fn fail_next(&self, credential: &str, word: &str) {
        self.change(Change::FailNext {
            credential: credential.to_owned(),
            failure: ScriptedFailure {
                word: word.to_owned(),
                status: None,
                retry_after: None,
                after_posting: false,
            },
            times: 1,
        });
    }

    pub fn messages(&self, channel: &str) -> Vec<PostedMessage> {
        self.simulator.provider().messages(channel)
    }

    /// The texts that a channel shows.
    pub fn texts(&self, channel: &str) -> Vec<String> {
        self.messages(channel)
            .iter()
            .map(|posted| text(&posted.message))
            .collect()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn word(&self) -> (u16, String) {
        let word = String::from_utf8(self.body.to_vec()).unwrap();
        (self.status.as_u16(), word)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

fn text(message: &Map<String, Value>) -> String {
    message["text"].as_str().unwrap().to_owned()
}
