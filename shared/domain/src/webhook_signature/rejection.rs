//! Why a delivery is not taken.

/// A delivery whose proof does not hold. Nothing in it is secret, and nothing of the sender's text
/// but numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the webhook has no live key; add the secret that the provider shows")]
    NoKey,

    #[error(
        "none of the live keys can be used with this scheme; enter the secret again as the provider shows it"
    )]
    UnusableKey,

    #[error("the options of the webhook name no signature header; complete them")]
    BadOptions,

    #[error(
        "the header {header} is missing; check that the provider signs its deliveries and that no proxy drops the header"
    )]
    MissingHeader { header: String },

    #[error(
        "the header {header} {problem}; check that the scheme of the webhook is the provider's and that no proxy changes the header"
    )]
    MalformedHeader {
        header: String,
        problem: &'static str,
    },

    #[error(
        "the header {header} names no version that is accepted here, which are {accepted}; check the scheme and the options of the webhook"
    )]
    UnsupportedVersion { header: String, accepted: String },

    #[error(
        "no live key has made this signature; check the secret, the public URL and that no proxy changes the body"
    )]
    WrongSignature,

    #[error(
        "the token is not that of a live key; check the token that was given to the provider with the subscription"
    )]
    WrongToken,

    #[error("the body is not the one whose hash was signed; check that no proxy changes the body")]
    WrongBodyHash,

    #[error(
        "it was signed {age_seconds} s ago and {tolerance_seconds} s are allowed; check the clocks, or allow more"
    )]
    TooOld {
        age_seconds: i64,
        tolerance_seconds: u32,
    },

    #[error(
        "it was signed for {ahead_seconds} s in the future and {tolerance_seconds} s are allowed; check the clocks, or allow more"
    )]
    FromTheFuture {
        ahead_seconds: i64,
        tolerance_seconds: u32,
    },

    #[error("the query parameter {name} {problem}; check that the provider calls this URL itself")]
    MalformedQuery {
        name: &'static str,
        problem: &'static str,
    },

    #[error("the body {problem}; check that the scheme of the webhook is the provider's")]
    MalformedBody { problem: &'static str },
}

impl Rejection {
    /// The word for logs and counters. It does not change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::UnusableKey => "unusable_key",
            Self::BadOptions => "bad_options",
            Self::MissingHeader { .. } => "missing_header",
            Self::MalformedHeader { .. } => "malformed_header",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::WrongSignature => "wrong_signature",
            Self::WrongToken => "wrong_token",
            Self::WrongBodyHash => "wrong_body_hash",
            Self::TooOld { .. } => "too_old",
            Self::FromTheFuture { .. } => "from_the_future",
            Self::MalformedQuery { .. } => "malformed_query",
            Self::MalformedBody { .. } => "malformed_body",
        }
    }

    pub(super) fn missing(header: &str) -> Self {
        Self::MissingHeader {
            header: header.to_owned(),
        }
    }

    pub(super) fn malformed(header: &str, problem: &'static str) -> Self {
        Self::MalformedHeader {
            header: header.to_owned(),
            problem,
        }
    }

    pub(super) fn version(header: &str, accepted: impl Into<String>) -> Self {
        Self::UnsupportedVersion {
            header: header.to_owned(),
            accepted: accepted.into(),
        }
    }
}
