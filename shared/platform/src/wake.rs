//! Wakes another request of the same instance.
//!
//! Requests of one instance are separate component tasks: a Rust waker of one cannot be called
//! from another (the guest would trap), so channels and async mutexes are forbidden across
//! requests. What does cross is a component-model stream: the waiting side reads, the waking side
//! drops the writer.

#[cfg(target_family = "wasm")]
use component as ends;
#[cfg(not(target_family = "wasm"))]
use native as ends;

/// The waking side: [`Waker::wake`], or dropping it, wakes the waiting side.
pub struct Waker(ends::Writer);

/// The waiting side.
pub struct Waiting(ends::Reader);

/// A pair for one wake-up.
#[must_use]
pub fn pair() -> (Waker, Waiting) {
    let (writer, reader) = ends::pair();
    (Waker(writer), Waiting(reader))
}

impl Waker {
    pub fn wake(self) {
        drop(self.0);
    }
}

impl Waiting {
    /// Waits until the other side wakes or is dropped.
    pub async fn wait(self) {
        ends::dropped(self.0).await;
    }
}

#[cfg(target_family = "wasm")]
mod component {
    use spin_sdk::wasip3::wit_stream;
    use spin_sdk::wit_bindgen::{StreamReader, StreamWriter};

    pub type Writer = StreamWriter<u8>;
    pub type Reader = StreamReader<u8>;

    pub fn pair() -> (Writer, Reader) {
        wit_stream::new::<u8>()
    }

    pub async fn dropped(mut reader: Reader) {
        // Nothing is ever written: the read ends when the writer is dropped.
        let _ = reader.read(Vec::with_capacity(1)).await;
    }
}

/// A component's streams are there in a component only. Natively, where what waits for them is
/// tested, all tasks are of one executor and a Rust waker does.
#[cfg(not(target_family = "wasm"))]
mod native {
    use futures::channel::oneshot;

    #[expect(
        clippy::disallowed_types,
        reason = "natively there are no component tasks that it would have to cross"
    )]
    pub type Writer = oneshot::Sender<()>;
    pub type Reader = oneshot::Receiver<()>;

    pub fn pair() -> (Writer, Reader) {
        oneshot::channel()
    }

    pub async fn dropped(reader: Reader) {
        // Nothing is ever sent: what comes is that the sender was dropped.
        let _ = reader.await;
    }
}
