//! Concurrent writes of one instance, made one: while one request writes a batch, the others
//! queue, and one of them then writes all that queued.
//!
//! A leader writes one batch and hands leadership on, so that no request waits for more than the
//! batch before its own and its own. Leadership is released by a guard: a leader that is dropped
//! in the middle wakes its followers without a result, and they report failure to their callers.
//! Who is dropped while it waits leaves the queue, so that leadership is never handed to nobody.
//!
//! A batch that fails is written in halves ([`each_on_its_own`]), so that one item that cannot be
//! written does not refuse its neighbours.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::wake::{self, Waker};

/// The most items of one batch.
pub const BATCH_ITEMS: usize = 64;

/// The most writes that one failed batch becomes: enough to find three bad items among
/// [`BATCH_ITEMS`], and an end where everything fails.
pub const BATCH_WRITES: usize = 32;

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
            let follower = Follower {
                coalescer: self,
                place: &place,
            };
            waiting.wait().await;
            // Without an await from here on, until `lead` has a guard of its own.
            std::mem::forget(follower);
            if !place.promoted.get() {
                return place.result.take().ok_or(Interrupted);
            }
        }
        self.lead(flush).await;
        place.result.take().ok_or(Interrupted)
    }

    /// Makes the first that waits the next leader; with nobody waiting, whoever comes next leads.
    fn hand_on(&self) {
        let next = self.queue.borrow().front().map(|entry| entry.place.clone());
        match next {
            Some(place) => {
                place.promoted.set(true);
                if let Some(waker) = place.waker.take() {
                    waker.wake();
                }
            }
            None => self.led.set(false),
        }
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
        self.coalescer.hand_on();
    }
}

/// Takes back what was asked for when its caller is dropped before it is woken and has gone on.
struct Follower<'a, T, R> {
    coalescer: &'a Coalescer<T, R>,
    place: &'a Rc<Place<R>>,
}

impl<T, R> Drop for Follower<'_, T, R> {
    fn drop(&mut self) {
        let mut queue = self.coalescer.queue.borrow_mut();
        let own = queue
            .iter()
            .position(|entry| Rc::ptr_eq(&entry.place, self.place));
        let entry = own.and_then(|index| queue.remove(index));
        drop(queue);
        drop(entry);
        if self.place.promoted.get() {
            self.coalescer.hand_on();
        }
    }
}

