//! Bodies: the one type that travels through the host, buffering, and the
//! guards against peers that stall.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::{Instant, Sleep};
pub use wasmtime_wasi_http::{Error as OutboundError, WasiBody as Body};

/// A body that is known whole.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(never).boxed_unsync()
}

/// `body`, whatever its error type.
pub fn adapt<B>(body: B) -> Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    body.map_err(|error| OutboundError::InternalError(Some(error.to_string())))
        .boxed_unsync()
}

fn never(error: Infallible) -> OutboundError {
    match error {}
}

/// Reads `body` into memory if it ends soon and is small, so that the guest
/// that writes it is free however slowly the client reads. Otherwise what was
/// read is followed by the rest of the stream.
///
/// # Errors
/// If the body fails before it is known to be large or slow: the guest has
/// died, and nothing has been sent yet.
pub(crate) async fn buffer_small(
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Body, OutboundError> {
    let too_large = u64::try_from(limit).unwrap_or(u64::MAX);
    if body.size_hint().lower() > too_large {
        return Ok(body);
    }
    read_beginning(body, limit, Some(patience)).await
}

/// Reads `body` until it ends or `limit` is passed, so that whoever is given
/// it need not wait for a small one, nor for the beginning of a large one.
///
/// # Errors
/// If the body fails before that.
pub(crate) async fn await_beginning(body: Body, limit: usize) -> Result<Body, OutboundError> {
    read_beginning(body, limit, None).await
}

async fn read_beginning(
    mut body: Body,
    limit: usize,
    patience: Option<Duration>,
) -> Result<Body, OutboundError> {
    // Most bodies are there already, and then no timer is needed.
    let mut deadline: Option<Pin<Box<Sleep>>> = None;
    let mut read = BytesMut::new();
    loop {
        let frame = std::future::poll_fn(|context| {
            if let Poll::Ready(frame) = Pin::new(&mut body).poll_frame(context) {
                return Poll::Ready(Some(frame));
            }
            let Some(patience) = patience else {
                return Poll::Pending;
            };
            let deadline = deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
            deadline.as_mut().poll(context).map(|()| None)
        });
        match frame.await {
            // Out of patience.
            None => return Ok(prepend(read.freeze(), body)),
            Some(None) => return Ok(full(read.freeze())),
            Some(Some(Err(error))) => return Err(error),
            Some(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if read.is_empty() && body.is_end_stream() => return Ok(full(data)),
                Ok(data) => {
                    read.extend_from_slice(&data);
                    if read.len() > limit {
                        return Ok(prepend(read.freeze(), body));
                    }
                }
                // Trailers come last.
                Err(trailers) => return Ok(with_trailers(read.freeze(), trailers)),
            },
        }
    }
}

fn prepend(read: Bytes, rest: Body) -> Body {
    if read.is_empty() {
        return rest;
    }
    let first = futures::stream::iter([Ok(Frame::data(read))]);
    let rest = futures::stream::unfold(rest, |mut rest| async move {
        let frame = rest.frame().await?;
        Some((frame, rest))
    });
    StreamBody::new(futures::StreamExt::chain(first, rest)).boxed_unsync()
}

fn with_trailers(read: Bytes, trailers: Frame<Bytes>) -> Body {
    let frames = [Ok(Frame::data(read)), Ok(trailers)];
    StreamBody::new(futures::stream::iter(frames)).boxed_unsync()
}

/// A body that fails when the next frame does not come in time.
pub(crate) struct Unstalled<B> {
    body: B,
    timeout: Duration,
    /// Armed while a frame is awaited.
    deadline: Option<Pin<Box<Sleep>>>,
    error: fn() -> OutboundError,
}

impl<B> Unstalled<B> {
    pub(crate) fn new(body: B, timeout: Duration, error: fn() -> OutboundError) -> Self {
        Self {
            body,
            timeout,
            deadline: None,
            error,
        }
    }
}

impl<B> http_body::Body for Unstalled<B>
where
    B: http_body::Body<Data = Bytes, Error = OutboundError> + Unpin,
{
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.deadline = None;
            return Poll::Ready(frame);
        }
        let timeout = this.timeout;
        let deadline = this
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + timeout)));
        match deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err((this.error)()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that fails when its sender keeps the reader waiting for longer than
/// it may in all: `slack`, and a second more for every `pace` bytes that came.
/// The time in which nobody reads does not count.
pub(crate) struct Paced<B> {
    body: B,
    /// What the sender may still take.
    left: Duration,
    pace: u32,
    /// Armed while a frame is awaited, since when.
    deadline: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<B> Paced<B> {
    pub(crate) fn new(body: B, slack: Duration, pace: u32) -> Self {
        Self {
            body,
            left: slack,
            pace,
            deadline: None,
        }
    }
}

impl<B> http_body::Body for Paced<B>
where
    B: http_body::Body<Data = Bytes, Error = OutboundError> + Unpin,
{
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some((since, _)) = this.deadline.take() {
                this.left = this.left.saturating_sub(since.elapsed());
            }
            if let Some(Ok(frame)) = &frame
                && let Some(data) = frame.data_ref()
            {
                let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
                this.left += Duration::from_secs(u64::from(bytes)) / this.pace.max(1);
            }
            return Poll::Ready(frame);
        }
        let left = this.left;
        let (_, deadline) = this
            .deadline
            .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        match deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(OutboundError::ConnectionReadTimeout))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How much of a body that nobody wants is read all the same, in bytes, and for how long.
const DRAINED_BYTES: usize = 1 << 20;
const DRAINED_FOR: Duration = Duration::from_secs(2);

/// A request's body whose rest is read and forgotten when its reader lets go of it. A connection that is closed on bytes that
/// were not read is reset, and the sender, who is still sending, may not see the answer that told it to stop.
pub(crate) struct Drained {
    body: Option<Body>,
}

impl Drained {
    pub(crate) fn new(body: Body) -> Self {
        Self { body: Some(body) }
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        if let Some(rest) = rest
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(tokio::time::timeout(DRAINED_FOR, drain(rest)));
        }
    }
}

