//! Any REST API, as a tenant configures it: where it is, how requests prove themselves, and, for
//! lists, where the rows of an answer are and how its pages hang together.
//!
//! [`RestConfig`] is read from a document and builds a [`RestCall`] for each request; [`Secrets`]
//! are apart from it. Where requests need an access token, [`RestConfig::token_request`] asks for
//! one (RFC 6749). [`judge_answer`] and [`judge_failure`] say what follows from what came back,
//! [`Redactor`] makes it fit to be logged. [`ListMapping`] turns pages into rows.
//!
//! A redirect must not be followed: it is a failure, because what is behind it was never judged.

mod auth;
mod call;
mod config;
mod custom;
mod header;
pub mod listing;
mod rate_limit;
mod redactor;
mod request;
mod secrets;
mod token;
mod verdict;

pub use crate::oauth::{ClientAuth, Token, TokenCall, TokenFailure, TokenFailureClass, TokenReply};
pub use auth::{Auth, OAuthClient};
pub use call::RestCall;
pub use config::{
    DEFAULT_REQUESTS_PER_SECOND, DEFAULT_RESPONSE_BYTES, DEFAULT_TIMEOUT_MS, MAX_HEADERS,
    REQUESTS_PER_SECOND, RESPONSE_BYTES, RestConfig, TIMEOUT_MS,
};
pub use custom::CustomConfig;
pub use listing::ListMapping;
pub use rate_limit::RateLimit;
pub use redactor::Redactor;
pub use request::{Body, NewRequest};
pub use secrets::{SecretName, Secrets};
pub use verdict::{Failure, Reason, Sent, Verdict, judge_answer, judge_failure};

pub(crate) use verdict::asked_wait;
