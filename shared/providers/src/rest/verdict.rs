//! What follows from an answer, or from none.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::rate_limit::RateLimit;
use crate::problem;

/// A body that is longer is not looked into.
const MAX_PROBLEM_BYTES: usize = 64 * 1024;

/// What of a request decides whether it is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To send it twice does what sending it once does: its method is idempotent (RFC 9110 section
    /// 9.2.2), it carries an idempotency key, or it only reads.
    pub is_repeatable: bool,
    pub has_idempotency_key: bool,
    /// It carries an access token that has not been renewed for this request yet.
    pub may_renew: bool,
}

impl Sent {
    /// The same request once its access token is renewed: a second 401 is final.
    #[must_use]
    pub const fn renewed(self) -> Self {
        Self {
            may_renew: false,
            ..self
        }
    }
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Success,
    /// The same request may pass later. `after` is what the API asked for, at most one hour; without
    /// it the caller backs off by itself.
    Retry {
        after: Option<Duration>,
    },
    /// With a new access token the same request may pass at once.
    Renew,
    GiveUp(Reason),
}

/// Why a request is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 401.
    Credential,
    /// 403, with a good credential.
    Forbidden,
    /// 404 or 410.
    NotFound,
    /// 409.
    Conflict,
    /// Any other 4xx.
    Refused,
    /// 3xx.
    Redirect,
    /// A status that says that there is no use in another try, or that no rule covers.
    Unexpected,
    /// The request may have been done, and to repeat it could do it twice.
    MayHaveHappened,
    /// The host does not let the request out.
    NotAllowed,
    /// The answer is longer than the configuration allows.
    TooLarge,
}

impl Reason {
    /// A stable name, for logs and run records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Credential => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Refused => "invalid_request",
            Self::Redirect => "redirect",
            Self::Unexpected => "unexpected_status",
            Self::MayHaveHappened => "may_have_happened",
            Self::NotAllowed => "not_allowed",
            Self::TooLarge => "answer_too_large",
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Credential => "Give the connector a credential that the API accepts.",
            Self::Forbidden => {
                "Have the API's provider give the credential the right to do this, or use another one."
            }
            Self::NotFound => "Check the base URL and the path of the request.",
            Self::Conflict => "Look at what the API holds already, and change the request.",
            Self::Refused => "Change the request as the API's answer says.",
            Self::Redirect => {
                "Redirects are not followed. Use the URL that the API redirects to, if it is the API's."
            }
            Self::Unexpected => {
                "Check the base URL, and look the status up in the API's documentation."
            }
            Self::MayHaveHappened => {
                "Look whether it was done before sending it again. With an idempotency_header that the API supports it is tried again by itself."
            }
            Self::NotAllowed => {
                "The installation does not let this request out. Have the operator allow the host."
            }
            Self::TooLarge => "Ask for less at a time, or raise max_response_bytes.",
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was sent: no name, no connection, no TLS.
    NotConnected,
    /// The time was over, or the connection broke, when the request may have arrived.
    Broken,
    NotAllowed,
    TooLarge,
}

/// What follows from an answer. `received_at` is in Unix seconds.
///
/// A bad gateway (502) and a gateway that waited in vain (504) may stand before a server that did what
/// was asked, as a server that failed (500) may have done: only what is repeatable is repeated then.
/// After 408, 425, 429 and 503 nothing was done.
#[must_use]
pub fn judge_answer(answer: &Response<Bytes>, sent: Sent, received_at: i64) -> Verdict {
    let retry = || Verdict::Retry {
        after: asked_wait(answer, received_at),
    };
    match answer.status() {
        status if status.is_success() => Verdict::Success,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::SERVICE_UNAVAILABLE => retry(),
        StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::GATEWAY_TIMEOUT => {
            if sent.is_repeatable {
                retry()
            } else {
                Verdict::GiveUp(Reason::MayHaveHappened)
            }
        }
        StatusCode::UNAUTHORIZED if sent.may_renew => Verdict::Renew,
        StatusCode::UNAUTHORIZED => Verdict::GiveUp(Reason::Credential),
        StatusCode::FORBIDDEN => Verdict::GiveUp(Reason::Forbidden),
        StatusCode::NOT_FOUND | StatusCode::GONE => Verdict::GiveUp(Reason::NotFound),
        StatusCode::CONFLICT => {
            if sent.has_idempotency_key && speaks_of_the_key(answer) {
                retry()
            } else {
                Verdict::GiveUp(Reason::Conflict)
            }
        }
        status if status.is_client_error() => Verdict::GiveUp(Reason::Refused),
        status if status.is_redirection() => Verdict::GiveUp(Reason::Redirect),
        _ => Verdict::GiveUp(Reason::Unexpected),
    }
}

/// What follows when there is no answer.
#[must_use]
pub const fn judge_failure(failure: Failure, sent: Sent) -> Verdict {
    match failure {
        Failure::NotConnected => Verdict::Retry { after: None },
        Failure::Broken if sent.is_repeatable => Verdict::Retry { after: None },
        Failure::Broken => Verdict::GiveUp(Reason::MayHaveHappened),
        Failure::NotAllowed => Verdict::GiveUp(Reason::NotAllowed),
        Failure::TooLarge => Verdict::GiveUp(Reason::TooLarge),
    }
}

/// `Retry-After`, or else the end of a window that is used up.
pub(crate) fn asked_wait(answer: &Response<Bytes>, received_at: i64) -> Option<Duration> {
    problem::retry_after(answer.headers(), received_at).or_else(|| {
        RateLimit::read(answer.headers(), received_at)
            .filter(|limit| limit.remaining == 0)
            .and_then(|limit| limit.resets_in)
    })
}

/// Whether a conflict is that the first try with the same key is not over yet. APIs say so in their
/// own words, of which the key's name is one.
fn speaks_of_the_key(answer: &Response<Bytes>) -> bool {
    let body = answer.body();
    body.len() <= MAX_PROBLEM_BYTES
        && String::from_utf8_lossy(body)
            .to_ascii_lowercase()
            .contains("idempoten")
}
