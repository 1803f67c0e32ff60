//! What guests print.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

use crate::trace::lock;

/// Where the standard output and error of guests go.
#[derive(Clone, Default)]
pub enum GuestOutput {
    /// To those of this process.
    #[default]
    Inherit,
    /// Into memory, for a test to read.
    Capture(CapturedOutput),
}

/// The newest bytes that guests printed, up to a bound.
#[derive(Clone, Default)]
pub struct CapturedOutput(Arc<Mutex<VecDeque<u8>>>);

impl CapturedOutput {
    const CAPACITY: usize = 1 << 20;

    /// What was printed so far, with malformed UTF-8 replaced.
    pub fn text(&self) -> String {
        let bytes: Vec<u8> = lock(&self.0).iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl AsyncWrite for CapturedOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut captured = lock(&self.0);
        captured.extend(bytes);
        let surplus = captured.len().saturating_sub(Self::CAPACITY);
        captured.drain(..surplus);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl IsTerminal for CapturedOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for CapturedOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}
