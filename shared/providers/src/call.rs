//! A request together with the way to read its answer.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::record::Expected;
use crate::{ProviderError, Secret, problem};

/// The longest answer that is read. Senders should stop receiving there too.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// One request to a provider, ready to be sent. Its credential header is marked sensitive,
/// so that `Debug` does not show it.
#[derive(Debug)]
pub struct Call<T> {
    pub request: Request<Vec<u8>>,
    pub reply: Reply<T>,
}

/// Reads the answer to one [`Call`].
pub struct Reply<T> {
    read: fn(&[u8], Expected) -> Result<T, ProviderError>,
    success: StatusCode,
    expected: Expected,
    secret: Secret,
}

impl<T> Reply<T> {
    pub(crate) fn new(
        read: fn(&[u8], Expected) -> Result<T, ProviderError>,
        success: StatusCode,
        expected: Expected,
        secret: Secret,
    ) -> Self {
        Self {
            read,
            success,
            expected,
            secret,
        }
    }

    /// Reads the answer.
    ///
    /// `received_at` (Unix seconds) is used only for a `Retry-After` that gives a date
    /// beside no `Date` header.
    ///
    /// # Errors
    /// Every status but the request's own (200 for what is read, 201 for what is made, 204
    /// for what is deleted) is an error of its class; an answer whose body is not what the
    /// request asked for is [`ProviderError::Malformed`] or [`ProviderError::TooLarge`].
    pub fn read(&self, response: &Response<Bytes>, received_at: i64) -> Result<T, ProviderError> {
        let body = response.body();
        if response.status() != self.success {
            return Err(problem::read(response, &self.secret, received_at));
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(ProviderError::TooLarge {
                limit_bytes: MAX_BODY_BYTES,
            });
        }
        (self.read)(body, self.expected)
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}
