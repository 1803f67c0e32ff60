//! The listener: connections, their timeouts, and a graceful stop.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{
    body::{Body as _, Incoming},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::Sleep,
};

use crate::{
    body::{Body, Drained, OutboundError, Paced, full},
    error::Error,
    runtime::Runtime,
    spin_headers::Origin,
};

/// Headers of a request, in bytes.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// Connections that wait to be accepted, as far as the system lets them (`net.core.somaxconn`). With the usual 128 a
/// burst overflows the queue, and Linux forgets connections that their clients hold for made, or resets them later.
const BACKLOG: u32 = 4_096;
/// The pause after the system refused a connection, for want of a descriptor say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener. It goes on until [`Server::stop`] or until it is dropped.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<GracefulShutdown>,
}

impl Server {
    pub(crate) async fn start(runtime: Runtime, address: SocketAddr) -> Result<Self, Error> {
        let refuse = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::AddressInUse { address },
            _ => Error::Listen { address, source },
        };
        let listener = listen(address).map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, runtime, address, stopped));
        Ok(Self {
            address,
            stop,
            accepting,
        })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more, lets requests finish for up to `grace`, and says
    /// whether all of them did.
    pub async fn stop(mut self, grace: Duration) -> bool {
        self.stop.send_replace(true);
        match (&mut self.accepting).await {
            Ok(connections) => tokio::time::timeout(grace, connections.shutdown())
                .await
                .is_ok(),
            Err(_) => false,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // Or the address could not be used again soon after a stop. On Windows it can, and this would let two listen.
    if cfg!(not(windows)) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(
    listener: TcpListener,
    runtime: Runtime,
    address: SocketAddr,
    mut stopped: watch::Receiver<bool>,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(runtime.limits().connections));
    loop {
        let place = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return connections,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return connections,
            accepted = listener.accept() => accepted,
        };
        match (accepted, place) {
            (Ok((stream, client)), Ok(place)) => {
                let origin = Origin {
                    client,
                    listener: address,
                };
                serve_connection(stream, origin, runtime.clone(), &connections, place);
            }
            (Err(error), _) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (Ok(_), Err(_)) => return connections,
        }
    }
}

fn serve_connection(
    stream: TcpStream,
    origin: Origin,
    runtime: Runtime,
    connections: &GracefulShutdown,
    place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("a connection was gone before it was served: {error}");
        return;
    }
    let limits = runtime.limits();
    let io = UnstalledWrites::new(TokioIo::new(stream), limits.client_stall);
    let headers = limits.request_headers;
    let service = service_fn(move |request| {
        let runtime = runtime.clone();
        async move { Ok::<_, Infallible>(respond(&runtime, request, origin).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(io, service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(client = %origin.client, "a connection ended: {error}");
        }
        drop(place);
    });
}

async fn respond(runtime: &Runtime, request: Request<Incoming>, origin: Origin) -> Response<Body> {
    let limits = runtime.limits();
    let request = request.map(|body| {
        if body.is_end_stream() {
            return full(Bytes::new());
        }
        let body = body.map_err(OutboundError::Hyper);
        let paced = Paced::new(body, limits.client_stall, limits.upload_pace).boxed_unsync();
        Drained::new(paced).boxed_unsync()
    });
    runtime.respond(request, Some(origin)).await
}

/// A stream that fails when the other side takes nothing for too long, for a
/// client that stops reading holds a guest that writes to it.
struct UnstalledWrites<S> {
    stream: S,
    timeout: Duration,
    /// Armed while a write waits.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> UnstalledWrites<S> {
    fn new(stream: S, timeout: Duration) -> Self {
        Self {
            stream,
            timeout,
            deadline: None,
        }
    }

    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let timeout = self.timeout;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        match deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: Read + Unpin> Read for UnstalledWrites<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for UnstalledWrites<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
