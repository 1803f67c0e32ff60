//! Errors as problem documents (RFC 9457): a stable `type`, a `detail` that says what to do, the
//! request id, and one entry per bad field.

use std::fmt;

use domain::field_error::FieldErrors;
use http::StatusCode;
use serde::Serialize;

use crate::rate_limit::RateLimit;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Every kind of error that a caller can get. The name in the `type` URI never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    InvalidRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    IdempotencyKeyReused,
    /// Work that nobody of this name does.
    UnknownRole,
    /// Nothing that the caller may see says what an hour of it costs.
    NoLaborRate,
    RateLimited,
    ProviderFailed,
    Unavailable,
    Internal,
}

impl ProblemKind {
    pub const ALL: [Self; 15] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::UnknownRole,
        Self::NoLaborRate,
        Self::RateLimited,
        Self::ProviderFailed,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The last part of the `type` URI.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::PayloadTooLarge => "payload-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::UnknownRole => "unknown-role",
            Self::NoLaborRate => "no-labor-rate",
            Self::RateLimited => "rate-limited",
            Self::ProviderFailed => "provider-failed",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyKeyReused | Self::UnknownRole | Self::NoLaborRate => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::ProviderFailed => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is not valid",
            Self::Unauthenticated => "Credentials are missing or not valid",
            Self::Forbidden => "The caller may not do this",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "This path does not take this method",
            Self::Conflict => "The request conflicts with the current state",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body is not JSON",
            Self::IdempotencyKeyReused => "The idempotency key was used for another request",
            Self::UnknownRole => "There is no such role",
            Self::NoLaborRate => "There is no rate to price this by",
            Self::RateLimited => "Too many requests",
            Self::ProviderFailed => "The provider did not do what was asked",
            Self::Unavailable => "Temporarily unavailable",
            Self::Internal => "Something failed on our side",
        }
    }
}

/// One field of the request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer into the body (RFC 6901), or the name of a query parameter or header.
    pub field: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldError {
    #[must_use]
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            detail: detail.into(),
        }
    }

    /// The errors of a document that is at `below` in the body.
    #[must_use]
    pub fn all(below: &str, wrong: &FieldErrors) -> Vec<Self> {
        let wrong = wrong.as_slice().iter();
        wrong
            .map(|error| {
                Self::new(
                    format!("{below}{}", error.pointer),
                    format!("{}: {}", error.detail, error.remedy),
                )
            })
            .collect()
    }

    /// The error of a document that is at `below` in the body.
    #[must_use]
    pub fn below(mut self, below: &str) -> Self {
        self.field.insert_str(0, below);
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The empty pointer is the whole body.
        let field = if self.field.is_empty() {
            "body"
        } else {
            &self.field
        };
        write!(f, "{field}: {}", self.detail)
    }
}

/// A problem on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense; becomes `Retry-After`.
    pub retry_after_seconds: Option<i64>,
    /// The quota that the request was counted in, for the `RateLimit` fields.
    pub rate_limit: Option<Box<RateLimit>>,
    /// The methods of the path, for `Allow`.
    pub allow: Option<String>,
    /// The older `{error, code}` members of compatibility routes.
    pub legacy: Option<Box<Legacy>>,
}

/// What the callers of a replaced system expect beside the problem members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    pub error: String,
    pub code: &'static str,
    /// The status that the replaced system answered.
    pub status: StatusCode,
    /// Whatever else it answered.
    pub members: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(flatten)]
    members: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

