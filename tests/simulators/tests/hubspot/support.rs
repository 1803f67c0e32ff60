//! A simulator on a clock that stands still, and ways to ask it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use providers::ProviderError;
use providers::hubspot::{AccessToken, Call, Client};
use serde_json::Value;
use simulators::hubspot::{Change, HubSpot, Kind, Settings, TOKEN, demo_data};
use simulators::{Clock, ManualClock, NetworkError, Simulator};

/// 2026-03-11T00:10:00Z, a Wednesday morning in Sydney.
pub const NOW: i64 = 1_773_187_800;
pub const DEALS: &str = "/crm/v3/objects/deals";
pub const MEETINGS: &str = "/crm/v3/objects/meetings";
pub const USERS: &str = "/crm/v3/objects/users";

pub struct World {
    pub simulator: Simulator<HubSpot>,
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
        let provider = HubSpot::new(demo_data(NOW), Arc::clone(&clock) as Arc<dyn Clock>);
        Self {
            simulator: Simulator::new(provider),
            clock,
        }
    }

    /// The demo without limits.
    pub fn free() -> Self {
        let world = Self::demo();
        let provider = world.simulator.provider();
        provider.change_settings(Settings::lift_limits);
        world
    }

    pub fn hubspot(&self) -> &HubSpot {
        self.simulator.provider()
    }

    pub async fn ask(&self, request: Request<Bytes>) -> Result<Answer, NetworkError> {
        let (head, body) = self.simulator.send(request).await?.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path, TOKEN, ""))
            .await
            .unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(request(Method::POST, path, TOKEN, &body.to_string()))
            .await
            .unwrap()
    }

    pub async fn patch(&self, path: &str, properties: &Value) -> Answer {
        let body = serde_json::json!({"properties": properties}).to_string();
        self.ask(request(Method::PATCH, path, TOKEN, &body))
            .await
            .unwrap()
    }

    /// Sends what our client asks, and reads it as our client does.
    pub async fn call<T>(&self, call: Call<T>) -> Result<T, ProviderError> {
        let answer = self.simulator.send(call.request.map(Bytes::from)).await;
        call.reply
            .read(&answer.unwrap(), self.clock.now_ms() / 1_000)
    }

    pub fn put(&self, kind: Kind, id: u64, properties: &[(&str, &str)]) {
        let properties: BTreeMap<String, Option<String>> = properties
            .iter()
            .map(|&(name, value)| {
                let value = (!value.is_empty()).then(|| value.to_owned());
                (name.to_owned(), value)
            })
            .collect();
        self.change(Change::PutRecord {
            kind,
            id,
            properties,
        });
    }

    pub fn change(&self, change: Change) {
        self.hubspot().change(change).unwrap();
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Ids of the rows, in their order.
    pub fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        let body = self.json();
        let rows = body["results"].as_array().unwrap();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub fn client() -> Client {
    Client::new("http://simulator", AccessToken::parse(TOKEN).unwrap()).unwrap()
}

pub fn request(method: Method, path: &str, token: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
