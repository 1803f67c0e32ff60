//! Access tokens: the request for one, and its answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, USER_AGENT};
use http::{Request, Response, StatusCode};
use serde_json::Value;

use super::PRODUCT;
use super::assertion::Assertion;
use super::config::AppConfig;
use super::wire::{clean, is_code, json};
use crate::origin::Origin;
use crate::{ProviderError, Secret, problem};

const PATH: &str = "/oauth2/token";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// A token is renewed this long before its end, or a tenth of its life where that is less.
const RENEW_EARLY_S: u32 = 120;
/// No token lives longer than a day; more is a mistake.
const MAX_LIFE_S: u32 = 86_400;

/// A request to the token endpoint. Its body holds the client's secret: `Debug` shows nothing of it.
pub struct TokenCall {
    pub request: Request<Vec<u8>>,
    pub reply: TokenReply,
}

/// Reads the answer to one [`TokenCall`].
#[derive(Clone, Debug)]
pub struct TokenReply {
    client_secret: Secret,
    assertion: Secret,
}

/// What opens the API for about an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    pub token: Secret,
    /// Without it the token is used until a 401.
    pub expires_in_s: Option<u32>,
}

impl AccessToken {
    /// When to ask for the next one, in Unix seconds.
    #[must_use]
    pub fn renew_at(&self, received_at: i64) -> Option<i64> {
        let life = self.expires_in_s?;
        let early = RENEW_EARLY_S.min(life / 10);
        Some(received_at.saturating_add(i64::from(life - early)))
    }
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFailureClass {
    /// The assertion came too late, too early, or twice: sign another, with a new nonce and with the
    /// server's time where it gave one. Twice in a row it is no accident.
    SignAnew { server_time: Option<i64> },
    /// Box does not take the app, its secret or its key: a person must look.
    Configuration,
    /// The server's trouble; another assertion may pass later.
    Retry,
}

/// Why there is no token. Nothing in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFailure {
    pub class: TokenFailureClass,
    /// Box's own word, such as `invalid_grant`; where it gave none, a name of ours: `http_502`,
    /// `unreadable_answer`.
    pub code: String,
    pub status: u16,
    /// Box's explanation, at most 300 characters.
    pub detail: Option<String>,
    /// What Box asked for, at most one hour.
    pub retry_after: Option<Duration>,
}

impl TokenFailure {
    /// What a person can do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self.class {
            TokenFailureClass::SignAnew { .. } => {
                "It is signed again with Box's time. If it stays so, set the clock of this machine."
            }
            TokenFailureClass::Configuration => {
                "Check that an administrator of the enterprise has authorized the app, that its public key is still there, and that the configuration file is the app's newest."
            }
            TokenFailureClass::Retry => "It is tried again later.",
        }
    }
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Box's token endpoint answered {}", self.code)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        write!(f, ": {}", self.remedy())
    }
}

impl std::error::Error for TokenFailure {}

impl TokenCall {
    /// `base_url` is an origin, such as [`DEFAULT_BASE_URL`](super::DEFAULT_BASE_URL).
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin.
    pub fn new(
        base_url: &str,
        config: &AppConfig,
        assertion: &Assertion,
    ) -> Result<Self, ProviderError> {
        let origin = Origin::parse(base_url)?;
        let assertion = assertion.expose();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT_TYPE)
            .append_pair("assertion", assertion.expose())
            .append_pair("client_id", &config.client_id)
            .append_pair("client_secret", config.client_secret.expose())
            .finish();
        let request = Request::post(format!("{}{PATH}", origin.as_str()))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, PRODUCT)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .map_err(|error| ProviderError::Request {
                what: error.to_string(),
            })?;
        Ok(Self {
            request,
            reply: TokenReply {
                client_secret: config.client_secret.clone(),
                assertion: assertion.clone(),
            },
        })
    }
}

impl fmt::Debug for TokenCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCall").finish_non_exhaustive()
    }
}

impl TokenReply {
    /// Reads the answer; `received_at` is in Unix seconds.
    ///
    /// # Errors
    /// [`TokenFailure`], also for a success that gives no token that could be used.
    pub fn read(
        &self,
        response: &Response<Bytes>,
        received_at: i64,
    ) -> Result<AccessToken, TokenFailure> {
        let body = json(response.body());
        if response.status() != StatusCode::OK {
            return Err(self.failure(response, &body, received_at));
        }
        let token = body
            .get("access_token")
            .and_then(Value::as_str)
            .filter(|token| {
                (1..=MAX_TOKEN_BYTES).contains(&token.len())
                    && token.bytes().all(|byte| byte.is_ascii_graphic())
            })
            .ok_or_else(|| TokenFailure {
                class: TokenFailureClass::Retry,
                code: "unreadable_answer".to_owned(),
                status: response.status().as_u16(),
                detail: None,
                retry_after: None,
            })?;
        let expires_in_s = body
            .get("expires_in")
            .and_then(Value::as_u64)
            .filter(|seconds| *seconds > 0)
            .map(|seconds| u32::try_from(seconds).map_or(MAX_LIFE_S, |s| s.min(MAX_LIFE_S)));
        Ok(AccessToken {
            token: Secret::new(token),
            expires_in_s,
        })
    }

    fn failure(&self, response: &Response<Bytes>, body: &Value, received_at: i64) -> TokenFailure {
        let status = response.status();
        let code = body
            .get("error")
            .and_then(Value::as_str)
            .filter(|code| is_code(code));
        let detail = clean(
            body.get("error_description"),
            &[self.client_secret.expose(), self.assertion.expose()],
        );
        let class = match (status, code) {
            (StatusCode::BAD_REQUEST, Some("invalid_grant"))
                if detail.as_deref().is_some_and(names_time_or_nonce) =>
            {
                TokenFailureClass::SignAnew {
                    server_time: server_time(response),
                }
            }
            (_, Some("temporarily_unavailable" | "server_error")) => TokenFailureClass::Retry,
            _ if is_transient(status) => TokenFailureClass::Retry,
            _ => TokenFailureClass::Configuration,
        };
        TokenFailure {
            class,
            code: code.map_or_else(|| format!("http_{}", status.as_u16()), str::to_owned),
            status: status.as_u16(),
            detail,
            retry_after: problem::retry_after(response.headers(), received_at),
        }
    }
}

/// Whether the explanation is about `exp` or `jti`: the word is all that tells.
fn names_time_or_nonce(detail: &str) -> bool {
    detail
        .split(|character: char| !character.is_ascii_alphanumeric())
        .any(|word| matches!(word, "exp" | "jti"))
}

fn server_time(response: &Response<Bytes>) -> Option<i64> {
    let date = response.headers().get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(date)
        .ok()
        .map(|date| date.timestamp())
}

pub(super) fn is_transient(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::ACCEPTED
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_EARLY
                | StatusCode::TOO_MANY_REQUESTS
        )
}
