//! Consent of the account's owner (OAuth 2.0): a page that agrees by itself, and the token endpoint. A refresh token stays the
//! same for as long as the application is installed.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use super::demo::{CLIENT_ID, CLIENT_SECRET};
use super::model::Token;
use super::{State, answer};

/// Seconds that an access token lives.
pub const ACCESS_SECONDS: i64 = 1_800;
/// The older path is there until February 2027.
const TOKEN_PATHS: [&str; 2] = ["/oauth/2026-09/token", "/oauth/v1/token"];

/// What the owner has agreed to.
#[derive(Clone, Debug)]
struct Install {
    scopes: Vec<String>,
    redirect_uri: String,
}

#[derive(Debug, Default)]
pub(super) struct Consents {
    /// By code, until it is used.
    codes: BTreeMap<String, Install>,
    /// By refresh token.
    installed: BTreeMap<String, Install>,
    /// When access tokens end, in milliseconds.
    ends: BTreeMap<String, i64>,
}

impl Consents {
    /// Whether an access token came from here and has ended.
    pub fn has_ended(&self, token: &str, now_ms: i64) -> bool {
        self.ends.get(token).is_some_and(|ends| now_ms >= *ends)
    }
}

impl State {
    /// None where it is another route.
    pub(super) fn consent(
        &mut self,
        request: &Request<Bytes>,
        now_ms: i64,
    ) -> Option<Response<Bytes>> {
        let path = request.uri().path();
        match (request.method(), path) {
            (&Method::GET, "/oauth/authorize") => Some(self.agree(request)),
            (&Method::POST, path) if TOKEN_PATHS.contains(&path) => {
                Some(self.give_token(request, now_ms))
            }
            _ => None,
        }
    }

    fn agree(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let given = pairs(request.uri().query().unwrap_or_default().as_bytes());
        let of = |name: &str| given.get(name).map_or("", String::as_str);
        if of("client_id") != CLIENT_ID {
            return refusal("BAD_CLIENT_ID", "missing or unknown client id");
        }
        let is_registered = self.settings.redirect_uris.contains(of("redirect_uri"));
        let Some(mut place) = Url::parse(of("redirect_uri"))
            .ok()
            .filter(|_| is_registered)
        else {
            return refusal("BAD_REDIRECT_URI", "the redirect URI does not match");
        };
        let scopes: Vec<String> = of("scope").split_whitespace().map(str::to_owned).collect();
        if !scopes.iter().any(|scope| scope == "oauth") {
            return refusal("BAD_SCOPES", "the scope oauth is missing");
        }
        let code = format!("hs_code_{:04}", self.next_serial());
        let install = Install {
            scopes,
            redirect_uri: of("redirect_uri").to_owned(),
        };
        self.consents.codes.insert(code.clone(), install);
        place
            .query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", of("state"));
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::FOUND;
        if let Ok(location) = HeaderValue::from_str(place.as_str()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    fn give_token(&mut self, request: &Request<Bytes>, now_ms: i64) -> Response<Bytes> {
        let given = pairs(request.body());
        let of = |name: &str| given.get(name).map_or("", String::as_str);
        if of("client_id") != CLIENT_ID || of("client_secret") != CLIENT_SECRET {
            return refusal("BAD_CLIENT_SECRET", "missing or invalid client secret");
        }
        let (refresh_token, install) = match of("grant_type") {
            "authorization_code" => {
                let install = self
                    .consents
                    .codes
                    .remove(of("code"))
                    .filter(|install| install.redirect_uri == of("redirect_uri"));
                let Some(install) = install else {
                    return refusal("BAD_AUTH_CODE", "missing or unknown auth code");
                };
                let refresh_token = format!("hs_refresh_{:04}", self.next_serial());
                self.consents
                    .installed
                    .insert(refresh_token.clone(), install.clone());
                (refresh_token, install)
            }
            "refresh_token" => {
                let refresh_token = of("refresh_token").to_owned();
                let Some(install) = self.consents.installed.get(&refresh_token).cloned() else {
                    return refusal("BAD_REFRESH_TOKEN", "missing or invalid refresh token");
                };
                (refresh_token, install)
            }
            _ => return refusal("BAD_GRANT_TYPE", "missing or unknown grant type"),
        };
        let access_token = format!("hs_access_{:04}", self.next_serial());
        self.consents
            .ends
            .insert(access_token.clone(), now_ms + ACCESS_SECONDS * 1_000);
        let token = Token {
            scopes: install.scopes.into_iter().collect(),
            is_oauth: true,
            is_revoked: false,
        };
        self.account.tokens.insert(access_token.clone(), token);
        answer::ok(&json!({
            "token_type": "bearer", "access_token": access_token, "refresh_token": refresh_token,
            "expires_in": ACCESS_SECONDS,
        }))
    }

    /// As the owner does who uninstalls the application.
    pub(super) fn uninstall(&mut self) {
        self.consents.installed.clear();
        for (name, token) in &mut self.account.tokens {
            if self.consents.ends.contains_key(name) {
                token.is_revoked = true;
            }
        }
    }
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// In a shape of its own, without OAuth's `error`.
fn refusal(status: &str, message: &str) -> Response<Bytes> {
    let body: Value = json!({
        "status": status, "message": message,
        "correlationId": "3d1f6a52-9f0c-4b0e-8a57-0c5a2a4f1b77",
    });
    let mut response = answer::ok(&body);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
