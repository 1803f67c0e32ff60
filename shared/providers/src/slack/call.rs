//! A request to Slack together with the way to read its answer.

use std::fmt;

use bytes::Bytes;
use domain::slack_message::Message;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};

use super::SlackFailure;
use crate::{MAX_BODY_BYTES, ProviderError, Secret};

/// Some edges in front of APIs refuse requests without one.
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

/// One request to Slack, ready to be sent. A webhook's address is its credential, so `Debug`
/// shows no address.
///
/// A redirect must not be followed: it is a failure.
pub struct Call<T> {
    pub request: Request<Vec<u8>>,
    pub reply: Reply<T>,
}

impl<T> Call<T> {
    /// POST to `url`, with the token in a header where there is one.
    pub(super) fn post(
        url: &str,
        token: Option<&Secret>,
        body: Body<'_>,
        reply: Reply<T>,
    ) -> Result<Self, ProviderError> {
        let (content_type, body) = body.encode()?;
        let mut request = Request::post(url)
            .header(ACCEPT, "*/*")
            .header(USER_AGENT, PRODUCT)
            .header(CONTENT_TYPE, content_type);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer(token)?);
        }
        // Its error could quote the address.
        let request = request.body(body).map_err(|_| ProviderError::Request {
            what: "the address or a header is malformed".to_owned(),
        })?;
        Ok(Self { request, reply })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    /// As JSON with its charset: without, the Web API warns.
    Message(&'a Message),
    /// A form without fields.
    Nothing,
}

impl Body<'_> {
    fn encode(self) -> Result<(&'static str, Vec<u8>), ProviderError> {
        match self {
            Self::Message(message) => serde_json::to_vec(message)
                .map(|body| ("application/json; charset=utf-8", body))
                .map_err(|error| ProviderError::Request {
                    what: error.to_string(),
                }),
            Self::Nothing => Ok(("application/x-www-form-urlencoded", Vec::new())),
        }
    }
}

/// Reads the answer to one [`Call`].
pub struct Reply<T> {
    read: fn(&[u8]) -> Option<T>,
    secret: Secret,
}

impl<T> Reply<T> {
    /// `read` gives nothing for an answer that is no success; `secret` is kept out of failures.
    pub(super) fn new(read: fn(&[u8]) -> Option<T>, secret: Secret) -> Self {
        Self { read, secret }
    }

    /// Reads the answer.
    ///
    /// `received_at` (Unix seconds) is used only for a `Retry-After` that gives a date beside no
    /// `Date` header.
    ///
    /// # Errors
    /// [`SlackFailure`], for everything but a success as Slack documents it.
    pub fn read(&self, response: &Response<Bytes>, received_at: i64) -> Result<T, SlackFailure> {
        let body = response.body();
        let success = (response.status() == StatusCode::OK && body.len() <= MAX_BODY_BYTES)
            .then(|| (self.read)(body))
            .flatten();
        success.ok_or_else(|| SlackFailure::read(response, &self.secret, received_at))
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        ProviderError::Credential {
            what: "the token holds a character that no header may carry".to_owned(),
        }
    })?;
    value.set_sensitive(true);
    Ok(value)
}
