//! Access tokens (RFC 6749): the request for one, and its answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;

use super::auth::{Auth, ClientAuth};
use super::call::{assemble, unusable};
use super::config::RestConfig;
use super::redactor::Redactor;
use super::request::{FORM, PRODUCT, basic, encode_pairs, secret};
use super::secrets::{SecretName, Secrets};
use super::verdict::asked_wait;
use crate::{ProviderError, Secret};

/// Tokens are far from it.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const MAX_TOKEN_BYTES: usize = 8 * 1024;
const MAX_CODE_BYTES: usize = 64;
const MAX_DETAIL_CHARS: usize = 300;

/// A token that lives longer than ten years does not expire.
const MAX_LIFE_SECONDS: u32 = 315_360_000;
/// A token is renewed this long before its end, or a tenth of its life where that is less.
const RENEW_EARLY_SECONDS: u32 = 60;

/// A request to a token endpoint. Its body can hold the client's secret: `Debug` shows nothing of it.
pub struct TokenCall {
    pub request: Request<Bytes>,
    /// How long it may take.
    pub timeout: Duration,
    /// Where the sender stops receiving.
    pub max_response_bytes: usize,
    pub reply: TokenReply,
}

/// Reads the answer to one [`TokenCall`].
#[derive(Clone, Debug)]
pub struct TokenReply {
    grant: Grant,
    redactor: Redactor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    ClientCredentials,
    RefreshToken,
}

/// What the server gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub access_token: Secret,
    /// Seconds; without it the token is used until a 401.
    pub expires_in_s: Option<u32>,
    /// In place of the one that was sent. It must be stored before the access token is used: a server
    /// that sees the old one again withdraws both (RFC 9700 section 4.14).
    pub refresh_token: Option<Secret>,
    /// Where the server gave other scopes than were asked for.
    pub scope: Option<String>,
}

impl Token {
    /// When to ask for the next one, in Unix seconds.
    #[must_use]
    pub fn renew_at(&self, received_at: i64) -> Option<i64> {
        let life = self.expires_in_s?;
        let early = RENEW_EARLY_SECONDS.min(life / 10);
        Some(received_at.saturating_add(i64::from(life - early)))
    }
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFailureClass {
    /// The grant is no longer good: a person must connect again.
    Reconnect,
    /// The server does not take the client, its secret, its scopes or the request.
    Configuration,
    /// The server's trouble; the same request may pass later.
    Retry,
}

/// Why there is no token. Nothing in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFailure {
    pub class: TokenFailureClass,
    /// The server's own word, such as `invalid_grant`; where it gave none, a name of ours: `http_502`,
    /// `unreadable_answer`, `unknown_token_type`.
    pub code: String,
    pub status: u16,
    /// The server's explanation, at most 300 characters.
    pub detail: Option<String>,
    /// What the server asked for, at most one hour.
    pub retry_after: Option<Duration>,
}

impl TokenFailure {
    /// What a person can do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self.class {
            TokenFailureClass::Reconnect => {
                "The refresh token has expired or was withdrawn. Connect again to get a new one."
            }
            TokenFailureClass::Configuration => {
                "Check token_url, client_id, client_secret, scope, and whether the server wants client_auth basic, basic_raw or body."
            }
            TokenFailureClass::Retry => "It is tried again later.",
        }
    }
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token endpoint answered {}", self.code)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        write!(f, ": {}", self.remedy())
    }
}

impl std::error::Error for TokenFailure {}

impl fmt::Debug for TokenCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCall").finish_non_exhaustive()
    }
}

impl RestConfig {
    /// Asks for an access token with the client's credentials or the refresh token.
    ///
    /// Two such requests must not be under way for one connector: a server that gives a new refresh
    /// token with each withdraws everything when it sees one twice.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the configuration has no access tokens,
    /// [`ProviderError::Credential`] if a secret is not there or cannot be sent.
    pub fn token_request(&self, secrets: &Secrets) -> Result<TokenCall, ProviderError> {
        let (grant, client) = match &self.auth {
            Auth::ClientCredentials(client) => (Grant::ClientCredentials, client),
            Auth::RefreshToken(client) => (Grant::RefreshToken, client),
            _ => return Err(unusable("this connector has no access tokens")),
        };
        let client_secret = secret(secrets, SecretName::ClientSecret)?.expose();
        let mut form = match grant {
            Grant::ClientCredentials => vec![("grant_type", "client_credentials")],
            Grant::RefreshToken => vec![
                ("grant_type", "refresh_token"),
                (
                    "refresh_token",
                    secret(secrets, SecretName::RefreshToken)?.expose(),
                ),
            ],
        };
        let optional = [("scope", &client.scope), ("audience", &client.audience)];
        form.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_deref()?))),
        );
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(CONTENT_TYPE, FORM);
        match client.client_auth {
            ClientAuth::Body => form.extend([
                ("client_id", client.client_id.as_str()),
                ("client_secret", client_secret),
            ]),
            ClientAuth::BasicRaw => {
                headers.insert(AUTHORIZATION, basic(&client.client_id, client_secret)?);
            }
            ClientAuth::Basic => {
                let [id, client_secret] = [client.client_id.as_str(), client_secret].map(|text| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                });
                headers.insert(AUTHORIZATION, basic(&id, &client_secret)?);
            }
        }
        Ok(TokenCall {
            request: assemble(
                Method::POST,
                &client.token_url,
                headers,
                encode_pairs(form).into(),
            )?,
            timeout: self.timeout(),
            max_response_bytes: MAX_ANSWER_BYTES,
            reply: TokenReply {
                grant,
                redactor: self.redactor(secrets),
            },
        })
    }
}