async fn drain(mut body: Body) {
    let mut read = 0_usize;
    while read < DRAINED_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
}

impl http_body::Body for Drained {
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let frame = std::task::ready!(Pin::new(body).poll_frame(context));
        // What has failed has no rest.
        if !matches!(frame, Some(Ok(_))) {
            this.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// A body that fails when it grows beyond a limit.
pub(crate) fn limited(body: Body, limit: usize) -> Body {
    let limit_in_u64 = u64::try_from(limit).ok();
    http_body_util::Limited::new(body, limit)
        .map_err(move |error| match error.downcast::<OutboundError>() {
            Ok(error) => *error,
            Err(_) => OutboundError::HttpRequestBodySize(limit_in_u64),
        })
        .boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(100);

    fn chunks(chunks: &'static [&'static str], pause: Duration) -> Body {
        let stream = futures::stream::unfold(chunks.iter(), move |mut rest| async move {
            let chunk = rest.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))), rest))
        });
        StreamBody::new(stream).boxed_unsync()
    }

    async fn text(body: Body) -> String {
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_body_is_whole_before_it_is_sent() {
        let body = buffer_small(chunks(&["ab", "cd"], Duration::ZERO), 4, PATIENCE)
            .await
            .expect("read");
        assert_eq!(body.size_hint().exact(), Some(4));
        assert_eq!(text(body).await, "abcd");
    }

    #[tokio::test(start_paused = true)]
    async fn large_and_slow_bodies_are_streamed_whole() {
        for (limit, pause) in [(3, Duration::ZERO), (100, PATIENCE * 2)] {
            let body = buffer_small(chunks(&["ab", "cd", "ef"], pause), limit, PATIENCE)
                .await
                .expect("read");
            assert_eq!(body.size_hint().exact(), None);
            assert_eq!(text(body).await, "abcdef");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_beginning_is_awaited_for_as_long_as_it_takes() {
        for (limit, whole) in [(6, true), (5, false)] {
            let slow = chunks(&["ab", "cd", "ef"], PATIENCE * 2);
            let started = Instant::now();
            let body = await_beginning(slow, limit).await.expect("read");
            assert_eq!(started.elapsed(), PATIENCE * 6, "{limit}");
            assert_eq!(body.size_hint().exact().is_some(), whole, "{limit}");
            assert_eq!(text(body).await, "abcdef");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_reads_is_taken_up_to_a_limit() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};

        const CHUNK: Bytes = Bytes::from_static(&[0; 64 << 10]);
        let sent = async |chunks: usize, pause: Duration| {
            let taken = Arc::new(AtomicUsize::new(0));
            let counter = taken.clone();
            let stream = futures::stream::unfold(0, move |number| {
                let counter = counter.clone();
                async move {
                    tokio::time::sleep(pause).await;
                    counter.fetch_add(1, Ordering::SeqCst);
                    (number < chunks).then(|| (Ok(Frame::data(CHUNK)), number + 1))
                }
            });
            let mut body = Drained::new(StreamBody::new(stream).boxed_unsync());
            body.frame().await.expect("no end").expect("a frame");
            drop(body);
            tokio::time::sleep(Duration::from_secs(60)).await;
            taken.load(Ordering::SeqCst)
        };
        // All of it, and its end; a mebibyte after the first; for two seconds after the first.
        assert_eq!(sent(5, Duration::ZERO).await, 6);
        assert_eq!(sent(1_000, Duration::ZERO).await, 17);
        assert_eq!(sent(1_000, Duration::from_millis(999)).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_is_waited_for_in_proportion_to_what_it_sends() {
        // Two bytes in a time for which 20 bytes in a second allow a tenth.
        let trickle = || chunks(&["ab"; 20], PATIENCE / 2);
        let fast = Paced::new(trickle(), PATIENCE, 20);
        assert_eq!(text(fast.boxed_unsync()).await, "ab".repeat(20));
        let mut slow = Paced::new(trickle(), PATIENCE, 100);
        let mut frames = 0;
        let error = loop {
            match slow.frame().await.expect("no end") {
                Ok(_) => frames += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, OutboundError::ConnectionReadTimeout));
        // Each costs 50 ms of the 100 and brings 20 back.
        assert_eq!(frames, 2);
        // A reader that takes its time is not the sender's fault.
        let mut unread = Paced::new(trickle(), PATIENCE, 20);
        for _ in 0..20 {
            tokio::time::sleep(PATIENCE * 2).await;
            unread.frame().await.expect("a frame").expect("in time");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_or_grows_too_large_fails() {
        let error = || OutboundError::ConnectionReadTimeout;
        let stalled = Unstalled::new(chunks(&["ab", "cd"], PATIENCE * 2), PATIENCE, error);
        assert!(matches!(
            stalled.collect().await,
            Err(OutboundError::ConnectionReadTimeout)
        ));
        let slow = Unstalled::new(chunks(&["ab", "cd"], PATIENCE / 2), PATIENCE, error);
        assert_eq!(text(slow.boxed_unsync()).await, "abcd");
        let large = limited(chunks(&["ab", "cd"], Duration::ZERO), 3);
        assert!(matches!(
            large.collect().await,
            Err(OutboundError::HttpRequestBodySize(Some(3)))
        ));
    }
}
