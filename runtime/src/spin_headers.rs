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

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub client: SocketAddr,
    /// The address it was received on, for clients that name no host.
    pub listener: SocketAddr,
}

/// Makes the URI of an inbound request absolute and sets its headers.
pub(crate) fn prepare(request: &mut Request<Body>, route: &RouteMatch<'_>, origin: Option<Origin>) {
    strip(request.headers_mut());
    make_absolute(request, origin);
    let raw = if route.wildcard {
        format!("{}/...", route.base)
    } else if route.base.is_empty() {
        "/".to_owned()
    } else {
        route.base.to_owned()
    };
    let full_url = request.uri().to_string();
    let headers = request.headers_mut();
    set(headers, "spin-full-url", &full_url);
    set(headers, "spin-path-info", route.rest);
    set(headers, "spin-matched-route", &raw);
    set(headers, "spin-raw-component-route", &raw);
    set(headers, "spin-component-route", route.base);
    set(headers, "spin-base-path", "/");
    if let Some(origin) = origin {
        set(headers, "spin-client-addr", &origin.client.to_string());
    }
}

/// Sets the headers of a request from another component.
pub(crate) fn prepare_chained(request: &mut Request<Body>) {
    strip(request.headers_mut());
    let (full_url, path) = (request.uri().to_string(), request.uri().path().to_owned());
    let headers = request.headers_mut();
    set(headers, "spin-full-url", &full_url);
    set(headers, "spin-path-info", &path);
    set(headers, "spin-matched-route", "/...");
    set(headers, "spin-raw-component-route", "/...");
    set(headers, "spin-component-route", "");
    set(headers, "spin-base-path", "/");
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

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // A path can hold bytes that a header cannot; then the header is left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
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
