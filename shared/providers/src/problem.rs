//! Error answers: a status, headers, and whatever body came with them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::field::Object;
use crate::{ProviderError, Secret};

/// An error body that is longer is not looked into.
const MAX_PROBLEM_BYTES: usize = 64 * 1024;

const MAX_DETAIL_CHARS: usize = 300;
const MAX_PARAM_CHARS: usize = 100;

/// The typed error of an answer whose status is not the one hoped for.
pub(crate) fn read(response: &Response<Bytes>, secret: &Secret, received_at: i64) -> ProviderError {
    let Explanation { detail, param } = Explanation::read(response.body(), secret);
    let retry_after = || retry_after(response.headers(), received_at);
    match response.status() {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            ProviderError::Invalid { param, detail }
        }
        StatusCode::UNAUTHORIZED => ProviderError::Unauthorized { detail },
        StatusCode::FORBIDDEN => ProviderError::Forbidden { detail },
        StatusCode::NOT_FOUND => ProviderError::NotFound { detail },
        StatusCode::CONFLICT => ProviderError::Conflict { detail },
        StatusCode::GONE => ProviderError::Gone { detail },
        StatusCode::TOO_MANY_REQUESTS => ProviderError::RateLimited {
            retry_after: retry_after(),
            detail,
        },
        status
            if status.is_server_error()
                || status == StatusCode::REQUEST_TIMEOUT
                || status == StatusCode::TOO_EARLY =>
        {
            ProviderError::Server {
                status: status.as_u16(),
                retry_after: retry_after(),
                detail,
            }
        }
        status => ProviderError::Unexpected {
            status: status.as_u16(),
            detail,
        },
    }
}

#[derive(Default)]
struct Explanation {
    detail: Option<String>,
    param: Option<String>,
}

/// RFC 9457 members, the older `{"status":"error","message":…}` and OAuth's, each kept as
/// raw text so that one of a wrong type, or unreadable, hides no other.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    error_description: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// A list of texts, or lists of texts by the names of fields.
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    param: Option<&'a RawValue>,
}

impl Explanation {
    fn read(body: &[u8], secret: &Secret) -> Self {
        if body.len() > MAX_PROBLEM_BYTES {
            return Self::default();
        }
        let text = String::from_utf8_lossy(body);
        let Ok(Object(body)) = serde_json::from_str::<Object<Body<'_>>>(&text) else {
            return Self::default();
        };
        let clean = |text: &str, max_chars| {
            let text = domain::redact::excerpt(text, max_chars, &[secret.expose()]);
            (!text.is_empty()).then_some(text)
        };
        let text = |raw: Option<&RawValue>, max_chars| {
            let text: String = serde_json::from_str(raw?.get()).ok()?;
            clean(&text, max_chars)
        };
        Self {
            detail: [
                body.detail,
                body.message,
                body.title,
                body.error_description,
                body.error,
            ]
            .into_iter()
            .find_map(|raw| text(raw, MAX_DETAIL_CHARS))
            .or_else(|| {
                let errors = serde_json::from_str(body.errors?.get()).ok()?;
                clean(&words(&errors)?, MAX_DETAIL_CHARS)
            }),
            param: text(body.param, MAX_PARAM_CHARS),
        }
    }
}

/// A text, or the texts of a list or of the lists in an object, with the names of its members.
fn words(value: &Value) -> Option<String> {
    let all = |parts: Vec<String>| (!parts.is_empty()).then(|| parts.join(", "));
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(entries) => all(entries.iter().filter_map(words).collect()),
        Value::Object(members) => all(members
            .iter()
            .filter_map(|(name, member)| Some(format!("{name}: {}", words(member)?)))
            .collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// `Retry-After` in any of its forms; a header that comes twice is not understood.
pub(crate) fn retry_after(headers: &HeaderMap, received_at: i64) -> Option<Duration> {
    domain::retry_after::parse(
        single(headers, &RETRY_AFTER)?,
        single(headers, &DATE),
        received_at,
    )
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        None => value.to_str().ok(),
        Some(_) => None,
    }
}
