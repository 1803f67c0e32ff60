//! Error answers. Every field of HubSpot's envelope may be missing, and a gateway answers in HTML.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::LimitPolicy;
use crate::{ProviderError, Secret, problem};

/// A body that is longer is not looked into.
const MAX_BODY_BYTES: usize = 64 * 1024;
const MAX_DETAIL_CHARS: usize = 300;
const MAX_PROPERTY_CHARS: usize = 100;
/// Errors and scopes that are named.
const MAX_NAMED: usize = 5;

/// The record is locked while much is written to it.
const LOCKED: u16 = 423;
/// What HubSpot asks for then, at the least.
const LOCKED_WAIT: Duration = Duration::from_secs(2);
/// The account moves to another data centre, which takes up to a day.
const MIGRATING: u16 = 477;

/// The typed error of an answer whose status is not the one hoped for.
pub(super) fn read(response: &Response<Bytes>, secret: &Secret, received_at: i64) -> ProviderError {
    let said = Said::read(response.body(), secret);
    let asked = problem::retry_after(response.headers(), received_at);
    let server = |status, retry_after| ProviderError::Server {
        status,
        retry_after,
        detail: said.explanation(),
    };
    match response.status().as_u16() {
        400 | 422 => ProviderError::Invalid {
            param: said.property.clone(),
            detail: said.explanation(),
        },
        401 => ProviderError::Unauthorized {
            detail: said.message.clone(),
        },
        403 => ProviderError::Forbidden {
            detail: said.with_scopes(),
        },
        404 => ProviderError::NotFound {
            detail: said.message.clone(),
        },
        409 => ProviderError::Conflict {
            detail: said.explanation(),
        },
        410 => ProviderError::Gone {
            detail: said.message.clone(),
        },
        429 => {
            let policy = LimitPolicy::of(response).unwrap_or(LimitPolicy::Unknown);
            let message = said.message.as_deref().unwrap_or_default();
            ProviderError::RateLimited {
                retry_after: asked.or_else(|| policy.window()),
                detail: Some(clean(&format!("{} {message}", policy.as_str()), secret)),
            }
        }
        LOCKED => server(LOCKED, Some(asked.unwrap_or(LOCKED_WAIT))),
        status @ (408 | 425 | MIGRATING | 500..=599) => server(status, asked),
        status => ProviderError::Unexpected {
            status,
            detail: said.explanation(),
        },
    }
}

/// What HubSpot says, cleaned.
#[derive(Default)]
struct Said {
    message: Option<String>,
    /// The messages of single errors.
    errors: Vec<String>,
    /// The property that the first of them is about.
    property: Option<String>,
    scopes: Vec<String>,
}

impl Said {
    fn read(body: &[u8], secret: &Secret) -> Self {
        if body.len() > MAX_BODY_BYTES {
            return Self::default();
        }
        let Ok(body) = serde_json::from_str::<Value>(&String::from_utf8_lossy(body)) else {
            return Self::default();
        };
        let text = |value: Option<&Value>| {
            let text = clean(value?.as_str()?, secret);
            (!text.is_empty()).then_some(text)
        };
        let errors: Vec<&Value> = body
            .get("errors")
            .and_then(Value::as_array)
            .map(|errors| errors.iter().take(MAX_NAMED).collect())
            .unwrap_or_default();
        let contexts = || {
            errors
                .iter()
                .filter_map(|error| error.get("context"))
                .chain(body.get("context"))
        };
        let listed = |name: &str| {
            contexts()
                .filter_map(|context| context.get(name)?.as_array())
                .flatten()
                .filter_map(|value| text(Some(value)))
                .take(MAX_NAMED)
                .collect::<Vec<_>>()
        };
        let granular = listed("requiredGranularScopes");
        Self {
            message: text(body.get("message")),
            errors: errors
                .iter()
                .filter_map(|error| text(error.get("message")))
                .collect(),
            property: listed("propertyName")
                .first()
                .map(|name| domain::redact::excerpt(name, MAX_PROPERTY_CHARS, &[])),
            scopes: if granular.is_empty() {
                listed("requiredScopes")
            } else {
                granular
            },
        }
    }

    /// The single errors where there are some: the message repeats them as JSON.
    fn explanation(&self) -> Option<String> {
        if self.errors.is_empty() {
            return self.message.clone();
        }
        Some(cut(&self.errors.join("; ")))
    }

    fn with_scopes(&self) -> Option<String> {
        if self.scopes.is_empty() {
            return self.message.clone();
        }
        let message = self.message.as_deref().unwrap_or_default();
        let scopes = self.scopes.join(", ");
        Some(cut(&format!("it needs the scopes {scopes}. {message}")))
    }
}

fn clean(text: &str, secret: &Secret) -> String {
    domain::redact::excerpt(text, MAX_DETAIL_CHARS, &[secret.expose()])
}

fn cut(text: &str) -> String {
    domain::redact::excerpt(text, MAX_DETAIL_CHARS, &[])
}
