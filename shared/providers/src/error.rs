//! What can go wrong between a request and a typed page, in the words the job engine needs.

use std::time::Duration;

/// Why a provider's answer gave no page, or why a request could not be built.
///
/// `detail` is the provider's own explanation: at most 300 characters, without control
/// characters and without the credential. It is meant for people; nothing decides on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// 401: the credential is unknown, expired or withdrawn.
    #[error("the credential was not accepted{}", explained(detail))]
    Unauthorized { detail: Option<String> },

    /// 403: the plan lacks the feature, or the credential has no right to this account.
    /// Providers use one status for both; asking who the credential belongs to tells them
    /// apart.
    #[error(
        "access was refused: the account's plan lacks this feature, or the credential has no right to this account{}",
        explained(detail)
    )]
    Forbidden { detail: Option<String> },

    /// 404.
    #[error(
        "the provider does not know this record or account{}",
        explained(detail)
    )]
    NotFound { detail: Option<String> },

    /// 410: it was there, and will not come back.
    #[error("the record is gone for good{}", explained(detail))]
    Gone { detail: Option<String> },

    /// 409.
    #[error(
        "the request clashes with what the provider holds{}",
        explained(detail)
    )]
    Conflict { detail: Option<String> },

    /// 400 or 422: the provider refuses the request as it stands; `param` is the
    /// parameter it names.
    #[error(
        "the provider refused the request{}{}",
        about(param),
        explained(detail)
    )]
    Invalid {
        param: Option<String>,
        detail: Option<String>,
    },

    /// 429. `retry_after` is what the provider asked for, at most one hour.
    #[error("the provider's rate limit is used up{}", explained(detail))]
    RateLimited {
        retry_after: Option<Duration>,
        detail: Option<String>,
    },

    /// 5xx, 408 or 425: the provider's trouble, not the request's.
    #[error("the provider failed with status {status}{}", explained(detail))]
    Server {
        status: u16,
        retry_after: Option<Duration>,
        detail: Option<String>,
    },

    /// A status that no rule covers (a redirect, for one).
    #[error(
        "the provider answered with the unexpected status {status}{}",
        explained(detail)
    )]
    Unexpected { status: u16, detail: Option<String> },

    /// The answer as a whole is not what the provider's reference promises: truncated,
    /// no JSON, or without the list.
    #[error("the provider's answer could not be read: {what}")]
    Malformed { what: String },

    /// The answer is longer than [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES).
    #[error("the provider's answer is longer than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },

    /// The credential cannot travel in a header as it was given. `what` says why, without
    /// repeating it.
    #[error("the credential cannot be used: {what}")]
    Credential { what: String },

    /// A setting of ours (base URL, company id, cursor) from which no request can be built.
    #[error("no request can be built: {what}")]
    Request { what: String },
}

impl ProviderError {
    /// Whether the same request may succeed later without anyone changing anything.
    ///
    /// Every request of this crate but one is a GET or a DELETE, so a failure half-way is
    /// safe to repeat (RFC 9110 §9.2.2). The one is the creation of a webhook: made twice, it
    /// is answered with [`Conflict`](Self::Conflict).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Server { .. } | Self::Malformed { .. } => true,
            Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Gone { .. }
            | Self::Conflict { .. }
            | Self::Invalid { .. }
            | Self::Unexpected { .. }
            | Self::TooLarge { .. }
            | Self::Credential { .. }
            | Self::Request { .. } => false,
        }
    }

    /// How long the provider asked us to wait, at most one hour.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// The provider's own explanation, if it gave one.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unauthorized { detail }
            | Self::Forbidden { detail }
            | Self::NotFound { detail }
            | Self::Gone { detail }
            | Self::Conflict { detail }
            | Self::Invalid { detail, .. }
            | Self::RateLimited { detail, .. }
            | Self::Server { detail, .. }
            | Self::Unexpected { detail, .. } => detail.as_deref(),
            Self::Malformed { what } | Self::Credential { what } | Self::Request { what } => {
                Some(what)
            }
            Self::TooLarge { .. } => None,
        }
    }

    /// A stable name of the class, for logs and run records.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Gone { .. } => "gone",
            Self::Conflict { .. } => "conflict",
            Self::Invalid { .. } => "invalid_request",
            Self::RateLimited { .. } => "rate_limited",
            Self::Server { .. } => "server_error",
            Self::Unexpected { .. } => "unexpected_status",
            Self::Malformed { .. } => "malformed_answer",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Credential { .. } => "unusable_credential",
            Self::Request { .. } => "unusable_request",
        }
    }
}

fn explained(detail: &Option<String>) -> String {
    detail
        .as_ref()
        .map(|text| format!(": {text}"))
        .unwrap_or_default()
}

fn about(param: &Option<String>) -> String {
    param
        .as_ref()
        .map(|name| format!(" (parameter `{name}`)"))
        .unwrap_or_default()
}
