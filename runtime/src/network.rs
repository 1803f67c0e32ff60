//! Where outbound requests go: the internet, or services in the same process.

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{
            HttpConnector,
            dns::{GaiResolver, Name},
        },
    },
    rt::{TokioExecutor, TokioTimer},
};
use tower::{Service, ServiceExt};

use crate::{
    allowed_hosts::Allowance,
    body::{self, Body, OutboundError},
    error::Error,
    private_networks::is_private,
};

/// How long an idle connection is kept for the next request.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const POOL_IDLE_CONNECTIONS_PER_HOST: usize = 64;

/// The answer to an outbound request, headers first.
pub type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, OutboundError>> + Send>>;

/// Sends what the host has found to be allowed. The host applies timeouts to
/// the first byte and between bytes itself.
pub trait Network: Send + Sync + 'static {
    fn send(&self, request: Request<Body>, allowance: Allowance) -> Answer;
}

/// TCP and TLS, with kept-alive connections.
pub struct Internet {
    /// Never connects to a private address.
    public: PooledClient,
    /// For hosts that the manifest names; `None` when private networks are
    /// blocked altogether.
    named: Option<PooledClient>,
    /// Reaches the listener of this very host.
    own: PooledClient,
    own_address: OnceLock<SocketAddr>,
}

type PooledClient = Client<HttpsConnector<HttpConnector<Resolver>>, Body>;

impl Internet {
    /// With `block_private_networks`, no private, loopback or link-local
    /// address is reached, except the host's own listener, and that only
    /// through an `allowed_outbound_hosts` entry that names it. Without, they
    /// are reached through entries that name their host.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(block_private_networks: bool, connect_timeout: Duration) -> Result<Self, Error> {
        Ok(Self {
            public: client(false, connect_timeout)?,
            named: (!block_private_networks)
                .then(|| client(true, connect_timeout))
                .transpose()?,
            own: client(true, connect_timeout)?,
            own_address: OnceLock::new(),
        })
    }

    /// Tells where this host listens, once.
    pub(crate) fn set_own_address(&self, address: SocketAddr) {
        // A host that listens on several addresses is reached on the first.
        let _ = self.own_address.set(address);
    }

    fn client_for(&self, uri: &Uri, allowance: Allowance) -> Result<&PooledClient, OutboundError> {
        let literal = literal_address(uri);
        if allowance == Allowance::Named {
            if let Some(client) = &self.named {
                return Ok(client);
            }
            if self
                .own_address
                .get()
                .is_some_and(|own| is_own(uri, literal, *own))
            {
                return Ok(&self.own);
            }
        }
        match literal {
            // No name, so the resolver is never asked.
            Some(address) if is_private(address) => Err(OutboundError::DestinationIpProhibited),
            _ => Ok(&self.public),
        }
    }
}

impl Network for Internet {
    fn send(&self, mut request: Request<Body>, allowance: Allowance) -> Answer {
        // The client writes it again, from the URI.
        request.headers_mut().remove(http::header::HOST);
        let client = self.client_for(request.uri(), allowance).cloned();
        Box::pin(async move {
            let response = client?
                .request(request)
                .await
                .map_err(|error| explain(&error))?;
            Ok(response.map(|body| body.map_err(OutboundError::Hyper).boxed_unsync()))
        })
    }
}

fn is_own(uri: &Uri, literal: Option<IpAddr>, own: SocketAddr) -> bool {
    let host = match literal {
        Some(address) => {
            address == own.ip() || (own.ip().is_unspecified() && address.is_loopback())
        }
        None => {
            uri.host() == Some("localhost") && (own.ip().is_loopback() || own.ip().is_unspecified())
        }
    };
    host && uri.scheme() == Some(&http::uri::Scheme::HTTP)
        && uri.port_u16().unwrap_or(80) == own.port()
}

fn literal_address(uri: &Uri) -> Option<IpAddr> {
    uri.host()?
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn client(private: bool, connect_timeout: Duration) -> Result<PooledClient, Error> {
    let mut http = HttpConnector::new_with_resolver(Resolver {
        system: GaiResolver::new(),
        private,
    });
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    let https = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .map_err(|error| Error::Outbound(error.to_string()))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(POOL_IDLE_CONNECTIONS_PER_HOST)
        .build(https))
}

/// The system's resolver, without the private addresses in its answers.
#[derive(Clone)]
struct Resolver {
    system: GaiResolver,
    private: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("every address of {0} is private")]