impl TokenReply {
    /// Reads the answer; `received_at` is in Unix seconds.
    ///
    /// # Errors
    /// [`TokenFailure`], also for a success that gives no token that could be used.
    pub fn read(&self, answer: &Response<Bytes>, received_at: i64) -> Result<Token, TokenFailure> {
        let body: Value = if answer.body().len() <= MAX_ANSWER_BYTES {
            serde_json::from_slice(answer.body()).unwrap_or_default()
        } else {
            Value::Null
        };
        // Some servers give their errors with a 200.
        if !answer.status().is_success() || body.get("error").is_some_and(Value::is_string) {
            return Err(self.failure(answer, &body, received_at));
        }
        let unreadable = |code: &str, class| TokenFailure {
            class,
            code: code.to_owned(),
            status: answer.status().as_u16(),
            detail: None,
            retry_after: None,
        };
        // Without the type a token is taken for a bearer token: nothing else is in use.
        let kind = body.get("token_type").filter(|kind| !kind.is_null());
        let is_bearer = kind.is_none_or(|kind| {
            kind.as_str()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"))
        });
        let access_token = token(&body, "access_token")
            .ok_or_else(|| unreadable("unreadable_answer", TokenFailureClass::Retry))?;
        if !is_bearer {
            return Err(unreadable(
                "unknown_token_type",
                TokenFailureClass::Configuration,
            ));
        }
        Ok(Token {
            access_token,
            expires_in_s: body.get("expires_in").and_then(life_seconds),
            // With client credentials there should be none (RFC 6749 section 4.4.3).
            refresh_token: match self.grant {
                Grant::ClientCredentials => None,
                Grant::RefreshToken => token(&body, "refresh_token"),
            },
            scope: body
                .get("scope")
                .and_then(Value::as_str)
                .map(|scope| self.redactor.text(scope, MAX_DETAIL_CHARS)),
        })
    }

    fn failure(&self, answer: &Response<Bytes>, body: &Value, received_at: i64) -> TokenFailure {
        let status = answer.status();
        let code = body
            .get("error")
            .and_then(Value::as_str)
            .filter(|word| is_code(word));
        let class = match code {
            Some("invalid_grant") if self.grant == Grant::RefreshToken => {
                TokenFailureClass::Reconnect
            }
            Some("temporarily_unavailable" | "server_error" | "slow_down") => {
                TokenFailureClass::Retry
            }
            // A server in trouble says many things.
            _ if is_transient(status) => TokenFailureClass::Retry,
            _ => TokenFailureClass::Configuration,
        };
        let detail = body
            .get("error_description")
            .and_then(Value::as_str)
            .map(|text| self.redactor.text(text, MAX_DETAIL_CHARS))
            .filter(|text| !text.is_empty());
        TokenFailure {
            class,
            code: code.map_or_else(
                || format!("http_{}", status.as_u16()),
                |code| self.redactor.text(code, MAX_CODE_BYTES),
            ),
            status: status.as_u16(),
            detail,
            retry_after: (class == TokenFailureClass::Retry)
                .then(|| asked_wait(answer, received_at))
                .flatten(),
        }
    }
}

/// Visible ASCII, which a header can carry. Servers do not keep to the alphabet of RFC 6750.
fn token(body: &Value, name: &str) -> Option<Secret> {
    body.get(name)?
        .as_str()
        .filter(|text| {
            (1..=MAX_TOKEN_BYTES).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .map(Secret::new)
}

/// Seconds as a number or as a text. Nothing, or no life at all, is unknown.
fn life_seconds(value: &Value) -> Option<u32> {
    let seconds = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    (seconds > 0)
        .then(|| u32::try_from(seconds).map_or(MAX_LIFE_SECONDS, |s| s.min(MAX_LIFE_SECONDS)))
}

fn whole(seconds: f64) -> Option<u64> {
    // As text, because a cast would not say what it lost.
    (0.0..=f64::from(MAX_LIFE_SECONDS))
        .contains(&seconds)
        .then(|| format!("{:.0}", seconds.floor()).parse().ok())
        .flatten()
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

/// RFC 6749 gives words of its own; servers add more, in the same letters.
fn is_code(text: &str) -> bool {
    (1..=MAX_CODE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
