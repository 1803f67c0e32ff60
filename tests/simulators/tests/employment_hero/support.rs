//! A simulator on a clock that stands still, and ways to ask it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use simulators::employment_hero::{
    CLIENT_ID, CLIENT_SECRET, CONSULTANT, Change, Counts, EmploymentHero, HARBOUR, Organisations,
    Settings, demo_data,
};
use simulators::{Clock, ManualClock, Simulator};
use url::Url;

/// 2026-09-21, a Monday.
pub const NOW: i64 = 1_790_000_000;

pub struct World {
    pub simulator: Simulator<EmploymentHero>,
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
        Self::of(demo_data(NOW))
    }

    pub fn of(organisations: Organisations) -> Self {
        let clock = Arc::new(ManualClock::at_seconds(NOW));
        let provider = EmploymentHero::new(organisations, Arc::clone(&clock) as Arc<dyn Clock>);
        Self {
            simulator: Simulator::new(provider),
            clock,
        }
    }

    pub fn provider(&self) -> &EmploymentHero {
        self.simulator.provider()
    }

    pub async fn ask(&self, request: Request<Bytes>) -> Answer {
        let (head, body) = self.simulator.send(request).await.unwrap().into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// An access token of the consultant.
    pub fn access_token(&self) -> String {
        self.provider().grant(CONSULTANT).access_token
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        let path = format!("/api/v1/{path}");
        let headers = [("authorization", authorization.as_str())];
        self.ask(request(Method::GET, &path, &headers, "")).await
    }

    /// What a list of the demo's firm holds.
    pub async fn list(&self, token: &str, list: &str) -> Value {
        let answer = self
            .get(token, &format!("organisations/{HARBOUR}/{list}"))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["data"].take()
    }

    /// A request to the token endpoint with the client's proof in the body.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let proof = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
        self.token_without_proof(&[form, &proof].concat()).await
    }

    pub async fn token_without_proof(&self, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(request(Method::POST, "/oauth2/token", &headers, body))
            .await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.token(&form).await
    }

    pub fn change(&self, change: Change) {
        self.provider().change(change).unwrap();
    }

    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        self.provider().change_settings(change);
    }

    pub fn counts(&self) -> Counts {
        self.provider().counts()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The status and the word of a refusal.
    pub fn word(&self) -> (u16, String) {
        let word = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), word)
    }

    /// Where the browser is sent, and with what.
    pub fn redirect(&self) -> (String, BTreeMap<String, String>) {
        assert_eq!(self.status, StatusCode::FOUND, "{self:?}");
        let mut url = Url::parse(self.headers["location"].to_str().unwrap()).unwrap();
        let query = url.query_pairs().into_owned().collect();
        url.set_query(None);
        (url.to_string(), query)
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