struct OnlyPrivateAddresses(String);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        let private = self.private;
        let lookup = self.system.call(name);
        Box::pin(async move {
            let found: Vec<SocketAddr> = lookup.await?.collect();
            let usable: Vec<_> = found
                .iter()
                .copied()
                .filter(|address| private || !is_private(address.ip()))
                .collect();
            if usable.is_empty() && !found.is_empty() {
                return Err(io::Error::other(OnlyPrivateAddresses(host)));
            }
            Ok(usable.into_iter())
        })
    }
}

/// What a failure of the client means to a guest.
fn explain(error: &hyper_util::client::legacy::Error) -> OutboundError {
    let connecting = error.is_connect();
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.is::<OnlyPrivateAddresses>() {
            return OutboundError::DestinationIpProhibited;
        }
        if cause.is::<rustls::Error>() {
            return OutboundError::TlsProtocolError;
        }
        if let Some(body) = cause.downcast_ref::<OutboundError>() {
            // The guest's own body failed, and the guest knows why.
            return OutboundError::InternalError(Some(body.to_string()));
        }
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            if let Some(inner) = cause.get_ref() {
                source = Some(inner);
                continue;
            }
            return match cause.kind() {
                io::ErrorKind::TimedOut => OutboundError::ConnectionTimeout,
                io::ErrorKind::ConnectionRefused => OutboundError::ConnectionRefused,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => OutboundError::ConnectionTerminated,
                _ if connecting => OutboundError::DestinationUnavailable,
                _ => OutboundError::ConnectionTerminated,
            };
        }
        if let Some(cause) = cause.downcast_ref::<hyper::Error>() {
            if cause.is_incomplete_message() || cause.is_closed() || cause.is_canceled() {
                return OutboundError::ConnectionTerminated;
            }
            if cause.is_parse() {
                return OutboundError::HttpProtocolError;
            }
        }
        source = cause.source();
    }
    if connecting {
        // What remains has to do with names.
        OutboundError::DnsError {
            rcode: None,
            info_code: None,
        }
    } else {
        OutboundError::HttpProtocolError
    }
}

/// Services in the same process, by origin (`http://127.0.0.1:9000`), for
/// tests in virtual time: sockets and a paused clock do not mix.
#[derive(Clone, Default)]
pub struct InProcessNetwork {
    services: BTreeMap<String, InProcessService>,
}

type InProcessService = Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>;

impl InProcessNetwork {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `service` answer for `origin`. An `axum::Router` is such a service.
    #[must_use]
    pub fn with<S, B>(mut self, origin: &str, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: std::fmt::Display,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        let answer = move |request| -> Answer {
            let service = service.clone();
            Box::pin(async move {
                match service.oneshot(request).await {
                    Ok(response) => Ok(response.map(body::adapt)),
                    Err(error) => Err(OutboundError::InternalError(Some(error.to_string()))),
                }
            })
        };
        self.services
            .insert(origin.trim_end_matches('/').to_owned(), Arc::new(answer));
        self
    }
}

impl Network for InProcessNetwork {
    fn send(&self, request: Request<Body>, _allowance: Allowance) -> Answer {
        let uri = request.uri();
        let origin = format!(
            "{}://{}",
            uri.scheme_str().unwrap_or("http"),
            uri.authority().map_or("", http::uri::Authority::as_str)
        );
        match self.services.get(&origin) {
            Some(service) => service(request),
            None => Box::pin(async { Err(OutboundError::ConnectionRefused) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_listener_itself_is_its_own() {
        let own: SocketAddr = "127.0.0.1:3000".parse().expect("address");
        let anywhere: SocketAddr = "0.0.0.0:3000".parse().expect("address");
        for (uri, is_loopback_own, is_anywhere_own) in [
            ("http://127.0.0.1:3000/x", true, true),
            ("http://localhost:3000/x", true, true),
            ("http://127.0.0.2:3000/x", false, true),
            ("http://127.0.0.1:3001/", false, false),
            ("http://127.0.0.1/", false, false),
            ("https://127.0.0.1:3000/", false, false),
            ("http://10.0.0.1:3000/", false, false),
            ("http://example.com:3000/", false, false),
        ] {
            let uri: Uri = uri.parse().expect(uri);
            let literal = literal_address(&uri);
            assert_eq!(is_own(&uri, literal, own), is_loopback_own, "{uri}");
            assert_eq!(is_own(&uri, literal, anywhere), is_anywhere_own, "{uri}");
        }
    }
}
