//! Wakes another request of the same instance.
//!
//! Requests of one instance are separate component tasks: a Rust waker of one cannot be called
//! from another (the guest would trap), so channels and async mutexes are forbidden across
//! requests. What does cross is a component-model stream: the waiting side reads, the waking side
//! drops the writer.

use spin_sdk::wasip3::wit_stream;
use spin_sdk::wit_bindgen::{StreamReader, StreamWriter};

/// The waking side: [`Waker::wake`], or dropping it, wakes the waiting side.
pub struct Waker(StreamWriter<u8>);

/// The waiting side.
pub struct Waiting(StreamReader<u8>);

/// A pair for one wake-up.
#[must_use]
pub fn pair() -> (Waker, Waiting) {
    let (writer, reader) = wit_stream::new::<u8>();
    (Waker(writer), Waiting(reader))
}

impl Waker {
    pub fn wake(self) {
        drop(self.0);
    }
}

impl Waiting {
    /// Waits until the other side wakes or is dropped.
    pub async fn wait(mut self) {
        // Nothing is ever written: the read ends when the writer is dropped.
        let _ = self.0.read(Vec::with_capacity(1)).await;
    }
}
