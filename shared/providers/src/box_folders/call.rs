//! A request to Box together with the way to read its answer.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use super::failure::BoxFailure;
use super::wire::json;
use crate::Secret;

/// One request to Box, ready to be sent. Its credential header is marked sensitive, so that `Debug`
/// does not show it.
///
/// A redirect must not be followed: it is a failure.
#[derive(Debug)]
pub struct Call<T> {
    pub request: Request<Vec<u8>>,
    pub reply: Reply<T>,
}

/// Reads the answer to one [`Call`].
pub struct Reply<T> {
    pub(super) read: fn(&Value) -> Option<T>,
    pub(super) is_write: bool,
    pub(super) secret: Secret,
}

impl<T> Reply<T> {
    /// Reads the answer.
    ///
    /// `received_at` (Unix seconds) is used only for a `Retry-After` that gives a date beside no `Date`
    /// header.
    ///
    /// # Errors
    /// [`BoxFailure`], for everything but a success that holds what was asked for.
    pub fn read(&self, response: &Response<Bytes>, received_at: i64) -> Result<T, BoxFailure> {
        match response.status() {
            status @ (StatusCode::OK | StatusCode::CREATED) => (self.read)(&json(response.body()))
                .ok_or_else(|| BoxFailure::unreadable(status, self.is_write)),
            _ => Err(BoxFailure::read(
                response,
                &self.secret,
                self.is_write,
                received_at,
            )),
        }
    }

    /// Whether the call changes anything. One without an answer may have.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        self.is_write
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("is_write", &self.is_write)
            .finish_non_exhaustive()
    }
}
