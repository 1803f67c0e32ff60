//! A request together with what its sender must know.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use domain::outbound_target::OutboundTarget;
use http::{HeaderMap, Method, Request, Uri};

use super::verdict::Sent;
use crate::ProviderError;

/// One request, ready to be sent. The query and the body can hold a credential: `Debug` shows the
/// method and the URL up to its query.
pub struct RestCall {
    pub request: Request<Bytes>,
    /// How long it may take.
    pub timeout: Duration,
    /// Where the sender stops receiving.
    pub max_response_bytes: usize,
    /// What matters when the answer is judged.
    pub sent: Sent,
}

impl fmt::Debug for RestCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.request.uri();
        f.debug_struct("RestCall")
            .field("method", self.request.method())
            .field("host", &uri.host().unwrap_or_default())
            .field("path", &uri.path())
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

/// The request to a target that was judged. What connects parses the URL again: here it is made sure
/// that it reads the same.
pub(super) fn assemble(
    method: Method,
    target: &OutboundTarget,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Bytes>, ProviderError> {
    let uri: Uri = target
        .as_str()
        .parse()
        .map_err(|_| unusable("the URL cannot be read"))?;
    let port = uri.port_u16().unwrap_or(target.scheme().default_port());
    let reads_the_same = uri.scheme_str() == Some(target.scheme().as_str())
        && uri.host() == Some(target.host().to_string().as_str())
        && port == target.port()
        && uri.path_and_query().map(http::uri::PathAndQuery::as_str)
            == Some(target.path_and_query());
    if !reads_the_same {
        return Err(unusable("the URL can be read in more than one way"));
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

pub(super) fn unusable(what: &str) -> ProviderError {
    ProviderError::Request {
        what: what.to_owned(),
    }
}
