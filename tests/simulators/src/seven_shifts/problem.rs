//! Errors as 7shifts writes them: problem documents, and the older form that
//! its error page still shows.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// An answer other than the one that was hoped for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    pub detail: String,
    /// The parameter at fault.
    pub param: Option<String>,
    /// Milliseconds until it is worth asking again.
    pub retry_after_ms: Option<i64>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            param: None,
            retry_after_ms: None,
        }
    }

    pub fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} {id} was not found."))
    }

    /// A query parameter that cannot be used.
    pub fn bad_parameter(param: &str, detail: impl Into<String>) -> Self {
        Self {
            param: Some(param.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// A field of a body that cannot be used.
    pub fn bad_field(param: &str, detail: impl Into<String>) -> Self {
        Self {
            param: Some(param.to_owned()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    pub fn too_many_requests(retry_after_ms: Option<i64>) -> Self {
        Self {
            retry_after_ms,
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded.")
        }
    }

    pub fn into_response(self, legacy: bool) -> Response<Bytes> {
        let (body, media_type) = if legacy {
            (self.legacy_body(), "application/json")
        } else {
            (self.problem_body(), "application/problem+json")
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(milliseconds) = self.retry_after_ms {
            // Whole seconds on the wire: rounded up, never too early.
            let seconds = milliseconds.saturating_add(999).div_euclid(1000);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn problem_body(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Document<'a> {
            r#type: &'static str,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: u16,
            #[serde(skip_serializing_if = "Option::is_none")]
            param: Option<&'a str>,
        }
        serde_json::to_vec(&Document {
            r#type: "basic",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.status.as_u16(),
            param: self.param.as_deref(),
        })
        .unwrap_or_default()
    }

    fn legacy_body(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Document<'a> {
            status: &'static str,
            message: &'a str,
            error: &'static str,
        }
        serde_json::to_vec(&Document {
            status: "error",
            message: &self.detail,
            error: match self.status {
                StatusCode::UNAUTHORIZED => "unauthorized",
                StatusCode::FORBIDDEN => "access_denied",
                StatusCode::NOT_FOUND => "invalid_id",
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "validation_error",
                StatusCode::CONFLICT => "save_error",
                _ => "unknown",
            },
        })
        .unwrap_or_default()
    }
}