impl Problem {
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
            rate_limit: None,
            allow: None,
            legacy: None,
        }
    }

    /// Bad fields, all of them at once.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self::fields(ProblemKind::InvalidRequest, errors)
    }

    /// Fields that are well formed and cannot be served, all of them at once.
    #[must_use]
    pub fn fields(kind: ProblemKind, errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [] => "The request could not be read.".to_owned(),
            [one] => one.to_string(),
            [first, rest @ ..] => format!("{first} (and {} more in `errors`)", rest.len()),
        };
        Self {
            errors,
            ..Self::new(kind, detail)
        }
    }

    /// One bad field.
    #[must_use]
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, detail)])
    }

    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ProblemKind::NotFound,
            format!("There is no {what} with this id in your organization."),
        )
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after_seconds = Some(seconds.max(1));
        self
    }

    #[must_use]
    pub fn with_legacy(mut self, status: StatusCode, code: &'static str) -> Self {
        self.legacy = Some(Box::new(Legacy {
            error: self.detail.clone(),
            code,
            status,
            members: serde_json::Map::new(),
        }));
        self
    }

    /// Another `error` than the detail: the word that the replaced system answered.
    #[must_use]
    pub fn with_legacy_error(mut self, error: &str) -> Self {
        if let Some(legacy) = &mut self.legacy {
            error.clone_into(&mut legacy.error);
        }
        self
    }

    /// A member that the replaced system answered, beside its `error`.
    #[must_use]
    pub fn with_legacy_member(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        if let Some(legacy) = &mut self.legacy {
            legacy.members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// [`with_legacy`](Self::with_legacy) where nobody has said yet what the replaced system would
    /// have answered: its callers read `code` of every error.
    #[must_use]
    pub fn or_legacy(self) -> Self {
        if self.legacy.is_some() {
            return self;
        }
        let status = self.status();
        let code = if status.is_server_error() {
            "INTERNAL_ERROR"
        } else {
            "UNKNOWN"
        };
        self.with_legacy(status, code)
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.legacy
            .as_ref()
            .map_or_else(|| self.kind.status(), |legacy| legacy.status)
    }

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let document = Document {
            r#type: format!("urn:patchbay:problem:{}", self.kind.name()),
            title: self.kind.title(),
            status: self.status().as_u16(),
            detail: &self.detail,
            request_id,
            errors: &self.errors,
            error: self.legacy.as_ref().map(|legacy| legacy.error.as_str()),
            code: self.legacy.as_ref().map(|legacy| legacy.code),
            members: self.legacy.as_ref().map(|legacy| &legacy.members),
        };
        // Strings and numbers only: serializing cannot fail.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_every_bad_field_and_the_request() {
        let problem = Problem::invalid(vec![
            FieldError::new("/name", "is missing"),
            FieldError::new("/time_zone", "is not an IANA zone"),
        ]);
        let json: serde_json::Value = serde_json::from_slice(&problem.to_json("r-1")).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "urn:patchbay:problem:invalid-request",
                "title": "The request is not valid",
                "status": 400,
                "detail": "/name: is missing (and 1 more in `errors`)",
                "request_id": "r-1",
                "errors": [
                    {"field": "/name", "detail": "is missing"},
                    {"field": "/time_zone", "detail": "is not an IANA zone"}
                ]
            })
        );
    }

    #[test]
    fn a_compatibility_route_answers_the_old_members_beside_the_new() {
        let problem = Problem::new(ProblemKind::NotFound, "no credentials")
            .with_legacy(StatusCode::NOT_FOUND, "NO_CREDENTIALS");
        let json: serde_json::Value = serde_json::from_slice(&problem.to_json("r-2")).unwrap();
        assert_eq!(json["error"], "no credentials");
        assert_eq!(json["code"], "NO_CREDENTIALS");
        assert_eq!(json["type"], "urn:patchbay:problem:not-found");
    }

    #[test]
    fn every_error_of_a_compatibility_route_has_a_code() {
        let code = |problem: Problem| {
            let legacy = problem.or_legacy().legacy.unwrap();
            (legacy.status.as_u16(), legacy.code)
        };
        let of_a_kind = |kind| code(Problem::new(kind, ""));
        assert_eq!(of_a_kind(ProblemKind::MethodNotAllowed), (405, "UNKNOWN"));
        assert_eq!(of_a_kind(ProblemKind::Unavailable), (503, "INTERNAL_ERROR"));
        let known = Problem::new(ProblemKind::Internal, "")
            .with_legacy(StatusCode::INTERNAL_SERVER_ERROR, "CREDENTIAL_ERROR");
        assert_eq!(code(known), (500, "CREDENTIAL_ERROR"));
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            ProblemKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ProblemKind::ALL.len());
    }
}
