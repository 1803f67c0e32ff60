//! The answers of token endpoints (RFC 6749 section 5).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::Secret;
use crate::rest::asked_wait;
use crate::written_forms::WrittenForms;

/// Tokens are far from it.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const MAX_TOKEN_BYTES: usize = 8 * 1024;
const MAX_CODE_BYTES: usize = 64;
const MAX_DETAIL_CHARS: usize = 300;

/// `invalid_grant` (RFC 6749 section 5.2), and what OpenID Connect and Microsoft say in its place.
const OVER_WORDS: [&str; 6] = [
    // HubSpot's own.
    "BAD_AUTH_CODE",
    "BAD_REFRESH_TOKEN",
    "invalid_grant",
    "interaction_required",
    "login_required",
    "consent_required",
];
const TRANSIENT_WORDS: [&str; 3] = ["temporarily_unavailable", "server_error", "slow_down"];

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
    hidden: WrittenForms,
    /// A page in HTML is not the server's own word, but that of something in front of it.
    pub(super) pages_are_foreign: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    AuthorizationCode,
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
    /// The server's trouble, or that of what is between; the same request may pass later.
    Transient,
}

/// Why there is no token. Nothing in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFailure {
    pub class: TokenFailureClass,
    /// The server's own word, such as `invalid_grant`; where it gave none, a name of ours: `http_502`,
    /// `unreadable_answer`, `unknown_token_type`.
    pub code: String,
    /// 0 where there is no answer.
    pub status: u16,
    /// The server's explanation, at most 300 characters.
    pub detail: Option<String>,
    /// What the server asked for, at most one hour.
    pub retry_after: Option<Duration>,
}

impl TokenFailure {
    /// Where there is no answer at all. The request may have arrived: a refresh token that was sent may
    /// be spent.
    #[must_use]
    pub fn unanswered() -> Self {
        Self {
            class: TokenFailureClass::Transient,
            code: "no_answer".to_owned(),
            status: 0,
            detail: None,
            retry_after: None,
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self.class {
            TokenFailureClass::Reconnect => {
                "The grant has expired or was withdrawn. Connect again to get a new one."
            }
            TokenFailureClass::Configuration => {
                "Check the client's id and secret, the redirect URI, the scopes and the token URL against what is registered with the server, and whether it wants the client's proof as basic, basic_raw or body."
            }
            TokenFailureClass::Transient => "It is tried again later.",
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

pub(crate) fn token_call(
    request: Request<Bytes>,
    timeout: Duration,
    grant: Grant,
    hidden: WrittenForms,
) -> TokenCall {
    TokenCall {
        request,
        timeout,
        max_response_bytes: MAX_ANSWER_BYTES,
        reply: TokenReply {
            grant,
            hidden,
            pages_are_foreign: false,
        },
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
            .ok_or_else(|| unreadable("unreadable_answer", TokenFailureClass::Transient))?;
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
                Grant::AuthorizationCode | Grant::RefreshToken => token(&body, "refresh_token"),
            },
            scope: body
                .get("scope")
                .and_then(Value::as_str)
                .map(|scope| self.hidden.excerpt(scope, MAX_DETAIL_CHARS)),
        })
    }

    fn failure(&self, answer: &Response<Bytes>, body: &Value, received_at: i64) -> TokenFailure {
        let status = answer.status();
        // HubSpot may say it in a member of its own, whose word is `error` where it says nothing.
        let code = ["error", "status"]
            .into_iter()
            .filter_map(|name| body.get(name)?.as_str())
            .find(|word| is_code(word) && *word != "error");
        let class = match code {
            // A server in trouble says many things.
            _ if is_transient(status) => TokenFailureClass::Transient,
            Some(word) if TRANSIENT_WORDS.contains(&word) => TokenFailureClass::Transient,
            Some(word) if self.grant.is_over(word) && !status.is_redirection() => {
                TokenFailureClass::Reconnect
            }
            None if self.pages_are_foreign && is_page(answer) => TokenFailureClass::Transient,
            _ => TokenFailureClass::Configuration,
        };
        let detail = ["error_description", "message"]
            .into_iter()
            .filter_map(|name| body.get(name)?.as_str())
            .map(|text| self.hidden.excerpt(text, MAX_DETAIL_CHARS))
            .find(|text| !text.is_empty());
        TokenFailure {
            class,
            code: code.map_or_else(
                || format!("http_{}", status.as_u16()),
                |code| self.hidden.excerpt(code, MAX_CODE_BYTES),
            ),
            status: status.as_u16(),
            detail,
            retry_after: (class == TokenFailureClass::Transient)
                .then(|| asked_wait(answer, received_at))
                .flatten(),
        }
    }
}

impl Grant {
    /// Whether a server's word says that a person must agree once more.
    fn is_over(self, word: &str) -> bool {
        match self {
            Self::AuthorizationCode | Self::RefreshToken => OVER_WORDS.contains(&word),
            // There is nobody to connect again.
            Self::ClientCredentials => false,
        }
    }
}

/// Whether the answer is made for browsers.
fn is_page(answer: &Response<Bytes>) -> bool {
    let is_html = answer.headers().get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .get(..9)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/html"))
    });
    is_html || answer.body().trim_ascii_start().starts_with(b"<")
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
