//! The headers that tell a guest how it was reached.
//!
//! Their meaning is Spin's (<https://spinframework.dev/http-trigger>). Whatever
//! a client sends under these names is removed first, so that a guest can
//! believe them.

use std::net::SocketAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Uri, header,
    uri::{Authority, Scheme},
};

use crate::{body::Body, routes::RouteMatch};

const PREFIX: &str = "spin-";
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

const ROOT: HeaderValue = HeaderValue::from_static("/");
const EVERYTHING: HeaderValue = HeaderValue::from_static("/...");
const NOTHING: HeaderValue = HeaderValue::from_static("");

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub client: SocketAddr,
    /// The address it was received on, for clients that name no host.
    pub listener: SocketAddr,
}

/// What is the same for every request of a route. A path can hold characters
/// that a header cannot; then the header is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteHeaders {
    pattern: Option<HeaderValue>,
    base: Option<HeaderValue>,
}

impl RouteHeaders {
    /// `pattern` is the route as the manifest writes it, `base` its fixed
    /// part, without trailing slash.
    pub(crate) fn new(pattern: &str, base: &str) -> Self {
        Self {
            pattern: HeaderValue::from_str(pattern).ok(),
            base: HeaderValue::from_str(base).ok(),
        }
    }
}

/// Makes the URI of an inbound request absolute and sets its headers.
pub(crate) fn prepare(request: &mut Request<Body>, route: &RouteMatch<'_>, origin: Option<Origin>) {
    strip(request.headers_mut());
    make_absolute(request, origin);
    let full_url = HeaderValue::try_from(request.uri().to_string()).ok();
    let RouteHeaders { pattern, base } = route.headers;
    let headers = request.headers_mut();
    set(headers, FULL_URL, full_url);
    set(headers, PATH_INFO, HeaderValue::from_str(route.rest).ok());
    set(headers, MATCHED_ROUTE, pattern.clone());
    set(headers, RAW_COMPONENT_ROUTE, pattern.clone());
    set(headers, COMPONENT_ROUTE, base.clone());
    set(headers, BASE_PATH, Some(ROOT));
    if let Some(origin) = origin {
        let client = HeaderValue::try_from(origin.client.to_string());
        set(headers, CLIENT_ADDR, client.ok());
    }
}

/// Sets the headers of a request from another component.
pub(crate) fn prepare_chained(request: &mut Request<Body>) {
    strip(request.headers_mut());
    let full_url = HeaderValue::try_from(request.uri().to_string()).ok();
    let path = HeaderValue::from_str(request.uri().path()).ok();
    let headers = request.headers_mut();
    set(headers, FULL_URL, full_url);
    set(headers, PATH_INFO, path);
    set(headers, MATCHED_ROUTE, Some(EVERYTHING));
    set(headers, RAW_COMPONENT_ROUTE, Some(EVERYTHING));
    set(headers, COMPONENT_ROUTE, Some(NOTHING));
    set(headers, BASE_PATH, Some(ROOT));
}

fn strip(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(PREFIX))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}

fn make_absolute(request: &mut Request<Body>, origin: Option<Origin>) {
    let mut parts = request.uri().clone().into_parts();
    if parts.authority.is_none() {
        let host = request
            .headers()
            .get(header::HOST)
            .map(HeaderValue::as_bytes);
        let named = host.and_then(|host| Authority::try_from(host).ok());
        parts.authority = named.or_else(|| origin?.listener.to_string().parse().ok());
    }
    if parts.authority.is_none() {
        parts.authority = Some(Authority::from_static("localhost"));
    }
    parts.scheme = Some(parts.scheme.unwrap_or(Scheme::HTTP));
    // `OPTIONS *` has no path.
    parts.path_and_query = parts
        .path_and_query
        .filter(|path| path.as_str().starts_with('/'))
        .or_else(|| "/".parse().ok());
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}
