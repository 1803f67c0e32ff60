//! A simulator on a socket, where broken connections really break.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::{Error, NetworkError, Provider, Simulator, SimulatorBody};

/// No request to a simulator is larger: a mutation is a few hundred bytes.
const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Connections at once.
const CONNECTIONS_MAX: usize = 4_096;
/// Pause after a failed accept, for example when file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A simulator that listens. Dropping it closes the listener and every
/// connection.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl<P: Provider> Simulator<P> {
    /// Serves HTTP/1.1 on a listener, in a task of the current tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn serve(&self, listener: TcpListener) -> Result<Server, Error> {
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(self.clone(), listener));
        Ok(Server { address, accepting })
    }
}

impl Server {
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin to give to a client, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the listener and every connection; the port is free afterwards.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // The only outcome is that it was cancelled.
        let _cancelled = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<P: Provider>(simulator: Simulator<P>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
            continue;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve_connection(simulator.clone(), stream));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve_connection<P: Provider>(simulator: Simulator<P>, stream: TcpStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let reset = Arc::new(AtomicBool::new(false));
    let socket = ResettableSocket {
        stream,
        reset: Arc::clone(&reset),
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let simulator = simulator.clone();
        let reset = Arc::clone(&reset);
        async move {
            let answer = answer(&simulator, request).await;
            if matches!(answer, Err(NetworkError::Reset)) {
                reset.store(true, Ordering::SeqCst);
            }
            answer
        }
    });
    // An error here is a client that left or a fault that was asked for.
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

async fn answer<P: Provider>(
    simulator: &Simulator<P>,
    request: Request<Incoming>,
) -> Result<Response<SimulatorBody>, NetworkError> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| NetworkError::Truncated)?
        .to_bytes();
    simulator
        .handle(Request::<Bytes>::from_parts(head, body))
        .await
}

/// A socket that, when told so, ends with a TCP reset instead of an orderly
/// close.
struct ResettableSocket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for ResettableSocket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            // Without it the client sees an orderly close: still a failure.
            let _best_effort = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for ResettableSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ResettableSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
