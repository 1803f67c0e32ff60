//! The token endpoint.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::authority::{Authority, IssuedTokens, ScriptedAnswer, ScriptedRefusal};
use super::{CLIENT_ID, CLIENT_SECRET, Settings, answer};

const FORM: &str = "application/x-www-form-urlencoded";

/// What one word of RFC 6749 section 5.2 says.
type Refusal = (StatusCode, &'static str, &'static str);

const BAD_GRANT: Refusal = (
    StatusCode::BAD_REQUEST,
    "invalid_grant",
    "The provided authorization grant is invalid, expired or revoked",
);

impl Authority {
    pub fn token(
        &mut self,
        request: &Request<Bytes>,
        settings: &Settings,
        now: i64,
    ) -> Response<Bytes> {
        if request.method() != Method::POST {
            return answer::error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        }
        self.counts.asked += 1;
        match self.script.pop_front() {
            None | Some(ScriptedAnswer::Status(200)) => {}
            Some(ScriptedAnswer::Status(status)) => {
                return scripted(&ScriptedRefusal {
                    status,
                    error: None,
                    message: None,
                    after_handling: false,
                });
            }
            Some(ScriptedAnswer::Refusal(refusal)) => {
                if refusal.after_handling {
                    drop(self.right_answer(request, settings, now));
                }
                return scripted(&refusal);
            }
        }
        let mut response = match self.right_answer(request, settings, now) {
            Ok(tokens) => answer::json(StatusCode::OK, &json!(tokens)),
            Err((status, word, description)) => answer::refusal(status, word, description),
        };
        // RFC 6749 section 5.1.
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        response
    }

    fn right_answer(
        &mut self,
        request: &Request<Bytes>,
        settings: &Settings,
        now: i64,
    ) -> Result<IssuedTokens, Refusal> {
        let form = read_form(request)?;
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        if given("client_id") != CLIENT_ID || given("client_secret") != CLIENT_SECRET {
            return Err((
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "Client authentication failed",
            ));
        }
        match given("grant_type") {
            "authorization_code" => self.exchange(
                given("code"),
                given("redirect_uri"),
                given("code_verifier"),
                settings,
                now,
            ),
            "refresh_token" => self
                .renew(given("refresh_token"), settings, now)
                .ok_or(BAD_GRANT),
            _ => Err((
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The authorization grant type is not supported",
            )),
        }
    }

    /// A code is good once, also where it is refused.
    fn exchange(
        &mut self,
        name: &str,
        redirect_uri: &str,
        verifier: &str,
        settings: &Settings,
        now: i64,
    ) -> Result<IssuedTokens, Refusal> {
        let code = self.codes.get_mut(name).ok_or(BAD_GRANT)?;
        if code.is_used {
            let grant = code.grant;
            self.counts.replayed_codes += 1;
            // RFC 6749 section 4.1.2.
            if let Some(grant) = grant {
                self.burn(grant);
            }
            return Err(BAD_GRANT);
        }
        code.is_used = true;
        let is_verified = match &code.challenge {
            Some(challenge) => {
                *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            }
            // A verifier without a challenge is a downgrade (RFC 9700 section 2.1.1).
            None => verifier.is_empty(),
        };
        if now >= code.ends_at || code.redirect_uri != redirect_uri || !is_verified {
            return Err(BAD_GRANT);
        }
        let login = code.login.clone();
        let (grant, tokens) = self.numbered_grant(&login, settings, now);
        if let Some(code) = self.codes.get_mut(name) {
            code.grant = Some(grant);
        }
        Ok(tokens)
    }
}

/// The body's parameters: those of a query are refused since PKCE is mandatory.
fn read_form(request: &Request<Bytes>) -> Result<BTreeMap<String, String>, Refusal> {
    let bad = |what| Err((StatusCode::BAD_REQUEST, "invalid_request", what));
    if request.uri().query().is_some() {
        return bad("Parameters go in the body");
    }
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(';').next().map(str::trim) == Some(FORM));
    if !is_form {
        return bad("The body is not a form");
    }
    let pairs: Vec<_> = url::form_urlencoded::parse(request.body())
        .into_owned()
        .collect();
    let count = pairs.len();
    let form: BTreeMap<_, _> = pairs.into_iter().collect();
    if form.len() < count {
        return bad("A parameter comes twice");
    }
    Ok(form)
}

fn scripted(refusal: &ScriptedRefusal) -> Response<Bytes> {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(message) = &refusal.message {
        return answer::message(status, message);
    }
    let word = refusal.error.as_deref().unwrap_or(match refusal.status {
        400 => "invalid_grant",
        401 => "invalid_client",
        _ => "server_error",
    });
    answer::refusal(status, word, "Said by the simulator.")
}
