//! A simulator on a clock that stands still, and ways to ask it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::box_folders::{
    BoxFolders, CLIENT_ID, CLIENTS, Change, KeyPair, OPS_USER, TEMPLATE, demo_data,
};
use simulators::{Clock, ManualClock, NetworkError, Simulator};

pub const NOW: i64 = 1_790_000_000;
pub const SECRET: &str = "simboxsecret0001";

pub struct World {
    pub simulator: Simulator<BoxFolders>,
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
        let provider = BoxFolders::new(demo_data(NOW), Arc::clone(&clock) as Arc<dyn Clock>);
        Self {
            simulator: Simulator::new(provider),
            clock,
        }
    }

    pub fn provider(&self) -> &BoxFolders {
        self.simulator.provider()
    }

    pub fn change(&self, change: Change) {
        self.provider().change(change).unwrap();
    }

    /// The id of the item at a path below the owner's root.
    pub fn id(&self, path: &str) -> u64 {
        self.provider().at(OPS_USER, path).unwrap().id
    }

    pub fn clients(&self) -> String {
        self.id(CLIENTS).to_string()
    }

    pub fn template(&self) -> String {
        self.id(TEMPLATE).to_string()
    }

    pub async fn ask(&self, request: Request<Bytes>) -> Result<Answer, NetworkError> {
        let (head, body) = self.simulator.send(request).await?.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// Asks the token endpoint with these claims, signed with the app's key.
    pub async fn token_with(&self, claims: &Value) -> Answer {
        self.token_from(SECRET, &assertion(&header(), claims)).await
    }

    pub async fn token_from(&self, secret: &str, assertion: &str) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", assertion)
            .append_pair("client_id", CLIENT_ID)
            .append_pair("client_secret", secret)
            .finish();
        let request = Request::post("/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        self.ask(request).await.unwrap()
    }

    /// A token of the service account.
    pub async fn token(&self) -> String {
        let count = self.simulator.requests().len();
        let mut claims = claims(&format!("a nonce of tests {count:05}"));
        claims["exp"] = json!(self.clock.now_seconds() + 30);
        let answer = self.token_with(&claims).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Calls the API as the owner of the folders.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.token().await;
        self.call_as(&token, Some(OPS_USER), method, path, body)
            .await
    }

    pub async fn call_as(
        &self,
        token: &str,
        user: Option<&str>,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/2.0{path}"))
            .header("authorization", format!("Bearer {token}"));
        if let Some(user) = user {
            request = request.header("As-User", user);
        }
        let body = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        };
        self.ask(request.body(body).unwrap()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &Value::Null).await
    }

    pub async fn copy(&self, name: &str) -> Answer {
        let path = format!("/folders/{}/copy", self.template());
        let body = json!({"name": name, "parent": {"id": self.clients()}});
        self.call(Method::POST, &path, &body).await
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn word(&self) -> (u16, String) {
        let word = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), word)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "simkey01"})
}

pub fn claims(nonce: &str) -> Value {
    json!({
        "iss": CLIENT_ID,
        "sub": "27335",
        "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token",
        "jti": nonce,
        "exp": NOW + 30,
    })
}

pub fn assertion(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = KeyPair::demo().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
