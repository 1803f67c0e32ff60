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
    mut body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Body, OutboundError> {
    let too_large = u64::try_from(limit).unwrap_or(u64::MAX);
    if body.size_hint().lower() > too_large {
        return Ok(body);
    }
    let deadline = tokio::time::sleep(patience);
    tokio::pin!(deadline);
    let mut read = BytesMut::new();
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = &mut deadline => return Ok(prepend(read.freeze(), body)),
        };
        match frame {
            None => return Ok(full(read.freeze())),
            Some(Err(error)) => return Err(error),
            Some(Ok(frame)) => match frame.into_data() {
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
