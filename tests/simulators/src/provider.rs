//! What a provider's module implements to become a simulator.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::Clock;
use crate::fault::ErrorShape;

/// A provider's state and the answers it gives.
pub trait Provider: Send + Sync + 'static {
    /// The clock stamps are made of.
    fn clock(&self) -> &dyn Clock;

    /// The credential a request carries, for the log and for fault rules.
    fn token(&self, request: &Request<Bytes>) -> Option<String>;

    /// Answers a request: authentication, rate limit, route, state.
    fn answer(&self, request: &Request<Bytes>, page_fault: Option<PageFault>) -> Response<Bytes>;

    /// An error as the provider would write it, for injected statuses.
    fn error(&self, status: StatusCode, shape: ErrorShape, detail: &str) -> Response<Bytes>;

    /// The provider's own part of the control plane: `path` is what follows
    /// `/_sim`. None when there is no such route.
    fn control(&self, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>>;
}

/// Misbehaviour only the provider can do, because it writes the cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    /// `next` leads to this page once more.
    Duplicate,
    /// No rows, and `next` leads to where they are.
    Empty,
    /// The rows after the first `keep` are missing, and nothing leads to them.
    CutShort { keep: usize },
    /// The last page has a `next`.
    NeverEnding {
        repeat_rows: bool,
        same_cursor: bool,
    },
}