/// Writes a batch, and when that fails its halves, down to single items; one result per item, in
/// order, as `write` returns them. Gives up, with the last error for all that is left, after
/// [`BATCH_WRITES`] or when `concerns_all` says that the error is no single item's.
pub async fn each_on_its_own<T, R, E, F>(
    batch: &[T],
    write: F,
    concerns_all: impl Fn(&E) -> bool,
) -> Vec<Result<R, E>>
where
    E: Clone,
    F: AsyncFn(&[T]) -> Result<Vec<R>, E>,
{
    let mut results = Vec::with_capacity(batch.len());
    // What is still to be written, the first on top.
    let mut parts = vec![batch];
    let mut writes = 0_usize;
    let mut given_up: Option<E> = None;
    while let Some(part) = parts.pop() {
        if let Some(error) = &given_up {
            results.extend(part.iter().map(|_| Err(error.clone())));
            continue;
        }
        writes = writes.saturating_add(1);
        match write(part).await {
            Ok(written) => results.extend(written.into_iter().map(Ok)),
            Err(error) if writes >= BATCH_WRITES || concerns_all(&error) => {
                results.extend(part.iter().map(|_| Err(error.clone())));
                given_up = Some(error);
            }
            Err(error) if part.len() <= 1 => results.push(Err(error)),
            Err(_) => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.push(second);
                parts.push(first);
            }
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures::channel::oneshot;

    use super::*;

    type Numbers = Coalescer<u32, u32>;
    type Submitted<'a> = Pin<Box<dyn Future<Output = Result<u32, Interrupted>> + 'a>>;

    /// The batches as they were written, and what each waits for before it is.
    #[derive(Default)]
    struct Disk {
        batches: RefCell<Vec<Vec<u32>>>,
        gates: RefCell<VecDeque<oneshot::Receiver<()>>>,
    }

    impl Disk {
        /// The next batch that is written takes until the gate is opened or dropped.
        #[expect(
            clippy::disallowed_types,
            reason = "the test and what it tests are one task"
        )]
        fn gate(&self) -> oneshot::Sender<()> {
            let (sender, receiver) = oneshot::channel();
            self.gates.borrow_mut().push_back(receiver);
            sender
        }

        /// Writes tenfold what it is given.
        async fn write(&self, batch: Vec<u32>) -> Vec<u32> {
            self.batches.borrow_mut().push(batch.clone());
            let gate = self.gates.borrow_mut().pop_front();
            if let Some(gate) = gate {
                let _ = gate.await;
            }
            batch.iter().map(|item| item * 10).collect()
        }

        fn sizes(&self) -> Vec<usize> {
            self.batches.borrow().iter().map(Vec::len).collect()
        }
    }

    fn submit<'a>(numbers: &'a Numbers, disk: &'a Disk, item: u32) -> Submitted<'a> {
        Box::pin(numbers.submit(item, async |batch| disk.write(batch).await))
    }

    /// One step of one caller; nobody else is stepped, whoever is woken.
    fn step(submitted: &mut Submitted<'_>) -> Poll<Result<u32, Interrupted>> {
        submitted
            .as_mut()
            .poll(&mut Context::from_waker(std::task::Waker::noop()))
    }

    fn done(value: u32) -> Poll<Result<u32, Interrupted>> {
        Poll::Ready(Ok(value))
    }

    const INTERRUPTED: Poll<Result<u32, Interrupted>> = Poll::Ready(Err(Interrupted));

    #[test]
    fn who_is_alone_writes_alone() {
        let (numbers, disk) = (Numbers::default(), Disk::default());
        for item in [1, 2] {
            assert_eq!(step(&mut submit(&numbers, &disk, item)), done(item * 10));
        }
        assert_eq!(*disk.batches.borrow(), [[1], [2]]);
    }

    #[test]
    fn what_queues_while_a_batch_is_written_is_the_next_batch_and_its_first_leads() {
        let (numbers, disk) = (Numbers::default(), Disk::default());
        let gate = disk.gate();
        let mut first = submit(&numbers, &disk, 1);
        let mut others: Vec<_> = (2..=4).map(|item| submit(&numbers, &disk, item)).collect();
        assert_eq!(step(&mut first), Poll::Pending);
        for other in &mut others {
            assert_eq!(step(other), Poll::Pending);
            assert_eq!(step(other), Poll::Pending);
        }
        assert_eq!(*disk.batches.borrow(), [[1]]);

        drop(gate);
        // The leader has its answer after its own batch: it does not write the next as well.
        assert_eq!(step(&mut first), done(10));
        assert_eq!(disk.sizes(), [1]);
        // Not even woken out of turn does another write.
        assert_eq!(step(&mut others[2]), Poll::Pending);
        assert_eq!(step(&mut others[0]), done(20));
        assert_eq!(disk.sizes(), [1, 3]);
        // Each got its own result of the batch.
        assert_eq!(step(&mut others[2]), done(40));
        assert_eq!(step(&mut others[1]), done(30));
        assert_eq!(step(&mut submit(&numbers, &disk, 5)), done(50));
    }

    #[test]
    fn a_batch_is_bounded_and_the_rest_is_led_by_its_own_first() {
        let (numbers, disk) = (Numbers::default(), Disk::default());
        let gate = disk.gate();
        let mut first = submit(&numbers, &disk, 0);
        assert_eq!(step(&mut first), Poll::Pending);
        let count = BATCH_ITEMS + 1;
        let mut others: Vec<_> = (1..)
            .take(count)
            .map(|item| submit(&numbers, &disk, item))
            .collect();
        for other in &mut others {
            assert_eq!(step(other), Poll::Pending);
        }
        drop(gate);
        assert_eq!(step(&mut first), done(0));
        let results: Vec<_> = others.iter_mut().map(step).collect();
        let expected: Vec<_> = (1..).take(count).map(|item| done(item * 10)).collect();
        assert_eq!(results, expected);
        assert_eq!(disk.sizes(), [1, BATCH_ITEMS, 1]);
    }

    #[test]
    fn a_leader_that_is_dropped_interrupts_its_batch_and_frees_leadership() {
        let (numbers, disk) = (Numbers::default(), Disk::default());
        let (_first_gate, _second_gate) = (disk.gate(), disk.gate());
        let mut first = submit(&numbers, &disk, 1);
        assert_eq!(step(&mut first), Poll::Pending);
        let mut leader = submit(&numbers, &disk, 2);
        let mut follower = submit(&numbers, &disk, 3);
        assert_eq!(step(&mut leader), Poll::Pending);
        assert_eq!(step(&mut follower), Poll::Pending);

        // Alone in its batch: who waits goes on.
        drop(first);
        assert_eq!(step(&mut leader), Poll::Pending);
        assert_eq!(*disk.batches.borrow(), [vec![1], vec![2, 3]]);
        let mut late = submit(&numbers, &disk, 4);
        assert_eq!(step(&mut late), Poll::Pending);

        // In the middle of a batch with others: whether they were written is unknown.
        drop(leader);
        assert_eq!(step(&mut follower), INTERRUPTED);
        assert_eq!(step(&mut late), done(40));
        assert_eq!(step(&mut submit(&numbers, &disk, 5)), done(50));
    }

    #[test]
    fn who_is_dropped_while_it_waits_is_not_written_and_holds_up_nobody() {
        let (numbers, disk) = (Numbers::default(), Disk::default());
        let gate = disk.gate();
        let mut first = submit(&numbers, &disk, 1);
        assert_eq!(step(&mut first), Poll::Pending);
        let mut others: Vec<_> = (2..=4).map(|item| submit(&numbers, &disk, item)).collect();
        for other in &mut others {
            assert_eq!(step(other), Poll::Pending);
        }
        // Before its turn.
        drop(others.remove(1));
        drop(gate);
        assert_eq!(step(&mut first), done(10));
        // In its turn, before it has noticed.
        drop(others.remove(0));
        assert_eq!(step(&mut others[0]), done(40));
        assert_eq!(*disk.batches.borrow(), [[1], [4]]);

        // Nobody is left to lead: the next comer does.
        let gate = disk.gate();
        let mut leader = submit(&numbers, &disk, 5);
        let mut waiting = submit(&numbers, &disk, 6);
        assert_eq!(step(&mut leader), Poll::Pending);
        assert_eq!(step(&mut waiting), Poll::Pending);
        drop((leader, waiting, gate));
        assert_eq!(step(&mut submit(&numbers, &disk, 7)), done(70));
    }

    #[test]
    fn who_is_dropped_in_a_batch_that_is_being_written_takes_nobody_along() {
        let (numbers, disk) = (Numbers::default(), Disk::default());
        let (first_gate, second_gate) = (disk.gate(), disk.gate());
        let mut first = submit(&numbers, &disk, 1);
        assert_eq!(step(&mut first), Poll::Pending);
        let mut others: Vec<_> = (2..=4).map(|item| submit(&numbers, &disk, item)).collect();
        for other in &mut others {
            assert_eq!(step(other), Poll::Pending);
        }
        drop(first_gate);
        assert_eq!(step(&mut first), done(10));
        assert_eq!(step(&mut others[0]), Poll::Pending);
        drop(others.remove(1));
        drop(second_gate);
        assert_eq!(step(&mut others[0]), done(20));
        assert_eq!(step(&mut others[1]), done(40));
        assert_eq!(step(&mut submit(&numbers, &disk, 5)), done(50));
    }

    #[test]
    fn a_result_that_is_missing_is_an_interruption() {
        let numbers = Numbers::default();
        let mut short: Submitted<'_> = Box::pin(numbers.submit(1, async |_| Vec::new()));
        assert_eq!(step(&mut short), INTERRUPTED);
        assert_eq!(step(&mut submit(&numbers, &Disk::default(), 2)), done(20));
    }

    /// Writes a batch in which some items cannot be written, and says in how many writes.
    fn apart(
        count: usize,
        bad: impl Fn(usize) -> bool,
        concerns_all: bool,
    ) -> (Vec<Result<usize, &'static str>>, usize) {
        let batch: Vec<_> = (0..count).collect();
        let writes = Cell::new(0);
        let written = each_on_its_own(
            &batch,
            async |part: &[usize]| {
                writes.set(writes.get() + 1);
                if part.iter().any(|item| bad(*item)) {
                    Err("refused")
                } else {
                    Ok(part.iter().map(|item| item * 10).collect())
                }
            },
            |_| concerns_all,
        );
        let results = futures::FutureExt::now_or_never(written).unwrap();
        (results, writes.get())
    }

    #[test]
    fn one_bad_item_does_not_refuse_its_neighbours() {
        for count in [1, 2, 3, 5, BATCH_ITEMS] {
            for bad in 0..count {
                let (results, writes) = apart(count, |item| item == bad, false);
                for (item, result) in results.iter().enumerate() {
                    let expected = if item == bad {
                        Err("refused")
                    } else {
                        Ok(item * 10)
                    };
                    assert_eq!(*result, expected, "{item} beside {bad} of {count}");
                }
                assert_eq!(results.len(), count);
                assert!(writes <= 13, "{writes} writes for {count}");
            }
        }
        let three = |item| [0, 31, 63].contains(&item);
        let (results, _) = apart(BATCH_ITEMS, three, false);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 61);
        assert_eq!(apart(BATCH_ITEMS, |_| false, false).1, 1);
    }

    #[test]
    fn where_everything_fails_there_is_an_end() {
        let (results, writes) = apart(BATCH_ITEMS, |_| true, false);
        assert_eq!(results, vec![Err("refused"); BATCH_ITEMS]);
        assert_eq!(writes, BATCH_WRITES);
        // What is no item's fault is not tried again.
        let (results, writes) = apart(BATCH_ITEMS, |item| item == 5, true);
        assert_eq!(results, vec![Err("refused"); BATCH_ITEMS]);
        assert_eq!(writes, 1);
    }
}
