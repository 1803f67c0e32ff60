//! Concurrent writes of one instance, made one: while one request writes a batch, the others
//! queue, and one of them then writes all that queued.
//!
//! A leader writes one batch and hands leadership on, so that no request waits for more than the
//! batch before its own and its own. Leadership is released by a guard: a leader that is dropped
//! in the middle wakes its followers without a result, and they report failure to their callers.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::wake::{self, Waker};

/// The most items of one batch.
pub const BATCH_ITEMS: usize = 64;

/// The leader of this item's batch was dropped before it finished; whether the item was written is
/// unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write that this one was part of was interrupted")]
pub struct Interrupted;

/// A queue of writes of one kind. One per instance, in a `thread_local`.
pub struct Coalescer<T, R> {
    queue: RefCell<VecDeque<Entry<T, R>>>,
    led: Cell<bool>,
}

struct Entry<T, R> {
    item: T,
    place: Rc<Place<R>>,
}

/// Where a follower finds what became of its item.
struct Place<R> {
    result: Cell<Option<R>>,
    promoted: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl<T, R> Default for Coalescer<T, R> {
    fn default() -> Self {
        Self {
            queue: RefCell::default(),
            led: Cell::new(false),
        }
    }
}

impl<T, R> Coalescer<T, R> {
    /// Writes `item` together with what else is queued, through `flush`, which returns one result
    /// per item, in order.
    ///
    /// # Errors
    /// [`Interrupted`] when the leader of the batch was dropped half way.
    pub async fn submit<F>(&self, item: T, flush: F) -> Result<R, Interrupted>
    where
        F: AsyncFnOnce(Vec<T>) -> Vec<R>,
    {
        let place = Rc::new(Place {
            result: Cell::new(None),
            promoted: Cell::new(false),
            waker: Cell::new(None),
        });
        self.queue.borrow_mut().push_back(Entry {
            item,
            place: place.clone(),
        });
        if self.led.replace(true) {
            let (waker, waiting) = wake::pair();
            place.waker.set(Some(waker));
            waiting.wait().await;
            if !place.promoted.get() {
                return place.result.take().ok_or(Interrupted);
            }
        }
        self.lead(flush).await;
        place.result.take().ok_or(Interrupted)
    }

    /// Writes one batch; the caller's own item is at its front.
    async fn lead<F>(&self, flush: F)
    where
        F: AsyncFnOnce(Vec<T>) -> Vec<R>,
    {
        let mut items = Vec::new();
        let mut batch = Batch {
            coalescer: self,
            places: Vec::new(),
        };
        {
            let mut queue = self.queue.borrow_mut();
            let count = queue.len().min(BATCH_ITEMS);
            for entry in queue.drain(..count) {
                items.push(entry.item);
                batch.places.push(entry.place);
            }
        }
        let results = flush(items).await;
        for (place, result) in batch.places.iter().zip(results) {
            place.result.set(Some(result));
        }
    }
}

/// Ends leadership however the leader ends.
struct Batch<'a, T, R> {
    coalescer: &'a Coalescer<T, R>,
    places: Vec<Rc<Place<R>>>,
}

impl<T, R> Drop for Batch<'_, T, R> {
    fn drop(&mut self) {
        for place in &self.places {
            if let Some(waker) = place.waker.take() {
                waker.wake();
            }
        }
        let next = self
            .coalescer
            .queue
            .borrow()
            .front()
            .map(|entry| entry.place.clone());
        match next {
            Some(place) => {
                place.promoted.set(true);
                if let Some(waker) = place.waker.take() {
                    waker.wake();
                }
            }
            None => self.coalescer.led.set(false),
        }
    }
}
