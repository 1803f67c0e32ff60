//! The token endpoint (RFC 6749): who is a client, which refresh token is the current one, and that a
//! spent one that comes again takes everything back (RFC 9700 section 4.14).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::{CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, json_answer};

/// How clients must prove themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientProof {
    /// In a header, form-encoded first.
    #[default]
    Basic,
    BasicRaw,
    Body,
}

/// What the endpoint answers next, whatever is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedAnswer {
    pub status: u16,
    /// RFC 6749 section 5.2.
    pub error: String,
}

#[derive(Clone, Debug)]
pub struct Authority {
    pub proof: ClientProof,
    /// Seconds that an access token lives; not said when absent, and for ever.
    pub expires_in: Option<i64>,
    /// Whether each refresh gives a new refresh token.
    pub rotates: bool,
    /// Taken one by one before anything else.
    pub script: VecDeque<ScriptedAnswer>,
    issued: u64,
    /// Access tokens and their ends.
    tokens: BTreeMap<String, Option<i64>>,
    refresh_token: Option<String>,
    spent: BTreeSet<String>,
    last_spent: Option<String>,
    reused: u32,
}

impl Default for Authority {
    fn default() -> Self {
        Self {
            proof: ClientProof::default(),
            expires_in: Some(3_600),
            rotates: true,
            script: VecDeque::new(),
            issued: 0,
            tokens: BTreeMap::new(),
            refresh_token: Some(REFRESH_TOKEN.to_owned()),
            spent: BTreeSet::new(),
            last_spent: None,
            reused: 0,
        }
    }
}

impl Authority {
    /// How many access tokens were given out.
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// How often a spent refresh token came again.
    pub fn reused(&self) -> u32 {
        self.reused
    }

    /// Takes back the access tokens that are out, as a server that forgets its sessions.
    pub fn withdraw_access(&mut self) {
        self.tokens.clear();
    }

    /// Takes back the refresh token, as a person does who withdraws the access of an application.
    pub fn withdraw_grant(&mut self) {
        self.tokens.clear();
        self.refresh_token = None;
    }

    /// Loses the last refresh, as a server whose transaction was rolled back after its answer: what it gave is not known,
    /// and what was spent for it is good again.
    pub fn lose_the_last_refresh(&mut self) {
        self.tokens.clear();
        if let Some(before) = self.last_spent.take() {
            self.spent.remove(&before);
            self.refresh_token = Some(before);
        }
    }

    pub(super) fn is_good(&self, token: &str, now: i64) -> bool {
        self.tokens
            .get(token)
            .is_some_and(|end| end.is_none_or(|end| now < end))
    }

    pub(super) fn answer(&mut self, request: &Request<Bytes>, now: i64) -> Response<Bytes> {
        if let Some(scripted) = self.script.pop_front() {
            let status =
                StatusCode::from_u16(scripted.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return refusal(status, &scripted.error);
        }
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(request.body())
            .into_owned()
            .collect();
        if !self.is_client(request, &form) {
            return refusal(StatusCode::UNAUTHORIZED, "invalid_client");
        }
        let mut refresh_token = None;
        match form.get("grant_type").map(String::as_str) {
            Some("client_credentials") => {}
            Some("refresh_token") => {
                let given = form.get("refresh_token").cloned().unwrap_or_default();
                if self.spent.contains(&given) {
                    self.reused += 1;
                    self.withdraw_grant();
                }
                if self.refresh_token.as_ref() != Some(&given) {
                    return refusal(StatusCode::BAD_REQUEST, "invalid_grant");
                }
                if self.rotates {
                    let next = format!("sim-rest-refresh-{}", self.issued + 1);
                    self.last_spent = Some(given.clone());
                    self.spent.insert(given);
                    self.refresh_token = Some(next.clone());
                    refresh_token = Some(next);
                }
            }
            _ => return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        }
        self.issued += 1;
        let token = format!("sim-rest-access-{}", self.issued);
        let end = self.expires_in.map(|life| now + life);
        self.tokens.insert(token.clone(), end);
        let mut body = Map::new();
        body.insert("access_token".to_owned(), json!(token));
        body.insert("token_type".to_owned(), json!("Bearer"));
        if let Some(life) = self.expires_in {
            body.insert("expires_in".to_owned(), json!(life));
        }
        if let Some(refresh_token) = refresh_token {
            body.insert("refresh_token".to_owned(), json!(refresh_token));
        }
        json_answer(StatusCode::OK, &body.into())
    }

    fn is_client(&self, request: &Request<Bytes>, form: &BTreeMap<String, String>) -> bool {
        let authorization = request
            .headers()
            .get(header::AUTHORIZATION)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let encoded =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = match self.proof {
            ClientProof::Body => {
                let has =
                    |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
                return has("client_id", CLIENT_ID) && has("client_secret", CLIENT_SECRET);
            }
            ClientProof::Basic => format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)),
            ClientProof::BasicRaw => format!("{CLIENT_ID}:{CLIENT_SECRET}"),
        };
        authorization == Some(format!("Basic {}", STANDARD.encode(pair)))
    }
}

fn refusal(status: StatusCode, word: &str) -> Response<Bytes> {
    json_answer(
        status,
        &json!({"error": word, "error_description": "Said by the simulator."}),
    )
}
