//! A request to HubSpot together with the way to read its answer.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::failure;
use crate::{MAX_BODY_BYTES, ProviderError, Secret};

/// One request to HubSpot, ready to be sent. Its credential header is marked sensitive, so that
/// `Debug` does not show it.
///
/// All of them are safe to repeat: what is written are values, never what is added to them.
#[derive(Debug)]
pub struct Call<T> {
    pub request: Request<Vec<u8>>,
    pub reply: Reply<T>,
}

/// What an answer is read against.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The cursor that was sent.
    pub(super) after: Option<String>,
    /// The same of a search, as a number.
    pub(super) offset: usize,
    /// Whether a part of what was asked for is an answer, with the status 207.
    pub(super) takes_part: bool,
}

/// Reads the answer to one [`Call`].
pub struct Reply<T> {
    read: fn(&[u8], &Asked) -> Result<T, ProviderError>,
    asked: Asked,
    secret: Secret,
}

impl<T> Reply<T> {
    pub(super) fn new(
        read: fn(&[u8], &Asked) -> Result<T, ProviderError>,
        asked: Asked,
        secret: Secret,
    ) -> Self {
        Self {
            read,
            asked,
            secret,
        }
    }

    /// Reads the answer.
    ///
    /// `received_at` (Unix seconds) is used only for a `Retry-After` that gives a date beside no
    /// `Date` header.
    ///
    /// # Errors
    /// Every status but 200 is an error of its class; which limit a 429 is of says
    /// [`LimitPolicy::of`](super::LimitPolicy::of). An answer that is not what the request asked for
    /// is [`ProviderError::Malformed`] or [`ProviderError::TooLarge`].
    pub fn read(&self, response: &Response<Bytes>, received_at: i64) -> Result<T, ProviderError> {
        let body = response.body();
        let is_answer = match response.status() {
            StatusCode::OK => true,
            StatusCode::MULTI_STATUS => self.asked.takes_part,
            _ => false,
        };
        if !is_answer {
            return Err(failure::read(response, &self.secret, received_at));
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(ProviderError::TooLarge {
                limit_bytes: MAX_BODY_BYTES,
            });
        }
        (self.read)(body, &self.asked)
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}
