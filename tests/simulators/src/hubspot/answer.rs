//! Answers as HubSpot writes them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::control;

pub(super) fn ok(body: &Value) -> Response<Bytes> {
    control::json(StatusCode::OK, body)
}

/// Why something is not done.
#[derive(Clone, Debug, Default)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) category: Option<&'static str>,
    pub(super) errors: Vec<Value>,
    pub(super) limit: Option<Box<Limit>>,
}

/// What a 429 is of.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) policy: String,
    pub(super) is_older_shape: bool,
    pub(super) retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: u16, category: Option<&'static str>, message: &str) -> Self {
        Self {
            status,
            category,
            message: message.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn validation(message: &str) -> Self {
        Self::new(400, Some("VALIDATION_ERROR"), message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            401,
            Some("INVALID_AUTHENTICATION"),
            "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
        )
    }

    pub(super) fn missing_scope(scope: &str) -> Self {
        Self {
            errors: vec![json!({
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            })],
            ..Self::new(
                403,
                Some("MISSING_SCOPES"),
                "This app hasn't been granted all required scopes to make this call.",
            )
        }
    }

    /// Also of a path that leads nowhere. It has no category.
    pub(super) fn not_found() -> Self {
        Self::new(404, None, "resource not found")
    }

    /// Of an id that is not a number.
    pub(super) fn object_not_found() -> Self {
        Self::new(404, Some("OBJECT_NOT_FOUND"), "Object not found.")
    }

    pub(super) fn no_such_kind() -> Self {
        Self::validation("Unable to infer object type from the given name")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(405, None, "HTTP 405 Method Not Allowed")
    }

    pub(super) fn limit(policy: &str, is_older_shape: bool, retry_after: Option<u64>) -> Self {
        Self {
            limit: Some(Box::new(Limit {
                policy: policy.to_owned(),
                is_older_shape,
                retry_after,
            })),
            ..Self::new(
                429,
                None,
                &format!("You have reached your {} limit.", policy.to_lowercase()),
            )
        }
    }

    /// As a fault wants it.
    pub(super) fn injected(status: StatusCode, is_older_shape: bool, detail: &str) -> Self {
        let category = match status.as_u16() {
            400 => Some("VALIDATION_ERROR"),
            401 => Some("INVALID_AUTHENTICATION"),
            403 => Some("MISSING_SCOPES"),
            409 => Some("CONFLICT"),
            423 => Some("LOCKED"),
            429 => {
                let policy = match detail {
                    "DAILY" | "TEN_SECONDLY_ROLLING" | "SECONDLY" => detail,
                    _ => "TEN_SECONDLY_ROLLING",
                };
                return Self::limit(policy, is_older_shape, None);
            }
            477 => Some("MIGRATION_IN_PROGRESS"),
            _ => None,
        };
        Self::new(status.as_u16(), category, detail)
    }

    pub(super) fn response(&self, serial: u64) -> Response<Bytes> {
        let id = format!("00000000-0000-4000-8000-{serial:012x}");
        let mut body = Map::new();
        body.insert("status".to_owned(), "error".into());
        body.insert("message".to_owned(), self.message.clone().into());
        match &self.limit {
            Some(limit) => {
                body.insert("errorType".to_owned(), "RATE_LIMIT".into());
                body.insert("policyName".to_owned(), limit.policy.clone().into());
                if limit.is_older_shape {
                    body.insert("requestId".to_owned(), id.into());
                    body.insert("groupName".to_owned(), "publicapi:private-apps".into());
                } else {
                    body.insert("correlationId".to_owned(), id.into());
                }
            }
            None => {
                body.insert("correlationId".to_owned(), id.into());
            }
        }
        if let Some(category) = self.category {
            body.insert("category".to_owned(), category.into());
        }
        if !self.errors.is_empty() {
            body.insert("errors".to_owned(), self.errors.clone().into());
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = control::json(status, &body);
        if let Some(seconds) = self.limit.as_ref().and_then(|limit| limit.retry_after) {
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}
